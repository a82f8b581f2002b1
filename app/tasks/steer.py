"""How the coordinator steers: due dates, targets, who leads and who cooperates, ending and reopening."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from app.agencies.directory import refresh_search
from app.core import scoring, workflow
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.db import savepoint
from app.errors import Conflict, Gathered, IllegalMove, InvalidInput
from app.lineage import last_heir
from app.models import agencies, task_cooperators
from app.tasks.change import Located, apply, brief, check_future, check_version, locate
from app.tasks.extension import refuse_open
from app.text import compose


@dataclass(frozen=True, slots=True)
class Steering:
    """What may be changed on an open task; None leaves it as it is."""

    reason: str
    due_before: date | None = None
    target: str | None = None
    cooperating: Sequence[str] | None = None
    """Codes of all agencies that cooperate from now on."""


def steer(
    connection: Connection, actor: Actor, ident: str, change: Steering, *, version: int | None, now: datetime
) -> dict[str, Any]:
    """Change due date, target or cooperating agencies of an open task; what stands already is not written again.

    A new due date takes the place of an extension and a resubmission date too.
    """
    row = _begin(connection, actor, ident, version=version)
    problems = Gathered()
    why = problems.of(_reason, change.reason)
    values = {**_due(change.due_before, problems, now=now), **_target(row, change.target, problems)}
    problems.raise_any()
    assert why is not None
    if change.due_before is None and change.target is None and change.cooperating is None:
        raise InvalidInput("Không có thay đổi nào. Hãy ghi hạn mới, điểm mục tiêu hoặc cơ quan phối hợp.")
    _check_open(row)
    before, after = _set_cooperators(connection, row, change.cooperating)
    if before == after and all(row._mapping[name] == value for name, value in values.items()):
        return brief(row._mapping, today=local_date(now))
    also, also_before = ({"cooperating": after}, {"cooperating": before}) if before != after else (None, None)
    action = _action(change)
    return apply(connection, actor, row, values, action=action, now=now, why=why, also=also, also_before=also_before)


def steer_many(
    connection: Connection,
    actor: Actor,
    items: Sequence[tuple[str, int]],
    change: Steering,
    *,
    now: datetime,
) -> dict[str, Any]:
    """The same change on many tasks (code, version): all of them or none."""
    done = {}
    with savepoint(connection, "bulk"):
        for ident, version in sorted(items):  # always in the same order, or two callers could wait for each other
            done[ident] = steer(connection, actor, ident, change, version=version, now=now)
    return {"items": [done[ident] for ident, _ in items], "total": len(items)}


def close(
    connection: Connection, actor: Actor, ident: str, reason: str, *, version: int | None, now: datetime
) -> dict[str, Any]:
    """End a task that cannot be remedied (`not_remediable`). Its criterion keeps the published score."""
    row, why = _begin(connection, actor, ident, version=version), _reason(reason)
    workflow.check_closure(row.status)
    refuse_open(connection, actor, row, now=now)
    values = {"status": "closed", "submitted_at": None, "submitted_by": None}
    return apply(
        connection, actor, row, values, action="task.closed", now=now, why=why, also={"outcome": "not_remediable"}
    )


def reopen(
    connection: Connection,
    actor: Actor,
    ident: str,
    reason: str,
    due_before: date | None,
    *,
    version: int | None,
    now: datetime,
) -> dict[str, Any]:
    """Take up a finished task again; the verified score no longer counts, what was frozen stays on record. It goes to
    the successor of an agency that is no more."""
    row = _begin(connection, actor, ident, version=version)
    problems = Gathered()
    why = problems.of(_reason, reason)
    values = {"status": "in_progress", "verified": None, **_due(due_before, problems, now=now)}
    problems.raise_any()
    assert why is not None
    workflow.check_reopening(row.status)
    passed, named = _pass_on(connection, row)
    also = {"verified_measurements": None, **named}
    answer = apply(connection, actor, row, values | passed, action="task.reopened", now=now, why=why, also=also)
    if passed:
        refresh_search(connection, passed["agency_id"])
    return answer


def assign(
    connection: Connection, actor: Actor, ident: str, agency: str, reason: str, *, version: int | None, now: datetime
) -> dict[str, Any]:
    """Give an open task another lead agency of the same province."""
    row, why = _begin(connection, actor, ident, version=version), _reason(reason)
    _check_open(row)
    if row.status == "submitted":
        raise IllegalMove("Báo cáo đang chờ xác nhận. Hãy xem xét báo cáo trước khi giao cho cơ quan khác.")
    (lead,) = _agencies(connection, row, [agency], field="agency")
    if lead.id == row.agency_id:
        raise Conflict(f"{lead.name} đang phụ trách nhiệm vụ này rồi.", field="agency")
    connection.execute(
        delete(task_cooperators).where(task_cooperators.c.task_id == row.id, task_cooperators.c.agency_id == lead.id)
    )
    values = {"agency_id": lead.id, "assignment_basis": "chosen", "former_agency": None}
    also = {"agency": lead.code}
    answer = apply(connection, actor, row, values, action="task.assigned", now=now, why=why, also=also)
    refresh_search(connection, lead.id)
    return answer | {"agency": {"code": lead.code, "name": lead.name}}


# Inside


def _begin(connection: Connection, actor: Actor, ident: str, *, version: int | None) -> Located:
    row = locate(connection, actor, ident)
    actor.require(Permission.TASK_STEER)
    check_version(row, version)
    return row


def _reason(text: str) -> str:
    why = compose(text)
    if not why:
        raise InvalidInput("Hãy ghi lý do.", field="reason")
    return why


def _pass_on(connection: Connection, row: Located) -> tuple[dict[str, Any], dict[str, str]]:
    """(columns, facts for the log) of a task whose agency was succeeded after it was finished: it stayed behind then,
    and nobody could report on it now."""
    lead = last_heir(connection, agencies, row.agency_id)
    of_task = task_cooperators.c.task_id == row.id
    helping = set(connection.execute(select(task_cooperators.c.agency_id).where(of_task)).scalars())
    following = {last_heir(connection, agencies, one) for one in helping} - {lead}
    if gone := helping - following:
        connection.execute(delete(task_cooperators).where(of_task, task_cooperators.c.agency_id.in_(gone)))
    if joined := following - helping:
        connection.execute(insert(task_cooperators), [{"task_id": row.id, "agency_id": one} for one in joined])
    if lead == row.agency_id:
        return {}, {}
    code = connection.execute(select(agencies.c.code).where(agencies.c.id == lead)).scalar_one()
    passed = {"agency_id": lead, "assignment_basis": "succession", "former_agency": row.agency_name}
    return passed, {"agency": str(code)}


def _due(day: date | None, problems: Gathered, *, now: datetime) -> dict[str, Any]:
    """The columns of a new due date; it takes the place of extension and resubmission."""
    if day is None:
        return {}
    problems.of(check_future, day, now=now, field="due_before")
    return {"due_before": day, "extension_due": None, "resubmit_before": None}


def _target(row: Located, given: str | None, problems: Gathered) -> dict[str, Any]:
    if given is None:
        return {}
    return {"target": problems.of(scoring.check_target, row.max, row.published, given)}


def _check_open(row: Located) -> None:
    if row.status not in workflow.OPEN:
        raise IllegalMove(f"Nhiệm vụ {row.code} đã “{workflow.LABELS[row.status]}”. Hãy mở lại trước khi thay đổi.")


def _action(change: Steering) -> str:
    named = {
        "task.due_changed": change.due_before,
        "task.target_changed": change.target,
        "task.cooperators_changed": change.cooperating,
    }
    (first, *more) = [action for action, given in named.items() if given is not None]
    return "task.changed" if more else first


def _agencies(connection: Connection, row: Located, codes: Sequence[str], *, field: str) -> list[Any]:
    """The agencies of the task's province with these codes that still exist; `InvalidInput` names the unknown ones."""
    found = connection.execute(
        select(agencies.c.id, agencies.c.code, agencies.c.name).where(
            agencies.c.province_id == row.province_id,
            agencies.c.code.in_(codes),
            agencies.c.succeeded_from.is_(None),
        )
    ).all()
    unknown = sorted(set(codes) - {agency.code for agency in found})
    if unknown:
        raise InvalidInput(f"Không có cơ quan {', '.join(unknown)} đang hoạt động trong tỉnh.", field=field)
    return list(found)


def _set_cooperators(connection: Connection, row: Located, codes: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """(codes before, codes after); None leaves them as they are."""
    standing = connection.execute(
        select(agencies.c.code)
        .join(task_cooperators, task_cooperators.c.agency_id == agencies.c.id)
        .where(task_cooperators.c.task_id == row.id)
        .order_by(agencies.c.code)
    )
    before = list(standing.scalars())
    if codes is None or sorted(set(codes)) == before:
        return before, before
    chosen = _agencies(connection, row, codes, field="cooperating") if codes else []
    if any(agency.id == row.agency_id for agency in chosen):
        raise InvalidInput("Cơ quan phụ trách không thể đồng thời là cơ quan phối hợp.", field="cooperating")
    connection.execute(delete(task_cooperators).where(task_cooperators.c.task_id == row.id))
    if chosen:
        rows = [{"task_id": row.id, "agency_id": agency.id} for agency in chosen]
        connection.execute(insert(task_cooperators), rows)
    return before, sorted(agency.code for agency in chosen)
