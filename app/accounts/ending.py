"""Ending whatever lets somebody in: signed-in browsers and password links of an account."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, update

from app.models import login_sessions, password_links, try_counts


def end_sessions_of(
    connection: Connection, account_ids: Collection[int], *, but: int | None = None, now: datetime
) -> int:
    """End every session of these accounts except session `but`; returns how many had not expired by themselves.

    It holds at once, on every replica: each request asks the database.
    """
    wanted = [
        login_sessions.c.account_id.in_(account_ids),
        login_sessions.c.ended_at.is_(None),
        login_sessions.c.expires_at > now,
    ]
    if but is not None:
        wanted.append(login_sessions.c.id != but)
    return connection.execute(update(login_sessions).where(*wanted).values(ended_at=now)).rowcount


def void_links_of(connection: Connection, account_ids: Collection[int], *, now: datetime) -> int:
    """Password links of these accounts that were not used yet open nothing any more."""
    wanted = (password_links.c.account_id.in_(account_ids), password_links.c.used_at.is_(None))
    return connection.execute(update(password_links).where(*wanted).values(used_at=now)).rowcount


def shut_out(connection: Connection, account_ids: Collection[int], *, now: datetime) -> None:
    """For accounts that were switched off or moved to another seat: whoever is signed in has to sign in again."""
    end_sessions_of(connection, account_ids, now=now)
    void_links_of(connection, account_ids, now=now)


def forget_all(connection: Connection) -> None:
    """For a database that was restored from a copy: a session or link that was revoked since must not come back."""
    connection.execute(delete(login_sessions))
    connection.execute(delete(password_links))
    connection.execute(delete(try_counts))
