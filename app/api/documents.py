"""Word documents: the report of an assessment, and the urging letter to an agency."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.deps import Call, current_call
from app.api.downloads import saved_as
from app.api.schemas import PROBLEMS
from app.errors import Busy
from app.reports.word import making

router = APIRouter(tags=["tệp tải về"], responses=PROBLEMS)
Caller = Annotated[Call, Depends(current_call)]
T = TypeVar("T")

_AT_ONCE = 2
_MOST_WAITING = 30
_workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="documents")
_places = threading.BoundedSemaphore(_MOST_WAITING)

_WORD: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Tệp Word",
        "content": {making.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def in_turn(make: Callable[[], T]) -> T:
    """Run what computes for long, two at a time, so that documents never take the threads that pages need. Raises
    `Busy` when too many wait already."""
    if not _places.acquire(blocking=False):
        raise Busy("Đang có nhiều người lập văn bản cùng lúc. Hãy thử lại sau ít phút.")
    try:
        return await asyncio.get_running_loop().run_in_executor(_workers, make)
    finally:
        _places.release()


def attachment(file: making.File, media_type: str = making.MEDIA_TYPE) -> Response:
    """A file to save; documents hold figures of one moment, so nobody keeps them on the way."""
    return Response(file.content, 200, {**saved_as(file.name), "Cache-Control": "no-store"}, media_type=media_type)


@router.get(
    "/assessments/{assessment_id}/report.docx", responses=_WORD, response_class=Response, summary="Báo cáo Word"
)
async def get_report(
    call: Caller,
    assessment_id: str,
    as_of: Annotated[date | None, Query(description="Số liệu cuối ngày này; mặc định là hiện nay")] = None,
) -> Response:
    """Báo cáo kết quả khắc phục theo thể thức Nghị định 30/2020/NĐ-CP, dựng từ mẫu của tỉnh."""
    material = await call.read(making.gather_report, assessment_id, as_of=as_of)
    return attachment(await in_turn(lambda: making.make_report(material, made_at=call.now)))


@router.get(
    "/agencies/{code}/urging-letter.docx", responses=_WORD, response_class=Response, summary="Dự thảo công văn đôn đốc"
)
async def get_urging_letter(
    call: Caller, code: str, assessment: Annotated[str, Query(description="Mã kỳ đánh giá", max_length=80)]
) -> Response:
    """Nhiệm vụ và phần trách nhiệm quá hạn hoặc sắp đến hạn của một cơ quan (mã, ví dụ STP)."""
    material = await call.read(making.gather_letters, assessment, agency=code)
    (letter,) = await in_turn(lambda: making.make_letters(material, made_at=call.now))
    return attachment(letter)
