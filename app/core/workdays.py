"""Local days and working days.

Deadlines, milestones and sending times are Vietnamese calendar days; everything stored is UTC. This is the only place
where one becomes the other, and the only place that knows what a working day is.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
ONE_DAY = timedelta(days=1)
LONGEST_BREAK = 60
"""Days off in a row. Tết takes about ten; more than this is a mistake in the override table, not a holiday."""


def local_moment(moment: datetime) -> datetime:
    """The same instant on a Vietnamese clock. ValueError for a naive datetime, which names no instant."""
    if moment.utcoffset() is None:
        raise ValueError(f"naive datetime {moment.isoformat()}: pass an aware one")
    return moment.astimezone(LOCAL)


def local_date(moment: datetime) -> date:
    """The calendar day in Vietnam at this instant. ValueError for a naive datetime."""
    return local_moment(moment).date()


def local_instant(day: date, at: time) -> datetime:
    """The UTC instant at which Vietnamese clocks show `at` on `day`."""
    return datetime.combine(day, at, LOCAL).astimezone(UTC)


def day_start(day: date) -> datetime:
    """The UTC instant of local 00:00; this instant belongs to the day."""
    return local_instant(day, time.min)


def day_end_exclusive(day: date) -> datetime:
    """The UTC instant at which the next local day begins; this instant no longer belongs to the day."""
    return day_start(day + ONE_DAY)


@dataclass(frozen=True)
class Calendar:
    """Monday to Friday are worked, but for `off`; `working` wins over weekends and over `off` (swap days)."""

    off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        return day in self.working or (day.weekday() < 5 and day not in self.off)

    def on_or_before(self, day: date) -> date:
        """The last working day up to and including `day`. ValueError after more than 60 days off in a row."""
        return self._walk(day, -ONE_DAY)

    def on_or_after(self, day: date) -> date:
        """The first working day from `day` on, itself included. ValueError after more than 60 days off in a row."""
        return self._walk(day, ONE_DAY)

    def workdays_between(self, start_exclusive: date, end_inclusive: date) -> int:
        """Working days after `start_exclusive` up to and including `end_inclusive`; 0 when the range is empty.

        The cost depends on the number of exceptional days, not on the length of the range.
        """
        if end_inclusive <= start_exclusive:
            return 0
        within = [day for day in self.off | self.working if start_exclusive < day <= end_inclusive]
        corrections = sum(self.is_workday(day) - (day.weekday() < 5) for day in within)
        return _weekdays_through(end_inclusive) - _weekdays_through(start_exclusive) + corrections

    def _walk(self, start: date, step: timedelta) -> date:
        day = start
        try:
            for _ in range(LONGEST_BREAK + 1):
                if self.is_workday(day):
                    return day
                day += step
        except OverflowError:
            raise ValueError(f"no working day between {start} and the end of the calendar") from None
        raise ValueError(f"more than {LONGEST_BREAK} days off in a row from {start}: check the calendar overrides")


def _weekdays_through(day: date) -> int:
    """Mondays to Fridays from 0001-01-01, which was a Monday, up to and including `day`."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)
