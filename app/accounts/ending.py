"""Ending whatever lets somebody in: signed-in browsers, sign-ins half-way and password links of an account."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, update

from app.models import half_sign_ins, login_sessions, password_links, recovery_codes, second_factors, try_counts


def end_sessions_of(
    connection: Connection, account_ids: Collection[int], *, but: int | None = None, now: datetime
) -> int:
    """End every session of these accounts except session `but`; returns how many had not expired by themselves.

    It holds at once, on every replica: each request asks the database. Who is half-way through signing in begins anew.
    """
    connection.execute(delete(half_sign_ins).where(half_sign_ins.c.account_id.in_(account_ids)))
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
    """For a database that was restored from a copy: what was revoked or used up since must not come back."""
    for table in (login_sessions, half_sign_ins, password_links, recovery_codes, try_counts):
        connection.execute(delete(table))
    connection.execute(delete(second_factors).where(second_factors.c.confirmed_at.is_(None)))
