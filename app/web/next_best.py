"""The next best points in sentences: which task, which number, and how much it yields."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from app.core.scoring import format_points, round_points
from app.vietnamese import number_text, points_text

WORTH: Final = Fraction(1, 100)
"""Points: units are counted by tens, hundreds and so on until they yield that much."""


def next_points(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of `projection["next_best"]`: the task, what it can still gain, and a sentence for each number that helps."""
    return [
        {**one, "told": [step_sentence(step) for step in one["steps"]], "supposed": one["confidence"] == "reproduces"}
        for one in found
    ]


def step_sentence(step: Mapping[str, Any]) -> str:
    """ "Nâng “Số hồ sơ trực tuyến” từ 94.511 lên 168.561 hồ sơ: thêm 0,66 điểm; cứ 10.000 hồ sơ thêm 0,09 điểm."."""
    current, full, unit = number_text(step["current"]), number_text(step["full"]), _unit(step)
    gain = points_text(step["closing"])
    if step["becomes"] is not None:
        told = f"Chuyển {current}{unit} từ “{step['label']}” sang “{step['becomes']}”: thêm {gain} điểm"
    else:
        told = f"Nâng “{step['label']}” từ {current} lên {full}{unit}: thêm {gain} điểm"
    return f"{told}{_by_units(step)}."


def _unit(step: Mapping[str, Any]) -> str:
    return f" {step['unit']}" if step["unit"] else ""


def _by_units(step: Mapping[str, Any]) -> str:
    """Only where the yield is the same for every unit: a number may stand above one fraction line and below another."""
    one = Fraction(step["one_more"]["exact"])
    missing = abs(Fraction(step["full"]) - Fraction(step["current"]))
    if one <= 0 or missing <= 1 or round_points(one * missing) != round_points(Fraction(step["closing"])):
        return ""
    count = 1
    while one * count < WORTH and count * 10 < missing:
        count *= 10
    gain = points_text(format_points(round_points(one * count)))
    return f"; {'mỗi' if count == 1 else f'cứ {number_text(count)}'}{_unit(step)} thêm {gain} điểm"
