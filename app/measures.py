"""Giải pháp: what the report asks of agencies, and each agency's own short note on how it goes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select, update

from app import events
from app.core.access import Actor, Permission, Role
from app.errors import Forbidden, InvalidInput, NotFound
from app.idents import named
from app.models import agencies, assessments, criteria, measure_agencies, measure_tasks, measures, tasks
from app.scope import leads, visible_assessments, visible_tasks
from app.text import compose

LONGEST = 20_000
"""Characters of a note."""


def list_measures(
    connection: Connection,
    actor: Actor,
    *,
    assessment: str | None = None,
    agency: str | None = None,
    task: str | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of measures: those addressed to an agency, or the province's. Filters take codes (or ids)."""
    actor.require(Permission.TASK_READ)
    wanted = [_visible(actor)]
    if assessment is not None:
        wanted.append(named(assessments, assessment))
    if agency is not None:
        wanted.append(_addressed_to(named(agencies, agency)))
    if task is not None:
        wanted.append(_linked_to(named(tasks, task)))
    matching = _measures().where(*wanted)
    total = connection.execute(matching.with_only_columns(func.count())).scalar_one()
    rows = connection.execute(matching.order_by(measures.c.id).limit(limit).offset(offset)).all()
    return {"items": _told(connection, actor, rows), "total": total, "limit": limit, "offset": offset}


def get_measure(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """By code or id; raises `NotFound` for one that is not addressed to the actor's agency or not of its province."""
    actor.require(Permission.TASK_READ)
    return _told(connection, actor, [_locate(connection, actor, ident)])[0]


def get_details(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """As `get_measure`, and what a page needs: `own`, the note of the actor's agency where it may write one, else None;
    `linked`, the visible tasks in words."""
    actor.require(Permission.TASK_READ)
    row = _locate(connection, actor, ident)
    told = _told(connection, actor, [row])[0]
    may_write = actor.may(Permission.MEASURE_REPORT) and actor.agency_id is not None
    linked = connection.execute(
        select(tasks.c.code, tasks.c.status, criteria.c.name)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .where(tasks.c.code.in_(told["tasks"]))
        .order_by(tasks.c.id)
    )
    own = connection.execute(_notes([row.id]).where(measure_agencies.c.agency_id == actor.agency_id)).first()
    return {
        **told,
        "linked": [dict(one._mapping) for one in linked],
        "own": {"progress": own.progress, "updated_at": own.updated_at} if may_write and own is not None else None,
    }


def update_measure(
    connection: Connection,
    actor: Actor,
    ident: str,
    progress: str,
    *,
    on_behalf_of: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Write the note of the actor's agency; raises `Forbidden` when the measure is not addressed to it."""
    actor.require(Permission.MEASURE_REPORT)
    row = _locate(connection, actor, ident)
    note = _own_note(connection, actor, row)
    after = compose(progress)
    if len(after) > LONGEST:
        raise InvalidInput(f"Nội dung dài quá {LONGEST:,} ký tự. Hãy rút gọn.".replace(",", "."), field="progress")
    if after == note.progress:
        return _told(connection, actor, [row])[0]
    connection.execute(
        update(measure_agencies)
        .where(measure_agencies.c.measure_id == row.id, measure_agencies.c.agency_id == note.agency_id)
        .values(progress=after, updated_at=now)
    )
    events.record(
        connection,
        actor.speaking_for(on_behalf_of),
        now=now,
        entity="measure",
        entity_id=row.id,
        code=row.code,
        action="measure.updated",
        before={"agency": note.code, "progress": note.progress},
        after={"agency": note.code, "progress": after},
        assessment_id=row.assessment_id,
        province_id=row.province_id,
    )
    return _told(connection, actor, [row])[0]


def _visible(actor: Actor) -> ColumnElement[bool]:
    province = visible_assessments(actor)
    if actor.role is not Role.AGENCY:
        return province
    return and_(province, _addressed_to(agencies.c.id == actor.agency_id))


def _addressed_to(agency: ColumnElement[bool]) -> ColumnElement[bool]:
    addressees = measure_agencies.join(agencies, agencies.c.id == measure_agencies.c.agency_id)
    return exists(
        select(1)
        .select_from(addressees)
        .where(measure_agencies.c.measure_id == measures.c.id, agency)
        .correlate(measures)
    )


def _linked_to(task: ColumnElement[bool]) -> ColumnElement[bool]:
    links = measure_tasks.join(tasks, tasks.c.id == measure_tasks.c.task_id)
    return exists(
        select(1).select_from(links).where(measure_tasks.c.measure_id == measures.c.id, task).correlate(measures)
    )


def _measures() -> Select[Any]:
    return select(measures, assessments.c.code.label("assessment"), assessments.c.province_id).join(
        assessments, assessments.c.id == measures.c.assessment_id
    )


def _locate(connection: Connection, actor: Actor, ident: str) -> Any:
    row = connection.execute(_measures().where(named(measures, ident), _visible(actor))).first()
    if row is None:
        raise NotFound("Không có giải pháp này, hoặc giải pháp không giao cho cơ quan của bạn.")
    return row


def _own_note(connection: Connection, actor: Actor, row: Any) -> Any:
    """The note of the actor's agency, locked until the commit."""
    note = connection.execute(
        select(measure_agencies.c.agency_id, measure_agencies.c.progress, agencies.c.code)
        .join(agencies, agencies.c.id == measure_agencies.c.agency_id)
        .where(measure_agencies.c.measure_id == row.id, measure_agencies.c.agency_id == actor.agency_id)
        .with_for_update(of=measure_agencies)
    ).first()
    if note is None:
        raise Forbidden(f"Giải pháp {row.code} không giao cho cơ quan của bạn, nên bạn không ghi tiến độ được.")
    return note


def _told(connection: Connection, actor: Actor, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """As the actor may read them, at the cost of two more queries however many they are: every addressee's name, but
    to an agency only its own note; the linked tasks that the actor sees."""
    addressees: dict[int, list[dict[str, Any]]] = {row.id: [] for row in rows}
    linked: dict[int, list[str]] = {row.id: [] for row in rows}
    for note in connection.execute(_notes(list(addressees))):
        readable = actor.role is not Role.AGENCY or leads(actor, note.agency_id)
        addressees[note.measure_id].append(
            {
                "code": note.code,
                "name": note.name,
                "progress": note.progress if readable else None,
                "updated_at": note.updated_at if readable else None,
            }
        )
    for measure_id, code in connection.execute(_links(actor, list(linked))):
        linked[measure_id].append(code)
    return [
        {
            "id": row.id,
            "code": row.code,
            "assessment": row.assessment,
            "text": row.text,
            "where": row.where,
            "agencies": addressees[row.id],
            "tasks": linked[row.id],
        }
        for row in rows
    ]


def _notes(ids: Sequence[int]) -> Select[Any]:
    return (
        select(
            measure_agencies.c.measure_id,
            measure_agencies.c.agency_id,
            measure_agencies.c.progress,
            measure_agencies.c.updated_at,
            agencies.c.code,
            agencies.c.name,
        )
        .join(agencies, agencies.c.id == measure_agencies.c.agency_id)
        .where(measure_agencies.c.measure_id.in_(ids))
        .order_by(agencies.c.code)
    )


def _links(actor: Actor, ids: Sequence[int]) -> Select[Any]:
    return (
        select(measure_tasks.c.measure_id, tasks.c.code)
        .join(tasks, tasks.c.id == measure_tasks.c.task_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(measure_tasks.c.measure_id.in_(ids), visible_tasks(actor))
        .order_by(tasks.c.id)
    )
