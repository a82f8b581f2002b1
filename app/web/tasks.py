"""Nhiệm vụ: the list, most urgent and most valuable first."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import tasks
from app.agencies import list_agencies
from app.core import workflow
from app.core.access import Role
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 50
SORTS = {
    "due": "Hạn gần nhất trước",
    "-points": "Nhiều điểm nhất trước",
    "code": "Theo mã",
    "-updated": "Mới cập nhật trước",
}


@router.get("/tasks")
async def list_tasks(visit: Signed) -> Response:
    frame = await visit.frame()
    wanted = wanted_tasks(visit, frame["assessment"]["code"])
    found = await visit.read(tasks.list_tasks, wanted)
    agencies: list[Any] = []
    if visit.actor.role is not Role.AGENCY:
        agencies = (await visit.read(list_agencies, limit=200, offset=0))["items"]
    return visit.page("tasks.html", **frame, found=found, wanted=wanted, agencies=agencies, SORTS=SORTS)


def wanted_tasks(visit: Visit, assessment: str, limit: int = PER_PAGE) -> tasks.Filter:
    """The filter that the address asks for; what is misspelt in it counts as not asked for."""
    query = visit.request.query_params
    status, field, offset = query.get("status", ""), query.get("field", ""), query.get("offset", "")
    sort = query.get("sort", "due")
    return tasks.Filter(
        assessment=assessment,
        agency=query.get("agency") or None,
        statuses=(status,) if status in workflow.LABELS else (),
        field_number=int(field) if field.isdigit() and len(field) < 3 else None,
        kind=query.get("kind") if query.get("kind") in ("appraised", "survey") else None,
        overdue=True if query.get("overdue") else None,
        q=query.get("q", "")[:200] or None,
        sort=sort if sort in SORTS else "due",
        limit=limit,
        offset=int(offset) if offset.isdigit() and len(offset) < 7 else 0,
    )
