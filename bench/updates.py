"""A status update over HTTP against the same statements one by one through the bare driver.

An update is what an agency's system sends: key, permission, version, report, measurement, score, log. Its statements
are recorded from real updates, each with its own parameters, and replayed on a copy of the database they came from.
"""

import contextlib
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.api.tasks import UpdateBody
from app.core.access import Actor
from app.db import Database
from app.models import tasks
from app.settings import Settings
from app.tasks import record_update
from bench import synthetic
from bench.common import MORNING, Figure, Options, say, take_turns
from bench.serving import CONNECTIONS, Load, khacphuc, run_load
from bench.stores import Postgresql, Statement, Store, database, on_each_engine, recorded

LEAST = 0.20
WORST_P99 = 100
POOL = int(Settings.model_fields["pool_size"].default)
BODIES: list[dict[str, Any]] = [
    {
        "status": "in_progress",
        "percent": 10 * turn,
        "reason": "Hồ sơ liên thông giữa các cấp còn chậm, cán bộ một cửa thiếu ở ba xã.",
        "progress": f"Đã rà soát {turn} nhóm thủ tục, công khai trên Cổng dịch vụ công và tại Bộ phận Một cửa.",
        "remedy": "Bổ sung cán bộ, đôn đốc hằng tuần, gắn trách nhiệm người đứng đầu.",
        "measurements": {"done": 300 + 50 * turn, "total": 1000},
        "period": "6 tháng đầu năm 2025",
    }
    for turn in range(1, 9)
]


@dataclass(frozen=True, slots=True)
class Agency:
    """One connection's caller: its key and the tasks it leads, with their versions."""

    key: str
    actor: Actor
    tasks: list[list[Any]]


def measure(options: Options) -> list[Figure]:
    return on_each_engine(options, _measure)


def _measure(store: Store, options: Options) -> list[Figure]:
    url = store.create()
    with database(url) as db:
        agencies = prepare(db, options.size(400))
    store.analyze(url)
    updates = record_statements(store, url, agencies, options)
    _print_statements(store, updates[0][1])
    loads: list[Load] = []

    def ours() -> float:
        load = run_load(server, _plan(agencies), seconds=options.seconds, most=50_000)
        for agency in agencies:
            agency.tasks[:] = [[code, load.versions[code]] for code, _ in agency.tasks]
        say(f"  {store.engine}: {load.rate:.0f}/s, p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms {load.first_error}")
        loads.append(load)
        return load.rate

    with khacphuc(store.copy(url), options.folder) as server:
        turns = take_turns(options.rounds, ours, lambda: replay(store, url, updates))
    p99s, errors = [load.p99 for load in loads], sum(load.errors for load in loads)
    p99 = statistics.median(p99s)
    note = f"worst round {max(p99s):.0f} ms"
    return [
        turns.figure("status update, 16 connections", store.engine, "/s", least=LEAST, note=f"{errors} errors"),
        Figure("  its p99", store.engine, "ms", p99, None, None, f"≤ {WORST_P99} ms", p99 <= WORST_P99, note),
        Figure("  its errors", store.engine, "", errors, None, None, "0", errors == 0),
    ]


def prepare(db: Database, size: int) -> list[Agency]:
    """Load an assessment, and let every agency report once on each task, as in the middle of a year."""
    with db.transaction() as connection:
        synthetic.load(connection, "do", size, synthetic.MEASURED, now=MORNING)
        found = []
        for number in range(CONNECTIONS):
            code = synthetic.agency_code(number)
            key = synthetic.make_key(connection, "agency", "do", code, now=MORNING)
            actor = synthetic.actor_of(connection, key)
            own = select(tasks.c.code, tasks.c.version).where(tasks.c.agency_id == actor.agency_id)
            found.append(Agency(key, actor, [list(row) for row in connection.execute(own)]))
        for agency in found:
            for task in agency.tasks:
                task[1] = _update(connection, agency, task, BODIES[-1])
    return found


def record_statements(
    store: Store, url: str, agencies: Sequence[Agency], options: Options
) -> list[tuple[str, list[Statement]]]:
    """(task, statements with parameters) of real updates made one after the other on a copy."""
    updates = []
    copy = store.copy(url)
    with database(copy) as db, recorded(db) as seen:
        standing = [(agency, [*task]) for agency in agencies for task in agency.tasks]
        for turn in range(2 if options.small else 8):
            for agency, task in standing:
                with db.transaction() as connection:
                    task[1] = _update(connection, agency, task, BODIES[turn])
                updates.append((task[0], seen.copy()))
                seen.clear()
    store.drop(copy)
    return updates


def _update(connection: Any, agency: Agency, task: list[Any], body: dict[str, Any]) -> int:
    change = UpdateBody.model_validate(body).to_update()
    done = record_update(connection, agency.actor, task[0], change, version=task[1], now=MORNING)
    return int(done["version"])


def replay(store: Store, url: str, updates: Sequence[tuple[str, list[Statement]]]) -> float:
    """Updates per second of the bare driver, a transaction each: SQLite one by one, PostgreSQL on `POOL` threads.

    Updates of one task stay on one thread, so that each finds the version it was recorded with.
    """
    copy = store.copy(url)
    threads = POOL if isinstance(store, Postgresql) else 1
    codes = {code: number for number, code in enumerate(dict.fromkeys(code for code, _ in updates))}
    parts = [[own for code, own in updates if codes[code] % threads == thread] for thread in range(threads)]
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(store.connect(copy))) for _ in parts]
        workers = [
            threading.Thread(target=_replay_part, args=(store, connection, part))
            for connection, part in zip(connections, parts, strict=True)
        ]
        started = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        rate = len(updates) / (time.perf_counter() - started)
    _check_versions(copy, updates)
    store.drop(copy)
    return rate


def _replay_part(store: Store, connection: Any, part: Sequence[list[Statement]]) -> None:
    for statements in part:
        with store.transaction(connection) as cursor:
            for statement, parameters in statements:
                cursor.execute(statement, parameters)
                if cursor.description is not None:
                    cursor.fetchall()


def _check_versions(url: str, updates: Sequence[tuple[str, list[Statement]]]) -> None:
    """The replay did the same work: every task is as many versions on as it has updates."""
    with database(url) as db, db.snapshot() as connection:
        found = dict(connection.execute(select(tasks.c.code, tasks.c.version)).tuples().all())
    each = len(updates) // len({code for code, _ in updates})
    wrong = {code for code, _ in updates if found[code] != 2 + each}
    assert not wrong, f"the replay lost updates of {sorted(wrong)[:3]}"


def _plan(agencies: Sequence[Agency]) -> list[dict[str, Any]]:
    return [{"key": agency.key, "tasks": agency.tasks, "bodies": BODIES} for agency in agencies]


def _print_statements(store: Store, statements: Sequence[Statement]) -> None:
    print(f"\nOne status update on {store.engine}, as the bare driver replays it:")
    for statement in (
        "BEGIN IMMEDIATE" if store.engine == "sqlite" else "BEGIN",
        *(one for one, _ in statements),
        "COMMIT",
    ):
        print("  " + " ".join(statement.split()))
