"""Both doors, on both engines."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError

from app.db import Database
from app.errors import Conflict
from app.models import day_overrides, events


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

    with pytest.raises(DBAPIError):
        asyncio.run(run())


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
