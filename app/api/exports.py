"""Lists that programs take away as files: tasks as CSV, deadlines as a calendar."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import shares, tasks
from app.api.deps import Call, current_call
from app.api.downloads import saved_as
from app.api.schemas import PROBLEMS
from app.assessments.read import find_assessment
from app.core import workflow
from app.core.access import Actor
from app.db import Database
from app.reports.calendar import as_ics
from app.reports.tables import MOST_ROWS, TABLES, Style, as_csv
from app.tasks import Filter

router = APIRouter(tags=["tệp tải về"], responses=PROBLEMS)
Caller = Annotated[Call, Depends(current_call)]
MOST_EVENTS = 2_000


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}}}


@router.get(
    "/assessments/{assessment_id}/tasks.csv",
    response_class=Response,
    responses=_file("text/csv"),
    summary="Các nhiệm vụ dạng CSV",
)
async def get_tasks_csv(call: Caller, assessment_id: str) -> Response:
    """RFC 4180, UTF-8: dấu phẩy, dấu chấm thập phân, ngày ISO; chỉ những nhiệm vụ mà bạn được xem."""
    code = (await call.read(_find, assessment_id)).code
    found = await call.read(tasks.list_tasks, Filter(assessment=code, sort="code", limit=MOST_ROWS))
    body = await run_in_threadpool(as_csv, TABLES["tasks"], found["items"], total=found["total"], style=Style.PROGRAMS)
    return _download(body, "text/csv; charset=utf-8", f"tasks-{code}.csv")


@router.get(
    "/assessments/{assessment_id}/calendar.ics",
    response_class=Response,
    responses=_file("text/calendar"),
    summary="Lịch hạn báo cáo (iCalendar)",
)
async def get_calendar(call: Caller, assessment_id: str) -> Response:
    """Mỗi nhiệm vụ và phần trách nhiệm chưa xong là một sự kiện cả ngày, vào ngày cuối cùng còn hạn."""
    code = (await call.read(_find, assessment_id)).code
    body = await read_calendar(call.db, call.actor, code, base_url=call.settings.base_url, now=call.now)
    return _download(body, "text/calendar; charset=utf-8", f"khacphuc-{code}.ics")


async def read_calendar(db: Database, actor: Actor, assessment: str | None, *, base_url: str, now: datetime) -> bytes:
    """Open tasks and shares that `actor` sees, of one assessment or of all, as an iCalendar."""
    wanted = Filter(assessment=assessment, statuses=tuple(sorted(workflow.OPEN)), limit=MOST_EVENTS)
    found = await db.read(tasks.list_tasks, actor, wanted, now=now)
    owed = await db.read(
        shares.list_shares, actor, assessment=assessment, done=False, limit=MOST_EVENTS, offset=0, now=now
    )
    name = f"Khắc Phục – {actor.name}"
    return await run_in_threadpool(as_ics, name, found["items"], owed["items"], base_url=base_url, now=now)


def _find(connection: Any, actor: Actor, ident: str, *, now: datetime) -> Any:
    return find_assessment(connection, actor, ident)


def _download(body: bytes, media_type: str, filename: str) -> Response:
    headers = {**saved_as(filename), "Cache-Control": "private, no-store"}
    return Response(body, headers=headers, media_type=media_type)
