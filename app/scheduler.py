"""The alarm clock: which job runs how often. Whether there is anything to do, and for whom, the database knows.

Any number of replicas may run this. No job keeps state in memory; each opens its own transactions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from app import accounts, agencies, evidence, idempotency, outbox, reminders, seals, summaries
from app.clock import Clock
from app.db import Database
from app.settings import Settings

log = structlog.get_logger()


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
    """Reminders go to whoever is responsible today, so successions that are due come first; letters leave at once."""
    _succeed(context)
    planned = reminders.run_due(context.db, now=context.clock.now())
    _deliver(context)
    return planned


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
        evidence.sweep_orphans(connection, context.settings.evidence_dir, now=context.clock.real_now())
    context.db.refresh_statistics()
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
    Job("deliver", _deliver, seconds=10),
    Job("snapshot", _snapshot, seconds=600),
    Job("seal", _seal, seconds=60),
    Job("tidy", _tidy, seconds=3600),
)


def start(db: Database, settings: Settings, clock: Clock) -> Callable[[], None]:
    """Start every job, the first time at once, and return what stops them (after the running ones have ended)."""
    context = Context(db, settings, clock)
    # Worker threads are daemons of one pool; two are enough, since jobs are short and never overlap themselves.
    scheduler = BackgroundScheduler(executors={"default": {"type": "threadpool", "max_workers": 2}}, timezone="UTC")
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
    return lambda: scheduler.shutdown(wait=True)


def _guarded(job: Job, context: Context) -> None:
    """A failing run is logged and tried again at the next tick; it never takes the scheduler down."""
    try:
        job.run(context)
    except Exception:
        log.exception("job failed", job=job.name)
