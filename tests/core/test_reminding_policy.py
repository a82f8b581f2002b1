"""How a policy is read, and when the daily run takes place."""

from datetime import UTC, date, datetime, time

import pytest

from app.core.reminding import Policy, in_hours, next_in_hours, parse_policy, run_state
from app.core.workdays import LOCAL, Calendar
from app.errors import InvalidInput


def test_a_policy_survives_json_and_defaults_are_the_designed_ones() -> None:
    assert parse_policy({}) == Policy()
    assert Policy().as_json() == {
        "before_days": [30, 14, 7, 3, 1],
        "overdue_every": 7,
        "escalate_coordinator_from": 1,
        "escalate_leadership_from": 14,
        "review_wait_workdays": 5,
        "send_at": "08:00",
        "send_until": "17:00",
    }
    changed = parse_policy({"before_days": [1, 10], "send_at": "07:30", "overdue_every": 3})
    assert changed == Policy(before_days=(10, 1), send_at=time(7, 30), overdue_every=3)
    assert parse_policy(changed.as_json()) == changed
    assert parse_policy({"before_days": []}).before_days == ()


@pytest.mark.parametrize(
    ("data", "field", "part"),
    [
        ([30, 14], None, "đối tượng JSON"),
        ({"every": 7}, "every", "không có mục “every”"),
        ({"before_days": 7}, "before_days", "danh sách số ngày"),
        ({"before_days": [7, 7]}, "before_days", "không trùng nhau"),
        ({"before_days": [0]}, "before_days", "từ 1 đến 365"),
        ({"before_days": [366]}, "before_days", "từ 1 đến 365"),
        ({"before_days": [True]}, "before_days", "từ 1 đến 365"),
        ({"before_days": [[1]]}, "before_days", "từ 1 đến 365"),
        ({"before_days": list(range(1, 22))}, "before_days", "nhiều nhất 20 mốc"),
        ({"overdue_every": 0}, "overdue_every", "từ 1 đến 90"),
        ({"overdue_every": 91}, "overdue_every", "từ 1 đến 90"),
        ({"overdue_every": "7"}, "overdue_every", "số nguyên"),
        ({"overdue_every": 7.0}, "overdue_every", "số nguyên"),
        ({"review_wait_workdays": True}, "review_wait_workdays", "số nguyên"),
        ({"escalate_coordinator_from": 0}, "escalate_coordinator_from", "từ 1 đến 365"),
        ({"escalate_coordinator_from": 20}, "escalate_leadership_from", "ngày quá hạn thứ 20"),
        ({"send_at": "8:00"}, "send_at", "ví dụ 08:00"),
        ({"send_at": "24:00"}, "send_at", "00:00 đến 23:59"),
        ({"send_at": "08:00\n"}, "send_at", "giờ:phút"),
        ({"send_until": 17}, "send_until", "giờ:phút"),
        ({"send_until": "08:00"}, "send_until", "sau giờ gửi (08:00)"),
    ],
)
def test_a_bad_policy_names_the_entry_at_fault(data: object, field: str | None, part: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_policy(data)
    assert caught.value.field == field
    assert part in caught.value.detail


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 6, day, hour, minute, tzinfo=LOCAL).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "last_run_on", "state", "following"),
    [
        (at(24, 7, 59), None, "wait", at(24, 8)),
        (at(24, 8), None, "due", at(24, 8)),
        (at(24, 16, 59), date(2025, 6, 20), "due", at(24, 16, 59)),
        (at(24, 17), date(2025, 6, 20), "wait", at(25, 8)),
        (at(24, 9), date(2025, 6, 24), "wait", at(24, 9)),
        (at(24, 7), date(2025, 6, 24), "wait", at(24, 8)),
        (at(27, 18), None, "wait", at(30, 8)),  # Friday evening
        (at(28, 10), None, "wait", at(30, 8)),  # Saturday
        (at(28, 7), date(2025, 6, 27), "wait", at(30, 8)),
    ],
)
def test_when_a_run_is_due_and_when_the_hours_begin(
    now: datetime, last_run_on: date | None, state: str, following: datetime
) -> None:
    assert run_state(now=now, policy=Policy(), calendar=Calendar(), last_run_on=last_run_on) == state
    assert next_in_hours(now=now, policy=Policy(), calendar=Calendar()) == following
    assert in_hours(now=now, policy=Policy(), calendar=Calendar()) == (following == now)


def test_a_naive_now_is_refused() -> None:
    naive = at(24, 8).replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive"):
        run_state(now=naive, policy=Policy(), calendar=Calendar(), last_run_on=None)
