"""Looking for tasks: filters, a page, and how one is listed. A page costs two queries whatever it holds."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, Select, bindparam, case, func, select

from app import scope
from app.core import scoring, workflow
from app.core.access import Actor, Permission, Role
from app.core.workdays import local_date
from app.errors import InvalidInput
from app.models import (
    agencies,
    assessments,
    criteria,
    fields,
    task_cooperators,
    tasks,
)
from app.tasks.change import brief
from app.text import fold

_TURN = case((tasks.c.status.in_(sorted(workflow.REPORTABLE)), 0), (tasks.c.status == "submitted", 1), else_=2)
_SHORT = tasks.c.max - tasks.c.published
_NUMBER = (tasks.c.kind, criteria.c.number, tasks.c.code)
"""Ties stand in the order of the assessment itself. Everywhere numbers count as numbers: as text, KS-100 would stand
before KS-11."""
SORTS: dict[str, tuple[Any, ...]] = {
    "urgent": (_TURN, tasks.c.effective_due, _SHORT.desc(), *_NUMBER),
    "due": (tasks.c.effective_due, _SHORT.desc(), *_NUMBER),
    "-due": (tasks.c.effective_due.desc(), *_NUMBER),
    "points": (_SHORT, *_NUMBER),
    "-points": (_SHORT.desc(), *_NUMBER),
    "code": (assessments.c.code, tasks.c.kind.desc(), criteria.c.number),
    "-code": (assessments.c.code.desc(), tasks.c.kind, criteria.c.number.desc()),
    "updated": (tasks.c.updated_at, *_NUMBER),
    "-updated": (tasks.c.updated_at.desc(), *_NUMBER),
}
"""The default, `due`: the most urgent first, and of those the most valuable. `urgent`: the same, but what owes a report
stands before what waits for its review, and that before what is finished."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What `list_tasks` looks for; None and empty mean any."""

    assessment: str | None = None
    agency: str | None = None
    statuses: tuple[str, ...] = ()
    field_number: int | None = None
    kind: str | None = None
    group: str | None = None
    overdue: bool | None = None
    due_within: int | None = None
    """Owes a report and is due within so many days, today included; what is overdue already does not count."""
    q: str | None = None
    sort: str = "due"
    limit: int = 50
    offset: int = 0

    def words(self) -> list[str]:
        return fold(self.q or "").split()[:WORDS]

    def shape(self) -> "Shape":
        equal = tuple(name for name in _EQUAL if getattr(self, name) is not None)
        soon = self.due_within is not None
        return Shape(equal, bool(self.statuses), self.overdue, soon, len(self.words()), self.sort)


class Shape(NamedTuple):
    """What of a filter decides the statement; the rest are its parameters."""

    equal: tuple[str, ...]
    statuses: bool
    overdue: bool | None
    soon: bool
    words: int
    sort: str


_UNLISTED = {"search", "created_at", "submitted_by", "criterion_id", "agency_id", "assessment_id"}
_UNIT, _RECORD = "\x1f", "\x1e"
"""ASCII's own separators: no name holds a control character (`app.text.compose`)."""
_helpers = agencies.alias("cooperating_agency")
_COOPERATING = (
    select(func.aggregate_strings(_helpers.c.code + _UNIT + _helpers.c.name, _RECORD))
    .join(task_cooperators, task_cooperators.c.agency_id == _helpers.c.id)
    .where(task_cooperators.c.task_id == tasks.c.id)
    .correlate(tasks)
    .scalar_subquery()
)
ROWS = (
    select(
        *(column for column in tasks.c if column.name not in _UNLISTED),
        assessments.c.code.label("assessment"),
        criteria.c.number.label("criterion_number"),
        criteria.c.name.label("criterion_name"),
        fields.c.name.label("field_name"),
        agencies.c.code.label("agency_code"),
        agencies.c.name.label("agency_name"),
        _COOPERATING.label("cooperating"),
    )
    .join(assessments, assessments.c.id == tasks.c.assessment_id)
    .join(criteria, criteria.c.id == tasks.c.criterion_id)
    .join(fields, fields.c.id == criteria.c.field_id)
    .join(agencies, agencies.c.id == tasks.c.agency_id)
)
_NAMES = tuple(column.name for column in ROWS.selected_columns)
_COUNT = (
    select(func.count())
    .select_from(tasks)
    .join(assessments, assessments.c.id == tasks.c.assessment_id)
    .join(agencies, agencies.c.id == tasks.c.agency_id)
)


def list_tasks(connection: Connection, actor: Actor, wanted: Filter, *, now: datetime) -> dict[str, Any]:
    """A page of visible tasks: two queries, whatever it holds."""
    total, rows = _page(connection, actor, wanted, now=now)
    items = [listed(row, today=local_date(now)) for row in rows]
    return {"items": items, "total": total, "limit": wanted.limit, "offset": wanted.offset}


