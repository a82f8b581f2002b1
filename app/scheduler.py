"""The alarm clock: which job runs how often. Whether there is anything to do, and for whom, the database knows.

Any number of replicas may run this. No job keeps state in memory; each opens its own transactions.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from app import accounts, agencies, evidence, idempotency, outbox, reminders, seals, summaries
from app.clock import Clock
from app.db import Database
from app.errors import Busy
from app.settings import Settings

log = structlog.get_logger()
MINDED: Final = 10.0
"""Seconds between two looks at the clock."""
EARLY: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Context:
    """What a job gets: it opens its own transactions and reads the clock once."""

    db: Database
    settings: Settings
    clock: Clock


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[Context], object]
    seconds: int


def _plan(context: Context) -> object:
    """Reminders go to whoever is responsible today, so successions that are due come first.

    Sending is the other job's alone: a process that dies has one message under way, not two, and a mail server that
    hangs holds up no plan.
    """
    _succeed(context)
    return reminders.run_due(context.db, now=context.clock.now())


def _deliver(context: Context) -> object:
    return outbox.deliver_due(context.db, context.settings, clock=context.clock)


def _snapshot(context: Context) -> object:
    taken = 0
    while True:
        with context.db.transaction() as connection:
            found = summaries.take_snapshots(connection, now=context.clock.now())
        taken += found
        if not found:
            return taken


def _succeed(context: Context) -> object:
    with context.db.transaction() as connection:
        return agencies.apply_due_successions(connection, now=context.clock.now())


def _tidy(context: Context) -> object:
    """Forget answers nobody repeats any more, what browsers left behind, and files that a crash left without a row."""
    with context.db.transaction() as connection:
        forgotten = idempotency.forget_old(connection, now=context.clock.now())
        accounts.forget_left_behind(connection, now=context.clock.now())
    context.db.refresh_statistics()
    # Last, because a bucket may not answer.
    evidence.sweep_orphans(context.db, evidence.open_store(context.settings), now=context.clock.real_now())
    return forgotten


def _seal(context: Context) -> object:
    """A batch in each transaction, so that nobody waits for a long one."""
    sealed = 0
    while True:
        with context.db.transaction() as connection:
            found = seals.seal_committed(connection, now=context.clock.now())
        sealed += found
        if found < seals.BATCH:
            return sealed


JOBS = (
    Job("plan", _plan, seconds=30),
    Job("deliver", _deliver, seconds=5),
    Job("snapshot", _snapshot, seconds=600),
    Job("seal", _seal, seconds=60),
    Job("tidy", _tidy, seconds=3600),
)


def start(db: Database, settings: Settings, clock: Clock) -> Callable[[], None]:
    """Start every job, the first time at once, and return what stops them (after the running ones have ended)."""
    context, stopping = Context(db, settings, clock), threading.Event()
    scheduler = BackgroundScheduler(
        executors={"default": {"type": "threadpool", "max_workers": len(JOBS)}}, timezone="UTC"
    )
    for job in JOBS:
        scheduler.add_job(
            _guarded,
            IntervalTrigger(seconds=job.seconds),
            args=(job, context),
            id=job.name,
            next_run_time=clock.real_now(),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    minding = threading.Thread(target=_mind_the_clock, args=(scheduler, stopping), name="clock", daemon=True)
    minding.start()

    def stop() -> None:
        stopping.set()
        minding.join()
        scheduler.shutdown(wait=True)

    return stop


def _mind_the_clock(scheduler: BackgroundScheduler, stopping: threading.Event) -> None:
    """The scheduler plans by the time of day: set back by a day, the machine's clock would silence it for a day. This
    waits by the clock that only goes forward, and brings back what was planned too far ahead."""
    while not stopping.wait(MINDED):
        for job in scheduler.get_jobs():
            now = Clock.real_now()
            if job.next_run_time is not None and job.next_run_time - now > job.trigger.interval + EARLY:
                log.warning("clock set back", job=job.id, planned=job.next_run_time.isoformat())
                job.modify(next_run_time=now)


def _guarded(job: Job, context: Context) -> None:
    """A failing run is logged and tried again at the next turn; it never takes the scheduler down."""
    try:
        job.run(context)
    except Busy as error:  # the database's fault, which says itself when it is over
        log.warning("job postponed", job=job.name, why=error.detail)
    except Exception:
        log.exception("job failed", job=job.name)
