"""Write load that remembers what it was told: which updates were acknowledged, which refused and in what words.

Afterwards the database is asked whether it agrees: every acknowledged update is there once, in the order of its
versions, and task, report, score, log and seals tell the same.
"""

import contextlib
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from app import seals
from app.db import Database
from app.models import events, reports, tasks
from app.tasks.change import figures
from bench.stores import database
from bench.updates import Agency, prepare

PATIENCE = 60.0
"""Seconds after which a client gives up; no answer of ours may take as long."""


@dataclass(slots=True)
class Told:
    """What clients saw. `acknowledged`: task → marks of its updates by version; `unknown`: sent, no clear answer."""

    acknowledged: dict[str, dict[int, str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def done(self) -> int:
        return sum(len(one) for one in self.acknowledged.values())


class Writers:
    """One thread for each agency, updating its tasks in turn until `stop`; each update carries a mark of its own."""

    def __init__(self, port: int, agencies: Sequence[Agency]) -> None:
        self.port, self.agencies = port, agencies
        self.told, self._stop = Told(), threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(one, n)) for n, one in enumerate(agencies)]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, count: int, seconds: float = 60.0) -> bool:
        """Until so many more updates were acknowledged; False when that takes too long."""
        wanted, end = self.told.done + count, time.monotonic() + seconds
        while self.told.done < wanted and time.monotonic() < end:
            time.sleep(0.02)
        return self.told.done >= wanted

    def _run(self, agency: Agency, number: int) -> None:
        turn = 0
        while not self._stop.is_set():
            task = agency.tasks[turn % len(agency.tasks)]
            self._update(agency.key, task, f"Lượt {number}.{turn}")
            turn += 1

    def _update(self, key: str, task: list[Any], mark: str) -> None:
        body = {"status": "in_progress", "percent": 10, "progress": mark, "measurements": {"done": 400, "total": 1000}}
        began = time.monotonic()
        status, answer = send(self.port, "POST", f"/api/v1/tasks/{task[0]}/updates", key, body, version=task[1])
        with self._lock:
            self.told.statuses[str(status)] += 1
            self.told.slowest = max(self.told.slowest, time.monotonic() - began)
            if status == 200:
                task[1] = answer["version"]
                self.told.acknowledged.setdefault(task[0], {})[task[1]] = mark
                return
            if status == 0 or answer.get("written") == "unknown":
                self.told.unknown.add(mark)
            self.told.wrong += [] if status in (0, 412) or is_clear(status, answer) else [f"{status} {answer}"[:300]]
        if status in (0, 412, 503):
            self._read_again(key, task)

    def _read_again(self, key: str, task: list[Any]) -> None:
        self._stop.wait(0.05)
        status, answer = send(self.port, "GET", f"/api/v1/tasks/{task[0]}", key)
        if status == 200:
            task[1] = answer["version"]


def send(
    port: int, method: str, path: str, key: str, body: Any = None, *, version: int | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and JSON of one request on a connection of its own; status 0 when no whole answer came."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    headers |= {} if version is None else {"If-Match": f'"{version}"'}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}


def is_clear(status: int, answer: dict[str, Any]) -> bool:
    """A refusal as problem details, in Vietnamese, that says what to do."""
    return status == 503 and answer.get("type", "").startswith("urn:khacphuc:problem:") and "ãy" in answer["detail"]


# Afterwards


def disagreements(url: str, told: Told, *, whole: bool = True) -> list[str]:
    """What does not fit: between what clients were told and the rows, and among the rows themselves.

    `whole` False for a backup taken meanwhile: it may lack what was acknowledged later.
    """
    with database(url) as db, db.snapshot() as connection:
        return [*_told_apart(connection, told, whole=whole), *_among_rows(db, connection)]


def _told_apart(connection: Connection, told: Told, *, whole: bool) -> Iterator[str]:
    logged = marks(connection)
    acknowledged = {mark for versions in told.acknowledged.values() for mark in versions.values()}
    doubled = [mark for mark, times in logged.items() if times > 1]
    lost = acknowledged - set(logged)
    invented = set(logged) - acknowledged - told.unknown
    for name, found in (("doubled", doubled), ("lost", lost if whole else ()), ("not acknowledged", invented)):
        yield from (f"{name}: {mark}" for mark in sorted(found)[:3])


def marks(connection: Connection) -> Counter[str]:
    """How often each mark stands in the log."""
    found = connection.execute(select(events.c.after).where(events.c.action == "task.updated")).scalars()
    texts = (after.get("progress", "") for after in found)
    return Counter(text for text in texts if text.startswith("Lượt "))


COUNTED = ("task.created", "task.updated")
"""What of this load takes a task one version on; documents do not."""


def _among_rows(db: Database, connection: Connection) -> Iterator[str]:
    last: dict[int, str] = {}
    counted: Counter[int] = Counter()
    wanted = select(events.c.entity_id, events.c.after).where(events.c.action.in_(COUNTED)).order_by(events.c.id)
    for event in connection.execute(wanted):
        counted[event.entity_id] += 1
        last[event.entity_id] = event.after.get("progress", last.get(event.entity_id, ""))
    progress = {row.task_id: row.progress for row in connection.execute(select(reports.c.task_id, reports.c.progress))}
    for task in connection.execute(select(tasks)):
        if task.version != counted[task.id]:
            yield f"{task.code}: version {task.version}, {counted[task.id]} events"
        if progress.get(task.id, "") != last.get(task.id, ""):
            yield f"{task.code}: the report says {progress.get(task.id)!r}, the log {last.get(task.id)!r}"
        if figures(task._mapping) != {name: task._mapping[name] for name in ("floor", "expected", "ceiling")}:
            yield f"{task.code}: the score does not follow from its row"
    yield from (f"seal: {one.detail}" for one in seals.verify(connection, now=max_at(connection)).findings)
    if db.sqlite:
        for check in ("integrity_check", "foreign_key_check"):
            found = connection.exec_driver_sql(f"PRAGMA {check}").fetchall()
            yield from (f"{check}: {row}" for row in found if tuple(row) != ("ok",))


def max_at(connection: Connection) -> Any:
    return connection.execute(select(events.c.at).order_by(events.c.id.desc()).limit(1)).scalar_one()


def agencies_of(url: str, size: int = 64) -> list[Agency]:
    """A synthetic assessment of so many tasks, and its agencies with keys."""
    with database(url) as db:
        return prepare(db, size)
