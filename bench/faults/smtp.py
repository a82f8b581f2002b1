"""What a mail server can do to a letter, one case after the other, and where each letter ends.

A case says how the server misbehaves, what state the letter must have after the first attempt, and how many copies the
server may have kept in the end, when it works again: one, and two only where it kept a letter without saying so.
"""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from app import outbox, reminders
from app.core.access import Actor, Role
from app.models import deliveries
from app.outbox.queue import MAX_ATTEMPTS
from bench.common import Figure, Options
from bench.faults.post import PostOffice, make_certificate
from bench.stores import Store, database, opened
from tests.jobs.scene import Scene, SetClock, at, settings_for

TUESDAY = date(2025, 6, 24)
"""A week before the deadline, which is a milestone."""
EIGHT = at(TUESDAY, 8, 1)
TIMEOUT = 0.4
STAGES = ("greeting", "mail", "rcpt", "data", "end")


@dataclass(frozen=True, slots=True)
class Case:
    """`rules` as a post office follows them; `sent` how many copies it may have kept when all is over."""

    name: str
    rules: Mapping[str, str]
    state: str = "pending"
    sent: int = 1
    why: str = ""
    """What the reason that people see must contain."""
    security: str = "none"
    trusted: str = ""
    """The certificate that this machine trusts: `good`, `other` (for another name) or none."""
    short: bool = False
    """Part of the short form, too."""


REFUSED_LATER = ("421 4.3.2 shutting down", "451 4.3.0 later", "450 4.2.1 busy", "451 4.3.0 later", "452 4.3.1 full")
REFUSED = ("554 no service", "550 5.7.1 sender", "550 5.1.1 no such user", "554 5.5.1 no", "554 5.7.1 content")
FOR_GOOD = ("rcpt", "data", "end")
"""Where a 5xx concerns this letter; before that it concerns the operator, who can mend it."""
CASES = (
    Case("works", {}, "sent", short=True),
    *(Case(f"drops at {stage}", {stage: "drop"}, short=stage == "end") for stage in STAGES),
    Case("drops before its 250, letter kept", {"end": "kept-drop"}, sent=2, short=True),
    Case("drops after its 250", {"end": "said-drop"}, "sent", short=True),
    *(Case(f"4xx at {s}", {s: reply}, why=reply[:3]) for s, reply in zip(STAGES, REFUSED_LATER, strict=True)),
    *(
        Case(f"5xx at {s}", {s: reply}, "dead" if s in FOR_GOOD else "pending", why=reply[:3], short=s == "rcpt")
        for s, reply in zip(STAGES, REFUSED, strict=True)
    ),
    *(Case(f"hangs at {stage}", {stage: "hold"}, sent=2 if stage == "end" else 1) for stage in STAGES),
    *(Case(f"drips at {stage} for ever", {stage: "drip"}, short=stage == "rcpt") for stage in STAGES),
    Case("is slow, a byte at a time", {"replies": "slow"}, "sent"),
    Case("has no STARTTLS", {}, security="starttls", why="STARTTLS"),
    Case("refuses STARTTLS", {"starttls": "454 4.7.0 no TLS now"}, security="starttls", trusted="good"),
    Case("drops at STARTTLS", {"starttls": "drop"}, security="starttls", trusted="good"),
    Case("has an unknown certificate", {}, security="starttls", why="CERTIFICATE", trusted="none", short=True),
    Case("has another's certificate", {}, security="starttls", why="CERTIFICATE", trusted="other"),
    Case("has the right certificate", {}, "sent", security="starttls", trusted="good"),
    Case("has no TLS where it is set", {}, security="tls", why="SSL"),
)  # fmt: skip


def measure(options: Options) -> list[Figure]:
    figures = []
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            figures += run(store, options.folder / f"post-{engine}", short=options.small)
    return figures


