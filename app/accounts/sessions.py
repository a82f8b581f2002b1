"""Signed-in browsers: a random token in a cookie, its hash in the database, an end that anybody responsible can set."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select, update

from app import events
from app.accounts.ending import end_sessions_of
from app.accounts.keys import actor_of
from app.accounts.register import get_account, has_second_factor
from app.core.access import Actor, Permission
from app.errors import NotFound
from app.locking import hold
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
    second_factor: bool
    """Whether signing in to the account asks for a code."""


def hash_token(token: str) -> str:
    """SHA-256 is enough: the token is 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    connection: Connection, account_id: int, *, device: str, client: str = "", browser: str = "", now: datetime
) -> str:
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
            client=client,
            browser=hash_token(browser) if browser else "",
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
            has_second_factor(accounts.c.id).label("second_factor"),
        )
        .join(accounts, accounts.c.id == login_sessions.c.account_id)
        .where(login_sessions.c.token_hash == hash_token(token), *_open(now=now), accounts.c.active)
    ).first()
    if row is None:
        return None
    return Session(row.session_id, actor_of(row), row.name, csrf_of(token), row.seen_at, row.second_factor)


def is_open(connection: Connection, session_id: int, *, now: datetime) -> bool:
    """For the end of something long: somebody may have ended the session since it began."""
    standing = select(login_sessions.c.id).where(login_sessions.c.id == session_id, *_open(now=now))
    return connection.execute(standing).first() is not None


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


def end_token(connection: Connection, token: str, *, now: datetime) -> None:
    """As `end_session`, for whichever session a cookie belongs to."""
    connection.execute(
        update(login_sessions)
        .where(login_sessions.c.token_hash == hash_token(token), login_sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


# For their owner, and for administrators


def list_own_sessions(connection: Connection, actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """Where the actor is signed in: `id`, `device` as the browser calls itself, `created_at`, `seen_at`; newest
    first."""
    return _list(connection, actor.account_id, now=now)


def list_sessions(connection: Connection, actor: Actor, account_id: int, *, now: datetime) -> list[dict[str, Any]]:
    """The same of any account that the actor administers."""
    actor.require(Permission.ACCOUNT_EDIT)
    return _list(connection, get_account(connection, actor, account_id, now=now)["id"], now=now)


def end_own_session(connection: Connection, actor: Actor, session_id: int, *, now: datetime) -> None:
    """Sign one of the actor's browsers out; ending it twice changes nothing. `NotFound` for those of others."""
    own = (login_sessions.c.id == session_id, login_sessions.c.account_id == actor.account_id)
    if connection.execute(select(login_sessions.c.id).where(*own)).first() is None:
        raise NotFound("Không có phiên đăng nhập này.")
    end_session(connection, session_id, now=now)


def end_other_sessions(connection: Connection, actor: Actor, keep: int, *, now: datetime) -> int:
    """Sign the actor out everywhere but in session `keep`; returns how many sessions that were."""
    assert actor.account_id is not None
    hold(connection, accounts, actor.account_id)
    return end_sessions_of(connection, [actor.account_id], but=keep, now=now)


def end_sessions(connection: Connection, actor: Actor, account_id: int, *, now: datetime) -> dict[str, Any]:
    """An administrator signs an account out everywhere; `ended` says how many sessions that were."""
    actor.require(Permission.ACCOUNT_EDIT)
    account = get_account(connection, actor, account_id, now=now)
    hold(connection, accounts, account_id)  # whatever a session is just doing is done, or finds that it ended
    ended = end_sessions_of(connection, [account_id], now=now)
    if ended:
        after = {"sessions": ended}
        events.record_account(connection, actor, account, now=now, action="account.sessions_ended", after=after)
    return {"id": account_id, "account": account["name"], "ended": ended}


def _list(connection: Connection, account_id: int | None, *, now: datetime) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(login_sessions.c.id, login_sessions.c.device, login_sessions.c.created_at, login_sessions.c.seen_at)
        .where(login_sessions.c.account_id == account_id, *_open(now=now))
        .order_by(login_sessions.c.seen_at.desc(), login_sessions.c.id.desc())
    )
    return [dict(row._mapping) for row in rows]


def _open(*, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Neither ended nor expired, and not idle for too long."""
    return (
        login_sessions.c.ended_at.is_(None),
        login_sessions.c.expires_at > now,
        login_sessions.c.seen_at > now - IDLE,
    )
