"""A steady stream of people and systems for minutes: no error, and no more memory at the end than at the beginning.

Requests leave at their appointed time whether or not earlier ones were answered, and the latency counts from that time:
a server that stalls shows as what it is.
"""

import asyncio
import os
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from app.accounts import open_session
from app.accounts.sessions import csrf_of
from app.models import api_keys
from bench import synthetic
from bench.common import MORNING, Figure, Options, say
from bench.faults.clients import PARTS, form_of, picture
from bench.faults.common import count, wait_until_ready
from bench.serving import free_port, process, serve_command, settings
from bench.stores import Store, database, opened
from bench.updates import Agency, prepare

MINUTES, SHORT = 10.0, 0.2
RATE = 100.0
WRITES = 0.2
TASKS = 160
REMINDED = 100
WARM = 0.2
"""Of the whole: minute 2 of 10. Memory is compared from there on."""
GROWTH = 0.10
CONNECTIONS = 64


def measure(options: Options, minutes: float | None = None, rate: float | None = None) -> list[Figure]:
    found: list[Figure] = []
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            lasting = minutes or (SHORT if options.small else MINUTES)
            found += run(store, options.folder / engine, minutes=lasting, rate=rate or RATE)
    return found


def run(store: Store, folder: Path, *, minutes: float, rate: float) -> Iterator[Figure]:
    folder.mkdir(parents=True)
    url = store.create()
    people = _prepare(url)
    store.analyze(url)
    port = free_port()
    with process(serve_command(port), folder, settings(url, folder)) as pid:
        wait_until_ready(port)
        stream = Stream(people, f"http://127.0.0.1:{port}", pid, rate)
        asyncio.run(stream.flow(minutes * 60))
    yield from _told(store, stream, minutes)


@dataclass(slots=True)
class People:
    """Keys for systems, sessions for browsers. A task in `free` has no write under way."""

    agencies: list[Agency]
    reviewer: str
    sessions: dict[str, str]
    free: deque[tuple[Agency, list[Any]]]


def _prepare(url: str) -> People:
    now = datetime.now(UTC)
    with database(url) as db:
        agencies = prepare(db, TASKS)
        with db.transaction() as connection:
            reviewer = synthetic.make_key(connection, "coordinator", "do", None, now=MORNING)
            accounts = connection.execute(select(api_keys.c.account_id).order_by(api_keys.c.id)).scalars().all()
            tokens = [open_session(connection, one, device="bench", now=now) for one in accounts]
    keys = [*(one.key for one in agencies), reviewer]
    free = deque((agency, task) for agency in agencies for task in agency.tasks)
    random.shuffle(free)
    return People(agencies, reviewer, dict(zip(keys, tokens, strict=True)), free)


