"""One task with all that belongs to it, and its log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from app import events as log
from app import scope
from app.core import scoring, workflow
from app.core.access import Actor, Permission, Role
from app.core.workdays import local_date
from app.errors import NotFound
from app.idents import named
from app.models import (
    accounts,
    agencies,
    assessments,
    cause_tasks,
    causes,
    criteria,
    directions,
    events,
    extension_requests,
    measure_agencies,
    measure_tasks,
    measures,
    reports,
    reviews,
    shares,
    tasks,
)
from app.tasks.change import UNKNOWN, points_or_none
from app.tasks.search import ROWS, listed
from app.tasks.waiting import find_waiting

_SOURCE = (
    select(criteria.c.rule, criteria.c.facts, criteria.c.where)
    .join(tasks, tasks.c.criterion_id == criteria.c.id)
    .where(tasks.c.id == bindparam("task"))
)


def get_task(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """One task with all that belongs to it; raises `NotFound` outside the actor's scope."""
    actor.require(Permission.TASK_READ)
    row = connection.execute(ROWS.where(named(tasks, ident), scope.visible_tasks(actor))).first()
    if row is None:
        raise NotFound(UNKNOWN)
    source = connection.execute(_SOURCE, {"task": row.id}).one()
    return {
        **listed(tuple(row), today=local_date(now)),
        "facts": source.facts.get("items", []),
        "where": source.where,
        "rule": _rule(source.rule),
        "missing": _missing(connection, row),
        "report": _report(connection, row.id),
        "waiting": find_waiting(connection, actor, row.id, now=now) if row.status == "submitted" else None,
        "reviews": _reviews(connection, row.id),
        "extension_requests": _extensions(connection, row.id),
        "directions": _directions(connection, row.id),
        "shares": _shares(connection, row.id),
        "measures": _measures(connection, actor, row.id),
        "causes": _causes(connection, row.id),
    }


