"""Local days and working days, on the Vietnamese calendar of 2025 and the swap day of January 2026."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.workdays import (
    Calendar,
    day_end_exclusive,
    day_start,
    local_date,
    local_instant,
    local_moment,
)

ONE_DAY = timedelta(days=1)


def days(first: date, last: date) -> frozenset[date]:
    return frozenset(first + n * ONE_DAY for n in range((last - first).days + 1))


VIETNAM = Calendar(
    off=days(date(2025, 1, 25), date(2025, 2, 2))
    | days(date(2025, 4, 30), date(2025, 5, 2))
    | days(date(2026, 1, 1), date(2026, 1, 2)),
    working=frozenset({date(2025, 4, 26), date(2026, 1, 10)}),
)
some_days = st.dates(date(2024, 12, 1), date(2026, 2, 28))
calendars = st.builds(
    Calendar, off=st.frozensets(some_days, max_size=25), working=st.frozensets(some_days, max_size=10)
)
quick = settings(deadline=None)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2025, 1, 24), True),  # the Friday before Tết
        (date(2025, 1, 27), False),
        (date(2025, 2, 1), False),
        (date(2025, 2, 3), True),
        (date(2025, 4, 26), True),  # a Saturday, worked for Friday 02/05
        (date(2025, 4, 27), False),
        (date(2025, 5, 2), False),
        (date(2026, 1, 2), False),
        (date(2026, 1, 10), True),  # a Saturday, worked for Friday 02/01
    ],
)
def test_holidays_and_swap_days_override_the_week(day: date, worked: bool) -> None:
    assert VIETNAM.is_workday(day) is worked


def test_a_day_both_off_and_worked_is_worked() -> None:
    day = date(2025, 6, 4)
    assert Calendar(off=frozenset({day}), working=frozenset({day})).is_workday(day)


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2025, 1, 29), date(2025, 1, 24), date(2025, 2, 3)),
        (date(2025, 5, 1), date(2025, 4, 29), date(2025, 5, 5)),
        (date(2025, 4, 27), date(2025, 4, 26), date(2025, 4, 28)),
        (date(2026, 1, 11), date(2026, 1, 10), date(2026, 1, 12)),
        (date(2025, 6, 18), date(2025, 6, 18), date(2025, 6, 18)),
    ],
)
def test_the_nearest_working_days(day: date, before: date, after: date) -> None:
    assert (VIETNAM.on_or_before(day), VIETNAM.on_or_after(day)) == (before, after)


def test_a_break_of_60_days_is_crossed_and_a_longer_one_is_refused() -> None:
    first = date(2025, 3, 3)
    sixty = days(first, first + 59 * ONE_DAY)
    assert Calendar(off=sixty, working=frozenset({first + 60 * ONE_DAY})).on_or_after(first) == first + 60 * ONE_DAY
    endless = Calendar(off=days(first, first + 90 * ONE_DAY))
    with pytest.raises(ValueError, match="more than 60 days off"):
        endless.on_or_after(first)
    with pytest.raises(ValueError, match="more than 60 days off"):
        endless.on_or_before(first + 90 * ONE_DAY)


def test_the_end_of_the_calendar_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="end of the calendar"):
        Calendar(off=frozenset({date.max})).on_or_after(date.max)
    with pytest.raises(ValueError, match="end of the calendar"):
        Calendar(off=frozenset({date.min})).on_or_before(date.min)


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (date(2025, 6, 16), date(2025, 6, 23), 5),
        (date(2025, 6, 14), date(2025, 6, 20), 5),  # handed in on a Saturday
        (date(2025, 1, 24), date(2025, 2, 3), 1),
        (date(2025, 4, 25), date(2025, 5, 5), 4),  # 26, 28, 29/04 and 05/05
        (date(2025, 6, 16), date(2025, 6, 16), 0),
        (date(2025, 6, 17), date(2025, 6, 16), 0),
    ],
)
def test_working_days_between_two_days(start: date, end: date, count: int) -> None:
    assert VIETNAM.workdays_between(start, end) == count


@quick
@given(calendar=calendars, start=some_days, length=st.integers(-5, 400))
def test_counting_equals_walking(calendar: Calendar, start: date, length: int) -> None:
    end = start + length * ONE_DAY
    walked = sum(calendar.is_workday(start + n * ONE_DAY) for n in range(1, length + 1))
    assert calendar.workdays_between(start, end) == walked


@quick
@given(calendar=calendars, day=some_days)
def test_no_working_day_lies_between_a_day_and_its_nearest(calendar: Calendar, day: date) -> None:
    before, after = calendar.on_or_before(day), calendar.on_or_after(day)
    assert before <= day <= after
    assert calendar.is_workday(before)
    assert calendar.is_workday(after)
    assert calendar.workdays_between(before, after - ONE_DAY) == 0


def test_the_local_day_begins_at_17_hours_utc() -> None:
    assert local_date(datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC)) == date(2025, 6, 30)
    assert local_date(datetime(2025, 6, 30, 17, 0, tzinfo=UTC)) == date(2025, 7, 1)
    assert day_start(date(2025, 7, 1)) == datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
    assert day_end_exclusive(date(2025, 6, 30)) == day_start(date(2025, 7, 1))
    assert day_start(date(2025, 7, 1)).tzinfo is UTC


def test_any_aware_time_zone_is_understood() -> None:
    in_tokyo = datetime(2025, 7, 1, 1, 0, tzinfo=timezone(timedelta(hours=9)))
    assert local_date(in_tokyo) == date(2025, 6, 30)
    assert local_moment(in_tokyo).time() == time(23)
    assert local_instant(date(2025, 6, 30), time(23)) == in_tokyo


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        local_date(datetime(2025, 7, 1, 8, 0))  # noqa: DTZ001 - the naive one is what is tested


@quick
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_holds_its_first_and_its_last_instant(day: date) -> None:
    assert local_date(day_start(day)) == day
    assert local_date(day_end_exclusive(day) - timedelta(microseconds=1)) == day
    assert local_date(day_end_exclusive(day)) == day + ONE_DAY
