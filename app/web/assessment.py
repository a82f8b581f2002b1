"""Kỳ đánh giá: what was published, the mandate, when it reminds, days off, and where the report contradicts itself."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import agencies
from app.assessments.defaults import find_default
from app.assessments.read import change_assessment, get_assessment
from app.core.access import Permission
from app.core.scoring import format_points, parse_points
from app.errors import InvalidInput, Problem
from app.idents import read_count
from app.reports.tables.columns import KINDS
from app.telling import POLICY
from app.web import defaults
from app.web.contradictions import check_words
from app.web.forms import Sent
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 100
NUMBERS = ("overdue_every", "escalate_coordinator_from", "escalate_leadership_from", "review_wait_workdays")
TIMES = ("send_at", "send_until")
CONFIDENCE = {
    "cited": "theo văn bản của Bộ Nội vụ",
    "reproduces": "khớp số công bố, chưa được xác nhận",
    "declared": "chưa có công thức; cơ quan đề xuất điểm",
}
BENCHMARKS = {"threshold": "Ngưỡng", "mean": "Trung bình", "province": "Tỉnh khác", "self": "Chính tỉnh này"}
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@router.get("/assessment")
async def show_assessment(visit: Signed) -> Response:
    return await _page(visit)


@router.post("/assessment/{code}/mandate")
async def save_mandate(visit: Signed, code: str) -> Response:
    visit.actor.require(Permission.ASSESSMENT_EDIT)
    """`act` remove takes the mandate away."""
    removes = visit.sent.text("act") == "remove"
    try:
        mandate = None if removes else _mandate(visit.sent)
        await _change(visit, code, {"mandate": mandate})
    except Problem as problem:
        return await _page(visit, problem, code=code)
    return visit.to("/assessment", "mandate-removed" if removes else "mandate-saved", assessment=code)


@router.post("/assessment/{code}/policy")
async def save_policy(visit: Signed, code: str) -> Response:
    visit.actor.require(Permission.ASSESSMENT_EDIT)
    try:
        await _change(visit, code, {"reminder_policy": _policy(visit.sent)})
    except Problem as problem:
        return await _page(visit, problem, code=code)
    return visit.to("/assessment", "policy-saved", assessment=code)


@router.post("/assessment/holidays")
async def set_day(visit: Signed) -> Response:
    visit.actor.require(Permission.CALENDAR_EDIT)
    sent = visit.sent
    try:
        day = _day(sent)
        working = sent.text("working") == "1"
        await visit.write(agencies.set_holiday, day, working=working, note=sent.text("note"))
    except Problem as problem:
        return await _page(visit, problem)
    return visit.to("/assessment", "holiday-set", year=day.year)


@router.post("/assessment/holidays/clear")
async def clear_day(visit: Signed) -> Response:
    visit.actor.require(Permission.CALENDAR_EDIT)
    try:
        day = _day(visit.sent)
        await visit.write(agencies.clear_holiday, day)
    except Problem as problem:
        return await _page(visit, problem)
    return visit.to("/assessment", "holiday-cleared", year=day.year)


# What a form brought


async def _change(visit: Visit, code: str, changes: Mapping[str, Any]) -> None:
    version = visit.sent.whole("version", "Phiên bản")
    await visit.write(change_assessment, code, changes, version=version)


def _mandate(sent: Sent) -> dict[str, Any]:
    day = sent.day("mandate.date", "Ngày ban hành")
    if day is None:
        raise InvalidInput("Hãy ghi ngày ban hành văn bản, ví dụ 25/04/2025.", field="mandate.date")
    return {"number": sent.text("mandate.number"), "date": day}


def _policy(sent: Sent) -> dict[str, Any]:
    """As `parse_policy` reads it; what is no number at all is refused here, everything else there."""
    return {
        "before_days": _days(sent.text("reminder_policy.before_days")),
        **{name: _number(sent, name) for name in NUMBERS},
        **{name: sent.text(f"reminder_policy.{name}").zfill(5) for name in TIMES},
    }


def _days(text: str) -> list[int]:
    parts = re.split(r"[\s,;]+", text.strip(" ,;")) if text.strip(" ,;") else []
    days = [read_count(part) for part in parts]
    if None in days:
        raise InvalidInput(
            "Các mốc nhắc trước hạn là những số ngày cách nhau bằng dấu phẩy, ví dụ 30, 14, 7, 3, 1.",
            field="reminder_policy.before_days",
        )
    return [day for day in days if day is not None]


def _number(sent: Sent, name: str) -> int:
    field = f"reminder_policy.{name}"
    number = sent.whole(field, POLICY[name])
    if number is None:
        raise InvalidInput(f"Hãy ghi một số: {POLICY[name]}.", field=field)
    return number


def _day(sent: Sent) -> date:
    day = sent.day("day", "Ngày")
    if day is None:
        raise InvalidInput("Hãy ghi ngày cần điều chỉnh, ví dụ 02/01/2026.", field="day")
    return day


# The page


async def _page(visit: Visit, problem: Problem | None = None, *, code: str | None = None) -> Response:
    frame = await visit.frame()
    if code is not None:
        frame["assessment"] = next((one for one in frame["assessments"] if one["code"] == code), frame["assessment"])
    shown = await visit.read(get_assessment, frame["assessment"]["code"])
    default = await visit.read(find_default)
    year = _year(visit)
    may = visit.actor.may
    return visit.page(
        "assessment.html",
        problem=problem,
        **frame,
        shown=shown,
        default=default,
        default_title=defaults.title(default) if default else "",
        why=defaults.WHY[default.why] if default else "",
        criteria=_criteria(visit, shown["criteria"]),
        short=format_points(sum(parse_points(one["points_short"]) for one in shown["criteria"])),
        policy=shown_policy(shown["reminder_policy"]),
        POLICY=POLICY,
        NUMBERS=NUMBERS,
        sent=visit.sent,
        year=year,
        holidays=(await visit.read(agencies.list_holidays, year))["items"],
        weekday=lambda day: WEEKDAYS[day.weekday()],
        may_edit=may(Permission.ASSESSMENT_EDIT),
        may_calendar=may(Permission.CALENDAR_EDIT),
        sees_tasks=may(Permission.EXPECTED_READ_ALL),
        check_words=check_words,
        KINDS=KINDS,
        CONFIDENCE=CONFIDENCE,
        BENCHMARKS=BENCHMARKS,
    )


def _year(visit: Visit) -> int:
    """The year whose days off are shown: that of the day just typed, else the one asked for, else this one."""
    typed = visit.sent.text("day")[-4:]
    asked = typed or visit.request.query_params.get("year", "")
    year = read_count(asked) or 0
    return year if agencies.FIRST_YEAR <= year <= agencies.LAST_YEAR else visit.today.year


def _criteria(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A page of them: an assessment may have thousands."""
    offset = visit.offset
    return {"items": rows[offset : offset + PER_PAGE], "total": len(rows), "limit": PER_PAGE, "offset": offset}


def shown_policy(policy: Mapping[str, Any]) -> dict[str, str]:
    """As it stands in the form."""
    days = ", ".join(str(day) for day in policy["before_days"])
    return {"before_days": days, **{name: str(policy[name]) for name in (*NUMBERS, *TIMES)}}
