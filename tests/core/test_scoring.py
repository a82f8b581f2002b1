"""Points, rules, measurements, scores, derivations, yields, and the four figures of a task."""

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
    Scores,
    Term,
    WeightedCounts,
    check_declared,
    check_score,
    check_target,
    derive,
    format_points,
    in_vietnamese,
    marginal,
    parse_points,
    parse_rule,
    read_measurements,
    round_points,
    score_measurements,
    task_scores,
)
from app.errors import (
    InvalidInput,
    MissingMeasurement,
    NegativeMeasurement,
    NumeratorAboveDenominator,
    OutsideRuleDomain,
    Problem,
    ScoreNotAccepted,
    ScoreOutOfRange,
    SeedInvalid,
    UnknownMeasurement,
    ZeroDenominator,
)
from tests.core.real_2024 import (
    CRITERIA,
    DATA_SERVICES,
    DECLARED,
    EXECUTABLE,
    ONLINE_FILES,
    ONLINE_PAYMENT,
    SURVEYED,
    TARGETS,
)

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
    assert read_measurements(ONLINE_FILES, {"files": "12.50", "online": "0.0001"}) == {
        "online": "0.0001",
        "files": "12.5",
    }


@given(st.integers(0, 10**19 - 1))
def test_reading_what_was_read_changes_nothing(scaled: int) -> None:
    text = format_points(scaled)
    read = read_measurements(ONLINE_FILES, {"online": text, "files": text})
    assert Fraction(read["online"]) == Fraction(text)
    assert read_measurements(ONLINE_FILES, read) == read


def test_a_thousand_separator_is_never_taken_for_a_decimal_point() -> None:
    with pytest.raises(InvalidInput, match=r"Viết 94511 nếu là số nguyên, 94\.5110 nếu là số lẻ"):
        read_measurements(ONLINE_FILES, {"online": "94.511", "files": "168561"})
    assert read_measurements(ONLINE_FILES, {"online": "94.5110", "files": "168561"})["online"] == "94.5110"
    assert read_measurements(ONLINE_FILES, {"online": "0.125", "files": "1"})["online"] == "0.1250"


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
        ({"online": 10, "files": "9.9999"}, NumeratorAboveDenominator, "measurements.online"),
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
    with pytest.raises(MissingMeasurement, match=r"Tổng số hồ sơ \(files\)"):
        score_measurements(ONLINE_FILES, MAX, {"online": 1})


def test_targets_are_counted_in_whole_numbers() -> None:
    with pytest.raises(InvalidInput, match="Chỉ tiêu đạt: phải là số nguyên"):
        read_measurements(TARGETS, {"targets": 20, "exceeded": 14, "met": "5.5"})


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


# Scores


@pytest.mark.parametrize("number", EXECUTABLE)
def test_every_published_score_that_a_rule_reproduces_comes_out(number: int) -> None:
    criterion = next(one for one in CRITERIA if one.kind == "appraised" and one.number == number)
    measured = criterion.rule.published_measurements
    assert score_measurements(criterion.rule, criterion.max_points, measured) == criterion.published


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (15, "1 × 9/16 = 0,5625"),
        (16, "1,5 × 94.511/168.561 = 0,8410"),
        (17, "0,5 × (350/512 + 69/350 + 40.190/256.833) = 0,5186"),
        (21, "(14 × 1,5 + 6 × 1)/20 = 1,3500"),
    ],
)
def test_a_derivation_can_be_recomputed_by_hand(number: int, line: str) -> None:
    assert derive(EXECUTABLE[number], MAX, EXECUTABLE[number].published_measurements) == line


def linked_rule(**changes: str) -> Rule:
    """Criterion 17 with its 350 as one input: above one fraction line, below another."""
    names = ("offered", "payable", "used", "paid", "settled")
    pairs = (("offered", "payable"), ("used", "offered"), ("paid", "settled"))
    terms = [{"points": changes.get(a, "0.5"), "numerator": a, "denominator": b} for a, b in pairs]
    inputs = [{"name": name, "label": name} for name in names]
    return parse_rule({"kind": "ratios", "inputs": inputs, "terms": terms, "confidence": "cited", "citation": "x"})


def test_different_weights_are_written_out() -> None:
    measured = {"offered": "10", "payable": 20, "used": "2.5", "paid": 0, "settled": 7}
    line = "0,25 × 10/20 + 0,5 × 2,5/10 + 0,5 × 0/7 = 0,2500"
    assert derive(linked_rule(offered="0.25"), MAX, measured) == line


def test_a_missed_target_lies_outside_what_was_observed() -> None:
    with pytest.raises(OutsideRuleDomain) as caught:
        score_measurements(TARGETS, MAX, {"targets": 20, "exceeded": 14, "met": 5, "missed": 1})
    assert caught.value.field == "measurements.missed"


@pytest.mark.parametrize("met", [5, 7])
def test_classes_must_add_up_to_their_total(met: int) -> None:
    with pytest.raises(InvalidInput, match=rf"Chỉ tiêu vượt \+ Chỉ tiêu đạt = {14 + met}, phải bằng .* \(20\)"):
        score_measurements(TARGETS, MAX, {"targets": 20, "exceeded": 14, "met": met})


