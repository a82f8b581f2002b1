"""Tài liệu kiểm chứng over HTTP: a form with a file, or plain JSON where there is no file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app import evidence, uploads
from app.api.deps import Call, current_call, reply
from app.api.evidence_files import fingerprint, kept_if_committed, receive, send_file, store_of
from app.api.evidence_form import cut_off, read_form
from app.api.schemas import PROBLEMS, AgencyRef, Code, LongText, Page, ShortText
from app.api.schemas import Request as Body
from app.core.access import Permission
from app.errors import InvalidInput

router = APIRouter(tags=["tài liệu kiểm chứng"], responses=PROBLEMS)


class TasksBody(Body):
    tasks: list[Code] = Field(
        min_length=1, max_length=evidence.MOST_TASKS, description="Mã các nhiệm vụ được chứng minh"
    )
    on_behalf_of: ShortText | None = Field(default=None, description="Công chức mà hệ thống ghi thay")


class DocumentBody(TasksBody):
    number: Code = Field(description="Số, ký hiệu", examples=["123/BC-STP"])
    title: ShortText = Field(default="", description="Trích yếu")
    issued_on: date | None = Field(default=None, description="Ngày ban hành")
    signer: ShortText = Field(default="", description="Người ký")
    period: ShortText = Field(default="", description="Kỳ số liệu")


class CorrectionBody(Body):
    number: Code | None = Field(default=None, description="Số, ký hiệu")
    title: ShortText | None = Field(default=None, description="Trích yếu")
    issued_on: date | None = Field(default=None, description="Ngày ban hành; null là không rõ ngày")
    signer: ShortText | None = Field(default=None, description="Người ký")
    period: ShortText | None = Field(default=None, description="Kỳ số liệu")
    on_behalf_of: ShortText | None = Field(default=None, description="Công chức mà hệ thống ghi thay")

    def to_change(self) -> dict[str, Any]:
        """What was sent; only a date can be emptied with null."""
        sent = self.model_dump(exclude_unset=True, exclude={"on_behalf_of"})
        return {name: value for name, value in sent.items() if value is not None or name == "issued_on"}


class WithdrawalBody(Body):
    reason: LongText = Field(description="Lý do rút tài liệu")
    on_behalf_of: ShortText | None = Field(default=None, description="Công chức mà hệ thống ghi thay")


class Evidence(BaseModel):
    id: int
    number: str
    title: str
    issued_on: date | None
    signer: str
    period: str
    filename: str | None
    media_type: str | None
    size: int | None
    sha256: str | None
    created_at: datetime
    agency: AgencyRef
    added_by: str
    withdrawn_at: datetime | None
    withdrawn_why: str | None
    tasks: list[str] = Field(description="Chỉ những nhiệm vụ mà bạn được xem")


_DOCUMENT_SCHEMA = DocumentBody.model_json_schema()
_FORM_SCHEMA = {
    **_DOCUMENT_SCHEMA,
    "properties": {
        **_DOCUMENT_SCHEMA["properties"],
        "file": {"type": "string", "format": "binary", "description": "PDF, PNG, JPEG, DOCX, XLSX, ODT, ODS"},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM_SCHEMA},
            "application/json": {"schema": _DOCUMENT_SCHEMA},
        },
    }
}


_FILE = {"type": "string", "format": "binary"}

Asked = Annotated[str | None, Query(max_length=100)]


@router.post(
    "/evidence",
    status_code=201,
    response_model=Evidence,
    summary="Đưa vào tài liệu kiểm chứng",
    description=(
        "Một văn bản, có hoặc không kèm tệp, chứng minh cho một hoặc nhiều nhiệm vụ của cơ quan. "
        "Có tệp: multipart/form-data, lặp lại trường `tasks` cho từng mã. Không có tệp: có thể gửi JSON."
    ),
    openapi_extra=_BODY,
)
async def add_evidence(call: Call = Depends(current_call)) -> Response:
    call.actor.require(Permission.EVIDENCE_ADD)
    async with _sent(call) as (document, upload):
        told_apart = _told_apart(call, fingerprint(document, upload))
        return await told_apart.post(evidence.add, document, upload, store_of(call), status=201)


@router.get(
    "/evidence",
    response_model=Page[Evidence],
    summary="Các tài liệu kiểm chứng mà bạn được xem",
    description="Mới nhất đứng trước. `agency` là cơ quan đưa vào, `task` là nhiệm vụ được chứng minh.",
)
async def list_documents(
    q: Annotated[str | None, Query(max_length=200, description="Không phân biệt hoa thường và dấu")] = None,
    agency: Asked = None,
    task: Asked = None,
    withdrawn: bool | None = None,
    limit: int = Query(50, ge=1, le=200),
    offset: int = Query(0, ge=0, le=1_000_000),
    call: Call = Depends(current_call),
) -> Response:
    wanted = {"q": q, "agency": agency, "task": task, "withdrawn": withdrawn}
    return reply(await call.read(evidence.list_documents, **wanted, limit=limit, offset=offset))


@router.get("/evidence/{evidence_id}", response_model=Evidence, summary="Thông tin của một tài liệu kiểm chứng")
async def get_evidence(evidence_id: int, call: Call = Depends(current_call)) -> Response:
    return reply(await call.read(evidence.get, evidence_id))


@router.patch(
    "/evidence/{evidence_id}",
    response_model=Evidence,
    summary="Sửa thông tin của một tài liệu kiểm chứng",
    description="Trường không gửi thì giữ nguyên. Không sửa được khi tài liệu đã được dùng để xác nhận, hoặc đã rút.",
)
async def correct_evidence(evidence_id: int, body: CorrectionBody, call: Call = Depends(current_call)) -> Response:
    change = body.to_change()
    return reply(await call.write(evidence.correct, evidence_id, change, on_behalf_of=body.on_behalf_of))


@router.post(
    "/evidence/{evidence_id}/withdrawal",
    response_model=Evidence,
    summary="Rút một tài liệu kiểm chứng",
    description="Tài liệu còn trong hồ sơ nhưng không còn là kiểm chứng. Không rút được khi đã được dùng để xác nhận.",
)
async def withdraw_evidence(evidence_id: int, body: WithdrawalBody, call: Call = Depends(current_call)) -> Response:
    return await call.post(evidence.withdraw, evidence_id, body.reason, on_behalf_of=body.on_behalf_of)


@router.get(
    "/evidence/{evidence_id}/file",
    response_class=Response,
    responses={200: {"content": {kind.media_type: {"schema": _FILE} for kind in uploads.KINDS}}},
    summary="Tải tệp của một tài liệu kiểm chứng",
)
async def get_evidence_file(evidence_id: int, call: Call = Depends(current_call)) -> Response:
    return await send_file(call, evidence_id)


@router.post(
    "/evidence/{evidence_id}/tasks",
    response_model=Evidence,
    summary="Gắn thêm nhiệm vụ cho một tài liệu kiểm chứng",
)
async def link_evidence(evidence_id: int, body: TasksBody, call: Call = Depends(current_call)) -> Response:
    return await call.post(evidence.link, evidence_id, body.tasks, on_behalf_of=body.on_behalf_of)


@router.get(
    "/tasks/{task_id}/evidence",
    response_model=Page[Evidence],
    summary="Các tài liệu kiểm chứng của một nhiệm vụ",
    description="Không kể tài liệu đã rút.",
)
async def list_evidence(
    task_id: str,
    limit: int = Query(50, ge=1, le=200),
    offset: int = Query(0, ge=0, le=1_000_000),
    call: Call = Depends(current_call),
) -> Response:
    return reply(await call.read(evidence.list_for_task, task_id, limit=limit, offset=offset))


Sent = tuple[evidence.Document, evidence.Upload | None]


@asynccontextmanager
async def _sent(call: Call) -> AsyncIterator[Sent]:
    """The document and its checked file. A block that fails leaves no bytes behind, one that succeeds keeps them."""
    content_type = call.request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "application/json":
        yield _document_from_json(await _whole_body(call.request)), None
        return
    if content_type != "multipart/form-data":
        raise InvalidInput("Hãy gửi multipart/form-data (có tệp) hoặc application/json.", field="Content-Type")
    async with read_form(call.request) as form:
        document = _document(form.values())
        upload = await receive(call, form.file)
    async with kept_if_committed(call, upload):
        yield document, upload


def _told_apart(call: Call, body: bytes) -> Call:
    """The call with a short body that stands for what was sent: Idempotency-Key compares bodies."""

    async def receive_again() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return replace(call, request=Request(call.request.scope, receive_again))


def _document(values: dict[str, Any]) -> evidence.Document:
    try:
        return evidence.Document(**DocumentBody.model_validate(values).model_dump())
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


async def _whole_body(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise cut_off() from None


def _document_from_json(body: bytes) -> evidence.Document:
    try:
        return evidence.Document(**DocumentBody.model_validate_json(body).model_dump())
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
