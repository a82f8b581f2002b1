"""A projection as pages, API and documents get it: JSON-ready, and no more than the reader may see."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from app.assessments.read import shown_rule
from app.core.projection import PARTS, CriterionFigures, CriterionState, Interval, NextStep, Projection, next_best
from app.core.scoring import NextBest, Scores, format_points
from app.projections.gathering import Gathered, Named

FIGURES: Final = Scores._fields
"""published, floor, expected, ceiling."""


def show(gathered: Gathered, states: Sequence[CriterionState], found: Projection, day: date) -> dict[str, Any]:
    rules = {state.code: state.rule for state in states}
    names = {one.number: one.name for one in gathered.fields}
    intervals = zip(FIGURES, found.ranks, strict=True)
    return {
        "assessment": gathered.assessment.code,
        "as_of": day,
        "max": format_points(found.max_points),
        **_figures(found.scores),
        "fields": [
            {"number": one.number, "name": names[one.number], "max": format_points(one.max_points)}
            | _figures(one.scores, gathered.sees_all(each for each in found.criteria if each.field == one.number))
            for one in found.fields
        ],
        "groups": [
            {"key": one.key, "name": gathered.assessment.groups[one.key]["name"], "max": format_points(one.max_points)}
            | _figures(one.scores, gathered.sees_all(each for each in found.criteria if each.group == one.key))
            for one in found.groups
        ],
        "criteria": [
            _criterion(one, gathered.named[one.code]) | {"rule": shown_rule(rules[one.code])} for one in found.criteria
        ],
        "benchmarks": [
            mark._asdict() | {"score": format_points(mark.score), "distance": _figures(one.distance)}
            for mark, one in zip(gathered.benchmarks, found.benchmarks, strict=True)
        ],
        "rank_interval": {figure: _interval(interval) for figure, interval in intervals},
        **_gaps(gathered, found),
        "next_best": [show_next(one, gathered.named[one.code]) for one in next_best(states) if gathered.sees(one.code)],
    }


def _figures(scores: Scores, expected: bool = True) -> dict[str, str | None]:
    shown: dict[str, str | None] = {figure: format_points(score) for figure, score in zip(FIGURES, scores, strict=True)}
    return shown if expected else shown | {"expected": None}


def _interval(interval: Interval) -> dict[str, int]:
    return interval._asdict()


def _criterion(one: CriterionFigures, named: Named) -> dict[str, Any]:
    """Of a task out of sight nothing of its work shows: neither status nor expected score, nor how they come about."""
    derivation = one.derivations._asdict()
    if not named.visible:
        derivation |= {"expected": None, "ceiling": None}
    return {
        "code": one.code,
        "number": one.number,
        "kind": one.kind,
        "group": one.group,
        "field": one.field,
        "name": named.name,
        "agency": {"code": one.agency, "name": named.agency},
        "status": one.status if named.visible else None,
        "max": format_points(one.max_points),
        **_figures(one.scores, named.visible),
        "confidence": one.confidence,
        "derivation": derivation,
    }


def _gaps(gathered: Gathered, found: Projection) -> dict[str, Any]:
    """`gap`: what the published score lacks, in three parts. `gap_by_figure`: the same for each of the four figures."""
    parts = {
        part: _figures(
            getattr(found.gap, part), gathered.sees_all(one for one in found.criteria if one.group in groups)
        )
        for part, groups in PARTS.items()
    }
    return {
        "gap": {part: figures["published"] for part, figures in parts.items()},
        "gap_by_figure": {figure: {part: figures[figure] for part, figures in parts.items()} for figure in FIGURES},
    }


def show_next(one: NextStep, named: Named) -> dict[str, Any]:
    return {
        "code": one.code,
        "number": one.number,
        "name": named.name,
        "agency": {"code": one.agency, "name": named.agency},
        "confidence": one.confidence,
        "closing": format_points(one.closing),
        "steps": [_step(step) for step in one.steps],
    }


def _step(one: NextBest) -> dict[str, Any]:
    """`exact`: the yield of one more unit as a fraction of a point, since one file of thousands rounds to nothing."""
    return {
        "name": one.name,
        "label": one.label,
        "unit": one.unit,
        "current": one.current,
        "full": one.full,
        "becomes": one.becomes,
        "one_more": {"points": format_points(one.one_more), "exact": str(one.one_more_exact)},
        "closing": format_points(one.closing),
    }


def show_change(before: Projection, after: Projection, codes: Iterable[str]) -> dict[str, Any]:
    """What a what-if changes of the expected total, as a whole and by task."""
    was, becomes = ({one.code: one.scores.expected for one in found.criteria} for found in (before, after))
    return {
        "expected": signed(after.scores.expected - before.scores.expected),
        "total": format_points(after.scores.expected),
        "rank_interval": _interval(after.ranks.expected),
        "tasks": {code: signed(becomes[code] - was[code]) for code in codes},
    }


def signed(points: int) -> str:
    """ "+0.4375", "-0.0500", "+0.0000"."""
    return f"{'+' if points >= 0 else ''}{format_points(points)}"
