"""The two doors. Behind the write door SQLite has one writer thread that commits up to `GROUP` waiting calls at once, a
savepoint each; PostgreSQL has a pool of connections in threads. Callers cannot tell which.
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
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db import trouble
from app.db.engines import BUSY_MS, postgresql_engines, sqlite_engines
from app.errors import Busy, SetupProblem

P = ParamSpec("P")
T = TypeVar("T")

GROUP = 64
"""How many waiting writes share one SQLite commit."""
ATTEMPTS = 4
QUEUE_SECONDS = BUSY_MS / 1000
"""A call that finds no free thread for this long is refused: whoever sent it has mostly given up, or repeats it."""
CAUTION_SECONDS = 30.0
"""How long a disk counts as not writable after it refused a write; then the next write shows."""


@dataclass(slots=True)
class _Call:
    fn: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    asked: float = field(default_factory=time.monotonic)
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
    _cautious_until: float = 0.0

    @property
    def sqlite(self) -> bool:
        return self.writer.dialect.name == "sqlite"

    # For async routes

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, …)` in a consistent read-only transaction."""

        def call() -> T:
            with self._translated():
                try:
                    return self._read(fn, *args, **kwargs)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                return self._read(fn, *args, **kwargs)  # the pooled connection had died; a new one is tried once

        return await _in_time(self._readers, call)

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, …)` in a transaction; returns only after the commit is durable."""
        if self._writers is not None:
            return await _in_time(self._writers, lambda: self._retrying(fn, *args, **kwargs))
        loop = asyncio.get_running_loop()
        call = _Call(lambda connection: fn(connection, *args, **kwargs), loop, loop.create_future())
        self._start_writer()
        self._queue.put(call)
        result: T = await call.future
        return result

    # For jobs and the command line

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        with self._translated(), self.reader.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._translated(), self._exclusive(), self.writer.begin() as connection:
            yield connection

    def check_writable(self, connection: Connection) -> None:
        """For `write`: raises `Unwritable` when writes are refused by the database, or were a moment ago."""
        if not self.sqlite and connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on":
            raise trouble.unwritable(trouble.READ_ONLY)
        if time.monotonic() < self._cautious_until:
            raise trouble.unwritable(trouble.FAILING)

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

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Whatever means "not now" becomes `Busy`, which says what to do."""
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            problem = trouble.problem_of(error)
            if problem is None:
                raise
            if trouble.storage_trouble(error) in (trouble.FULL, trouble.FAILING):
                self._cautious_until = time.monotonic() + CAUTION_SECONDS
            raise problem from error

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
        with self._translated():
            for attempt in range(1, ATTEMPTS + 1):
                committing = False
                try:
                    with self.writer.begin() as connection:
                        result = _deliver(fn, connection, *args, **kwargs)
                        committing = True
                    return result
                except DBAPIError as error:
                    if committing and error.connection_invalidated:
                        raise trouble.unsure() from error  # and so it is not done again
                    if attempt == ATTEMPTS or not trouble.may_be_tried_again(error):
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
            _refuse_late(calls)
            if in_time := [call for call in calls if call.error is None]:
                self._commit_group(in_time)
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


async def _in_time(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    asked = time.monotonic()

    def begin() -> T:
        if time.monotonic() - asked > QUEUE_SECONDS:
            raise Busy(trouble.BUSY)
        return call()

    return await asyncio.get_running_loop().run_in_executor(threads, begin)


def _refuse_late(calls: list[_Call]) -> None:
    """Those that have waited too long behind others: somebody else holds the database, and it is known by then."""
    for call in calls:
        if time.monotonic() - call.asked > QUEUE_SECONDS:
            call.error = Busy(trouble.BUSY)


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


def open_database(url: str, *, pool_size: int = 8) -> Database:
    """Open (SQLite: and if missing create) the database; raises `SetupProblem` with one line when that cannot be."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        reader, writer = sqlite_engines(url, parsed.database, pool_size)
        return Database(url, reader, writer, ThreadPoolExecutor(min(pool_size, 4), "read"), None)
    if parsed.get_backend_name() == "postgresql":
        reader, writer = postgresql_engines(url, pool_size)
        readers = ThreadPoolExecutor(pool_size, "read")
        return Database(url, reader, writer, readers, ThreadPoolExecutor(pool_size, "write"))
    raise SetupProblem(f"DATABASE_URL: không hỗ trợ {parsed.drivername}; dùng sqlite:/// hoặc postgresql+psycopg://")
