"""The coordinator's desk over an assessment of 10 000 tasks: how long the server takes, and what the page weighs."""

import contextlib
import http.client
import re
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, text

from app.accounts import open_session
from app.clock import Clock
from app.models import assessments, events, reports, submissions, tasks
from app.summaries import take_snapshots
from app.vietnamese import number_text
from bench import synthetic
from bench.common import Figure, Options, say
from bench.serving import Server, free_port, process, serve_command, settings, wait_for
from bench.stores import Store, database, on_each_engine

TASKS, BASE = 10_000, 500
MOST_MS, MOST_KB = 300, 150
DAYS = 30
REPEATS = 10
PATHS = ("/desk", "/overview", "/reviews", "/tasks", "/what-if")
QUICK = ("/desk", "/overview")
"""Whose target this is; the other pages are reported."""


def measure(options: Options) -> list[Figure]:
    return on_each_engine(options, _measure)


def _measure(store: Store, options: Options) -> list[Figure]:
    url, now = store.create(), Clock().now()
    with database(url) as db:
        with db.transaction() as connection:
            token = fill(connection, options.size(TASKS), now=now)
        with db.transaction() as connection:
            take_snapshots(connection, now=now)
    store.analyze(url)
    figures = []
    with serving(url, options) as server:
        for path in PATHS:
            spent, body = take(server, path, token, options.rounds * REPEATS)
            figures.append(_time(store, path, spent, quick=path in QUICK))
            if path == "/desk":
                assert f"{number_text(options.size(TASKS))} nhiệm vụ" in body.decode()
                figures.append(_weight(store, server, body, token))
    return figures


def _time(store: Store, path: str, spent: list[float], *, quick: bool) -> Figure:
    middle, note = statistics.median(spent), f"worst of {len(spent)}: {max(spent):.0f} ms"
    say(f"  {store.engine} {path}: {middle:.0f} ms, {note}")
    target, met = (f"≤ {MOST_MS} ms", middle <= MOST_MS) if quick else ("", None)
    return Figure(f"{path} of {TASKS} tasks", store.engine, "ms", middle, target=target, met=met, note=note)


def _weight(store: Store, server: Server, body: bytes, token: str) -> Figure:
    parts = {"HTML": len(body)} | {path: len(get(server, path, token)) for path in assets(body.decode())}
    weight = sum(parts.values()) / 1000
    note = ", ".join(f"{name.rpartition('/')[2].partition('?')[0]} {size / 1000:.1f}" for name, size in parts.items())
    target, met = f"≤ {MOST_KB} kB", weight <= MOST_KB
    return Figure("  its weight as sent, without charts", store.engine, "kB", weight, target=target, met=met, note=note)


# The data


def fill(connection: Connection, size: int, *, now: datetime) -> str:
    """Load the tasks as they stand in the middle of the work, a fifth of them waiting for a review; returns the token
    of a coordinator's session."""
    begun = now - timedelta(days=DAYS)
    huge = synthetic.load(connection, "do", min(BASE, size), now=begun)
    key = synthetic.make_key(connection, "coordinator", "do", None, now=begun)
    synthetic.multiply(connection, huge, max(1, size // BASE))
    account = synthetic.actor_of(connection, key).account_id
    assert account is not None
    _spread(connection, account, now=now)
    _report(connection, account, now=now)
    _log(connection, account, now=now)
    return open_session(connection, account, device="bench", now=now)


def _spread(connection: Connection, account: int, *, now: datetime) -> None:
    """Statuses and dates over the tasks, so that every part of the desk has something to say; and so few points each
    that all together fall 40 short of 100."""
    connection.execute(
        text(
            "UPDATE task SET max = 60, published = 20, floor = 20, expected = 20, ceiling = 60, "
            "status = CASE id % 5 WHEN 0 THEN 'assigned' WHEN 1 THEN 'submitted' "
            "WHEN 2 THEN 'accepted' ELSE 'in_progress' END, submitted_on_time = (id % 3 = 0), submissions = 1, "
            "submitted_at = CASE WHEN id % 5 = 1 THEN :moment END, submitted_by = :account, "
            "effective_due = CASE id % 7 WHEN 0 THEN :late WHEN 1 THEN :soon ELSE :far END"
        ).bindparams(
            moment=now - timedelta(days=9),
            account=account,
            late=now.date() - timedelta(days=9),
            soon=now.date() + timedelta(days=5),
            far=now.date() + timedelta(days=50),
        )
    )


def _report(connection: Connection, account: int, *, now: datetime) -> None:
    words = dict.fromkeys(("reason", "progress", "remedy"), "Đã rà soát, công khai và đôn đốc hằng tuần.")
    waiting = select(tasks.c.id).where(tasks.c.status == "submitted")
    rows = [{"task_id": key, **words} for key in connection.execute(waiting).scalars()]
    stamped = {"difficulties": "", "period": "", "updated_at": now, "account_id": account}
    connection.execute(insert(reports), [row | stamped for row in rows])
    handed_in = {"number": 1, "at": now, "account_id": account, "on_time": True, "content": words}
    connection.execute(insert(submissions), [{"task_id": row["task_id"], **handed_in} for row in rows])


def _log(connection: Connection, account: int, *, now: datetime) -> None:
    """An event of each task, as when all have reported."""
    rows = connection.execute(
        select(tasks.c.id, tasks.c.code, tasks.c.assessment_id, assessments.c.province_id).join(assessments)
    )
    said = {"entity": "task", "action": "task.updated", "actor": "bench", "before": {}, "after": {}, "why": ""}
    connection.execute(
        insert(events),
        [
            {
                **said,
                "at": now,
                "account_id": account,
                "entity_id": row.id,
                "entity_code": row.code,
                "assessment_id": row.assessment_id,
                "province_id": row.province_id,
            }
            for row in rows
        ],
    )


# The server


@contextlib.contextmanager
def serving(url: str, options: Options) -> Iterator[Server]:
    """As `serving.khacphuc`, without the jobs: what they do is other measures' business."""
    port = free_port()
    environment = settings(url, options.folder) | {"KHACPHUC_SCHEDULER": "false"}
    with process(serve_command(port), options.folder, environment) as pid:
        wait_for(port, "/healthz", pid)
        yield Server(port, pid)


def take(server: Server, path: str, token: str, times: int) -> tuple[list[float], bytes]:
    """Milliseconds of each request, one after the other, and the last body. The first ones, which fill caches, do not
    count."""
    spent = []
    body = b""
    for number in range(times + 2):
        started = time.perf_counter()
        body = get(server, path, token)
        if number >= 2:
            spent.append((time.perf_counter() - started) * 1000)
    return spent, body


def get(server: Server, path: str, token: str) -> bytes:
    """The body as it travels, compressed where the server compresses."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Cookie": f"khacphuc={token}", "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        assert answer.status == 200, (path, answer.status)
        return answer.read()


def assets(page: str) -> list[str]:
    """Stylesheets, scripts and icons that the page asks for."""
    return sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)))
