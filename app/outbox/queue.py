"""The outbox as a table: rows are added with the digest, claimed by token, and settled by whoever holds the token.

A claim counts the attempt and moves the row's time forward before anything is sent, so that a row whose sending kills
the process comes back only when its lease has run out, and not for ever. Nothing here touches the network.
"""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.models import deliveries

MAX_ATTEMPTS = 8
BACKOFF = (1, 5, 15, 60, 240)
"""Minutes after the first, second … failure; the last one repeats."""
LOOK_AGAIN = timedelta(hours=1)
"""How long a message without a reachable contact rests before contacts are looked up anew."""
WAITING = ("pending", "unreachable", "sending")
DIED_WHILE_SENDING = "Tiến trình gửi dừng giữa chừng nhiều lần; hãy kiểm tra nhật ký rồi gửi lại."


class Claim(NamedTuple):
    """One row that this sender alone may send until `lease_until`, and how it stood before."""

    id: int
    digest_id: int
    contact_id: int | None
    message_key: str
    attempts: int
    """This one included."""
    token: str
    lease_until: datetime
    state: str
    due_at: datetime
    sent_before: bool
    """It went out once already, and somebody wants it sent again."""

    @property
    def asked_for(self) -> datetime | None:
        """The moment that a first attempt was set for; None for later attempts."""
        return self.due_at if self.attempts == 1 else None


def insert_new(connection: Connection, table: Table) -> Any:
    """An INSERT that knows `on_conflict_do_nothing`; both engines spell it alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def enqueue(connection: Connection, messages: Iterable[tuple[int, int | None]], *, now: datetime) -> None:
    """Add one message per (digest, contact); None stands for a recipient without a contact. Known ones stay."""
    rows = [
        {
            "digest_id": digest_id,
            "contact_id": contact_id,
            "contact_key": contact_id or 0,
            "message_key": uuid.uuid4().hex,
            "state": "pending",
            "attempts": 0,
            "next_attempt_at": now,
            "last_error": "",
        }
        for digest_id, contact_id in messages
    ]
    if rows:
        statement = insert_new(connection, deliveries).on_conflict_do_nothing(
            index_elements=["digest_id", "contact_key"]
        )
        connection.execute(statement, rows)


def hand_over(connection: Connection, digest_id: int, contacts: Iterable[int], *, now: datetime) -> None:
    """Messages of the digest for these contacts; one that had been handed on itself is taken up again."""
    wanted = list(contacts)
    returned = and_(deliveries.c.contact_id.in_(wanted), deliveries.c.state == "superseded")
    connection.execute(
        update(deliveries)
        .where(deliveries.c.digest_id == digest_id, returned)
        .values(state="pending", attempts=0, next_attempt_at=now, last_error="")
    )
    enqueue(connection, [(digest_id, contact) for contact in wanted], now=now)


# Claiming


def anything_due(connection: Connection, *, now: datetime) -> bool:
    """Whether a claim could find something: asked without a write lock, since mostly there is nothing."""
    return connection.execute(select(exists().where(*_at_rest(now=now)))).scalar_one()


def claim(connection: Connection, *, now: datetime, lease: timedelta) -> Claim | None:
    """Take the message that has waited longest; None when nothing is due. Commit before sending.

    `lease` must be much longer than a send can take: when it has run out, the next claim takes the message again.
    """
    found = connection.execute(
        _due(now=now).order_by(deliveries.c.next_attempt_at, deliveries.c.id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if found is None:
        return None
    taken = Claim(
        id=found.id,
        digest_id=found.digest_id,
        contact_id=found.contact_id,
        message_key=found.message_key,
        attempts=found.attempts + 1,
        token=secrets.token_hex(16),
        lease_until=now + lease,
        state=found.state,
        due_at=found.next_attempt_at,
        sent_before=found.sent_at is not None,
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == taken.id)
        .values(
            state="sending",
            claim_token=taken.token,
            lease_until=taken.lease_until,
            next_attempt_at=taken.lease_until,
            attempts=taken.attempts,
        )
    )
    return taken


def bury_poison(connection: Connection, *, now: datetime) -> int:
    """Messages that took their sender down at every attempt become dead letters; returns how many."""
    lost = and_(
        deliveries.c.state == "sending", deliveries.c.next_attempt_at <= now, deliveries.c.attempts >= MAX_ATTEMPTS
    )
    values = {"state": "dead", "last_error": DIED_WHILE_SENDING, "claim_token": None, "lease_until": None}
    return connection.execute(update(deliveries).where(lost).values(**values)).rowcount


def _at_rest(*, now: datetime) -> tuple[ColumnElement[bool], ...]:
    # A claimed row's next_attempt_at is the end of its lease, so one range over one index finds both.
    return deliveries.c.state.in_(WAITING), deliveries.c.next_attempt_at <= now


def _due(*, now: datetime) -> Any:
    return select(
        deliveries.c.id,
        deliveries.c.digest_id,
        deliveries.c.contact_id,
        deliveries.c.message_key,
        deliveries.c.attempts,
        deliveries.c.state,
        deliveries.c.next_attempt_at,
        deliveries.c.sent_at,
    ).where(*_at_rest(now=now), or_(deliveries.c.state != "sending", deliveries.c.attempts < MAX_ATTEMPTS))


# Settling


def settle(connection: Connection, taken: Claim, state: str, **values: Any) -> bool:
    """Write what became of a claim; False when the claim was lost meanwhile, and then nothing is written."""
    done = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == taken.id, deliveries.c.claim_token == taken.token)
        .values(state=state, claim_token=None, lease_until=None, **values)
    )
    return done.rowcount == 1


def after_failure(taken: Claim, error: str, *, permanent: bool, now: datetime) -> tuple[str, dict[str, Any]]:
    """The state and values to settle with: back off, or give up (a permanent error at once, others after 8)."""
    if permanent or taken.attempts >= MAX_ATTEMPTS:
        return "dead", {"last_error": error}
    return "pending", {"last_error": error, "next_attempt_at": now + backoff(taken.message_key, taken.attempts)}


def backoff(message_key: str, attempts: int) -> timedelta:
    """1, 5, 15, 60, then 240 minutes, up to a quarter longer so that messages that failed together part ways.

    The same row waits the same time wherever it is computed.
    """
    minutes = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    spread = hashlib.sha256(f"{message_key}:{attempts}".encode()).digest()[0] / 256
    return timedelta(minutes=minutes * (1 + spread / 4))
