"""Giải pháp over HTTP."""

from datetime import datetime

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import measures
from app.api.deps import Call, current_call, reply
from app.api.schemas import PROBLEMS, Code, LongText, Page, Request, ShortText

router = APIRouter(tags=["giải pháp"], responses=PROBLEMS)


class MeasureBody(Request):
    progress: LongText = Field(description="Tiến độ thực hiện, ghi ngắn gọn")
    on_behalf_of: ShortText | None = Field(default=None, description="Công chức mà hệ thống ghi thay")


class Note(BaseModel):
    code: str
    name: str
    progress: str | None = Field(description="null nếu bạn không được xem ghi chú của cơ quan này")
    updated_at: datetime | None


class Measure(BaseModel):
    id: int
    code: str
    assessment: str
    text: str
    where: str
    agencies: list[Note]
    tasks: list[str]


@router.get(
    "/measures",
    response_model=Page[Measure],
    summary="Danh sách giải pháp",
    description="Cơ quan thấy giải pháp giao cho mình và ghi chú của mình; các vai trò khác thấy cả tỉnh.",
)
async def list_measures(
    assessment: Code | None = None,
    agency: Code | None = None,
    task: Code | None = None,
    limit: int = Query(50, ge=1, le=200),
    offset: int = Query(0, ge=0, le=1_000_000),
    call: Call = Depends(current_call),
) -> Response:
    found = await call.read(
        measures.list_measures, assessment=assessment, agency=agency, task=task, limit=limit, offset=offset
    )
    return reply(found)


@router.get("/measures/{measure_id}", response_model=Measure, summary="Một giải pháp, theo mã hoặc số thứ tự")
async def get_measure(measure_id: str, call: Call = Depends(current_call)) -> Response:
    return reply(await call.read(measures.get_measure, measure_id))


@router.patch("/measures/{measure_id}", response_model=Measure, summary="Cơ quan ghi tiến độ thực hiện giải pháp")
async def update_measure(measure_id: str, body: MeasureBody, call: Call = Depends(current_call)) -> Response:
    return reply(await call.write(measures.update_measure, measure_id, body.progress, on_behalf_of=body.on_behalf_of))
