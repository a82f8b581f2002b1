"""One task: what Sở Nội vụ and the leadership do on it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app import tasks
from app.agencies import list_agencies
from app.core.access import Actor, Permission
from app.db import Connection
from app.errors import Gathered, InvalidInput, Problem
from app.idents import read_count
from app.tasks import Steering
from app.text import by_name
from app.web import task as task_page
from app.web.forms import Sent
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

NO_REASON = "Hãy ghi lý do."
MOST_AT_ONCE = 50
"""A page of the list."""


@router.get("/tasks/{code}/steering")
async def show_steering(visit: Signed, code: str) -> Response:
    return await _show(visit, code)


@router.post("/tasks/{code}/steering/due")
async def change_due(visit: Signed, code: str) -> Response:
    async def act(sent: Sent, version: int) -> None:
        due = _read_due(sent, "due-due_before", "due-reason")
        await visit.write(tasks.steer, code, Steering(sent.text("due-reason"), due_before=due), version=version)

    return await _steer(visit, code, "due", act)


@router.post("/tasks/{code}/steering/target")
async def change_target(visit: Signed, code: str) -> Response:
    async def act(sent: Sent, version: int) -> None:
        _check_filled(sent, "target-target", "Hãy nhập điểm mục tiêu.", "target-reason")
        target = sent.score("target-target")
        await visit.write(tasks.steer, code, Steering(sent.text("target-reason"), target=target), version=version)

    return await _steer(visit, code, "target", act)


@router.post("/tasks/{code}/steering/cooperating")
async def change_cooperating(visit: Signed, code: str) -> Response:
    async def act(sent: Sent, version: int) -> None:
        change = Steering(sent.text("cooperating-reason"), cooperating=sent.many("cooperating-agency"))
        await visit.write(tasks.steer, code, change, version=version)

    return await _steer(visit, code, "cooperating", act)


@router.post("/tasks/{code}/steering/assign")
async def assign(visit: Signed, code: str) -> Response:
    async def act(sent: Sent, version: int) -> None:
        _check_filled(sent, "assign-agency", "Hãy chọn cơ quan nhận nhiệm vụ.", "assign-reason")
        await visit.write(tasks.assign, code, sent.text("assign-agency"), sent.text("assign-reason"), version=version)

    return await _steer(visit, code, "assign", act)


@router.post("/tasks/{code}/steering/close")
async def close(visit: Signed, code: str) -> Response:
    async def act(sent: Sent, version: int) -> None:
        await visit.write(tasks.close, code, sent.text("close-reason"), version=version)

    return await _steer(visit, code, "close", act)


@router.post("/tasks/{code}/steering/reopen")
async def reopen(visit: Signed, code: str) -> Response:
    async def act(sent: Sent, version: int) -> None:
        due = sent.day("reopen-due_before", "Hạn mới")
        await visit.write(tasks.reopen, code, sent.text("reopen-reason"), due, version=version)

    return await _steer(visit, code, "reopen", act)


@router.post("/tasks/{code}/directions")
async def give_direction(visit: Signed, code: str) -> Response:
    """On behalf of nobody: whoever is signed in speaks."""
    try:
        await visit.write(tasks.give_direction, code, visit.sent.text("direction-text"), None, version=None)
    except Problem as problem:
        problem.rename(lambda field: f"direction-{field}")
        return await task_page.show_task(visit, code, problem=problem, typed=visit.sent.shown("direction-"))
    return visit.to(f"/tasks/{code}", "direction-given")


async def _steer(visit: Visit, code: str, form: str, act: Callable[[Sent, int], Any]) -> Response:
    """Carry out one form of the page, or show the page again with the form as it was typed."""
    try:
        await act(visit.sent, visit.sent.version())
    except Problem as problem:
        problem.rename(lambda field: field if field.startswith(f"{form}-") else f"{form}-{field}")
        return await _show(visit, code, problem)
    return visit.to(f"/tasks/{code}", f"steered-{form}")


async def _show(visit: Visit, code: str, problem: Problem | None = None) -> Response:
    visit.actor.require(Permission.TASK_STEER)
    frame = await visit.frame()
    task = await visit.read(tasks.get_task, code)
    found = await visit.read(list_agencies, active=True, limit=200, offset=0)
    typed = visit.sent.shown() if problem is not None else {}
    return visit.page(
        "steering.html",
        **frame,
        task=task,
        agencies=by_name(found["items"]),
        typed=typed,
        problem=problem,
        chosen=chosen(task, visit.sent),
    )


def chosen(task: Mapping[str, Any], sent: Sent) -> list[str]:
    """Codes ticked as cooperating: as they were sent, else as they stand."""
    if sent.has("cooperating-reason"):
        return sent.many("cooperating-agency")
    return [one["code"] for one in task["cooperating"]]


def _check_filled(sent: Sent, name: str, asked: str, reason: str) -> None:
    """Where the field is empty, a missing reason is told of with it."""
    problems = Gathered()
    if problems.of(sent.needed, name, asked) is None:
        problems.of(sent.needed, reason, NO_REASON)
    problems.raise_any()


def _read_due(sent: Sent, name: str, reason: str) -> date:
    """The new due date; where none can be read, a missing reason is told of with it."""
    problems = Gathered()
    due = problems.of(sent.needed_day, name, "Hạn mới", "Hãy nhập hạn mới.")
    if due is None:
        problems.of(sent.needed, reason, NO_REASON)
    problems.raise_any()
    assert due is not None
    return due


# Many at once


@router.get("/steering")
async def show_many(visit: Signed) -> Response:
    return await _show_many(visit, visit.request.query_params.getlist("task"))


@router.post("/steering")
async def change_many(visit: Signed) -> Response:
    """One new due date for every task that was ticked: all of them or none."""
    sent = visit.sent
    items = [_task_version(one) for one in sent.many("task")]
    try:
        if not items:
            raise InvalidInput("Hãy chọn ít nhất một nhiệm vụ.", field="task")
        due = _read_due(sent, "due_before", "reason")
        await visit.write(tasks.steer_many, items[:MOST_AT_ONCE], Steering(sent.text("reason"), due_before=due))
    except Problem as problem:
        ticked = [code for code, _ in items]
        return await _show_many(visit, sent.many("shown") or ticked, ticked, problem)
    return visit.to("/tasks", "steered-many")


async def _show_many(
    visit: Visit, codes: Sequence[str], ticked: Sequence[str] = (), problem: Problem | None = None
) -> Response:
    visit.actor.require(Permission.TASK_STEER)
    frame = await visit.frame()
    found = await visit.read(_read_all, list(dict.fromkeys(codes))[:MOST_AT_ONCE])
    typed = visit.sent.shown() if problem is not None else {}
    return visit.page("steering_many.html", **frame, tasks=found, ticked=ticked, typed=typed, problem=problem)


def _read_all(connection: Connection, actor: Actor, codes: Sequence[str], *, now: datetime) -> list[dict[str, Any]]:
    return [tasks.get_task(connection, actor, code, now=now) for code in codes]


def _task_version(text: str) -> tuple[str, int]:
    """ "ST-2024-TC-16@3" → its parts; without a number it is a version that never was."""
    code, _, version = text.partition("@")
    return code, read_count(version, digits=9) or 0
