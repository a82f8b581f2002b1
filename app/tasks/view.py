"""One task as a page shows it, all read at one moment, and the score that numbers would give before they are saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from app import evidence
from app.core import scoring
from app.core.access import Actor, Permission
from app.errors import InvalidInput, NotFound
from app.idents import named
from app.models import assessments, criteria, tasks
from app.scope import leads, visible_tasks
from app.tasks.change import UNKNOWN
from app.tasks.drafts import find_draft
from app.tasks.read import get_task, list_updates
from app.tasks.report import score_of

MOST_DOCUMENTS = 200


def open_task(connection: Connection, actor: Actor, ident: str, *, events: int, now: datetime) -> dict[str, Any]:
    """The task, its evidence, the newest `events` rows of its log, the actor's draft, and whether the actor's agency
    writes its report. Raises `NotFound` outside the actor's scope."""
    task = get_task(connection, actor, ident, now=now)
    code = task["code"]
    lead = connection.execute(_found(actor, code)).one().agency_id
    reports = actor.may(Permission.TASK_REPORT) and leads(actor, lead)
    return {
        "task": task,
        "reports": reports,
        "evidence": evidence.list_for_task(connection, actor, code, limit=MOST_DOCUMENTS, offset=0, now=now),
        "log": list_updates(connection, actor, code, limit=events, offset=0, newest_first=True, now=now),
        "draft": find_draft(connection, actor, code, now=now) if reports else None,
    }


class _Ruled(NamedTuple):
    """As much of a located task as scoring asks for."""

    rule: Mapping[str, Any]
    max: int


def preview_score(
    connection: Connection,
    actor: Actor,
    ident: str,
    measurements: Mapping[str, Any] | None,
    declared: str | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    """The score that these numbers would be reported with, by the code that reports it; nothing is written.

    `gain` is against the published score. Raises `NotFound`, `InvalidInput` when there is no number at all, and the
    problems of measurements and scores.
    """
    actor.require(Permission.TASK_READ)
    row = connection.execute(_found(actor, ident)).first()
    if row is None:
        raise NotFound(UNKNOWN)
    if not measurements and declared is None:
        raise InvalidInput("Hãy nhập số liệu hoặc điểm tự chấm.", field="measurements")
    ruled = _Ruled(row.rule, row.max)
    counts, points, score = score_of(ruled, measurements, declared)
    rule = scoring.parse_rule(row.rule)
    computed = counts is not None and points is None
    return {
        "score": scoring.format_points(score),
        "published": scoring.format_points(row.published),
        "gain": scoring.format_points(score - row.published),
        "max": scoring.format_points(row.max),
        "confidence": rule.confidence if computed else "declared",
        "derivation": scoring.derive(rule, row.max, counts or {}) if computed else None,
    }


def _found(actor: Actor, ident: str) -> Any:
    return (
        select(tasks.c.agency_id, tasks.c.max, tasks.c.published, criteria.c.rule)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .where(named(tasks, ident), visible_tasks(actor))
    )
