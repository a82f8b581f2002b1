"""What people ask of the outbox: send again, and how much waits."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select, update

from app import events
from app.core.access import Actor, Permission
from app.errors import Conflict, NotFound
from app.models import deliveries, digests

PATIENCE = timedelta(minutes=15)
"""How late a message may be before somebody ought to look."""
_WHY_NOT = {
    "pending": "Thư này đang chờ gửi; hệ thống sẽ tự gửi, không cần gửi lại.",
    "sending": "Thư này đang được gửi; hãy đợi kết quả.",
    "superseded": "Nội dung của thư này đã chuyển sang thư mới hơn; hãy gửi lại thư mới hơn.",
    "dropped": "Thư này không còn nội dung nào phải nhắc.",
    "sent": "Thư này đã gửi. Nếu vẫn muốn, hãy chọn gửi thêm lần nữa.",
}


def resend(connection: Connection, actor: Actor, delivery_id: int, *, again: bool, now: datetime) -> dict[str, Any]:
    """Queue a message anew that ended as a dead letter or reached nobody; with `again` also one that was sent.

    It keeps its Message-ID, unless it was sent before: then it is another message, which no mailbox may take for a
    duplicate. Raises `NotFound` outside the actor's province and `Conflict` in any other state.
    """
    actor.require(Permission.REMINDER_RUN)
    row = _locked(connection, actor, delivery_id)
    if not (row.state in ("dead", "unreachable") or (row.state == "sent" and again)):
        raise Conflict(_WHY_NOT[row.state], extra={"state": row.state})
    key = uuid.uuid4().hex if row.state == "sent" else row.message_key
    fresh = {"state": "pending", "attempts": 0, "next_attempt_at": now, "message_key": key}
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(**fresh, claim_token=None, lease_until=None, last_error="")
    )
    events.record(
        connection,
        actor,
        now=now,
        entity="delivery",
        entity_id=delivery_id,
        code=row.message_key,
        action="delivery.requeued",
        before={"state": row.state, "attempts": row.attempts, "message_key": row.message_key},
        after={"state": "pending", "attempts": 0, "message_key": key},
        province_id=row.province_id,
    )
    return {"id": delivery_id, "digest": row.digest_id, "state": "pending", "next_attempt_at": now}


def _locked(connection: Connection, actor: Actor, delivery_id: int) -> Any:
    statement = (
        select(
            deliveries.c.state,
            deliveries.c.attempts,
            deliveries.c.message_key,
            deliveries.c.digest_id,
            digests.c.province_id,
        )
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .where(deliveries.c.id == delivery_id)
        .with_for_update(of=deliveries)
    )
    row = connection.execute(statement).first()
    if row is None or row.province_id != actor.province_id:
        raise NotFound("Không có thư nhắc việc này.")
    return row


def count_undelivered(connection: Connection, actor: Actor, *, now: datetime) -> dict[str, int]:
    """Messages of the actor's province that did not reach anybody, by state: `late` (should be out by now), `dead`,
    `unreachable`."""
    actor.require(Permission.REMINDER_READ)
    late = and_(deliveries.c.state.in_(("pending", "sending")), deliveries.c.next_attempt_at <= now - PATIENCE)
    state = case((late, "late"), else_=deliveries.c.state)
    counted = (
        select(state, func.count())
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .where(digests.c.province_id == actor.province_id, or_(late, deliveries.c.state.in_(("dead", "unreachable"))))
        .group_by(state)
    )
    return {"late": 0, "dead": 0, "unreachable": 0, **dict(connection.execute(counted).all())}


def backlog(connection: Connection, *, now: datetime) -> dict[str, Any]:
    """For doctor and metrics: messages by state, and how many seconds the oldest due one has waited (0 for none)."""
    counted = connection.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
    oldest = connection.execute(
        select(func.min(deliveries.c.next_attempt_at)).where(
            deliveries.c.state.in_(("pending", "sending")), deliveries.c.next_attempt_at <= now
        )
    ).scalar()
    waited = 0 if oldest is None else int((now - oldest).total_seconds())
    return {"by_state": dict(counted.all()), "oldest_due_seconds": waited}
