"""How the daily runs stand: when one was last, when the next will be, and what became of the messages."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from app.core.access import Actor, Permission
from app.core.reminding import next_in_hours
from app.core.workdays import ONE_DAY, Calendar, local_date, local_instant
from app.models import deliveries, digests, reminder_runs
from app.reminders.ledger import visible_digests
from app.reminders.provinces import Province, calendar_around, find_provinces


def get_state(connection: Connection, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """The last and the next run of each province that the actor may read of, and its messages by state.

    `next_run_at` is a UTC instant, `now` itself when today's run is still to be made up for.
    """
    actor.require(Permission.REMINDER_READ)
    provinces = find_provinces(connection, actor.province_id)
    counted = (
        select(deliveries.c.state, func.count())
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .where(visible_digests(actor))
        .group_by(deliveries.c.state)
    )
    return {
        "provinces": [_runs(connection, province, now=now) for province in provinces],
        "messages": dict(connection.execute(counted).all()),
    }


def _runs(connection: Connection, province: Province, *, now: datetime) -> dict[str, Any]:
    columns = (reminder_runs.c.local_date, reminder_runs.c.at, reminder_runs.c.digests)
    of_province = select(*columns).where(reminder_runs.c.province_id == province.id)
    last = connection.execute(of_province.order_by(reminder_runs.c.local_date.desc()).limit(1)).first()
    calendar = calendar_around(connection, local_date(now))
    return {
        "code": province.code,
        "last_run": None if last is None else {"on": last.local_date, "at": last.at, "digests": last.digests},
        "next_run_at": _next_run(
            province, calendar, done=last is not None and last.local_date >= local_date(now), now=now
        ),
        "send_at": province.policy.send_at,
        "send_until": province.policy.send_until,
        "workday": calendar.is_workday(local_date(now)),
    }


def _next_run(province: Province, calendar: Calendar, *, done: bool, now: datetime) -> datetime:
    if not done:
        return next_in_hours(now=now, policy=province.policy, calendar=calendar)
    return local_instant(calendar.on_or_after(local_date(now) + ONE_DAY), province.policy.send_at)
