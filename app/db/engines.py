"""How connections of either engine are made, and how long anything may take on them.

Every wait has an end: for a lock, for a statement, for an answer from a server that has vanished without a word.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from app.errors import SetupProblem

if TYPE_CHECKING:
    import psycopg

BUSY_MS = 10_000
"""How long a connection waits for another one's lock."""
STATEMENT_MS = 30_000
"""How long one PostgreSQL statement may take, those of import and backup included."""
JOBS = 6
"""Connections beyond those of readers and writers, so that busy people never keep the scheduler waiting."""
IDLE_MS = 300_000
"""How long a PostgreSQL transaction may rest between two statements: a stopped process must not hold locks for ever."""
ANSWER_SECONDS = STATEMENT_MS / 1000 + 5
"""After this long without an answer the server, or the way to it, counts as gone: it would have cancelled by then."""
CONNECT_SECONDS = 5
PING_SECONDS = 3.0
RESTED = 5.0
"""Seconds after which a pooled PostgreSQL connection is asked whether it still lives before it is used."""
ALIVE = {"connect_timeout": CONNECT_SECONDS, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
         "tcp_user_timeout": 15_000}  # fmt: skip
"""libpq's own limits; whatever DATABASE_URL says of them goes before."""


def _json(value: Any) -> str:
    """Vietnamese stays readable in the database, and half as long."""
    return to_json(value).decode()


ALIKE: dict[str, Any] = {"json_serializer": _json, "hide_parameters": True}
"""Of both engines: JSON as UTF-8, and errors that print neither what people wrote nor secrets."""


def sqlite_engines(url: str, path: str | None, pool_size: int) -> tuple[Engine, Engine]:
    """Reader and writer; makes the file when it is missing. Raises `SetupProblem` when it cannot be written."""
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
    return reader, writer


def _prepare_sqlite(engine: Engine, *, begin: str, read_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # this package alone says BEGIN
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


def postgresql_engines(url: str, pool_size: int) -> tuple[Engine, Engine]:
    """Reader and writer share one pool of connections; nothing is connected before it is needed."""
    most = pool_size + JOBS
    engine = create_engine(url, pool_size=pool_size, max_overflow=most, pool_timeout=BUSY_MS / 1000, **ALIKE)
    _bound_waits(engine)
    _ping_after_rest(engine)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True), engine


def _bound_waits(engine: Engine) -> None:
    made: type[psycopg.Connection[Any]] = _bounded_connection()

    @event.listens_for(engine, "do_connect")
    def do_connect(_dialect: Any, _record: Any, args: list[Any], params: dict[str, Any]) -> Any:
        return made.connect(*args, **{**ALIVE, **params})

    @event.listens_for(engine, "connect")
    def connect(dbapi_connection: Any, _record: Any) -> None:
        # By statements, not by the start-up packet, which a pooler in between may refuse.
        limits = {"statement_timeout": STATEMENT_MS, "lock_timeout": BUSY_MS,
                  "idle_in_transaction_session_timeout": IDLE_MS}  # fmt: skip
        with dbapi_connection.cursor() as cursor:
            cursor.execute("; ".join(f"SET {name} = {value}" for name, value in limits.items()))
        dbapi_connection.commit()


def _bounded_connection() -> "type[psycopg.Connection[Any]]":
    import psycopg  # a tenth of a second that SQLite does not need

    class Bounded(psycopg.Connection[Any]):
        """Gives up on a server that is silent: the operating system only notices when packets are not acknowledged."""

        patience = ANSWER_SECONDS

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, self.patience if timeout is None else timeout)
            except psycopg.errors._WaitTimeout:
                if timeout is None:
                    self.pgconn.finish()  # what would still come is an answer to nobody's question
                    raise psycopg.OperationalError("the connection is closed: no answer in time") from None
                raise

    return Bounded


def _ping_after_rest(engine: Engine) -> None:
    """As `pool_pre_ping`, which asks before every use: a connection used a moment ago is not asked again."""

    @event.listens_for(engine, "checkout")
    def checkout(dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        now = time.monotonic()
        if now - record.info.get("used", 0.0) > RESTED and not _alive(engine, dbapi_connection):
            raise DisconnectionError
        record.info["used"] = now


def _alive(engine: Engine, dbapi_connection: Any) -> bool:
    patience, dbapi_connection.patience = dbapi_connection.patience, PING_SECONDS
    try:
        return engine.dialect.do_ping(dbapi_connection)
    except engine.dialect.dbapi.Error:  # type: ignore[union-attr]  # an engine always has its driver
        return False
    finally:
        dbapi_connection.patience = patience
