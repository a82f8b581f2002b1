"""Wrong passwords and wrong keys, counted in the database: a limit is one limit however many replicas there are.

A try is counted before it is looked at, in one statement: tries in parallel get no more than tries one after the other.
"""

import hashlib
import ipaddress
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import TooManyTries
from app.models import try_counts

WINDOW = timedelta(minutes=15)


class Budget(NamedTuple):
    """How many tries a subject has. `refusal` says what to do when they are used up, {minutes} or {hours} how long that
    takes."""

    place: str
    """Who has to wait then, in a word for the log."""
    subject: str
    most: int
    refusal: str
    account_id: int | None = None
    window: timedelta = WINDOW
    """Tries are forgotten this long after the first of them, and after the last that was allowed."""


class Count(NamedTuple):
    """A counted try; `locked_until` is set when it was the last of its budget."""

    budget: Budget
    tries: int
    locked_until: datetime | None


def network_of(address: str) -> str:
    """Whose tries those from this address are: the address's own, in IPv6 its /64's, all of which one customer has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def digest(text: str) -> str:
    """For subjects: people type passwords where names belong, so nothing that was typed is kept."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def take(connection: Connection, budget: Budget, *, now: datetime) -> Count:
    """Count one more try. Raises `TooManyTries` when none is left; whoever is refused does not prolong it."""
    column = try_counts.c
    over, later = column.ends_at <= now, literal(now + budget.window, column.ends_at.type)
    tries = case((over, 1), else_=column.tries + 1)
    again = {
        "account_id": budget.account_id,
        "most": budget.most,
        "tries": tries,
        "ends_at": case((or_(over, tries >= budget.most), later), else_=column.ends_at),
    }
    statement = (
        _insert(connection)
        .values({**again, "subject": budget.subject, "tries": 1, "ends_at": later})
        .on_conflict_do_update(index_elements=["subject"], set_=again, where=or_(over, column.tries < budget.most))
        .returning(column.tries, column.ends_at)
    )
    row = connection.execute(statement).first()
    if row is None:
        raise used_up(budget, _end_of(connection, budget) or now, now=now)
    return Count(budget, row.tries, row.ends_at if row.tries >= budget.most else None)


def used_up(budget: Budget, until: datetime, *, now: datetime) -> TooManyTries:
    """`retry_after` in seconds tells programs what {minutes} tells people."""
    seconds = max(1, ceil((until - now).total_seconds()))
    told = budget.refusal.format(minutes=ceil(seconds / 60), hours=ceil(seconds / 3600))
    return TooManyTries(told, extra={"retry_after": seconds})


def give_back(connection: Connection, subject: str) -> None:
    """The try was right after all. What others did wrong stays counted."""
    wanted = (try_counts.c.subject == subject, try_counts.c.tries > 0)
    connection.execute(update(try_counts).where(*wanted).values(tries=try_counts.c.tries - 1))


def forget(connection: Connection, subject: str) -> int:
    """How many tries were counted."""
    gone = delete(try_counts).where(try_counts.c.subject == subject).returning(try_counts.c.tries)
    return connection.execute(gone).scalar() or 0


def forget_of(connection: Connection, account_id: int) -> None:
    """Everybody may try the account's password anew."""
    connection.execute(delete(try_counts).where(try_counts.c.account_id == account_id))


def locked_until(account_id: Any, *, now: datetime) -> ColumnElement[datetime | None]:
    """Until when somebody has to wait before trying the account's password again; NULL when nobody has."""
    locked = (
        try_counts.c.account_id == account_id,
        try_counts.c.tries >= try_counts.c.most,
        try_counts.c.ends_at > now,
    )
    until: ColumnElement[datetime | None] = select(func.max(try_counts.c.ends_at)).where(*locked).scalar_subquery()
    return until


def _end_of(connection: Connection, budget: Budget) -> datetime | None:
    found: datetime | None = connection.execute(
        select(try_counts.c.ends_at).where(try_counts.c.subject == budget.subject)
    ).scalar()
    return found


def _insert(connection: Connection) -> Any:
    """Both engines spell ON CONFLICT alike."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(try_counts)
