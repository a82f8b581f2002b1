"""Kế thừa nhiệm vụ: orders that an agency's or a whole province's open work passes to another from a date on.

An order whose date has come is carried out at once; the others wait for `apply_due_successions`. One row lock lets only
one of them be given or carried out at a time, so that two cannot pass work in a circle behind each other's back.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy import Connection, and_, select

from app.agencies.directory import find_agency
from app.agencies.orders import get_order
from app.agencies.placing import WAITING, cancel, check_free, claim_and_apply, one_at_a_time, place_order, walk
from app.core.access import SYSTEM, Actor, Permission
from app.core.workdays import local_date
from app.db import savepoint
from app.errors import Conflict, Forbidden, InvalidInput, Problem
from app.lineage import coordinator_of
from app.models import accounts, agencies, successions
from app.text import compose

log = structlog.get_logger()


def succeed_agency(
    connection: Connection,
    actor: Actor,
    ident: str,
    *,
    successor: str | None,
    effective_from: date,
    reason: str,
    province: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Order that another agency of the province (a code) succeed this one; None lets its work fall to the coordinator.

    Carried out at once when `effective_from` is today or past; `moved` then counts what passed on. Conflict when the
    agency was succeeded or has an order already, and when orders would run in a circle.
    """
    actor.require(Permission.AGENCY_SUCCEED)
    one_at_a_time(connection)
    old = find_agency(connection, actor, ident, province)
    heir = _heir(connection, old, successor)
    check_free(connection, successions.c.agency_id == old.id, old)
    if old.id in _following(connection, old.province_id, heir.id):
        raise Conflict(f"{heir.name} rồi lại được {old.name} kế thừa: nối thành vòng.", field="successor")
    values = {"agency_id": old.id, "successor_agency_id": None if successor is None else heir.id}
    told = {"agency": old.code, "successor": successor}
    return place_order(connection, actor, values, told, old, effective_from, reason, now=now)


def cancel_succession(connection: Connection, actor: Actor, order_id: int, *, now: datetime) -> dict[str, Any]:
    """Call an order off before its day. Doing so twice changes nothing; Conflict once it was carried out."""
    actor.require(Permission.AGENCY_SUCCEED)
    one_at_a_time(connection)
    order = get_order(connection, actor, order_id, now=now)
    if order["agency"] is None and actor.province_id is not None:
        raise Forbidden("Chỉ quản trị viên của toàn hệ thống được hủy việc sáp nhập tỉnh.")
    if order["state"] == "applied":
        raise Conflict("Việc kế thừa này đã thực hiện, không hủy được nữa.")
    if order["state"] == "pending":
        cancel(connection, actor, order_id, "hủy theo yêu cầu", now=now)
    return get_order(connection, actor, order_id, now=now)


def apply_due_successions(connection: Connection, *, now: datetime) -> int:
    """Carry out every order whose day has come and say how many were. Any number of replicas may run it at once.

    An order that no longer fits (its agency was succeeded meanwhile) is cancelled with the reason, so that it does not
    stand in the way of the others.
    """
    is_due = and_(WAITING, successions.c.effective_from <= local_date(now))
    due = select(successions.c.id).where(is_due).order_by(successions.c.effective_from, successions.c.id)
    if not connection.execute(due).all():
        return 0
    one_at_a_time(connection)
    return sum(_apply_one(connection, order_id, now=now) for order_id in connection.execute(due).scalars().all())


# Giving an order


def _heir(connection: Connection, old: Any, successor: str | None) -> Any:
    """The agency that will have the work, as things stand today."""
    if old.succeeded_from is not None:
        raise Conflict(f"{old.name} đã có cơ quan kế thừa từ {old.succeeded_from:%d/%m/%Y}.")
    if successor is None:
        heir = coordinator_of(connection, old.province_id)
        if heir is None or heir.id == old.id:
            raise Conflict("Cơ quan thường trực phải có cơ quan kế thừa; hãy chọn cơ quan kế thừa.", field="successor")
        return heir
    heir = connection.execute(
        select(agencies).where(agencies.c.province_id == old.province_id, agencies.c.code == compose(successor))
    ).first()
    if heir is None:
        raise InvalidInput(f"Không có cơ quan {successor} trong tỉnh {old.province}.", field="successor")
    if heir.id == old.id:
        raise InvalidInput("Cơ quan không thể tự kế thừa mình.", field="successor")
    if heir.succeeded_from is not None:
        raise Conflict(f"{heir.name} đã có cơ quan kế thừa; hãy chọn cơ quan đó.", field="successor")
    return heir


def _following(connection: Connection, province_id: int, first: int) -> set[int]:
    """Every agency that work given to `first` will reach by waiting orders; no successor means the coordinator."""
    coordinator = coordinator_of(connection, province_id)
    rows = connection.execute(
        select(successions.c.agency_id, successions.c.successor_agency_id).where(
            successions.c.agency_id.is_not(None), WAITING
        )
    )
    after = {old: new or (coordinator.id if coordinator else None) for old, new in rows}
    return walk(after, first)


# Carrying it out


def _apply_one(connection: Connection, order_id: int, *, now: datetime) -> bool:
    giver = connection.execute(
        select(accounts.c.display_name)
        .join(successions, successions.c.account_id == accounts.c.id)
        .where(successions.c.id == order_id)
    ).scalar()
    actor = replace(SYSTEM, on_behalf_of=giver)
    try:
        with savepoint(connection, "succession"):
            return claim_and_apply(connection, actor, order_id, now=now) is not None
    except Problem as error:
        log.warning("succession no longer fits", succession=order_id, why=error.detail)
        cancel(connection, actor, order_id, error.detail, now=now)
        return False
