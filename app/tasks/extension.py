"""Đề nghị gia hạn: an agency asks for a later date, the coordinator decides; the old date stays on record."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from app import events, scope
from app.agencies import work_calendar
from app.core import workflow
from app.core.access import Actor, Permission
from app.core.workdays import ONE_DAY, Calendar
from app.errors import Conflict, Gathered, IllegalMove, InvalidInput, NotFound
from app.models import accounts, agencies, assessments, criteria, extension_requests, tasks
from app.tasks.change import Located, apply, check_future, check_leads, check_version, locate
from app.text import compose

_COLUMNS = (
    extension_requests.c.id,
    tasks.c.code.label("task"),
    criteria.c.name.label("task_name"),
    agencies.c.code.label("agency"),
    agencies.c.name.label("agency_name"),
    tasks.c.effective_due,
    tasks.c.status,
    extension_requests.c.requested_due,
    extension_requests.c.previous_due,
    extension_requests.c.reason,
    extension_requests.c.at,
    accounts.c.display_name.label("by"),
    extension_requests.c.on_behalf_of,
    extension_requests.c.state,
    extension_requests.c.granted_due,
    extension_requests.c.comment,
    extension_requests.c.decided_at,
)
_REQUESTS = (
    select(*_COLUMNS)
    .join(tasks, tasks.c.id == extension_requests.c.task_id)
    .join(assessments, assessments.c.id == tasks.c.assessment_id)
    .join(criteria, criteria.c.id == tasks.c.criterion_id)
    .join(agencies, agencies.c.id == tasks.c.agency_id)
    .join(accounts, accounts.c.id == extension_requests.c.account_id)
)
LONGEST_COUNTED = 3
"""Years between two dates up to which working days are counted: a calendar of centuries would be made for nothing."""


def request_extension(
    connection: Connection,
    actor: Actor,
    ident: str,
    requested_due: date,
    reason: str,
    on_behalf_of: str | None,
    *,
    version: int | None,
    now: datetime,
) -> dict[str, Any]:
    """Ask for a later due date. One undecided request a task; the task itself does not change until the decision."""
    row = locate(connection, actor, ident)
    actor.require(Permission.EXTENSION_REQUEST)
    check_leads(actor, row)
    check_version(row, version)
    if row.status not in workflow.OPEN or row.status == "submitted":
        raise IllegalMove(f"Nhiệm vụ đang “{workflow.LABELS[row.status]}” nên không cần gia hạn.")
    problems = Gathered()
    problems.of(_check_later, row, requested_due, "Hạn đề nghị", "requested_due", now=now)
    why = problems.of(_needed, reason, "Hãy ghi lý do đề nghị gia hạn.", "reason")
    problems.raise_any()
    assert why is not None
    open_one = select(extension_requests.c.id).where(
        extension_requests.c.task_id == row.id, extension_requests.c.state == "open"
    )
    if connection.execute(open_one).first() is not None:
        raise Conflict("Đã có một đề nghị gia hạn đang chờ quyết định.")
    actor = actor.speaking_for(on_behalf_of)
    request_id = connection.execute(
        insert(extension_requests)
        .values(
            task_id=row.id,
            requested_due=requested_due,
            previous_due=row.effective_due,
            reason=why,
            at=now,
            account_id=actor.account_id,
            on_behalf_of=actor.on_behalf_of,
            state="open",
            comment="",
        )
        .returning(extension_requests.c.id)
    ).scalar_one()
    after = {"requested_due": requested_due.isoformat()}
    events.record_task(connection, actor, row, now=now, action="task.extension_requested", after=after, why=why)
    return get_request(connection, actor, request_id, now=now)


def decide_extension(
    connection: Connection,
    actor: Actor,
    request_id: int,
    decision: str,
    granted_due: date | None,
    comment: str,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Grant (the date asked for, or another one) or refuse (with a comment), once."""
    request = get_request(connection, actor, request_id, now=now)
    actor.require(Permission.EXTENSION_DECIDE)
    row = locate(connection, actor, request["task"])
    # Once more, now that nobody else changes the task: it may have been decided, or refused with the task's end.
    request = get_request(connection, actor, request_id, now=now)
    if request["state"] != "open":
        raise Conflict("Đề nghị này đã được quyết định rồi.")
    words = compose(comment)
    due = _granted(row, request, granted_due, now=now) if decision == "granted" else None
    if due is None and not words:
        raise InvalidInput("Hãy ghi lý do không chấp nhận gia hạn.", field="comment")
    if due is not None and row.status not in workflow.OPEN:
        raise IllegalMove(f"Nhiệm vụ đã “{workflow.LABELS[row.status]}” nên không gia hạn được.")
    decided = connection.execute(
        update(extension_requests)
        .where(extension_requests.c.id == request_id, extension_requests.c.state == "open")
        .values(state=decision, granted_due=due, comment=words, decided_at=now, decided_by=actor.account_id)
    )
    if decided.rowcount != 1:
        raise Conflict("Đề nghị này vừa được người khác quyết định.")
    values = {} if due is None else {"extension_due": due}
    task = apply(connection, actor, row, values, action=f"task.extension_{decision}", now=now, why=words)
    return get_request(connection, actor, request_id, now=now) | {"task_state": task}


