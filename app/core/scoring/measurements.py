"""What an agency measured, read against its criterion's rule."""

from collections.abc import Mapping
from typing import Any

from app.core.scoring.counts import canonical_count
from app.core.scoring.rules import Input, Ratios, Rule, WeightedCounts
from app.errors import InvalidInput, MissingMeasurement, ScoreNotAccepted, UnknownMeasurement


def read_measurements(rule: Rule, measurements: Mapping[str, Any]) -> dict[str, str]:
    """Canonical strings by input name, in the rule's order; optional inputs that are not given stay out. Reading what
    was read changes nothing. Which numbers fit together is for `score_measurements` to say.

    Errors carry `field="measurements.<name>"` and a detail with the input's Vietnamese label: UnknownMeasurement,
    MissingMeasurement, NegativeMeasurement, InvalidInput (see `canonical_count`; classes and totals are whole numbers).
    ScoreNotAccepted when the rule takes no measurement.
    """
    formula = formula_of(rule)
    given = _check_names(rule, measurements)
    counts = {
        one.name: canonical_count(given[one.name], label=one.label, field=field_of(one.name))
        for one in rule.inputs
        if one.name in given
    }
    if isinstance(formula, WeightedCounts):
        _check_whole(rule, counts)
    return counts


def formula_of(rule: Rule) -> Ratios | WeightedCounts:
    """The formula of an executable rule; ScoreNotAccepted for a rule that takes no measurement."""
    if rule.formula is not None:
        return rule.formula
    detail = (
        "Điểm điều tra xã hội học chỉ thay đổi theo kỳ khảo sát sau; bỏ phần số liệu."
        if rule.kind == "survey"
        else "Tiêu chí này chưa có công thức tính từ số liệu; bỏ phần số liệu và khai điểm tự chấm."
    )
    raise ScoreNotAccepted(detail, field="measurements")


def field_of(name: str) -> str:
    return f"measurements.{name}"


def _check_names(rule: Rule, measurements: Any) -> Mapping[str, Any]:
    if not isinstance(measurements, Mapping):
        raise InvalidInput("Số liệu phải là các cặp tên và giá trị.", field="measurements")
    known = {one.name for one in rule.inputs}
    for name in measurements:
        if name not in known:
            raise UnknownMeasurement(
                f"Tiêu chí này không có số liệu “{str(name)[:64]}”. Các số liệu được nhận: "
                f"{'; '.join(_described(one) for one in rule.inputs)}.",
                field=field_of(str(name)[:64]),
            )
    for one in rule.inputs:
        if measurements.get(one.name) is None and not one.optional:
            raise MissingMeasurement(f"Thiếu số liệu: {_described(one)}. Hãy bổ sung.", field=field_of(one.name))
    return {name: value for name, value in measurements.items() if value is not None}


def _described(one: Input) -> str:
    return f"{one.label} ({one.name})"


def _check_whole(rule: Rule, counts: Mapping[str, str]) -> None:
    for name, count in counts.items():
        if "." in count:
            raise InvalidInput(f"{rule.label(name)}: phải là số nguyên.", field=field_of(name))
