"""The working hours of reminders: `send_at` ≤ local time < `send_until` on working days.

The daily run is at `send_at`. One that was missed is made up for at once within the hours, otherwise by the next:
milestones are ranges, none is lost.
"""

from datetime import UTC, date, datetime
from typing import Literal

from app.core.reminding.policy import Policy
from app.core.workdays import ONE_DAY, Calendar, local_instant, local_moment


def in_hours(*, now: datetime, policy: Policy, calendar: Calendar) -> bool:
    """ValueError for a naive `now`."""
    moment = local_moment(now)
    return policy.send_at <= moment.time() < policy.send_until and calendar.is_workday(moment.date())


def next_in_hours(*, now: datetime, policy: Policy, calendar: Calendar) -> datetime:
    """`now` itself within the hours, otherwise the UTC instant at which they next begin. ValueError as `in_hours`."""
    if in_hours(now=now, policy=policy, calendar=calendar):
        return now.astimezone(UTC)
    moment = local_moment(now)
    first = moment.date() if moment.time() < policy.send_at else moment.date() + ONE_DAY
    return local_instant(calendar.on_or_after(first), policy.send_at)


def run_state(*, now: datetime, policy: Policy, calendar: Calendar, last_run_on: date | None) -> Literal["due", "wait"]:
    """Whether a regular run is to start now. `last_run_on`: local date of the last run, None before the first.

    ValueError for a naive `now`.
    """
    done = last_run_on is not None and last_run_on >= local_moment(now).date()
    return "due" if not done and in_hours(now=now, policy=policy, calendar=calendar) else "wait"
