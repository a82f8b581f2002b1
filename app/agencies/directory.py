"""Provinces and their agencies: who there is, under which name, and what it was called before."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from app import accounts, events, scope
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.db import savepoint
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.idents import named
from app.lineage import coordinator_of, readable_agencies
from app.locking import hold
from app.models import agencies, agency_names, criteria, provinces, tasks
from app.text import alphabetical, compose, fold

_CODE = re.compile(r"[A-Z][A-Z0-9_-]{0,19}")
_PROVINCE_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")
UNKNOWN = "Không có cơ quan này. Hãy kiểm tra lại mã, ví dụ SNV; nếu có nhiều tỉnh, hãy ghi rõ tỉnh."

_successors = agencies.alias("successor")
_successor_provinces = provinces.alias("successor_province")
_ROWS = (
    select(
        agencies,
        provinces.c.code.label("province"),
        _successors.c.code.label("successor_code"),
        _successors.c.name.label("successor_name"),
        _successor_provinces.c.code.label("successor_province"),
    )
    .join(provinces, provinces.c.id == agencies.c.province_id)
    .outerjoin(_successors, _successors.c.id == agencies.c.succeeded_by_id)
    .outerjoin(_successor_provinces, _successor_provinces.c.id == _successors.c.province_id)
)
_PROVINCES = select(provinces, _successor_provinces.c.code.label("successor")).outerjoin(
    _successor_provinces, _successor_provinces.c.id == provinces.c.succeeded_by_id
)


def list_agencies(
    connection: Connection,
    actor: Actor,
    *,
    province: str | None = None,
    active: bool | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of agencies by name: of the actor's province, or of `province` (also one that the actor's succeeded)."""
    actor.require(Permission.AGENCY_READ)
    ids = _by_name(connection, and_(_home(connection, actor, province), _is_active(active)))
    page = ids[offset : offset + limit]
    rows = {row.id: row for row in connection.execute(_ROWS.where(agencies.c.id.in_(page)))}
    return {
        "items": _shown(connection, [rows[one] for one in page]),
        "total": len(ids),
        "limit": limit,
        "offset": offset,
    }


def _by_name(connection: Connection, wanted: ColumnElement[bool]) -> list[int]:
    """Province by province in the order of the Vietnamese alphabet, which SQLite does not know; a province has hundreds
    of agencies at most."""
    named = select(agencies.c.id, agencies.c.province_id, agencies.c.name).where(wanted)
    found = connection.execute(named.join(provinces, provinces.c.id == agencies.c.province_id))
    return [row.id for row in sorted(found, key=lambda row: (row.province_id, alphabetical(row.name), row.id))]


def get_agency(
    connection: Connection, actor: Actor, ident: str, *, province: str | None = None, now: datetime
) -> dict[str, Any]:
    """By id or code; raises `NotFound`, and `InvalidInput` where several provinces have that code."""
    actor.require(Permission.AGENCY_READ)
    return _shown(connection, [find_agency(connection, actor, ident, province)])[0]


def find_agency(connection: Connection, actor: Actor, ident: str, province: str | None = None) -> Any:
    """The row that an address means. A code alone means the actor's own province, an id any that it may read."""
    is_id = ident.isascii() and ident.isdigit()
    within = readable_agencies(connection, actor) if is_id and province is None else _home(connection, actor, province)
    rows = connection.execute(_ROWS.where(named(agencies, ident), within).limit(2)).all()
    if not rows:
        raise NotFound(UNKNOWN)
    if len(rows) > 1:
        raise InvalidInput(f"Nhiều tỉnh có cơ quan mã {ident}. Hãy ghi rõ tỉnh, ví dụ soc-trang.", field="province")
    return rows[0]


def create_agency(
    connection: Connection,
    actor: Actor,
    *,
    code: str,
    name: str,
    province: str | None = None,
    coordinator: bool = False,
    now: datetime,
) -> dict[str, Any]:
    """A new agency of a province; Conflict for a code that is taken, or a second coordinating agency."""
    actor.require(Permission.AGENCY_EDIT)
    home = accounts.find_province(connection, actor, province)
    agency_id = add_agency(connection, actor, home.id, code, name, coordinator=coordinator, now=now)
    return get_agency(connection, actor, str(agency_id), now=now)


