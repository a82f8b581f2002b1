"""What was sent: digests with their items and what became of each message."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, false, func, select, true

from app.core.access import Actor, Permission, Role
from app.core.scoring import format_points
from app.errors import NotFound
from app.models import agencies, contacts, criteria, deliveries, digest_items, digests, provinces, shares, tasks
from app.outbox.recipients import label, leadership_name, recipient_of
from app.reminders.provinces import several


def list_digests(
    connection: Connection,
    actor: Actor,
    *,
    recipient: str | None = None,
    state: str | None = None,
    first: date | None = None,
    last: date | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """Digests of the actor's province, newest first. `recipient` is an agency code or "leadership", `state` that of any
    of its messages, `first` and `last` local days, both included."""
    actor.require(Permission.REMINDER_READ)
    wanted = [visible_digests(actor), *_filters(recipient, state, first, last)]
    total = connection.execute(_joined(func.count()).where(*wanted)).scalar_one()
    page = _digests().where(*wanted).order_by(digests.c.local_date.desc(), digests.c.id.desc())
    rows = connection.execute(page.limit(limit).offset(offset)).all()
    return {"items": _described(connection, rows), "total": total, "limit": limit, "offset": offset}


def get_digest(connection: Connection, actor: Actor, digest_id: int, *, now: datetime) -> dict[str, Any]:
    """One digest with its items: what it said, or is still to say. Raises `NotFound` outside the actor's province."""
    actor.require(Permission.REMINDER_READ)
    rows = connection.execute(_digests().where(digests.c.id == digest_id, visible_digests(actor))).all()
    if not rows:
        raise NotFound("Không có thư nhắc việc này.")
    return _described(connection, rows)[0] | {"items": _items(connection, digest_id)}


def visible_digests(actor: Actor) -> ColumnElement[bool]:
    """Those of the actor's province; an administrator of the installation reads all."""
    if actor.province_id is None:
        return true() if actor.role is Role.ADMIN else false()
    return digests.c.province_id == actor.province_id


def _filters(
    recipient: str | None, state: str | None, first: date | None, last: date | None
) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if recipient is not None:
        spelled = recipient_of("", recipient.replace("\0", "").rpartition("/")[2])
        found.append(digests.c.recipient == provinces.c.code + spelled)
        if "/" in recipient:
            found.append(digests.c.recipient == recipient.replace("\0", ""))
    if state is not None:
        found.append(digests.c.id.in_(select(deliveries.c.digest_id).where(deliveries.c.state == state)))
    if first is not None:
        found.append(digests.c.local_date >= first)
    if last is not None:
        found.append(digests.c.local_date <= last)
    return found


def _joined(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(digests)
        .join(provinces, provinces.c.id == digests.c.province_id)
        .outerjoin(agencies, agencies.c.id == digests.c.agency_id)
    )


def _digests() -> Select[Any]:
    return _joined(
        digests.c.id,
        digests.c.recipient,
        digests.c.local_date,
        digests.c.created_at,
        agencies.c.name.label("agency"),
        provinces.c.name.label("province"),
    )


def _described(connection: Connection, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Three queries for any number of digests."""
    ids = [row.id for row in rows]
    counted = _counts(connection, ids)
    sent = _messages(connection, ids)
    prefixed = several(connection)
    return [
        {
            "id": row.id,
            "recipient": label(row.recipient, several=prefixed),
            "recipient_name": row.agency or leadership_name(row.province),
            "on": row.local_date,
            "created_at": row.created_at,
            "items_total": counted.get(row.id, 0),
            "deliveries": sent.get(row.id, []),
        }
        for row in rows
    ]


def _counts(connection: Connection, ids: list[int]) -> dict[int, int]:
    statement = select(digest_items.c.digest_id, func.count()).where(digest_items.c.digest_id.in_(ids))
    return dict(connection.execute(statement.group_by(digest_items.c.digest_id)).all())


def _messages(connection: Connection, ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    shown = ("state", "attempts", "next_attempt_at", "channel", "address", "sent_at", "last_error", "message_key")
    statement = (
        select(deliveries.c.id, deliveries.c.digest_id, contacts.c.name, *(deliveries.c[name] for name in shown))
        .outerjoin(contacts, contacts.c.id == deliveries.c.contact_id)
        .where(deliveries.c.digest_id.in_(ids))
        .order_by(deliveries.c.id)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(statement):
        message = {"id": row.id, "contact": row.name, **{name: row._mapping[name] for name in shown}}
        waits = row.state in ("pending", "unreachable", "sending")
        found.setdefault(row.digest_id, []).append(message | ({} if waits else {"next_attempt_at": None}))
    return found


def _items(connection: Connection, digest_id: int) -> list[dict[str, Any]]:
    statement = (
        select(
            digest_items.c.kind,
            digest_items.c.subject,
            digest_items.c.milestone,
            digest_items.c.effective_due,
            tasks.c.code.label("task"),
            criteria.c.name,
            shares.c.what,
            agencies.c.code.label("agency"),
            (tasks.c.max - tasks.c.floor).label("points"),
        )
        .outerjoin(shares, shares.c.id == digest_items.c.share_id)
        .join(tasks, tasks.c.id == func.coalesce(digest_items.c.task_id, shares.c.task_id))
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .join(agencies, agencies.c.id == func.coalesce(shares.c.agency_id, tasks.c.agency_id))
        .where(digest_items.c.digest_id == digest_id)
        .order_by((tasks.c.max - tasks.c.floor).desc(), digest_items.c.subject, digest_items.c.id)
    )
    return [
        {
            "kind": row.kind,
            "code": row.subject,
            "task": row.task,
            "what": row.what or row.name,
            "agency": row.agency,
            "milestone": row.milestone,
            "effective_due": row.effective_due,
            "points": format_points(row.points),
        }
        for row in connection.execute(statement)
    ]
