"""The state of an assessment's tasks: as it is now, or as it was at the end of a local day.

The past is rebuilt from the event table alone: the state a task was created with, then what each later event says of
the tracked columns, in the order of the events' ids.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from app.errors import InvalidInput

TRACKED: Final = (
    "status",
    "agency_id",
    "due_before",
    "extension_due",
    "resubmit_before",
    "effective_due",
    "target",
    "verified",
    "reported",
    "submitted_at",
    "submitted_on_time",
    "submissions",
    "percent",
    "floor",
    "expected",
    "ceiling",
    "measurements",
    "verified_measurements",
)
"""Columns of a task that change, as its events name them, and the numbers behind its scores."""


def created_state(row: Mapping[str, Any]) -> dict[str, Any]:
    """All tracked columns of a new task's row, JSON-ready."""
    state = dict.fromkeys(TRACKED) | {name: row[name] for name in TRACKED if name in row}
    return state | {name: value.isoformat() for name, value in state.items() if isinstance(value, date)}


def fold_events(changes: Iterable[tuple[int, Mapping[str, Any]]]) -> dict[int, dict[str, Any]]:
    """Tracked state by task id, from (task id, `after`) in the order of the events. Values stay as the events hold
    them: dates and instants as ISO text."""
    states: dict[int, dict[str, Any]] = {}
    for task_id, after in changes:
        state = states.setdefault(task_id, {})
        state.update((name, value) for name, value in after.items() if name in _TRACKED)
    return states


_TRACKED = frozenset(TRACKED)


def check_day(day: date | None, *, today: date) -> date | None:
    """None for today, which needs no rebuilding; InvalidInput for a day that has not come yet."""
    if day is not None and day > today:
        raise InvalidInput(
            f"as_of phải là hôm nay ({today:%d/%m/%Y}) hoặc một ngày đã qua; chưa có số liệu của ngày {day:%d/%m/%Y}.",
            field="as_of",
        )
    return None if day == today else day
