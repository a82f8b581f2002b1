"""Nhật ký hệ thống over HTTP."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from app import audit
from app.api.deps import Call, current_call, reply
from app.api.schemas import PROBLEMS, LogEntry, Page

router = APIRouter(tags=["nhật ký"], responses=PROBLEMS)

Words = Annotated[str | None, Query(max_length=200)]


class Event(LogEntry):
    """An entry of a log, and of what, where and through which account it tells."""

    entity: str = Field(examples=["task"])
    entity_id: int
    code: str = Field(examples=["ST-2024-TC-16"])
    account: str | None = Field(description="Tên tài khoản; trống khi hệ thống tự làm")
    province: str | None
    assessment: str | None


@router.get("/audit", response_model=Page[Event], summary="Ai đã làm gì, mới nhất trước")
async def list_events(
    call: Annotated[Call, Depends(current_call)],
    entity: Words = None,
    action: Words = None,
    actor: Annotated[
        str | None, Query(max_length=200, description="Tên tài khoản, tên hiển thị hoặc công chức")
    ] = None,
    code: Words = None,
    since: Annotated[date | None, Query(description="Từ ngày (giờ Việt Nam)")] = None,
    until: Annotated[date | None, Query(description="Đến hết ngày (giờ Việt Nam)")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    wanted = audit.Filter(entity, action, actor, code, since, until, limit, offset)
    return reply(await call.read(audit.list_events, wanted))
