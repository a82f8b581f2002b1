"""Points, rules and measurements: what is read, what is refused, and at which place."""

import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.scoring import (
    Input,
    Ratios,
    Rule,
    Term,
    WeightedCounts,
    derive,
    format_points,
    in_vietnamese,
    marginal,
    parse_points,
    parse_rule,
    read_measurements,
    round_points,
    score_measurements,
)
from app.errors import (
    InvalidInput,
    MissingMeasurement,
    NegativeMeasurement,
    NumeratorAboveDenominator,
    Problem,
    ScoreNotAccepted,
    SeedInvalid,
    UnknownMeasurement,
    ZeroDenominator,
)
from tests.core.real_2024 import DATA_SERVICES, DECLARED, EXECUTABLE, ONLINE_FILES, ONLINE_PAYMENT, SURVEYED, TARGETS

MAX = 15_000


# Points


@pytest.mark.parametrize(
    ("text", "points"),
    [("0.8410", 8410), ("1", 10_000), ("1.0", 10_000), (1, 10_000), ("0.05", 500), ("-0.05", -500), ("0", 0)],
)
def test_points_are_read_from_text_and_whole_numbers(text: str | int, points: int) -> None:
    assert parse_points(text) == points


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", " 1", "1 ", "0.84101", "1e3", "nan", "inf", "0,8410", ".5", "5.", "+1", "--1", "1_000"),
        *("٣", "１", "1.0\n", "1" * 10, 10**9, -(10**9), 10**5000),
        *(True, 0.5, None, Decimal("0.5"), [1]),
    ],
    ids=lambda text: repr(text)[:20] if not isinstance(text, int) else f"int{text.bit_length()}",
)
def test_points_that_cannot_be_read_are_refused_with_advice(text: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_points(text, field="score")
    assert caught.value.field == "score"
    assert "0.8410" in caught.value.detail


@given(st.integers(-(10**9), 10**9))
def test_points_written_are_read_back(points: int) -> None:
    assert parse_points(format_points(points)) == points


def test_points_are_written_with_four_decimals() -> None:
    assert [format_points(one) for one in (8410, 1_000_000, -500, 0)] == ["0.8410", "100.0000", "-0.0500", "0.0000"]


@given(st.fractions(min_value=-100, max_value=100, max_denominator=300_000))
def test_rounding_is_half_up(points: Fraction) -> None:
    exact = Decimal(points.numerator) / Decimal(points.denominator)
    assert round_points(points) == int((exact * 10_000).quantize(Decimal(1), ROUND_HALF_UP))


def test_a_tie_is_rounded_away_from_zero() -> None:
    assert round_points(Fraction("0.84105")) == 8411
    assert round_points(Fraction("-0.84105")) == -8411
    assert round_points(Fraction("0.841049999999999999")) == 8410


def test_numbers_are_shown_the_vietnamese_way() -> None:
    numbers = ("94511", "0.8410", "-1234.5", "1000000", "7")
    assert [in_vietnamese(one) for one in numbers] == ["94.511", "0,8410", "-1.234,5", "1.000.000", "7"]


# Rules


@pytest.mark.parametrize("rule", [*EXECUTABLE.values(), DECLARED, SURVEYED])
def test_a_rule_goes_to_json_and_back(rule: Rule) -> None:
    assert parse_rule(json.loads(json.dumps(rule.as_dict()))) == rule


def test_a_parsed_rule_says_what_it_is() -> None:
    assert DATA_SERVICES.kind == "ratios"
    assert DATA_SERVICES.inputs[0] == Input("in_use", "Số dịch vụ dữ liệu đã sử dụng", "dịch vụ", "9")
    assert DATA_SERVICES.formula == Ratios((Term(10_000, "in_use", "services"),))
    assert isinstance(TARGETS.formula, WeightedCounts)
    assert TARGETS.formula.refused == ("missed",)
    assert (ONLINE_PAYMENT.formula or TARGETS.formula).best == TARGETS.formula.best == 15_000
    assert TARGETS.published_measurements == {"targets": "20", "exceeded": "14", "met": "6"}
    assert DATA_SERVICES.executable
    assert not DECLARED.executable
    assert (DATA_SERVICES.confidence, DECLARED.confidence, SURVEYED.confidence) == (
        "reproduces",
        "declared",
        "declared",
    )


def test_rules_without_formula_need_their_kind_only() -> None:
    assert parse_rule({"kind": "survey"}) == SURVEYED
    assert parse_rule({"kind": "declared", "citation": "1.2.1", "inputs": []}).citation == "1.2.1"


def ratios(**changes: Any) -> dict[str, Any]:
    return DATA_SERVICES.as_dict() | changes


def weighted(**changes: Any) -> dict[str, Any]:
    return TARGETS.as_dict() | changes


def one_input(**changes: Any) -> dict[str, Any]:
    first, second = DATA_SERVICES.as_dict()["inputs"]
    return ratios(inputs=[first | changes, second])


def one_term(**changes: Any) -> dict[str, Any]:
    return ratios(terms=[DATA_SERVICES.as_dict()["terms"][0] | changes])


def one_class(**changes: Any) -> dict[str, Any]:
    first, second = TARGETS.as_dict()["classes"]
    return weighted(classes=[first | changes, second])


WRONG = {
    "no mapping": ([], "rule"),
    "no kind": ({}, "rule.kind"),
    "unknown kind": (ratios(kind="guess"), "rule.kind"),
    "unknown key": (ratios(note="x"), "rule"),
    "key of the other kind": (ratios(total="x"), "rule"),
    "declared with inputs": ({"kind": "declared", "inputs": [{}]}, "rule.inputs"),
    "declared and cited": ({"kind": "declared", "confidence": "cited"}, "rule.confidence"),
    "citation is a number": ({"kind": "survey", "citation": 9}, "rule.citation"),
    "executable but declared": (ratios(confidence="declared"), "rule.confidence"),
    "no citation": (ratios(citation=" "), "rule.citation"),
    "no inputs": (ratios(inputs=[]), "rule.inputs"),
    "inputs no list": (ratios(inputs="ab"), "rule.inputs"),
    "input no mapping": (ratios(inputs=["a"]), "rule.inputs[0]"),
    "input with unknown key": (one_input(extra=1), "rule.inputs[0]"),
    "input name": (one_input(name="Số lượng"), "rule.inputs[0].name"),
    "input without label": (one_input(label=""), "rule.inputs[0].label"),
    "optional no boolean": (one_input(optional="yes"), "rule.inputs[0].optional"),
    "published unreadable": (one_input(published="9,5"), "rule.inputs[0].published"),
    "published ambiguous": (one_input(published="94.511"), "rule.inputs[0].published"),
    "published negative": (one_input(published="-1"), "rule.inputs[0].published"),
    "input twice": (ratios(inputs=DATA_SERVICES.as_dict()["inputs"] * 2), "rule.inputs"),
    "input not used": (ratios(inputs=[*DATA_SERVICES.as_dict()["inputs"], {"name": "x", "label": "X"}]), "rule.inputs"),
    "denominator optional": (
        ratios(inputs=[one | {"optional": True} for one in DATA_SERVICES.as_dict()["inputs"]]),
        "rule.inputs",
    ),
    "total optional": (
        weighted(inputs=[one | {"optional": True} for one in TARGETS.as_dict()["inputs"]]),
        "rule.inputs",
    ),
    "term no mapping": (ratios(terms=[1]), "rule.terms[0]"),
    "term with unknown key": (one_term(weight=1), "rule.terms[0]"),
    "term with unknown input": (one_term(numerator="nothing"), "rule.inputs"),
    "term over itself": (one_term(numerator="services"), "rule.terms[0]"),
    "term twice": (ratios(terms=DATA_SERVICES.as_dict()["terms"] * 2), "rule.terms"),
    "points missing": (one_term(points=None), "rule.terms[0].points"),
    "points as float": (one_term(points=0.5), "rule.terms[0].points"),
    "points zero": (one_term(points="0"), "rule.terms[0].points"),
    "points above all": (one_term(points="100.0001"), "rule"),
    "class with unknown key": (one_class(label="x"), "rule.classes[0]"),
    "class with unknown input": (one_class(input="nothing"), "rule.inputs"),
    "class twice": (one_class(input="met"), "rule.classes"),
    "refused no list": (weighted(refused="missed"), "rule.refused"),
    "refused no names": (weighted(refused=[1]), "rule.refused"),
    "no total": (weighted(total=None), "rule.total"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_refused_at_its_place(name: str) -> None:
    data, place = WRONG[name]
    with pytest.raises(SeedInvalid) as caught:
        parse_rule(data)
    assert caught.value.field == place
    assert caught.value.detail.startswith(f"{place}:")


def test_a_rule_must_fit_the_maximum_of_its_criterion() -> None:
    assert parse_rule(ONLINE_FILES.as_dict(), max_points=15_000) == ONLINE_FILES
    with pytest.raises(SeedInvalid, match="1,5000 điểm, quá mức tối đa 1,4999"):
        parse_rule(ONLINE_FILES.as_dict(), max_points=14_999)
    with pytest.raises(SeedInvalid):
        score_measurements(ONLINE_FILES, 14_999, ONLINE_FILES.published_measurements)


def test_refused_classes_may_be_left_out() -> None:
    data = weighted(inputs=TARGETS.as_dict()["inputs"][:3])
    del data["refused"]
    assert score_measurements(parse_rule(data), MAX, {"targets": 20, "exceeded": 14, "met": 6}) == 13_500


# Measurements


def test_measurements_become_canonical_in_the_order_of_the_rule() -> None:
    read = read_measurements(ONLINE_FILES, {"files": "0100.0", "online": 12})
    assert list(read.items()) == [("online", "12"), ("files", "100")]
    assert read_measurements(SPENDING, {"planned": "12.50", "spent": "0.0001"}) == {
        "spent": "0.0001",
        "planned": "12.5",
    }


SPENDING = parse_rule(
    {
        "kind": "ratios",
        "inputs": [
            {"name": "spent", "label": "Đã giải ngân", "unit": "tỷ đồng"},
            {"name": "planned", "label": "Kế hoạch", "unit": "tỷ đồng"},
        ],
        "terms": [{"points": "1.5", "numerator": "spent", "denominator": "planned"}],
        "confidence": "cited",
        "citation": "x",
    }
)


COUNTED = parse_rule(
    {
        "kind": "ratios",
        "inputs": [{"name": "online", "label": "Trực tuyến", "unit": "hồ sơ"}, {"name": "files", "label": "Hồ sơ"}],
        "terms": [{"points": "1.5", "numerator": "online", "denominator": "files"}],
        "confidence": "cited",
        "citation": "x",
    }
)


@given(st.integers(0, 10**19 - 1))
def test_reading_what_was_read_changes_nothing(scaled: int) -> None:
    text = format_points(scaled)
    read = read_measurements(SPENDING, {"spent": text, "planned": text})
    assert Fraction(read["spent"]) == Fraction(text)
    assert read_measurements(SPENDING, read) == read


def test_a_thousand_separator_is_never_taken_for_a_decimal_point() -> None:
    with pytest.raises(InvalidInput, match=r"không rõ ba chữ số cuối là hàng nghìn hay phần thập phân") as caught:
        read_measurements(SPENDING, {"spent": "94.511", "planned": "168561"})
    assert "." not in caught.value.detail.replace(". ", "").removesuffix(".")  # nobody is quoted in dots or commas
    with pytest.raises(InvalidInput, match=r"Đây là số nguyên: hãy viết các chữ số liền nhau, ví dụ 94511\.$"):
        read_measurements(COUNTED, {"online": "94.511", "files": "168561"})
    assert read_measurements(SPENDING, {"spent": "94.5110", "planned": "168561"})["spent"] == "94.5110"
    assert read_measurements(SPENDING, {"spent": "0.125", "planned": "1"})["spent"] == "0.1250"


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "9 ", "1e3", "nan", "12,5", "1.234.567", "1.23456", "1" * 16, "٩", "+9", "9."),
        *(10**15, 10**5000, True, 9.0, float("nan"), Decimal(9), [9]),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) else f"int{value.bit_length()}",
)
def test_numbers_that_cannot_be_read_name_their_label(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_measurements(ONLINE_FILES, {"online": value, "files": 1})
    assert caught.value.field == "measurements.online"
    assert caught.value.detail.startswith("Hồ sơ trực tuyến:")


@pytest.mark.parametrize(
    ("measurements", "error", "field"),
    [
        ({"online": -1, "files": 9}, NegativeMeasurement, "measurements.online"),
        ({"online": "-0.5", "files": 9}, NegativeMeasurement, "measurements.online"),
        ({"online": -(10**5000), "files": 9}, NegativeMeasurement, "measurements.online"),
        ({"online": 1}, MissingMeasurement, "measurements.files"),
        ({"online": 1, "files": None}, MissingMeasurement, "measurements.files"),
        ({"online": 1, "files": 2, "Files": 2}, UnknownMeasurement, "measurements.Files"),
        ([1, 2], InvalidInput, "measurements"),
        ({"online": 0, "files": 0}, ZeroDenominator, "measurements.files"),
        ({"online": 10, "files": 9}, NumeratorAboveDenominator, "measurements.online"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_by_name(measurements: Any, error: type[Problem], field: str) -> None:
    with pytest.raises(error) as caught:
        score_measurements(ONLINE_FILES, MAX, measurements)
    assert type(caught.value) is error
    assert caught.value.field == field


def test_details_speak_of_labels_and_values() -> None:
    with pytest.raises(NumeratorAboveDenominator, match=r"Hồ sơ trực tuyến \(12\.345\) .* Tổng số hồ sơ \(9\)"):
        score_measurements(ONLINE_FILES, MAX, {"online": 12345, "files": 9})
    with pytest.raises(UnknownMeasurement, match=r"Hồ sơ trực tuyến \(online\); Tổng số hồ sơ \(files\)"):
        score_measurements(ONLINE_FILES, MAX, {"x" * 1000: 1})
    with pytest.raises(MissingMeasurement, match=r"Thiếu số liệu: Tổng số hồ sơ\."):
        score_measurements(ONLINE_FILES, MAX, {"online": 1})


@pytest.mark.parametrize(
    ("unit", "counted"),
    [
        *(
            (unit, True)
            for unit in ("hồ sơ", "văn bản", "nhiệm vụ", "TTHC", "dịch vụ", "người", "hợp đồng", "đồng chí")
        ),
        *(
            (unit, False)
            for unit in ("", " ", "%", "tỷ đồng", "Triệu đồng", "km", "km2 đất", "người/km2", "tỷ lệ %", "Điểm")
        ),
    ],
)
def test_what_is_counted_is_whole_and_what_is_measured_need_not_be(unit: str, counted: bool) -> None:
    data = SPENDING.as_dict()
    for one in data["inputs"]:
        one["unit"] = unit
    rule = parse_rule(data)
    if not counted:
        assert read_measurements(rule, {"spent": "5.5", "planned": 7})["spent"] == "5.5"
        return
    with pytest.raises(InvalidInput, match=f"Đã giải ngân: tính bằng {unit} nên phải là số nguyên") as caught:
        read_measurements(rule, {"spent": "5.5", "planned": 7})
    assert caught.value.field == "measurements.spent"


def test_classes_are_counted_whatever_their_unit() -> None:
    data = TARGETS.as_dict()
    for one in data["inputs"]:
        one["unit"] = ""
    with pytest.raises(InvalidInput, match="Chỉ tiêu đạt: phải là số nguyên"):
        read_measurements(parse_rule(data), {"targets": 20, "exceeded": 14, "met": "5.5"})


@pytest.mark.parametrize(
    ("given_numbers", "error", "fields"),
    [
        ({"online": -1}, NegativeMeasurement, ["online", "files"]),  # what is wrong comes before what is missing
        ({"online": "1.5", "files": -2}, InvalidInput, ["online", "files"]),
        ({}, MissingMeasurement, ["online", "files"]),
    ],
)
def test_every_number_at_fault_is_told(given_numbers: Any, error: type[Problem], fields: list[str]) -> None:
    with pytest.raises(error) as caught:
        read_measurements(ONLINE_FILES, given_numbers)
    assert [fault.field for fault in caught.value.faults] == [f"measurements.{name}" for name in fields]
    assert caught.value.field == f"measurements.{fields[0]}"
    assert all(fault.detail in caught.value.detail for fault in caught.value.faults)


def test_every_ratio_at_fault_is_told() -> None:
    numbers = {"offered": 600, "payable": 512, "used": 1, "running": 0, "paid": 9, "settled": 8}
    with pytest.raises(NumeratorAboveDenominator) as caught:
        score_measurements(ONLINE_PAYMENT, MAX, numbers)
    names = ["offered", "running", "paid"]
    assert [fault.field for fault in caught.value.faults] == [f"measurements.{name}" for name in names]


def test_an_optional_number_may_be_missing_or_empty() -> None:
    given_numbers = {"targets": 20, "exceeded": 14, "met": 6, "missed": None}
    assert "missed" not in read_measurements(TARGETS, given_numbers)
    assert read_measurements(TARGETS, given_numbers | {"missed": 0})["missed"] == "0"


@pytest.mark.parametrize("rule", [DECLARED, SURVEYED])
def test_rules_without_formula_take_no_numbers(rule: Rule) -> None:
    for use in (score_measurements, derive, marginal):
        with pytest.raises(ScoreNotAccepted) as caught:
            use(rule, MAX, {})
        assert caught.value.field == "measurements"
