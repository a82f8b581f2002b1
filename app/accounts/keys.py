"""API keys: made once, kept as a hash, and turned into an `Actor` on each request."""

import contextlib
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, Select, and_, func, insert, select, true, update

from app import events
from app.accounts import tries
from app.accounts.register import get_account, own_province
from app.accounts.tries import Budget
from app.core.access import Actor, Permission, Role
from app.db import Database
from app.errors import Busy, Conflict, NotFound, Unauthenticated
from app.idents import LARGEST_ID
from app.models import accounts, api_keys
from app.text import compose

log = structlog.get_logger()

KEY_PREFIX = "kp_"
REFUSED = "Khóa API không đúng, đã hết hạn hoặc đã bị thu hồi. Hãy xin Sở Nội vụ cấp khóa mới."
WRONG_KEYS = 100
"""Wrong keys of one address within `tries.WINDOW`."""
TOO_MANY = (
    "Địa chỉ mạng này đã gửi quá nhiều khóa API sai. Hãy sửa khóa trong phần mềm đang gọi, rồi thử lại sau {minutes} "
    "phút. Khóa đúng vẫn dùng được."
)


class KeyOwner(NamedTuple):
    """What a valid key stands for, and until when."""

    actor: Actor
    expires_at: datetime | None


class IssuedKey(NamedTuple):
    """A new key, on the one occasion that it is known."""

    key: str
    key_id: int
    account: str
    role: str
    agency: str | None
    prefix: str
    label: str
    expires_at: datetime | None


def hash_key(key: str) -> str:
    """SHA-256 is enough: the key is 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_by_key(connection: Connection, key: str) -> KeyOwner | None:
    """The owner of a key that is not revoked; expiry is the caller's to compare, since it passes while cached."""
    row = connection.execute(
        select(
            accounts.c.id,
            accounts.c.display_name,
            accounts.c.role,
            accounts.c.province_id,
            accounts.c.agency_id,
            accounts.c.drafts_only,
            api_keys.c.expires_at,
        )
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .where(api_keys.c.hash == hash_key(key), api_keys.c.revoked_at.is_(None), accounts.c.active)
    ).first()
    if row is None:
        return None
    return KeyOwner(actor_of(row), row.expires_at)


def actor_of(row: Any) -> Actor:
    """The actor that a row of an account stands for."""
    return Actor(row.id, row.display_name, Role(row.role), row.province_id, row.agency_id, drafts_only=row.drafts_only)


@dataclass(slots=True)
class KeyRing:
    """Valid keys of the last seconds, by hash, so that a request need not ask the database who is calling.

    A revocation empties it at once here; other replicas follow within `seconds`.
    """

    seconds: float = 3.0
    size: int = 10_000
    generation: int = 0
    """Counts how often the ring was emptied."""
    _known: dict[str, tuple[KeyOwner, float]] = field(default_factory=dict)
    _waiting: dict[str, datetime] = field(default_factory=dict)
    """Addresses that have used up their wrong keys, and until when: theirs are not even counted."""

    def cached(self, key: str, *, now: datetime) -> Actor | None:
        found = self._known.get(hash_key(key))
        if found is None or found[1] < time.monotonic():
            return None
        return _unexpired(found[0], now=now)

    def remember(self, key: str, owner: KeyOwner | None, *, generation: int, now: datetime) -> Actor:
        """Keep a found owner; raises `Unauthenticated` for an unknown, revoked or expired key.

        `generation`: the ring's when the look-up began. One that was overtaken by a revocation is not kept.
        """
        if owner is None:
            raise Unauthenticated(REFUSED)
        if len(self._known) >= self.size:
            self._known.clear()
        if generation == self.generation:
            self._known[hash_key(key)] = (owner, time.monotonic() + self.seconds)
        return _unexpired(owner, now=now)

    def waits_until(self, client: str, *, now: datetime) -> datetime | None:
        until = self._waiting.get(client)
        return until if until is not None and until > now else None

    def let_wait(self, client: str, until: datetime) -> None:
        if len(self._waiting) >= self.size:
            self._waiting.clear()
        self._waiting[client] = until

    def forget(self) -> None:
        self.generation += 1
        self._known.clear()


