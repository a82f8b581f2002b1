"""What waits for a decision of Sở Nội vụ: reports and requests for extension."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import summaries, tasks
from app.api.schemas import path_id
from app.core.access import Actor, Permission
from app.core.scoring import format_points, parse_points
from app.db import Connection
from app.errors import Gathered, InvalidInput, Problem
from app.tasks import Decision
from app.text import compose, plain_number
from app.web import task as task_page
from app.web.forms import Sent
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

PER_PAGE = 50
DECIDED = 20
"""Decided requests shown below the open ones."""
FORM = "review-"
"""How the names of the review form's fields begin: other forms stand on the same page."""


# Reports


@router.get("/reviews")
async def list_reviews(visit: Signed) -> Response:
    visit.actor.require(Permission.TASK_REVIEW)
    frame = await visit.frame()
    query = visit.request.query_params
    agency, decided = (compose(query.get(name, "")) for name in ("agency", "decided"))
    found = await visit.read(_queue, frame["assessment"]["code"], agency or None, visit.offset, decided)
    return visit.page("reviews.html", **frame, **found, agency=agency)


def _queue(
    connection: Connection, actor: Actor, assessment: str, agency: str | None, offset: int, decided: str,
    *, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    queue = tasks.list_waiting(
        connection, actor, assessment=assessment, agency=agency, limit=PER_PAGE, offset=offset, now=now
    )
    groups = summaries.summarize(connection, actor, assessment, by="agency", now=now)["groups"]
    return {
        "queue": queue,
        "outcome": _outcome(connection, actor, assessment, decided, now=now) if decided else None,
        "agencies": [one for one in groups if one["by_status"]["submitted"] or one["key"] == agency],
        "next": next((one for one in queue["items"] if not one["yours"]), None),
    }


def _outcome(
    connection: Connection, actor: Actor, assessment: str, code: str, *, now: datetime
) -> dict[str, Any] | None:
    """The decision that was just taken, and the province's figures before and after it."""
    try:
        decision = tasks.find_decision(connection, actor, code, now=now)
    except Problem:
        return None
    if decision is None:
        return None
    standing = summaries.get_standing(connection, actor, assessment, now=now)
    moves = {name: _before_and_after(standing[name], decision["moved"][name]) for name in ("floor", "expected")}
    return {**decision, "moves": moves}


def _before_and_after(total: str, moved: int) -> dict[str, str]:
    after = parse_points(total)
    return {"before": format_points(after - moved), "after": total, "moved": format_points(moved)}


@router.post("/tasks/{code}/review")
async def review(visit: Signed, code: str) -> Response:
    task = await visit.read(tasks.get_task, code)
    visit.actor.require(Permission.TASK_REVIEW)
    try:
        waiting = task if visit.sent.text(FORM + "decision") == "accepted" else None
        version = visit.sent.version(FORM + "version")
        await visit.write(tasks.review, code, read_decision(visit.sent, waiting), version=version)
    except Problem as problem:
        problem.rename(lambda field: FORM + field.removeprefix(FORM).replace("measurements.", "input."))
        return await task_page.show_task(visit, code, problem=problem, typed=visit.sent.shown(FORM))
    return visit.to("/reviews", f"review-{visit.sent.text(FORM + 'decision')}", decided=code)


@router.post("/tasks/{code}/review/score")
async def show_score(visit: Signed, code: str) -> Response:
    """The score that the numbers in the form would be verified with, as one types; nothing is written."""
    visit.actor.require(Permission.TASK_REVIEW)
    task = await visit.read(tasks.get_task, code)
    submitted = (task["report"] or {}).get("measurements") or {}
    numbers = {**submitted, **(_changed_numbers(visit.sent, task) or {})}
    declared = visit.sent.score(FORM + "verified_score")
    try:
        score = await visit.read(tasks.preview_score, code, numbers, declared)
    except Problem as problem:
        return visit.page("task/review_score.html", status=200, score=None, fault=problem.detail)
    return visit.page("task/review_score.html", score=score, fault=None)


def read_decision(sent: Sent, task: Mapping[str, Any] | None) -> Decision:
    """The form as a decision. Numbers count only when accepting, and only where they differ from what was submitted:
    what is left alone stays exactly as submitted. A date left in the part of another decision does not count either.
    `task` is the task as it stands, None for other decisions."""
    decision = sent.text(FORM + "decision")
    if not decision:
        raise InvalidInput(
            "Hãy chọn một quyết định: xác nhận, tiếp tục khắc phục hoặc yêu cầu bổ sung.", field="decision"
        )
    return Decision(
        decision,
        comment=sent.text(FORM + "comment"),
        due_before=sent.day(FORM + "due_before", "Hạn báo cáo tiếp theo") if decision == "continued" else None,
        resubmit_before=_read_resubmission(sent) if decision == "returned" else None,
        measurements=None if task is None else _changed_numbers(sent, task),
        verified_score=None if task is None else _changed_score(sent, task),
        evidence_waiver=sent.optional(FORM + "evidence_waiver") if task is not None else None,
    )


def _read_resubmission(sent: Sent) -> date | None:
    """The date of a returned report; where it cannot be read, a missing comment is told of with it."""
    problems = Gathered()
    day = problems.of(sent.day, FORM + "resubmit_before", "Hạn nộp lại")
    if problems.found:
        problems.of(sent.needed, FORM + "comment", "Hãy ghi rõ nội dung cần bổ sung, hoàn thiện.")
    problems.raise_any()
    return day


def _changed_numbers(sent: Sent, task: Mapping[str, Any]) -> dict[str, str] | None:
    submitted = (task["report"] or {}).get("measurements") or {}
    given = {name: plain_number(text) for name, text in sent.starting(FORM + "input.").items()}
    changed = {name: value for name, value in given.items() if value != submitted.get(name, "")}
    return changed or None


def _changed_score(sent: Sent, task: Mapping[str, Any]) -> str | None:
    given = sent.score(FORM + "verified_score")
    declared = (task["report"] or {}).get("declared_score")
    return None if given is None or _same_points(given, declared) else given


def _same_points(given: str, declared: str | None) -> bool:
    try:
        return declared is not None and parse_points(given) == parse_points(declared)
    except Problem:
        return False


# Requests for extension


@router.get("/extensions")
async def list_extensions(visit: Signed) -> Response:
    return await _show_extensions(visit)


@router.post("/extensions/{request_id}")
async def decide(visit: Signed, request_id: str) -> Response:
    """Buttons say what is decided; the date counts only when granting."""
    sent, known = visit.sent, path_id(request_id)
    decision = sent.text("decision")
    try:
        if decision not in ("granted", "refused"):
            raise InvalidInput("Hãy chọn chấp nhận hoặc không chấp nhận gia hạn.", field="decision")
        due = sent.day(f"granted_due-{known}", "Hạn mới") if decision == "granted" else None
        await visit.write(tasks.decide_extension, known, decision, due, sent.text(f"comment-{known}"))
    except Problem as problem:
        problem.rename(lambda field: f"{field}-{known}" if field in ("granted_due", "comment") else field)
        return await _show_extensions(visit, problem)
    return visit.to("/extensions", f"extension-{decision}")


async def _show_extensions(visit: Visit, problem: Problem | None = None) -> Response:
    visit.actor.require(Permission.EXTENSION_DECIDE)
    frame = await visit.frame()
    found = await visit.read(_requests, frame["assessment"]["code"])
    typed = visit.sent.shown() if problem is not None else {}
    return visit.page("extensions.html", **frame, **found, typed=typed, problem=problem)


def _requests(connection: Connection, actor: Actor, assessment: str, *, now: datetime) -> dict[str, Any]:
    wanted: dict[str, Any] = {"assessment": assessment, "offset": 0, "now": now}
    asked = tasks.list_requests(connection, actor, state="open", oldest_first=True, limit=200, **wanted)
    both = tasks.list_requests(connection, actor, state=None, limit=asked["total"] + DECIDED, **wanted)["items"]
    return {"asked": asked, "decided": [one for one in both if one["state"] != "open"][:DECIDED]}
