"""A newer digest of a recipient takes the place of older ones that did not arrive."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, or_, select, update

from app.models import deliveries, digest_items, digests


def supersede_older(connection: Connection, newer: Mapping[str, int], *, now: datetime) -> None:
    """Take back undelivered messages of the recipients in `newer` (recipient → its digest of today).

    What no contact of the recipient has got moves into the newer digest, so superseding loses nothing. A digest that
    somebody got, or that is being sent right now, keeps its items; only its remaining messages are taken back.
    """
    if not newer:
        return
    rows = connection.execute(_undelivered(newer, now=now)).all()
    if not rows:
        return
    received = _received(connection, {row.digest_id for row in rows}, now=now)
    taken = [{"taken": row.id} for row in rows if row.state != "dead" or row.digest_id not in received]
    if taken:
        statement = update(deliveries).where(deliveries.c.id == bindparam("taken"))
        connection.execute(statement.values(state="superseded", claim_token=None, lease_until=None), taken)
    _move_items(connection, {row.digest_id: newer[row.recipient] for row in rows if row.digest_id not in received})


def find_newer(connection: Connection, digest_id: int) -> int | None:
    """The newest digest of the same recipient, if it is of a later day than this one."""
    later = digests.alias()
    return connection.execute(
        select(later.c.id)
        .join(digests, and_(digests.c.recipient == later.c.recipient, digests.c.local_date < later.c.local_date))
        .where(digests.c.id == digest_id)
        .order_by(later.c.local_date.desc())
        .limit(1)
    ).scalar()


def give_way(connection: Connection, older: int, newer: int, *, now: datetime) -> None:
    """A message of `older` did not arrive before `newer` was planned: what nobody got must not be lost.

    It moves into `newer` while nobody has begun to send that one. Otherwise it leaves the ledger, and the next run
    tells it anew.
    """
    if _received(connection, {older}, now=now):
        return
    if _untouched(connection, newer):
        _move_items(connection, {older: newer})
    else:
        connection.execute(delete(digest_items).where(digest_items.c.digest_id == older))


def _move_items(connection: Connection, moves: Mapping[int, int]) -> None:
    """Older digest → newer one; what the newer one names itself stays where it is."""
    if not moves:
        return
    there = digest_items.alias()
    named = exists().where(
        there.c.digest_id == bindparam("newer"),
        there.c.recipient == digest_items.c.recipient,  # the same anyway, and the key of the ledger starts with it
        there.c.kind == digest_items.c.kind,
        there.c.subject == digest_items.c.subject,
    )
    statement = update(digest_items).where(digest_items.c.digest_id == bindparam("older"), ~named)
    rows = [{"older": older, "newer": newer} for older, newer in moves.items()]
    connection.execute(statement.values(digest_id=bindparam("newer")), rows)


def _undelivered(newer: Mapping[str, int], *, now: datetime) -> Any:
    """Locked, so that no sender claims one of them before the commit."""
    lease_over = and_(deliveries.c.state == "sending", deliveries.c.next_attempt_at <= now)
    return (
        select(deliveries.c.id, deliveries.c.digest_id, deliveries.c.state, digests.c.recipient)
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .where(
            digests.c.recipient.in_(newer),
            digests.c.id.not_in(newer.values()),
            or_(deliveries.c.state.in_(("pending", "unreachable", "dead")), lease_over),
        )
        .with_for_update(of=deliveries)
    )


def _received(connection: Connection, digest_ids: set[int], *, now: datetime) -> set[int]:
    """Those that somebody got, also one that is to be sent again, or that are being sent right now."""
    in_flight = and_(deliveries.c.state == "sending", deliveries.c.next_attempt_at > now)
    statement = select(deliveries.c.digest_id).where(
        deliveries.c.digest_id.in_(digest_ids),
        or_(deliveries.c.state == "sent", deliveries.c.sent_at.is_not(None), in_flight),
    )
    return set(connection.execute(statement).scalars())


def _untouched(connection: Connection, digest_id: int) -> bool:
    """Whether it still waits to be sent, with nobody at it; its messages are then held until the commit."""
    own = deliveries.c.digest_id == digest_id
    # What is locked is skipped: somebody is at it, and waiting for each other could last for ever.
    messages = select(deliveries.c.state, deliveries.c.sent_at).where(own).with_for_update(skip_locked=True)
    rows = connection.execute(messages).all()
    total = connection.execute(select(func.count()).select_from(deliveries).where(own)).scalar_one()
    begun = any(row.state in ("sent", "sending") or row.sent_at is not None for row in rows)
    return len(rows) == total and not begun and any(row.state in ("pending", "unreachable") for row in rows)
