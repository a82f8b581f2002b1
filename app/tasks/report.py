"""What the lead agency does: notes on progress, the report with its figures, handing in, recalling."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, insert, update
from sqlalchemy import Update as ReportUpdate

from app.core import scoring, workflow
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.db import savepoint
from app.errors import Fault, Forbidden, Gathered, InvalidInput, OutsideRuleDomain, Problem, ScoreNotAccepted
from app.models import reports, submissions
from app.tasks.change import Located, apply, check_leads, check_version, locate, points_or_none
from app.text import compose

TEXTS = ("reason", "progress", "remedy", "difficulties", "period")


@dataclass(frozen=True, slots=True)
class Update:
    """What an agency sends; None leaves a part as it is. Without `status` it moves nothing."""

    status: str | None = None
    percent: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """Any of `TEXTS`."""
    measurements: Mapping[str, Any] | None = None
    """Input of the rule → number. Laid over what the agency reported before, so one number can be corrected alone."""
    declared_score: str | None = None
    note: str = ""
    on_behalf_of: str | None = None


def record_update(
    connection: Connection, actor: Actor, ident: str, change: Update, *, version: int | None, now: datetime
) -> dict[str, Any]:
    """Write an agency's update: report, figures, status, score and log in one go; returns the task's new standing.

    Raises the problem types of the task's life (`IllegalMove`, `IncompleteSubmission`, `StaleVersion`), of measurements
    and of scores, `Forbidden` for an account that only prepares reports; nothing is changed then.
    """
    row = locate(connection, actor, ident)
    actor.require(Permission.TASK_REPORT)
    check_leads(actor, row)
    _check_hands_in(actor, row, change)
    check_version(row, version)
    _check_says_something(change)
    _check_move(row, change)
    actor = actor.speaking_for(change.on_behalf_of)
    texts = {name: compose(text) for name, text in change.texts.items()}
    figures = _checked_figures(row, change, texts)
    content = {**_texts(row, texts), **figures.content}
    submits = change.status == "submitted"
    _write_report(connection, actor, row, {**texts, **figures.changed}, now=now)
    if submits:
        _write_submission(connection, actor, row, content, figures.reported, now=now)
    return apply(
        connection,
        actor,
        row,
        _task_values(actor, row, change, figures.reported, now=now),
        action=_action(row.status, change.status),
        now=now,
        why=compose(change.note),
        also={**texts, **figures.logged},
        also_before=_stood(row, {**texts, **figures.logged}),
    )


def record_updates(
    connection: Connection,
    actor: Actor,
    items: Sequence[tuple[str, int, Update]],
    *,
    describe: Callable[[Problem, str], dict[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """Many updates, each (task, version, update) on its own: what fails is undone alone and told in its place."""
    results: dict[int, dict[str, Any]] = {}
    # Always in the same order, or two callers could wait for each other.
    for place, (ident, version, change) in sorted(enumerate(items), key=lambda item: item[1][0]):
        try:
            with savepoint(connection, "item"):
                task = record_update(connection, actor, ident, change, version=version, now=now)
            results[place] = {"code": ident, "ok": True, "task": task}
        except Problem as error:
            results[place] = {"code": ident, "ok": False, "problem": describe(error, ident)}
    succeeded = sum(result["ok"] for result in results.values())
    told = [results[place] for place in range(len(items))]
    return {"items": told, "succeeded": succeeded, "failed": len(items) - succeeded}


# Figures


@dataclass(frozen=True, slots=True)
class Figures:
    """What the report's numbers come to: `changed` are columns of `report`, `logged` goes into the event."""

    reported: int | None
    changed: dict[str, Any]
    content: dict[str, Any]
    logged: dict[str, Any]


def read_figures(row: Located, change: Update) -> Figures:
    """Score what was measured or declared by the criterion's rule; without either the last reported score stands."""
    kept = {"measurements": row.measurements, "declared": points_or_none(row.declared)}
    if change.measurements is None and change.declared_score is None:
        reported = row.reported
        if change.status == "submitted" and reported is None and (row.measurements or row.declared is not None):
            _, _, reported = score_of(row, row.measurements, kept["declared"])  # a returned report, handed in again
        return Figures(reported, {}, kept, {})
    measurements, declared, reported = score_of(
        row, _overlaid(row.measurements, change.measurements), change.declared_score
    )
    changed = {"measurements": measurements, "declared": declared}
    shown = {"measurements": measurements, "declared": points_or_none(declared)}
    return Figures(reported, changed, shown, shown)


def score_of(
    row: Located, measurements: Mapping[str, Any] | None, declared: str | None, *, field: str = "declared_score"
) -> tuple[dict[str, str] | None, int | None, int]:
    """(measurements, declared points, score) by the criterion's rule.

    An executable rule computes the score and takes no typed one — except outside the domain in which the rule was
    observed, where it refuses: there measurements and a declared score come together.
    """
    rule = scoring.parse_rule(row.rule)
    if not rule.executable:
        if measurements:
            scoring.read_measurements(rule, measurements)  # raises: this rule takes none
        points = scoring.check_declared(rule, row.max, declared if declared is not None else "", field=field)
        return None, points, points
    computed_only = ScoreNotAccepted(
        "Điểm của tiêu chí này được tính từ số liệu; bỏ điểm và chỉ nhập số liệu.", field=field
    )
    if declared is not None and not measurements:
        raise computed_only
    counts = scoring.read_measurements(rule, measurements or {})
    try:
        computed = scoring.score_measurements(rule, row.max, counts)
    except OutsideRuleDomain as error:
        if declared is None:
            asked = "Hãy nhập kèm điểm tự chấm."
            faults = (*error.faults, Fault(field, asked))
            raise OutsideRuleDomain(f"{error.detail} {asked}", faults=faults, extra=error.extra) from error
        points = scoring.check_score(row.max, declared, field=field)
        return counts, points, points
    if declared is not None:
        raise computed_only
    return counts, None, computed


