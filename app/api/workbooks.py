"""Excel over HTTP: the summary, the round trip of an agency's reports, and a new assessment from a workbook."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.api.deps import Call, current_call, reply
from app.api.schemas import PROBLEMS, Points
from app.api.workbook_files import download, in_thread, read_workbook
from app.core.access import Actor, Permission
from app.db import Connection
from app.errors import SeedInvalid
from app.reports.excel import summary
from app.reports.excel.assessment import example, importing
from app.reports.excel.assessment import template as assessment_template
from app.reports.excel.book import MEDIA_TYPE
from app.reports.excel.roundtrip import carrying, flow, marking, template
from app.reports.excel.roundtrip.filled import Filled, read_filled

router = APIRouter(tags=["Excel"], responses=PROBLEMS)
Caller = Annotated[Call, Depends(current_call)]

_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "Tệp .xlsx, đến 5 MB"}
                    },
                }
            },
            MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class Change(BaseModel):
    label: str
    old: str
    new: str


class OldNew(BaseModel):
    old: str | None
    new: str | None


class TemplateRow(BaseModel):
    """Một nhiệm vụ có thay đổi. `new` là null khi dòng có lỗi."""

    code: str
    name: str
    row: int = Field(description="Dòng trên trang “Báo cáo”")
    stale: bool = Field(description="Nhiệm vụ đã có thay đổi khác sau khi tải mẫu")
    status: OldNew
    published: Points
    reported: OldNew
    expected: Points | None
    changes: list[Change]


class TemplateProblem(BaseModel):
    sheet: str
    row: int | None
    column: int | None
    place: str
    message: str


class TemplatePreview(BaseModel):
    assessment: str
    ok: bool = Field(description="Áp dụng được tất cả")
    unchanged: int
    rows: list[TemplateRow]
    problems: list[TemplateProblem]


class TemplateApplied(TemplatePreview):
    applied: int = Field(description="Số nhiệm vụ vừa được ghi")
    applied_before: datetime | None = Field(description="Chính tệp này đã được áp dụng lúc ấy; lần này không ghi gì")


class ImportFinding(BaseModel):
    level: str = Field(description="error, warning, ok")
    place: str
    message: str
    check: str


class ImportAnswer(BaseModel):
    assessment: str | None
    dry_run: bool
    added: dict[str, int]
    unchanged: dict[str, int]
    different: list[str]
    findings: list[ImportFinding]


# The summary


@router.get(
    "/assessments/{assessment_id}/summary.xlsx",
    response_class=Response,
    responses=_FILE,
    summary="Tổng hợp dạng Excel",
)
async def get_summary(call: Caller, assessment_id: str) -> Response:
    """Tổng hợp, lĩnh vực, cơ quan, nhiệm vụ (những nhiệm vụ mà bạn được xem), có biểu đồ."""
    found = await call.read(summary.gather, assessment_id)
    content = await in_thread(summary.write_summary, found, now=call.now)
    return download(content, summary.filename(found.assessment, now=call.now))


# The round trip


@router.get(
    "/tasks/template.xlsx", response_class=Response, responses=_FILE, summary="Mẫu Excel để báo cáo nhiều nhiệm vụ"
)
async def get_template(call: Caller, assessment: Annotated[str, Query(max_length=100)]) -> Response:
    """Các nhiệm vụ đang phải báo cáo của đơn vị, điền sẵn báo cáo hiện có."""
    found = await call.read(template.gather_template, assessment)
    content = await in_thread(template.write_template, found, now=call.now)
    return download(content, template.filename(found, now=call.now))


@router.post(
    "/tasks/template",
    response_model=TemplatePreview,
    responses=_FILE,
    summary="Xem trước mẫu đã điền",
    openapi_extra=_BODY,
)
async def preview_template(
    call: Caller,
    marked: Annotated[bool, Query(description="Trả lại chính tệp đó với các ô lỗi được đánh dấu")] = False,
) -> Response:
    """Không ghi gì: cho biết từng thay đổi, điểm sẽ có, và mọi lỗi với trang, dòng, cột."""
    call.actor.require(Permission.TASK_REPORT)
    filename, content = await read_workbook(call)
    filled = await in_thread(read_filled, content, filename)
    found = await call.write(carrying.preview, filled)
    if marked:
        return download(await in_thread(marking.mark, content, filled, found), f"danh-dau-{filename}")
    return reply(carrying.as_json(found))


@router.post(
    "/tasks/template/apply", response_model=TemplateApplied, summary="Áp dụng mẫu đã điền", openapi_extra=_BODY
)
async def apply_template(call: Caller) -> Response:
    """Ghi tất cả trong một lần, hoặc không ghi gì. Gửi lại chính tệp đã áp dụng thì không ghi thêm."""
    call.actor.require(Permission.TASK_REPORT)
    filename, content = await read_workbook(call)
    filled = await in_thread(read_filled, content, filename)
    return await _standing_for(call, content).post(_apply, filename, content, filled)


def _apply(
    connection: Connection, actor: Actor, filename: str, content: bytes, filled: Filled, *, now: datetime
) -> dict[str, Any]:
    done = flow.apply_content(connection, actor, filename, content, filled, now=now)
    return {
        **carrying.as_json(done.result),
        "applied": len(done.result.outcomes),
        "applied_before": done.before,
    }


def _standing_for(call: Call, content: bytes) -> Call:
    """The call with the workbook as its body: a form that was read as a stream has none any more, and
    Idempotency-Key compares bodies."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    return replace(call, request=Request(call.request.scope, receive))


# A new assessment


@router.get(
    "/assessments/import/template.xlsx",
    response_class=Response,
    responses=_FILE,
    summary="Mẫu Excel của một kỳ đánh giá",
)
async def get_import_template(
    call: Caller,
    filled: Annotated[bool, Query(description="Điền sẵn một kỳ đánh giá thật để làm ví dụ")] = False,
) -> Response:
    call.actor.require(Permission.AGENCY_EDIT)
    data = await in_thread(example.load) if filled else {}
    content = await in_thread(assessment_template.write_template, data, now=call.now)
    return download(content, "vi-du-ky-danh-gia.xlsx" if filled else "mau-ky-danh-gia.xlsx")


@router.post(
    "/assessments/import",
    response_model=ImportAnswer,
    summary="Nạp một kỳ đánh giá từ Excel",
    openapi_extra=_BODY,
)
async def import_assessment(
    call: Caller, dry_run: Annotated[bool, Query(description="Chỉ kiểm tra, không ghi gì")] = False
) -> Response:
    """Qua đúng bộ kiểm tra của dữ liệu gốc. Chỉ bổ sung phần còn thiếu, không ghi đè; có lỗi thì không ghi gì."""
    call.actor.require(Permission.AGENCY_EDIT)
    filename, content = await read_workbook(call)
    draft = await in_thread(importing.read_draft, content, filename)
    if not dry_run and not draft.good:
        raise SeedInvalid(importing.told(draft), extra={"findings": draft.findings})
    loaded = await call.write(importing.try_load if dry_run else importing.load, draft) if draft.good else None
    return reply(importing.as_json(draft, loaded, dry_run=dry_run))
