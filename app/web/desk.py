"""Sở Nội vụ's desk: where everything stands in one look."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import agencies, audit, outbox, summaries, tasks
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.db import Connection
from app.telling import sentence
from app.text import alphabetical
from app.web.drawings import draw, trend_start
from app.web.visit import Signed

router = APIRouter(include_in_schema=False)

SOON = 7
"""Days ahead that the desk looks."""
SHOWN = 6
"""Of everything that waits, the first few; the rest is a link away."""


@router.get("/desk")
async def show_desk(visit: Signed) -> Response:
    visit.actor.require(Permission.TASK_STEER)
    frame = await visit.frame()
    found = await visit.read(gather, frame["assessment"]["code"])
    return visit.page("desk.html", **frame, **found)


def gather(connection: Connection, actor: Actor, assessment: str, *, now: datetime) -> dict[str, Any]:
    """Everything on the desk, of one moment; sums and short lists only, whatever the number of tasks."""
    standing = summaries.get_standing(connection, actor, assessment, now=now)
    summary = summaries.summarize(connection, actor, assessment, by="agency", now=now)
    soon = tasks.Filter(assessment=assessment, due_within=SOON, limit=SHOWN)
    history = summaries.get_history(connection, actor, assessment, since=trend_start(local_date(now)), now=now)
    page: dict[str, Any] = {"limit": SHOWN, "offset": 0, "now": now}
    return {
        "standing": standing,
        "marks": choose_marks(standing["benchmarks"]),
        "summary": summary,
        "late": late_agencies(summary["groups"]),
        "soon": tasks.list_tasks(connection, actor, soon, now=now),
        "waiting": tasks.list_waiting(connection, actor, assessment=assessment, **page),
        "requests": tasks.list_requests(
            connection, actor, state="open", assessment=assessment, oldest_first=True, **page
        ),
        "silent": _without_contacts(connection, actor, summary["groups"], now=now),
        "undelivered": outbox.count_undelivered(connection, actor, now=now),
        "latest": _latest(connection, actor, now=now),
        "charts": draw(standing, summary, history),
    }


def _latest(connection: Connection, actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    events = audit.list_events(connection, actor, audit.Filter(limit=SHOWN + 2), now=now)["items"]
    return [one | {"sentence": sentence(one)} for one in events]


def choose_marks(benchmarks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The highest class of the ranking, and the first mean given, which is the country's."""
    thresholds = [one for one in benchmarks if one["kind"] == "threshold"]
    means = [one for one in benchmarks if one["kind"] == "mean"]
    return sorted(thresholds, key=lambda one: -Decimal(one["score"]))[:1] + means[:1]


def late_agencies(groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those with overdue tasks, the most first; of equals the one with more points at stake."""
    late = [one for one in groups if one["overdue"]]
    return sorted(late, key=lambda one: (-one["overdue"], -Decimal(one["points_short"]), alphabetical(one["name"])))


def _without_contacts(
    connection: Connection, actor: Actor, groups: Sequence[Mapping[str, Any]], *, now: datetime
) -> list[dict[str, str]]:
    """Agencies that have tasks of this assessment and that no reminder reaches."""
    leading = {one["key"] for one in groups}
    found = agencies.list_without_contacts(connection, actor, now=now)
    return [one for one in found if one["code"] in leading]
