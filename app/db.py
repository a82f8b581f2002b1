"""Two doors to the database: `read` and `write` for async routes, `snapshot` and `transaction` for jobs and commands.

Domain functions take a `Connection` and never commit; only this module opens and commits transactions. Behind the write
door SQLite has one writer thread that commits up to `GROUP` waiting calls at once, a savepoint each; PostgreSQL has a
pool of connections in threads. Callers cannot tell which.
"""

import asyncio
import contextlib
import queue
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic_core import to_json
from sqlalchemy import Connection as Connection  # for whoever may not know SQLAlchemy
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from app.errors import Busy, SetupProblem

P = ParamSpec("P")
T = TypeVar("T")

GROUP = 64
"""How many waiting writes share one SQLite commit."""
BUSY_MS = 10_000
"""How long a SQLite connection waits for another process's write lock."""
STATEMENT_MS = 120_000
"""How long one PostgreSQL statement may take, import and backup included."""
RETRYABLE = frozenset({"40001", "40P01"})
"""PostgreSQL: serialization failure, deadlock. The whole call is run again."""
UNAVAILABLE = ("08", "57", "53", "25006", "55P03")
"""PostgreSQL's codes, or beginnings of them, of a server that cannot take the work now: connection lost, shutting down,
statement cancelled, out of resources, read-only (a replica after a failover), lock not to be had in time."""
ATTEMPTS = 4
RESTED = 5.0
"""Seconds after which a pooled PostgreSQL connection is asked whether it still lives before it is used."""


@dataclass(slots=True)
class _Call:
    fn: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():  # whoever waited has given up
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


