"""Nhắc việc over HTTP: what was sent, what would be sent, and sending now."""

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import outbox, reminders
from app.api.deps import Call, current_call, reply
from app.api.schemas import PROBLEMS, Code, Page, Points, Request, path_id

router = APIRouter(tags=["nhắc việc"], responses=PROBLEMS)

Kind = Literal["due", "escalation", "review"]
State = Literal["pending", "sending", "sent", "dead", "superseded", "dropped", "unreachable"]


class Delivery(BaseModel):
    id: int
    contact: str | None = Field(description="Đầu mối nhận; trống khi cơ quan chưa có đầu mối")
    state: State
    attempts: int
    next_attempt_at: datetime | None
    channel: Literal["email", "webhook", "folder"] | None
    address: str | None
    sent_at: datetime | None
    last_error: str
    message_key: str


class DigestListed(BaseModel):
    id: int
    recipient: str = Field(examples=["SNV"])
    recipient_name: str
    on: date
    created_at: datetime
    items_total: int
    deliveries: list[Delivery]


class ToldItem(BaseModel):
    kind: Kind
    code: str = Field(description="Mã nhiệm vụ hoặc mã phần trách nhiệm")
    task: str
    what: str
    agency: str
    milestone: int = Field(description="Số ngày trước hạn; 0 là ngày quá hạn đầu tiên, −7 là một tuần sau đó")
    effective_due: date
    points: Points


class Digest(DigestListed):
    items: list[ToldItem]


class PlannedItem(BaseModel):
    kind: Kind
    subject: Literal["task", "share"] = Field(description="Nhiệm vụ, hoặc phần trách nhiệm")
    code: str
    what: str
    agency: str
    milestone: int
    days_left: int
    effective_due: date
    points: Points
    waited_workdays: int | None = Field(default=None, description="Chỉ có ở báo cáo chờ xác nhận")


class PlannedDigest(BaseModel):
    recipient: str
    recipient_name: str
    contacts: list[str]
    items: list[PlannedItem]


class Silent(BaseModel):
    code: str | None = Field(default=None, description="Có khi nói về một nhiệm vụ hoặc một phần trách nhiệm")
    agency: str | None = None
    recipient: str | None = Field(default=None, description="Có khi nói về một nơi nhận")
    why: str


class Plan(BaseModel):
    on: date
    digests: list[PlannedDigest]
    silent: list[Silent]


class RunBody(Request):
    """Nothing to say yet; an empty object or no body at all."""


class ResendBody(Request):
    again: bool = Field(default=False, strict=True, description="Gửi thêm lần nữa dù thư đã gửi")


class Requeued(BaseModel):
    id: int
    digest: int
    state: Literal["pending"]
    next_attempt_at: datetime


@router.get(
    "/reminders",
    response_model=Page[DigestListed],
    summary="Sổ nhắc việc",
    description="Mỗi nơi nhận một thư mỗi ngày, mới nhất trước; kèm tình trạng gửi tới từng đầu mối.",
)
async def list_reminders(
    recipient: Code | None = Query(None, description="Mã cơ quan, hoặc leadership"),
    state: State | None = Query(None, description="Có ít nhất một lượt gửi ở tình trạng này"),
    first: date | None = Query(None, alias="from", description="Từ ngày"),
    last: date | None = Query(None, alias="to", description="Đến hết ngày"),
    limit: int = Query(50, ge=1, le=200),
    offset: int = Query(0, ge=0, le=1_000_000),
    call: Call = Depends(current_call),
) -> Response:
    found = await call.read(
        reminders.list_digests, recipient=recipient, state=state, first=first, last=last, limit=limit, offset=offset
    )
    return reply(found)


@router.get(
    "/reminders/preview",
    response_model=Plan,
    summary="Xem trước thư nhắc việc của một ngày",
    description="Ai nhận gì, ai không nhận gì và vì sao; không gửi gì. Mặc định là hôm nay.",
)
async def preview_reminders(on: date | None = None, call: Call = Depends(current_call)) -> Response:
    return reply(await call.read(reminders.preview, on=on))


@router.get("/reminders/{digest_id}", response_model=Digest, summary="Một thư nhắc việc và nội dung của nó")
async def get_reminder(digest_id: str, call: Call = Depends(current_call)) -> Response:
    return reply(await call.read(reminders.get_digest, path_id(digest_id)))


@router.post(
    "/reminders/run",
    response_model=Plan,
    summary="Gửi ngay thư nhắc việc của hôm nay",
    description="Nơi nào hôm nay đã có thư thì không nhận thêm. Lượt gửi 08:00 của hôm nay coi như đã xong.",
)
async def run_reminders(body: RunBody | None = None, call: Call = Depends(current_call)) -> Response:
    return await call.post(reminders.run_now)


@router.post(
    "/deliveries/{delivery_id}/resend",
    response_model=Requeued,
    summary="Gửi lại một thư không gửi được",
    description="Thư đã gửi thì chỉ gửi thêm khi có `again`: true; khi đó là một thư mới, Message-ID mới.",
)
async def resend_delivery(
    delivery_id: str, body: ResendBody | None = None, call: Call = Depends(current_call)
) -> Response:
    return await call.post(outbox.resend, path_id(delivery_id), again=body is not None and body.again)
