"""The whole country on one database against one province alone: the same requests, which ought to cost much the same.

34 provinces with ten years of 100 tasks each, 3 000 agencies and half a million events. One of the provinces is the one
that stands alone on the other database, so whatever differs comes from the neighbours.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from app import reminders, seals
from app.accounts import open_session
from app.clock import Clock
from app.db import Database
from app.models import agencies as agencies_table
from app.models import events, provinces, tasks
from app.summaries import take_snapshots
from bench import desk, synthetic, updates
from bench.common import MORNING, Figure, Options, Turns, milliseconds, say, take_turns
from bench.reminders import LEDGER
from bench.serving import Server, gets, khacphuc, run_load
from bench.stores import Store, database, on_each_engine

PROVINCES, YEARS, TASKS, AGENCIES, EVENTS = 34, 10, 100, 3_000, 500_000
LAST_YEAR = 2024
TIMES = 2
READS = (
    ("summary of an assessment", "/api/v1/assessments/do-2024/summary?by=agency"),
    ("list of 50 tasks", "/api/v1/tasks?assessment=do-2024&limit=50"),
    ("projection", "/api/v1/assessments/do-2024/projection"),
    ("search of the log", "/api/v1/audit?action=task.updated&limit=50"),
)
PAGES = ("/desk", "/tasks")
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """A database and those who work on it."""

    url: str
    agencies: list[updates.Agency]
    coordinator: str
    token: str
    provinces: int


def measure(options: Options) -> list[Figure]:
    return on_each_engine(options, _measure)


def _measure(store: Store, options: Options) -> list[Figure]:
    started = time.monotonic()
    alone, country = (_prepare(store, options, size) for size in (1, options.size(PROVINCES * 10) // 10))
    say(f"  {store.engine}: both filled in {time.monotonic() - started:.0f} s")
    figures = [_size(store, country), *_plans(store, alone, country, options)]
    with khacphuc(alone.url, options.folder) as small, khacphuc(country.url, options.folder) as large:
        both = ((alone, small), (country, large))
        figures += [_updates(store, both, options), *_reads(store, both, options), *_pages(store, both, options)]
    return figures


# What is asked of both


def _updates(store: Store, both: Any, options: Options) -> Figure:
    def rate(place: Place, server: Server) -> float:
        plan = [{"key": one.key, "tasks": one.tasks, "bodies": updates.BODIES} for one in place.agencies]
        load = run_load(server, plan, seconds=options.seconds, most=MOST)
        assert load.errors == 0, load.first_error
        for one in place.agencies:
            one.tasks[:] = [[code, load.versions[code]] for code, _ in one.tasks]
        return load.rate

    return _rates("status update, 16 connections", store, both, rate, options)


def _reads(store: Store, both: Any, options: Options) -> Iterator[Figure]:
    for what, path in READS:

        def rate(place: Place, server: Server, path: str = path) -> float:
            load = run_load(server, gets(path, place.coordinator), seconds=options.seconds / 2, most=MOST)
            assert load.errors == 0, load.first_error
            return load.rate

        yield _rates(what, store, both, rate, options)


def _pages(store: Store, both: Any, options: Options) -> Iterator[Figure]:
    for path in PAGES:

        def spent(place: Place, server: Server, path: str = path) -> float:
            return statistics.median(desk.take(server, path, place.token, 5)[0])

        (alone, small), (country, large) = both
        turns = take_turns(options.rounds, lambda: spent(country, large), lambda: spent(alone, small))  # noqa: B023
        yield turns.bounded(f"page {path}", store.engine, times=TIMES, plus=2)


def _rates(what: str, store: Store, both: Any, rate: Callable[[Place, Server], float], options: Options) -> Figure:
    (alone, small), (country, large) = both
    turns: Turns = take_turns(options.rounds, lambda: rate(country, large), lambda: rate(alone, small))
    say(f"  {store.engine} {what}: {turns.ratio:.2f} of {statistics.median(turns.bare):.0f}/s")
    return turns.figure(what, store.engine, "/s", least=1 / TIMES)


def _plans(store: Store, alone: Place, country: Place, options: Options) -> Iterator[Figure]:
    """A day's regular run, for each province that it plans; half a million events were never in its way."""
    with database(alone.url) as one, database(country.url) as all_of_them:
        turns = take_turns(
            options.rounds,
            lambda: _plan(all_of_them) / country.provinces,
            lambda: _plan(one),
        )
    yield turns.bounded("reminder plan, for each province", store.engine, times=TIMES, plus=2)