def _overlaid(earlier: Mapping[str, Any] | None, given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if given is None or earlier is None:
        return given if given is not None else earlier
    return {**earlier, **given}


# Inside


def _checked_figures(row: Located, change: Update, texts: Mapping[str, str]) -> Figures:
    """The figures, once numbers and texts hold what their status asks for; all that is wrong with both is told."""
    problems = Gathered()
    figures = problems.of(read_figures, row, change)
    if change.status == "submitted":
        scored = figures is None or figures.reported is not None  # wrong numbers are not missing ones
        appraised = row.kind == "appraised"
        problems.of(workflow.check_submission, _texts(row, texts), appraised=appraised, has_score=scored)
    problems.raise_any()
    assert figures is not None
    return figures


def _texts(row: Located, given: Mapping[str, str]) -> dict[str, str]:
    """The report's texts as they will stand."""
    return {**{name: getattr(row, name) or "" for name in TEXTS}, **given}


def _check_says_something(change: Update) -> None:
    said = (change.status, change.percent, change.measurements, change.declared_score)
    if all(part is None for part in said) and not change.texts and not change.note.strip():
        raise InvalidInput("Cập nhật không có nội dung nào. Hãy ghi tiến độ, số liệu, trạng thái hoặc ghi chú.")


def _check_hands_in(actor: Actor, row: Located, change: Update) -> None:
    """Handing in and taking back is for whoever answers for the report, not for whoever prepares it."""
    if not actor.drafts_only or change.status is None:
        return
    if change.status == "submitted":
        raise Forbidden(
            "Tài khoản này chỉ soạn báo cáo, không nộp. Hãy lưu báo cáo để lãnh đạo đơn vị nộp bằng tài khoản của mình."
        )
    if row.status == "submitted":
        raise Forbidden("Báo cáo đã được nộp; chỉ lãnh đạo đơn vị được rút lại bằng tài khoản của mình.")


def _check_move(row: Located, change: Update) -> None:
    if change.status is not None:
        if change.status not in workflow.LABELS:
            raise InvalidInput("Cơ quan chỉ chuyển được sang “Đang khắc phục” hoặc “Chờ xác nhận”.", field="status")
        workflow.check_agency_move(row.status, change.status)
    elif row.status == "submitted" and not _edits(change):
        return  # a bare note beside a report that waits for review
    else:
        workflow.check_update_open(row.status)


def _stood(row: Located, written: Mapping[str, Any]) -> dict[str, Any]:
    """What the log tells of the report before it was changed."""
    before = {**{name: getattr(row, name) or "" for name in TEXTS}, "measurements": row.measurements}
    before["declared"] = points_or_none(row.declared)
    return {name: before[name] for name in written}


def _edits(change: Update) -> bool:
    figures = (change.percent, change.measurements, change.declared_score)
    return bool(change.texts) or any(part is not None for part in figures)


def _action(before: str, wanted: str | None) -> str:
    if wanted == "submitted":
        return "task.submitted"
    return "task.recalled" if before == "submitted" and wanted == "in_progress" else "task.updated"


def _task_values(actor: Actor, row: Located, change: Update, reported: int | None, *, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"status": change.status or row.status, "reported": reported}
    if change.percent is not None:
        values["percent"] = change.percent
    if change.status == "submitted":
        values |= _submitted_values(actor, row, now=now)
    elif change.status is not None:
        values |= {"submitted_at": None, "submitted_by": None}
    return values


def _submitted_values(actor: Actor, row: Located, *, now: datetime) -> dict[str, Any]:
    on_time = workflow.is_on_time(row.effective_due, submitted_on=local_date(now))
    return {
        "submitted_at": now,
        "submitted_by": actor.account_id,
        "submissions": row.submissions + 1,
        "submitted_on_time": on_time if row.submitted_on_time is None else row.submitted_on_time,
    }


def _write_report(connection: Connection, actor: Actor, row: Located, values: dict[str, Any], *, now: datetime) -> None:
    if not values:
        return
    stamped = {**values, "updated_at": now, "account_id": actor.account_id, "on_behalf_of": actor.on_behalf_of}
    if row.report_id is not None:
        new = {f"new_{name}": value for name, value in stamped.items()}
        connection.execute(_rewriting(tuple(stamped)), {"task": row.id, **new})
        return
    blank = dict.fromkeys(TEXTS, "")
    connection.execute(insert(reports).values(task_id=row.id, **{**blank, **stamped}))


@cache
def _rewriting(columns: tuple[str, ...]) -> ReportUpdate:
    new: dict[str, BindParameter[Any]] = {name: bindparam(f"new_{name}") for name in columns}
    return update(reports).where(reports.c.task_id == bindparam("task")).values(new)


def _write_submission(
    connection: Connection, actor: Actor, row: Located, content: dict[str, Any], reported: int | None, *, now: datetime
) -> None:
    connection.execute(
        insert(submissions).values(
            task_id=row.id,
            number=row.submissions + 1,
            at=now,
            account_id=actor.account_id,
            on_behalf_of=actor.on_behalf_of,
            on_time=workflow.is_on_time(row.effective_due, submitted_on=local_date(now)),
            reported=reported,
            content=content,
        )
    )
