"""When an assessment reminds, and how a policy is read from outside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from app.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Policy:
    """When an assessment reminds. Build it from outside data with `parse_policy`, which checks the bounds.

    `escalate_…_from` counts overdue days from 1 (the first, milestone 0): 14 is milestone −13. `send_until` is the end
    of the working hours, exclusive: until then a run that was missed is made up for at once.
    """

    before_days: tuple[int, ...] = (30, 14, 7, 3, 1)
    overdue_every: int = 7
    escalate_coordinator_from: int = 1
    escalate_leadership_from: int = 14
    review_wait_workdays: int = 5
    send_at: time = time(8)
    send_until: time = time(17)

    def as_json(self) -> dict[str, object]:
        """What `parse_policy` reads back to an equal policy."""
        return {
            "before_days": list(self.before_days),
            **{name: getattr(self, name) for name in _BOUNDS},
            "send_at": f"{self.send_at:%H:%M}",
            "send_until": f"{self.send_until:%H:%M}",
        }


_BOUNDS = {
    "overdue_every": (1, 90),
    "escalate_coordinator_from": (1, 365),
    "escalate_leadership_from": (1, 365),
    "review_wait_workdays": (1, 60),
}
_LABELS = {
    "before_days": "Các mốc nhắc trước hạn",
    "overdue_every": "Chu kỳ nhắc khi quá hạn (ngày)",
    "escalate_coordinator_from": "Ngày quá hạn bắt đầu báo cơ quan thường trực",
    "escalate_leadership_from": "Ngày quá hạn bắt đầu báo lãnh đạo",
    "review_wait_workdays": "Số ngày làm việc chờ xác nhận",
    "send_at": "Giờ gửi",
    "send_until": "Giờ kết thúc gửi",
}
_MAX_BEFORE_DAYS = 20
_FURTHEST_BEFORE = 365


def parse_policy(data: object) -> Policy:
    """Check a policy as it came from JSON; a missing entry takes its default, an unknown one is refused.

    To change a policy in part, parse `{**policy.as_json(), **changes}`. `before_days` may come in any order.
    Raises InvalidInput, whose `field` is the entry at fault.
    """
    if not isinstance(data, Mapping):
        raise InvalidInput("Chính sách nhắc việc phải là một đối tượng JSON gồm các mục: " + ", ".join(_LABELS) + ".")
    for name in data:
        if name not in _LABELS:
            detail = f"Chính sách nhắc việc không có mục “{name}”. Các mục được dùng: {', '.join(_LABELS)}."
            raise InvalidInput(detail, field=str(name))
    given = {**Policy().as_json(), **data}
    policy = Policy(
        before_days=_before_days(given["before_days"]),
        send_at=_time_of_day("send_at", given["send_at"]),
        send_until=_time_of_day("send_until", given["send_until"]),
        **{name: _whole_number(name, given[name]) for name in _BOUNDS},
    )
    _check_order(policy)
    return policy


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _whole_number(name: str, value: object) -> int:
    low, high = _BOUNDS[name]
    if isinstance(value, int) and _is_whole(value, low, high):
        return value
    raise InvalidInput(f"{_LABELS[name]} phải là số nguyên từ {low} đến {high}.", field=name)


def _before_days(value: object) -> tuple[int, ...]:
    if (
        isinstance(value, list | tuple)
        and len(value) <= _MAX_BEFORE_DAYS
        and all(_is_whole(day, 1, _FURTHEST_BEFORE) for day in value)
        and len(set(value)) == len(value)
    ):
        return tuple(sorted(value, reverse=True))
    detail = (
        f"{_LABELS['before_days']} phải là danh sách số ngày, mỗi số nguyên từ 1 đến {_FURTHEST_BEFORE}, "
        f"không trùng nhau, nhiều nhất {_MAX_BEFORE_DAYS} mốc."
    )
    raise InvalidInput(detail, field="before_days")


def _time_of_day(name: str, value: object) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    raise InvalidInput(f"{_LABELS[name]} phải ghi theo dạng giờ:phút, từ 00:00 đến 23:59, ví dụ 08:00.", field=name)


def _check_order(policy: Policy) -> None:
    if policy.send_until <= policy.send_at:
        detail = f"Giờ kết thúc gửi phải sau giờ gửi ({policy.send_at:%H:%M})."
        raise InvalidInput(detail, field="send_until")
    if policy.escalate_leadership_from < policy.escalate_coordinator_from:
        detail = (
            "Lãnh đạo không nhận báo cáo quá hạn trước cơ quan thường trực: ngày bắt đầu báo lãnh đạo phải từ "
            f"ngày quá hạn thứ {policy.escalate_coordinator_from} trở đi."
        )
        raise InvalidInput(detail, field="escalate_leadership_from")