def list_requests(
    connection: Connection,
    actor: Actor,
    *,
    state: str | None,
    task: str | None = None,
    assessment: str | None = None,
    oldest_first: bool = False,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """Requests on visible tasks, the newest first unless asked otherwise. `workdays`: how many working days the date
    asked for adds to the one it would replace; None where that is years away."""
    actor.require(Permission.TASK_READ)
    statement = _REQUESTS.where(scope.visible_tasks(actor))
    if state is not None:
        statement = statement.where(extension_requests.c.state == state)
    if task is not None:
        statement = statement.where(tasks.c.code == task)
    if assessment is not None:
        statement = statement.where(assessments.c.code == assessment)
    total = connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    order = extension_requests.c.id if oldest_first else extension_requests.c.id.desc()
    rows = connection.execute(statement.order_by(order).limit(limit).offset(offset)).all()
    return {"items": _counted(connection, rows), "total": total, "limit": limit, "offset": offset}


def _counted(connection: Connection, rows: Sequence[Any]) -> list[dict[str, Any]]:
    spans = {row.id: (row.previous_due, row.requested_due) for row in rows if _is_near(row)}
    years = {year for first, last in spans.values() for year in range(first.year - 1, last.year + 1)}
    calendar = work_calendar(connection, years=years) if rows else Calendar()
    added = {key: calendar.workdays_between(first - ONE_DAY, last - ONE_DAY) for key, (first, last) in spans.items()}
    return [{**row._mapping, "workdays": added.get(row.id)} for row in rows]


def _is_near(row: Any) -> bool:
    return bool(row.requested_due.year - row.previous_due.year <= LONGEST_COUNTED)


def get_request(connection: Connection, actor: Actor, request_id: int, *, now: datetime) -> dict[str, Any]:
    row = connection.execute(_REQUESTS.where(extension_requests.c.id == request_id, scope.visible_tasks(actor))).first()
    if row is None:
        raise NotFound("Không có đề nghị gia hạn này.")
    return dict(row._mapping)


def refuse_open(connection: Connection, actor: Actor, row: Located, *, now: datetime) -> None:
    """A finished task needs no extension: what was asked for and not decided is refused, saying so."""
    words = "Nhiệm vụ đã kết thúc trước khi đề nghị gia hạn được quyết định."
    refused = connection.execute(
        update(extension_requests)
        .where(extension_requests.c.task_id == row.id, extension_requests.c.state == "open")
        .values(state="refused", comment=words, decided_at=now, decided_by=actor.account_id)
    )
    if refused.rowcount:
        events.record_task(connection, actor, row, now=now, action="task.extension_refused", why=words)


def _granted(row: Located, request: dict[str, Any], granted_due: date | None, *, now: datetime) -> date:
    due: date = granted_due or request["requested_due"]
    _check_later(row, due, "Hạn mới", "granted_due", now=now)
    return due


def _check_later(row: Located, due: date, label: str, field: str, *, now: datetime) -> None:
    check_future(due, now=now, field=field)
    if due <= row.effective_due:
        raise InvalidInput(f"{label} phải sau hạn hiện tại ({row.effective_due:%d/%m/%Y}).", field=field)


def _needed(text: str, asked: str, field: str) -> str:
    words = compose(text)
    if not words:
        raise InvalidInput(asked, field=field)
    return words