def list_updates(
    connection: Connection,
    actor: Actor,
    ident: str,
    *,
    limit: int,
    offset: int,
    newest_first: bool = False,
    now: datetime,
) -> dict[str, Any]:
    """The task's log, oldest first unless asked otherwise: who, on whose behalf, when, from, to and why."""
    actor.require(Permission.TASK_READ)
    found = connection.execute(
        select(tasks.c.id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(named(tasks, ident), scope.visible_tasks(actor))
    ).first()
    if found is None:
        raise NotFound(UNKNOWN)
    mine = (events.c.entity == "task", events.c.entity_id == found.id)
    total = connection.execute(select(func.count()).select_from(events).where(*mine)).scalar_one()
    order = events.c.id.desc() if newest_first else events.c.id
    rows = connection.execute(select(events).where(*mine).order_by(order).limit(limit).offset(offset)).all()
    items = log.told(connection, rows)
    return {"items": items, "total": total, "limit": limit, "offset": offset}


# The parts of one task


def _rule(data: dict[str, Any]) -> dict[str, Any]:
    rule = scoring.parse_rule(data)
    inputs = [
        {"name": one.name, "label": one.label, "unit": one.unit, "published": one.published, "optional": one.optional}
        for one in rule.inputs
    ]
    return {"kind": rule.kind, "inputs": inputs, "citation": rule.citation, "confidence": rule.confidence}


def _missing(connection: Connection, row: Any) -> list[str]:
    """What the report still needs before it can be submitted, in words for the officer."""
    if row.status not in workflow.OPEN:
        return []
    found = connection.execute(select(reports).where(reports.c.task_id == row.id)).first()
    texts: Any = found._mapping if found is not None else {}
    scored = has_figures(row.reported, found)
    return workflow.missing_parts(texts, appraised=row.kind == "appraised", has_score=scored)


def has_figures(reported: int | None, report: Any) -> bool:
    """Whether a score was reported, or what makes one. `report`: its row (`measurements`, `declared`), or None."""
    return reported is not None or (report is not None and bool(report.measurements or report.declared is not None))


def _report(connection: Connection, task_id: int) -> dict[str, Any] | None:
    row = connection.execute(
        select(reports, accounts.c.display_name)
        .join(accounts, accounts.c.id == reports.c.account_id)
        .where(reports.c.task_id == task_id)
    ).first()
    if row is None:
        return None
    return {
        "reason": row.reason,
        "progress": row.progress,
        "remedy": row.remedy,
        "difficulties": row.difficulties,
        "measurements": row.measurements,
        "declared_score": points_or_none(row.declared),
        "period": row.period,
        "updated_at": row.updated_at,
        "by": row.display_name,
        "on_behalf_of": row.on_behalf_of,
    }


def _reviews(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(reviews, accounts.c.display_name)
        .join(accounts, accounts.c.id == reviews.c.account_id)
        .where(reviews.c.task_id == task_id)
        .order_by(reviews.c.id)
    )
    return [
        {
            "decision": row.decision,
            "at": row.at,
            "by": row.display_name,
            "self_reviewed": row.self_reviewed,
            "comment": row.comment,
            "due": row.due,
            "verified": points_or_none(row.verified),
            "evidence_waiver": row.evidence_waiver,
            "frozen": row.frozen,
        }
        for row in rows
    ]


def _extensions(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    columns = ("id", "requested_due", "previous_due", "reason", "at", "state", "granted_due", "comment", "decided_at")
    rows = connection.execute(
        select(*(extension_requests.c[name] for name in columns))
        .where(extension_requests.c.task_id == task_id)
        .order_by(extension_requests.c.id)
    )
    return [dict(row._mapping) for row in rows]


def _directions(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(directions.c.id, directions.c.text, directions.c.at, accounts.c.display_name.label("by"))
        .join(accounts, accounts.c.id == directions.c.account_id)
        .where(directions.c.task_id == task_id)
        .order_by(directions.c.id)
    )
    return [dict(row._mapping) for row in rows]


def _shares(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    columns = ("code", "former_agency", "kind", "what", "quantity", "unit", "reason", "progress", "remedy", "current")
    rows = connection.execute(
        select(
            *(shares.c[name] for name in (*columns, "resolved", "done", "where")),
            agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"),
        )
        .join(agencies, agencies.c.id == shares.c.agency_id)
        .where(shares.c.task_id == task_id)
        .order_by(shares.c.code)
    )
    return [_with_agency(row) for row in rows]


def _measures(connection: Connection, actor: Actor, task_id: int) -> list[dict[str, Any]]:
    """Measures linked to the task, a row per agency they are addressed to; an agency reads its own notes only."""
    statement = (
        select(
            measures.c.code,
            measures.c.text,
            measures.c.where,
            measure_agencies.c.progress,
            measure_agencies.c.updated_at,
            agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"),
        )
        .join(measure_tasks, measure_tasks.c.measure_id == measures.c.id)
        .join(measure_agencies, measure_agencies.c.measure_id == measures.c.id)
        .join(agencies, agencies.c.id == measure_agencies.c.agency_id)
        .where(measure_tasks.c.task_id == task_id)
        .order_by(measures.c.code, agencies.c.code)
    )
    if actor.role is Role.AGENCY:
        statement = statement.where(measure_agencies.c.agency_id == actor.agency_id)
    return [_with_agency(row) for row in connection.execute(statement)]


def _causes(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(causes.c.code, causes.c.text, causes.c.where)
        .join(cause_tasks, cause_tasks.c.cause_id == causes.c.id)
        .where(cause_tasks.c.task_id == task_id)
        .order_by(causes.c.code)
    )
    return [dict(row._mapping) for row in rows]


def _with_agency(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    agency = {"code": values.pop("agency_code"), "name": values.pop("agency_name")}
    return {**values, "agency": agency}
