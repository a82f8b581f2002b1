"""Looking ahead without writing: the next best point, and what if."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.core.projection.figures import state_scores
from app.core.projection.values import CriterionState, counted_measurements
from app.core.scoring import NextBest, check_score, marginal, read_measurements, score_measurements
from app.core.workflow import OPEN
from app.errors import InvalidInput, NotFound, Problem, ScoreNotAccepted


class NextStep(NamedTuple):
    """One way to gain points on one task. With `input`: its yields as in `NextBest`. Without (no rule known, or not yet
    measured): only what reaching the target yields."""

    code: str
    number: int
    agency: str
    confidence: str
    input: NextBest | None
    one_more: int | None
    closing: int


def next_best(criteria: Iterable[CriterionState]) -> list[NextStep]:
    """What yields most comes first: by closing, then by one more unit, then by code and input. From where the expected
    score stands: the numbers that count (see `counted_measurements`), everything else unchanged, so yields of linked
    inputs do not add up. Steps that gain nothing are left out; so are survey criteria and tasks that are not open.
    """
    steps = [step for state in criteria if state.kind != "survey" and state.status in OPEN for step in _steps(state)]
    return sorted(steps, key=_by_yield)


def _by_yield(step: NextStep) -> tuple[int, int, str, str]:
    one_more = 0 if step.one_more is None else step.one_more
    return -step.closing, -one_more, step.code, "" if step.input is None else step.input.name


def _steps(state: CriterionState) -> list[NextStep]:
    head = state.code, state.number, state.agency, state.rule.confidence
    try:
        found = marginal(state.rule, state.max_points, counted_measurements(state))
    except Problem:  # not measured, not wholly, or under an older rule: nothing to say about a single number
        scores = state_scores(state)
        missing = scores.ceiling - scores.expected
        return [NextStep(*head, None, None, missing)] if missing > 0 else []
    gains = (one for one in found if max(one.one_more_exact, one.closing_exact) > 0)
    return [NextStep(*head, one, one.one_more, one.closing) for one in gains]


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
            raise NotFound(f"Không có nhiệm vụ {code[:64]} trong kỳ đánh giá này.", field=f"tasks.{code[:64]}")
    return [_changed(state, changes[state.code]) if state.code in changes else state for state in criteria]


def _changed(state: CriterionState, change: Any) -> CriterionState:
    try:
        return _assumed(state, change)
    except Problem as problem:
        problem.field = f"tasks.{state.code}" + (f".{problem.field}" if problem.field else "")
        raise


def _assumed(state: CriterionState, change: Any) -> CriterionState:
    if not isinstance(change, Mapping) or len(change) != 1 or not change.keys() <= {"score", "measurements"}:
        raise InvalidInput("Ghi đúng một trong hai: score (điểm giả định) hoặc measurements (số liệu giả định).")
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
