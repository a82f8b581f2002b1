"""Whom a message to an agency or to the leadership reaches today, absences considered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, select

from app.core.access import Actor, Permission
from app.models import agencies, contacts
from app.scope import visible_agencies


class Reachable(NamedTuple):
    """A person to write to today, over mail, a webhook or both."""

    id: int
    kind: str
    name: str
    email: str | None
    webhook_url: str | None
    webhook_secret: str | None


def reachable_contacts(
    connection: Connection, province_id: int, agency_id: int | None, *, today: date
) -> list[Reachable]:
    """Who of an agency (None: of the province's leadership) gets a message today; see `reachable_of`."""
    return reachable_of(active_contacts(connection, province_id), agency_id, today=today)


def active_contacts(connection: Connection, province_id: int) -> Sequence[Any]:
    """Every contact of a province that is switched on, for `reachable_of`: one query for any number of agencies."""
    active = select(contacts).where(contacts.c.province_id == province_id, contacts.c.active).order_by(contacts.c.id)
    return connection.execute(active).all()


def list_without_contacts(connection: Connection, actor: Actor, *, now: datetime) -> list[dict[str, str]]:
    """Agencies at work in the actor's province to which no reminder can go."""
    actor.require(Permission.AGENCY_READ)
    reached = exists(select(1).where(contacts.c.agency_id == agencies.c.id, contacts.c.active))
    found = select(agencies.c.code, agencies.c.name).where(
        visible_agencies(actor), agencies.c.succeeded_from.is_(None), ~reached
    )
    return [{"code": code, "name": name} for code, name in connection.execute(found.order_by(agencies.c.code))]


def reachable_of(active: Sequence[Any], agency_id: int | None, *, today: date) -> list[Reachable]:
    """Of a province's active contacts, whom an agency's message goes to, each address once.

    Whoever is absent is replaced by the stand-in, and that one's stand-in if need be. When that leaves nobody, the
    absent ones are written to all the same, because a reminder must not vanish. Empty only without active contacts.
    """
    own = [row for row in active if row.agency_id == agency_id]
    return [
        Reachable(row.id, row.kind, row.name, row.email, row.webhook_url, row.webhook_secret)
        for row in _once_an_address(resolve_absence(own, {row.id: row for row in active}, today=today) or own)
    ]


def resolve_absence(own: Iterable[Any], by_id: Mapping[int, Any], *, today: date) -> list[Any]:
    """Pure. Each contact, or the first one present along its stand-ins; nobody where that ends or runs in a circle."""
    found: dict[int, Any] = {}
    for contact in own:
        current, seen = contact, set()
        while current is not None and current.id not in seen and is_absent(current, today=today):
            seen.add(current.id)
            current = by_id.get(current.stand_in_id)
        if current is not None and current.id not in seen:
            found[current.id] = current
    return list(found.values())


def is_absent(contact: Any, *, today: date) -> bool:
    """From the first to the last day of absence, both inclusive; an open end has no last day."""
    if contact.absent_from is None:
        return False
    return bool(contact.absent_from <= today and (contact.absent_until is None or today <= contact.absent_until))


def _once_an_address(rows: Iterable[Any]) -> list[Any]:
    return list({((row.email or "").casefold(), row.webhook_url): row for row in reversed(list(rows))}.values())[::-1]
