"""Reading succession orders: those that wait, those carried out, those called off."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from app.agencies.directory import find_agency
from app.core.access import Actor, Permission
from app.errors import InvalidInput, NotFound
from app.idents import LARGEST_ID
from app.lineage import inherited_provinces
from app.models import accounts, agencies, provinces, successions

STATES = ("pending", "applied", "cancelled")

_heirs = agencies.alias("heir")
_homes = provinces.alias("home")
_new_provinces = provinces.alias("new_province")


def list_orders(
    connection: Connection,
    actor: Actor,
    *,
    state: str | None = None,
    agency: str | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of orders that concern the actor's province, the newest first."""
    actor.require(Permission.AGENCY_READ)
    wanted = [_readable(connection, actor), _in_state(state)]
    if agency is not None:
        found = find_agency(connection, actor, agency)
        wanted.append(or_(successions.c.agency_id == found.id, successions.c.successor_agency_id == found.id))
    rows = _rows(and_(*wanted))
    total = connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
    page = connection.execute(rows.order_by(successions.c.id.desc()).limit(limit).offset(offset))
    return {"items": [_told(row) for row in page], "total": total, "limit": limit, "offset": offset}


def get_order(connection: Connection, actor: Actor, order_id: int, *, now: datetime) -> dict[str, Any]:
    actor.require(Permission.AGENCY_READ)
    row = None
    if 0 < order_id <= LARGEST_ID:
        row = connection.execute(_rows(and_(_readable(connection, actor), successions.c.id == order_id))).first()
    if row is None:
        raise NotFound("Không có quyết định kế thừa này.")
    return _told(row)


def _rows(wanted: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            successions,
            agencies.c.code.label("agency"),
            agencies.c.name.label("agency_name"),
            _homes.c.code.label("home"),
            _homes.c.name.label("home_name"),
            _heirs.c.code.label("heir"),
            _heirs.c.name.label("heir_name"),
            _new_provinces.c.code.label("new_province"),
            _new_provinces.c.name.label("new_province_name"),
            accounts.c.display_name.label("ordered_by"),
        )
        .outerjoin(agencies, agencies.c.id == successions.c.agency_id)
        .join(_homes, _homes.c.id == func.coalesce(successions.c.province_id, agencies.c.province_id))
        .outerjoin(_heirs, _heirs.c.id == successions.c.successor_agency_id)
        .outerjoin(_new_provinces, _new_provinces.c.id == successions.c.successor_province_id)
        .outerjoin(accounts, accounts.c.id == successions.c.account_id)
        .where(wanted)
    )


def _readable(connection: Connection, actor: Actor) -> ColumnElement[bool]:
    """What passes from the actor's province, from one it inherited, or to it."""
    if actor.province_id is None:
        return true()
    within = inherited_provinces(connection, actor.province_id)
    return or_(_homes.c.id.in_(within), successions.c.successor_province_id == actor.province_id)


def _in_state(state: str | None) -> ColumnElement[bool]:
    if state is None:
        return true()
    if state == "pending":
        return and_(successions.c.applied_at.is_(None), successions.c.cancelled_at.is_(None))
    if state not in STATES:
        raise InvalidInput("Không có tình trạng này.", field="state", extra={"allowed": list(STATES)})
    return (successions.c.applied_at if state == "applied" else successions.c.cancelled_at).is_not(None)


def _told(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": _state(row),
        "province": _ref(row.home, row.home_name),
        "agency": _ref(row.agency, row.agency_name),
        "successor": _ref(row.heir, row.heir_name),
        "successor_province": _ref(row.new_province, row.new_province_name),
        "mapping": json.loads(row.mapping),
        "leadership_moves": row.leadership_moves,
        "effective_from": row.effective_from,
        "reason": row.reason,
        "ordered_by": row.ordered_by,
        "created_at": row.created_at,
        "applied_at": row.applied_at,
        "cancelled_at": row.cancelled_at,
        "cancel_reason": row.cancel_reason,
    }


def _state(row: Any) -> str:
    if row.applied_at is not None:
        return "applied"
    return "pending" if row.cancelled_at is None else "cancelled"


def _ref(code: str | None, name: str | None) -> dict[str, Any] | None:
    return None if code is None else {"code": code, "name": name}
