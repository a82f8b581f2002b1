"""Sáp nhập tỉnh: a whole province's work passes to another, which may have agencies of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from app.agencies.directory import add_agency, add_province
from app.agencies.placing import WAITING, check_free, one_at_a_time, place_order, walk
from app.core.access import Actor, Permission
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.idents import named
from app.lineage import coordinator_of
from app.models import agencies, provinces, successions
from app.text import compose


@dataclass(frozen=True, slots=True)
class ProvinceOrder:
    """`mapping`: code of an agency → code of its successor in the new province; the rest falls to its coordinator.

    With `successor_name` a province that does not exist yet is made, and with it the mapped agencies, named as before.
    """

    successor: str
    effective_from: date
    reason: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    successor_name: str | None = None
    leadership_moves: bool = False


def succeed_province(
    connection: Connection, actor: Actor, code: str, wanted: ProvinceOrder, *, now: datetime
) -> dict[str, Any]:
    """Order that a province merge into another, with its assessments. Conflict as for agencies.

    Only an administrator of the whole installation may: it takes from one province and gives to another.
    """
    actor.require(Permission.PROVINCE_SUCCEED)
    if actor.province_id is not None:
        raise Forbidden("Chỉ quản trị viên của toàn hệ thống được sáp nhập tỉnh.")
    one_at_a_time(connection)
    old = connection.execute(select(provinces).where(named(provinces, code))).first()
    if old is None:
        raise NotFound(f"Không có tỉnh {code}.")
    check_free(connection, successions.c.province_id == old.id, old)
    _check_mapped(connection, old, wanted)
    new = _new_province(connection, actor, old, wanted, now=now)
    _check_successor(connection, old, new)
    _check_targets(connection, new, wanted)
    values = {
        "province_id": old.id,
        "successor_province_id": new.id,
        "mapping": json.dumps(dict(wanted.mapping)),
        "leadership_moves": wanted.leadership_moves,
    }
    told = {
        "province": old.code,
        "successor": new.code,
        "mapping": dict(wanted.mapping),
        "leadership_moves": wanted.leadership_moves,
    }
    return place_order(connection, actor, values, told, old, wanted.effective_from, wanted.reason, now=now)


# Inside


def _check_mapped(connection: Connection, old: Any, wanted: ProvinceOrder) -> None:
    known = set(
        connection.execute(
            select(agencies.c.code).where(agencies.c.province_id == old.id, agencies.c.succeeded_from.is_(None))
        ).scalars()
    )
    if unknown := sorted(set(wanted.mapping) - known):
        raise InvalidInput(f"Không có cơ quan {', '.join(unknown)} đang hoạt động ở {old.name}.", field="mapping")


def _new_province(connection: Connection, actor: Actor, old: Any, wanted: ProvinceOrder, *, now: datetime) -> Any:
    found = select(provinces).where(provinces.c.code == compose(wanted.successor))
    row = connection.execute(found).first()
    if row is not None:
        return row
    if wanted.successor_name is None:
        raise InvalidInput(
            f"Không có tỉnh {wanted.successor}. Hãy ghi cả tên tỉnh nếu đây là tỉnh mới.", field="successor"
        )
    province_id = add_province(connection, actor, wanted.successor, wanted.successor_name, now=now)
    _copy_agencies(connection, actor, old, province_id, wanted.mapping, now=now)
    return connection.execute(found).one()


def _copy_agencies(
    connection: Connection, actor: Actor, old: Any, province_id: int, mapping: Mapping[str, str], *, now: datetime
) -> None:
    """A province made for the merger has no agencies of its own: those of the mapping carry on in it.

    Where several become one, it is called like the coordinating one, or like the one that has its code already.
    """
    named_before = agencies.c.code.in_(mapping)
    rows = connection.execute(select(agencies).where(agencies.c.province_id == old.id, named_before)).all()
    made: set[str] = set()
    for row in sorted(rows, key=lambda row: (not row.is_coordinator, row.code != mapping[row.code], row.id)):
        code = mapping[row.code]
        if code not in made:
            made.add(code)
            add_agency(connection, actor, province_id, code, row.name, coordinator=row.is_coordinator, now=now)


def _check_successor(connection: Connection, old: Any, new: Any) -> None:
    if new.id == old.id:
        raise InvalidInput("Tỉnh không thể tự kế thừa mình.", field="successor")
    if new.succeeded_from is not None:
        raise Conflict(f"{new.name} đã sáp nhập vào tỉnh khác; hãy chọn tỉnh đó.", field="successor")
    if coordinator_of(connection, new.id) is None:
        raise Conflict(f"{new.name} chưa có cơ quan thường trực để nhận nhiệm vụ.", field="successor")
    rows = connection.execute(
        select(successions.c.province_id, successions.c.successor_province_id).where(
            successions.c.province_id.is_not(None), WAITING
        )
    ).all()
    if old.id in walk({row.province_id: row.successor_province_id for row in rows}, new.id):
        raise Conflict(f"{new.name} rồi lại sáp nhập vào {old.name}: nối thành vòng.", field="successor")


def _check_targets(connection: Connection, new: Any, wanted: ProvinceOrder) -> None:
    known = set(
        connection.execute(
            select(agencies.c.code).where(agencies.c.province_id == new.id, agencies.c.succeeded_from.is_(None))
        ).scalars()
    )
    if unknown := sorted(set(wanted.mapping.values()) - known):
        raise InvalidInput(f"Không có cơ quan {', '.join(unknown)} đang hoạt động ở {new.name}.", field="mapping")
