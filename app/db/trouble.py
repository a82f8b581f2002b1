"""What a database says when it cannot take the work now, and what we say then."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import Busy, Unwritable

RETRYABLE = frozenset({"40001", "40P01"})
"""PostgreSQL: serialization failure, deadlock. The whole call is run again."""
UNAVAILABLE = ("08", "57", "53", "25P03", "55P03")
"""PostgreSQL's codes, or beginnings of them, of a server that cannot take the work now: connection lost, shutting down,
statement cancelled, out of resources, idle for too long within a transaction, lock not to be had in time."""
FULL, READ_ONLY, FAILING = "full", "read-only", "failing"
_STORAGE = {
    "53100": FULL,
    "25006": READ_ONLY,  # a replica after a failover, or default_transaction_read_only
    "58030": FAILING,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: FAILING,
    sqlite3.SQLITE_CANTOPEN: FAILING,
}
_WORDS = {
    FULL: "Ổ đĩa của máy chủ đã đầy",
    READ_ONLY: "Cơ sở dữ liệu đang chỉ cho đọc",
    FAILING: "Máy chủ không ghi được vào ổ đĩa",
}
BUSY = "Cơ sở dữ liệu đang bận hoặc tạm thời không kết nối được. Hãy thử lại sau ít giây."


def problem_of(error: DBAPIError | PoolTimeout) -> Busy | None:
    """The problem to answer with; None for what is no matter of the moment but a fault of ours."""
    if isinstance(error, PoolTimeout):
        return Busy(BUSY)
    if (storage := storage_trouble(error)) is not None:
        return unwritable(storage)
    return Busy(BUSY) if _not_now(error) else None


def storage_trouble(error: DBAPIError | PoolTimeout) -> str | None:
    """`FULL`, `READ_ONLY` or `FAILING` where it is storage that refuses."""
    return None if isinstance(error, PoolTimeout) else _STORAGE.get(_code(error) or "")


def unwritable(why: str) -> Unwritable:
    return Unwritable(f"{_WORDS[why]} nên chưa có gì được ghi. Xin báo bộ phận kỹ thuật, sau đó hãy gửi lại.")


def unsure() -> Busy:
    """The connection broke while the commit was on its way: nobody knows whether it arrived."""
    return Busy(
        "Mất kết nối với cơ sở dữ liệu đúng lúc ghi nên chưa rõ đã ghi được hay chưa. "
        "Hãy mở lại để kiểm tra trước khi gửi lại.",
        extra={"written": "unknown"},
    )


def may_be_tried_again(error: DBAPIError) -> bool:
    return error.connection_invalidated or _code(error) in RETRYABLE


def _not_now(error: DBAPIError) -> bool:
    code = _code(error)
    if error.connection_invalidated or code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return True
    if code is None:  # no answer at all: the server could not be reached
        return isinstance(error, OperationalError) and not isinstance(error.orig, sqlite3.Error)
    return isinstance(code, str) and (code in RETRYABLE or code.startswith(UNAVAILABLE))


def _code(error: DBAPIError) -> str | int | None:
    """PostgreSQL's SQLSTATE, or SQLite's primary code."""
    if isinstance(error.orig, sqlite3.Error):
        found = getattr(error.orig, "sqlite_errorcode", None)
        return None if found is None else int(found) & 0xFF
    state = getattr(error.orig, "sqlstate", None)
    return None if state is None else str(state)
