"""The state of an assessment's tasks: as it is now, or as it was at the end of a local day.

The past is rebuilt from the event table alone: the state a task was created with, then what each later event says of
the tracked columns, in the order of the events' ids.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select

from app import scope
from app.core.access import Actor, Permission
from app.core.workdays import day_end_exclusive, local_date
from app.errors import InvalidInput
from app.models import assessments, events, tasks

State = dict[str, Any]
"""Tracked columns by name, as the events hold them: dates and instants as ISO text, points as integers."""

TRACKED: Final = (
    "status",
    "agency_id",
    "due_before",
    "extension_due",
    "resubmit_before",
    "effective_due",
    "target",
    "verified",
    "reported",
    "submitted_at",
    "submitted_on_time",
    "submissions",
    "percent",
    "floor",
    "expected",
    "ceiling",
    "measurements",
    "verified_measurements",
)
"""Columns of a task that change, as its events name them, and the numbers behind its scores."""

_TRACKED = frozenset(TRACKED)


def created_state(row: Mapping[str, Any]) -> State:
    """All tracked columns of a new task's row, JSON-ready."""
    found = zip(TRACKED, map(row.get, TRACKED), strict=True)
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in found}


def fold_events(changes: Iterable[tuple[int, Mapping[str, Any]]]) -> dict[int, State]:
    """State by task id, from (task id, `after`) in the order of the events' ids."""
    states: dict[int, State] = {}
    for task_id, after in changes:
        state = states.setdefault(task_id, {})
        for name in after.keys() & _TRACKED:
            state[name] = after[name]
    return states


CREATED: Final = "task.created"

OF_TASKS = (
    select(events.c.entity_id, events.c.after)
    .where(events.c.assessment_id == bindparam("assessment"), events.c.entity == "task")
    .order_by(events.c.id)
)
"""Every event of an assessment's tasks, in order."""
_UNTIL = OF_TASKS.where(or_(events.c.at < bindparam("end"), events.c.action == CREATED))


def states_on(connection: Connection, assessment_id: int, day: date) -> dict[int, State]:
    """State by task id at the end of a local day. A task counts as created whatever the day, so before anything was
    loaded all stand untouched at their published scores."""
    given = {"assessment": assessment_id, "end": day_end_exclusive(day)}
    return fold_events((task_id, after) for task_id, after in connection.execute(_UNTIL, given))


def past_day(as_of: date | None, *, now: datetime) -> date | None:
    """The day to rebuild; None for today, where the tasks themselves tell. InvalidInput for a future day."""
    today = local_date(now)
    if as_of is not None and as_of > today:
        raise InvalidInput(
            f"Ngày xem số liệu phải là hôm nay ({today:%d/%m/%Y}) hoặc một ngày đã qua; "
            f"chưa có số liệu của ngày {as_of:%d/%m/%Y}.",
            field="as_of",
        )
    return None if as_of == today else as_of


def visible_ids(connection: Connection, actor: Actor, assessment_id: int) -> frozenset[int] | None:
    """Tasks whose expected score the actor may read; None means all."""
    if actor.may(Permission.EXPECTED_READ_ALL):
        return None
    own = (
        select(tasks.c.id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(tasks.c.assessment_id == assessment_id, scope.visible_tasks(actor))
    )
    return frozenset(connection.execute(own).scalars())
