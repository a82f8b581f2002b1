"""What passes to a successor: open tasks, undone shares, measures; contacts and accounts when they go along.

What is finished stays with the agency that did it, under its old name. Every row that moves is one event.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from app import events
from app.accounts.ending import shut_out
from app.agencies.directory import refresh_search
from app.core import workflow
from app.core.access import Actor, Role
from app.models import (
    accounts,
    agencies,
    assessments,
    contacts,
    measure_agencies,
    measures,
    shares,
    task_cooperators,
    tasks,
)


class Heir(NamedTuple):
    """Who takes over from the agency named by the key it stands under."""

    old_name: str
    id: int
    code: str
    province_id: int
    coordinates: bool
    """Whether it is a coordinating agency, once all is done."""
    takes_people: bool
    """False when work only fell to the coordinator: nobody gains the coordinator's view by losing their agency."""


class Handover(NamedTuple):
    """One succession being carried out: `heirs` by id of the agency they follow."""

    connection: Connection
    actor: Actor
    heirs: Mapping[int, Heir]
    why: str
    now: datetime


def hand_over(handover: Handover) -> dict[str, int]:
    """Move everything that moves, and say how much of each. Assessments must belong to their new province already."""
    moved = {
        **_tasks(handover),
        "shares": _shares(handover),
        "measures": _measures(handover),
        "contacts": _contacts(handover),
        "accounts": _accounts(handover),
    }
    for heir in {heir.id for heir in handover.heirs.values()}:
        refresh_search(handover.connection, heir)
    return moved


# Tasks


def _tasks(handover: Handover) -> dict[str, int]:
    """Open tasks that an agency leads (`tasks`) or cooperates in; an heir never cooperates in what it leads."""
    affected = _affected(handover)
    cooperating = _cooperators(handover)
    codes = _codes(handover, {row.agency_id for row in affected})
    changes = [_change(handover, row, cooperating.get(row.id, {}), codes) for row in affected]
    _write_tasks(handover, changes)
    for row, change in zip(affected, changes, strict=True):
        left, right = events.changes({**row._mapping, "cooperating": change.before}, change.values)
        _record(
            handover,
            "task",
            row,
            "task.succeeded" if "agency_id" in right else "task.cooperators_changed",
            left,
            right | {"agency": change.lead_code} if "agency_id" in right else right,
        )
    led = sum(row.agency_id in handover.heirs for row in affected)
    return {"tasks": led, "cooperating": len(affected) - led}


class _Change(NamedTuple):
    task_id: int
    values: dict[str, Any]
    lead_code: str
    before: list[str]
    """Codes of the agencies that cooperated."""
    left: set[int]
    joined: set[int]


