"""What a task's page shows, also after a form on it failed: nothing that was typed is lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from app import tasks
from app.core.workflow import REPORTABLE
from app.errors import MissingMeasurement, NotFound, Problem, StaleVersion
from app.idents import read_count
from app.web.forms import Sent
from app.web.task import fields, words
from app.web.task.fields import Difference
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

NEWEST: Final = 8
"""Rows of the log on the task's page; the others are one page further."""
PER_PAGE: Final = 50
MOST_NAME: Final = 40
"""Characters of a draft's mark and of a page's name."""
SAVED: Final = frozenset({"report-saved", "report-submitted", "report-unchanged", "draft-discarded"})
"""After these nothing of what a browser has kept for itself is wanted any more."""


NOTHING_TYPED: Final[Mapping[str, Any]] = {}


@router.get("/tasks/{code}")
async def get_task_page(visit: Signed, code: str) -> Response:
    return await show_task(visit, code)


@router.get("/tasks/{code}/report")
async def get_report_form(visit: Signed, code: str) -> Response:
    """Where the form is sent to, opened by hand: the page at that form."""
    return await show_task(visit, code, panel="report")


@router.get("/tasks/{code}/extension")
async def get_extension_form(visit: Signed, code: str) -> Response:
    return await show_task(visit, code, panel="extension")


@router.get("/tasks/{code}/history")
async def get_history(visit: Signed, code: str) -> Response:
    """The whole log, newest first."""
    task = await visit.read(tasks.get_task, code)
    log = await visit.read(tasks.list_updates, task["code"], limit=PER_PAGE, offset=visit.offset, newest_first=True)
    sentences = [words.sentence(event, task) for event in log["items"]]
    return visit.page("task/history.html", **await frame_of(visit, task), task=task, log=log, sentences=sentences)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed into the report, and what it was typed over."""

    values: Mapping[str, str]
    was: Mapping[str, str]
    version: int | None
    seen: tasks.Seen | None = None
    """What was known of the draft that is kept."""


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The report as the page shows it for writing."""

    values: Mapping[str, str]
    was: Mapping[str, str]
    version: int
    stale: bool = False
    """Others changed the task after what stands in the form was begun."""
    differences: Mapping[str, Difference] = field(default_factory=dict)
    adopted: list[str] = field(default_factory=list)
    drafted_at: Any = None
    """The form holds what the account typed then and did not save."""
    elsewhere_at: Any = None
    """The differences are from a draft that the account saved then on another device."""
    draft: str = ""
    """Mark of the draft that whoever reads the page knows of."""


async def show_task(
    visit: Visit,
    code: str,
    *,
    problem: Problem | None = None,
    typed: Mapping[str, Any] | None = None,
    panel: str = "",
) -> Response:
    """The task's page; `typed`: what a form other than the report brought, to be shown in it again. `panel`: the form
    that the page opens with, "report" or "extension"."""
    return await _show(visit, code, None, problem, typed=typed or {}, panel=panel)


async def show_report(visit: Visit, code: str, attempt: Attempt, problem: Problem) -> Response:
    """The task's page after its report could not be saved, with all that was typed. Where somebody else changed the
    task meanwhile both versions stand side by side."""
    stale = isinstance(problem, StaleVersion)
    return await _show(visit, code, attempt, None if stale else problem, status=412 if stale else 200)


def show_gone(visit: Visit, problem: NotFound) -> Response:
    """For whoever typed while the task went to another agency: the page cannot be shown, what was typed can."""
    kept = fields.typed_anew(visit.sent)
    return visit.page(
        "failure.html", status=404, title=problem.title, detail=problem.detail, kept=kept, again=False, before=None
    )


async def show_comparison(visit: Visit, code: str, attempt: Attempt) -> Response:
    """The task's page with what was typed beside the draft that the account saved on another device."""
    return await _show(visit, code, attempt, None, comparing=True)


async def _show(
    visit: Visit,
    code: str,
    attempt: Attempt | None,
    problem: Problem | None,
    *,
    typed: Mapping[str, Any] = NOTHING_TYPED,
    status: int = 200,
    panel: str = "",
    comparing: bool = False,
) -> Response:
    found = await visit.read(tasks.open_task, code, events=NEWEST)
    task = found["task"]
    form = report_form(task, attempt, found["draft"])
    if comparing and attempt is not None and found["draft"] is not None:
        form = beside_draft(task, attempt, found["draft"])
    editable = found["reports"] and task["status"] in REPORTABLE
    if problem is not None and attempt is not None:
        words.place_faults(problem, task, attempt.values)
    return visit.page(
        "task/page.html",
        status=status,
        problem=problem,
        **await frame_of(visit, task),
        **found,
        typed=typed,
        form=form,
        editable=editable,
        attempted=attempt is not None,
        comparing=comparing,
        left_over=[] if editable else left_over(task, attempt, found["draft"]),
        labels=fields.labels(task),
        panel=panel,
        score=await score(visit, task, form.values) if editable else None,
        last_review=_last_review(task),
        sentences=[words.sentence(event, task) for event in found["log"]["items"]],
        saved=visit.request.query_params.get("done") in SAVED,
        CONFIDENCE=words.CONFIDENCE,
        BASES=words.BASES,
        example=fields.example_score(task),
    )


