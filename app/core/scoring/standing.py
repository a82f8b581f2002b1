"""What a task's state makes of its criterion's score, and which scores may be given to it."""

from typing import Final, NamedTuple

from app.core.scoring.points import format_points, in_vietnamese, parse_points
from app.core.scoring.rules import Rule
from app.core.workflow import OPEN
from app.errors import ScoreNotAccepted, ScoreOutOfRange

COUNTED: Final = frozenset({"in_progress", "submitted"})
"""Statuses in which what was reported counts as expected: a returned report does not."""


class Scores(NamedTuple):
    """Ten-thousandths of a point, each."""

    published: int
    floor: int
    expected: int
    ceiling: int


def task_scores(
    *,
    kind: str,
    status: str,
    published: int,
    max_points: int,
    target: int | None = None,
    verified: int | None = None,
    reported: int | None = None,
) -> Scores:
    """The four figures of one criterion with its task.

    - floor: published; the verified score once the task is accepted.
    - expected: the latest measured or declared score while the task is in progress or waits for its review, otherwise
      floor. A returned report counts nothing.
    - ceiling: the target (none: the maximum) of an open task, otherwise floor.

    A survey score changes by the next survey only: floor and expected stay published whatever was handed in, and
    finishing the task does not use up the survey's ceiling; closing it does.

    Measured can be worse than published, so floor ≤ expected is no law; neither is expected ≤ ceiling, because a report
    may go beyond a modest target. floor ≤ ceiling holds as long as no target lies below published (`check_target`).
    """
    goal = max_points if target is None else target
    if kind == "survey":
        return Scores(published, published, published, published if status == "closed" else goal)
    floor = verified if status == "accepted" and verified is not None else published
    expected = reported if status in COUNTED and reported is not None else floor
    return Scores(published, floor, expected, goal if status in OPEN else floor)


def check_score(max_points: int, text: str | int, *, field: str = "score") -> int:
    """Points of a score in [0, max], boundaries included. InvalidInput (unreadable), ScoreOutOfRange."""
    return _within(0, max_points, text, field, "Điểm")


def check_declared(rule: Rule, max_points: int, text: str | int, *, field: str = "declared_score") -> int:
    """Points of a score that an agency declares or a coordinator verifies where no rule is known.

    ScoreNotAccepted where measurements or the survey decide; InvalidInput, ScoreOutOfRange as in `check_score`.
    """
    if rule.executable:
        raise ScoreNotAccepted("Điểm của tiêu chí này được tính từ số liệu; bỏ điểm và nhập số liệu.", field=field)
    if rule.kind == "survey":
        raise ScoreNotAccepted("Điểm điều tra xã hội học chỉ thay đổi theo kỳ khảo sát sau; bỏ điểm.", field=field)
    return check_score(max_points, text, field=field)


def check_target(max_points: int, published: int, text: str | int, *, field: str = "target") -> int:
    """Points of a target in [published, max]: less than what stands already is no target.

    InvalidInput (unreadable), ScoreOutOfRange."""
    return _within(published, max_points, text, field, "Điểm mục tiêu")


def _within(least: int, most: int, text: str | int, field: str, what: str) -> int:
    points = parse_points(text, field=field)
    if not least <= points <= most:
        low, high = (in_vietnamese(format_points(limit)) for limit in (least, most))
        raise ScoreOutOfRange(f"{what} phải từ {low} đến {high}.", field=field)
    return points
