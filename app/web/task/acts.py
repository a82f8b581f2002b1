"""What the agency responsible does on its task: types, saves, hands in, takes back, asks for more time."""

from datetime import date
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from app import tasks
from app.core.access import Permission
from app.errors import Gathered, InvalidInput, NotFound, Problem
from app.vietnamese import moment_text
from app.web.forms import Sent
from app.web.task import fields, page
from app.web.task.page import show_report, show_task
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
    visit.actor.require(Permission.TASK_REPORT)
    try:
        task = await visit.read(tasks.get_task, code)
    except NotFound as problem:
        return page.show_gone(visit, problem)
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
        await visit.write(tasks.discard_draft, task["code"], seen=attempt.seen)
        return "report-unchanged"
    await visit.write(tasks.save_report, task["code"], update, version=attempt.version, seen=attempt.seen)
    return done


def _says_nothing(task: dict[str, Any], attempt: page.Attempt) -> bool:
    return not fields.changed(task, attempt.values) and attempt.version in (None, task["version"])


@router.post("/tasks/{code}/score")
async def post_score(visit: Signed, code: str) -> Response:
    """A part of the page: the score of the numbers in the form. Nothing is written."""
    task = await visit.read(tasks.get_task, code)
    values = fields.typed_values(visit.sent, task)
    found = await page.score(visit, task, values)
    return visit.page("task/score.html", score=found, task=task)


# Drafts


@router.post("/tasks/{code}/draft")
async def post_draft(visit: Signed, code: str) -> Response:
    """Keep what is being typed; answers with one line for the page, or 409 where another device has saved since."""
    visit.actor.require(Permission.TASK_REPORT)
    version = visit.sent.whole("version", "Phiên bản") or 1
    kept = {name: visit.sent.raw(name) for name in visit.sent.values if _is_drafted(name)}
    saved = await visit.write(tasks.save_draft, code, kept, base_version=version, seen=page.read_seen(visit.sent))
    return PlainTextResponse(f"Đã lưu bản nháp lúc {moment_text(saved['updated_at'])[:5]}.")


def _is_drafted(name: str) -> bool:
    return name in tasks.DRAFTED or name.startswith(("input.", "was."))


@router.post("/tasks/{code}/draft/discard")
async def post_discard(visit: Signed, code: str) -> Response:
    gone = await visit.write(tasks.discard_draft, code, seen=page.read_seen(visit.sent))
    return visit.to(f"/tasks/{code}", "draft-discarded" if gone else "draft-newer")


@router.get("/tasks/{code}/draft/compare")
async def get_comparison(visit: Signed, code: str) -> Response:
    """Opened by hand: what was typed is with whoever typed it."""
    return await page.show_task(visit, code)


@router.post("/tasks/{code}/draft/compare")
async def compare_drafts(visit: Signed, code: str) -> Response:
    """What is typed here beside the draft from another device; nothing is written."""
    task = await visit.read(tasks.get_task, code)
    return await page.show_comparison(visit, code, page.read_attempt(visit.sent, task))


# More time


@router.post("/tasks/{code}/extension")
async def post_extension(visit: Signed, code: str) -> Response:
    visit.actor.require(Permission.EXTENSION_REQUEST)
    typed = {name: visit.sent.raw(name) for name in ("requested_due", "extension_reason", "extension_for")}
    try:
        due = _read_request(visit.sent)
        reason, officer = visit.sent.text("extension_reason"), visit.sent.optional("extension_for")
        await visit.write(tasks.request_extension, code, due, reason, officer, version=None)
    except Problem as problem:
        problem.rename(lambda field: "extension_reason" if field == "reason" else field)
        return await show_task(visit, code, problem=problem, typed=typed, panel="extension")
    return visit.to(f"/tasks/{code}", "extension-requested")


def _read_request(sent: Sent) -> date:
    """The date asked for; where none can be read, a missing reason is told of with it."""
    problems = Gathered()
    due = problems.of(sent.needed_day, "requested_due", "Hạn đề nghị", "Hãy ghi hạn đề nghị, ví dụ 31/07/2025.")
    if due is None:
        problems.of(sent.needed, "extension_reason", "Hãy ghi lý do đề nghị gia hạn.")
    problems.of(sent.check_length, "extension_reason", fields.MOST["note"])
    problems.of(sent.check_length, "extension_for", fields.MOST["on_behalf_of"])
    problems.raise_any()
    assert due is not None
    return due