def test_no_targets_give_no_score() -> None:
    with pytest.raises(ZeroDenominator) as caught:
        score_measurements(TARGETS, MAX, {"targets": 0, "exceeded": 0, "met": 0})
    assert caught.value.field == "measurements.targets"


pairs = st.integers(1, 10**6).flatmap(lambda den: st.tuples(st.integers(0, den), st.just(den)))


@given(pairs)
def test_a_ratio_scores_between_nothing_and_its_points(pair: tuple[int, int]) -> None:
    online, files = pair
    score = score_measurements(ONLINE_FILES, MAX, {"online": online, "files": files})
    assert 0 <= score <= MAX
    assert (score == MAX) == (Fraction(online, files) * MAX >= MAX - Fraction(1, 2))


@given(st.tuples(pairs, pairs, pairs))
def test_a_sum_of_ratios_is_rounded_once(three: tuple[tuple[int, int], ...]) -> None:
    names = (("offered", "payable"), ("used", "running"), ("paid", "settled"))
    measured = {
        name: number for two, pair in zip(names, three, strict=True) for name, number in zip(two, pair, strict=True)
    }
    exact = sum((Fraction(*pair) for pair in three), Fraction(0)) / 2
    score = score_measurements(ONLINE_PAYMENT, MAX, measured)
    assert score == round_points(exact)
    assert derive(ONLINE_PAYMENT, MAX, measured).endswith(f" = {in_vietnamese(format_points(score))}")


@given(pairs)
def test_one_more_file_never_lowers_an_unlinked_score(pair: tuple[int, int]) -> None:
    online, files = pair
    scores = [
        score_measurements(ONLINE_FILES, MAX, {"online": n, "files": files}) for n in range(online, files + 1)[:2]
    ]
    assert scores == sorted(scores)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_targets_score_between_met_and_exceeded(exceeded: int, met: int) -> None:
    if exceeded + met:
        score = score_measurements(TARGETS, MAX, {"targets": exceeded + met, "exceeded": exceeded, "met": met})
        assert 10_000 <= score <= 15_000


# What one more unit yields


def test_one_more_service_and_all_of_them() -> None:
    (step,) = marginal(DATA_SERVICES, 10_000, DATA_SERVICES.published_measurements)
    assert (step.name, step.label, step.unit) == ("in_use", "Số dịch vụ dữ liệu đã sử dụng", "dịch vụ")
    assert (step.current, step.full, step.becomes) == ("9", "16", None)
    assert (step.one_more, step.closing) == (625, 4375)
    assert (step.one_more_exact, step.closing_exact) == (Fraction(1, 16), Fraction(7, 16))


def test_a_yield_too_small_for_four_decimals_keeps_its_exact_value() -> None:
    (step,) = marginal(ONLINE_FILES, MAX, ONLINE_FILES.published_measurements)
    assert step.one_more == 0
    assert step.one_more_exact == Fraction(3, 2) / 168561
    assert step.closing == 15_000 - 8410


def test_each_payment_number_has_its_yield() -> None:
    steps = {one.name: one for one in marginal(ONLINE_PAYMENT, MAX, ONLINE_PAYMENT.published_measurements)}
    assert {name: (one.one_more, one.closing) for name, one in steps.items()} == {
        "offered": (10, 1582),
        "used": (14, 4014),
        "paid": (0, 4218),
    }


def test_a_met_target_becomes_an_exceeded_one() -> None:
    (step,) = marginal(TARGETS, MAX, TARGETS.published_measurements)
    assert (step.name, step.becomes, step.current, step.full) == ("met", "Chỉ tiêu vượt", "6", "0")
    assert (step.one_more, step.closing) == (250, 1500)


def test_what_is_full_has_no_next_step() -> None:
    assert marginal(DATA_SERVICES, 10_000, {"in_use": 16, "services": 16}) == []
    assert marginal(TARGETS, MAX, {"targets": 20, "exceeded": 20, "met": 0}) == []


def test_a_linked_number_is_scored_on_both_sides() -> None:
    measured = {"offered": 350, "payable": 512, "used": 69, "paid": 40190, "settled": 256833}
    rule = linked_rule()
    steps = {one.name: one for one in marginal(rule, MAX, measured)}
    closed = measured | {"offered": 512}
    yielded = score_measurements(rule, MAX, closed) - score_measurements(rule, MAX, measured)
    assert abs(steps["offered"].closing - yielded) <= 1
    assert steps["offered"].closing < 1582
    assert steps["used"].full == "350"
    # Many uses of few procedures: offering more of them costs points.
    steep = {one.name: one for one in marginal(rule, MAX, {**measured, "offered": 70, "used": 69})}
    assert steep["offered"].one_more < 0


def test_a_number_above_two_fraction_lines_is_closed_by_the_lower_one() -> None:
    terms = [{"points": "0.5", "numerator": "a", "denominator": b} for b in ("b", "c")]
    inputs = [{"name": name, "label": name} for name in "abc"]
    rule = parse_rule({"kind": "ratios", "inputs": inputs, "terms": terms, "confidence": "cited", "citation": "x"})
    (step,) = marginal(rule, MAX, {"a": "9.5", "b": 10, "c": 20})
    assert step.full == "10"
    assert step.one_more_exact == step.closing_exact == Fraction("0.5") * (Fraction("0.5") / 10 + Fraction("0.5") / 20)