def add_agency(
    connection: Connection, actor: Actor, province_id: int, code: str, name: str, *, coordinator: bool, now: datetime
) -> int:
    """Write a new agency with its event, without asking who may; returns its id."""
    if not _CODE.fullmatch(code):
        raise InvalidInput("Mã cơ quan gồm 1–20 ký tự A–Z, 0–9, _ hoặc -, bắt đầu bằng chữ, ví dụ SNV.", field="code")
    if coordinator and (standing := coordinator_of(connection, province_id)) is not None:
        raise Conflict(
            f"Tỉnh đã có cơ quan thường trực là {standing.name}. Muốn thay, hãy dùng kế thừa nhiệm vụ.",
            field="coordinator",
        )
    values = {"province_id": province_id, "code": code, "name": _name(name), "is_coordinator": coordinator}
    try:
        with savepoint(connection, "agency"):
            agency_id: int = connection.execute(insert(agencies).values(values).returning(agencies.c.id)).scalar_one()
    except IntegrityError:
        raise Conflict(f"Tỉnh này đã có cơ quan mã {code}. Hãy chọn mã khác.", field="code") from None
    _record(connection, actor, agency_id, code, "agency.created", after=values, province_id=province_id, now=now)
    return agency_id


def rename_agency(
    connection: Connection,
    actor: Actor,
    ident: str,
    *,
    name: str,
    until: date | None = None,
    province: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Give an agency a new name; the old one stays on record with its last day, `until` (default: today)."""
    actor.require(Permission.AGENCY_EDIT)
    found = find_agency(connection, actor, ident, province)
    hold(connection, agencies, found.id)
    row = find_agency(connection, actor, str(found.id))
    new = _name(name)
    if new == row.name:
        return get_agency(connection, actor, str(row.id), now=now)
    last_day = until or local_date(now)
    _keep_name(connection, row.id, row.name, last_day)
    connection.execute(update(agencies).where(agencies.c.id == row.id).values(name=new))
    refresh_search(connection, row.id)
    _record(
        connection,
        actor,
        row.id,
        row.code,
        "agency.renamed",
        before={"name": row.name},
        after={"name": new, "until": last_day.isoformat()},
        province_id=row.province_id,
        now=now,
    )
    return get_agency(connection, actor, str(row.id), now=now)


def refresh_search(connection: Connection, agency_id: int) -> None:
    """Let the tasks an agency leads be found by its name, its earlier names and that of the agency they came from.

    The search text follows from other columns, so it has no version and no log row of its own.
    """
    known = select(agency_names.c.name).where(agency_names.c.agency_id == agency_id).order_by(agency_names.c.id)
    earlier = " ".join(connection.execute(known).scalars())
    rows = connection.execute(
        select(tasks.c.id, tasks.c.code, criteria.c.name, agencies.c.name.label("lead"), tasks.c.former_agency)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .join(agencies, agencies.c.id == tasks.c.agency_id)
        .where(tasks.c.agency_id == agency_id)
        .order_by(tasks.c.id)
    ).all()
    texts = [
        {"b_id": row.id, "b_search": fold(" ".join((row.code, row.name, row.lead, row.former_agency or "", earlier)))}
        for row in rows
    ]
    if texts:
        found = update(tasks).where(tasks.c.id == bindparam("b_id"))
        connection.execute(found.values(search=bindparam("b_search")), texts)


# Provinces


def list_provinces(connection: Connection, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """The actor's province, or for an administrator of the installation all of them, with their successors."""
    actor.require(Permission.AGENCY_READ)
    own = true() if actor.province_id is None else provinces.c.id == actor.province_id
    rows = connection.execute(_PROVINCES.where(own).order_by(provinces.c.code)).all()
    return {"items": [_province(row) for row in rows], "total": len(rows)}


def create_province(connection: Connection, actor: Actor, *, code: str, name: str, now: datetime) -> dict[str, Any]:
    """A province without agencies yet, so that another one can merge into it."""
    actor.require(Permission.PROVINCE_SUCCEED)
    if actor.province_id is not None:
        raise Forbidden("Quản trị viên của một tỉnh không tạo được tỉnh khác. Hãy nhờ quản trị viên toàn hệ thống.")
    province_id = add_province(connection, actor, code, name, now=now)
    return _province(connection.execute(_PROVINCES.where(provinces.c.id == province_id)).one())


def add_province(connection: Connection, actor: Actor, code: str, name: str, *, now: datetime) -> int:
    if not _PROVINCE_CODE.fullmatch(code):
        raise InvalidInput("Mã tỉnh gồm 2–40 ký tự a–z, 0–9 hoặc -, ví dụ can-tho.", field="code")
    values = {"code": code, "name": _name(name)}
    try:
        with savepoint(connection, "province"):
            found: int = connection.execute(insert(provinces).values(values).returning(provinces.c.id)).scalar_one()
    except IntegrityError:
        raise Conflict(f"Đã có tỉnh mã {code}. Hãy chọn mã khác.", field="code") from None
    events.record(
        connection,
        actor,
        now=now,
        entity="province",
        entity_id=found,
        code=code,
        action="province.created",
        after=values,
        province_id=found,
    )
    return found


# Inside


def _home(connection: Connection, actor: Actor, province: str | None) -> ColumnElement[bool]:
    if province is None:
        return scope.visible_agencies(actor)
    return and_(readable_agencies(connection, actor), provinces.c.code == compose(province))


def _is_active(active: bool | None) -> ColumnElement[bool]:
    if active is None:
        return true()
    return agencies.c.succeeded_from.is_(None) if active else agencies.c.succeeded_from.is_not(None)


def _shown(connection: Connection, rows: Sequence[Any]) -> list[dict[str, Any]]:
    former: dict[int, list[dict[str, Any]]] = {row.id: [] for row in rows}
    names = select(agency_names).where(agency_names.c.agency_id.in_(former)).order_by(agency_names.c.id)
    for one in connection.execute(names):
        former[one.agency_id].append({"name": one.name, "until": one.until})
    return [_agency(row, former[row.id]) for row in rows]


def _agency(row: Any, former: list[dict[str, Any]]) -> dict[str, Any]:
    successor = {"code": row.successor_code, "name": row.successor_name, "province": row.successor_province}
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "province": row.province,
        "coordinator": row.is_coordinator,
        "active": row.succeeded_from is None,
        "former_names": former,
        "succeeded_by": successor if row.succeeded_by_id is not None else None,
        "succeeded_from": row.succeeded_from,
    }


def _province(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "active": row.succeeded_from is None,
        "succeeded_by": row.successor,
        "succeeded_from": row.succeeded_from,
    }


def _name(text: str) -> str:
    cleaned = " ".join(compose(text).split())
    if not 1 <= len(cleaned) <= 200:
        raise InvalidInput("Tên phải có từ 1 đến 200 ký tự.", field="name")
    return cleaned


def _keep_name(connection: Connection, agency_id: int, name: str, until: date) -> None:
    """A name may come back and go again; it then keeps its latest last day."""
    own = and_(agency_names.c.agency_id == agency_id, agency_names.c.name == name)
    if connection.execute(update(agency_names).where(own).values(until=until)).rowcount == 0:
        connection.execute(insert(agency_names).values(agency_id=agency_id, name=name, until=until))


def _record(
    connection: Connection,
    actor: Actor,
    agency_id: int,
    code: str,
    action: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any],
    province_id: int,
    now: datetime,
) -> None:
    events.record(
        connection,
        actor,
        now=now,
        entity="agency",
        entity_id=agency_id,
        code=code,
        action=action,
        before=before,
        after=after,
        province_id=province_id,
    )
