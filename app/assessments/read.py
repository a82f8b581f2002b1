"""Assessments as published, and what the coordinator may change about one: its mandate and its reminder policy."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from app import events, scope
from app.assessments.defaults import Default, find_default
from app.core.access import Actor, Permission, Role
from app.core.reminding import parse_policy
from app.core.scoring import Rule, format_points, parse_rule
from app.core.workdays import local_date
from app.errors import InvalidInput, NotFound, StaleVersion
from app.idents import read_ident
from app.models import assessments, benchmarks, cause_tasks, causes, criteria, fields, provinces, tasks
from app.text import compose

Assessment = Any
"""A row of the assessment table."""

UNKNOWN = (
    "Không có kỳ đánh giá này, hoặc kỳ đánh giá không thuộc tỉnh của bạn. Hãy kiểm tra lại mã, ví dụ soc-trang-2024."
)

_HEAD = (
    assessments.c.id,
    assessments.c.code,
    assessments.c.name,
    assessments.c.year,
    assessments.c.published,
    assessments.c.published_rank,
    assessments.c.province_count,
    assessments.c.mandate_number,
    assessments.c.mandate_date,
    assessments.c.due_before,
    assessments.c.version,
    provinces.c.code.label("province_code"),
    provinces.c.name.label("province_name"),
)
_LIST = select(*_HEAD).join(provinces, provinces.c.id == assessments.c.province_id)
_DETAIL = _LIST.add_columns(
    assessments.c.groups, assessments.c.source, assessments.c.reminder_policy, assessments.c.created_at
)
_NAMES = select(assessments.c.id, assessments.c.code)
_WHOLE = select(assessments)


def find_assessment(connection: Connection, actor: Actor, ident: str, columns: Select[Any] = _NAMES) -> Assessment:
    """What `columns` selects of the assessment that `ident` (code or id) means; NotFound outside the actor's scope."""
    wanted = read_ident(ident)
    statement = _finding(columns, actor.role, actor.province_id is None, by_id=isinstance(wanted, int))
    row = connection.execute(statement, {"wanted": wanted, **scope.bound(actor)}).first()
    if row is None:
        raise NotFound(UNKNOWN)
    return row


@lru_cache(maxsize=100)
def _finding(columns: Select[Any], role: Role, everywhere: bool, *, by_id: bool) -> Select[Any]:
    meant = (assessments.c.id if by_id else assessments.c.code) == bindparam("wanted")
    return columns.where(meant, scope.visible_assessments_bound(role, everywhere=everywhere))