@dataclass(slots=True)
class Stream:
    people: People
    base: str
    pid: int
    rate: float
    spent: dict[str, list[float]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """(share of the whole time, resident MiB)."""
    cpu: float = 0.0
    """Seconds that the server computed."""

    async def flow(self, seconds: float) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        async with httpx.AsyncClient(base_url=self.base, limits=limits, timeout=60, trust_env=False) as http:
            began = time.monotonic()
            watching = asyncio.create_task(self._watch(began, seconds))
            async with asyncio.TaskGroup() as group:
                for number in range(int(seconds * self.rate)):
                    due = began + number / self.rate
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    group.create_task(self._one(http, self._chosen(number), due))
            self.cpu = computed(self.pid)
            await watching

    def _chosen(self, number: int) -> "Act":
        if number == REMINDED:  # once, early: letters are planned and sent beside everything else
            return remind
        acts, weights = zip(*(WRITES_BY_WEIGHT if random.random() < WRITES else READS_BY_WEIGHT), strict=True)
        return random.choices(acts, weights)[0]

    async def _one(self, http: httpx.AsyncClient, act: "Act", due: float) -> None:
        name = act.__name__
        try:
            answer = await act(http, self.people)
            if answer.status_code not in (200, 201, 303):
                self.wrong[f"{name}: {answer.status_code} {answer.text[:160]}"] += 1
        except httpx.HTTPError as error:
            self.wrong[f"{name}: {type(error).__name__}"] += 1
        kind = "reads" if act in dict(READS_BY_WEIGHT) else "writes"
        self.spent.setdefault(kind, []).append(time.monotonic() - due)
        self.spent.setdefault(name, []).append(time.monotonic() - due)

    async def _watch(self, began: float, seconds: float) -> None:
        while (passed := time.monotonic() - began) < seconds:
            self.memory.append((passed / seconds, resident(self.pid)))
            if len(self.memory) % 30 == 0:
                done = sum(len(self.spent.get(kind, ())) for kind in ("reads", "writes"))
                say(f"  {passed:.0f} s, {done} answered, {self.memory[-1][1]:.0f} MiB, {self.wrong.total()} errors")
            await asyncio.sleep(min(2.0, seconds / 50))


Act = Callable[[httpx.AsyncClient, People], Awaitable[httpx.Response]]


def resident(pid: int) -> float:
    """MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def computed(pid: int) -> float:
    """Seconds of processor time since the process began."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


# What people do


def _reading(name: str, path: str, *, page: bool = False, reviewer: bool = False) -> Act:
    async def read(http: httpx.AsyncClient, people: People) -> httpx.Response:
        agency = random.choice(people.agencies)
        key = people.reviewer if reviewer else agency.key
        headers = _cookie(people, key) if page else {"Authorization": f"Bearer {key}"}
        return await http.get(path.format(task=random.choice(agency.tasks)[0]), headers=headers)

    read.__name__ = name
    return read


READS_BY_WEIGHT: tuple[tuple[Act, int], ...] = (
    (_reading("list of tasks", "/api/v1/tasks?limit=50"), 18),
    (_reading("a task", "/api/v1/tasks/{task}"), 18),
    (_reading("a task's log", "/api/v1/tasks/{task}/updates"), 8),
    (_reading("summary", "/api/v1/assessments/do-2024/summary?by=agency"), 8),
    (_reading("projection", "/api/v1/assessments/do-2024/projection", reviewer=True), 4),
    (_reading("deliveries", "/api/v1/reminders?limit=20", reviewer=True), 4),
    (_reading("page of tasks", "/tasks", page=True), 10),
    (_reading("page of a task", "/tasks/{task}", page=True), 10),
    (_reading("desk", "/desk", page=True, reviewer=True), 3),
    (_reading("overview", "/overview", page=True, reviewer=True), 2),
)
"""Mostly systems that look at tasks; people, who look at pages; now and then somebody who looks at everything."""


async def update(http: httpx.AsyncClient, people: People) -> httpx.Response:
    agency, task = people.free.popleft()
    headers = {"Authorization": f"Bearer {agency.key}", "If-Match": f'"{task[1]}"'}
    body = {"status": "in_progress", "percent": random.randrange(100), **PARTS}
    answer = await http.post(f"/api/v1/tasks/{task[0]}/updates", headers=headers, json=body)
    if answer.status_code == 200:
        task[1] = answer.json()["version"]
    people.free.append((agency, task))
    return answer


async def report(http: httpx.AsyncClient, people: People) -> httpx.Response:
    """The form of a task's page, sent by a browser."""
    agency, task = people.free.popleft()
    texts = {name: text for name, text in PARTS.items() if isinstance(text, str)}
    percent = {"percent": str(random.randrange(100)), "difficulties": str(random.random())}
    csrf = {"csrf": csrf_of(people.sessions[agency.key])}
    sent = {**texts, **percent, **csrf, "version": str(task[1]), "do": "save"}
    answer = await http.post(f"/tasks/{task[0]}/report", headers=_cookie(people, agency.key), data=sent)
    task[1] += answer.status_code == 303
    people.free.append((agency, task))
    return answer


async def prove(http: httpx.AsyncClient, people: People) -> httpx.Response:
    agency = random.choice(people.agencies)
    mark = random.randbytes(8).hex()
    kind, body = form_of({"number": mark, "title": "Kết quả", "tasks": random.choice(agency.tasks)[0]}, picture(mark))
    headers = {"Authorization": f"Bearer {agency.key}", "Content-Type": kind}
    return await http.post("/api/v1/evidence", headers=headers, content=body)


async def remind(http: httpx.AsyncClient, people: People) -> httpx.Response:
    return await http.post("/api/v1/reminders/run", headers={"Authorization": f"Bearer {people.reviewer}"})


WRITES_BY_WEIGHT = ((update, 14), (report, 4), (prove, 2))


def _cookie(people: People, key: str) -> dict[str, str]:
    return {"Cookie": f"khacphuc={people.sessions[key]}"}


# What it came to


def _told(store: Store, stream: Stream, minutes: float) -> Iterator[Figure]:
    done = sum(len(stream.spent.get(kind, ())) for kind in ("reads", "writes"))
    note = "; ".join(f"{times}× {what}" for what, times in stream.wrong.most_common(3))
    note = note or f"{stream.cpu / done * 1000:.1f} ms of the server's processor each"
    what = f"errors of {done:,} requests at {stream.rate:g}/s for {minutes:g} min"
    yield count(what, store.engine, stream.wrong.total(), note=note[:300])
    for kind in ("reads", "writes"):
        spent = sorted(stream.spent[kind])
        tail = f"p99 {spent[len(spent) * 99 // 100] * 1000:.0f} ms, worst {spent[-1] * 1000:.0f} ms"
        middle = spent[len(spent) // 2] * 1000
        yield Figure(f"  {kind}, p50", store.engine, "ms", middle, note=f"{len(spent):,}: {tail}")
    slow = sorted(((sorted(s)[len(s) * 99 // 100], name) for name, s in stream.spent.items()), reverse=True)
    say("  p99: " + ", ".join(f"{name} {seconds * 1000:.0f} ms" for seconds, name in slow))
    yield _growth(store, stream.memory)


def _growth(store: Store, memory: list[tuple[float, float]]) -> Figure:
    """Means of a tenth of the time each, so that a moment decides nothing."""
    first = _mean(mib for share, mib in memory if WARM <= share < WARM + 0.1)
    last = _mean(mib for share, mib in memory if share >= 0.9)
    grown = last / first - 1
    note = f"{first:.0f} MiB after a fifth of the time, most {max(mib for _, mib in memory):.0f} MiB, {grown:+.1%}"
    return Figure("  memory at the end (RSS)", store.engine, "MiB", last, None, None, f"within {GROWTH:.0%}",
                  abs(grown) <= GROWTH, note)  # fmt: skip


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
