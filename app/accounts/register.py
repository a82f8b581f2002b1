"""Accounts: who may act, in which role, for which province and agency."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from app import events
from app.accounts import tries
from app.accounts.ending import shut_out
from app.core.access import Actor, Permission, Role
from app.db import savepoint
from app.errors import Conflict, InvalidInput, NotFound
from app.idents import LARGEST_ID
from app.locking import hold
from app.models import accounts, agencies, provinces, second_factors
from app.text import compose, fold


def has_second_factor(account_id: Any) -> ColumnElement[bool]:
    """Whether signing in to the account asks for a code."""
    confirmed = (second_factors.c.account_id == account_id, second_factors.c.confirmed_at.is_not(None))
    return exists().where(*confirmed)


_ACCOUNT = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.display_name,
    accounts.c.role,
    accounts.c.active,
    accounts.c.created_at,
    accounts.c.province_id,
    accounts.c.agency_id,
    accounts.c.drafts_only,
    accounts.c.password_hash.is_not(None).label("has_password"),
    has_second_factor(accounts.c.id).label("second_factor"),
    provinces.c.code.label("province"),
    agencies.c.code.label("agency"),
    agencies.c.name.label("agency_name"),
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
    drafts_only: bool = False,
    now: datetime,
) -> dict[str, Any]:
    """A new account. Agencies' accounts need an agency, a coordinator gets the province's coordinating agency.

    `drafts_only`, for agencies: it prepares reports and somebody else of the agency submits them.
    """
    actor.require(Permission.ACCOUNT_EDIT)
    if not _NAME.fullmatch(name):
        raise InvalidInput("Tên tài khoản gồm 2–100 ký tự a–z, 0–9 và . _ / -", field="name")
    home = _home(connection, actor, role, province, agency)
    _check_drafts_only(role, drafts_only)
    values = {
        "name": name,
        "display_name": _display_name(compose(display_name) or name),
        "role": role,
        "province_id": home.province_id,
        "agency_id": home.agency_id,
        "active": True,
        "created_at": now,
        "drafts_only": drafts_only,
    }
    try:
        with savepoint(connection, "account"):
            account_id = connection.execute(insert(accounts).values(values).returning(accounts.c.id)).scalar_one()
    except IntegrityError:
        raise Conflict(f"Đã có tài khoản “{name}”. Hãy chọn tên khác.", field="name") from None
    after = {"name": name, "role": role, "province": home.province, "agency": home.agency, "active": True}
    after |= {"drafts_only": True} if drafts_only else {}
    events.record_account(
        connection, actor, {"id": account_id, **values}, now=now, action="account.created", after=after
    )
    return get_account(connection, actor, account_id, now=now)


def page_accounts(
    connection: Connection,
    actor: Actor,
    *,
    role: str | None = None,
    active: bool | None = None,
    q: str | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of the accounts of the actor's province, or of the whole installation, by name.

    `q` finds words in the account's name, its display name and its agency, whatever their case and accents.
    """
    actor.require(Permission.ACCOUNT_EDIT)
    wanted = [] if role is None else [accounts.c.role == role]
    if active is not None:
        wanted.append(accounts.c.active if active else ~accounts.c.active)
    if q is not None:
        wanted.append(accounts.c.id.in_(_found(connection, actor, q)))
    rows = _accounts(actor, now=now).where(*wanted)
    total = connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
    page = connection.execute(rows.order_by(accounts.c.name).limit(limit).offset(offset))
    return {"items": [_account(row) for row in page], "total": total, "limit": limit, "offset": offset}


def get_account(connection: Connection, actor: Actor, account_id: int, *, now: datetime) -> dict[str, Any]:
    actor.require(Permission.ACCOUNT_EDIT)
    row = None
    if 0 < account_id <= LARGEST_ID:
        row = connection.execute(_accounts(actor, now=now).where(accounts.c.id == account_id)).first()
    if row is None:
        raise NotFound("Không có tài khoản này.")
    return _account(row)


