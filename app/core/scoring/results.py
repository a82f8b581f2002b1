"""From measurements to a score, to the words that explain it, and to what one more unit would yield."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

from app.core.scoring.counts import canonical_count
from app.core.scoring.measurements import field_of, formula_of, read_measurements
from app.core.scoring.points import POINT, format_points, in_vietnamese, round_points
from app.core.scoring.rules import CountClass, Ratios, Rule, WeightedCounts, check_best
from app.errors import (
    InvalidInput,
    NumeratorAboveDenominator,
    OutsideRuleDomain,
    Problem,
    ZeroDenominator,
    together,
)

Read = tuple[tuple[str, str], ...]
"""Measurements as `read_measurements` gives them, in a form that can be looked up."""

_REMEMBERED: Final = 4096
"""Rules and numbers of which the results are kept: projections ask for the same few dozen again and again."""


class NextBest(NamedTuple):
    """What an input is still good for. Yields are differences of unrounded scores; they can be negative where a number
    stands above one fraction line and below another."""

    name: str
    label: str
    unit: str
    current: str
    full: str
    """The value at which this input is closed: its denominator, or "0" for a class that is emptied."""
    becomes: str | None
    """Label of the class that units move to; None where units are added."""
    one_more: int
    one_more_exact: Fraction
    closing: int
    closing_exact: Fraction


def score_measurements(rule: Rule, max_points: int, measurements: Mapping[str, Any]) -> int:
    """The score in ten-thousandths: computed exactly, rounded once (ROUND_HALF_UP).

    ZeroDenominator, NumeratorAboveDenominator, OutsideRuleDomain; InvalidInput when classes do not add up to their
    total; ScoreNotAccepted when the rule takes no measurement; SeedInvalid when the rule exceeds the criterion's
    maximum; and the errors of `read_measurements`. All name the field; `faults` tells of several.
    """
    return round_points(_checked_score(rule, max_points, _counts(rule, _read(rule, measurements))))


def derive(rule: Rule, max_points: int, measurements: Mapping[str, Any]) -> str:
    """One line that a Vietnamese officer can recompute: "1,5 × 94.511/168.561 = 0,8410". Errors as for the score."""
    return _line(rule, max_points, _read(rule, measurements))


@lru_cache(maxsize=_REMEMBERED)
def _line(rule: Rule, max_points: int, read: Read) -> str:
    score = round_points(_checked_score(rule, max_points, _counts(rule, read)))
    formula = formula_of(rule)
    shown = {name: in_vietnamese(count) for name, count in read}
    text = _ratios_text(formula, shown) if isinstance(formula, Ratios) else _weighted_text(formula, shown)
    return f"{text} = {in_vietnamese(format_points(score))}"


def marginal(rule: Rule, max_points: int, measurements: Mapping[str, Any]) -> list[NextBest]:
    """For each input that can still improve: what one more unit yields, and what closing it yields, everything else as
    it is. Ratios: numerators below their denominator (a step is cut where less than one unit is missing).
    Weighted counts: units of a lower class that move to the best one. Errors as for the score.
    """
    return list(_marginal(rule, max_points, _read(rule, measurements)))


@lru_cache(maxsize=_REMEMBERED)
def _marginal(rule: Rule, max_points: int, read: Read) -> tuple[NextBest, ...]:
    counts = _counts(rule, read)
    stands = _checked_score(rule, max_points, counts)
    formula = formula_of(rule)
    changes = _fuller(formula, counts) if isinstance(formula, Ratios) else _better(formula, counts)
    return tuple(_yields(rule, formula, counts, stands, change) for change in changes)


def _yields(
    rule: Rule, formula: Ratios | WeightedCounts, counts: dict[str, Fraction], stands: Fraction, change: "_Change"
) -> NextBest:
    step, whole = (_exact(formula, counts | shifted) - stands for shifted in (change.step, change.whole))
    current, full = (_plain(values[change.name]) for values in (counts, change.whole))
    units = {one.name: one.unit for one in rule.inputs}
    label, becomes = rule.label(change.name), None if change.into is None else rule.label(change.into)
    yields = round_points(step), step, round_points(whole), whole
    return NextBest(change.name, label, units[change.name], current, full, becomes, *yields)


class _Change(NamedTuple):
    name: str
    step: dict[str, Fraction]
    whole: dict[str, Fraction]
    into: str | None = None


def _fuller(formula: Ratios, counts: Mapping[str, Fraction]) -> list[_Change]:
    limits: dict[str, Fraction] = {}
    for term in formula.terms:
        limit = counts[term.denominator]
        limits[term.numerator] = min(limit, limits.get(term.numerator, limit))
    return [
        _Change(name, {name: min(counts[name] + 1, limit)}, {name: limit})
        for name, limit in limits.items()
        if counts[name] < limit
    ]


def _better(formula: WeightedCounts, counts: Mapping[str, Fraction]) -> list[_Change]:
    best = formula.best_class
    return [
        _Change(one.input, _moved(counts, one, best, Fraction(1)), _moved(counts, one, best, count), best.input)
        for one in formula.classes
        if one.points < best.points and (count := counts[one.input]) > 0
    ]


def _moved(counts: Mapping[str, Fraction], one: CountClass, best: CountClass, units: Fraction) -> dict[str, Fraction]:
    return {one.input: counts[one.input] - units, best.input: counts[best.input] + units}


def _read(rule: Rule, measurements: Mapping[str, Any]) -> Read:
    return tuple(read_measurements(rule, measurements).items())


def _counts(rule: Rule, read: Read) -> dict[str, Fraction]:
    given = dict(read)
    return {one.name: Fraction(given.get(one.name, "0")) for one in rule.inputs}


def _plain(count: Fraction) -> str:
    """Counts have at most 4 decimals, so their canonical text is exact."""
    return canonical_count(format_points(round_points(count)), label="", field="")


def _trimmed(points: int) -> str:
    return format_points(points).rstrip("0").rstrip(".")


def _checked_score(rule: Rule, max_points: int, counts: Mapping[str, Fraction]) -> Fraction:
    formula = formula_of(rule)
    check_best(formula.best, max_points)
    found = _term_faults(rule, formula, counts) if isinstance(formula, Ratios) else _class_faults(rule, formula, counts)
    if faults := {fault.field: fault for fault in found}:  # a number below two fraction lines is told of once
        raise together(list(faults.values()))
    return _exact(formula, counts)


def _exact(formula: Ratios | WeightedCounts, counts: Mapping[str, Fraction]) -> Fraction:
    """Points, not ten-thousandths."""
    if isinstance(formula, Ratios):
        shares = (term.points * counts[term.numerator] / counts[term.denominator] for term in formula.terms)
        return sum(shares, Fraction(0)) / POINT
    weighed = sum((one.points * counts[one.input] for one in formula.classes), Fraction(0))
    return weighed / counts[formula.total] / POINT


def _term_faults(rule: Rule, formula: Ratios, counts: Mapping[str, Fraction]) -> Iterator[Problem]:
    for term in formula.terms:
        if counts[term.denominator] == 0:
            yield _nothing(rule, term.denominator)
        elif counts[term.numerator] > counts[term.denominator]:
            above, below = (in_vietnamese(_plain(counts[name])) for name in (term.numerator, term.denominator))
            yield NumeratorAboveDenominator(
                f"{rule.label(term.numerator)} ({above}) không được lớn hơn {rule.label(term.denominator)} ({below}); "
                "hãy kiểm tra lại hai số liệu này.",
                field=field_of(term.numerator),
            )


def _class_faults(rule: Rule, formula: WeightedCounts, counts: Mapping[str, Fraction]) -> Iterator[Problem]:
    if counts[formula.total] == 0:
        yield _nothing(rule, formula.total)
        return
    refused = [name for name in formula.refused if counts[name] > 0]
    for name in refused:
        yield OutsideRuleDomain(
            f"{rule.label(name)} khác 0: công thức chưa được kiểm chứng cho trường hợp này nên không tính điểm. "
            "Hãy trao đổi với Sở Nội vụ.",
            field=field_of(name),
        )
    found, total = sum(counts[one.input] for one in formula.classes), counts[formula.total]
    if found != total and not refused:
        parts = " + ".join(rule.label(one.input) for one in formula.classes)
        yield InvalidInput(
            f"{parts} = {found}, phải bằng {rule.label(formula.total)} ({total}); hãy kiểm tra lại các số liệu.",
            field=field_of(formula.total),
        )


def _nothing(rule: Rule, name: str) -> ZeroDenominator:
    detail = f"{rule.label(name)} phải lớn hơn 0 thì mới tính được tỷ lệ; hãy kiểm tra lại số liệu."
    return ZeroDenominator(detail, field=field_of(name))


def _ratios_text(formula: Ratios, shown: Mapping[str, str]) -> str:
    ratios = [f"{shown[term.numerator]}/{shown[term.denominator]}" for term in formula.terms]
    weights = [in_vietnamese(_trimmed(term.points)) for term in formula.terms]
    if len(ratios) > 1 and len(set(weights)) == 1:
        return f"{weights[0]} × ({' + '.join(ratios)})"
    return " + ".join(f"{weight} × {ratio}" for weight, ratio in zip(weights, ratios, strict=True))


def _weighted_text(formula: WeightedCounts, shown: Mapping[str, str]) -> str:
    parts = (f"{shown.get(one.input, '0')} × {in_vietnamese(_trimmed(one.points))}" for one in formula.classes)
    return f"({' + '.join(parts)})/{shown[formula.total]}"
