"""Published, floor, expected and ceiling of every criterion, group, field and of the whole."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from app.core.projection.ranks import Interval, Standing, Threshold, rank_interval
from app.core.projection.values import (
    Benchmark,
    BenchmarkDistance,
    CriterionFigures,
    CriterionState,
    Derivations,
    FieldFigures,
    FieldFrame,
    Gap,
    GroupFigures,
    Outline,
    Projection,
    RankIntervals,
    counted_measurements,
    known_published,
)
from app.core.scoring import Scores, derive, format_points, in_vietnamese, task_scores
from app.core.scoring.standing import COUNTED
from app.core.workflow import OPEN
from app.errors import InvalidInput, Problem

PARTS: Final[Mapping[str, Sequence[str]]] = {
    "controllable": ("appraisal",),
    "socio_economic": ("socio_economic",),
    "survey": ("officials_survey", "sipas"),
}
"""The parts of the gap and the groups that make them up."""


def project(
    fields: Sequence[FieldFrame],
    criteria: Iterable[CriterionState],
    benchmarks: Sequence[Benchmark],
    province_count: int,
    *,
    group_maxima: Mapping[str, int],
    own_rank: int | None = None,
) -> Projection:
    """Every part is its maximum minus what its unmet criteria are short; met criteria are not listed and count as full.
    The total is that of the fields. Where field and group maxima add up to the same, so do the figures.

    `own_rank`: our published rank of the year, which belongs to the published total computed here. Among `benchmarks`,
    provinces with a rank and thresholds with a number of provinces bound the rank interval. Parts come back in the
    order of `fields` and `group_maxima`, criteria by kind and number, whatever the order of `criteria`.

    InvalidInput: a criterion twice, of an unknown field or of an unknown group; contradictory benchmarks.
    """
    states = sorted(criteria, key=lambda one: (one.kind, one.number, one.code))
    _check_frame(states, fields, group_maxima)
    figures = tuple(criterion_figures(state) for state in states)
    max_points = sum(one.max_points for one in fields)
    short = {key: _shortfall(one for one in figures if one.group == key) for key in group_maxima}
    whole = outline(max_points, short, benchmarks, province_count, own_rank=own_rank)
    return Projection(
        max_points=max_points,
        scores=whole.scores,
        fields=_by_field(fields, figures),
        groups=tuple(GroupFigures(key, most, less(most, short[key])) for key, most in group_maxima.items()),
        criteria=figures,
        gap=whole.gap,
        benchmarks=whole.benchmarks,
        ranks=whole.ranks,
    )


def outline(
    max_points: int,
    short: Mapping[str, Scores],
    benchmarks: Sequence[Benchmark],
    province_count: int,
    *,
    own_rank: int | None = None,
) -> Outline:
    """What `project` says of the whole, from what the criteria of each group are short of their maxima: sums suffice,
    no criterion is looked at. InvalidInput for contradictory benchmarks."""
    scores = less(max_points, _together(short.values()))
    return Outline(
        scores=scores,
        gap=Gap(**{part: _together(short[key] for key in keys if key in short) for part, keys in PARTS.items()}),
        benchmarks=tuple(_distance(one, scores) for one in benchmarks),
        ranks=_ranks(scores, benchmarks, province_count, own_rank),
    )


def criterion_figures(state: CriterionState) -> CriterionFigures:
    """What follows from a state without numbers of its own is remembered: most criteria stay as published for weeks."""
    if state.published_measurements is state.current_measurements is state.verified_measurements is None:
        return _remembered_figures(state)
    return _figures(state)


def _figures(state: CriterionState) -> CriterionFigures:
    scores = state_scores(state)
    return CriterionFigures(
        code=state.code,
        number=state.number,
        kind=state.kind,
        group=state.group,
        field=state.field,
        agency=state.agency,
        status=state.status,
        max_points=state.max_points,
        scores=scores,
        derivations=_derivations(state, scores),
        confidence=state.rule.confidence,
    )


_remembered_figures = lru_cache(maxsize=4096)(_figures)


def state_scores(state: CriterionState) -> Scores:
    """`task_scores` of a state; an assumed score takes the place of the expected one."""
    scores = task_scores(
        kind=state.kind,
        status=state.status,
        published=state.published,
        max_points=state.max_points,
        target=state.target,
        verified=state.verified,
        reported=state.reported,
    )
    return scores if state.assumed is None else scores._replace(expected=state.assumed)


def _check_frame(
    states: Sequence[CriterionState], fields: Sequence[FieldFrame], group_maxima: Mapping[str, int]
) -> None:
    numbers = {one.number for one in fields}
    seen: set[str] = set()
    for state in states:
        if state.code in seen:
            raise InvalidInput(f"Tiêu chí {state.code} bị lặp lại; mỗi tiêu chí chỉ có một lần.")
        seen.add(state.code)
        if state.field not in numbers:
            raise InvalidInput(f"Tiêu chí {state.code} thuộc lĩnh vực {state.field}, không có trong kỳ đánh giá.")
        if state.group not in group_maxima:
            raise InvalidInput(f"Tiêu chí {state.code} thuộc nhóm điểm “{state.group}”, không có trong kỳ đánh giá.")


def _shortfall(figures: Iterable[CriterionFigures]) -> Scores:
    published = floor = expected = ceiling = 0
    for one in figures:
        published += one.max_points - one.scores.published
        floor += one.max_points - one.scores.floor
        expected += one.max_points - one.scores.expected
        ceiling += one.max_points - one.scores.ceiling
    return Scores(published, floor, expected, ceiling)


def _together(parts: Iterable[Scores]) -> Scores:
    return Scores(*map(sum, zip((0, 0, 0, 0), *parts, strict=True)))


def less(max_points: int, short: Scores) -> Scores:
    """The maximum less each shortfall."""
    return Scores(*(max_points - missing for missing in short))


def _by_field(fields: Sequence[FieldFrame], figures: Iterable[CriterionFigures]) -> tuple[FieldFigures, ...]:
    members: dict[int, list[CriterionFigures]] = {one.number: [] for one in fields}
    for figure in figures:
        members[figure.field].append(figure)
    return tuple(FieldFigures(*one, less(one.max_points, _shortfall(members[one.number]))) for one in fields)


def _distance(benchmark: Benchmark, scores: Scores) -> BenchmarkDistance:
    return BenchmarkDistance(benchmark, Scores(*(score - benchmark.score for score in scores)))


def _ranks(scores: Scores, benchmarks: Iterable[Benchmark], province_count: int, own_rank: int | None) -> RankIntervals:
    known = [Standing(one.score, one.rank) for one in benchmarks if one.kind == "province" and one.rank is not None]
    thresholds = [
        Threshold(one.score, one.provinces)
        for one in benchmarks
        if one.kind == "threshold" and one.provinces is not None
    ]
    own = None if own_rank is None else Standing(scores.published, own_rank)

    def interval(score: int) -> Interval:
        return rank_interval(score, known, province_count, thresholds=thresholds, own=own)

    return RankIntervals(*(interval(score) for score in scores))


def _derivations(state: CriterionState, scores: Scores) -> Derivations:
    """Figures that are the same have the same derivation, that of the figure they fall back to."""
    survey = state.kind == "survey"
    words = "Điểm điều tra xã hội học công bố" if survey else "Điểm công bố"
    published = _derivation(state, known_published(state), scores.published, words)
    floor = expected = published
    if not survey and state.status == "accepted" and state.verified is not None:
        floor = expected = _derivation(state, state.verified_measurements, scores.floor, "Điểm đã xác nhận")
    if state.assumed is not None:
        expected = _derivation(state, counted_measurements(state), scores.expected, "Điểm giả định")
    elif not survey and state.status in COUNTED and state.reported is not None:
        expected = _derivation(state, state.current_measurements, scores.expected, "Điểm tự chấm")
    aims = state.status in OPEN or (survey and state.status != "closed")
    aim = "Điểm tối đa" if state.target is None else "Điểm mục tiêu"
    return Derivations(published, floor, expected, _stated(aim, scores.ceiling) if aims else floor)


def _derivation(state: CriterionState, measurements: Mapping[str, str] | None, score: int, words: str) -> str:
    """The rule's own line where it gives this very score; a figure that was stated is only named. Measurements that
    were kept under an older rule may not fit today's: then the figure is named too, not recomputed."""
    if not state.rule.executable or measurements is None:
        return _stated(words, score)
    try:
        line = derive(state.rule, state.max_points, measurements)
    except Problem:
        return _stated(words, score)
    return line if line.endswith(f" = {_shown(score)}") else _stated(words, score)


def _stated(words: str, score: int) -> str:
    return f"{words}: {_shown(score)}"


def _shown(score: int) -> str:
    return in_vietnamese(format_points(score))
