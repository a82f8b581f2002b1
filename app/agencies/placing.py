"""What orders of agencies and of provinces have in common: placing, carrying out and calling off."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from app import events
from app.agencies.applying import Run, apply_order
from app.agencies.orders import get_order
from app.core.access import Actor
from app.core.workdays import local_date
from app.errors import Conflict, InvalidInput
from app.models import agencies, provinces, successions
from app.text import compose

WAITING = and_(successions.c.applied_at.is_(None), successions.c.cancelled_at.is_(None))


def one_at_a_time(connection: Connection) -> None:
    """SQLite has one writer anyway. The lock is of the kind that foreign keys to a province do not wait for."""
    connection.execute(select(provinces.c.id).order_by(provinces.c.id).with_for_update(key_share=True)).all()


def check_free(connection: Connection, subject: ColumnElement[bool], old: Any) -> None:
    if old.succeeded_from is not None:
        raise Conflict(f"{old.name} đã được kế thừa từ {old.succeeded_from:%d/%m/%Y}.")
    if connection.execute(select(successions.c.id).where(subject, WAITING)).first() is not None:
        raise Conflict(f"{old.name} đã có quyết định kế thừa đang chờ. Hãy hủy quyết định đó trước.")


def walk(after: Mapping[Any, Any], first: int) -> set[int]:
    seen: set[int] = set()
    current: int | None = first
    while current is not None and current not in seen:
        seen.add(current)
        current = after.get(current)
    return seen


def place_order(
    connection: Connection,
    actor: Actor,
    values: dict[str, Any],
    told: dict[str, Any],
    old: Any,
    effective_from: date,
    reason: str,
    *,
    now: datetime,
) -> dict[str, Any]:
    why = compose(reason)
    if not why:
        raise InvalidInput("Hãy ghi căn cứ, lý do, ví dụ số nghị quyết sắp xếp.", field="reason")
    order_id = connection.execute(
        insert(successions)
        .values(**values, effective_from=effective_from, reason=why, account_id=actor.account_id, created_at=now)
        .returning(successions.c.id)
    ).scalar_one()
    after = told | {"effective_from": effective_from.isoformat()}
    _record(connection, actor, order_id, old.code, "succession.ordered", after, why, _province_of(old), now=now)
    moved = None
    if effective_from <= local_date(now):
        moved = claim_and_apply(connection, actor, order_id, now=now)
    return get_order(connection, actor, order_id, now=now) | {"moved": moved}


def claim_and_apply(connection: Connection, actor: Actor, order_id: int, *, now: datetime) -> dict[str, int] | None:
    """None when another process has carried it out, or somebody cancelled it."""
    claimed = connection.execute(
        update(successions).where(successions.c.id == order_id, WAITING).values(applied_at=now)
    )
    if claimed.rowcount != 1:
        return None
    order = connection.execute(select(successions).where(successions.c.id == order_id)).one()
    subject = _subject(connection, order)
    moved = apply_order(Run(connection, actor, order, now))
    after = {"moved": moved, "effective_from": order.effective_from.isoformat()}
    province_id = _province_of(subject)
    _record(connection, actor, order_id, subject.code, "succession.applied", after, order.reason, province_id, now=now)
    return moved


def cancel(connection: Connection, actor: Actor, order_id: int, why: str, *, now: datetime) -> None:
    done = connection.execute(
        update(successions).where(successions.c.id == order_id, WAITING).values(cancelled_at=now, cancel_reason=why)
    )
    if done.rowcount == 1:
        order = connection.execute(select(successions).where(successions.c.id == order_id)).one()
        subject = _subject(connection, order)
        _record(
            connection, actor, order_id, subject.code, "succession.cancelled", {}, why, _province_of(subject), now=now
        )


# Inside


def _subject(connection: Connection, order: Any) -> Any:
    """The agency or province whose work passes on."""
    table, ident = (agencies, order.agency_id) if order.agency_id is not None else (provinces, order.province_id)
    return connection.execute(select(table).where(table.c.id == ident)).one()


def _province_of(subject: Any) -> int:
    """An agency's province, or the province itself."""
    return int(subject._mapping.get("province_id", subject.id))


def _record(
    connection: Connection,
    actor: Actor,
    order_id: int,
    code: str,
    action: str,
    after: dict[str, Any],
    why: str,
    province_id: int,
    *,
    now: datetime,
) -> None:
    events.record(
        connection,
        actor,
        now=now,
        entity="succession",
        entity_id=order_id,
        code=code,
        action=action,
        after=after,
        why=why,
        province_id=province_id,
    )
