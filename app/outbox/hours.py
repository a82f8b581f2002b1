"""When a message may leave: in the province's working hours, and after the day's plan."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from app.agencies import calendar_around
from app.core.reminding import Policy, in_hours, next_in_hours, parse_policy, run_state
from app.core.workdays import Calendar, local_date
from app.errors import InvalidInput
from app.models import assessments, digests, reminder_runs

PLANNING = timedelta(minutes=1)
"""How long an older digest rests while today's plan is still to be made, which may take its place."""
AT_ONCE = timedelta(hours=1)
"""How long somebody's wish to send outside the hours holds, should no sender be running."""


class Hours(NamedTuple):
    """Of the digest's province: the hours of its newest assessment, whose daily run they are."""

    policy: Policy
    calendar: Calendar
    to_plan: bool
    """Today's run is due, and the digest is older."""

    def include(self, moment: datetime) -> bool:
        return in_hours(now=moment, policy=self.policy, calendar=self.calendar)

    def next(self, moment: datetime) -> datetime:
        """`moment` itself, or when the hours next begin."""
        return next_in_hours(now=moment, policy=self.policy, calendar=self.calendar)


def hours_of(connection: Connection, digest_id: int, *, now: datetime) -> Hours | None:
    """None when the province has no assessment any more: then nothing is left to say, at whatever hour."""
    last_run = select(func.max(reminder_runs.c.local_date)).where(reminder_runs.c.province_id == digests.c.province_id)
    newest = (
        select(digests.c.local_date, assessments.c.reminder_policy, last_run.scalar_subquery().label("last_run_on"))
        .join(assessments, assessments.c.province_id == digests.c.province_id)
        .where(digests.c.id == digest_id)
        .order_by(assessments.c.year.desc(), assessments.c.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    if row is None:
        return None
    policy, today = _readable(row.reminder_policy), local_date(now)
    calendar = calendar_around(connection, today)
    state = run_state(now=now, policy=policy, calendar=calendar, last_run_on=row.last_run_on)
    return Hours(policy, calendar, row.local_date < today and state == "due")


def rest_until(hours: Hours | None, *, asked_for: datetime | None, now: datetime) -> datetime | None:
    """Until when a message has to wait; None: it may leave now.

    `asked_for` is the moment that a first attempt was set for. One outside the hours was somebody's wish (a run or a
    message sent again by hand), and is granted: nothing else is ever set for such a moment.
    """
    if hours is None:
        return None
    if not hours.include(now):
        wished = asked_for is not None and not hours.include(asked_for) and now - asked_for < AT_ONCE
        return None if wished else hours.next(now)
    return now + PLANNING if hours.to_plan else None


def _readable(policy: object) -> Policy:
    """Planning says aloud that a policy is spoilt; letters need no more of it than the hours."""
    try:
        return parse_policy(policy)
    except InvalidInput:
        return Policy()
