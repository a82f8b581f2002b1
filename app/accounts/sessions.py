"""Signed-in browsers: a random token in a cookie, its hash in the database, an end that anybody responsible can set."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from app.accounts.keys import actor_of
from app.core.access import Actor
from app.models import accounts, login_sessions
from app.text import compose

LIFE = timedelta(hours=12)
"""A working day: whoever signs in in the morning need not sign in again."""
IDLE = timedelta(hours=4)
SEEN_EVERY = timedelta(minutes=5)
"""How often a request may write that the session is in use."""


class Session(NamedTuple):
    """A valid session. `csrf` must come back with every form: it follows from the cookie, which other sites cannot
    read."""

    id: int
    actor: Actor
    account: str
    csrf: str
    seen_at: datetime


def hash_token(token: str) -> str:
    """SHA-256 is enough: the token is 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(connection: Connection, account_id: int, *, device: str, now: datetime) -> str:
    """A new session's token, on the one occasion that it is known. Whoever calls has checked the password."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(login_sessions).values(
            account_id=account_id,
            token_hash=hash_token(token),
            created_at=now,
            seen_at=now,
            expires_at=now + LIFE,
            device=compose(device)[:200],
        )
    )
    return token


def find_session(connection: Connection, token: str, *, now: datetime) -> Session | None:
    """The session of a cookie; None when it ended, expired, lay idle too long, or its account was switched off."""
    row = connection.execute(
        select(
            accounts.c.id,
            accounts.c.name,
            accounts.c.display_name,
            accounts.c.role,
            accounts.c.province_id,
            accounts.c.agency_id,
            accounts.c.drafts_only,
            login_sessions.c.id.label("session_id"),
            login_sessions.c.seen_at,
        )
        .join(accounts, accounts.c.id == login_sessions.c.account_id)
        .where(
            login_sessions.c.token_hash == hash_token(token),
            login_sessions.c.ended_at.is_(None),
            login_sessions.c.expires_at > now,
            login_sessions.c.seen_at > now - IDLE,
            accounts.c.active,
        )
    ).first()
    if row is None:
        return None
    return Session(row.session_id, actor_of(row), row.name, csrf_of(token), row.seen_at)


def csrf_of(token: str) -> str:
    return hashlib.sha256(b"csrf:" + token.encode()).hexdigest()


def touch_session(connection: Connection, session_id: int, *, now: datetime) -> None:
    connection.execute(update(login_sessions).where(login_sessions.c.id == session_id).values(seen_at=now))


def end_session(connection: Connection, session_id: int, *, now: datetime) -> None:
    """It is over at once, on every replica: each request asks the database."""
    connection.execute(
        update(login_sessions)
        .where(login_sessions.c.id == session_id, login_sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )
