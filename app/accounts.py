"""Accounts and API keys: who may act, and how a bearer key becomes an `Actor`."""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from app import events
from app.core.access import Actor, Permission, Role
from app.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from app.models import accounts, agencies, api_keys, provinces
from app.text import compose

KEY_PREFIX = "kp_"
REFUSED = "Khóa API không đúng, đã hết hạn hoặc đã bị thu hồi. Hãy xin Sở Nội vụ cấp khóa mới."


class KeyOwner(NamedTuple):
    """What a valid key stands for, and until when."""

    actor: Actor
    expires_at: datetime | None


class IssuedKey(NamedTuple):
    key: str
    key_id: int
    account: str
    role: str
    agency: str | None


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
            api_keys.c.expires_at,
        )
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .where(api_keys.c.hash == hash_key(key), api_keys.c.revoked_at.is_(None), accounts.c.active)
    ).first()
    if row is None:
        return None
    return KeyOwner(Actor(row.id, row.display_name, Role(row.role), row.province_id, row.agency_id), row.expires_at)


@dataclass(slots=True)
class KeyRing:
    """Valid keys of the last seconds, by hash, so that a request need not ask the database who is calling.

    A revocation empties it at once here; other replicas follow within `seconds`.
    """

    seconds: float = 3.0
    size: int = 10_000
    _known: dict[str, tuple[KeyOwner, float]] = field(default_factory=dict)

    def cached(self, key: str, *, now: datetime) -> Actor | None:
        found = self._known.get(hash_key(key))
        if found is None or found[1] < time.monotonic():
            return None
        return _unexpired(found[0], now=now)

    def remember(self, key: str, owner: KeyOwner | None, *, now: datetime) -> Actor:
        """Keep a found owner; raises `Unauthenticated` for an unknown, revoked or expired key."""
        if owner is None:
            raise Unauthenticated(REFUSED)
        if len(self._known) >= self.size:
            self._known.clear()
        self._known[hash_key(key)] = (owner, time.monotonic() + self.seconds)
        return _unexpired(owner, now=now)

    def forget(self) -> None:
        self._known.clear()


def _unexpired(owner: KeyOwner, *, now: datetime) -> Actor:
    if owner.expires_at is not None and owner.expires_at <= now:
        raise Unauthenticated(REFUSED)
    return owner.actor


# Accounts


_ACCOUNT = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.display_name,
    accounts.c.role,
    accounts.c.active,
    accounts.c.created_at,
    accounts.c.province_id,
    accounts.c.agency_id,
    provinces.c.code.label("province"),
    agencies.c.code.label("agency"),
)
_NAME = re.compile(r"[a-z0-9][a-z0-9._/-]{1,99}")


def create_account(
    connection: Connection,
    actor: Actor,
    *,
    name: str,
    display_name: str,
    role: str,
    province: str | None,
    agency: str | None,
    now: datetime,
) -> dict[str, Any]:
    """A new account. Agencies' accounts need an agency, a coordinator gets the province's coordinating agency."""
    actor.require(Permission.ACCOUNT_EDIT)
    if not _NAME.fullmatch(name):
        raise InvalidInput("Tên tài khoản gồm 2–100 ký tự a–z, 0–9 và . _ / -", field="name")
    if connection.execute(select(accounts.c.id).where(accounts.c.name == name)).first() is not None:
        raise Conflict(f"Đã có tài khoản “{name}”. Hãy chọn tên khác.", field="name")
    home = _home(connection, actor, role, province, agency)
    account_id = connection.execute(
        insert(accounts)
        .values(
            name=name,
            display_name=compose(display_name) or name,
            role=role,
            province_id=home.province_id,
            agency_id=home.agency_id,
            active=True,
            created_at=now,
        )
        .returning(accounts.c.id)
    ).scalar_one()
    after = {"name": name, "role": role, "province": home.province, "agency": home.agency, "active": True}
    events.record(
        connection,
        actor,
        now=now,
        entity="account",
        entity_id=account_id,
        code=name,
        action="account.created",
        after=after,
        province_id=home.province_id,
    )
    return get_account(connection, actor, account_id, now=now)


