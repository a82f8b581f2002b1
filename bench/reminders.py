"""A day's reminders planned and recorded over 100 000 open tasks, against the bare query that finds who is due."""

import concurrent.futures
import contextlib
import multiprocessing
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, select, update

from app import reminders
from app.core.workdays import local_date
from app.db import Database
from app.models import deliveries, digest_items, digests, reminder_runs, tasks
from bench import synthetic
from bench.common import MORNING, Figure, Options, milliseconds, quiet, say, take_turns
from bench.stores import Statement, Store, database, opened, recorded

OPEN, DUE = 100_000, 300
TIMES, PLUS = 5, 20
BASE = 1_000
"""Criteria that are really loaded; the rest are multiples of them."""
LEDGER = (deliveries, digest_items, digests, reminder_runs)
LATE = date(2025, 6, 1)


def measure(options: Options) -> list[Figure]:
    figures = []
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            figures += [*_few_due(store, options), *_all_overdue(store, options)]
    return figures


def _few_due(store: Store, options: Options) -> list[Figure]:
    url = store.create()
    with database(url) as db:
        with db.transaction() as connection:
            assessment_id = synthetic.load(connection, "do", BASE, now=MORNING)
            synthetic.multiply(connection, assessment_id, options.size(OPEN) // BASE)
            _set_due(connection, date(2026, 7, 1), every=1)
            _set_due(connection, local_date(MORNING) + timedelta(days=7), every=options.size(OPEN) // DUE)
        store.analyze(url)
        query = _find_query(db)
        print(f"\nQuery plan of what may be due on {store.engine}:")
        print("\n".join(f"  {line}" for line in store.explain(url, *query)))
        _check_one_transaction(db)
        with contextlib.closing(store.connect(url)) as raw:
            turns = take_turns(
                options.rounds * 3,
                lambda: _plan_anew(db),
                lambda: milliseconds(lambda: raw.execute(*query).fetchall()),
            )
            found = len(raw.execute(*query).fetchall())
        note = f"{found} due, {_count(db)} items, one transaction"
    figure = turns.bounded(
        f"plan over {options.size(OPEN)} open tasks", store.engine, times=TIMES, plus=PLUS, note=note
    )
    return [figure]


def _all_overdue(store: Store, options: Options) -> list[Figure]:
    """In a process of its own, whose peak memory is then the plan's."""
    url = store.create()
    with database(url) as db, db.transaction() as connection:
        assessment_id = synthetic.load(connection, "do", BASE, now=MORNING)
        synthetic.multiply(connection, assessment_id, options.size(OPEN) // BASE)
        _set_due(connection, LATE, every=1)
    store.analyze(url)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as process:
        seconds, peak = process.submit(plan_measured, url).result()
    with database(url) as db:
        items = _count(db)
    say(f"  {store.engine}: all overdue in {seconds:.1f} s")
    what = f"plan, all {options.size(OPEN)} overdue"
    return [
        Figure(
            what, store.engine, "s", seconds, None, None, "no failure", items >= options.size(OPEN), f"{items} items"
        ),
        Figure("  its peak memory", store.engine, "MiB", peak),
    ]


def plan_measured(url: str) -> tuple[float, float]:
    """(seconds of a regular run, peak resident MiB of this process)."""
    quiet()
    with database(url) as db:
        seconds = milliseconds(lambda: reminders.run_due(db, now=MORNING)) / 1000
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    return seconds, int(peak.group(1)) / 1024


def _set_due(connection: Any, due: date, *, every: int) -> None:
    """Spread over all agencies: `every` is no multiple of their number."""
    connection.execute(update(tasks).where(tasks.c.id % every == 0).values(due_before=due, effective_due=due))


def _plan_anew(db: Database) -> float:
    """Milliseconds of a regular run whose day has not been planned yet."""
    with db.transaction() as connection:
        for table in LEDGER:
            connection.execute(table.delete())
    return milliseconds(lambda: reminders.run_due(db, now=MORNING))


def _find_query(db: Database) -> Statement:
    """The first statement of a run that looks for tasks by their due date."""
    with recorded(db) as seen:
        _plan_anew(db)
    return next(one for one in seen if one[0].startswith("SELECT") and "task.effective_due <=" in one[0])


def _check_one_transaction(db: Database) -> None:
    commits: list[Any] = []
    with db.transaction() as connection:
        for table in LEDGER:
            connection.execute(table.delete())

    def listen(connection: Any) -> None:
        if "postgresql_readonly" not in connection.get_execution_options():  # the engine of both doors
            commits.append(connection)

    event.listen(db.writer, "commit", listen)
    reminders.run_due(db, now=MORNING)
    event.remove(db.writer, "commit", listen)
    assert len(commits) == 1, f"the run took {len(commits)} transactions"


def _count(db: Database) -> int:
    with db.snapshot() as connection:
        return int(connection.execute(select(func.count()).select_from(digest_items)).scalar_one())
