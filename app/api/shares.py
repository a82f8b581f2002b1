"""Phần trách nhiệm của đơn vị over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import shares
from app.api.deps import Call, current_call, optional_version, reply
from app.api.schemas import PROBLEMS, AgencyRef, Code, LongText, Page, Request, ShortText, Status

router = APIRouter(tags=["phần trách nhiệm"], responses=PROBLEMS)


class ShareBody(Request):
    reason: LongText = Field(default="", description="Lý do tồn tại, hạn chế")
    progress: LongText = Field(default="", description="Tiến độ xử lý")
    remedy: LongText = Field(default="", description="Biện pháp khắc phục")
    current: int | None = Field(default=None, ge=0, le=2**31 - 1, strict=True, description="Số liệu kỳ này")
    resolved: bool = Field(default=False, strict=True, description="Đã khắc phục xong; chỉ với phần có thể khắc phục")
    on_behalf_of: ShortText | None = Field(default=None, description="Công chức mà hệ thống ghi thay")


class TaskRef(BaseModel):
    code: str
    status: Status


class Share(BaseModel):
    id: int
    code: str
    assessment: str
    task: TaskRef
    agency: AgencyRef
    former_agency: str | None
    kind: Literal["clearable", "occurred"]
    what: str
    quantity: int | None
    unit: str
    where: str
    effective_due: date
    days_left: int
    overdue: bool
    reason: str
    progress: str
    remedy: str
    current: int | None
    resolved: bool
    done: bool
    version: int
    updated_at: datetime | None


@router.get(
    "/shares",
    response_model=Page[Share],
    summary="Danh sách phần trách nhiệm",
    description="Cơ quan thấy phần của mình; Sở Nội vụ, lãnh đạo và quản trị thấy cả tỉnh.",
)
async def list_shares(
    assessment: Code | None = None,
    agency: Code | None = None,
    task: Code | None = None,
    done: bool | None = None,
    limit: int = Query(50, ge=1, le=200),
    offset: int = Query(0, ge=0, le=1_000_000),
    call: Call = Depends(current_call),
) -> Response:
    found = await call.read(
        shares.list_shares, assessment=assessment, agency=agency, task=task, done=done, limit=limit, offset=offset
    )
    return reply(found)


@router.get("/shares/{share_id}", response_model=Share, summary="Một phần trách nhiệm, theo mã hoặc số thứ tự")
async def get_share(share_id: str, call: Call = Depends(current_call)) -> Response:
    return reply(await call.read(shares.get_share, share_id))


@router.patch(
    "/shares/{share_id}",
    response_model=Share,
    summary="Đơn vị cập nhật phần trách nhiệm của mình",
    description="Trường không gửi thì giữ nguyên. `If-Match` (ETag) không bắt buộc; có thì được kiểm tra.",
)
async def update_share(
    share_id: str,
    body: ShareBody,
    version: Annotated[int | None, Depends(optional_version)],
    call: Call = Depends(current_call),
) -> Response:
    change = body.model_dump(exclude_unset=True, exclude={"on_behalf_of"})
    return reply(
        await call.write(shares.update_share, share_id, change, version=version, on_behalf_of=body.on_behalf_of)
    )
