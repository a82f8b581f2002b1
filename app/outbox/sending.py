"""The delivery round: claim, gather, send, settle; one message at a time, the network outside every transaction.

One at a time costs a short transaction more per message and keeps a dying process from holding a whole batch.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter as Metric
from sqlalchemy import Connection

from app import agencies
from app.clock import Clock
from app.core.workdays import local_date
from app.db import Database
from app.outbox import queue
from app.outbox.channels import Channel, Channels, Undelivered, choose, save
from app.outbox.content import Content, gather
from app.outbox.letter import Letter, as_data, compose
from app.outbox.mail import BadAddress, Mail, compose_mail
from app.outbox.queue import Claim
from app.settings import Settings

log = structlog.get_logger()

ROUND = 500
"""The most messages of one round; the next round follows within seconds."""
SHORTEST_LEASE = timedelta(minutes=10)
STEPS = 15
"""Network steps of one mail, each with its own timeout: connect, greeting, TLS, login, envelope, data, answer."""

NOTHING_LEFT = "Không còn nội dung nào phải nhắc."
NO_CONTACT = "Chưa có đầu mối nhận thư. Hãy khai báo đầu mối của cơ quan."
NO_WAY = "Đầu mối chỉ có webhook tới máy chủ chưa được phép và không có địa chỉ thư."
CONTACT_LEFT = "Đầu mối không còn nhận thư; đã chuyển cho đầu mối hiện tại."

outcomes = Metric("khacphuc_deliveries", "Messages settled, by outcome", ["outcome"])


@dataclass(frozen=True, slots=True)
class Sent:
    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class Failed:
    error: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    why: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    why: str


@dataclass(frozen=True, slots=True)
class Handed:
    """The contact of the row is no longer the one to write to; these are."""

    contacts: tuple[int, ...]


Outcome = Sent | Failed | Dropped | Unreachable | Handed


@dataclass(frozen=True, slots=True)
class Message:
    """Everything that is needed to send, read in one snapshot."""

    content: Content
    contact: Any
    """A reachable contact, or None for the recipient itself."""


def deliver_due(db: Database, settings: Settings, *, clock: Clock) -> Counter[str]:
    """Send what is due, and say how many messages ended in which state. Any number of processes may do so at once."""
    done: Counter[str] = Counter()
    with db.snapshot() as connection:
        if not queue.anything_due(connection, now=clock.now()):
            return done
    with db.transaction() as connection:
        done["dead"] += queue.bury_poison(connection, now=clock.now())
    with Channels(settings) as channels:
        for _ in range(ROUND):
            state = deliver_one(db, settings, channels, clock=clock)
            if state is None:
                break
            done[state] += 1
    return +done


def deliver_one(db: Database, settings: Settings, channels: Channels, *, clock: Clock) -> str | None:
    """Claim one message and bring it to its next state, which is returned; None when nothing is due."""
    with db.transaction() as connection:
        claim = queue.claim(connection, now=clock.now(), lease=lease(settings))
    if claim is None:
        return None
    outcome = _attempt(db, settings, channels, claim, clock=clock)
    with db.transaction() as connection:
        state = _settle(connection, claim, outcome, now=clock.now())
    outcomes.labels(state).inc()
    log.info("delivery settled", delivery=claim.id, attempt=claim.attempts, state=state)
    return state


def lease(settings: Settings) -> timedelta:
    """Longer than a send can take, whatever timeouts are set."""
    longest = max(settings.smtp_timeout, settings.webhook_timeout)
    return max(SHORTEST_LEASE, timedelta(seconds=STEPS * longest))


def _attempt(db: Database, settings: Settings, channels: Channels, claim: Claim, *, clock: Clock) -> Outcome:
    try:
        with db.snapshot() as connection:
            prepared = prepare(connection, claim, today=local_date(clock.now()))
        if not isinstance(prepared, Message):
            return prepared
        return _send(prepared, claim, settings, channels, clock=clock)
    except Undelivered as error:
        return Failed(error.error, error.permanent)
    except BadAddress as error:
        return Failed(str(error), permanent=True)
    except Exception as error:  # a message that cannot even be written must not stop the others
        log.exception("delivery failed", delivery=claim.id)
        return Failed(f"{type(error).__name__}: {error}"[:500], permanent=False)


def prepare(connection: Connection, claim: Claim, *, today: date) -> Message | Dropped | Handed:
    """Look at tasks and contacts as they are now."""
    content = gather(connection, claim.digest_id, today=today)
    if not content.facts:
        return Dropped(NOTHING_LEFT)
    digest = content.digest
    reachable = agencies.reachable_contacts(connection, digest.province_id, digest.agency_id, today=today)
    own = next((contact for contact in reachable if contact.id == claim.contact_id), None)
    if own is None and reachable:
        return Handed(tuple(contact.id for contact in reachable))
    return Message(content, own)


def _send(message: Message, claim: Claim, settings: Settings, channels: Channels, *, clock: Clock) -> Outcome:
    contact, now = message.contact, clock.now()
    email = contact.email if contact else None
    webhook = contact.webhook_url if contact else None
    route = choose(email, webhook, settings, demo=clock.demo)
    if route is None:
        return Unreachable(NO_WAY if webhook else NO_CONTACT)
    letter = compose(message.content, base_url=settings.base_url)
    if route.channel == "webhook":
        payload = {"type": "reminder.digest", "timestamp": now, "data": as_data(message.content, letter)}
        channels.hooks.send(route.address, contact.webhook_secret, payload, message_key=claim.message_key, now=now)
        return Sent(route.channel, route.address.partition("?")[0])
    mail = _mail(message, letter, email, claim, settings, now=now)
    if route.channel == "email":
        channels.mailer.send(mail, route.address)
        return Sent(route.channel, route.address)
    digest = message.content.digest
    return Sent(
        route.channel, save(channels.folder, f"{digest.local_date}-{digest.recipient}-{claim.message_key}", mail)
    )


def _mail(
    message: Message, letter: Letter, email: str | None, claim: Claim, settings: Settings, *, now: datetime
) -> Mail:
    return compose_mail(
        letter,
        sender=settings.mail_from,
        recipient=message.content.digest.name,
        addressee=message.contact.name if message.contact else "",
        address=email,
        message_key=claim.message_key,
        now=now,
    )


def _settle(connection: Connection, claim: Claim, outcome: Outcome, *, now: datetime) -> str:
    """The state that the row now has; `lost` when another sender took it meanwhile."""
    state, values = _verdict(claim, outcome, now=now)
    if not queue.settle(connection, claim, state, **values):
        return "lost"
    if isinstance(outcome, Handed):
        queue.hand_over(connection, claim.digest_id, outcome.contacts, now=now)
    return state


def _verdict(claim: Claim, outcome: Outcome, *, now: datetime) -> tuple[str, dict[str, Any]]:
    match outcome:
        case Sent(channel, address):
            return "sent", {"channel": channel, "address": address, "sent_at": now, "last_error": ""}
        case Failed(error, permanent):
            return queue.after_failure(claim, error, permanent=permanent, now=now)
        case Dropped(why):
            return "dropped", {"last_error": why}
        case Unreachable(why):
            # Not the message's fault, so its attempts do not count.
            return "unreachable", {"last_error": why, "next_attempt_at": now + queue.LOOK_AGAIN, "attempts": 0}
        case Handed():
            return "superseded", {"last_error": CONTACT_LEFT}