def list_tasks_as_json(connection: Connection, actor: Actor, wanted: Filter, *, now: datetime) -> bytes:
    """The same page, written: a row is written once for as long as nothing in it changes."""
    total, rows = _page(connection, actor, wanted, now=now)
    today = local_date(now)
    items = b",".join([_listed_as_json(row, today=today) for row in rows])
    return b'{"items":[%b],"total":%d,"limit":%d,"offset":%d}' % (items, total, wanted.limit, wanted.offset)


def _page(connection: Connection, actor: Actor, wanted: Filter, *, now: datetime) -> tuple[int, list[tuple[Any, ...]]]:
    actor.require(Permission.TASK_READ)
    if wanted.sort not in SORTS:
        raise InvalidInput("Không có cách sắp xếp này.", field="sort", extra={"allowed": list(SORTS)})
    values = _values(actor, wanted, today=local_date(now))
    count, page = _statements(actor.role, actor.province_id is None, wanted.shape())
    total: int = connection.execute(count, values).scalar_one()
    rows = connection.execute(page, {**values, "limit": wanted.limit, "offset": wanted.offset})
    return total, [tuple(row) for row in rows]


_EQUAL: dict[str, Any] = {
    "assessment": assessments.c.code,
    "agency": agencies.c.code,
    "field_number": tasks.c.field_number,
    "kind": tasks.c.kind,
    "group": tasks.c.group,
}
_LATE = (tasks.c.effective_due <= bindparam("today")) & tasks.c.status.in_(sorted(workflow.REPORTABLE))
_SOON = (
    (tasks.c.effective_due > bindparam("today"))
    & (tasks.c.effective_due <= bindparam("soon"))
    & tasks.c.status.in_(sorted(workflow.REPORTABLE))
)
WORDS = 10
"""How many words of `q` count."""


@lru_cache(maxsize=500)
def _statements(role: Role, everywhere: bool, shape: Shape) -> tuple[Select[Any], Select[Any]]:
    """(count, page) for one kind of caller and one shape of filter: building them costs as much as running them."""
    conditions = [scope.visible_tasks_bound(role, everywhere=everywhere)]
    conditions += [_EQUAL[name] == bindparam(f"is_{name}") for name in shape.equal]
    if shape.statuses:
        conditions.append(tasks.c.status.in_(bindparam("statuses", expanding=True)))
    if shape.overdue is not None:
        conditions.append(_LATE if shape.overdue else ~_LATE)
    if shape.soon:
        conditions.append(_SOON)
    conditions += [tasks.c.search.like(bindparam(f"word_{number}"), escape="/") for number in range(shape.words)]
    page = ROWS.where(*conditions).order_by(*SORTS[shape.sort]).limit(bindparam("limit")).offset(bindparam("offset"))
    return _COUNT.where(*conditions), page


def _values(actor: Actor, wanted: Filter, *, today: date) -> dict[str, Any]:
    values: dict[str, Any] = {**scope.bound(actor), "today": today}
    values |= {f"is_{name}": getattr(wanted, name) for name in _EQUAL}
    if wanted.due_within is not None:
        values["soon"] = today + timedelta(days=wanted.due_within)
    if wanted.statuses:
        values["statuses"] = _known_statuses(wanted.statuses)
    for number, word in enumerate(wanted.words()):
        escaped = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
        values[f"word_{number}"] = f"%{escaped}%"
    return values


def _known_statuses(statuses: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [status for status in statuses if status not in workflow.LABELS]
    if unknown:
        known = {"allowed": list(workflow.LABELS)}
        raise InvalidInput(f"Không có trạng thái “{unknown[0][:40]}”.", field="status", extra=known)
    return statuses


@lru_cache(maxsize=2_000)
def _listed_as_json(row: tuple[Any, ...], *, today: date) -> bytes:
    """Follows from its arguments alone, so it may be kept; about 1 kB each."""
    return to_json(listed(row, today=today))


def listed(row: tuple[Any, ...], *, today: date) -> dict[str, Any]:
    """A row of `ROWS`."""
    task = dict(zip(_NAMES, row, strict=True))
    return {
        **brief(task, today=today),
        "assessment": task["assessment"],
        "criterion": {
            "number": task["criterion_number"],
            "kind": task["kind"],
            "group": task["group"],
            "name": task["criterion_name"],
            "field": {"number": task["field_number"], "name": task["field_name"]},
        },
        "agency": {"code": task["agency_code"], "name": task["agency_name"]},
        "former_agency": task["former_agency"],
        "cooperating": _unpacked(task["cooperating"]),
        "assignment_basis": task["assignment_basis"],
        "points_short": scoring.format_points(task["max"] - task["published"]),
    }


def _unpacked(cooperating: str | None) -> list[dict[str, str]]:
    pairs = sorted(one.split(_UNIT) for one in (cooperating or "").split(_RECORD) if one)
    return [{"code": code, "name": name} for code, name in pairs]
