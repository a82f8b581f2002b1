"""What the leadership looks at across tasks: the latest directions, and acceptances that no second pair of eyes saw."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from app import scope
from app.core.access import Actor, Permission
from app.models import accounts, agencies, assessments, criteria, directions, reviews, tasks
from app.tasks.change import points_or_none

_OF_TASK = (tasks.c.code, tasks.c.status, criteria.c.name, agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"), accounts.c.display_name.label("by"))  # fmt: skip
_latest = reviews.alias("later_review")
_LATEST = select(func.max(_latest.c.id)).where(_latest.c.task_id == tasks.c.id).correlate(tasks).scalar_subquery()


def list_directions(
    connection: Connection, actor: Actor, *, assessment: str, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """The latest directions on visible tasks of an assessment (its code), the newest first."""
    actor.require(Permission.TASK_READ)
    columns = (directions.c.id, directions.c.text, directions.c.at, directions.c.on_behalf_of)
    found = _of_tasks(select(*columns, *_OF_TASK), directions, actor, assessment)
    return [_item(row) for row in connection.execute(found.order_by(directions.c.id.desc()).limit(limit))]


def list_self_reviews(
    connection: Connection, actor: Actor, *, assessment: str, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """Visible tasks of an assessment (its code) that stand accepted by the very agency that leads them, the newest
    first."""
    actor.require(Permission.TASK_READ)
    columns = (reviews.c.at, reviews.c.verified, reviews.c.comment, tasks.c.published)
    found = _of_tasks(select(*columns, *_OF_TASK), reviews, actor, assessment).where(
        reviews.c.id == _LATEST,
        reviews.c.self_reviewed.is_(True),
        reviews.c.decision == "accepted",
        tasks.c.status == "accepted",
    )
    rows = connection.execute(found.order_by(reviews.c.id.desc()).limit(limit))
    return [
        _item(row) | {"verified": points_or_none(row.verified), "published": points_or_none(row.published)}
        for row in rows
    ]


def _of_tasks(statement: Select[Any], noted: Any, actor: Actor, assessment: str) -> Select[Any]:
    """`noted`: directions or reviews, with the task, criterion, agency and account that they belong to."""
    return (
        statement.select_from(noted)
        .join(tasks, tasks.c.id == noted.c.task_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .join(agencies, agencies.c.id == tasks.c.agency_id)
        .join(accounts, accounts.c.id == noted.c.account_id)
        .where(assessments.c.code == assessment, scope.visible_tasks(actor))
    )


def _item(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    agency = {"code": values.pop("agency_code"), "name": values.pop("agency_name")}
    return values | {"agency": agency}
