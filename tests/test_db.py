"""Both doors, on both engines."""

import asyncio
import contextlib
import threading
from datetime import date

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError

from app.db import Database, open_database
from app.errors import Busy, Conflict
from app.models import day_overrides, events
from tests.conftest import Engines


def add(connection: Connection, day: date) -> date:
    connection.execute(insert(day_overrides).values(day=day, working=True, note=""))
    return day


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(day_overrides)).scalar_one()


def test_many_writes_at_once_are_all_there(db: Database) -> None:
    async def run() -> None:
        days = [date.fromordinal(738000 + n) for n in range(200)]
        assert await asyncio.gather(*(db.write(add, day) for day in days)) == days
        assert await db.read(count) == 200

    asyncio.run(run())


def test_a_failing_write_leaves_nothing_and_does_not_disturb_its_neighbours(db: Database) -> None:
    def fail(connection: Connection, day: date) -> None:
        add(connection, day)
        raise Conflict("no")

    async def run() -> list[object]:
        calls = [db.write(fail if n % 3 == 0 else add, date.fromordinal(738000 + n)) for n in range(60)]
        return await asyncio.gather(*calls, return_exceptions=True)

    results = asyncio.run(run())
    assert [isinstance(result, Conflict) for result in results] == [n % 3 == 0 for n in range(60)]
    with db.snapshot() as connection:
        assert count(connection) == 40


def test_the_read_door_refuses_to_write(db: Database) -> None:
    async def run() -> None:
        await db.read(add, date(2025, 1, 1))

    with pytest.raises((DBAPIError, Busy)):
        asyncio.run(run())
    with db.snapshot() as connection:
        assert count(connection) == 0


@pytest.mark.parametrize("statement", ["UPDATE event SET why = 'x'", "DELETE FROM event"])
def test_the_log_refuses_to_be_changed(db: Database, statement: str) -> None:
    from datetime import UTC, datetime

    from app.core.access import SYSTEM
    from app.events import record

    with db.transaction() as connection:
        record(connection, SYSTEM, now=datetime.now(UTC), entity="x", entity_id=1, code="x", action="x.made")
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as connection:
        connection.exec_driver_sql(statement)
    with db.snapshot() as connection:
        assert connection.execute(select(func.count()).select_from(events)).scalar_one() == 1
        columns = ", ".join("'x'" if column.name == "why" else f'"{column.name}"' for column in events.c)
    if db.sqlite:
        with pytest.raises(DBAPIError, match="append-only"), db.transaction() as connection:
            connection.exec_driver_sql(f"INSERT OR REPLACE INTO event SELECT {columns} FROM event")


def test_an_iterator_that_ran_dry_is_an_error_not_a_wait_for_ever(db: Database) -> None:
    def dry(connection: Connection) -> None:
        next(iter(()))

    async def run() -> list[object]:
        calls = [db.write(add, date(2025, 1, 1)), db.write(dry), db.write(add, date(2025, 1, 2)), db.read(dry)]
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), timeout=20)

    first, second, third, fourth = asyncio.run(run())
    assert (first, third) == (date(2025, 1, 1), date(2025, 1, 2))
    assert isinstance(second, RuntimeError)
    assert isinstance(fourth, RuntimeError)


def test_when_sqlite_gives_a_transaction_up_nobody_is_told_it_is_done(engines: Engines) -> None:
    url = engines.copy("sqlite", "migrated")

    def too_much(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes the present size instead
        connection.execute(insert(day_overrides).values(day=date(2025, 6, 1), working=True, note="x" * 2_000_000))

    async def run(db: Database) -> list[object]:
        days = [date(2025, 1, day) for day in (1, 2, 3, 4)]
        first, second = db.write(add, days[0]), db.write(add, days[1])
        calls = (first, second, db.write(too_much), db.write(add, days[2]), db.write(add, days[3]))
        return await asyncio.gather(*calls, return_exceptions=True)

    with contextlib.closing(open_database(url)) as db:
        told = {result for result in asyncio.run(run(db)) if isinstance(result, date)}
        with db.snapshot() as connection:
            assert set(connection.execute(select(day_overrides.c.day)).scalars()) == told
    engines.drop(url)


def test_what_waits_while_the_database_closes_is_told_so(engines: Engines) -> None:
    url = engines.copy("sqlite", "migrated")
    db = open_database(url)
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        go_on.wait(10)

    async def run() -> object:
        first = asyncio.ensure_future(db.write(slow))
        await asyncio.to_thread(begun.wait, 10)
        closing = asyncio.ensure_future(asyncio.to_thread(db.close))
        while db._queue.empty():
            await asyncio.sleep(0.001)
        late = asyncio.ensure_future(db.write(add, date(2025, 1, 1)))
        await asyncio.sleep(0)
        go_on.set()
        await closing
        await first
        return (await asyncio.gather(late, return_exceptions=True))[0]

    assert isinstance(asyncio.run(run()), Busy)
    engines.drop(url)
