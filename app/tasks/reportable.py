"""The tasks an agency owes a report on, with rule and report: what a form for many tasks at once starts from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, select

from app import scope
from app.core import scoring, workflow
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.errors import Forbidden
from app.models import agencies, assessments, criteria, reports, tasks
from app.tasks.change import points_or_none
from app.tasks.read import has_figures
from app.tasks.report import TEXTS
from app.tasks.search import ROWS, SORTS, listed

_REPORTS: Final = (
    select(
        tasks.c.id,
        criteria.c.rule,
        *(reports.c[name] for name in (*TEXTS, "measurements", "declared")),
    )
    .join(assessments, assessments.c.id == tasks.c.assessment_id)
    .join(criteria, criteria.c.id == tasks.c.criterion_id)
    .outerjoin(reports, reports.c.task_id == tasks.c.id)
)


def list_reportable(connection: Connection, actor: Actor, assessment: str, *, now: datetime) -> dict[str, Any]:
    """Open tasks of one assessment (its code) that the actor's own agency leads and that wait for no review, the most
    urgent first. Three queries, however many there are.

    Each item is a task as it is listed, with `rule` (a `scoring.Rule`), `missing` (parts that the report still needs)
    and `report` (texts; `measurements` by input; `declared`, both None where nothing stands). Forbidden for accounts
    that work for no agency.
    """
    actor.require(Permission.TASK_REPORT)
    if actor.agency_id is None:
        raise Forbidden("Tài khoản của bạn không thuộc cơ quan nào nên không có nhiệm vụ phải báo cáo.")
    own = (
        assessments.c.code == assessment,
        tasks.c.agency_id == actor.agency_id,
        tasks.c.status.in_(sorted(workflow.REPORTABLE)),
        scope.visible_tasks(actor),
    )
    written = {row.id: row for row in connection.execute(_REPORTS.where(*own))}
    rows = connection.execute(ROWS.where(*own).order_by(*SORTS["due"]))
    today = local_date(now)
    agency = connection.execute(select(agencies.c.code, agencies.c.name).where(agencies.c.id == actor.agency_id)).one()
    return {
        "agency": {"code": agency.code, "name": agency.name},
        "items": [{**listed(tuple(row), today=today), **_with_report(row, written[row.id])} for row in rows],
    }


def _with_report(row: Any, written: Any) -> dict[str, Any]:
    texts = {name: getattr(written, name) or "" for name in TEXTS}
    scored, parts = has_figures(row.reported, written), cast(Mapping[str, Any], written._mapping)
    return {
        "rule": scoring.parse_rule(written.rule),
        "missing": workflow.missing_parts(parts, appraised=row.kind == "appraised", has_score=scored),
        "report": {**texts, "measurements": written.measurements, "declared": points_or_none(written.declared)},
    }
