"""When the daily run takes place.

A regular run is at `send_at` on working days. One that was missed is made up for at once within the working hours
(`send_at` ≤ local time < `send_until`), otherwise by the next: milestones are ranges, none is lost.
"""

from datetime import UTC, date, datetime
from typing import Literal

from app.core.reminding.policy import Policy
from app.core.workdays import ONE_DAY, Calendar, local_instant, local_moment


def run_state(*, now: datetime, policy: Policy, calendar: Calendar, last_run_on: date | None) -> Literal["due", "wait"]:
    """Whether a regular run is to start now. `last_run_on`: local date of the last regular run, None before the first.

    ValueError for a naive `now`.
    """
    moment = local_moment(now)
    today = moment.date()
    done = last_run_on is not None and last_run_on >= today
    in_hours = policy.send_at <= moment.time() < policy.send_until
    return "due" if in_hours and not done and calendar.is_workday(today) else "wait"


def next_run_at(*, now: datetime, policy: Policy, calendar: Calendar, last_run_on: date | None) -> datetime:
    """The UTC instant of the next regular run, `now` itself when one is due. ValueError for a naive `now`."""
    moment = local_moment(now)
    if run_state(now=now, policy=policy, calendar=calendar, last_run_on=last_run_on) == "due":
        return now.astimezone(UTC)
    first = moment.date() if moment.time() < policy.send_at else moment.date() + ONE_DAY
    if last_run_on is not None:
        first = max(first, last_run_on + ONE_DAY)
    return local_instant(calendar.on_or_after(first), policy.send_at)
