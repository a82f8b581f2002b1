"""A database in which every table has rows: the real 2024 data, weeks of work on it, and a row for what is left."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Table, TypeDecorator, exists, func, insert, select

from app import agencies, reminders, seals
from app.models import metadata
from bench.scene import TODAY, Scene

SOME_DAY = date(2025, 6, 20)
SOME_MOMENT = datetime(2025, 6, 20, 3, 4, 5, 678901, tzinfo=UTC)
"""With a fraction, so that an engine which cuts it off is noticed."""


def fill(url: str) -> None:
    """Migrate the database at `url` and fill all of its tables."""
    scene = Scene(url)
    scene.now = TODAY
    head = agencies.NewContact("head", "Lãnh đạo Sở", agency="SKHCN", email="skhcn@example.vn")
    scene.write(agencies.create_contact, scene.actors["coordinator"], head)
    reminders.run_due(scene.db, now=scene.now)
    with scene.db.transaction() as connection:
        seals.seal_committed(connection, now=scene.now)
        fill_empty(connection)
    scene.db.close()


def fill_empty(connection: Connection) -> list[str]:
    """One row for each table without any, of values that its columns, references and checks allow; their names."""
    added = []
    for table in metadata.sorted_tables:
        if not connection.execute(select(exists(select(1).select_from(table)))).scalar():
            connection.execute(insert(table).values(**_row(connection, table)))
            added.append(table.name)
    return added


def _row(connection: Connection, table: Table) -> dict[str, Any]:
    also = ALSO.get(table.name, ())
    wanted = [one for one in table.columns if one.name in also or (not one.nullable and one.server_default is None)]
    return {one.name: _value(connection, one) for one in wanted if not _drawn(one)}


def _drawn(column: Column[Any]) -> bool:
    """An id that the database counts up itself."""
    return column.primary_key and column.name == "id"


def _value(connection: Connection, column: Column[Any]) -> Any:
    for key in column.foreign_keys:
        return connection.execute(select(func.min(key.column))).scalar_one()
    if (allowed := _allowed(column)) is not None:
        return allowed
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return SAMPLES.get(kind.python_type, TEXT)


TEXT = "thử nghiệm"
ALSO = {"succession": ("agency_id",)}
"""Columns that may be empty, but not all of them at once."""
SAMPLES = {bool: True, int: 1, float: 0.5, Decimal: Decimal("0.8410"), datetime: SOME_MOMENT, date: SOME_DAY,
           dict: {"ghi": "thử"},}  # fmt: skip


def _allowed(column: Column[Any]) -> str | None:
    """The first word of a CHECK such as "kind" IN ('tasks', 'assessment')."""
    checks = (str(one.sqltext) for one in column.table.constraints if isinstance(one, CheckConstraint))
    found = (re.match(rf""""?{column.name}"? IN \('(\w+)'""", check) for check in checks)
    return next((one[1] for one in found if one is not None), None)
