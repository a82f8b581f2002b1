"""Tài liệu kiểm chứng over HTTP: a form with a file, or plain JSON where there is no file."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any, BinaryIO
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from app import evidence
from app.api.deps import Call, current_call, reply
from app.api.evidence_form import cut_off, read_form
from app.api.schemas import PROBLEMS, AgencyRef, Code, Page, ShortText
from app.api.schemas import Request as Body
from app.core.access import Permission
from app.errors import InvalidInput, NotFound

log = structlog.get_logger()
router = APIRouter(tags=["tài liệu kiểm chứng"], responses=PROBLEMS)

CHUNK = 256 * 1024


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
    store = evidence.FileStore(call.settings.evidence_dir)
    async with _sent(call, store) as (document, upload):
        return await _told_apart(call, document, upload).post(evidence.add, document, upload, store, status=201)


@router.get("/evidence/{evidence_id}", response_model=Evidence, summary="Thông tin của một tài liệu kiểm chứng")
async def get_evidence(evidence_id: int, call: Call = Depends(current_call)) -> Response:
    return reply(await call.read(evidence.get, evidence_id))


@router.get(
    "/evidence/{evidence_id}/file",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
    summary="Tải tệp của một tài liệu kiểm chứng",
)
async def get_evidence_file(evidence_id: int, call: Call = Depends(current_call)) -> Response:
    found: evidence.File = await call.read(evidence.get_file, evidence_id)
    store = evidence.FileStore(call.settings.evidence_dir)
    try:
        source = await run_in_threadpool(store.open, found.sha256)
    except FileNotFoundError:
        log.error("evidence file is missing", evidence=evidence_id, sha256=found.sha256)
        raise NotFound("Tệp không còn trong kho. Hãy báo bộ phận kỹ thuật khôi phục từ bản sao lưu.") from None
    return StreamingResponse(_chunks(source), headers=_download_headers(found), media_type=found.media_type)


@router.post(
    "/evidence/{evidence_id}/tasks",
    response_model=Evidence,
    summary="Gắn thêm nhiệm vụ cho một tài liệu kiểm chứng",
)
async def link_evidence(evidence_id: int, body: TasksBody, call: Call = Depends(current_call)) -> Response:
    return await call.post(evidence.link, evidence_id, body.tasks, on_behalf_of=body.on_behalf_of)


@router.get(
    "/tasks/{task_id}/evidence", response_model=Page[Evidence], summary="Các tài liệu kiểm chứng của một nhiệm vụ"
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
async def _sent(call: Call, store: evidence.FileStore) -> AsyncIterator[Sent]:
    """The document and its checked file. A block that fails leaves no bytes behind, one that succeeds keeps them."""
    content_type = call.request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "application/json":
        yield _document_from_json(await _whole_body(call.request)), None
        return
    if content_type != "multipart/form-data":
        raise InvalidInput("Hãy gửi multipart/form-data (có tệp) hoặc application/json.", field="Content-Type")
    async with read_form(call.request) as form:
        document, file = _document(form.values()), form.file
        if file is not None:
            limit = call.settings.evidence_limit
            upload = await run_in_threadpool(evidence.receive, store, file.file, file.filename or "", limit=limit)
    if file is None:
        yield document, None
        return
    async with _kept_if_committed(call, store, upload):
        yield document, upload


@asynccontextmanager
async def _kept_if_committed(call: Call, store: evidence.FileStore, upload: evidence.Upload) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        try:
            await call.db.write(evidence.discard, store, upload.received.sha256)
        except Exception:  # the first error is the one to tell; `doctor` sweeps what stays behind
            log.warning("file of a failed upload not removed", sha256=upload.received.sha256, exc_info=True)
        raise
    finally:
        await run_in_threadpool(upload.received.forget)


def _told_apart(call: Call, document: evidence.Document, upload: evidence.Upload | None) -> Call:
    """The call with a short body that stands for what was sent: Idempotency-Key compares bodies, and a form that was
    read as a stream has none any more (its boundary differs each time, too)."""
    sha256 = upload.received.sha256 if upload else None
    body = to_json({**document._asdict(), "filename": upload.filename if upload else None, "sha256": sha256})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": hashlib.sha256(body).digest(), "more_body": False}

    return replace(call, request=Request(call.request.scope, receive))


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


def _download_headers(file: evidence.File) -> dict[str, str]:
    """Saved, never shown: whatever a document holds, a browser does not run it under this site's name."""
    name = f"filename=\"{evidence.ascii_filename(file.filename)}\"; filename*=UTF-8''{quote(file.filename, safe='')}"
    return {
        "Content-Disposition": f"attachment; {name}",
        "Content-Length": str(file.size),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    with source:
        while chunk := source.read(CHUNK):
            yield chunk
