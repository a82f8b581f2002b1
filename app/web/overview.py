"""The leadership's page: where the province stands, in a minute."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from app import projections, summaries, tasks
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.db import Connection
from app.web.desk import choose_marks
from app.web.drawings import draw, trend_start
from app.web.next_best import next_points
from app.web.visit import Signed

router = APIRouter(include_in_schema=False)

SHOWN: Final = 5
"""Of late tasks, directions and next points: what can be read in a minute; the rest is a link away."""
WEEK: Final = timedelta(days=7)


@router.get("/overview")
async def show_overview(visit: Signed) -> Response:
    frame = await visit.frame()
    found = await visit.read(gather, frame["assessment"]["code"])
    directs = visit.actor.may(Permission.DIRECTION_GIVE)
    return visit.page("overview.html", **frame, **found, directs=directs, sees_all=sees_all(visit.actor))


def sees_all(actor: Actor) -> bool:
    return actor.may(Permission.EXPECTED_READ_ALL)


def gather(connection: Connection, actor: Actor, assessment: str, *, now: datetime) -> dict[str, Any]:
    """Everything on the page, of one moment; sums and short lists only, whatever the number of tasks."""
    standing = summaries.get_standing(connection, actor, assessment, now=now)
    summary = summaries.summarize(connection, actor, assessment, by="agency", now=now)
    history = summaries.get_history(connection, actor, assessment, since=trend_start(local_date(now)), now=now)
    best = projections.find_next_best(connection, actor, assessment, limit=SHOWN, now=now)
    late = tasks.Filter(assessment=assessment, overdue=True, sort="-points", limit=SHOWN)
    noted: dict[str, Any] = {"assessment": assessment, "limit": SHOWN, "now": now}
    return {
        "standing": standing,
        "marks": choose_marks(standing["benchmarks"]),
        "gap": gap_parts(standing),
        "summary": summary,
        "late": tasks.list_tasks(connection, actor, late, now=now),
        "next_points": next_points(best),
        "week": moved_within(history["items"], WEEK),
        "directions": tasks.list_directions(connection, actor, **noted),
        "self_reviews": tasks.list_self_reviews(connection, actor, **noted),
        "charts": draw(standing, summary, history),
    }


def gap_parts(standing: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the published score lacks in three parts, each with its share and what of it is on the way (None where the
    reader may not see all of it)."""
    published, expected = (standing["gap_by_figure"][figure] for figure in ("published", "expected"))
    whole = sum(Decimal(points) for points in published.values())
    return [
        {
            "label": label,
            "points": published[part],
            "share": Decimal(published[part]) / whole if whole else Decimal(0),
            "coming": None if expected[part] is None else _less(published[part], expected[part]),
        }
        for part, label in PARTS.items()
    ]


PARTS: Final[Mapping[str, str]] = {
    "controllable": "Chủ động được (tự chấm, thẩm định)",
    "socio_economic": "Tác động đến phát triển kinh tế - xã hội",
    "survey": "Điều tra xã hội học (đổi theo kỳ khảo sát sau)",
}


def moved_within(items: Sequence[Mapping[str, Any]], span: timedelta) -> dict[str, str] | None:
    """What floor and expected gained since that long ago; None where nothing is known of that day."""
    if not items:
        return None
    last = items[-1]
    before = [one for one in items if one["day"] <= last["day"] - span]
    if not before:
        return None
    figures = (name for name in ("floor", "expected") if last[name] is not None and before[-1][name] is not None)
    return {name: _less(last[name], before[-1][name]) for name in figures}


def _less(left: str, right: str) -> str:
    return f"{Decimal(left) - Decimal(right):.4f}"
