"""Charts as images: what the page they stand on may show, drawn away from the requests that are being served."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Final

import structlog
from fastapi import APIRouter
from starlette.responses import Response

from app import projections, summaries
from app.errors import NotFound
from app.reports.charts import (
    NARROW,
    WIDE,
    Chart,
    agencies_chart,
    as_svg,
    fields_chart,
    total_chart,
    trend_chart,
)
from app.reports.charts.rendering import DrawingFailed, fingerprint
from app.web.drawings import trend_start
from app.web.forms import parse_day
from app.web.visit import Signed, Visit

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Vary": "Cookie",
}
_hands: Final = ThreadPoolExecutor(2, thread_name_prefix="chart")
"""Whoever asks for more at once waits, without holding a thread that others need."""


@router.get("/charts/{name}.svg")
async def get_chart(visit: Signed, name: str) -> Response:
    """`assessment`, `as_of` (a past day) and `narrow` (for a phone) come with the address."""
    if name not in MAKERS:
        raise NotFound("Không có biểu đồ này.")
    chart = await MAKERS[name](visit, await _assessment(visit), wanted_day(visit), _width(visit))
    tag = f'"{fingerprint(chart)}"'
    if visit.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**HEADERS, "ETag": tag})
    return await _drawn(chart, tag)


async def _drawn(chart: Chart, tag: str) -> Response:
    """The words beside the picture and the table behind it stay when it cannot be drawn."""
    try:
        svg = await asyncio.get_running_loop().run_in_executor(_hands, as_svg, chart)
    except DrawingFailed as problem:
        log.error("chart not drawn", chart=chart.title, problem=str(problem))
        return Response("Chưa vẽ được biểu đồ.", 503, media_type="text/plain; charset=utf-8")
    return Response(svg, media_type="image/svg+xml; charset=utf-8", headers={**HEADERS, "ETag": tag})


async def _assessment(visit: Visit) -> str:
    frame = await visit.frame()
    code: str = frame["assessment"]["code"]
    return code


def wanted_day(visit: Visit) -> date | None:
    """The past day that the address asks for; None for now."""
    return parse_day(visit.request.query_params.get("as_of", ""), field="as_of", label="Ngày")


def _width(visit: Visit) -> int:
    return NARROW if visit.request.query_params.get("narrow") else WIDE


async def _total(visit: Visit, assessment: str, day: date | None, width: int) -> Chart:
    return total_chart(await _standing(visit, assessment, day), width=width)


async def _fields(visit: Visit, assessment: str, day: date | None, width: int) -> Chart:
    return fields_chart(await _standing(visit, assessment, day), width=width)


async def _standing(visit: Visit, assessment: str, day: date | None) -> dict[str, Any]:
    """Today's sums are at hand; a past day is rebuilt."""
    if day is None or day == visit.today:
        found: dict[str, Any] = await visit.read(summaries.get_standing, assessment)
    else:
        found = await visit.read(projections.get_projection, assessment, as_of=day)
    return found


async def _agencies(visit: Visit, assessment: str, day: date | None, width: int) -> Chart:
    return agencies_chart(await visit.read(summaries.summarize, assessment, by="agency", as_of=day), width=width)


async def _trend(visit: Visit, assessment: str, day: date | None, width: int) -> Chart:
    since = trend_start(visit.today if day is None else day)
    return trend_chart(until(await visit.read(summaries.get_history, assessment, since=since), day), width=width)


def until(history: Mapping[str, Any], day: date | None) -> dict[str, Any]:
    """The history as it was read on that day."""
    return {**history, "items": [one for one in history["items"] if day is None or one["day"] <= day]}


Maker = Callable[[Visit, str, date | None, int], Awaitable[Chart]]
MAKERS: Final[Mapping[str, Maker]] = {"total": _total, "fields": _fields, "agencies": _agencies, "trend": _trend}
