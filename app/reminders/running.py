"""The daily run: at the policy's hour on working days, or when somebody asks for it."""

from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Gauge
from sqlalchemy import Connection, update

from app import events
from app.core.access import SYSTEM, Actor, Permission
from app.core.reminding import Mode, Plan, run_state
from app.core.workdays import local_date
from app.db import Database
from app.errors import InvalidInput
from app.models import reminder_runs
from app.outbox.queue import insert_new
from app.reminders.planning import plan_for, record
from app.reminders.provinces import Province, calendar_around, find_provinces, last_run_on, province_ids
from app.reminders.telling import merged, told

log = structlog.get_logger()

last_run = Gauge("khacphuc_reminders_planned_timestamp_seconds", "When a day's reminders were last planned")


def run_due(db: Database, *, now: datetime) -> int:
    """Plan the day for every province whose hour has come, each in a transaction of its own.

    Returns how many digests were written. Any number of replicas may call this at once and as often as they like.
    """
    with db.snapshot() as connection:
        ids = province_ids(connection)
    return sum(_run_guarded(db, province_id, now=now) for province_id in ids)


def is_due(connection: Connection, province: Province, *, now: datetime) -> bool:
    """Whether the province's regular run is to start now."""
    today, last = local_date(now), last_run_on(connection, province)
    if last is not None and last >= today:  # known without a calendar, and true nearly every time
        return False
    calendar = calendar_around(connection, today)
    return run_state(now=now, policy=province.policy, calendar=calendar, last_run_on=last) == "due"


def run_now(connection: Connection, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """Send today's reminders of the actor's province at once, on a day off too, and say who is told what.

    Whoever already got today's digest gets no second one. Today's regular run then counts as done.
    """
    actor.require(Permission.REMINDER_RUN)
    found = [] if actor.province_id is None else find_provinces(connection, actor.province_id)
    if not found:
        raise InvalidInput("Tỉnh chưa có kỳ đánh giá nào để nhắc việc. Hãy nạp dữ liệu trước.")
    return _run_forced(connection, actor, found[0], now=now)


def run_everywhere(db: Database, *, now: datetime, actor: Actor = SYSTEM) -> dict[str, Any]:
    """The same for every province, for the command line."""
    with db.snapshot() as connection:
        found = find_provinces(connection)
    parts = []
    for province in found:
        with db.transaction() as connection:
            parts.append(_run_forced(connection, actor, province, now=now))
    return merged(parts, on=local_date(now))


def _run_guarded(db: Database, province_id: int, *, now: datetime) -> int:
    """A failing province is logged, tried again at the next tick, and does not hold up the others."""
    try:
        with db.snapshot() as connection:
            due = [one for one in find_provinces(connection, province_id) if is_due(connection, one, now=now)]
        return sum(_run_regular(db, province, now=now) for province in due)
    except Exception:
        log.exception("reminder run failed", province=province_id)
        return 0


def _run_regular(db: Database, province: Province, *, now: datetime) -> int:
    """0 when another replica was faster."""
    today = local_date(now)
    with db.transaction() as connection:
        fresh = insert_new(connection, reminder_runs).on_conflict_do_nothing()
        fresh = fresh.values(province_id=province.id, local_date=today, at=now, digests=0)
        run_id = connection.execute(fresh.returning(reminder_runs.c.id)).scalar()
        if run_id is None:
            return 0
        plan = _plan_and_record(connection, SYSTEM, province, run_id, mode=Mode.REGULAR, now=now)
    last_run.set(now.timestamp())
    log.info("reminders planned", province=province.code, on=today.isoformat(), digests=len(plan.digests))
    return len(plan.digests)


def _run_forced(connection: Connection, actor: Actor, province: Province, *, now: datetime) -> dict[str, Any]:
    today = local_date(now)
    row = insert_new(connection, reminder_runs).values(province_id=province.id, local_date=today, at=now, digests=0)
    # Locks the day's row until the commit, so that two runs at once come one after the other.
    row = row.on_conflict_do_update(index_elements=["province_id", "local_date"], set_={"at": now})
    run_id = connection.execute(row.returning(reminder_runs.c.id)).scalar_one()
    plan = _plan_and_record(connection, actor, province, run_id, mode=Mode.FORCED, now=now, explain=True)
    return told(connection, province, plan, on=today)


def _plan_and_record(
    connection: Connection,
    actor: Actor,
    province: Province,
    run_id: int,
    *,
    mode: Mode,
    now: datetime,
    explain: bool = False,
) -> Plan:
    today = local_date(now)
    calendar = calendar_around(connection, today)
    plan = plan_for(connection, province, on=today, mode=mode, calendar=calendar, explain=explain)
    record(connection, province, plan, on=today, now=now)
    connection.execute(
        update(reminder_runs)
        .where(reminder_runs.c.id == run_id)
        .values(digests=reminder_runs.c.digests + len(plan.digests))
    )
    events.record(
        connection,
        actor,
        now=now,
        entity="reminder_run",
        entity_id=run_id,
        code=f"{province.code}/{today}",
        action="reminder.run",
        after={"digests": [digest.recipient for digest in plan.digests]},
        province_id=province.id,
    )
    return plan