def _affected(handover: Handover) -> Sequence[Any]:
    # Not joined to its agency: if it is reassigned while this waits for it, it would no longer match the one it had.
    columns = (tasks.c.id, tasks.c.code, tasks.c.agency_id, tasks.c.former_agency, tasks.c.assignment_basis)
    joined = tasks.c.id.in_(select(task_cooperators.c.task_id).where(task_cooperators.c.agency_id.in_(handover.heirs)))
    return handover.connection.execute(
        select(*columns, tasks.c.assessment_id, assessments.c.province_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(tasks.c.status.in_(workflow.OPEN), or_(tasks.c.agency_id.in_(handover.heirs), joined))
        .order_by(tasks.c.id)
        .with_for_update(of=tasks)
    ).all()


def _codes(handover: Handover, leading: Iterable[int]) -> dict[int, str]:
    """Of all heirs and of these agencies, by id."""
    wanted = select(agencies.c.id, agencies.c.code).where(agencies.c.id.in_(leading))
    heirs = {heir.id: heir.code for heir in handover.heirs.values()}
    return {**dict(handover.connection.execute(wanted).all()), **heirs}


def _cooperators(handover: Handover) -> dict[int, dict[int, str]]:
    """Of every open task: cooperating agency → its code."""
    found: dict[int, dict[int, str]] = {}
    rows = handover.connection.execute(
        select(task_cooperators.c.task_id, task_cooperators.c.agency_id, agencies.c.code)
        .join(agencies, agencies.c.id == task_cooperators.c.agency_id)
        .join(tasks, tasks.c.id == task_cooperators.c.task_id)
        .where(tasks.c.status.in_(workflow.OPEN))
    )
    for task_id, agency_id, code in rows:
        found.setdefault(task_id, {})[agency_id] = code
    return found


def _change(handover: Handover, row: Any, cooperating: Mapping[int, str], codes: Mapping[int, str]) -> _Change:
    heir = handover.heirs.get(row.agency_id)
    values: dict[str, Any] = {
        "agency_id": row.agency_id if heir is None else heir.id,
        "former_agency": row.former_agency if heir is None else heir.old_name,
        "assignment_basis": row.assignment_basis if heir is None else "succession",
    }
    following = {handover.heirs[one].id if one in handover.heirs else one for one in cooperating}
    following.discard(values["agency_id"])
    values["cooperating"] = sorted({**cooperating, **codes}[one] for one in following)
    return _Change(
        task_id=row.id,
        values=values,
        lead_code=codes[values["agency_id"]],
        before=sorted(cooperating.values()),
        left=set(cooperating) - following,
        joined=following - set(cooperating),
    )


def _write_tasks(handover: Handover, changes: Iterable[_Change]) -> None:
    columns = ("agency_id", "former_agency", "assignment_basis")
    _update_each(
        handover,
        tasks,
        [{"b_id": one.task_id, **{f"b_{name}": one.values[name] for name in columns}} for one in changes],
        columns,
        version=tasks.c.version + 1,
        updated_at=handover.now,
    )
    gone = [{"b_task": one.task_id, "b_agency": agency} for one in changes for agency in one.left]
    if gone:
        is_gone = task_cooperators.c.task_id == bindparam("b_task")
        handover.connection.execute(
            delete(task_cooperators).where(is_gone, task_cooperators.c.agency_id == bindparam("b_agency")), gone
        )
    new = [{"task_id": one.task_id, "agency_id": agency} for one in changes for agency in one.joined]
    if new:
        handover.connection.execute(insert(task_cooperators), new)


# Shares and measures


def _shares(handover: Handover) -> int:
    rows = handover.connection.execute(
        select(
            shares.c.id,
            shares.c.code,
            shares.c.agency_id,
            shares.c.former_agency,
            tasks.c.assessment_id,
            assessments.c.province_id,
        )
        .join(tasks, tasks.c.id == shares.c.task_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(shares.c.agency_id.in_(handover.heirs), ~shares.c.done)
        .order_by(shares.c.id)
        .with_for_update(of=shares)
    ).all()
    written = []
    for row in rows:
        heir = handover.heirs[row.agency_id]
        written.append({"b_id": row.id, "b_agency_id": heir.id, "b_former_agency": heir.old_name})
        after = {"agency_id": heir.id, "former_agency": heir.old_name}
        left, right = events.changes(row._asdict(), after)
        _record(handover, "share", row, "share.succeeded", left, right | {"agency": heir.code})
    columns = ("agency_id", "former_agency")
    _update_each(handover, shares, written, columns, version=shares.c.version + 1, updated_at=handover.now)
    return len(rows)


def _measures(handover: Handover) -> int:
    """An heir that has the measure already keeps one note: its own, followed by the one that came."""
    rows = handover.connection.execute(
        select(
            measure_agencies.c.measure_id.label("id"),
            measure_agencies.c.agency_id,
            measure_agencies.c.progress,
            measure_agencies.c.updated_at,
            measures.c.code,
            measures.c.assessment_id,
            assessments.c.province_id,
        )
        .join(measures, measures.c.id == measure_agencies.c.measure_id)
        .join(assessments, assessments.c.id == measures.c.assessment_id)
        .where(measure_agencies.c.agency_id.in_(handover.heirs))
        .order_by(measure_agencies.c.measure_id, measure_agencies.c.agency_id)
        .with_for_update(of=measure_agencies)
    ).all()
    for row in rows:
        heir = handover.heirs[row.agency_id]
        after = {"agency_id": heir.id, "progress": _pass_measure(handover.connection, row, heir)}
        left, right = events.changes(row._asdict(), after)
        _record(handover, "measure", row, "measure.succeeded", left, right | {"agency": heir.code})
    return len(rows)


def _pass_measure(connection: Connection, row: Any, heir: Heir) -> str:
    """Move one agency's part of a measure and return the note that now stands."""
    of_measure = measure_agencies.c.measure_id == row.id
    own = connection.execute(
        select(measure_agencies.c.progress).where(of_measure, measure_agencies.c.agency_id == heir.id).with_for_update()
    ).scalar()
    old = [of_measure, measure_agencies.c.agency_id == row.agency_id]
    if own is None:
        connection.execute(update(measure_agencies).where(*old).values(agency_id=heir.id))
        return str(row.progress)
    came = f"{heir.old_name}: {row.progress}" if row.progress else ""
    note = "\n".join(part for part in (own, came) if part)
    connection.execute(delete(measure_agencies).where(*old))
    connection.execute(
        update(measure_agencies).where(of_measure, measure_agencies.c.agency_id == heir.id).values(progress=note)
    )
    return note


# People


def _contacts(handover: Handover) -> int:
    rows = handover.connection.execute(
        select(contacts.c.id, contacts.c.name.label("code"), contacts.c.agency_id, contacts.c.province_id)
        .where(contacts.c.agency_id.in_(handover.heirs), contacts.c.active)
        .order_by(contacts.c.id)
    ).all()
    for row in rows:
        heir = handover.heirs[row.agency_id]
        after = {"agency_id": heir.id, "province_id": heir.province_id} if heir.takes_people else {"active": False}
        handover.connection.execute(update(contacts).where(contacts.c.id == row.id).values(after))
        _record_person(handover, "contact", row, after, heir)
    return len(rows)


def _accounts(handover: Handover) -> int:
    """Keys belong to accounts, so they go along, or stop working with them."""
    rows = handover.connection.execute(
        select(
            accounts.c.id,
            accounts.c.name.label("code"),
            accounts.c.display_name,
            accounts.c.agency_id,
            accounts.c.province_id,
            accounts.c.role,
        )
        .where(accounts.c.agency_id.in_(handover.heirs), accounts.c.active)
        .order_by(accounts.c.id)
    ).all()
    for row in rows:
        heir = handover.heirs[row.agency_id]
        after: dict[str, Any] = _new_seat(row, heir) if heir.takes_people else {"active": False}
        if heir.takes_people and row.display_name == heir.old_name:
            # An account that bears the agency's name writes under the successor's from now on.
            after["display_name"] = _name_of(handover.connection, heir)
        handover.connection.execute(update(accounts).where(accounts.c.id == row.id).values(after))
        _record_person(handover, "account", row, after, heir)
    # Nobody goes on in a seat that changed under a page left open.
    shut_out(handover.connection, [row.id for row in rows], now=handover.now)
    return len(rows)


def _name_of(connection: Connection, heir: Heir) -> str:
    return str(connection.execute(select(agencies.c.name).where(agencies.c.id == heir.id)).scalar_one())


def _new_seat(row: Any, heir: Heir) -> dict[str, Any]:
    """A coordinator stays one only in an agency that coordinates; nobody becomes one."""
    role = Role.AGENCY if row.role == Role.COORDINATOR and not heir.coordinates else Role(row.role)
    return {"agency_id": heir.id, "province_id": heir.province_id, "role": role.value}


# Writing


def _update_each(
    handover: Handover, table: Any, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], **also: Any
) -> None:
    if rows:
        values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in columns}
        handover.connection.execute(update(table).where(table.c.id == bindparam("b_id")).values(**values, **also), rows)


def _record_person(handover: Handover, entity: str, row: Any, after: dict[str, Any], heir: Heir) -> None:
    left, right = events.changes({**row._mapping, "active": True}, after)
    moved = heir.takes_people
    _record(
        handover,
        entity,
        row,
        f"{entity}.succeeded" if moved else f"{entity}.deactivated",
        left,
        right | {"agency": heir.code} if moved else right,
    )


def _record(
    handover: Handover, entity: str, row: Any, action: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    events.record(
        handover.connection,
        handover.actor,
        now=handover.now,
        entity=entity,
        entity_id=row.id,
        code=row.code,
        action=action,
        before=before,
        after=after,
        why=handover.why,
        assessment_id=row._mapping.get("assessment_id"),
        province_id=row.province_id,
    )
