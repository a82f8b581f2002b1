"""Rows as canonical JSON lines: the same row gives the same bytes on SQLite and on PostgreSQL.

Tables are read from the database itself, not from the models, so that a backup of an older schema can be restored at
its own revision and migrated afterwards.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, MetaData, Select, String, Table, select
from sqlalchemy.types import JSON, Date, DateTime

from app.canonical import encode

VERSION_TABLE = "alembic_version"
CHUNK = 1_000
"""Rows that are in memory at once."""

Row = dict[str, Any]


class Content(NamedTuple):
    """What a table holds; `sha256` is over its lines in the order of the primary key."""

    rows: int
    sha256: str


def tables_of(connection: Connection) -> list[Table]:
    """Every table of this database but Alembic's, referenced ones before those that refer to them."""
    found = MetaData()
    found.reflect(connection)
    tables = [table for table in found.sorted_tables if table.name != VERSION_TABLE]
    for column in (column for table in tables for column in table.columns):
        if isinstance(column.type, JSON):
            column.type.none_as_null = True  # as in the models: nothing is NULL, not the text "null"
    return tables


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """The table's rows in order, a chunk at a time, each ended by a line break."""
    statement = _ordered(connection, table).execution_options(yield_per=CHUNK)
    for row in connection.execute(statement):
        yield encode(row._asdict())


def content_of(connection: Connection, table: Table) -> Content:
    return digest(lines_of(connection, table))


def digest(lines: Iterator[bytes]) -> Content:
    count, sha256 = 0, hashlib.sha256()
    for line in lines:
        sha256.update(line)
        count += 1
    return Content(count, sha256.hexdigest())


def decoder(connection: Connection, table: Table) -> Callable[[bytes], Row]:
    """Reads lines of this table as this engine stores them; KeyError for other columns than the table has."""
    names = set(table.columns.keys())
    naive = connection.dialect.name == "sqlite"
    moments = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    days = [column.name for column in table.columns if isinstance(column.type, Date)]

    def decode(line: bytes) -> Row:
        row: Row = json.loads(line)
        if row.keys() != names:
            raise KeyError(sorted(row.keys() ^ names))
        for name in moments:
            if row[name] is not None:
                moment = datetime.fromisoformat(row[name])
                row[name] = moment.replace(tzinfo=None) if naive else moment
        for name in days:
            if row[name] is not None:
                row[name] = date.fromisoformat(row[name])
        return row

    return decode


def self_references(table: Table) -> list[str]:
    """Columns that point at other rows of the same table, such as a stand-in."""
    return [column.name for column in table.columns for key in column.foreign_keys if key.column.table is table]


def _ordered(connection: Connection, table: Table) -> Select[Any]:
    by_bytes = connection.dialect.name == "postgresql"  # SQLite compares bytes anyway
    keys = [key.collate("C") if by_bytes and isinstance(key.type, String) else key for key in table.primary_key.columns]
    return select(table).order_by(*keys)
