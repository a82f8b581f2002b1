"""Looking ahead without writing: the next best point, and what if."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.core.projection.figures import state_scores
from app.core.projection.values import CriterionState, counted_measurements
from app.core.scoring import NextBest, check_score, marginal, read_measurements, score_measurements
from app.core.workflow import OPEN
from app.errors import InvalidInput, NotFound, Problem, ScoreNotAccepted


class NextStep(NamedTuple):
    """What one task can still gain. `closing`: its ceiling less its expected score, so all that its target (none: the
    maximum) is away. `steps`: what single numbers yield on that way, best first; empty where no rule is known or
    nothing is measured yet. Numbers depend on each other, so their yields need not add up to `closing`."""

    code: str
    number: int
    agency: str
    confidence: str
    closing: int
    steps: tuple[NextBest, ...] = ()


def next_best(criteria: Iterable[CriterionState]) -> list[NextStep]:
    """One entry for each open task that has not reached its target; what yields most comes first: by closing, then by
    the most that one more unit yields, then by code.

    Steps go on from where the expected score stands: the numbers that count (see `counted_measurements`), everything
    else unchanged; those that gain nothing are left out. So are survey criteria and tasks that are not open.
    """
    found = [_next_step(state) for state in criteria if state.kind != "survey" and state.status in OPEN]
    return sorted((one for one in found if one.closing > 0), key=_by_yield)


def _by_yield(one: NextStep) -> tuple[Any, ...]:
    return -one.closing, -max((step.one_more_exact for step in one.steps), default=0), one.code


def _next_step(state: CriterionState) -> NextStep:
    scores = state_scores(state)
    closing = scores.ceiling - scores.expected
    return NextStep(state.code, state.number, state.agency, state.rule.confidence, closing, _steps(state))


def _steps(state: CriterionState) -> tuple[NextBest, ...]:
    if not state.rule.executable:
        return ()
    try:
        found = marginal(state.rule, state.max_points, counted_measurements(state))
    except Problem:  # not measured, not wholly, or under an older rule: nothing to say about a single number
        return ()
    gains = [one for one in found if max(one.one_more_exact, one.closing_exact) > 0]
    return tuple(sorted(gains, key=lambda one: (-one.closing_exact, -one.one_more_exact, one.name)))


def what_if(criteria: Sequence[CriterionState], changes: Mapping[str, Any]) -> list[CriterionState]:
    """The criteria as they would stand with other scores or numbers; nothing is changed. `changes` maps a code to
    `{"score": "1.0"}` or `{"measurements": {…}}`; numbers that are not given stay as they count now, so that one can be
    changed alone. A score may be assumed for executable rules too. The result is the expected score, also of finished
    tasks; published, floor and ceiling stay.

    NotFound (unknown code), ScoreNotAccepted (survey; numbers where no rule is known), InvalidInput (neither or both
    of score and measurements), ScoreOutOfRange and the errors of `score_measurements`. `field` is
    "tasks.<code>…".
    """
    known = {state.code for state in criteria}
    for code in changes:
        if code not in known:
            raise no_such_task(code)
    return [_changed(state, changes[state.code]) if state.code in changes else state for state in criteria]


def no_such_task(code: str) -> NotFound:
    """The same words for a task that does not exist and for one that the caller may not see."""
    shown = code[:64]
    detail = f"Trong kỳ đánh giá này, nhiệm vụ {shown} không có, hoặc không thuộc phạm vi của bạn."
    return NotFound(detail, field=f"tasks.{shown}")


def _changed(state: CriterionState, change: Any) -> CriterionState:
    try:
        return _assumed(state, change)
    except Problem as problem:
        problem.within(f"tasks.{state.code}")
        raise


def _assumed(state: CriterionState, change: Any) -> CriterionState:
    if not isinstance(change, Mapping) or len(change) != 1 or not change.keys() <= {"score", "measurements"}:
        raise InvalidInput("Ghi đúng một trong hai: điểm giả định hoặc số liệu giả định.")
    if state.kind == "survey":
        raise ScoreNotAccepted("Điểm điều tra xã hội học chỉ thay đổi theo kỳ khảo sát sau; bỏ nhiệm vụ này.")
    if "score" in change:
        return state._replace(assumed=check_score(state.max_points, change["score"]), current_measurements=None)
    given = change["measurements"]
    if not isinstance(given, Mapping):
        raise InvalidInput("Số liệu phải là các cặp tên và giá trị.", field="measurements")
    overlaid = read_measurements(state.rule, {**counted_measurements(state), **given})
    score = score_measurements(state.rule, state.max_points, overlaid)
    return state._replace(assumed=score, current_measurements=overlaid)
