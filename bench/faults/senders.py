"""Many digests, several senders, a real mail server, and senders that are killed or stopped at any moment.

What the post office kept is compared with what the outbox says: nothing lost; a mail twice only where a sender was
killed between the server's keeping it and the outbox's noting it, and then under the same Message-ID.
"""

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from datetime import time as hour
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update

from app import reminders
from app.core.workdays import local_instant
from app.db import Database
from app.models import agencies, assessments, contacts, deliveries, tasks
from bench import synthetic
from bench.common import Figure, Options, say
from bench.faults.common import Child, FileClock, Nursery, count, exactly, wait_for
from bench.faults.post import PostOffice
from bench.serving import settings
from bench.stores import Store, database, opened

DIGESTS, SENDERS, KILLS = 3_000, 4, 60
DUE, DAY = date(2025, 7, 1), date(2025, 6, 24)
MORNING = local_instant(DAY, hour(8, 5))
"""Seven days before the deadline, in the hours of sending."""
LATEST_KILL = 0.03
"""Seconds after a mail was kept in which the next kill comes: before, while and after the outbox notes it."""
JOBS = ("plan", "deliver")
STUCK_SECONDS = 60.0
"""So long without any mail means that something is wrong."""


def measure(options: Options) -> list[Figure]:
    figures: list[Figure] = []
    for engine in options.engines:
        with opened(engine, options.folder) as store, Nursery() as nursery:
            figures += run(store, nursery, options.folder, short=options.small)
    return figures


def run(store: Store, nursery: Nursery, folder: Path, *, short: bool) -> Iterator[Figure]:
    for kills in (4,) if short else (0, KILLS):
        yield from sending(store, nursery, folder, kills=kills, short=short)
    yield from fencing(store, nursery, folder)


# Sending


def sending(store: Store, nursery: Nursery, into: Path, *, kills: int, short: bool) -> Iterator[Figure]:
    """On SQLite one process, as there; on PostgreSQL several."""
    digests = 24 if short else DIGESTS
    senders = 1 if store.engine == "sqlite" else 2 if short else SENDERS
    url, folder = store.create(), into / f"{store.engine}-{kills}"
    with PostOffice(folder) as office:
        prepare(url, digests)
        clock = FileClock.showing(MORNING, folder / "clock")
        with team(nursery, url, folder, office, clock, senders) as members:
            killed = _kill_while_sending(members, office, digests, kills)
            with database(url) as db:
                _let_leases_end(db, office, clock, quiet=2.0 if short else 3.0)
        yield from _compared(store, url, office, digests, killed, f"{digests:,} digests, {senders} senders")
    store.drop(url)


def prepare(url: str, digests: int) -> None:
    """So many agencies, each with a contact and one task that is to be reminded of."""
    with database(url) as db, db.transaction() as connection:
        more = max(digests, synthetic.AGENCIES)
        assessment = synthetic.load(connection, "do", digests, agencies=more, now=MORNING)
        ids = list(connection.execute(select(agencies.c.id).order_by(agencies.c.id)).scalars())
        first = connection.execute(select(func.min(tasks.c.id))).scalar_one()
        owner = tasks.c.id - first + ids[0]
        connection.execute(update(tasks).values(agency_id=owner, due_before=DUE, effective_due=DUE))
        province = select(assessments.c.province_id).where(assessments.c.id == assessment)
        rows = {"province_id": connection.execute(province).scalar_one(), "kind": "officer", "active": True}
        connection.execute(
            insert(contacts),
            [rows | {"agency_id": one, "name": f"Số {one}", "email": f"so{one}@example.vn"} for one in ids],
        )


@dataclass(slots=True)
class Team:
    """Senders that are started again when they are killed."""

    nursery: Nursery
    environment: dict[str, str]
    clock: FileClock
    log: Path
    jobs: tuple[str, ...]
    children: list[Child] = field(default_factory=list)

    def start(self) -> Child:
        program = "bench.faults.replica:main"
        return self.nursery.start(program, [str(self.clock.file), *self.jobs], self.environment, self.log)

    def kill_one(self) -> None:
        number = random.randrange(len(self.children))
        self.children[number].kill()
        self.children[number] = self.start()


@contextlib.contextmanager
def team(
    nursery: Nursery,
    url: str,
    folder: Path,
    office: PostOffice,
    clock: FileClock,
    size: int,
    jobs: tuple[str, ...] = JOBS,
) -> Iterator[Team]:
    mail = {f"KHACPHUC_{name.upper()}": value for name, value in office.settings.items()}
    made = Team(nursery, settings(url, folder) | mail, clock, folder / "senders.log", jobs)
    made.children = [made.start() for _ in range(size)]
    try:
        yield made
    finally:
        for child in made.children:
            child.stop()