@dataclass(slots=True)
class Database:
    """One database of either engine. Make it with `open_database`, end it with `close`."""

    url: str
    reader: Engine
    writer: Engine
    _readers: ThreadPoolExecutor
    _writers: ThreadPoolExecutor | None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _queue: "queue.SimpleQueue[_Call | None]" = field(default_factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None

    @property
    def sqlite(self) -> bool:
        return self.writer.dialect.name == "sqlite"

    # For async routes

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, …)` in a consistent read-only transaction."""

        def call() -> T:
            with _translated():
                try:
                    return self._read(fn, *args, **kwargs)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                return self._read(fn, *args, **kwargs)  # the pooled connection had died; a new one is tried once

        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, …)` in a transaction; returns only after the commit is durable."""
        loop = asyncio.get_running_loop()
        if self._writers is not None:
            return await loop.run_in_executor(self._writers, lambda: self._retrying(fn, *args, **kwargs))
        call = _Call(lambda connection: fn(connection, *args, **kwargs), loop, loop.create_future())
        self._start_writer()
        self._queue.put(call)
        result: T = await call.future
        return result

    # For jobs and the command line

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        with _translated(), self.reader.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        with _translated(), self._exclusive(), self.writer.begin() as connection:
            yield connection

    def refresh_statistics(self) -> None:
        """Let SQLite look at what has grown since; without statistics it takes poor plans on large tables.

        PostgreSQL does so by itself (autovacuum).
        """
        if self.sqlite:
            with self.transaction() as connection:
                connection.exec_driver_sql("PRAGMA optimize")

    def close(self) -> None:
        """Let waiting writes finish, then let go of every connection."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
            self._refuse_waiting()
        self._readers.shutdown()
        if self._writers is not None:
            self._writers.shutdown()
        self.reader.dispose()
        self.writer.dispose()

    # Inside

    def _refuse_waiting(self) -> None:
        late = []
        while not self._queue.empty():
            if (call := self._queue.get()) is not None:
                call.error = Busy("Máy chủ đang dừng. Chưa có gì được ghi; hãy thử lại sau ít giây.")
                late.append(call)
        _settle(late)

    def _read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.reader.connect() as connection, connection.begin():
            return _deliver(fn, connection, *args, **kwargs)

    def _exclusive(self) -> contextlib.AbstractContextManager[Any]:
        # Within one process threads queue here instead of spinning on SQLite's file lock.
        return self._lock if self.sqlite else contextlib.nullcontext()

    def _retrying(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with _translated():
            for attempt in range(1, ATTEMPTS + 1):
                committing = False
                try:
                    with self.writer.begin() as connection:
                        result = _deliver(fn, connection, *args, **kwargs)
                        committing = True
                    return result
                except DBAPIError as error:
                    # Once the commit is on its way nobody knows whether it arrived: then it is not done again.
                    if committing or attempt == ATTEMPTS or not _may_be_tried_again(error):
                        raise
                time.sleep(secrets.randbelow(20 * attempt) / 1000)
        raise AssertionError("unreachable")

    def _start_writer(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_loop, name="sqlite-writer", daemon=True)
            self._thread.start()

    def _write_loop(self) -> None:
        while (first := self._queue.get()) is not None:
            calls, last = [first], False
            while len(calls) < GROUP and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    last = True
                    break
                calls.append(following)
            self._commit_group(calls)
            _settle(calls)
            if last:
                return

    def _commit_group(self, calls: list[_Call]) -> None:
        try:
            with self.transaction() as connection:
                for call in calls:
                    _run_in_savepoint(connection, call)
        except Exception as error:
            # The commit failed, or SQLite gave the whole transaction up (disk full, I/O error): nobody's work is there,
            # so nobody is told that it is.
            for call in calls:
                call.error = error


def _run_in_savepoint(connection: Connection, call: _Call) -> None:
    try:
        with savepoint(connection):
            call.result = _deliver(call.fn, connection)
    except Exception as error:
        if _given_up(connection):
            raise
        call.error = error


def _deliver(
    fn: Callable[Concatenate[Connection, P], T], connection: Connection, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call, but never raise StopIteration: a Future cannot hold one, so whoever waits for it would wait for ever."""
    try:
        return fn(connection, *args, **kwargs)
    except StopIteration as error:
        raise RuntimeError("StopIteration left a domain function") from error


def _given_up(connection: Connection) -> bool:
    """SQLite rolls the whole transaction back by itself on some errors; its savepoints are gone then."""
    driver = connection.connection.driver_connection
    return isinstance(driver, sqlite3.Connection) and not driver.in_transaction


def _settle(calls: list[_Call]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Call]] = {}
    for call in calls:
        by_loop.setdefault(call.loop, []).append(call)
    for loop, group in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(_settle_all, group)


def _settle_all(calls: list[_Call]) -> None:
    for call in calls:
        call.settle()


@contextlib.contextmanager
def savepoint(connection: Connection, name: str = "call") -> Iterator[None]:
    """Undo everything since here if the block raises, and keep the transaction usable."""
    connection.exec_driver_sql(f"SAVEPOINT {name}")
    try:
        yield
    except BaseException:
        if _given_up(connection):
            raise  # the error itself, not "no such savepoint"
        connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {name}")
        connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")
        raise
    connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Whatever means "not now" becomes `Busy`, which says that trying again is safe."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        if _not_now(error):
            raise Busy("Cơ sở dữ liệu đang bận hoặc tạm thời không kết nối được. Hãy thử lại sau ít giây.") from error
        raise


def _not_now(error: DBAPIError | PoolTimeout) -> bool:
    if isinstance(error, PoolTimeout) or error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig)
    state = _sqlstate(error)
    if state is None:  # no answer at all: the server could not be reached
        return isinstance(error, OperationalError) and not isinstance(error.orig, sqlite3.Error)
    return state in RETRYABLE or state.startswith(UNAVAILABLE)


def _may_be_tried_again(error: DBAPIError) -> bool:
    return error.connection_invalidated or _sqlstate(error) in RETRYABLE


def _sqlstate(error: DBAPIError) -> str | None:
    found = getattr(error.orig, "sqlstate", None)
    return None if found is None else str(found)


def open_database(url: str, *, pool_size: int = 8) -> Database:
    """Open (SQLite: and if missing create) the database; raises `SetupProblem` with one line when that cannot be."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, parsed.database, pool_size)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(url, pool_size)
    raise SetupProblem(f"DATABASE_URL: không hỗ trợ {parsed.drivername}; dùng sqlite:/// hoặc postgresql+psycopg://")


def _json(value: Any) -> str:
    """Vietnamese stays readable in the database, and half as long."""
    return to_json(value).decode()


ALIKE: dict[str, Any] = {"json_serializer": _json, "hide_parameters": True}
"""Of both engines: JSON as UTF-8, and errors that print neither what people wrote nor secrets."""


def _open_sqlite(url: str, path: str | None, pool_size: int) -> Database:
    if not path or path == ":memory:":
        raise SetupProblem("DATABASE_URL: SQLite cần một tệp, ví dụ sqlite:///data/khacphuc.db")
    folder = Path(path).resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Path(path).open("ab"):
            pass
    except OSError as error:
        raise SetupProblem(
            f"Không ghi được vào {path}: {error.strerror}. Hãy cấp quyền ghi hoặc đổi KHACPHUC_DATA_DIR."
        ) from None
    reader = create_engine(url, poolclass=QueuePool, pool_size=pool_size, max_overflow=8, **ALIKE)
    writer = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=1, **ALIKE)
    _prepare_sqlite(reader, begin="BEGIN", read_only=True)
    _prepare_sqlite(writer, begin="BEGIN IMMEDIATE", read_only=False)
    return Database(url, reader, writer, ThreadPoolExecutor(min(pool_size, 4), "read"), None)


def _prepare_sqlite(engine: Engine, *, begin: str, read_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # this module alone says BEGIN
        cursor = dbapi_connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16000",
            f"query_only={'ON' if read_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def do_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _ping_after_rest(engine: Engine) -> None:
    """As `pool_pre_ping`, which asks before every use: a connection used a moment ago is not asked again."""

    @event.listens_for(engine, "checkout")
    def checkout(dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        now = time.monotonic()
        if now - record.info.get("used", 0.0) > RESTED and not _alive(engine, dbapi_connection):
            raise DisconnectionError
        record.info["used"] = now


def _alive(engine: Engine, dbapi_connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(dbapi_connection)
    except engine.dialect.dbapi.Error:  # type: ignore[union-attr]  # an engine always has its driver
        return False


def _open_postgresql(url: str, pool_size: int) -> Database:
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_timeout=10, **ALIKE)
    _ping_after_rest(engine)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    readers = ThreadPoolExecutor(pool_size, "read")
    return Database(url, reader, engine, readers, ThreadPoolExecutor(pool_size, "write"))
