"""Everything the documents say, read from the domain in one transaction; nothing is worded here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from app import projections, scope, shares, summaries, tasks
from app.agencies import calendar_around, list_agencies, list_contacts
from app.assessments.read import find_assessment, get_assessment
from app.assessments.states import State, past_day, states_on
from app.core import workflow
from app.core.access import Actor, Permission
from app.core.workdays import ONE_DAY, day_end_exclusive, local_date
from app.errors import Conflict
from app.models import assessments
from app.models import tasks as task_table

MOST_TASKS: Final = 1_000
"""A document is read by people; ten thousand tasks belong into the workbook."""
REPLY_WORKDAYS: Final = 5
TEXTS: Final = ("reason", "progress", "remedy", "difficulties")
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Dossier:
    """One assessment on one day. `tasks` are in the order of their codes, `shares` in that of the report."""

    day: date
    assessment: Mapping[str, Any]
    issuer: Mapping[str, Any] | None
    """The coordinating agency; None where a province has none yet."""
    projection: Mapping[str, Any]
    by_agency: Mapping[str, Any]
    tasks: Sequence[Mapping[str, Any]]
    shares: Sequence[Mapping[str, Any]]
    history: Sequence[Mapping[str, Any]]
    contact: Mapping[str, Any] | None
    """Who answers questions at the coordinating agency, if the reader may know."""
    reply_by: date
    """The last day for an answer to a letter of `day` where the due date has passed: `REPLY_WORKDAYS` later."""


def gather_dossier(
    connection: Connection, actor: Actor, ident: str, *, as_of: date | None = None, now: datetime
) -> Dossier:
    """Everything of one assessment; `as_of`: its state at the end of that local day.

    Forbidden for agencies, which see only their own tasks; NotFound, InvalidInput for a day to come, and Conflict past
    `MOST_TASKS`.
    """
    actor.require(Permission.EXPECTED_READ_ALL)
    past = past_day(as_of, now=now)
    assessment = get_assessment(connection, actor, ident, now=now)
    code = assessment["code"]
    if len(assessment["criteria"]) > MOST_TASKS:
        raise Conflict(
            f"Kỳ đánh giá này có hơn {MOST_TASKS:,} nhiệm vụ, quá nhiều cho một văn bản. ".replace(",", ".")
            + "Hãy tải bảng tổng hợp Excel."
        )
    projection = projections.get_projection(connection, actor, code, as_of=as_of, now=now)
    issuer = _issuer(connection, actor, assessment["province"]["code"], now=now)
    return Dossier(
        day=past or local_date(now),
        assessment=assessment,
        issuer=issuer,
        projection=projection,
        by_agency=summaries.summarize(connection, actor, code, by="agency", as_of=as_of, now=now),
        tasks=_tasks(connection, actor, projection, past, now=now),
        shares=_shares(connection, actor, code, now=now),
        history=summaries.get_history(connection, actor, code, since=None, now=now)["items"],
        contact=_contact(connection, actor, issuer, now=now),
        reply_by=_reply_by(connection, past or local_date(now)),
    )


# Tasks with what their reports say


def _tasks(
    connection: Connection, actor: Actor, projection: Mapping[str, Any], past: date | None, *, now: datetime
) -> list[dict[str, Any]]:
    """Figures come from the projection, which knows the past; texts were not kept, so later ones are left out."""
    states = {} if past is None else _past_states(connection, actor, projection["assessment"], past)
    found = []
    for one in sorted(projection["criteria"], key=lambda one: (one["kind"], one["number"], one["code"])):
        task = tasks.get_task(connection, actor, one["code"], now=now)
        found.append(_described(one, task, states.get(one["code"]), past or local_date(now), past=past))
    return found


def _described(
    figures: Mapping[str, Any], task: Mapping[str, Any], state: State | None, day: date, *, past: date | None
) -> dict[str, Any]:
    due, percent = task["effective_due"], task["percent"]
    if state is not None:
        due, percent = date.fromisoformat(state["effective_due"]), state["percent"]
    report = task["report"]
    later = past is not None and report is not None and report["updated_at"] >= day_end_exclusive(past)
    texts = {name: "" if report is None or later else report[name] for name in TEXTS}
    return {
        **{name: task[name] for name in ("code", "criterion", "former_agency", "cooperating", "missing")},
        **{name: figures[name] for name in ("agency", "status", "max", "published", "floor", "expected", "ceiling")},
        **texts,
        "points_short": task["points_short"],
        "percent": percent,
        "due": due,
        "days_left": workflow.days_left(due, today=day),
        "overdue": workflow.is_overdue(figures["status"], due, today=day),
        "period": "" if report is None or later else report["period"],
        "written_later": later,
        "returned": _last_comment(task["reviews"], "returned"),
        "directions": [
            one["text"] for one in task["directions"] if past is None or one["at"] < day_end_exclusive(past)
        ],
    }


def _past_states(connection: Connection, actor: Actor, code: str, past: date) -> dict[str, State]:
    assessment = find_assessment(connection, actor, code)
    found = (
        select(task_table.c.id, task_table.c.code)
        .join(assessments, assessments.c.id == task_table.c.assessment_id)
        .where(task_table.c.assessment_id == assessment.id, scope.visible_tasks(actor))
    )
    states = states_on(connection, assessment.id, past)
    return {row.code: states[row.id] for row in connection.execute(found) if row.id in states}


def _last_comment(reviews: Iterable[Mapping[str, Any]], decision: str) -> str:
    found = [one["comment"] for one in reviews if one["decision"] == decision]
    return found[-1] if found else ""


# Around them


def _shares(connection: Connection, actor: Actor, code: str, *, now: datetime) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = shares.list_shares(connection, actor, assessment=code, limit=_PAGE, offset=len(found), now=now)
        found += page["items"]
        if len(found) >= page["total"] or not page["items"]:
            return found


def _issuer(connection: Connection, actor: Actor, province: str, *, now: datetime) -> Mapping[str, Any] | None:
    found = list_agencies(connection, actor, province=province, active=True, limit=1_000, offset=0, now=now)
    return next((one for one in found["items"] if one["coordinator"]), None)


def _contact(
    connection: Connection, actor: Actor, issuer: Mapping[str, Any] | None, *, now: datetime
) -> Mapping[str, Any] | None:
    if issuer is None or not actor.may(Permission.CONTACT_EDIT):
        return None
    found = list_contacts(connection, actor, agency=str(issuer["id"]), active=True, limit=20, offset=0, now=now)
    items: Sequence[Mapping[str, Any]] = found["items"]
    officers = [one for one in items if one["kind"] == "officer" and not one["absent"]]
    return next(iter(officers or items), None)


def _reply_by(connection: Connection, day: date) -> date:
    calendar = calendar_around(connection, day)
    for _ in range(REPLY_WORKDAYS):
        day = calendar.on_or_after(day + ONE_DAY)
    return day