def list_assessments(connection: Connection, actor: Actor, *, limit: int, offset: int, now: datetime) -> dict[str, Any]:
    """A page of visible assessments, the newest year first. `default`: the one to show until another is chosen."""
    actor.require(Permission.ASSESSMENT_READ)
    visible = scope.visible_assessments(actor)
    total = connection.execute(select(func.count()).select_from(assessments).where(visible)).scalar_one()
    page = _LIST.where(visible).order_by(assessments.c.year.desc(), assessments.c.code).limit(limit).offset(offset)
    default = find_default(connection, actor, now=now)
    items = [_head(row, default) for row in connection.execute(page)]
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def get_assessment(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """Everything that was published of one: scores by field, group and criterion, benchmarks, causes, and what the
    report says beside them (`source`, printed figures as printed)."""
    actor.require(Permission.ASSESSMENT_READ)
    row = find_assessment(connection, actor, ident, _DETAIL)
    rows = connection.execute(_CRITERIA.where(tasks.c.assessment_id == row.id)).all()
    return {
        **_head(row, find_default(connection, actor, now=now)),
        "groups": [_group(key, group, rows) for key, group in row.groups.items()],
        "fields": _fields(connection, row.id),
        "criteria": [_criterion(one) for one in rows],
        "benchmarks": _benchmarks(connection, row.id),
        "causes": _causes(connection, row.id),
        "source": row.source,
        "reminder_policy": row.reminder_policy,
        "loaded_at": row.created_at,
    }


def change_assessment(
    connection: Connection,
    actor: Actor,
    ident: str,
    changes: Mapping[str, Any],
    *,
    version: int | None,
    now: datetime,
) -> dict[str, Any]:
    """Change `mandate` (`number` and `date`, as it is read; None takes it away) and entries of `reminder_policy`; what
    is not given stays. StaleVersion when the caller saw another version; None compares nothing.
    """
    actor.require(Permission.ASSESSMENT_EDIT)
    row = find_assessment(connection, actor, ident, _WHOLE)
    if version is not None and version != row.version:
        raise StaleVersion(
            f"Kỳ đánh giá {row.code} đã được thay đổi từ lúc bạn đọc (bản {version}, hiện là bản {row.version}). "
            "Hãy xem bản mới rồi gửi lại.",
            field="If-Match",
            extra={"version": row.version},
        )
    wanted = _wanted(row, changes, now=now)
    left, right = events.changes(row._mapping, wanted)
    if right:
        _write(connection, row, wanted)
        events.record(
            connection,
            actor,
            now=now,
            entity="assessment",
            entity_id=row.id,
            code=row.code,
            action="assessment.changed",
            before=left,
            after=right,
            assessment_id=row.id,
            province_id=row.province_id,
        )
    return get_assessment(connection, actor, ident, now=now)


def _write(connection: Connection, row: Assessment, values: Mapping[str, Any]) -> None:
    done = connection.execute(
        update(assessments)
        .where(assessments.c.id == row.id, assessments.c.version == row.version)
        .values(**values, version=row.version + 1)
    )
    if done.rowcount != 1:
        raise StaleVersion(f"Kỳ đánh giá {row.code} vừa được người khác thay đổi. Hãy đọc lại.", field="If-Match")


def _wanted(row: Assessment, changes: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if "mandate" in changes:
        wanted |= _mandate(changes["mandate"], today=local_date(now))
    if changes.get("reminder_policy") is not None:
        wanted["reminder_policy"] = _policy(row.reminder_policy, changes["reminder_policy"])
    if not wanted:
        raise InvalidInput("Không có thay đổi nào. Hãy ghi văn bản giao nhiệm vụ hoặc chính sách nhắc việc.")
    return wanted


def _mandate(given: Mapping[str, Any] | None, *, today: date) -> dict[str, Any]:
    if given is None:
        return {"mandate_number": None, "mandate_date": None}
    number = compose(given["number"])
    if not number:
        raise InvalidInput("Thiếu số, ký hiệu của văn bản giao nhiệm vụ.", field="mandate.number")
    if given["date"] > today:
        raise InvalidInput("Ngày ban hành văn bản không được sau hôm nay.", field="mandate.date")
    return {"mandate_number": number, "mandate_date": given["date"]}


def _policy(standing: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, object]:
    try:
        return parse_policy({**standing, **changes}).as_json()
    except InvalidInput as problem:
        problem.within("reminder_policy")
        raise


# The parts of one assessment


def _head(row: Any, default: Default | None) -> dict[str, Any]:
    mandate = None if row.mandate_number is None else {"number": row.mandate_number, "date": row.mandate_date}
    return {
        "code": row.code,
        "name": row.name,
        "year": row.year,
        "province": {"code": row.province_code, "name": row.province_name},
        "published": format_points(row.published),
        "published_rank": row.published_rank,
        "province_count": row.province_count,
        "mandate": mandate,
        "due_before": row.due_before,
        "default": default is not None and row.code == default.code,
        "version": row.version,
    }


def _group(key: str, group: Mapping[str, Any], rows: Sequence[Any]) -> dict[str, Any]:
    """The exact score follows from what its criteria are short; `printed` is what the report prints."""
    short = sum(one.max - one.published for one in rows if one.group == key)
    return {
        "key": key,
        "name": group["name"],
        "max": format_points(group["max"]),
        "published": format_points(group["max"] - short),
        "printed": {name: value for name, value in group.items() if name not in ("max", "name")},
    }


def _fields(connection: Connection, assessment_id: int) -> list[dict[str, Any]]:
    found = select(fields).where(fields.c.assessment_id == assessment_id).order_by(fields.c.number)
    return [
        {
            "number": row.number,
            "name": row.name,
            "max": format_points(row.max),
            "published": format_points(row.published),
            "printed": row.figures,
        }
        for row in connection.execute(found)
    ]


_CRITERIA = (
    select(
        tasks.c.code,
        tasks.c.field_number,
        criteria.c.number,
        criteria.c.kind,
        criteria.c.group,
        criteria.c.name,
        criteria.c.max,
        criteria.c.published,
        criteria.c.rule,
        criteria.c.facts,
        criteria.c.where,
    )
    .join(criteria, criteria.c.id == tasks.c.criterion_id)
    .order_by(criteria.c.kind, criteria.c.number)
)
"""What was published of each criterion, with the code of its task; nothing of the task itself."""


def _criterion(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "number": row.number,
        "kind": row.kind,
        "group": row.group,
        "field": row.field_number,
        "name": row.name,
        "max": format_points(row.max),
        "published": format_points(row.published),
        "points_short": format_points(row.max - row.published),
        "rule": shown_rule(parse_rule(row.rule)),
        "facts": row.facts["items"],
        "where": row.where,
    }


@lru_cache(maxsize=4096)
def shown_rule(rule: Rule) -> Mapping[str, Any]:
    """How the score comes about, as people may read it: what is measured, and how far the rule is to be trusted."""
    inputs = [one._asdict() for one in rule.inputs]
    return {"kind": rule.kind, "inputs": inputs, "citation": rule.citation, "confidence": rule.confidence}


def _benchmarks(connection: Connection, assessment_id: int) -> list[dict[str, Any]]:
    columns = (benchmarks.c[name] for name in ("label", "kind", "score", "rank", "provinces", "source"))
    found = select(*columns).where(benchmarks.c.assessment_id == assessment_id).order_by(benchmarks.c.id)
    return [{**row, "score": format_points(row["score"])} for row in connection.execute(found).mappings()]


def _causes(connection: Connection, assessment_id: int) -> list[dict[str, Any]]:
    """Two queries, however many there are."""
    linked: dict[int, list[str]] = {}
    pairs = (
        select(cause_tasks.c.cause_id, tasks.c.code)
        .join(tasks, tasks.c.id == cause_tasks.c.task_id)
        .where(tasks.c.assessment_id == assessment_id)
        .order_by(tasks.c.code)
    )
    for cause, code in connection.execute(pairs):
        linked.setdefault(cause, []).append(code)
    found = select(causes).where(causes.c.assessment_id == assessment_id).order_by(causes.c.code)
    return [
        {"code": row.code, "text": row.text, "where": row.where, "criteria": linked.get(row.id, [])}
        for row in connection.execute(found)
    ]
