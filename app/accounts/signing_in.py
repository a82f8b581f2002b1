"""Signing in with a password, and changing it: guesses are counted before they are looked at.

A try first adds to the account's count, in one statement; only then is the password compared, outside any transaction;
a success sets the count back. So parallel guesses get no more tries than guesses one after the other, and the answer to
a wrong name, a wrong password, an account without one, and one that is locked is the same, in words and in time.
"""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, literal, null, or_, update

from app import events
from app.accounts import passwords
from app.accounts.ending import end_sessions_of, void_links_of
from app.accounts.keys import actor_of
from app.accounts.sessions import Session, end_token, open_session
from app.core.access import SYSTEM, Actor
from app.db import Database
from app.errors import Conflict, InvalidInput, Unauthenticated
from app.models import accounts
from app.text import compose

TRIES = 5
"""Wrong passwords in a row after which an account is locked."""
LOCKED = timedelta(minutes=15)
SECONDS_OF_REFUSAL = 0.4
"""How long a refusal takes at least, so that its time tells nothing about how far the try came."""
REFUSED = (
    f"Tên tài khoản hoặc mật khẩu không đúng. Sau {TRIES} lần sai liên tiếp, tài khoản tạm ngừng đăng nhập "
    f"{LOCKED.seconds // 60} phút; nếu vừa nhập sai nhiều lần, hãy chờ rồi thử lại."
)
CHANGED = "Mật khẩu vừa được đổi ở nơi khác. Hãy đăng nhập lại."

_ROW = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.display_name,
    accounts.c.role,
    accounts.c.province_id,
    accounts.c.agency_id,
    accounts.c.drafts_only,
    accounts.c.password_hash,
    accounts.c.failed_sign_ins,
    accounts.c.locked_until,
)


class SignedIn(NamedTuple):
    """A new session: its token, known on this one occasion, and who it acts for."""

    token: str
    actor: Actor


class NewPassword(NamedTuple):
    """What was compared with, and what takes its place."""

    old_hash: str
    new_hash: str


async def sign_in(
    db: Database, name: str, password: str, *, device: str, old_token: str | None = None, now: datetime
) -> SignedIn:
    """A new session for whoever knows the password; the browser's old one (`old_token`) ends.

    Raises `Unauthenticated`, the same for every reason, and `Busy` when too many sign in at once.
    """
    began = time.monotonic()
    with passwords.LINE.place():
        tried = await db.write(count_try, typed_name(name), now=now)
        right = await passwords.LINE.run(passwords.is_right, password, tried and tried.password_hash)
    opened = None
    if tried is not None and right:
        opened = await db.write(_let_in, tried, device=device, old_token=old_token, now=now)
    elif tried is not None:
        await db.write(_note_lock, tried, now=now)
    if opened is None:
        await asyncio.sleep(began + SECONDS_OF_REFUSAL - time.monotonic())
        raise Unauthenticated(REFUSED)
    return opened


async def change_password(
    db: Database, session: Session, current: str, wanted: str, *, device: str, now: datetime
) -> str:
    """Another password for whoever is signed in and knows the present one: every session ends, links too.

    Returns the token of a new session for this browser. Wrong present passwords count as wrong sign-ins do. Raises
    `InvalidInput`, `Conflict` while locked, `Busy`.
    """
    checked = passwords.check_password(wanted, account=session.account, owner=session.actor.name)
    with passwords.LINE.place():
        tried = await db.write(count_try, session.account, now=now)
        if tried is None:
            raise Conflict("Bạn đã nhập sai mật khẩu hiện tại nhiều lần. Hãy chờ 15 phút rồi thử lại.", field="current")
        if not await passwords.LINE.run(passwords.is_right, current, tried.password_hash):
            await db.write(_note_lock, tried, now=now)
            raise InvalidInput("Mật khẩu hiện tại không đúng.", field="current")
        new_hash = await passwords.LINE.run(passwords.hash_password, checked)
    change = NewPassword(tried.password_hash, new_hash)
    token = await db.write(_replace_password, tried, change, device=device, now=now)
    if token is None:
        raise Conflict(CHANGED)
    return token


def typed_name(text: str) -> str:
    """A name as accounts have them, from what people type."""
    return compose(text[:200]).lower()


def count_try(connection: Connection, name: str, *, now: datetime) -> Any | None:
    """Count one more try and return the account's row; None when there is nothing to compare with, or it is locked.

    The fifth try in a row locks at once. It may still turn out right, which unlocks.
    """
    # The first try after a lock starts the count anew.
    tries = case((accounts.c.locked_until.is_not(None), 1), else_=accounts.c.failed_sign_ins + 1)
    until = literal(now + LOCKED, accounts.c.locked_until.type)
    return connection.execute(
        update(accounts)
        .where(
            accounts.c.name == name,
            accounts.c.active,
            accounts.c.password_hash.is_not(None),
            or_(accounts.c.locked_until.is_(None), accounts.c.locked_until <= now),
        )
        .values(failed_sign_ins=tries, locked_until=case((tries >= TRIES, until), else_=null()))
        .returning(*_ROW)
    ).first()


# Inside


def _let_in(
    connection: Connection, tried: Any, *, device: str, old_token: str | None, now: datetime
) -> SignedIn | None:
    """None when the password was changed, or the account switched off, while it was compared."""
    actor = _settle(connection, tried, {})
    if actor is None:
        return None
    if old_token:
        end_token(connection, old_token, now=now)
    token = open_session(connection, tried.id, device=device, now=now)
    wrong = tried.failed_sign_ins - 1
    _record(connection, actor, tried, "account.signed_in", {"wrong_passwords_before": wrong} if wrong else {}, now=now)
    return SignedIn(token, actor)


def _replace_password(
    connection: Connection, tried: Any, change: NewPassword, *, device: str, now: datetime
) -> str | None:
    actor = _settle(connection, tried, {"password_hash": change.new_hash})
    if actor is None:
        return None
    end_sessions_of(connection, [tried.id], now=now)
    void_links_of(connection, [tried.id], now=now)
    _record(connection, actor, tried, "account.password_set", {"by": "owner"}, now=now)
    return open_session(connection, tried.id, device=device, now=now)


def _settle(connection: Connection, tried: Any, values: dict[str, Any]) -> Actor | None:
    """Set the count back, if the account still is as it was when the password was compared."""
    same = (accounts.c.id == tried.id, accounts.c.active, accounts.c.password_hash == tried.password_hash)
    done = {"failed_sign_ins": 0, "locked_until": None, **values}
    row = connection.execute(update(accounts).where(*same).values(done).returning(*_ROW)).first()
    return None if row is None else actor_of(row)


def _note_lock(connection: Connection, tried: Any, *, now: datetime) -> None:
    """The log says when an account was locked; single wrong passwords would only fill it."""
    if tried.locked_until is not None:
        until = {"locked_until": tried.locked_until.isoformat()}
        _record(connection, SYSTEM, tried, "account.locked", until, now=now)


def _record(
    connection: Connection, actor: Actor, account: Any, action: str, after: dict[str, Any], *, now: datetime
) -> None:
    events.record(
        connection,
        actor,
        now=now,
        entity="account",
        entity_id=account.id,
        code=account.name,
        action=action,
        after=after,
        province_id=account.province_id,
    )
