"""The list of tasks: an agency's own, the most urgent and valuable first; for others the same to look through."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from app import tasks
from app.agencies import list_agencies
from app.api.errors import describe
from app.core import workflow
from app.core.access import Permission, Role
from app.errors import InvalidInput, Problem
from app.idents import read_count
from app.text import by_name, compose
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 50
MOST_AT_ONCE = 200
SORTS = {
    "urgent": "Gấp nhất trước",
    "due": "Hạn gần trước",
    "-points": "Nhiều điểm trước",
    "code": "Theo mã",
    "-updated": "Mới cập nhật trước",
}
KINDS = {"appraised": "Tự chấm", "survey": "Điều tra xã hội học"}


@router.get("/tasks")
async def list_tasks(visit: Signed) -> Response:
    return await _show(visit)


@router.post("/tasks")
async def submit_tasks(visit: Signed) -> Response:
    """Hand in the ticked reports as they are saved; each stands for itself, and what was refused says why."""
    visit.actor.require(Permission.TASK_REPORT)
    try:
        items = _ticked(visit)
    except Problem as problem:
        return await _show(visit, problem=problem)
    done = await visit.write(tasks.record_updates, items, describe=_told)
    return await _show(visit, results=done)


def _ticked(visit: Visit) -> list[tuple[str, int, tasks.Update]]:
    """Each box says "CODE:VERSION", so that only what was seen is handed in."""
    officer = visit.sent.optional("on_behalf_of")
    if len(officer or "") > 500:
        raise InvalidInput("Tên người ký quá dài.", field="on_behalf_of")
    given = [one.rpartition(":") for one in dict.fromkeys(visit.sent.many("task"))]
    versions = [(code, read_count(number, digits=9)) for code, _, number in given if code]
    ticked = [(code, version) for code, version in versions if version is not None]
    if not 1 <= len(ticked) <= MOST_AT_ONCE:
        raise InvalidInput("Hãy đánh dấu ít nhất một báo cáo đã đủ nội dung để nộp.", field="task")
    return [(code, version, tasks.Update(status="submitted", on_behalf_of=officer)) for code, version in ticked]


def _told(problem: Problem, code: str) -> dict[str, Any]:
    if problem.slug == "stale-version":
        return {"detail": "Nhiệm vụ vừa được thay đổi. Hãy mở ra xem lại rồi nộp."}
    return describe(problem, code)


async def _show(visit: Visit, *, problem: Problem | None = None, results: Mapping[str, Any] | None = None) -> Response:
    frame = await visit.frame()
    assessment = frame["assessment"]["code"]
    counts = await visit.read(tasks.count_work, assessment)
    wanted = own_first(visit, wanted_tasks(visit, assessment), counts)
    found = await visit.read(tasks.list_work, wanted)
    submits = visit.actor.may(Permission.TASK_REPORT) and not visit.actor.drafts_only
    return visit.page(
        "tasks.html",
        **frame,
        problem=problem,
        found=found,
        wanted=wanted,
        counts=counts,
        results=results,
        agencies=await _choices(visit, counts),
        filtered=_is_filtered(wanted, counts),
        ready=[one["code"] for one in found["items"] if submits and one["mine"] and one["ready"]],
        steerable=_steerable(visit, found["items"]),
        csv=_csv(wanted),
        SORTS=SORTS,
        KINDS=KINDS,
    )


async def _choices(visit: Visit, counts: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Whose tasks one may look for. An agency: what it leads, or also what it cooperates in."""
    if visit.actor.role is Role.AGENCY:
        return [(counts["agency"], f"Phụ trách ({counts['led']})"), ("", f"Cả phối hợp ({_all(counts)})")]
    listed = (await visit.read(list_agencies, limit=200, offset=0))["items"]
    return [("", "Tất cả"), *((one["code"], one["name"]) for one in by_name(listed))]


def _all(counts: Mapping[str, Any]) -> int:
    return int(counts["led"] + counts["cooperating"])


def own_first(visit: Visit, wanted: tasks.Filter, counts: Mapping[str, Any]) -> tasks.Filter:
    """An agency that leads anything sees just that, unless it asks for what it cooperates in too."""
    asked = "agency" in visit.request.query_params
    if visit.actor.role is not Role.AGENCY or asked or not counts["led"]:
        return wanted
    return replace(wanted, agency=counts["agency"])


def _steerable(visit: Visit, shown: Sequence[Mapping[str, Any]]) -> str:
    """The query of the page that changes many due dates at once, with the open tasks shown; empty for none."""
    may = visit.actor.may(Permission.TASK_STEER)
    return urlencode([("task", one["code"]) for one in shown if may and one["status"] in workflow.OPEN])


def _is_filtered(wanted: tasks.Filter, counts: Mapping[str, Any]) -> bool:
    agency = wanted.agency not in (None, counts["agency"])
    return bool(wanted.q or wanted.statuses or wanted.kind or wanted.field_number or wanted.overdue or agency)


def _csv(wanted: tasks.Filter) -> str:
    """The address of the same rows as a file."""
    asked = {
        "assessment": wanted.assessment,
        "agency": wanted.agency,
        "status": wanted.statuses[0] if wanted.statuses else None,
        "field": wanted.field_number,
        "kind": wanted.kind,
        "overdue": "1" if wanted.overdue else None,
        "q": wanted.q,
        "sort": wanted.sort,
    }
    return f"/csv/tasks?{urlencode({name: value for name, value in asked.items() if value is not None})}"


def wanted_tasks(visit: Visit, assessment: str, limit: int = PER_PAGE) -> tasks.Filter:
    """The filter that the address asks for; what is misspelt in it counts as not asked for."""
    query = visit.request.query_params
    status, field = query.get("status", ""), query.get("field", "")
    sort = query.get("sort", "urgent")
    return tasks.Filter(
        assessment=assessment,
        agency=compose(query.get("agency", "")) or None,
        statuses=(status,) if status in workflow.LABELS else (),
        field_number=read_count(field, digits=2),
        kind=query.get("kind") if query.get("kind") in KINDS else None,
        overdue=True if query.get("overdue") else None,
        q=compose(query.get("q", "")[:200]) or None,
        sort=sort if sort in SORTS else "urgent",
        limit=limit,
        offset=visit.offset,
    )
