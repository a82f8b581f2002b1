"""The server is killed again and again while clients write; afterwards everything that they were told must be there.

Clients send If-Match and Idempotency-Key and repeat with the same key until they are answered, so that every write they
made was acknowledged once: the log must hold exactly those, in that order, and everything else must follow from it.
"""

import contextlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from app import evidence
from app.clock import Clock
from app.core.access import SYSTEM
from app.core.workdays import local_date
from app.db import Database
from app.models import events, tasks
from app.models import evidence as documents
from app.projections import get_projection
from app.settings import ROOT
from app.tasks.change import figures
from bench import synthetic
from bench.common import MORNING, Figure, Options, say
from bench.faults.clients import Client, Told
from bench.faults.common import Child, Nursery, count, exactly, wait_for, wait_until_ready
from bench.serving import free_port, settings
from bench.stores import Store, database, opened
from bench.updates import Agency, prepare

KILLS, SHORT = 1_000, 4
CLIENTS, TASKS = 6, 48
LONGEST = 0.5
"""The most seconds between a server's being ready and its end; every eighth is killed while it starts."""
AFTERWARDS = 20
"""Writes that must go on after the last kill."""
TOLD_EVERY = 50


def measure(options: Options, kills: int | None = None) -> list[Figure]:
    found: list[Figure] = []
    for engine in options.engines:
        with opened(engine, options.folder) as store, Nursery() as nursery:
            wanted = kills or (SHORT if options.small else KILLS)
            found += run(store, nursery, options.folder / engine, kills=wanted)
    return found


def run(store: Store, nursery: Nursery, folder: Path, *, kills: int) -> Iterator[Figure]:
    folder.mkdir(parents=True)
    url = store.create()
    agencies, reviewer, before = _prepare(url)
    store.analyze(url)
    environment, port = settings(url, folder), free_port()
    began, told = time.monotonic(), Told()
    with _under_load(port, agencies, reviewer, told) as clients:
        last = _kill_many(nursery, environment, port, folder / "server.log", told, kills)
    with contextlib.closing(clients[0]) as client:
        again = sum(client.repeat(request) for request in told.last)
    last.stop()
    note = "{:.0f} s; {} writes sent again, {} of them had been done".format(
        time.monotonic() - began, told.counts["repeated"], told.counts["replayed"]
    )
    yield exactly("servers killed under write load", store.engine, kills, kills, note=note)
    yield _acknowledged(store, told)
    yield exactly("  answered alike when sent once more", store.engine, again, len(told.last))
    yield from compared(store, url, told, before, Path(environment["KHACPHUC_DATA_DIR"]))
    yield _verified(store, environment)
    yield _complaints(store, folder / "server.log")


def _prepare(url: str) -> tuple[list[Agency], str, int]:
    """Agencies with keys and tasks, a reviewer's key, and the last event before the load."""
    with database(url) as db:
        agencies = prepare(db, TASKS)
        with db.transaction() as connection:
            reviewer = synthetic.make_key(connection, "coordinator", "do", None, now=MORNING)
            return agencies[:CLIENTS], reviewer, connection.execute(select(func.max(events.c.id))).scalar_one()


@contextlib.contextmanager
def _under_load(port: int, agencies: list[Agency], reviewer: str, told: Told) -> Iterator[list[Client]]:
    """Clients begin before there is a server, and end when each has the answer it waits for."""
    stopping = threading.Event()
    clients = [Client(port, agency, reviewer, told, stopping) for agency in agencies]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        stopping.set()
        for client in clients:
            client.join()


def _kill_many(nursery: Nursery, environment: dict[str, str], port: int, log: Path, told: Told, kills: int) -> Child:
    """The last server, which lives."""
    for number in range(1, kills + 1):
        server = nursery.serve(port, environment, log)
        if number % 8:
            wait_until_ready(port)
        time.sleep(random.uniform(0, LONGEST))
        server.kill()
        if number % TOLD_EVERY == 0:
            say(f"  {number} kills, {told.done} writes acknowledged, {len(told.wrong)} refused")
    server = nursery.serve(port, environment, log)
    wait_until_ready(port)
    wanted = told.done + AFTERWARDS
    wait_for(lambda: told.done >= wanted, 60)
    return server


def _acknowledged(store: Store, told: Told) -> Figure:
    kinds = sorted({action for log in told.log.values() for action, _ in log})
    note = f"slowest {told.slowest:.1f} s; {', '.join(kinds)}"
    held = told.done > 0 and not told.wrong
    wrong = f"{len(told.wrong)} refused: {told.wrong[:1]}"
    return Figure("  writes acknowledged", store.engine, "", told.done, None, None, "no refusal", held,
                  note if held else wrong)  # fmt: skip


# Afterwards


