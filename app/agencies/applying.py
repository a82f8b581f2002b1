"""Carrying out a succession: of one agency by another, or of a whole province by another."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from app import events
from app.accounts.ending import shut_out
from app.agencies.handover import Handover, Heir, hand_over
from app.core.access import Actor, Role
from app.errors import Conflict
from app.lineage import coordinator_of, last_heir
from app.models import accounts, agencies, assessments, contacts, provinces


class Run(NamedTuple):
    """One order (a row of the succession table) being carried out."""

    connection: Connection
    actor: Actor
    order: Any
    now: datetime


def apply_order(run: Run) -> dict[str, int]:
    """Do what the order says and count what moved; Conflict when it no longer fits."""
    return _apply_to_province(run) if run.order.agency_id is None else _apply_to_agency(run)


def _apply_to_agency(run: Run) -> dict[str, int]:
    old = _agency(run.connection, run.order.agency_id)
    if old.succeeded_from is not None:
        raise Conflict(f"{old.name} đã có cơ quan kế thừa.")
    named = run.order.successor_agency_id
    new = coordinator_of(run.connection, old.province_id) if named is None else _last(run.connection, named)
    if new is None or new.id == old.id:
        raise Conflict(f"Không còn cơ quan nào khác để nhận nhiệm vụ của {old.name}.")
    coordinates = new.is_coordinator or old.is_coordinator
    heirs = {old.id: Heir(old.name, new.id, new.code, new.province_id, coordinates, named is not None)}
    _mark_agencies(run, {old.id: old}, heirs)
    if old.is_coordinator:
        _pass_coordination(run, old, new)
    return hand_over(Handover(run.connection, run.actor, heirs, run.order.reason, run.now))


def _apply_to_province(run: Run) -> dict[str, int]:
    old = _province(run.connection, run.order.province_id)
    if old.succeeded_from is not None:
        raise Conflict(f"{old.name} đã có tỉnh kế thừa.")
    new = _province(run.connection, last_heir(run.connection, provinces, run.order.successor_province_id))
    coordinator = coordinator_of(run.connection, new.id)
    if new.id == old.id or coordinator is None:
        raise Conflict(f"{new.name} không nhận được nhiệm vụ: chưa có cơ quan thường trực, hoặc là chính tỉnh này.")
    standing = _standing(run.connection, old.id)
    heirs = _heirs(run, standing, coordinator)
    _mark_province(run, old, new)
    moved = {"assessments": _move_assessments(run, old, new)}
    leaders = _move_leadership(run, new)
    _mark_agencies(run, standing, heirs)
    moved |= hand_over(Handover(run.connection, run.actor, heirs, run.order.reason, run.now))
    return moved | {name: moved[name] + count for name, count in leaders.items()}


# Agencies


def _agency(connection: Connection, agency_id: int) -> Any:
    return connection.execute(select(agencies).where(agencies.c.id == agency_id)).one()


def _last(connection: Connection, agency_id: int) -> Any:
    """The agency that now stands where the named one stood when the order was given."""
    return _agency(connection, last_heir(connection, agencies, agency_id))


def _standing(connection: Connection, province_id: int) -> dict[int, Any]:
    rows = connection.execute(
        select(agencies).where(agencies.c.province_id == province_id, agencies.c.succeeded_from.is_(None))
    )
    return {row.id: row for row in rows}


def _heirs(run: Run, standing: Mapping[int, Any], coordinator: Any) -> dict[int, Heir]:
    """By the order's mapping; what it does not name falls to the new province's coordinator."""
    mapping = json.loads(run.order.mapping)
    targets = run.connection.execute(
        select(agencies.c.code, agencies.c.id).where(
            agencies.c.province_id == run.order.successor_province_id, agencies.c.code.in_(mapping.values())
        )
    ).all()
    last = {code: _last(run.connection, agency_id) for code, agency_id in targets}
    found = {}
    for old in standing.values():
        named = last.get(mapping.get(old.code))
        new = named or coordinator
        found[old.id] = Heir(old.name, new.id, new.code, new.province_id, new.is_coordinator, named is not None)
    return found


def _mark_agencies(run: Run, old: Mapping[int, Any], heirs: Mapping[int, Heir]) -> None:
    """The old agency keeps row and name, and says who came after it and from when."""
    for agency_id, heir in heirs.items():
        row = old[agency_id]
        after = {"succeeded_by_id": heir.id, "succeeded_from": run.order.effective_from}
        run.connection.execute(update(agencies).where(agencies.c.id == agency_id).values(after))
        told = {"succeeded_by": heir.code, "people_moved": heir.takes_people}
        _record(run, "agency", row, "agency.succeeded", after, province_id=row.province_id, told=told)


def _pass_coordination(run: Run, old: Any, new: Any) -> None:
    # In this order: the database refuses two coordinators of a province at any moment.
    for row, coordinates in ((old, False), (new, True)):
        after = {"is_coordinator": coordinates}
        run.connection.execute(update(agencies).where(agencies.c.id == row.id).values(after))
        _record(run, "agency", row, "agency.coordination_passed", after, province_id=row.province_id)


# Provinces


def _province(connection: Connection, province_id: int) -> Any:
    return connection.execute(select(provinces).where(provinces.c.id == province_id)).one()


def _mark_province(run: Run, old: Any, new: Any) -> None:
    after = {"succeeded_by_id": new.id, "succeeded_from": run.order.effective_from}
    run.connection.execute(update(provinces).where(provinces.c.id == old.id).values(after))
    told = {"succeeded_by": new.code}
    _record(run, "province", old, "province.succeeded", after, province_id=old.id, told=told)


def _move_assessments(run: Run, old: Any, new: Any) -> int:
    """The new province steers them from now on; their names keep the old one."""
    own = assessments.c.province_id == old.id
    rows = run.connection.execute(select(assessments).where(own).order_by(assessments.c.id).with_for_update()).all()
    after = {"province_id": new.id}
    run.connection.execute(update(assessments).where(own).values(**after, version=assessments.c.version + 1))
    for row in rows:
        told = {"province": new.code}
        _record(run, "assessment", row, "assessment.succeeded", after, province_id=new.id, told=told)
    return len(rows)


def _move_leadership(run: Run, new: Any) -> dict[str, int]:
    """Leadership contacts and accounts go along if the order says so; otherwise they are switched off."""
    return {
        "contacts": _move_leaders(run, new, "contact", contacts, contacts.c.kind == "leadership"),
        "accounts": _move_leaders(run, new, "account", accounts, accounts.c.role == Role.LEADERSHIP.value),
    }


def _move_leaders(run: Run, new: Any, entity: str, table: Any, leads: Any) -> int:
    after = {"province_id": new.id} if run.order.leadership_moves else {"active": False}
    action = f"{entity}.succeeded" if run.order.leadership_moves else f"{entity}.deactivated"
    own = (table.c.province_id == run.order.province_id, leads, table.c.active)
    columns = (table.c.id, table.c.name.label("code"), table.c.province_id, table.c.active)
    rows = run.connection.execute(select(*columns).where(*own).order_by(table.c.id)).all()
    run.connection.execute(update(table).where(*own).values(after))
    for row in rows:
        _record(run, entity, row, action, after, province_id=row.province_id)
    if table is accounts:
        shut_out(run.connection, [row.id for row in rows], now=run.now)
    return len(rows)


def _record(
    run: Run,
    entity: str,
    row: Any,
    action: str,
    after: Mapping[str, Any],
    *,
    province_id: int,
    told: Mapping[str, Any] | None = None,
) -> None:
    """One event for a changed row; `told` adds names to what else would be ids only."""
    left, right = events.changes(row._asdict(), after)
    events.record(
        run.connection,
        run.actor,
        now=run.now,
        entity=entity,
        entity_id=row.id,
        code=row.code,
        action=action,
        before=left,
        after={**right, **(told or {})},
        why=run.order.reason,
        assessment_id=row.id if entity == "assessment" else None,
        province_id=province_id,
    )
