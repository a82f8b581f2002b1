"""The register of contacts: officers and heads of agencies, and the province's leadership."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, true, update

from app import accounts, events
from app.agencies.addresses import check_email, check_secret, check_webhook_url, current, new_secret, succeed
from app.agencies.directory import find_agency
from app.agencies.reach import is_absent
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.errors import Conflict, InvalidInput, NotFound
from app.idents import LARGEST_ID
from app.locking import hold
from app.models import agencies, contacts, provinces
from app.text import compose

AGENCY_KINDS = ("officer", "head")


@dataclass(frozen=True, slots=True)
class NewContact:
    """`agency` None: of the province's leadership, whose kind is `leadership`."""

    kind: str
    name: str
    agency: str | None = None
    province: str | None = None
    email: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    absent_from: date | None = None
    absent_until: date | None = None
    stand_in: int | None = None


def list_contacts(
    connection: Connection,
    actor: Actor,
    *,
    agency: str | None = None,
    province: str | None = None,
    kind: str | None = None,
    active: bool | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of contacts without their secrets; `absent` says whether a stand-in is needed today."""
    actor.require(Permission.CONTACT_EDIT)
    wanted = [_visible(actor), contacts.c.kind == kind if kind else true()]
    if active is not None:
        wanted.append(contacts.c.active if active else ~contacts.c.active)
    if agency is not None:
        wanted.append(contacts.c.agency_id == find_agency(connection, actor, agency, province).id)
    elif province is not None:
        wanted.append(provinces.c.code == compose(province))
    total = connection.execute(select(func.count()).select_from(_rows(and_(*wanted)).subquery())).scalar_one()
    page = _rows(and_(*wanted)).order_by(contacts.c.id).limit(limit).offset(offset)
    items = [_told(row, today=local_date(now)) for row in connection.execute(page)]
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def get_contact(connection: Connection, actor: Actor, contact_id: int, *, now: datetime) -> dict[str, Any]:
    actor.require(Permission.CONTACT_EDIT)
    return _told(_find(connection, actor, contact_id), today=local_date(now))


def create_contact(connection: Connection, actor: Actor, new: NewContact, *, now: datetime) -> dict[str, Any]:
    """Add somebody to write to. The answer holds `webhook_secret`, which is told only this once."""
    actor.require(Permission.CONTACT_EDIT)
    home = _home(connection, actor, new)
    values = home | {"kind": new.kind, "active": True, "webhook_secret": None}
    wanted = {name: getattr(new, name) for name in CHANGEABLE if name not in ("kind", "active")}
    values |= _checked(connection, values, wanted)
    contact_id = connection.execute(insert(contacts).values(values).returning(contacts.c.id)).scalar_one()
    _record(connection, actor, contact_id, "contact.created", {}, values, now=now)
    answer = get_contact(connection, actor, contact_id, now=now)
    return answer | {"webhook_secret": values["webhook_secret"]}


CHANGEABLE = (
    "kind",
    "name",
    "email",
    "webhook_url",
    "webhook_secret",
    "active",
    "absent_from",
    "absent_until",
    "stand_in",
)


def change_contact(
    connection: Connection, actor: Actor, contact_id: int, changes: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Change what `changes` names (of `CHANGEABLE`); None empties a field.

    A `webhook_secret` that is new, given or made, is told in the answer, and never again.
    """
    actor.require(Permission.CONTACT_EDIT)
    row = _hold(connection, actor, contact_id)
    before = {column.name: row._mapping[column.name] for column in contacts.c}
    if changes.get("active") and not row.active:
        _check_home(connection, row)
    checked = _checked(connection, before, changes)
    new = {name: value for name, value in checked.items() if value != before[name]}
    if new:
        after = {**before, **new}
        connection.execute(update(contacts).where(contacts.c.id == contact_id).values(new))
        _record(connection, actor, contact_id, _action(before, after), before, after, now=now)
    return get_contact(connection, actor, contact_id, now=now) | {"webhook_secret": current(new.get("webhook_secret"))}


def deactivate_contact(connection: Connection, actor: Actor, contact_id: int, *, now: datetime) -> dict[str, Any]:
    """Write to this contact no more. Its row stays, because digests name it; doing so twice changes nothing."""
    if not get_contact(connection, actor, contact_id, now=now)["active"]:
        return get_contact(connection, actor, contact_id, now=now)
    answer = change_contact(connection, actor, contact_id, {"active": False}, now=now)
    return {name: value for name, value in answer.items() if name != "webhook_secret"}


# Inside


def _rows(wanted: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            contacts,
            agencies.c.code.label("agency"),
            agencies.c.name.label("agency_name"),
            agencies.c.succeeded_from,
            provinces.c.code.label("province"),
        )
        .join(provinces, provinces.c.id == contacts.c.province_id)
        .outerjoin(agencies, agencies.c.id == contacts.c.agency_id)
        .where(wanted)
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.province_id is None else contacts.c.province_id == actor.province_id


def _find(connection: Connection, actor: Actor, contact_id: int) -> Any:
    row = None
    if 0 < contact_id <= LARGEST_ID:
        row = connection.execute(_rows(and_(_visible(actor), contacts.c.id == contact_id))).first()
    if row is None:
        raise NotFound("Không có đầu mối liên hệ này.")
    return row


def _hold(connection: Connection, actor: Actor, contact_id: int) -> Any:
    """As `_find`, and nobody else changes it until the commit."""
    hold(connection, contacts, _find(connection, actor, contact_id).id)
    return _find(connection, actor, contact_id)


def _home(connection: Connection, actor: Actor, new: NewContact) -> dict[str, Any]:
    if new.agency is None:
        if new.kind != "leadership":
            raise InvalidInput("Đầu mối của cơ quan cần mã cơ quan, ví dụ SKHCN.", field="agency")
        return {"province_id": accounts.find_province(connection, actor, new.province).id, "agency_id": None}
    if new.kind not in AGENCY_KINDS:
        raise InvalidInput("Đầu mối của cơ quan là công chức đầu mối hoặc thủ trưởng.", field="kind")
    agency = find_agency(connection, actor, new.agency, new.province)
    _check_home(connection, agency)
    return {"province_id": agency.province_id, "agency_id": agency.id}


def _check_home(connection: Connection, row: Any) -> None:
    if row.succeeded_from is not None:
        raise Conflict("Cơ quan này đã có cơ quan kế thừa; hãy thêm đầu mối cho cơ quan kế thừa.", field="agency")


def _checked(connection: Connection, standing: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """All changeable columns as they will be, checked one by one and together."""
    merged = {name: wanted.get(name, standing.get(name)) for name in CHANGEABLE if name != "stand_in"}
    merged["stand_in_id"] = wanted.get("stand_in", standing.get("stand_in_id"))
    merged["name"] = " ".join(compose(merged["name"] or "").split())
    if not 1 <= len(merged["name"]) <= 200:
        raise InvalidInput("Tên đầu mối phải có từ 1 đến 200 ký tự.", field="name")
    if merged["kind"] not in (AGENCY_KINDS if standing["agency_id"] is not None else ("leadership",)):
        raise InvalidInput(
            "Loại đầu mối không hợp với nơi công tác: cơ quan có công chức đầu mối hoặc thủ trưởng, tỉnh có lãnh đạo.",
            field="kind",
        )
    _check_addresses(standing, merged)
    _check_absence(connection, standing, merged)
    return merged


def _check_addresses(standing: Mapping[str, Any], merged: dict[str, Any]) -> None:
    if merged["email"] is None and merged["webhook_url"] is None:
        raise InvalidInput("Cần ít nhất một địa chỉ: thư điện tử hoặc webhook.", field="email")
    if merged["email"] is not None:
        merged["email"] = check_email(merged["email"])
    if merged["webhook_url"] is None:
        merged["webhook_secret"] = None  # it signs nothing any more
        return
    merged["webhook_url"] = check_webhook_url(merged["webhook_url"])
    stood, secret = standing.get("webhook_secret"), merged["webhook_secret"]
    if secret is None or secret != stood:
        merged["webhook_secret"] = succeed(check_secret(secret) if secret else new_secret(), stood)


def _check_absence(connection: Connection, standing: Mapping[str, Any], merged: Mapping[str, Any]) -> None:
    start, end = merged["absent_from"], merged["absent_until"]
    if end is not None and (start is None or end < start):
        raise InvalidInput("Ngày cuối vắng mặt phải từ ngày đầu vắng mặt trở đi.", field="absent_until")
    stand_in = merged["stand_in_id"]
    if stand_in is None or stand_in == standing.get("stand_in_id"):
        return
    found = None
    if 0 < stand_in <= LARGEST_ID:
        found = connection.execute(
            select(contacts.c.id).where(
                contacts.c.id == stand_in, contacts.c.province_id == standing["province_id"], contacts.c.active
            )
        ).first()
    if found is None or stand_in == standing.get("id"):
        raise InvalidInput("Người thay thế phải là một đầu mối khác, đang dùng, trong cùng tỉnh.", field="stand_in")


def _told(row: Any, *, today: date) -> dict[str, Any]:
    return {
        "id": row.id,
        "province": row.province,
        "agency": {"code": row.agency, "name": row.agency_name} if row.agency_id is not None else None,
        "kind": row.kind,
        "name": row.name,
        "email": row.email,
        "webhook_url": row.webhook_url,
        "has_webhook_secret": row.webhook_secret is not None,
        "active": row.active,
        "absent": is_absent(row, today=today),
        "absent_from": row.absent_from,
        "absent_until": row.absent_until,
        "stand_in": row.stand_in_id,
    }


def _action(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if before["active"] == after["active"]:
        return "contact.changed"
    return "contact.activated" if after["active"] else "contact.deactivated"


def _record(
    connection: Connection,
    actor: Actor,
    contact_id: int,
    action: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    left, right = events.changes(_masked(before), _masked(after))
    if right:
        events.record(
            connection,
            actor,
            now=now,
            entity="contact",
            entity_id=contact_id,
            code=after["name"],
            action=action,
            before=left,
            after=right,
            province_id=after["province_id"],
        )


def _masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The log tells that a secret changed, never the secret: the last characters of its hash stand for it."""
    secret = values.get("webhook_secret")
    return {**values, "webhook_secret": None if secret is None else f"…{accounts.hash_key(secret)[-8:]}"}