def run(store: Store, folder: Path, *, short: bool) -> Iterator[Figure]:
    certificates = folder / "good", folder / "other"
    for place, name in zip(certificates, ("localhost", "mail.example"), strict=True):
        place.mkdir(parents=True)
        make_certificate(place, name)
    with PostOffice(folder / "plain") as plain, contextlib.ExitStack() as stack:
        secure = {
            place.name: stack.enter_context(PostOffice(folder / f"tls-{place.name}", certificate=place / "own.pem"))
            for place in (certificates[:1] if short else certificates)
        }
        secure["none"] = secure["good"]
        for case in CASES:
            if case.short or not short:
                with trusting(folder / case.trusted / "own.pem" if case.trusted not in ("", "none") else None):
                    yield _one(store, secure.get(case.trusted, plain), folder, case)
        yield down_for_a_day(store, plain, folder)
        yield down_for_good(store, plain, folder)
        for planned, expected in ((date(2025, 6, 17), "còn 11 ngày"), (TUESDAY, "còn 4 ngày")):
            yield planned_long_ago(store, plain, folder, planned, expected)


@contextlib.contextmanager
def trusting(certificate: Path | None) -> Iterator[None]:
    """As an operator trusts the authority of a closed network."""
    if certificate is None:
        yield
        return
    os.environ["SSL_CERT_FILE"] = str(certificate)
    try:
        yield
    finally:
        del os.environ["SSL_CERT_FILE"]


@dataclass(slots=True)
class Round:
    """One agency with a task and a contact, a plan made on a day, and deliveries at any moment after it."""

    scene: Scene
    folder: Path
    settings: dict[str, Any]

    def plan(self, now: datetime) -> None:
        reminders.run_due(self.scene.db, now=now)

    def deliver(self, now: datetime) -> None:
        settings = settings_for(self.scene.db, self.folder, **self.settings)
        outbox.deliver_due(self.scene.db, settings, clock=SetClock(now))

    def resend(self, now: datetime) -> None:
        scene = self.scene
        actor = Actor(scene.account, "SNV", Role.COORDINATOR, scene.province, scene.agency["SNV"])
        with scene.db.transaction() as connection:
            outbox.resend(connection, actor, self.letter.id, again=False, now=now)

    @property
    def letter(self) -> Any:
        """The newest."""
        return self.scene.messages()[-1]


@contextlib.contextmanager
def round_of(store: Store, office: PostOffice, folder: Path, **settings: Any) -> Iterator[Round]:
    url = store.create()
    before = office.count()
    with database(url) as db:
        scene = Scene(db).build()
        scene.task("STP")
        scene.contact("STP", email=f"so{before}@soctrang.example")
        yield Round(scene, folder, {**office.settings, "smtp_timeout": TIMEOUT, **settings})
    store.drop(url)


def _one(store: Store, office: PostOffice, folder: Path, case: Case) -> Figure:
    before = office.count()
    more = {"smtp_security": case.security} | ({"smtp_host": "localhost"} if case.trusted else {})
    with round_of(store, office, folder, **more) as turn:
        turn.plan(EIGHT)
        office.follow(**case.rules)
        began = time.monotonic()
        turn.deliver(EIGHT)
        spent = time.monotonic() - began
        office.follow()
        first = turn.letter
        turn.settings |= {**office.settings, "smtp_timeout": 20.0}
        _try_again(turn, first)
        last = turn.letter
    return _judged(store, case, office.accepted()[before:], first, last, spent)


def _try_again(turn: Round, first: Any) -> None:
    """At the time that the letter was set to; a dead one when somebody asks for it."""
    if first.state == "dead":
        turn.resend(EIGHT)
        turn.deliver(EIGHT)
    elif first.state == "pending":
        turn.deliver(first.next_attempt_at)