async def count_wrong_key(db: Database, ring: KeyRing, client: str, *, now: datetime) -> None:
    """Count a wrong key of this address; raises `TooManyTries` when it has sent too many.

    Only wrong keys are counted, after they were looked up: a right one costs no write, and works also for whoever
    stands behind the same address as a program gone wrong.
    """
    budget = Budget("keys", f"keys client:{client}", WRONG_KEYS, TOO_MANY)
    if (until := ring.waits_until(client, now=now)) is not None:
        raise tries.used_up(budget, until, now=now)
    with contextlib.suppress(Busy):  # what a wrong key is answered must not depend on whether it could be written down
        count = await db.write(tries.take, budget, now=now)
        if count.locked_until is not None:
            log.warning("tries used up", place=budget.place, client=client)
            ring.let_wait(client, count.locked_until)


def _unexpired(owner: KeyOwner, *, now: datetime) -> Actor:
    if owner.expires_at is not None and owner.expires_at <= now:
        raise Unauthenticated(REFUSED)
    return owner.actor


# Making and revoking


def create_key(
    connection: Connection, actor: Actor, account_id: int, *, label: str, days: int | None, now: datetime
) -> IssuedKey:
    """A new key for an account. The key itself is returned here once and kept nowhere."""
    actor.require(Permission.KEY_EDIT)
    account = get_account(connection, actor, account_id, now=now)
    if not account["active"]:
        raise Conflict("Tài khoản đang bị khóa nên không cấp khóa API được.", field="account")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    prefix = key[: len(KEY_PREFIX) + 6]
    expires_at = None if days is None else now + timedelta(days=days)
    key_id = connection.execute(
        insert(api_keys)
        .values(
            account_id=account_id,
            prefix=prefix,
            hash=hash_key(key),
            label=compose(label),
            created_at=now,
            expires_at=expires_at,
        )
        .returning(api_keys.c.id)
    ).scalar_one()
    _record_key(connection, actor, account, key_id, prefix, "key.created", now=now)
    return IssuedKey(
        key, key_id, account["name"], account["role"], account["agency"], prefix, compose(label), expires_at
    )


def list_keys(connection: Connection, actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """Every key of visible accounts, without its secret; `state` is active, expired or revoked."""
    actor.require(Permission.KEY_EDIT)
    return [_key(row, now=now) for row in connection.execute(_keys(actor).order_by(api_keys.c.id))]


def page_keys(
    connection: Connection, actor: Actor, *, account: int | None = None, limit: int, offset: int, now: datetime
) -> dict[str, Any]:
    """A page of `list_keys`, or of one account's."""
    actor.require(Permission.KEY_EDIT)
    rows = _keys(actor).where(true() if account is None else accounts.c.id == account)
    total = connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
    page = connection.execute(rows.order_by(api_keys.c.id).limit(limit).offset(offset))
    return {"items": [_key(row, now=now) for row in page], "total": total, "limit": limit, "offset": offset}


def revoke_key(connection: Connection, actor: Actor, key_id: int, *, now: datetime) -> dict[str, Any]:
    """Revoke for good; revoking twice changes nothing."""
    actor.require(Permission.KEY_EDIT)
    row = connection.execute(
        select(api_keys.c.account_id, api_keys.c.prefix, api_keys.c.revoked_at)
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .where(api_keys.c.id == (key_id if 0 < key_id <= LARGEST_ID else -1), own_province(actor))
    ).first()
    if row is None:
        raise NotFound("Không có khóa API này.")
    standing = and_(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    if connection.execute(update(api_keys).where(standing).values(revoked_at=now)).rowcount == 1:
        account = get_account(connection, actor, row.account_id, now=now)
        _record_key(connection, actor, account, key_id, row.prefix, "key.revoked", now=now)
    return {"id": key_id, "prefix": row.prefix, "state": "revoked", "revoked_at": row.revoked_at or now}


# Inside


def _keys(actor: Actor) -> Select[Any]:
    return (
        select(
            api_keys.c.id,
            api_keys.c.prefix,
            api_keys.c.label,
            api_keys.c.created_at,
            api_keys.c.expires_at,
            api_keys.c.revoked_at,
            accounts.c.id.label("account_id"),
            accounts.c.name.label("account"),
            accounts.c.role,
        )
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .where(own_province(actor))
    )


def _key(row: Any, *, now: datetime) -> dict[str, Any]:
    return {**row._mapping, "state": _key_state(row, now=now)}


def _key_state(row: Any, *, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "active"


def _record_key(
    connection: Connection,
    actor: Actor,
    account: dict[str, Any],
    key_id: int,
    prefix: str,
    action: str,
    *,
    now: datetime,
) -> None:
    events.record(
        connection,
        actor,
        now=now,
        entity="key",
        entity_id=key_id,
        code=prefix,
        action=action,
        after={"account": account["name"], "prefix": prefix},
        province_id=account["province_id"],
    )