def compared(store: Store, url: str, told: Told, before: int, folder: Path) -> Iterator[Figure]:
    now = Clock().now()
    with database(url) as db:
        sizes = evidence.sizes_of(_files(folder))
        with db.snapshot() as connection:
            logged = _logged(connection, before)
            found = {
                "acknowledged, but not in the log once and in order": _unlike(told.log, logged),
                "tasks whose version is not what was told": _other_versions(connection, told),
                "tasks whose score does not follow from their row": _other_scores(connection),
                "scores that the log gives otherwise": _other_history(connection, now=now),
                "documents without their file": evidence.find_missing(connection, sizes),
            }
            checks = [*_integrity(connection)] if db.sqlite else []
        for what, wrong in found.items():
            yield count(f"  {what}", store.engine, len(wrong), note=str(wrong[0])[:200] if wrong else "")
        if db.sqlite:
            yield count("  integrity_check, foreign_key_check", store.engine, len(checks), note=str(checks[:1])[:200])
        yield _swept(store, db, folder)


def _logged(connection: Connection, before: int) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in connection.execute(select(events).where(events.c.id > before).order_by(events.c.id)):
        if row.entity == "task":
            mark = row.after["number"] if row.action == "evidence.added" else row.why
            found.setdefault(row.entity_code, []).append((row.action, mark))
    return found


def _unlike(told: dict[str, list[tuple[str, str]]], logged: dict[str, list[tuple[str, str]]]) -> list[str]:
    return [
        f"{code}: told {sorted(set(told.get(code, ())) - set(logged.get(code, ())))[:3]}, "
        f"logged {sorted(set(logged.get(code, ())) - set(told.get(code, ())))[:3]} or in another order"
        for code in sorted(told.keys() | logged.keys())
        if told.get(code) != logged.get(code)
    ]


def _other_versions(connection: Connection, told: Told) -> list[str]:
    stands = {row.code: row.version for row in connection.execute(select(tasks.c.code, tasks.c.version))}
    return [f"{code}: {stands[code]}, told {seen}" for code, seen in told.versions.items() if stands[code] != seen]


def _other_scores(connection: Connection) -> list[str]:
    rows = connection.execute(select(tasks)).all()
    return [
        row.code
        for row in rows
        if figures(row._mapping) != {name: row._mapping[name] for name in ("floor", "expected", "ceiling")}
    ]


def _other_history(connection: Connection, *, now: datetime) -> list[str]:
    """Today's end as tomorrow will rebuild it from the events, beside what stands in the rows."""
    today, tomorrow = local_date(now), now + timedelta(days=1)
    rebuilt, stands = (_scores(connection, day, now=tomorrow) for day in (today, None))
    return [f"{code}: {rebuilt.get(code)}, stands {one}" for code, one in stands.items() if rebuilt.get(code) != one]


def _scores(connection: Connection, as_of: date | None, *, now: datetime) -> dict[str, Any]:
    found = get_projection(connection, SYSTEM, "do-2024", as_of=as_of, now=now)
    return {one["code"]: [one[name] for name in ("floor", "expected", "ceiling")] for one in found["criteria"]}


def _integrity(connection: Connection) -> Iterator[Any]:
    for check in ("integrity_check", "foreign_key_check"):
        for row in connection.exec_driver_sql(f"PRAGMA {check}"):
            if tuple(row) != ("ok",):
                yield check, row


def _files(folder: Path) -> evidence.FileStore:
    return evidence.FileStore(folder / "evidence")


def _swept(store: Store, db: Database, folder: Path) -> Figure:
    """Upkeep takes away what interrupted uploads left, as soon as nothing can be under way any more."""
    files = _files(folder)
    with db.snapshot() as connection:
        wanted = connection.execute(select(documents.c.sha256).where(documents.c.sha256.is_not(None)))
        kept = set(wanted.scalars())
    removed = evidence.sweep_orphans(db, files, now=datetime.now(UTC) + timedelta(hours=2))
    present = [*(path.name for path in files.incoming()), *evidence.sizes_of(files)]
    left = [name for name in present if name not in kept]
    unfinished = list((folder / "outbox").glob("*.tmp"))
    note = f"{len(removed)} removed by upkeep, {len(kept)} kept; {len(unfinished)} unfinished letters"
    return count("  files without a document after upkeep", store.engine, len(left), note=note)


def _verified(store: Store, environment: dict[str, str]) -> Figure:
    """By the command that an operator uses."""
    command = [sys.executable, "-m", "app.cli", "audit", "verify"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    said = " ".join((done.stdout + done.stderr).split())
    return exactly("  `khacphuc audit verify` exits", store.engine, done.returncode, 0, note=said[:200])


def _complaints(store: Store, log: Path) -> Figure:
    """Nothing that a restart met surprised the server."""
    lines = [line for line in log.read_text("utf-8", errors="replace").splitlines() if "Traceback" in line]
    return count("  tracebacks in the servers' log", store.engine, len(lines))
