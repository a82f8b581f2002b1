"""What the agency responsible does on its task: types, saves, hands in, takes back, asks for more time."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from app import tasks
from app.errors import InvalidInput, Problem
from app.vietnamese import moment_text
from app.web.task import fields, page
from app.web.task.page import show_report, show_task
from app.web.task.words import CONFIDENCE
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

DOES: Final = {
    "save": ("in_progress", "report-saved"),
    "submit": ("submitted", "report-submitted"),
    "recall": ("in_progress", "report-recalled"),
}
"""A button of the report: the status it asks for, and what is said then."""


@router.post("/tasks/{code}/report")
async def post_report(visit: Signed, code: str) -> Response:
    """Save, hand in or take back, whichever button was pressed."""
    task = await visit.read(tasks.get_task, code)
    attempt = page.read_attempt(visit.sent, task)
    try:
        done = await _carry_out(visit, task, attempt)
    except Problem as problem:
        return await show_report(visit, code, attempt, problem)
    return visit.to(f"/tasks/{task['code']}", done)


async def _carry_out(visit: Visit, task: dict[str, Any], attempt: page.Attempt) -> str:
    do = visit.sent.text("do") or "save"
    if do not in DOES:
        raise InvalidInput("Không rõ cần lưu hay nộp báo cáo. Hãy bấm lại một trong các nút dưới biểu mẫu.", field="do")
    status, done = DOES[do]
    if do == "recall":
        await visit.write(tasks.record_update, task["code"], tasks.Update(status=status), version=attempt.version)
        return done
    update = fields.read_update(attempt.values, task, status)
    if do == "save" and task["status"] == status and _says_nothing(task, attempt):
        await visit.write(tasks.discard_draft, task["code"])
        return "report-unchanged"
    await visit.write(tasks.save_report, task["code"], update, version=attempt.version)
    return done


def _says_nothing(task: dict[str, Any], attempt: page.Attempt) -> bool:
    return not fields.changed(task, attempt.values) and attempt.version in (None, task["version"])


@router.post("/tasks/{code}/score")
async def post_score(visit: Signed, code: str) -> Response:
    """A part of the page: the score of the numbers in the form. Nothing is written."""
    task = await visit.read(tasks.get_task, code)
    values = fields.typed_values(visit.sent, task)
    found = await page.score(visit, task, values)
    return visit.page("task/score.html", score=found, task=task, CONFIDENCE=CONFIDENCE)


# Drafts


@router.post("/tasks/{code}/draft")
async def post_draft(visit: Signed, code: str) -> Response:
    """Keep what is being typed; answers with one line for the page."""
    version = visit.sent.whole("version", "Phiên bản") or 1
    kept = {name: visit.sent.raw(name) for name in visit.sent.values if _is_drafted(name)}
    saved = await visit.write(tasks.save_draft, code, kept, base_version=version)
    return PlainTextResponse(f"Đã lưu bản nháp lúc {moment_text(saved['updated_at'])[:5]}.")


def _is_drafted(name: str) -> bool:
    return name in tasks.DRAFTED or name.startswith(("input.", "was."))


@router.post("/tasks/{code}/draft/discard")
async def post_discard(visit: Signed, code: str) -> Response:
    await visit.write(tasks.discard_draft, code)
    return visit.to(f"/tasks/{code}", "draft-discarded")


# More time


@router.post("/tasks/{code}/extension")
async def post_extension(visit: Signed, code: str) -> Response:
    typed = {name: visit.sent.raw(name) for name in ("requested_due", "extension_reason", "extension_for")}
    try:
        due = visit.sent.day("requested_due", "Hạn đề nghị")
        if due is None:
            raise InvalidInput("Hãy ghi hạn đề nghị, ví dụ 31/07/2025.", field="requested_due")
        reason, officer = visit.sent.text("extension_reason"), visit.sent.optional("extension_for")
        if len(reason) > fields.MOST["note"] or len(officer or "") > fields.MOST["on_behalf_of"]:
            raise InvalidInput("Nội dung quá dài. Hãy rút gọn.", field="extension_reason")
        await visit.write(tasks.request_extension, code, due, reason, officer, version=None)
    except Problem as problem:
        if problem.field == "reason":
            problem.field = "extension_reason"
        return await show_task(visit, code, problem=problem, typed=typed)
    return visit.to(f"/tasks/{code}", "extension-requested")