def _judged(store: Store, case: Case, kept: list[Any], first: Any, last: Any, spent: float) -> Figure:
    wrong = []
    if first.state != case.state:
        wrong.append(f"{first.state} instead of {case.state}")
    if case.why not in first.last_error or bool(first.last_error) != (first.state != "sent"):
        wrong.append(f"the reason does not say {case.why!r}")
    if first.state == "pending" and not timedelta(minutes=1) <= first.next_attempt_at - EIGHT <= timedelta(seconds=75):
        wrong.append("no backing off")
    if last.state != "sent" or len({mail.message_id for mail in kept}) != 1:
        wrong.append(f"ended {last.state}")
    if spent > 10 * TIMEOUT + 5:
        wrong.append(f"took {spent:.0f} s")
    course = first.state if first.state == "sent" else f"{first.state}, then {last.state}: {first.last_error[:60]}"
    return Figure(
        f"server {case.name}: copies", store.engine, "", len(kept), None, None, f"= {case.sent}",
        not wrong and len(kept) == case.sent, "; ".join(wrong) or course,
    )  # fmt: skip


# Days


def down_for_a_day(store: Store, office: PostOffice, folder: Path) -> Figure:
    """From the plan at 08:00 until 09:00 of the next day: the letter goes out then, once, with that day's text."""
    return _down(store, office, folder, back=at(TUESDAY + timedelta(days=1), 9), expected="còn 6 ngày")


def down_for_good(store: Store, office: PostOffice, folder: Path) -> Figure:
    """It is given up with a reason, and goes out when somebody asks for it once the server is back."""
    before = office.count()
    with round_of(store, office, folder) as turn:
        turn.plan(EIGHT)
        _while_down(turn, until=at(date(2025, 6, 27), 7))
        given_up = turn.letter
        turn.settings |= office.settings
        moment = at(date(2025, 6, 26), 16)
        turn.plan(moment)
        turn.resend(moment)
        turn.deliver(moment)
        kept, last = office.accepted()[before:], turn.letter
    held = given_up.state == "dead" and given_up.attempts == MAX_ATTEMPTS and "SMTP" in given_up.last_error
    return _days(store, "server down for good, asked for anew: copies", kept, last, held=held, expected="còn 5 ngày")


def _down(store: Store, office: PostOffice, folder: Path, *, back: datetime, expected: str) -> Figure:
    before = office.count()
    with round_of(store, office, folder) as turn:
        turn.plan(EIGHT)
        _while_down(turn, until=back)
        tried = turn.letter
        turn.settings |= office.settings
        for moment in (back, max(back, tried.next_attempt_at)):
            turn.plan(moment)
            turn.deliver(moment)
        kept, last = office.accepted()[before:], turn.letter
    held = tried.state == "pending" and tried.attempts > 1
    return _days(store, "server down for a day: copies", kept, last, held=held, expected=expected)


def _while_down(turn: Round, *, until: datetime) -> None:
    """Nobody listens on the port; attempts are made when the letter says."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    working, turn.settings = turn.settings, turn.settings | {"smtp_port": port}
    now = EIGHT
    while now < until and turn.letter.state == "pending":
        turn.plan(now)
        turn.deliver(now)
        now = turn.letter.next_attempt_at
    turn.settings = working


def planned_long_ago(store: Store, office: PostOffice, folder: Path, planned: date, expected: str) -> Figure:
    """Nothing ran for three days after the plan. With or without something new to say, one letter leaves."""
    before, now = office.count(), at(planned + timedelta(days=3), 8, 30)
    with round_of(store, office, folder) as turn:
        turn.plan(at(planned))
        for minute in range(3):
            turn.plan(now + timedelta(minutes=minute))
            turn.deliver(now + timedelta(minutes=minute))
        kept, last = office.accepted()[before:], turn.letter
        others = [row.state for row in turn.scene.rows(deliveries.select()) if row.id != last.id]
    what = f"planned three days ago, {'something' if others else 'nothing'} new since: copies"
    return _days(store, what, kept, last, held=set(others) <= {"superseded"}, expected=expected)


def _days(store: Store, what: str, kept: list[Any], last: Any, *, held: bool, expected: str) -> Figure:
    right = len(kept) == 1 and expected in kept[0].text and last.state == "sent" and held
    said = f"{last.state} at attempt {last.attempts}, says {expected!r}" if right else f"{last}, {kept}"[:300]
    return Figure(what, store.engine, "", len(kept), None, None, "= 1, today's text", right, said)
