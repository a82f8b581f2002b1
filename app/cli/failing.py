"""Which failures are the operator's to mend, and how each reads in one line."""

import sys
from typing import TypeGuard

from app.errors import Busy, Problem

PRIVILEGE = "42501"
"""PostgreSQL's SQLSTATE for "insufficient privilege", which a missing GRANT gives on the first CREATE TABLE."""


def one_line(error: Exception) -> str | None:
    """The line for people; None when the error is a defect of the program and its trace is wanted."""
    if isinstance(error, Busy) and _unanswered(error.__cause__):
        error = error.__cause__  # who starts a command can do more about that than try again
    if isinstance(error, Problem):
        return error.detail
    exceptions = sys.modules.get("sqlalchemy.exc")  # not imported: then nothing of it can have been raised
    if exceptions is None or not isinstance(error, exceptions.DBAPIError):
        return None
    of_operator = isinstance(error, exceptions.OperationalError | exceptions.InterfaceError)
    unreadable = type(error) is exceptions.DatabaseError  # SQLite: "file is not a database"
    if of_operator or unreadable or getattr(error.orig, "sqlstate", None) == PRIVILEGE:
        reason = next(iter(str(error.orig).splitlines()), "")
        return f"Không dùng được cơ sở dữ liệu: {reason}. Hãy kiểm tra DATABASE_URL và máy chủ cơ sở dữ liệu."
    return None


def _unanswered(error: BaseException | None) -> TypeGuard[Exception]:
    """Whether the driver never reached a PostgreSQL server, which then could say no SQLSTATE."""
    raised = getattr(error, "orig", None)
    return type(raised).__module__.startswith("psycopg") and getattr(raised, "sqlstate", None) is None