async def frame_of(visit: Visit, task: Mapping[str, Any]) -> dict[str, Any]:
    """The frame of the task's own assessment, whichever was chosen last."""
    frame = await visit.frame()
    own = [one for one in frame["assessments"] if one["code"] == task["assessment"]]
    return frame | ({"assessment": own[0]} if own else {})


# The report


def report_form(task: Mapping[str, Any], attempt: Attempt | None, draft: Mapping[str, Any] | None) -> ReportForm:
    """What was just typed, else what was typed before and not saved, else the report as it stands."""
    saved = fields.saved_values(task)
    if attempt is not None:
        return _typed_over(task, attempt)
    if draft is not None:
        form = _typed_over(task, attempt_of(draft), drafted_at=draft["updated_at"])
        if fields.changed(task, form.values):
            return form
    return ReportForm(saved, fields.marks(saved), task["version"], draft=draft["mark"] if draft else "")


def beside_draft(task: Mapping[str, Any], attempt: Attempt, draft: Mapping[str, Any]) -> ReportForm:
    """What was typed, laid over the draft from another device instead of over the report."""
    standing = _typed_over(task, attempt_of(draft)).values
    merged = fields.merge(task, attempt.values, attempt.was, standing)
    return ReportForm(
        merged.values,
        attempt.was,
        task["version"],
        differences={one.name: one for one in merged.differences},
        adopted=merged.adopted,
        elsewhere_at=draft["updated_at"],
        draft=draft["mark"],
    )


def attempt_of(draft: Mapping[str, Any]) -> Attempt:
    content = draft["content"]
    was = {name.removeprefix("was."): text for name, text in content.items() if name.startswith("was.")}
    values = {name: text for name, text in content.items() if not name.startswith("was.")}
    return Attempt(values, was, draft["base_version"], tasks.Seen(draft["mark"]))


def read_attempt(sent: Sent, task: Mapping[str, Any]) -> Attempt:
    """Never raises: what is wrong with it is said later, with all of it on the page."""
    values = fields.typed_values(sent, task)
    version = read_count(sent.text("version"), digits=9)
    return Attempt(values, fields.sent_marks(sent, values), version, read_seen(sent))


def read_seen(sent: Sent) -> tasks.Seen | None:
    """None of a form that tells nothing of drafts."""
    if not sent.has("draft"):
        return None
    return tasks.Seen(sent.text("draft")[:MOST_NAME], sent.text("page")[:MOST_NAME])


def _typed_over(task: Mapping[str, Any], attempt: Attempt, drafted_at: Any = None) -> ReportForm:
    saved = fields.saved_values(task)
    if attempt.version is None or attempt.version >= task["version"]:
        values = {**saved, **attempt.values}
        return ReportForm(
            values, attempt.was, task["version"], drafted_at=drafted_at, draft=attempt.seen.mark if attempt.seen else ""
        )
    merged = fields.merge(task, attempt.values, attempt.was)
    return ReportForm(
        merged.values,
        fields.marks(saved),
        task["version"],
        True,
        {one.name: one for one in merged.differences},
        merged.adopted,
        drafted_at,
        draft=attempt.seen.mark if attempt.seen else "",
    )


def left_over(
    task: Mapping[str, Any], attempt: Attempt | None, draft: Mapping[str, Any] | None
) -> list[tuple[str, str]]:
    """What was typed and cannot be written now, because the report waits for its review or the task is finished."""
    kept = attempt or (attempt_of(draft) if draft else None)
    if kept is None:
        return []
    values = fields.merge(task, kept.values, kept.was).values
    named = {**fields.labels(task), **fields.APART}
    return [(named[name], values[name]) for name in fields.changed(task, values) if name in named and values[name]]


def _last_review(task: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What Sở Nội vụ asked for, while it is to be done."""
    last = task["reviews"][-1] if task["reviews"] else None
    asked = last is not None and last["decision"] in ("returned", "continued") and task["status"] in REPORTABLE
    return last if asked else None


# The score as one types


async def score(visit: Visit, task: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any] | None:
    """What the numbers in the form come to: `found`, or the `problem` with them; empty for no number at all, None where
    the criterion takes none."""
    if task["criterion"]["kind"] != "appraised":
        return None
    try:
        measured, declared = fields.read_inputs(values, task), fields.read_declared(values)
        if not measured and declared is None:
            return {}
        found = await visit.read(tasks.preview_score, task["code"], measured, declared)
        return {"found": found, "problem": None, "incomplete": False}
    except Problem as problem:
        return {"found": None, "problem": problem, "incomplete": isinstance(problem, MissingMeasurement)}
