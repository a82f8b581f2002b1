"""Reports that wait for their review: who handed in what, how long ago, who may decide; and what a decision moved."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from app import scope
from app.agencies import work_calendar
from app.core import scoring
from app.core.access import Actor, Permission
from app.core.reminding import parse_policy
from app.core.workdays import Calendar, local_date
from app.errors import Problem
from app.idents import named
from app.models import (
    accounts,
    agencies,
    assessments,
    criteria,
    events,
    evidence,
    evidence_tasks,
    reports,
    submissions,
    tasks,
)
from app.tasks.change import points_or_none

_DOCUMENTS = (
    select(func.count())
    .select_from(evidence_tasks.join(evidence, evidence.c.id == evidence_tasks.c.evidence_id))
    .where(evidence_tasks.c.task_id == tasks.c.id, evidence.c.withdrawn_at.is_(None))
    .correlate(tasks)
    .scalar_subquery()
)
_handed_in = and_(submissions.c.task_id == tasks.c.id, submissions.c.number == tasks.c.submissions)
_ROWS = (
    select(
        tasks.c.code,
        tasks.c.kind,
        tasks.c.agency_id,
        tasks.c.submitted_at,
        tasks.c.submitted_by,
        tasks.c.submissions,
        tasks.c.max,
        tasks.c.published,
        tasks.c.reported,
        criteria.c.name,
        criteria.c.rule,
        assessments.c.reminder_policy,
        agencies.c.code.label("agency_code"),
        agencies.c.name.label("agency_name"),
        agencies.c.is_coordinator,
        submissions.c.on_time,
        submissions.c.on_behalf_of,
        accounts.c.display_name.label("by"),
        reports.c.account_id.label("report_author"),
        reports.c.measurements,
        _DOCUMENTS.label("documents"),
    )
    .join(assessments, assessments.c.id == tasks.c.assessment_id)
    .join(criteria, criteria.c.id == tasks.c.criterion_id)
    .join(agencies, agencies.c.id == tasks.c.agency_id)
    .join(submissions, _handed_in)
    .outerjoin(reports, reports.c.task_id == tasks.c.id)
    .outerjoin(accounts, accounts.c.id == tasks.c.submitted_by)
    .where(tasks.c.submitted_at.is_not(None))
)
DECISIONS = ("task.accepted", "task.continued", "task.returned")


def list_waiting(
    connection: Connection,
    actor: Actor,
    *,
    assessment: str | None = None,
    agency: str | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """Visible reports that wait for a decision, the longest waiting first.

    `waited_workdays`: working days since the day of the submission; `long`: more than the assessment's reminder policy
    lets pass. `yours`: the caller wrote or submitted it and so may not review it. `self_review`: it is the
    coordinator's own task, so its review will be marked.
    """
    actor.require(Permission.TASK_READ)
    wanted = [scope.visible_tasks(actor)]
    wanted += [] if assessment is None else [assessments.c.code == assessment]
    wanted += [] if agency is None else [agencies.c.code == agency]
    statement = _ROWS.where(*wanted)
    total = connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    page = statement.order_by(tasks.c.submitted_at, tasks.c.id).limit(limit).offset(offset)
    items = _told(connection, actor, connection.execute(page).all(), now=now)
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def find_waiting(connection: Connection, actor: Actor, task_id: int, *, now: datetime) -> dict[str, Any] | None:
    """The report of one task as `list_waiting` tells it, with `derivation`: how its score comes about, where a rule
    computes it."""
    rows = connection.execute(_ROWS.where(tasks.c.id == task_id)).all()
    found = _told(connection, actor, rows, now=now)
    return found[0] | {"derivation": _derivation(rows[0])} if found else None


def find_decision(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any] | None:
    """The latest decision on a visible task's reports and what it moved: `floor`, `expected` and `ceiling` as signed
    ten-thousandths of a point. None where nothing was decided yet."""
    actor.require(Permission.TASK_READ)
    row = connection.execute(
        select(
            tasks.c.code, criteria.c.name, tasks.c.kind, events.c.action, events.c.at, events.c.before, events.c.after
        )
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .join(events, and_(events.c.entity == "task", events.c.entity_id == tasks.c.id))
        .where(named(tasks, ident), scope.visible_tasks(actor), events.c.action.in_(DECISIONS))
        .order_by(events.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "decision": row.action.removeprefix("task."),
        "at": row.at,
        "moved": {name: _moved(row, name) for name in ("floor", "expected", "ceiling")},
    }


def _moved(row: Any, name: str) -> int:
    """An event holds a figure only where it changed."""
    return int(row.after[name] - row.before[name]) if name in row.after and name in row.before else 0


def _told(connection: Connection, actor: Actor, rows: Sequence[Any], *, now: datetime) -> list[dict[str, Any]]:
    calendar = _calendar(connection, rows, now=now)
    return [_item(actor, row, calendar, now=now) for row in rows]


def _calendar(connection: Connection, rows: Iterable[Any], *, now: datetime) -> Calendar:
    this_year = local_date(now).year
    first = min((local_date(row.submitted_at).year for row in rows), default=this_year)
    return work_calendar(connection, years=range(first, this_year + 1))


def _item(actor: Actor, row: Any, calendar: Calendar, *, now: datetime) -> dict[str, Any]:
    waited = calendar.workdays_between(local_date(row.submitted_at), local_date(now))
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "agency": {"code": row.agency_code, "name": row.agency_name},
        "submitted_at": row.submitted_at,
        "by": row.by,
        "on_behalf_of": row.on_behalf_of,
        "submissions": row.submissions,
        "on_time": row.on_time,
        "waited_workdays": waited,
        "long": waited > parse_policy(row.reminder_policy).review_wait_workdays,
        "max": scoring.format_points(row.max),
        "published": scoring.format_points(row.published),
        "reported": points_or_none(row.reported),
        "documents": row.documents,
        "self_review": row.is_coordinator,
        "yours": actor.account_id is not None and actor.account_id in (row.submitted_by, row.report_author),
    }


def _derivation(row: Any) -> str | None:
    rule = scoring.parse_rule(row.rule)
    if not rule.executable or not row.measurements:
        return None
    try:
        return scoring.derive(rule, row.max, row.measurements)
    except Problem:  # outside the domain in which the rule was observed: the score was declared
        return None