def list_accounts(connection: Connection, actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    actor.require(Permission.ACCOUNT_EDIT)
    return [_account(row) for row in connection.execute(_accounts(actor).order_by(accounts.c.name))]


def get_account(connection: Connection, actor: Actor, account_id: int, *, now: datetime) -> dict[str, Any]:
    actor.require(Permission.ACCOUNT_EDIT)
    row = connection.execute(_accounts(actor).where(accounts.c.id == account_id)).first()
    if row is None:
        raise NotFound("Không có tài khoản này.")
    return _account(row)


def set_active(connection: Connection, actor: Actor, account_id: int, *, active: bool, now: datetime) -> dict[str, Any]:
    """Switch an account on or off; its keys stop working within seconds."""
    before = get_account(connection, actor, account_id, now=now)
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(active=active))
    events.record(
        connection,
        actor,
        now=now,
        entity="account",
        entity_id=account_id,
        code=before["name"],
        action="account.activated" if active else "account.deactivated",
        before={"active": before["active"]},
        after={"active": active},
        province_id=before["province_id"],
    )
    return get_account(connection, actor, account_id, now=now)


# Keys


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
    return IssuedKey(key, key_id, account["name"], account["role"], account["agency"])


def list_keys(connection: Connection, actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """Every key of visible accounts, without its secret; `state` is active, expired or revoked."""
    actor.require(Permission.KEY_EDIT)
    rows = connection.execute(
        select(
            api_keys.c.id,
            api_keys.c.prefix,
            api_keys.c.label,
            api_keys.c.created_at,
            api_keys.c.expires_at,
            api_keys.c.revoked_at,
            accounts.c.name.label("account"),
            accounts.c.role,
        )
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .where(_own_province(actor))
        .order_by(api_keys.c.id)
    )
    return [{**row._mapping, "state": _key_state(row, now=now)} for row in rows]


def revoke_key(connection: Connection, actor: Actor, key_id: int, *, now: datetime) -> dict[str, Any]:
    """Revoke for good; revoking twice changes nothing."""
    actor.require(Permission.KEY_EDIT)
    row = connection.execute(
        select(api_keys.c.account_id, api_keys.c.prefix, api_keys.c.revoked_at)
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .where(api_keys.c.id == key_id, _own_province(actor))
    ).first()
    if row is None:
        raise NotFound("Không có khóa API này.")
    if row.revoked_at is None:
        connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=now))
        account = get_account(connection, actor, row.account_id, now=now)
        _record_key(connection, actor, account, key_id, row.prefix, "key.revoked", now=now)
    return {"id": key_id, "prefix": row.prefix, "state": "revoked", "revoked_at": row.revoked_at or now}


# Inside


class _Home(NamedTuple):
    province_id: int | None
    province: str | None
    agency_id: int | None
    agency: str | None


def _home(connection: Connection, actor: Actor, role: str, province: str | None, agency: str | None) -> _Home:
    """Where an account of this role belongs; raises `InvalidInput` when that is not said unmistakably."""
    if role not in set(Role):
        raise InvalidInput(f"Vai trò phải là một trong {', '.join(Role)}.", field="role")
    if role == Role.ADMIN and province is None and agency is None and actor.province_id is None:
        return _Home(None, None, None, None)
    found = find_province(connection, actor, province)
    if role in (Role.LEADERSHIP, Role.ADMIN):
        return _Home(found.id, found.code, None, None)
    wanted = select(agencies.c.id, agencies.c.code).where(agencies.c.province_id == found.id)
    if role == Role.COORDINATOR:
        wanted = wanted.where(agencies.c.is_coordinator)
    elif agency is None:
        raise InvalidInput("Tài khoản của cơ quan cần mã cơ quan, ví dụ SKHCN.", field="agency")
    else:
        wanted = wanted.where(agencies.c.code == agency)
    row = connection.execute(wanted).first()
    if row is None:
        raise InvalidInput(f"Không có cơ quan {agency or 'thường trực'} trong tỉnh {found.code}.", field="agency")
    return _Home(found.id, found.code, row.id, row.code)


def find_province(connection: Connection, actor: Actor, code: str | None) -> Any:
    """The named province, or the only one there is."""
    statement = select(provinces.c.id, provinces.c.code)
    if actor.province_id is not None:
        statement = statement.where(provinces.c.id == actor.province_id)
    if code is not None:
        statement = statement.where(provinces.c.code == code)
    rows = connection.execute(statement.limit(2)).all()
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise InvalidInput(f"Không có tỉnh {code or ''}. Hãy nạp dữ liệu trước (khacphuc seed).", field="province")
    raise InvalidInput("Có nhiều tỉnh; hãy nói rõ, ví dụ soc-trang/SNV.", field="province")


def _own_province(actor: Actor) -> Any:
    return True if actor.province_id is None else accounts.c.province_id == actor.province_id


def _accounts(actor: Actor) -> Any:
    return (
        select(*_ACCOUNT)
        .outerjoin(provinces, provinces.c.id == accounts.c.province_id)
        .outerjoin(agencies, agencies.c.id == accounts.c.agency_id)
        .where(_own_province(actor))
    )


def _account(row: Any) -> dict[str, Any]:
    return dict(row._mapping)


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