def _plan(db: Database) -> float:
    with db.transaction() as connection:
        for table in LEDGER:
            connection.execute(table.delete())
    return milliseconds(lambda: reminders.run_due(db, now=MORNING))


# The data


def _prepare(store: Store, options: Options, size: int) -> Place:
    url = store.create()
    with database(url) as db:
        agencies = updates.prepare(db, TASKS)
        for number in range(1, size):
            with db.transaction() as connection:
                _load_province(connection, f"tinh{number:02}", options)
        with db.transaction() as connection:
            _load_years(connection, "do", options, LAST_YEAR)
            _fill_log(connection, options.size(EVENTS) * size // PROVINCES)
            place = _people(connection, url, agencies, size)
        while True:
            with db.transaction() as connection:
                if not seals.seal_committed(connection, now=MORNING):
                    break
        while True:  # as every day's job does; here it has the days since the data's to do
            with db.transaction() as connection:
                if not take_snapshots(connection, now=Clock().now()):
                    break
        _check(db, size, options)
    store.analyze(url)
    return place


def _load_province(connection: Connection, name: str, options: Options) -> None:
    """A neighbour, as far with its work as the province that is measured."""
    more = {"year": LAST_YEAR, "agencies": AGENCIES // (PROVINCES - 1) + 1}
    working = synthetic.load(connection, name, TASKS, synthetic.MEASURED, now=MORNING, **more)
    connection.execute(tasks.update().where(tasks.c.assessment_id == working).values(status="in_progress"))
    _load_years(connection, name, options, LAST_YEAR)


def _load_years(connection: Connection, name: str, options: Options, last: int) -> None:
    """The years before, in which everything was done."""
    for year in range(last - options.size(YEARS * 10) // 10 + 1, last):
        done = synthetic.load(connection, name, TASKS, now=MORNING, year=year)
        connection.execute(tasks.update().where(tasks.c.assessment_id == done).values(status="accepted"))


def _fill_log(connection: Connection, wanted: int) -> None:
    """More of what is there, as if everybody had reported many times."""
    columns = [column for column in events.columns if column.name != "id"]
    while (missing := wanted - _count(connection, events)) > 0:
        connection.execute(insert(events).from_select(columns, select(*columns).limit(missing)))


def _people(connection: Connection, url: str, agencies: list[updates.Agency], size: int) -> Place:
    key = synthetic.make_key(connection, "coordinator", "do", None, now=MORNING)
    account = synthetic.actor_of(connection, key).account_id
    assert account is not None
    return Place(url, agencies, key, open_session(connection, account, device="bench", now=Clock().now()), size)


def _check(db: Database, size: int, options: Options) -> None:
    with db.snapshot() as connection:
        assert _count(connection, provinces) == size
        if size > 1 and not options.small:
            assert _count(connection, tasks) == PROVINCES * YEARS * TASKS
            assert _count(connection, agencies_table) >= AGENCIES
            assert _count(connection, events) >= EVENTS


def _size(store: Store, country: Place) -> Figure:
    with contextlib.closing(store.connect(country.url)) as raw:
        asked = (
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if store.engine == "sqlite"
            else "SELECT pg_database_size(current_database())"
        )
        size = raw.execute(asked).fetchone()[0] / 1_000_000
    return Figure("size of the country's database", store.engine, "MB", size)


def _count(connection: Connection, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
