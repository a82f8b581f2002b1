"""An agency's work in one look: how much there is, and for each task what is still missing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, select, true

from app.assessments.read import find_assessment
from app.core import workflow
from app.core.access import Actor, Permission, Role
from app.core.scoring import format_points
from app.core.workdays import local_date
from app.models import (
    agencies,
    assessments,
    drafts,
    evidence,
    evidence_tasks,
    extension_requests,
    reports,
    reviews,
    tasks,
)
from app.scope import visible_tasks
from app.tasks.read import has_figures
from app.tasks.search import Filter, list_tasks

SOON_DAYS: Final = 7


def list_work(connection: Connection, actor: Actor, wanted: Filter, *, now: datetime) -> dict[str, Any]:
    """As `list_tasks`, each task with what its report lacks and what else bears on it: one more query a page.

    `mine`: the actor's agency leads it. `ready`: the report can be handed in as it is saved. `drafted_at`: the actor
    typed something that is not saved. `returned`: why the last report was returned.
    """
    page = list_tasks(connection, actor, wanted, now=now)
    told = _told(connection, actor, [task["code"] for task in page["items"]])
    return page | {"items": [task | told[task["code"]] for task in page["items"]]}


def _told(connection: Connection, actor: Actor, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    last_comment = (
        select(reviews.c.comment).where(reviews.c.task_id == tasks.c.id).order_by(reviews.c.id.desc()).limit(1)
    )
    asked = exists().where(extension_requests.c.task_id == tasks.c.id, extension_requests.c.state == "open")
    documents = (
        select(func.count())
        .join(evidence, evidence.c.id == evidence_tasks.c.evidence_id)
        .where(evidence_tasks.c.task_id == tasks.c.id, evidence.c.withdrawn_at.is_(None))
    )
    rows = connection.execute(
        select(
            tasks.c.code,
            tasks.c.status,
            tasks.c.kind,
            tasks.c.reported,
            (tasks.c.agency_id == actor.agency_id).label("mine") if actor.agency_id else literal(False).label("mine"),
            *(reports.c[name] for name in (*workflow.PARTS, "measurements", "declared")),
            drafts.c.updated_at.label("drafted_at"),
            asked.label("asked"),
            documents.scalar_subquery().label("documents"),
            last_comment.scalar_subquery().label("comment"),
        )
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .outerjoin(reports, reports.c.task_id == tasks.c.id)
        .outerjoin(drafts, and_(drafts.c.task_id == tasks.c.id, drafts.c.account_id == actor.account_id))
        .where(tasks.c.code.in_(codes), visible_tasks(actor))
    )
    return {row.code: _standing(row) for row in rows}


def _standing(row: Any) -> dict[str, Any]:
    owed = row.status in workflow.REPORTABLE
    scored = has_figures(row.reported, row)
    missing = workflow.missing_parts(row._mapping, appraised=row.kind == "appraised", has_score=scored) if owed else []
    return {
        "missing": missing,
        "mine": bool(row.mine),
        # A returned report must first be completed; what is typed and not saved would be left behind.
        "ready": owed and not missing and row.status != "returned" and row.drafted_at is None,
        "drafted_at": row.drafted_at,
        "asked": bool(row.asked),
        "documents": row.documents,
        "returned": (row.comment or "") if row.status == "returned" else None,
    }


def count_work(connection: Connection, actor: Actor, assessment: str, *, now: datetime) -> dict[str, Any]:
    """Counts and points of what the actor's agency leads in an assessment; for other roles of all it may see.

    `points`: short of the maximum in open tasks. `soon`: owed and due within `SOON_DAYS` days.
    """
    actor.require(Permission.TASK_READ)
    found = find_assessment(connection, actor, assessment)
    today = local_date(now)
    own = tasks.c.agency_id == actor.agency_id if actor.role is Role.AGENCY else true()
    owed, late = tasks.c.status.in_(sorted(workflow.REPORTABLE)), tasks.c.effective_due <= today
    close = and_(~late, tasks.c.effective_due <= today + timedelta(days=SOON_DAYS))
    is_open = tasks.c.status.in_(sorted(workflow.OPEN))
    row = connection.execute(
        select(
            _sum(own).label("led"),
            _sum(~own).label("cooperating"),
            _sum(own, is_open).label("open"),
            _sum(own, owed, late).label("overdue"),
            _sum(own, owed, close).label("soon"),
            _sum(own, tasks.c.status == "submitted").label("waiting"),
            _sum(own, tasks.c.status == "returned").label("returned"),
            _sum(own, is_open, value=tasks.c.max - tasks.c.published).label("points"),
            _sum(own, value=tasks.c.expected - tasks.c.published).label("expected_gain"),
            _sum(own, value=tasks.c.floor - tasks.c.published).label("verified_gain"),
            select(agencies.c.code).where(agencies.c.id == actor.agency_id).scalar_subquery().label("agency"),
        )
        .select_from(tasks)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(assessments.c.id == found.id, visible_tasks(actor))
    ).one()
    points = ("points", "expected_gain", "verified_gain")
    return row._asdict() | {name: format_points(getattr(row, name)) for name in points}


def _sum(*conditions: ColumnElement[bool], value: Any = 1) -> ColumnElement[int]:
    total: ColumnElement[int] = func.coalesce(func.sum(case((and_(*conditions), value), else_=0)), 0)
    return total
