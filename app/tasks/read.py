"""Tasks as people look for them and read them. Every list costs the same few queries whatever its length."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, select

from app import scope
from app.core import scoring, workflow
from app.core.access import Actor, Permission, Role
from app.core.workdays import local_date
from app.errors import InvalidInput, NotFound
from app.idents import named
from app.models import (
    accounts,
    agencies,
    assessments,
    cause_tasks,
    causes,
    criteria,
    directions,
    events,
    extension_requests,
    fields,
    measure_agencies,
    measure_tasks,
    measures,
    reports,
    reviews,
    shares,
    task_cooperators,
    tasks,
)
from app.tasks.change import UNKNOWN, brief, points_or_none
from app.text import fold

SORTS: dict[str, tuple[Any, ...]] = {
    "due": (tasks.c.effective_due, (tasks.c.max - tasks.c.published).desc(), tasks.c.code),
    "-due": (tasks.c.effective_due.desc(), tasks.c.code),
    "points": (tasks.c.max - tasks.c.published, tasks.c.code),
    "-points": ((tasks.c.max - tasks.c.published).desc(), tasks.c.code),
    "code": (tasks.c.code,),
    "-code": (tasks.c.code.desc(),),
    "updated": (tasks.c.updated_at, tasks.c.code),
    "-updated": (tasks.c.updated_at.desc(), tasks.c.code),
}
"""The default, `due`: the most urgent first, and of those the most valuable."""


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
    q: str | None = None
    sort: str = "due"
    limit: int = 50
    offset: int = 0

    def words(self) -> list[str]:
        return fold(self.q or "").split()[:WORDS]

    def shape(self) -> "Shape":
        equal = tuple(name for name in _EQUAL if getattr(self, name) is not None)
        return Shape(equal, bool(self.statuses), self.overdue, len(self.words()), self.sort)


class Shape(NamedTuple):
    """What of a filter decides the statement; the rest are its parameters."""

    equal: tuple[str, ...]
    statuses: bool
    overdue: bool | None
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
_ROWS = (
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
_NAMES = tuple(column.name for column in _ROWS.selected_columns)
_SOURCE = (
    select(criteria.c.rule, criteria.c.facts, criteria.c.where)
    .join(tasks, tasks.c.criterion_id == criteria.c.id)
    .where(tasks.c.id == bindparam("task"))
)
_COUNT = (
    select(func.count())
    .select_from(tasks)
    .join(assessments, assessments.c.id == tasks.c.assessment_id)
    .join(agencies, agencies.c.id == tasks.c.agency_id)
)


def list_tasks(connection: Connection, actor: Actor, wanted: Filter, *, now: datetime) -> dict[str, Any]:
    """A page of visible tasks: two queries, whatever it holds."""
    actor.require(Permission.TASK_READ)
    if wanted.sort not in SORTS:
        raise InvalidInput(f"sort phải là một trong: {', '.join(SORTS)}.", field="sort")
    values = _values(actor, wanted, today=local_date(now))
    count, page = _statements(actor.role, actor.province_id is None, wanted.shape())
    total = connection.execute(count, values).scalar_one()
    rows = connection.execute(page, {**values, "limit": wanted.limit, "offset": wanted.offset}).all()
    today = local_date(now)
    items = [_listed(tuple(row), today=today) for row in rows]
    return {"items": items, "total": total, "limit": wanted.limit, "offset": wanted.offset}


def get_task(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """One task with all that belongs to it; raises `NotFound` outside the actor's scope."""
    actor.require(Permission.TASK_READ)
    row = connection.execute(_ROWS.where(named(tasks, ident), scope.visible_tasks(actor))).first()
    if row is None:
        raise NotFound(UNKNOWN)
    source = connection.execute(_SOURCE, {"task": row.id}).one()
    return {
        **_listed(tuple(row), today=local_date(now)),
        "facts": source.facts.get("items", []),
        "where": source.where,
        "rule": _rule(source.rule),
        "missing": _missing(connection, row),
        "report": _report(connection, row.id),
        "reviews": _reviews(connection, row.id),
        "extension_requests": _extensions(connection, row.id),
        "directions": _directions(connection, row.id),
        "shares": _shares(connection, row.id),
        "measures": _measures(connection, actor, row.id),
        "causes": _causes(connection, row.id),
    }


