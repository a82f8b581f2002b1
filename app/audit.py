"""Who did what: the event table as the coordinator and administrators read it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from app import events as log
from app.core import scoring
from app.core.access import Actor, Permission
from app.core.workdays import day_end_exclusive, day_start
from app.errors import InvalidInput
from app.lineage import inherited_provinces
from app.models import accounts, assessments, criteria, events, provinces, tasks
from app.text import compose


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look for; None means any. `since` and `until` are Vietnamese calendar days, both inclusive."""

    entity: str | None = None
    action: str | None = None
    actor: str | None = None
    """The account's name, the name it shows, or the officer it wrote for."""
    code: str | None = None
    since: date | None = None
    until: date | None = None
    limit: int = 50
    offset: int = 0


def list_events(connection: Connection, actor: Actor, wanted: Filter, *, now: datetime) -> dict[str, Any]:
    """A page of events, the newest first: of the actor's province and of those it succeeded, or of all."""
    actor.require(Permission.AUDIT_READ)
    conditions = [_readable(connection, actor), *_conditions(wanted)]
    total = connection.execute(select(func.count()).select_from(events).where(*conditions)).scalar_one()
    rows = connection.execute(
        select(
            events,
            provinces.c.code.label("province"),
            assessments.c.code.label("assessment"),
            accounts.c.name.label("account"),
        )
        .outerjoin(provinces, provinces.c.id == events.c.province_id)
        .outerjoin(assessments, assessments.c.id == events.c.assessment_id)
        .outerjoin(accounts, accounts.c.id == events.c.account_id)
        .where(*conditions)
        .order_by(events.c.id.desc())
        .limit(wanted.limit)
        .offset(wanted.offset)
    ).all()
    items = [told | _placed(row) for told, row in zip(log.told(connection, rows), rows, strict=True)]
    return {"items": items, "total": total, "limit": wanted.limit, "offset": wanted.offset}


def list_told(connection: Connection, actor: Actor, wanted: Filter, *, now: datetime) -> dict[str, Any]:
    """As `list_events`, each event with `inputs`: what the measured inputs that it names are called."""
    page = list_events(connection, actor, wanted, now=now)
    labels = _input_labels(connection, {one["code"] for one in page["items"] if _MEASURED & {*one["from"], *one["to"]}})
    return {**page, "items": [{**one, "inputs": labels.get(one["code"], {})} for one in page["items"]]}


_MEASURED = frozenset({"measurements", "verified_measurements"})


def _input_labels(connection: Connection, codes: Collection[str]) -> dict[str, dict[str, str]]:
    rules = select(tasks.c.code, criteria.c.rule).join(criteria, criteria.c.id == tasks.c.criterion_id)
    found = connection.execute(rules.where(tasks.c.code.in_(codes))) if codes else ()
    return {code: {one.name: one.label for one in scoring.parse_rule(rule).inputs} for code, rule in found}


def _readable(connection: Connection, actor: Actor) -> ColumnElement[bool]:
    if actor.province_id is None:
        return true()
    own = events.c.province_id.in_(inherited_provinces(connection, actor.province_id))
    return or_(own, and_(events.c.province_id.is_(None), events.c.entity == "holiday"))  # everybody's calendar


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    if wanted.since and wanted.until and wanted.until < wanted.since:
        raise InvalidInput("“Đến ngày” không được trước “Từ ngày”.", field="until")
    equal = {events.c.entity: wanted.entity, events.c.action: wanted.action, events.c.entity_code: wanted.code}
    found: list[ColumnElement[bool]] = [column == compose(text) for column, text in equal.items() if text is not None]
    if wanted.actor is not None:
        name = compose(wanted.actor)
        known = select(accounts.c.id).where(accounts.c.name == name)
        found.append(or_(events.c.actor == name, events.c.on_behalf_of == name, events.c.account_id.in_(known)))
    if wanted.since is not None:
        found.append(events.c.at >= _instant(wanted.since, day_start, "since"))
    if wanted.until is not None:
        found.append(events.c.at < _instant(wanted.until, day_end_exclusive, "until"))
    return found


def _instant(day: date, edge: Any, field: str) -> datetime:
    if not 2000 <= day.year <= 2200:
        raise InvalidInput("Năm phải từ 2000 đến 2200.", field=field)
    instant: datetime = edge(day)
    return instant


def _placed(row: Any) -> dict[str, Any]:
    """What the log of one task need not say: of what, where, and through which account."""
    return {
        "entity": row.entity,
        "entity_id": row.entity_id,
        "code": row.entity_code,
        "account": row.account,
        "province": row.province,
        "assessment": row.assessment,
    }
