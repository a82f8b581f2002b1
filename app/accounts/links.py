"""Links that let their holder set an account's password, once: for a first password, or one that was forgotten."""

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from app import events
from app.accounts import passwords, tries
from app.accounts.ending import end_sessions_of, void_links_of
from app.accounts.keys import actor_of
from app.accounts.register import get_account
from app.accounts.sessions import hash_token
from app.core.access import Actor
from app.db import Database
from app.errors import Conflict, NotFound
from app.locking import hold
from app.models import accounts, password_links

LIFE = timedelta(days=3)
USELESS = "Liên kết này đã được dùng, đã hết hạn hoặc đã có liên kết mới hơn. Hãy xin quản trị viên một liên kết mới."


class IssuedLink(NamedTuple):
    """A new link, on the one occasion that its token is known."""

    token: str
    account_id: int
    account: str
    display_name: str
    expires_at: datetime

    @property
    def path(self) -> str:
        return f"/password/{self.token}"


class LinkOwner(NamedTuple):
    """Whose password a link sets, and until when it may."""

    account: str
    display_name: str
    expires_at: datetime


def create_link(connection: Connection, actor: Actor, account_id: int, *, now: datetime) -> IssuedLink:
    """A new link, valid for three days; older ones of the account open nothing any more."""
    account = get_account(connection, actor, account_id, now=now)
    hold(connection, accounts, account_id)  # of two links made at the same time, only one stays valid
    account = get_account(connection, actor, account_id, now=now)
    if not account["active"]:
        raise Conflict("Tài khoản đang bị khóa. Hãy mở tài khoản trước.", field="account")
    void_links_of(connection, [account_id], now=now)
    token, expires_at = secrets.token_urlsafe(32), now + LIFE
    connection.execute(
        insert(password_links).values(
            account_id=account_id, token_hash=hash_token(token), created_at=now, expires_at=expires_at
        )
    )
    after = {"expires_at": expires_at.isoformat()}
    events.record_account(connection, actor, account, now=now, action="account.link_created", after=after)
    return IssuedLink(token, account_id, account["name"], account["display_name"], expires_at)


def find_link(connection: Connection, token: str, *, now: datetime) -> LinkOwner:
    """Looking does not use the link up: mail filters look too. Raises `NotFound`, the same for every reason."""
    row = connection.execute(
        select(accounts.c.name, accounts.c.display_name, password_links.c.expires_at)
        .join(accounts, accounts.c.id == password_links.c.account_id)
        .where(*_standing(token, now=now), accounts.c.active)
    ).first()
    if row is None:
        raise NotFound(USELESS)
    return LinkOwner(*row)


async def set_password(db: Database, token: str, password: str, *, now: datetime) -> str:
    """Set the password that the link is for and end every session of its account; returns the account's name.

    Raises `NotFound` for a link that opens nothing, `InvalidInput` for a bad password (the link stays), `Busy`.
    """
    owner = await db.read(find_link, token, now=now)
    checked = passwords.check_password(password, account=owner.account, owner=owner.display_name)
    with passwords.LINE.place():
        new_hash = await passwords.LINE.run(passwords.hash_password, checked)
    await db.write(_use, token, new_hash, now=now)
    return owner.account


# Inside


def _standing(token: str, *, now: datetime) -> tuple[Any, ...]:
    return (
        password_links.c.token_hash == hash_token(token),
        password_links.c.used_at.is_(None),
        password_links.c.expires_at > now,
    )


def _use(connection: Connection, token: str, new_hash: str, *, now: datetime) -> None:
    """Whoever marks the link first sets the password; raises `NotFound` for anybody later."""
    standing = _standing(token, now=now)
    account_id = connection.execute(select(password_links.c.account_id).where(*standing)).scalar()
    if account_id is None:
        raise NotFound(USELESS)
    hold(connection, accounts, account_id)  # first the account, then its links, as everywhere
    used = connection.execute(update(password_links).where(*standing).values(used_at=now)).rowcount
    changed = update(accounts).where(accounts.c.id == account_id, accounts.c.active).values(password_hash=new_hash)
    row = connection.execute(changed.returning(accounts)).first() if used else None
    if row is None:
        raise NotFound(USELESS)
    end_sessions_of(connection, [row.id], now=now)
    tries.forget_of(connection, row.id)
    events.record_account(
        connection, actor_of(row), row._mapping, now=now, action="account.password_set", after={"by": "link"}
    )
