"""What a database looks like: its schema in a form that can be compared, and its rows by content."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, inspect, select
from sqlalchemy.pool import NullPool

from app.backup.rows import Content, content_of, digest, tables_of
from app.canonical import encode

CATALOG = {
    "sqlite": ("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name <> 'sqlite_sequence' ORDER BY 1, 2",),
    "postgresql": (
        "SELECT attrelid::regclass::text, attnum, attname, format_type(atttypid, atttypmod), attnotnull, "
        "pg_get_expr(adbin, adrelid) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
        "WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped ORDER BY 1, 2",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    ),
}
"""Everything a database knows of its own form, in its own words."""
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
}


def engine_of(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool)


def exactly(url: str) -> str:
    """A hash over the whole database, form and rows, as this very engine tells them: for "nothing has changed"."""
    with engine_of(url).connect() as connection:
        dialect = connection.dialect.name
        told = [str(row) for query in CATALOG[dialect] for row in connection.exec_driver_sql(query)]
        for name in connection.exec_driver_sql(TABLES[dialect]).scalars():
            told += sorted(str(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def describe(url: str) -> dict[str, Any]:
    """Tables with columns, keys, references, indexes and checks, and the names of triggers; without any order, so that
    two ways to the same schema compare equal."""
    with engine_of(url).connect() as connection:
        inspector = inspect(connection)
        described: dict[str, Any] = {
            name: {
                "columns": _sorted(inspector.get_columns(name)),
                "key": str(inspector.get_pk_constraint(name)),
                "references": _sorted(inspector.get_foreign_keys(name)),
                "unique": _sorted(inspector.get_unique_constraints(name)),
                "indexes": _sorted(inspector.get_indexes(name)),
                "checks": _sorted(inspector.get_check_constraints(name)),
            }
            for name in sorted(inspector.get_table_names())
        }
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "postgresql":
            named = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        described["triggers"] = sorted(connection.exec_driver_sql(named).scalars())
    return described


def _sorted(found: Sequence[Any]) -> list[str]:
    return sorted(json.dumps(one, default=str, sort_keys=True) for one in found)


def contents(url: str) -> dict[str, Content]:
    """Each table's rows and their hash."""
    with engine_of(url).connect() as connection:
        return {table.name: content_of(connection, table) for table in tables_of(connection)}


def rows_at(url: str, columns: dict[str, list[str]]) -> dict[str, Content]:
    """The same of certain columns of certain tables, as an older schema knew them."""
    with engine_of(url).connect() as connection:
        tables = {table.name: table for table in tables_of(connection) if table.name in columns}
        return {name: digest(_lines(connection, tables[name], wanted)) for name, wanted in columns.items()}


def columns_of(url: str) -> dict[str, list[str]]:
    with engine_of(url).connect() as connection:
        return {table.name: sorted(table.columns.keys()) for table in tables_of(connection)}


def _lines(connection: Connection, table: Table, columns: list[str]) -> Iterator[bytes]:
    found = connection.execute(select(*(table.c[name] for name in columns)))
    return iter(sorted(encode(row._asdict()) for row in found))


def copy_rows(source: str, target: str) -> None:
    """Every row of `source` into the tables and columns that the older `target` has, references unchecked meanwhile."""
    with engine_of(source).connect() as old, engine_of(target).connect() as new:
        unchecked = (
            "PRAGMA foreign_keys=OFF" if new.dialect.name == "sqlite" else "SET session_replication_role = replica"
        )
        new.exec_driver_sql(unchecked)
        known = {table.name: table for table in tables_of(old)}
        for table in tables_of(new):
            names = [one.name for one in table.columns if one.name in known[table.name].c]
            rows = [row._asdict() for row in old.execute(select(*(known[table.name].c[name] for name in names)))]
            if rows:
                new.execute(table.insert(), rows)
        new.commit()
