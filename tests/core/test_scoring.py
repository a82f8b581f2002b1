"""Scores, derivations, yields, and the four figures of a task."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.scoring import (
    Rule,
    Scores,
    check_declared,
    check_score,
    check_target,
    derive,
    format_points,
    in_vietnamese,
    marginal,
    parse_rule,
    round_points,
    score_measurements,
    task_scores,
)
from app.errors import InvalidInput, OutsideRuleDomain, ScoreNotAccepted, ScoreOutOfRange, ZeroDenominator
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
