"""How a task changes: found in the caller's scope, compared with the version the caller saw, written with its log row.

Every other module here decides *what* changes; only `apply` writes it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, Update, bindparam, select, update

from app import events, scope
from app.core import scoring, workflow
from app.core.access import Actor, Role
from app.core.workdays import local_date
from app.errors import Forbidden, InvalidInput, NotFound, StaleVersion
from app.idents import read_ident
from app.models import agencies, assessments, criteria, reports, shares, tasks

Located = Any
"""A row of `locate`: the task with its criterion's rule, its agency, its province and its report as it stands."""

UNKNOWN = "Không có nhiệm vụ này, hoặc nhiệm vụ không thuộc phạm vi của bạn. Hãy kiểm tra lại mã, ví dụ ST-2024-TC-16."

_LOCATE = (
    select(
        tasks,
        assessments.c.province_id,
        criteria.c.rule,
        agencies.c.code.label("agency"),
        agencies.c.name.label("agency_name"),
        reports.c.task_id.label("report_id"),
        reports.c.reason,
        reports.c.progress,
        reports.c.remedy,
        reports.c.difficulties,
        reports.c.measurements,
        reports.c.declared,
        reports.c.period,
        reports.c.account_id.label("report_author"),
    )
    .join(assessments, assessments.c.id == tasks.c.assessment_id)
    .join(criteria, criteria.c.id == tasks.c.criterion_id)
    .join(agencies, agencies.c.id == tasks.c.agency_id)
    .outerjoin(reports, reports.c.task_id == tasks.c.id)
)


def locate(connection: Connection, actor: Actor, ident: str) -> Located:
    """The task, locked against other writers until the commit; raises `NotFound` outside the actor's scope."""
    wanted = read_ident(ident)
    by_id = isinstance(wanted, int)
    if connection.dialect.name == "postgresql":
        # First the lock, alone: a statement that had to wait for it would read all other tables as they were before.
        connection.execute(_locking(by_id=by_id), {"wanted": wanted})
    statement = _locating(actor.role, actor.province_id is None, by_id=by_id)
    row = connection.execute(statement, {"wanted": wanted, **scope.bound(actor)}).first()
    if row is None:
        raise NotFound(UNKNOWN)
    return row


# Statements are built once for each kind of caller: building one costs as much as running it.


@cache
def _locking(*, by_id: bool) -> Select[Any]:
    return select(tasks.c.id).where(_meant(by_id=by_id)).with_for_update()


@cache
def _locating(role: Role, everywhere: bool, *, by_id: bool) -> Select[Any]:
    return _LOCATE.where(_meant(by_id=by_id), scope.visible_tasks_bound(role, everywhere=everywhere))


def _meant(*, by_id: bool) -> ColumnElement[bool]:
    return (tasks.c.id if by_id else tasks.c.code) == bindparam("wanted")


@cache
def _writing(columns: tuple[str, ...]) -> Update:
    """An update of these columns, of the one version that was read."""
    new: dict[str, BindParameter[Any]] = {name: bindparam(f"new_{name}") for name in columns}
    return update(tasks).where(tasks.c.id == bindparam("task"), tasks.c.version == bindparam("seen")).values(new)


def check_version(row: Located, version: int | None) -> None:
    """Raise `StaleVersion` when the caller saw another version than the one that stands; None compares nothing."""
    if version is not None and version != row.version:
        raise StaleVersion(
            f"Nhiệm vụ {row.code} đã được thay đổi từ lúc bạn đọc (bản {version}, hiện là bản {row.version}). "
            "Hãy xem bản mới rồi gửi lại.",
            field="If-Match",
            extra={"version": row.version},
        )


def check_leads(actor: Actor, row: Located) -> None:
    """Only the lead agency writes its report; whoever cooperates may read."""
    if not scope.leads(actor, row.agency_id):
        raise Forbidden(f"Nhiệm vụ {row.code} do {row.agency_name} phụ trách; chỉ cơ quan này được báo cáo.")


def check_future(day: date, *, now: datetime, field: str) -> None:
    """A new due date must leave at least today: due dates are exclusive."""
    if day <= local_date(now):
        raise InvalidInput(f"Ngày {day:%d/%m/%Y} phải sau hôm nay ({local_date(now):%d/%m/%Y}).", field=field)


def apply(
    connection: Connection,
    actor: Actor,
    row: Located,
    values: Mapping[str, Any],
    *,
    action: str,
    now: datetime,
    why: str = "",
    also: Mapping[str, Any] | None = None,
    also_before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write `values` and the figures that follow from them, one version on, and log what changed.

    `also` and `also_before` add facts to the log that are not columns of the task. Returns the task as far as it can be
    told without another query (see `brief`).
    """
    before = row._mapping
    after = {**before, **values}
    after["effective_due"] = workflow.effective_due(
        after["due_before"], after["extension_due"], after["resubmit_before"]
    )
    after.update(figures(after))
    written = {name: after[name] for name in (*values, "effective_due", "floor", "expected", "ceiling")}
    stamped = {**written, "version": row.version + 1, "updated_at": now}
    values = {f"new_{name}": value for name, value in stamped.items()}
    done = connection.execute(_writing(tuple(stamped)), {"task": row.id, "seen": row.version, **values})
    if done.rowcount != 1:
        check_version(row, -1)
    if after["effective_due"] != row.effective_due:
        # What units answer for is part of the task and due with it; what is done too, for it may be taken back.
        held = update(shares).where(shares.c.task_id == row.id)
        connection.execute(held.values(effective_due=after["effective_due"]))
    left, right = events.changes(before, written)
    left, right = {**left, **(also_before or {})}, {**right, **(also or {})}
    events.record_task(connection, actor, row, now=now, action=action, before=left, after=right, why=why)
    return brief({**after, "version": row.version + 1, "updated_at": now}, today=local_date(now))


def figures(task: Mapping[str, Any]) -> dict[str, int]:
    """Floor, expected and ceiling of a task's row, in ten-thousandths of a point."""
    scores = scoring.task_scores(
        kind=task["kind"],
        status=task["status"],
        published=task["published"],
        max_points=task["max"],
        target=task["target"],
        verified=task["verified"],
        reported=task["reported"],
    )
    return {"floor": scores.floor, "expected": scores.expected, "ceiling": scores.ceiling}


def brief(task: Mapping[str, Any], *, today: date) -> dict[str, Any]:
    """A task's standing as JSON-ready values; scores as strings, dates exclusive."""
    return {
        "code": task["code"],
        "status": task["status"],
        "percent": task["percent"],
        "overdue": workflow.is_overdue(task["status"], task["effective_due"], today=today),
        "due_before": task["due_before"],
        "extension_due": task["extension_due"],
        "resubmit_before": task["resubmit_before"],
        "effective_due": task["effective_due"],
        "days_left": workflow.days_left(task["effective_due"], today=today),
        "submitted_at": task["submitted_at"],
        "submitted_on_time": task["submitted_on_time"],
        "submissions": task["submissions"],
        "max": scoring.format_points(task["max"]),
        "published": scoring.format_points(task["published"]),
        "floor": scoring.format_points(task["floor"]),
        "expected": scoring.format_points(task["expected"]),
        "ceiling": scoring.format_points(task["ceiling"]),
        "verified": points_or_none(task["verified"]),
        "reported": points_or_none(task["reported"]),
        "target": points_or_none(task["target"]),
        "updated_at": task["updated_at"],
        "version": task["version"],
    }


def points_or_none(points: int | None) -> str | None:
    return None if points is None else scoring.format_points(points)