@given(pairs)
def test_closing_reaches_exactly_what_scoring_says(pair: tuple[int, int]) -> None:
    measured = {"online": pair[0], "files": pair[1]}
    for step in marginal(ONLINE_FILES, MAX, measured):
        assert 0 < step.one_more_exact <= step.closing_exact
        now = Fraction(3, 2) * Fraction(*pair)
        assert score_measurements(ONLINE_FILES, MAX, measured | {step.name: step.full}) == round_points(
            now + step.closing_exact
        )


# Scores that are declared, targets


def test_a_declared_score_lies_between_nothing_and_the_maximum() -> None:
    assert check_declared(DECLARED, 10_000, "0") == 0
    assert check_declared(DECLARED, 10_000, "1.0000") == 10_000
    for text in ("1.0001", "-0.0001"):
        with pytest.raises(ScoreOutOfRange, match="từ 0,0000 đến 1,0000") as caught:
            check_declared(DECLARED, 10_000, text)
        assert caught.value.field == "declared_score"
    with pytest.raises(InvalidInput) as unreadable:
        check_score(10_000, "một")
    assert unreadable.value.field == "score"


@pytest.mark.parametrize(("rule", "says"), [(TARGETS, "tính từ số liệu"), (SURVEYED, "kỳ khảo sát sau")])
def test_no_score_is_declared_where_numbers_or_the_survey_decide(rule: Rule, says: str) -> None:
    with pytest.raises(ScoreNotAccepted, match=says) as caught:
        check_declared(rule, MAX, "1", field="verified_score")
    assert caught.value.field == "verified_score"


def test_a_target_is_not_below_what_stands_already() -> None:
    assert check_target(10_000, 5625, "0.5625") == 5625
    assert check_target(10_000, 5625, 1) == 10_000
    for text in ("0.5624", "1.0001"):
        with pytest.raises(ScoreOutOfRange, match="Điểm mục tiêu phải từ 0,5625 đến 1,0000") as caught:
            check_target(10_000, 5625, text)
        assert caught.value.field == "target"


# The four figures of a task


def figures(kind: str, status: str, **more: int | None) -> Scores:
    return task_scores(kind=kind, status=status, published=4000, max_points=10_000, **more)


@pytest.mark.parametrize(
    ("status", "scores"),
    [
        ("assigned", (4000, 4000, 4000, 9000)),
        ("in_progress", (4000, 4000, 6000, 9000)),
        ("submitted", (4000, 4000, 6000, 9000)),
        ("returned", (4000, 4000, 4000, 9000)),
        ("accepted", (4000, 5000, 5000, 5000)),
        ("closed", (4000, 4000, 4000, 4000)),
    ],
)
def test_the_figures_follow_the_status(status: str, scores: tuple[int, ...]) -> None:
    assert figures("appraised", status, target=9000, verified=5000, reported=6000) == scores


def test_without_target_the_maximum_is_the_ceiling() -> None:
    assert figures("appraised", "in_progress") == (4000, 4000, 4000, 10_000)
    assert figures("appraised", "accepted") == (4000, 4000, 4000, 4000)


def test_a_zero_is_a_score() -> None:
    assert figures("appraised", "submitted", reported=0).expected == 0
    assert figures("appraised", "accepted", verified=0).floor == 0
    assert figures("appraised", "assigned", target=0).ceiling == 0


@pytest.mark.parametrize("status", ["assigned", "in_progress", "submitted", "returned", "accepted"])
def test_a_survey_score_never_moves_but_could(status: str) -> None:
    assert figures("survey", status, verified=5000, reported=6000) == (4000, 4000, 4000, 10_000)
    assert figures("survey", status, target=8000) == (4000, 4000, 4000, 8000)


def test_a_closed_survey_task_gives_up_its_ceiling() -> None:
    assert figures("survey", "closed", target=8000) == (4000, 4000, 4000, 4000)


STATUSES = ("assigned", "in_progress", "submitted", "returned", "accepted", "closed")
inside = st.integers(0, 10_000)
perhaps = st.none() | inside


@given(
    st.sampled_from(["appraised", "survey"]), st.sampled_from(STATUSES), inside, st.none() | inside, perhaps, perhaps
)
def test_figures_stay_in_bounds_and_the_floor_below_the_ceiling(
    kind: str, status: str, published: int, target: int | None, verified: int | None, reported: int | None
) -> None:
    goal = None if target is None else max(target, published)
    scores = task_scores(
        kind=kind,
        status=status,
        published=published,
        max_points=10_000,
        target=goal,
        verified=verified,
        reported=reported,
    )
    assert all(0 <= one <= 10_000 for one in scores)
    assert scores.published == published
    assert scores.floor <= scores.ceiling
    if target is None and status not in ("accepted", "closed"):
        assert scores.expected <= scores.ceiling
