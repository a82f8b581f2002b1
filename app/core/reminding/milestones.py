"""The days on which reminders fall.

A milestone is a whole number: the days before `effective_due` on which it nominally falls. 30, 14, 7, 3, 1 lie ahead,
0 is the first overdue day (the deadline is exclusive), −7, −14 … follow. The smaller, the later. A milestone on a day
off goes out on the working day before while the deadline is ahead, on the next working day from the deadline on.
Several milestones may so share one day; the latest of them wins.
"""

from datetime import date
from typing import NamedTuple

from app.core.reminding.policy import Policy
from app.core.workdays import ONE_DAY, Calendar


class Horizon(NamedTuple):
    """How far the sending has come at the end of a day; all that milestones need to know of the calendar.

    A milestone from the deadline on has been reached when its nominal day is not after `back`, one before the deadline
    when its nominal day is not after `reach`: so no milestone is ever searched for by walking over days or weeks.
    """

    back: date
    """The last working day up to the day itself."""
    reach: date
    """The last day before the next working day: what falls on the days off between is sent ahead of them."""


def horizon(calendar: Calendar, *, today: date) -> Horizon:
    return Horizon(calendar.on_or_before(today), calendar.on_or_after(today + ONE_DAY) - ONE_DAY)


def furthest_due(policy: Policy, calendar: Calendar, *, today: date) -> date:
    """No task with an `effective_due` after this day can have reached a milestone today: the bound of the query."""
    return horizon(calendar, today=today).reach + max(policy.before_days, default=0) * ONE_DAY


def own_step(effective_due: date, policy: Policy, at: Horizon) -> int | None:
    """The latest milestone reached; None while the first is still ahead."""
    overdue = overdue_step(effective_due, 0, policy, at)
    if overdue is not None:
        return overdue
    ahead = (effective_due - at.reach).days
    return min((days for days in policy.before_days if days >= ahead), default=None)


def overdue_step(effective_due: date, start: int, policy: Policy, at: Horizon) -> int | None:
    """The latest reached of start, start − every, start − 2·every …; None before the first.

    An escalation that begins on the n-th overdue day starts at 1 − n.
    """
    passed = (at.back - effective_due).days + start
    return None if passed < 0 else start - passed // policy.overdue_every * policy.overdue_every


def review_step(waited: int, policy: Policy) -> int | None:
    """−5 once the review has waited more than 5 working days, −10 once more than 10 …"""
    full = (waited - 1) // policy.review_wait_workdays * policy.review_wait_workdays
    return -full if full > 0 else None


def days_text(days_left: int) -> str:
    """`days_left` is effective_due − today: 1 on the last good day, 0 on the first day too late (overdue day 1)."""
    if days_left > 1:
        return f"còn {days_left} ngày"
    return "hạn cuối hôm nay" if days_left == 1 else f"quá hạn {1 - days_left} ngày"


def waited_text(workdays: int) -> str:
    """For a submission: the working days since the day it came in."""
    return f"đã chờ xác nhận {workdays} ngày làm việc"
