"""Counts and points by agency, field, group, kind or status, today or on a past day.

Today's figures are one roll-up over a covering index, whatever the number of tasks.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from operator import add
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Date, Select, and_, bindparam, case, func, select

from app import scope
from app.assessments.read import find_assessment
from app.assessments.states import State, past_day, states_on, visible_ids
from app.core.access import Actor, Permission
from app.core.scoring import format_points
from app.core.workdays import local_date
from app.core.workflow import LABELS, OPEN, REPORTABLE
from app.models import agencies, assessments, fields, tasks

KINDS: Final[Mapping[str, str]] = {"appraised": "Điểm tự chấm", "survey": "Điểm điều tra xã hội học"}
GROUPS: Final[Mapping[str, str]] = {
    "appraisal": "Điểm thẩm định",
    "socio_economic": "Tác động đến phát triển kinh tế - xã hội",
    "officials_survey": "Khảo sát công chức, lãnh đạo quản lý",
    "sipas": "Mức độ hài lòng của người dân (SIPAS)",
}
LATE_STATUSES: Final = tuple(sorted(REPORTABLE))
"""Only these can be overdue: the clock stops while a report waits for its review."""

_WORDS: Final = {"group": GROUPS, "kind": KINDS, "status": LABELS}
_COLUMNS: Final = {
    "agency": tasks.c.agency_id,
    "field": tasks.c.field_number,
    "group": tasks.c.group,
    "kind": tasks.c.kind,
    "status": tasks.c.status,
}
BY: Final = tuple(_COLUMNS)


class Part(NamedTuple):
    """Tasks of one key in one status; gains are against the published scores, in ten-thousandths of a point."""

    key: Any
    status: str
    tasks: int
    overdue: int
    on_time: int
    late: int
    short: int
    verified: int
    expected: int
    code: Any = None
    """Of an agency: `key` is its id."""
    name: str = ""


def count(condition: Any) -> Any:
    """How many rows of a group meet the condition."""
    return func.sum(case((condition, 1), else_=0))


def _rollup(by: str) -> Select[Any]:
    """One pass over `ix_task_rollup`; names are joined to its few rows, not to the tasks."""
    key = _COLUMNS[by]
    late = and_(tasks.c.status.in_(LATE_STATUSES), tasks.c.effective_due <= bindparam("today", type_=Date))
    rolled = (
        select(
            key.label("key"),
            tasks.c.status.label("status"),
            func.count().label("tasks"),
            count(late).label("overdue"),
            count(tasks.c.submitted_on_time.is_(True)).label("on_time"),
            count(tasks.c.submitted_on_time.is_(False)).label("late"),
            func.sum(tasks.c.max - tasks.c.published).label("short"),
            func.sum(tasks.c.floor - tasks.c.published).label("verified"),
            func.sum(tasks.c.expected - tasks.c.published).label("expected"),
        )
        .where(tasks.c.assessment_id == bindparam("assessment"))
        .group_by(key, tasks.c.status)
    )
    if by in _WORDS:
        return rolled
    part = rolled.subquery()
    if by == "agency":
        return select(part, agencies.c.code, agencies.c.name).join(agencies, agencies.c.id == part.c.key)
    of_field = and_(fields.c.assessment_id == bindparam("assessment"), fields.c.number == part.c.key)
    return select(part, fields.c.number, fields.c.name).join(fields, of_field)


_ROLLUPS: Final = {by: _rollup(by) for by in BY}

_STILL: Final = select(
    tasks.c.id, tasks.c.agency_id, tasks.c.field_number, tasks.c.group, tasks.c.kind, tasks.c.max, tasks.c.published
).where(tasks.c.assessment_id == bindparam("assessment"))
"""What of a task never changes (and who leads it now)."""


def summarize(
    connection: Connection, actor: Actor, ident: str, *, by: str, as_of: date | None = None, now: datetime
) -> dict[str, Any]:
    """Counts by status, overdue, on time; points short, verified and expected; points-weighted completion.

    `by`: one of `BY`. `as_of`: the end of that local day, today = now; InvalidInput for a day that is yet to come.
    An agency reads `expected_gain` of a group only where it may see every task of it, and in the total only what its
    own tasks add.
    """
    actor.require(Permission.ASSESSMENT_READ)
    assessment = find_assessment(connection, actor, ident)
    past = past_day(as_of, now=now)
    today = past or local_date(now)
    parts, seen, beyond = (
        _now(connection, actor, assessment.id, by, today=today)
        if past is None
        else _on(connection, actor, assessment.id, by, past)
    )
    return {
        "assessment": assessment.code,
        "as_of": today,
        "by": by,
        "total": _figures(parts) if beyond is None else _figures(parts) | _expected_gain(parts, beyond),
        "groups": _groups(by, parts, seen),
    }


Found = tuple[list[Part], frozenset[Any] | None, int | None]
"""The parts; the keys all of whose tasks the actor may see (None: all keys); and what the tasks it may see are expected
to yield beyond what is verified (None: all of it counts)."""


def _now(connection: Connection, actor: Actor, assessment_id: int, by: str, *, today: date) -> Found:
    found = connection.execute(_ROLLUPS[by], {"assessment": assessment_id, "today": today})
    parts = [Part(*row) for row in found]
    if actor.may(Permission.EXPECTED_READ_ALL):
        return parts, None, None
    key = _COLUMNS[by]
    own = (
        select(key, func.count(), func.sum(tasks.c.expected - tasks.c.floor))
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(tasks.c.assessment_id == assessment_id, scope.visible_tasks(actor))
        .group_by(key)
    )
    hidden = Counter({part.key: 0 for part in parts})
    for part in parts:
        hidden[part.key] += part.tasks
    beyond = 0
    for one, seen, gain in connection.execute(own):
        hidden[one] -= seen
        beyond += gain
    return parts, frozenset(one for one, count in hidden.items() if count == 0), beyond


# A past day, rebuilt


def _on(connection: Connection, actor: Actor, assessment_id: int, by: str, day: date) -> Found:
    states = states_on(connection, assessment_id, day)
    visible = visible_ids(connection, actor, assessment_id)
    sums: dict[tuple[Any, str], list[int]] = {}
    hidden = set()
    beyond = 0
    for row in connection.execute(_STILL, {"assessment": assessment_id}):
        state = states[row.id]
        key = _key(by, row, state)
        own = sums.setdefault((key, state["status"]), [0] * 7)
        own[:] = map(add, own, _values(row, state, day))
        if visible is not None and row.id not in visible:
            hidden.add(key)
        else:
            beyond += state["expected"] - state["floor"]
    keys = {key for key, _ in sums}
    names = _names(connection, assessment_id, by, keys)
    parts = [Part._make((key, status, *own, *names.get(key, (None, "")))) for (key, status), own in sums.items()]
    return (parts, None, None) if visible is None else (parts, frozenset(keys - hidden), beyond)


def _key(by: str, row: Any, state: State) -> Any:
    if by == "field":
        return row.field_number
    return state["agency_id"] if by == "agency" else state["status"] if by == "status" else getattr(row, by)


def _values(row: Any, state: State, day: date) -> tuple[int, ...]:
    on_time = state["submitted_on_time"]
    return (
        1,
        is_late(state, day),
        on_time is True,
        on_time is False,
        row.max - row.published,
        state["floor"] - row.published,
        state["expected"] - row.published,
    )


def is_late(state: State, day: date) -> bool:
    """Overdue at the end of a local day, of a rebuilt state."""
    return state["status"] in LATE_STATUSES and state["effective_due"] <= day.isoformat()


def _names(connection: Connection, assessment_id: int, by: str, keys: Iterable[Any]) -> dict[Any, tuple[Any, str]]:
    if by == "agency":
        found = select(agencies.c.id, agencies.c.code, agencies.c.name).where(agencies.c.id.in_(keys))
    elif by == "field":
        found = select(fields.c.number, fields.c.number, fields.c.name).where(fields.c.assessment_id == assessment_id)
    else:
        return {}
    return {key: (code, name) for key, code, name in connection.execute(found)}


# The answer


def _expected_gain(parts: list[Part], beyond: int) -> dict[str, str]:
    """For an agency: what others report is left out, so that no total tells it."""
    return {"expected_gain": format_points(int(sum(part.verified for part in parts)) + beyond)}


def _groups(by: str, parts: list[Part], seen: frozenset[Any] | None) -> list[dict[str, Any]]:
    """After a merger of provinces an agency and its successor of the same code are one group: by code people ask."""
    members: dict[Any, list[Part]] = {}
    for part in parts:
        members.setdefault(part.code if by == "agency" else part.key, []).append(part)
    return [
        {"key": key, "name": _WORDS[by][key] if by in _WORDS else _name_of(own)}
        | _figures(own, expected=seen is None or _is_seen(own, seen))
        for key, own in sorted(members.items(), key=lambda item: _order(by, *item))
    ]


def _name_of(own: list[Part]) -> str:
    """The successor's, which leads what is open."""
    return next((part.name for part in own if part.status in OPEN), own[0].name)