def change_account(
    connection: Connection, actor: Actor, account_id: int, changes: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Change `active`, `display_name` or `drafts_only`. What changes nothing leaves no trace.

    The keys of an account that is switched off stop working within seconds, its sessions end and its password links
    are void. Conflict for locking oneself out, and for waking an account whose agency has been succeeded.
    """
    hold(connection, accounts, get_account(connection, actor, account_id, now=now)["id"])
    before = get_account(connection, actor, account_id, now=now)
    wanted = dict(changes)
    if "display_name" in wanted:
        wanted["display_name"] = _display_name(wanted["display_name"])
    left, right = events.changes(before, wanted)
    if not right:
        return before
    _check_drafts_only(before["role"], right.get("drafts_only", False))
    if "active" in right:
        _check_switch(connection, actor, before, active=right["active"])
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(right))
    if right.get("active") is False:
        shut_out(connection, [account_id], now=now)
    action = "account.changed"
    if "active" in right:
        action = "account.activated" if right["active"] else "account.deactivated"
    events.record_account(connection, actor, before, now=now, action=action, before=left, after=right)
    return get_account(connection, actor, account_id, now=now)


def unlock(connection: Connection, actor: Actor, account_id: int, *, now: datetime) -> dict[str, Any]:
    """Let everybody try the account's password again at once, whoever had to wait; the account, as it is then.

    Where nobody had to, nothing is recorded.
    """
    account = get_account(connection, actor, account_id, now=now)
    tries.forget_of(connection, account_id)
    if account["locked_until"] is None:
        return account
    was = {"locked_until": account["locked_until"].isoformat()}
    events.record_account(connection, actor, account, now=now, action="account.unlocked", before=was)
    return get_account(connection, actor, account_id, now=now)


# Inside


def _display_name(text: str) -> str:
    cleaned = " ".join(compose(text).split())
    if not 1 <= len(cleaned) <= 200:
        raise InvalidInput("Tên hiển thị phải có từ 1 đến 200 ký tự.", field="display_name")
    return cleaned


def _check_drafts_only(role: str, drafts_only: bool) -> None:
    if drafts_only and role != Role.AGENCY:
        raise InvalidInput("Chỉ tài khoản của cơ quan, đơn vị mới đặt là “chỉ soạn thảo”.", field="drafts_only")


def _found(connection: Connection, actor: Actor, q: str) -> list[int]:
    """Few enough to look through: databases fold Vietnamese letters differently, or not at all."""
    words = fold(q).split()
    names = select(accounts.c.id, accounts.c.name, accounts.c.display_name, agencies.c.code, agencies.c.name)
    rows = connection.execute(
        names.outerjoin(agencies, agencies.c.id == accounts.c.agency_id).where(own_province(actor))
    )
    return [row[0] for row in rows if all(word in fold(" ".join(filter(None, row[1:]))) for word in words)]


def _check_switch(connection: Connection, actor: Actor, account: Mapping[str, Any], *, active: bool) -> None:
    if not active and account["id"] == actor.account_id:
        raise Conflict("Không thể tự khóa tài khoản đang dùng. Hãy nhờ quản trị viên khác.", field="active")
    gone = select(agencies.c.id).where(agencies.c.id == account["agency_id"], agencies.c.succeeded_from.is_not(None))
    if active and connection.execute(gone).first() is not None:
        raise Conflict(
            f"Cơ quan {account['agency']} đã có cơ quan kế thừa. Hãy tạo tài khoản ở cơ quan kế thừa.", field="active"
        )


class _Home(NamedTuple):
    province_id: int | None
    province: str | None
    agency_id: int | None
    agency: str | None


def _home(connection: Connection, actor: Actor, role: str, province: str | None, agency: str | None) -> _Home:
    """Where an account of this role belongs; raises `InvalidInput` when that is not said unmistakably."""
    if role not in set(Role):
        raise InvalidInput("Không có vai trò này. Hãy chọn lại.", field="role", extra={"allowed": list(Role)})
    if role == Role.ADMIN and province is None and agency is None and actor.province_id is None:
        return _Home(None, None, None, None)
    found = find_province(connection, actor, province)
    if role in (Role.LEADERSHIP, Role.ADMIN):
        if agency is not None:
            raise InvalidInput("Tài khoản của lãnh đạo và quản trị không thuộc cơ quan nào.", field="agency")
        return _Home(found.id, found.code, None, None)
    wanted = select(agencies.c.id, agencies.c.code).where(
        agencies.c.province_id == found.id, agencies.c.succeeded_from.is_(None)
    )
    if role == Role.COORDINATOR:
        wanted = wanted.where(agencies.c.is_coordinator)
    elif agency is None:
        raise InvalidInput("Tài khoản của cơ quan cần mã cơ quan, ví dụ SKHCN.", field="agency")
    if agency is not None:
        wanted = wanted.where(agencies.c.code == compose(agency))
    row = connection.execute(wanted).first()
    if row is None:
        what = f"cơ quan thường trực {agency or ''}".strip() if role == Role.COORDINATOR else f"cơ quan {agency}"
        raise InvalidInput(f"Không có {what} đang hoạt động trong tỉnh {found.code}.", field="agency")
    return _Home(found.id, found.code, row.id, row.code)


def find_province(connection: Connection, actor: Actor, code: str | None) -> Any:
    """The named province, or the only one that was not succeeded by another."""
    statement = select(provinces.c.id, provinces.c.code)
    if actor.province_id is not None:
        statement = statement.where(provinces.c.id == actor.province_id)
    if code is not None:
        statement = statement.where(provinces.c.code == compose(code))
    elif actor.province_id is None:
        statement = statement.where(provinces.c.succeeded_from.is_(None))
    rows = connection.execute(statement.limit(2)).all()
    if len(rows) == 1:
        return rows[0]
    if not rows:
        what = "Chưa có tỉnh nào" if code is None else f"Không có tỉnh {code}"
        raise InvalidInput(f"{what}. Hãy nạp dữ liệu trước (khacphuc seed).", field="province")
    raise InvalidInput("Có nhiều tỉnh; hãy nói rõ, ví dụ soc-trang/SNV.", field="province")


def own_province(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.province_id is None else accounts.c.province_id == actor.province_id


def _accounts(actor: Actor, *, now: datetime) -> Any:
    return (
        select(*_ACCOUNT, tries.locked_until(accounts.c.id, now=now).label("locked_until"))
        .outerjoin(provinces, provinces.c.id == accounts.c.province_id)
        .outerjoin(agencies, agencies.c.id == accounts.c.agency_id)
        .where(own_province(actor))
    )


def _account(row: Any) -> dict[str, Any]:
    return dict(row._mapping)
