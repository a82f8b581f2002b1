"""What an agency measured, read against its criterion's rule."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.scoring.counts import canonical_count
from app.core.scoring.rules import Input, Ratios, Rule, WeightedCounts
from app.errors import InvalidInput, MissingMeasurement, Problem, ScoreNotAccepted, UnknownMeasurement, together


def read_measurements(rule: Rule, measurements: Mapping[str, Any]) -> dict[str, str]:
    """Canonical strings by input name, in the rule's order; optional inputs that are not given stay out. Reading what
    was read changes nothing. Which numbers fit together is for `score_measurements` to say.

    Errors carry `field="measurements.<name>"` and a detail with the input's Vietnamese label: UnknownMeasurement,
    MissingMeasurement, NegativeMeasurement, InvalidInput (see `canonical_count`; what is counted is whole). Of several
    the first is raised and `faults` tells all; what is missing comes after what is wrong. ScoreNotAccepted when the
    rule takes no measurement.
    """
    formula_of(rule)
    _check_names(rule, measurements)
    counts, faults = _read_inputs(rule, measurements)
    if faults:
        raise together(sorted(faults, key=lambda fault: isinstance(fault, MissingMeasurement)))
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


def _check_names(rule: Rule, measurements: Any) -> None:
    if not isinstance(measurements, Mapping):
        raise InvalidInput("Số liệu phải là các cặp tên và giá trị.", field="measurements")
    known = {one.name for one in rule.inputs}
    for name in measurements:
        if name not in known:
            described = "; ".join(f"{one.label} ({one.name})" for one in rule.inputs)
            raise UnknownMeasurement(
                f"Tiêu chí này không có số liệu “{str(name)[:64]}”. Các số liệu được nhận: {described}.",
                field=field_of(str(name)[:64]),
            )


def _read_inputs(rule: Rule, given: Mapping[str, Any]) -> tuple[dict[str, str], Sequence[Problem]]:
    counts: dict[str, str] = {}
    faults: list[Problem] = []
    for one in rule.inputs:
        try:
            if given.get(one.name) is not None:
                counts[one.name] = _read_input(rule, one, given[one.name])
            elif not one.optional:
                raise MissingMeasurement(f"Thiếu số liệu: {one.label}. Hãy bổ sung.", field=field_of(one.name))
        except Problem as fault:
            faults.append(fault)
    return counts, faults


def _read_input(rule: Rule, one: Input, value: Any) -> str:
    whole = one.counted or isinstance(rule.formula, WeightedCounts)
    count = canonical_count(value, label=one.label, field=field_of(one.name), whole=whole)
    if whole and "." in count:
        why = f"tính bằng {one.unit} nên phải là số nguyên" if one.unit else "phải là số nguyên"
        raise InvalidInput(f"{one.label}: {why}; hãy kiểm tra lại.", field=field_of(one.name))
    return count