def _is_seen(own: list[Part], seen: frozenset[Any]) -> bool:
    """Whether nothing of the group is hidden. What a predecessor finished tells nothing that is not verified."""
    return any(part.key in seen for part in own) and all(part.key in seen or part.status not in OPEN for part in own)


def _order(by: str, key: Any, parts: list[Part]) -> Any:
    """Agencies with most points at stake first, everything else in its usual order."""
    if by == "agency":
        return -sum(part.short for part in parts), parts[0].code
    return list(_WORDS[by]).index(key) if by in _WORDS else key


def _figures(parts: list[Part], *, expected: bool = True) -> dict[str, Any]:
    by_status = dict.fromkeys(LABELS, 0)
    count = overdue = on_time = late = short = verified = gain = done = 0
    for part in parts:
        by_status[part.status] += part.tasks
        count += part.tasks
        overdue += part.overdue
        on_time += part.on_time
        late += part.late
        short += part.short
        verified += part.verified
        gain += part.expected
        done += part.short if part.status == "accepted" else 0
    return {
        "tasks": count,
        "by_status": by_status,
        "overdue": overdue,
        "on_time": on_time,
        "late": late,
        "points_short": format_points(short),
        "verified_gain": format_points(verified),
        "expected_gain": format_points(gain) if expected else None,
        "completion": _share(done, short),
    }


def _share(part: int, whole: int) -> str:
    """A quotient of points with 4 decimals, rounded half up; nothing of nothing is "0.0000"."""
    return format_points((2 * 10_000 * part + whole) // (2 * whole)) if whole else format_points(0)