def _kill_while_sending(members: Team, office: PostOffice, digests: int, kills: int) -> int:
    """Spread over the whole of the work, each at a moment that nobody chose; all before what the dead leave behind."""
    moments = sorted(random.sample(range(digests - kills), kills))
    for number, moment in enumerate(moments):
        if not wait_for(lambda wanted=moment: office.count() > wanted, STUCK_SECONDS, every=0.002):
            say(f"  only {office.count()} mails before kill {number + 1}")
            return number
        time.sleep(random.uniform(0, LATEST_KILL))
        members.kill_one()
    return kills


def _let_leases_end(db: Database, office: PostOffice, clock: FileClock, *, quiet: float) -> None:
    """What dead senders had claimed comes back when its lease ends: time is moved there once all else has been sent.

    A living sender needs milliseconds for a mail, so what alone is under way for `quiet` seconds is nobody's.
    """
    seen, since, moved = office.count(), time.monotonic(), time.monotonic()
    while set(states := _by_state(db)) != {"sent"}:
        if office.count() != seen:
            seen, since = office.count(), time.monotonic()
        if set(states) <= {"sent", "sending"} and states and time.monotonic() - max(since, moved) > quiet:
            clock.move(minutes=11)
            moved = time.monotonic()
        if time.monotonic() - since > STUCK_SECONDS:
            return
        time.sleep(0.05)


def _by_state(db: Database) -> dict[str, int]:
    with db.snapshot() as connection:
        counted = select(deliveries.c.state, func.count().label("times")).group_by(deliveries.c.state)
        return {row.state: row.times for row in connection.execute(counted)}


def _compared(store: Store, url: str, office: PostOffice, digests: int, kills: int, who: str) -> Iterator[Figure]:
    with database(url) as db, db.snapshot() as connection:
        rows = connection.execute(select(deliveries.c.message_key, deliveries.c.state)).all()
    expected = {f"<{row.message_key}@localhost>" for row in rows}
    accepted = office.accepted()
    times = Counter(mail.message_id for mail in accepted)
    letters = {(mail.message_id, mail.to) for mail in accepted}
    other = len(letters) - len(times) + len(times.keys() - expected)
    what = f"{who}, {kills} kills"
    yield exactly(f"{what}: sent", store.engine, sum(row.state == "sent" for row in rows), digests)
    yield count("  lost", store.engine, len(expected - times.keys()) + digests - len(expected))
    yield count("  twice, under the same Message-ID", store.engine, len(accepted) - len(times), most=kills)
    yield count("  to anybody else, or under another Message-ID", store.engine, other)


# Fencing


def fencing(store: Store, nursery: Nursery, folder: Path) -> Iterator[Figure]:
    """A sender is stopped at two moments, outlives its lease, and wakes when another has taken over."""
    for stage, where, times in (("greeting", "before the letter", 1), ("end", "before the server's 250", 2)):
        yield _woken_late(store, nursery, folder / f"{store.engine}-{stage}", stage, where, times)


def _woken_late(store: Store, nursery: Nursery, folder: Path, stage: str, where: str, times: int) -> Figure:
    """The server keeps the first sender waiting at `stage`; there it is stopped. Its letter goes out `times`."""
    url = store.create()
    with PostOffice(folder) as office:
        prepare(url, 1)
        clock = FileClock.showing(MORNING, folder / "clock")
        office.follow(**{stage: "hold"})
        with database(url) as db:
            reminders.run_due(db, now=clock.now())
        # Only the job that waits for the mail server: one stopped within a write of SQLite would stop all others.
        with team(nursery, url, folder, office, clock, 1, JOBS[1:]) as stopped:
            office.wait_until_holding()
            stopped.children[0].send(signal.SIGSTOP)
            clock.move(minutes=11)
            office.follow()
            with database(url) as db:
                with team(nursery, url, folder, office, clock, 1):
                    wait_for(lambda: _by_state(db) == {"sent": 1}, STUCK_SECONDS)
                before = _row(db)
                stopped.children[0].send(signal.SIGCONT)
                log = folder / "senders.log"
                fenced = wait_for(lambda: '"lost"' in log.read_text(), STUCK_SECONDS)
                after = _row(db)
        accepted = office.accepted()
    store.drop(url)
    held = fenced and before == after and before["state"] == "sent"
    same = len({(mail.message_id, mail.to) for mail in accepted}) == 1
    what = f"stopped past its lease {where}: letters, one Message-ID"
    return Figure(
        what, store.engine, "", len(accepted), None, None, f"≤ {times}, row untouched",
        held and same and len(accepted) <= times, "" if held else "the one that woke was not fenced",
    )  # fmt: skip


def _row(db: Database) -> dict[str, Any]:
    with db.snapshot() as connection:
        return dict(connection.execute(select(deliveries)).one()._mapping)