def list_updates(
    connection: Connection, actor: Actor, ident: str, *, limit: int, offset: int, now: datetime
) -> dict[str, Any]:
    """The task's log, oldest first: who, on whose behalf, when, from, to and why."""
    actor.require(Permission.TASK_READ)
    found = connection.execute(
        select(tasks.c.id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(named(tasks, ident), scope.visible_tasks(actor))
    ).first()
    if found is None:
        raise NotFound(UNKNOWN)
    mine = (events.c.entity == "task", events.c.entity_id == found.id)
    total = connection.execute(select(func.count()).select_from(events).where(*mine)).scalar_one()
    rows = connection.execute(select(events).where(*mine).order_by(events.c.id).limit(limit).offset(offset))
    items = [
        {
            "id": row.id,
            "at": row.at,
            "action": row.action,
            "by": row.actor,
            "on_behalf_of": row.on_behalf_of,
            "from": row.before,
            "to": row.after,
            "why": row.why,
        }
        for row in rows
    ]
    return {"items": items, "total": total, "limit": limit, "offset": offset}


# The list


_EQUAL: dict[str, Any] = {
    "assessment": assessments.c.code,
    "agency": agencies.c.code,
    "field_number": tasks.c.field_number,
    "kind": tasks.c.kind,
    "group": tasks.c.group,
}
_LATE = (tasks.c.effective_due <= bindparam("today")) & tasks.c.status.in_(sorted(workflow.REPORTABLE))
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
    conditions += [tasks.c.search.like(bindparam(f"word_{number}"), escape="/") for number in range(shape.words)]
    page = _ROWS.where(*conditions).order_by(*SORTS[shape.sort]).limit(bindparam("limit")).offset(bindparam("offset"))
    return _COUNT.where(*conditions), page


def _values(actor: Actor, wanted: Filter, *, today: date) -> dict[str, Any]:
    values: dict[str, Any] = {**scope.bound(actor), "today": today}
    values |= {f"is_{name}": getattr(wanted, name) for name in _EQUAL}
    if wanted.statuses:
        values["statuses"] = _known_statuses(wanted.statuses)
    for number, word in enumerate(wanted.words()):
        escaped = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
        values[f"word_{number}"] = f"%{escaped}%"
    return values


def _known_statuses(statuses: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [status for status in statuses if status not in workflow.LABELS]
    if unknown:
        raise InvalidInput(f"Không có trạng thái {unknown[0]!r}; dùng: {', '.join(workflow.LABELS)}.", field="status")
    return statuses


@lru_cache(maxsize=2_000)
def _listed(row: tuple[Any, ...], *, today: date) -> dict[str, Any]:
    """A row of `_ROWS`. Follows from its arguments alone, so a list that is asked for again is not written again.

    Not to be changed by whoever gets it.
    """
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


# The parts of one task


def _rule(data: dict[str, Any]) -> dict[str, Any]:
    rule = scoring.parse_rule(data)
    inputs = [
        {"name": one.name, "label": one.label, "unit": one.unit, "published": one.published, "optional": one.optional}
        for one in rule.inputs
    ]
    return {"kind": rule.kind, "inputs": inputs, "citation": rule.citation, "confidence": rule.confidence}


def _missing(connection: Connection, row: Any) -> list[str]:
    """What the report still needs before it can be submitted, in words for the officer."""
    if row.status not in workflow.OPEN:
        return []
    found = connection.execute(select(reports).where(reports.c.task_id == row.id)).first()
    texts = found._mapping if found is not None else {}
    missing = [label for name, label in workflow.PARTS.items() if not str(texts.get(name, "")).strip()]
    if row.kind == "appraised" and row.reported is None:
        missing.append("số liệu đo được hoặc điểm tự đánh giá")
    return missing


def _report(connection: Connection, task_id: int) -> dict[str, Any] | None:
    row = connection.execute(
        select(reports, accounts.c.display_name)
        .join(accounts, accounts.c.id == reports.c.account_id)
        .where(reports.c.task_id == task_id)
    ).first()
    if row is None:
        return None
    return {
        "reason": row.reason,
        "progress": row.progress,
        "remedy": row.remedy,
        "difficulties": row.difficulties,
        "measurements": row.measurements,
        "declared_score": points_or_none(row.declared),
        "period": row.period,
        "updated_at": row.updated_at,
        "by": row.display_name,
        "on_behalf_of": row.on_behalf_of,
    }


def _reviews(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(reviews, accounts.c.display_name)
        .join(accounts, accounts.c.id == reviews.c.account_id)
        .where(reviews.c.task_id == task_id)
        .order_by(reviews.c.id)
    )
    return [
        {
            "decision": row.decision,
            "at": row.at,
            "by": row.display_name,
            "self_reviewed": row.self_reviewed,
            "comment": row.comment,
            "due": row.due,
            "verified": points_or_none(row.verified),
            "evidence_waiver": row.evidence_waiver,
            "frozen": row.frozen,
        }
        for row in rows
    ]


def _extensions(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    columns = ("id", "requested_due", "previous_due", "reason", "at", "state", "granted_due", "comment", "decided_at")
    rows = connection.execute(
        select(*(extension_requests.c[name] for name in columns))
        .where(extension_requests.c.task_id == task_id)
        .order_by(extension_requests.c.id)
    )
    return [dict(row._mapping) for row in rows]


def _directions(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(directions.c.id, directions.c.text, directions.c.at, accounts.c.display_name.label("by"))
        .join(accounts, accounts.c.id == directions.c.account_id)
        .where(directions.c.task_id == task_id)
        .order_by(directions.c.id)
    )
    return [dict(row._mapping) for row in rows]


def _shares(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    columns = ("code", "former_agency", "kind", "what", "quantity", "unit", "reason", "progress", "remedy", "current")
    rows = connection.execute(
        select(
            *(shares.c[name] for name in (*columns, "resolved", "done", "where")),
            agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"),
        )
        .join(agencies, agencies.c.id == shares.c.agency_id)
        .where(shares.c.task_id == task_id)
        .order_by(shares.c.code)
    )
    return [_with_agency(row) for row in rows]


def _measures(connection: Connection, actor: Actor, task_id: int) -> list[dict[str, Any]]:
    """Measures linked to the task, a row per agency they are addressed to; an agency reads its own notes only."""
    statement = (
        select(
            measures.c.code,
            measures.c.text,
            measures.c.where,
            measure_agencies.c.progress,
            measure_agencies.c.updated_at,
            agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"),
        )
        .join(measure_tasks, measure_tasks.c.measure_id == measures.c.id)
        .join(measure_agencies, measure_agencies.c.measure_id == measures.c.id)
        .join(agencies, agencies.c.id == measure_agencies.c.agency_id)
        .where(measure_tasks.c.task_id == task_id)
        .order_by(measures.c.code, agencies.c.code)
    )
    if actor.role is Role.AGENCY:
        statement = statement.where(measure_agencies.c.agency_id == actor.agency_id)
    return [_with_agency(row) for row in connection.execute(statement)]


def _causes(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(causes.c.code, causes.c.text, causes.c.where)
        .join(cause_tasks, cause_tasks.c.cause_id == causes.c.id)
        .where(cause_tasks.c.task_id == task_id)
        .order_by(causes.c.code)
    )
    return [dict(row._mapping) for row in rows]


def _with_agency(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    agency = {"code": values.pop("agency_code"), "name": values.pop("agency_name")}
    return {**values, "agency": agency}
