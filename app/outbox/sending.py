"""The delivery round: claim, gather, send, settle; one message at a time, the network outside every transaction.

One at a time costs a short transaction more per message and keeps a dying process from holding a whole batch.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter as Metric
from sqlalchemy import Connection

from app import agencies
from app.clock import Clock
from app.core.workdays import local_date
from app.db import Database
from app.outbox import queue
from app.outbox.channels import Channel, Channels, Undelivered, choose, save, told
from app.outbox.content import Content, Ledger, gather
from app.outbox.hours import hours_of, rest_until
from app.outbox.letter import Letter, as_data, compose
from app.outbox.mail import BadAddress, BadSender, Mail, compose_mail
from app.outbox.queue import Claim
from app.outbox.superseding import find_newer, give_way
from app.outbox.telling import forget_dropped, hold_ledger, keep_told
from app.settings import Settings

log = structlog.get_logger()

ROUND = 500
"""The most messages of one round; the next round follows within seconds."""
SHORTEST_LEASE = timedelta(minutes=10)
STEPS = 25
"""Network steps of one mail, each with its own timeout: leaving the last connection, connect, greeting, TLS, every way
to log in, envelope, data, answer."""

NOTHING_LEFT = "Không còn nội dung nào phải nhắc."
NO_CONTACT = "Chưa có đầu mối nhận thư. Hãy khai báo đầu mối của cơ quan."
NO_WAY = "Đầu mối chỉ có webhook tới máy chủ chưa được phép và không có địa chỉ thư."
CONTACT_LEFT = "Đầu mối không còn nhận thư; đã chuyển cho đầu mối hiện tại."
LATE = "Tiến trình gửi bị dừng quá lâu nên chưa gửi; hệ thống sẽ tự gửi lại."
NEWER = "Nơi nhận đã có thư mới hơn."

outcomes = Metric("khacphuc_deliveries", "Messages settled, by outcome", ["outcome"])


@dataclass(frozen=True, slots=True)
class Sent:
    channel: Channel
    address: str
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Failed:
    error: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Unreachable:
    why: str


@dataclass(frozen=True, slots=True)
class Handed:
    """The contact of the row is no longer the one to write to; these are."""

    contacts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """It is not the time: outside the hours, or the day's plan comes first."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Outdated:
    """A newer digest of the recipient was planned while somebody was at this one."""


Outcome = Sent | Failed | Dropped | Unreachable | Handed | Held | Outdated


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
            prepared = prepare(connection, claim, now=clock.now())
        if not isinstance(prepared, Message):
            return prepared
        return _send(prepared, claim, settings, channels, clock=clock)
    except Undelivered as error:
        return Failed(error.error, error.permanent)
    except BadAddress as error:
        return Failed(told(str(error)), permanent=not isinstance(error, BadSender))
    except Exception as error:  # a message that cannot even be written must not stop the others
        log.exception("delivery failed", delivery=claim.id)
        return Failed(told(f"{type(error).__name__}: {error}"), permanent=False)


def prepare(connection: Connection, claim: Claim, *, now: datetime) -> Message | Dropped | Handed | Held | Outdated:
    """Look at the hour, at tasks and at contacts as they are now."""
    # A first attempt of an older digest is somebody's wish: planning takes back all that wait by themselves.
    if claim.attempts > 1 and _outdated_by(connection, claim) is not None:
        return Outdated()
    hours, today = hours_of(connection, claim.digest_id, now=now), local_date(now)
    if (until := rest_until(hours, asked_for=claim.asked_for, now=now)) is not None:
        return Held(until)
    content = gather(connection, claim.digest_id, today=today)
    if not content.facts:
        return Dropped(content.ledger)
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
    letter, ledger = compose(message.content, base_url=settings.base_url), message.content.ledger
    if route.channel == "webhook":
        payload = {"type": "reminder.digest", "timestamp": now, "data": as_data(message.content, letter)}
        _check_lease(claim, now=clock.now())
        channels.hooks.send(route.address, contact.webhook_secret, payload, message_key=claim.message_key, now=now)
        return Sent(route.channel, route.address.partition("?")[0], ledger)
    mail = _mail(message, letter, email, claim, settings, now=now)
    if route.channel == "email":
        channels.mailer.open()
        _check_lease(claim, now=clock.now())
        channels.mailer.send(mail, route.address)
        return Sent(route.channel, route.address, ledger)
    digest = message.content.digest
    name = f"{digest.local_date}-{digest.recipient}-{claim.message_key}"
    return Sent(route.channel, save(channels.folder, name, mail), ledger)


def _check_lease(claim: Claim, *, now: datetime) -> None:
    """At the last moment before the message: whoever was stopped beyond its lease is no longer alone with it."""
    if now >= claim.lease_until:
        raise Undelivered(LATE, permanent=False)


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
    hold_ledger(connection, claim.digest_id)
    state, values = _verdict(claim, outcome, now=now)
    newer = _outdated_by(connection, claim) if state in (*queue.WAITING, "superseded") else None
    if newer is not None:
        state, values = "superseded", {"last_error": NEWER}
    if "next_attempt_at" in values and (hours := hours_of(connection, claim.digest_id, now=now)) is not None:
        values["next_attempt_at"] = hours.next(values["next_attempt_at"])
    if not queue.settle(connection, claim, state, **values):
        return "lost"
    if newer is not None:
        give_way(connection, claim.digest_id, newer, now=now)
    elif isinstance(outcome, Handed):
        queue.hand_over(connection, claim.digest_id, outcome.contacts, now=now)
    elif isinstance(outcome, Sent | Dropped):
        forget_dropped(connection, claim, outcome.ledger)
        keep_told(connection, claim, outcome.ledger)
    return state


def _outdated_by(connection: Connection, claim: Claim) -> int | None:
    """A newer digest that takes this one's place; none takes that of a message somebody wants once more."""
    return None if claim.sent_before else find_newer(connection, claim.digest_id)


def _verdict(claim: Claim, outcome: Outcome, *, now: datetime) -> tuple[str, dict[str, Any]]:
    # Whatever was not the message's fault counts as no attempt, but as one look at it.
    unspent = max(claim.attempts - 1, 1)
    match outcome:
        case Sent(channel, address):
            return "sent", {"channel": channel, "address": address, "sent_at": now, "last_error": ""}
        case Failed(error, permanent):
            return queue.after_failure(claim, error, permanent=permanent, now=now)
        case Dropped():
            return "dropped", {"last_error": NOTHING_LEFT}
        case Unreachable(why):
            return "unreachable", {"last_error": why, "next_attempt_at": now + queue.LOOK_AGAIN, "attempts": 1}
        case Held(until):
            state = "unreachable" if claim.state == "unreachable" else "pending"
            return state, {"next_attempt_at": until, "attempts": unspent}
        case Handed():
            return "superseded", {"last_error": CONTACT_LEFT}
        case Outdated():
            return "superseded", {"last_error": NEWER}
