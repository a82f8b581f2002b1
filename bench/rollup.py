"""The summary of a huge assessment among many small ones, against its own covering query through the bare driver."""

import contextlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from app.core.access import Actor
from app.db import Database
from app.summaries import summarize
from bench import synthetic
from bench.common import MORNING, Figure, Options, milliseconds, take_turns
from bench.stores import Statement, Store, database, on_each_engine, recorded

HUGE, SMALL, OF = 50_000, 200, 40
"""Tasks of the huge assessment, number of small ones, tasks of each."""
TIMES, PLUS = 3, 2
BASE = 500
"""Criteria that are really loaded; the huge assessment is a multiple of them."""
REPEATS = 5


def measure(options: Options) -> list[Figure]:
    return on_each_engine(options, _measure)


def _measure(store: Store, options: Options) -> list[Figure]:
    url = store.create()
    keys = _prepare(url, options)
    store.analyze(url)
    figures = []
    with database(url) as db, contextlib.closing(store.connect(url)) as raw:
        with db.snapshot() as connection:
            actors = {role: synthetic.actor_of(connection, key) for role, key in keys.items()}
        for by in ("agency", "field", "group", "kind", "status"):
            query = find_query(db, actors["coordinator"], by)
            if by in ("agency", "status"):
                print(f"\nQuery plan of the summary by {by} on {store.engine}:")
                print("\n".join(f"  {line}" for line in store.explain(url, *query)))
            figures.append(_compare(store, db, raw, actors["coordinator"], by, query, options))
        query = find_query(db, actors["coordinator"], "agency")
        figures.append(_compare(store, db, raw, actors["agency"], "agency", query, options, "as an agency"))
    return figures


def _prepare(url: str, options: Options) -> dict[str, str]:
    """Statuses and dates spread over the tasks, so that every group of the roll-up has members."""
    with database(url) as db, db.transaction() as connection:
        for number in range(options.size(SMALL)):
            synthetic.load(connection, f"nho{number}", OF, now=MORNING)
        huge = synthetic.load(connection, "do", BASE, now=MORNING)
        keys = {
            role: synthetic.make_key(connection, role, "do", agency, now=MORNING)
            for role, agency in (("coordinator", None), ("agency", "CQ02"))
        }
        synthetic.multiply(connection, huge, options.size(HUGE) // BASE)
        connection.execute(
            text(
                "UPDATE task SET status = CASE id % 5 WHEN 0 THEN 'assigned' WHEN 1 THEN 'submitted' "
                "WHEN 2 THEN 'accepted' ELSE 'in_progress' END, submitted_on_time = (id % 3 = 0), "
                "effective_due = CASE WHEN id % 7 = 0 THEN '2025-06-01' ELSE '2025-07-01' END"
                if connection.dialect.name == "sqlite"
                else "UPDATE task SET status = CASE id % 5 WHEN 0 THEN 'assigned' WHEN 1 THEN 'submitted' "
                "WHEN 2 THEN 'accepted' ELSE 'in_progress' END, submitted_on_time = (id % 3 = 0), "
                "effective_due = CASE WHEN id % 7 = 0 THEN date '2025-06-01' ELSE date '2025-07-01' END"
            )
        )
    return keys


def find_query(db: Database, actor: Actor, by: str) -> Statement:
    """The statement of the summary that rolls up the tasks, with its parameters."""
    with recorded(db) as seen:
        summary(db, actor, by)
    return next(one for one in seen if "GROUP BY" in one[0])


def summary(db: Database, actor: Actor, by: str) -> Any:
    with db.snapshot() as connection:
        return summarize(connection, actor, "do-2024", by=by, now=MORNING)


def _compare(
    store: Store, db: Database, raw: Any, actor: Actor, by: str, query: Statement, options: Options, who: str = ""
) -> Figure:
    turns = take_turns(
        options.rounds * REPEATS,
        lambda: milliseconds(lambda: summary(db, actor, by)),
        lambda: milliseconds(lambda: fetch(raw, query)),
    )
    return turns.bounded(f"summary by {by} of {options.size(HUGE)} {who}".strip(), store.engine, times=TIMES, plus=PLUS)


def fetch(raw: Any, query: Statement) -> Sequence[Any]:
    rows: Sequence[Any] = raw.execute(*query).fetchall()
    return rows
