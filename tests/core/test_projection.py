"""The projection of the real 2024 criteria: figures, derivations, the next best point, what if."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from app.core.projection import (
    Benchmark,
    CriterionState,
    Interval,
    Projection,
    next_best,
    no_such_task,
    project,
    what_if,
)
from app.core.scoring import Scores, format_points, parse_points, parse_rule
from app.errors import (
    InvalidInput,
    MissingMeasurement,
    NotFound,
    NumeratorAboveDenominator,
    OutsideRuleDomain,
    Problem,
    ScoreNotAccepted,
    ScoreOutOfRange,
    UnknownMeasurement,
)
from tests.core.real_2024 import (
    APPRAISED,
    CRITERIA,
    FIELDS,
    GROUP_MAXIMA,
    ONLINE_FILES,
    SURVEY,
    appraised,
    survey,
)

GROUP_A = Benchmark("Nhóm A", parse_points("90"), "threshold")
MEAN = Benchmark("Trung bình cả nước", parse_points("88.37"), "mean")
STATUSES = ("assigned", "in_progress", "submitted", "returned", "accepted", "closed")


def real(
    criteria: Iterable[CriterionState] = CRITERIA, benchmarks: Sequence[Benchmark] = (GROUP_A, MEAN)
) -> Projection:
    return project(FIELDS, criteria, benchmarks, 63, group_maxima=GROUP_MAXIMA, own_rank=58)


def with_changes(**by_code: Mapping[str, Any]) -> list[CriterionState]:
    """`TC_16={"status": …}` changes criterion ST-2024-TC-16."""
    changes = {f"ST-2024-{short.replace('_', '-')}": change for short, change in by_code.items()}
    return [one._replace(**changes.get(one.code, {})) for one in CRITERIA]


def shown(scores: Scores) -> list[str]:
    return [format_points(one) for one in scores]


# The real assessment


def test_the_published_total_is_what_the_ministry_published() -> None:
    assert (len(APPRAISED), len(SURVEY)) == (21, 27)
    projection = real()
    assert projection.max_points == parse_points("100")
    assert shown(projection.scores) == ["84.8272", "84.8272", "84.8272", "100.0000"]


def test_fields_and_groups_have_their_published_scores() -> None:
    projection = real()
    fields = [format_points(one.scores.published) for one in projection.fields]
    assert fields == ["9.3703", "8.8936", "11.3459", "9.8144", "12.1017", "10.4323", "10.7838", "12.0852"]
    groups = {one.key: format_points(one.scores.published) for one in projection.groups}
    assert groups == {
        "appraisal": "54.1169",
        "socio_economic": "3.8500",
        "officials_survey": "18.6251",
        "sipas": "8.2352",
    }
    assert [one.max_points for one in projection.groups] == list(GROUP_MAXIMA.values())


def test_the_gap_has_three_parts() -> None:
    gap = real().gap
    parts = [format_points(one.published) for one in gap]
    assert parts == ["7.3831", "2.6500", "5.1397"]
    assert [one.ceiling for one in gap] == [0, 0, 0]


def test_the_gap_shrinks_by_what_was_verified_and_what_is_expected() -> None:
    states = with_changes(
        TC_15={"status": "accepted", "verified": 10_000}, TC_14={"status": "submitted", "reported": 5000}
    )
    assert shown(real(states).gap.controllable) == ["7.3831", "6.9456", "6.4456", "0.0000"]


def test_distances_are_figure_minus_benchmark() -> None:
    group_a, mean = real().benchmarks
    assert shown(group_a.distance) == ["-5.1728", "-5.1728", "-5.1728", "10.0000"]
    assert format_points(mean.distance.published) == "-3.5428"


def test_ranks_are_intervals() -> None:
    ranks = real().ranks
    assert ranks.published == ranks.floor == ranks.expected == Interval(58, 58)
    assert ranks.ceiling == Interval(1, 58)
    known = (MEAN, Benchmark("Tỉnh thứ 30", parse_points("88.50"), "province", rank=30))
    bounded = real(with_changes(TC_20={"status": "submitted", "reported": 20_000}), known).ranks
    assert bounded.expected == Interval(31, 58)
    reached = real(benchmarks=[GROUP_A._replace(provinces=13), Benchmark("Sóc Trăng", 848_300, "self", rank=58)]).ranks
    assert (reached.published, reached.ceiling) == (Interval(58, 58), Interval(1, 14))
    assert project(FIELDS, CRITERIA, [MEAN], 63, group_maxima=GROUP_MAXIMA).ranks.published == Interval(1, 63)


def test_criteria_come_by_kind_and_number_with_their_confidence() -> None:
    criteria = real(reversed(CRITERIA)).criteria
    assert [one.code for one in criteria] == [one.code for one in CRITERIA]
    assert {one.code: one.confidence for one in criteria}["ST-2024-TC-16"] == "reproduces"
    assert (criteria[2].agency, criteria[2].status, criteria[2].confidence) == ("SNV", "assigned", "declared")


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ([*CRITERIA, CRITERIA[0]], "ST-2024-TC-01 bị lặp lại"),
        ([CRITERIA[0]._replace(field=9)], "lĩnh vực 9"),
        ([CRITERIA[0]._replace(group="other")], "nhóm điểm “other”"),
    ],
)
def test_a_criterion_outside_the_frame_is_refused_not_lost(states: list[CriterionState], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        real(states)


def test_an_assessment_without_unmet_criteria_has_everything() -> None:
    assert set(real([]).scores) == {parse_points("100")}


# Derivations


def derivations(code: str, states: Iterable[CriterionState]) -> tuple[str, ...]:
    return next(one.derivations for one in real(states).criteria if one.code == code)


def test_an_executable_rule_explains_each_figure_by_its_numbers() -> None:
    change = {
        "status": "in_progress",
        "reported": parse_points("1.2"),
        "current_measurements": {"online": "80", "files": "100"},
    }
    assert derivations("ST-2024-TC-16", with_changes(TC_16=change)) == (
        "1,5 × 94.511/168.561 = 0,8410",
        "1,5 × 94.511/168.561 = 0,8410",
        "1,5 × 80/100 = 1,2000",
        "Điểm tối đa: 1,5000",
    )
    verified = {
        "status": "accepted",
        "verified": parse_points("0.75"),
        "verified_measurements": {"online": "1", "files": "2"},
    }
    line = "1,5 × 1/2 = 0,7500"
    assert derivations("ST-2024-TC-16", with_changes(TC_16=change | verified))[1:] == (line, line, line)


def test_a_returned_report_explains_nothing() -> None:
    change = {"status": "returned", "reported": 12_000, "current_measurements": {"online": "80", "files": "100"}}
    lines = derivations("ST-2024-TC-16", with_changes(TC_16=change))
    assert lines[2] == lines[0]


def test_stated_scores_are_named() -> None:
    declared = with_changes(TC_03={"status": "submitted", "reported": 5000, "target": 9000})
    assert derivations("ST-2024-TC-03", declared) == (
        "Điểm công bố: 0,4286",
        "Điểm công bố: 0,4286",
        "Điểm tự chấm: 0,5000",
        "Điểm mục tiêu: 0,9000",
    )
    accepted = with_changes(TC_03={"status": "accepted", "verified": 6000})
    assert derivations("ST-2024-TC-03", accepted)[1:] == ("Điểm đã xác nhận: 0,6000",) * 3
    closed = with_changes(TC_03={"status": "closed"})
    assert derivations("ST-2024-TC-03", closed) == ("Điểm công bố: 0,4286",) * 4


@pytest.mark.parametrize("status", STATUSES)
def test_a_survey_score_is_named_as_such(status: str) -> None:
    lines = derivations("ST-2024-KS-27", with_changes(KS_27={"status": status, "verified": 1, "reported": 2}))
    published = "Điểm điều tra xã hội học công bố: 1,6074"
    assert lines == (published, published, published, published if status == "closed" else "Điểm tối đa: 2,0000")


@pytest.mark.parametrize(
    "measured",
    [{"online": "94511"}, {"renamed": "1", "files": "2"}, {"online": "1", "files": "2"}, None],
    ids=["incomplete", "older rule", "another score", "none"],
)
def test_numbers_that_do_not_give_the_score_do_not_explain_it(measured: dict[str, str] | None) -> None:
    change = {"status": "submitted", "reported": 9000, "current_measurements": measured}
    assert derivations("ST-2024-TC-16", with_changes(TC_16=change))[2] == "Điểm tự chấm: 0,9000"


def test_published_numbers_of_the_criterion_go_before_those_of_its_rule() -> None:
    published = {"online": "56", "files": "100"}
    assert derivations("ST-2024-TC-16", with_changes(TC_16={"published_measurements": published}))[0] == (
        "Điểm công bố: 0,8410"
    )


# The next best point


def test_the_real_next_steps_start_with_what_yields_most() -> None:
    found = next_best(CRITERIA)
    assert [(one.code, format_points(one.closing)) for one in found[:8]] == [
        ("ST-2024-TC-09", "1.0000"),
        ("ST-2024-TC-18", "1.0000"),
        ("ST-2024-TC-19", "1.0000"),
        ("ST-2024-TC-17", "0.9814"),
        ("ST-2024-TC-16", "0.6590"),
        ("ST-2024-TC-03", "0.5714"),
        ("ST-2024-TC-04", "0.5000"),
        ("ST-2024-TC-06", "0.5000"),
    ]
    services = next(one for one in found if one.code == "ST-2024-TC-15")
    (used,) = services.steps
    assert (used.one_more, used.closing, services.closing, services.confidence) == (625, 4375, 4375, "reproduces")


def test_every_appraised_task_has_one_entry_and_its_numbers_inside() -> None:
    found = next_best(CRITERIA)
    assert sorted(one.code for one in found) == [one.code for one in CRITERIA[:21]]
    by_code = {one.code: one for one in found}
    assert sum(one.closing for one in found) == sum(one.max_points - one.published for one in CRITERIA[:21])
    payment = by_code["ST-2024-TC-17"]
    assert [(step.name, step.closing) for step in payment.steps] == [("paid", 4218), ("used", 4014), ("offered", 1582)]
    assert {code: len(one.steps) for code, one in by_code.items() if one.steps} == {
        "ST-2024-TC-15": 1,
        "ST-2024-TC-16": 1,
        "ST-2024-TC-17": 3,
        "ST-2024-TC-21": 1,
    }


def test_equal_closings_are_ordered_by_one_more_unit() -> None:
    states = [CRITERIA[14]._replace(code=code, rule=ONLINE_FILES, max_points=15_000, published=7500) for code in "AB"]
    states[0] = states[0]._replace(published_measurements={"online": "100", "files": "200"})
    states[1] = states[1]._replace(published_measurements={"online": "1", "files": "2"})
    found = [(one.code, one.steps[0].one_more, one.closing) for one in next_best(states)]
    assert found == [("B", 7500, 7500), ("A", 75, 7500)]


@pytest.mark.parametrize("status", ["accepted", "closed"])
def test_finished_tasks_have_no_next_step(status: str) -> None:
    assert next_best([one._replace(status=status) for one in CRITERIA]) == []


def test_steps_go_on_from_the_numbers_that_count() -> None:
    measured = {"reported": 9375, "current_measurements": {"in_use": "15", "services": "16"}}
    for status, current in (("in_progress", "15"), ("submitted", "15"), ("returned", "9"), ("assigned", "9")):
        (one,) = next_best([CRITERIA[14]._replace(status=status, **measured)])
        (step,) = one.steps
        assert step.current == current
        assert one.closing == step.closing == (16 - int(current)) * 625


def test_without_numbers_only_reaching_the_target_counts() -> None:
    unmeasured = CRITERIA[15]._replace(published_measurements={}, target=10_000)
    assert [(one.steps, one.closing) for one in next_best([unmeasured])] == [((), 1590)]
    reached = CRITERIA[2]._replace(status="submitted", reported=10_000)
    assert next_best([reached]) == []


def test_closing_goes_as_far_as_the_target() -> None:
    (one,) = next_best([CRITERIA[15]._replace(target=10_000)])
    assert (one.closing, one.steps[0].closing) == (1590, 6590)
    assert next_best([CRITERIA[15]._replace(target=8410)]) == []


def test_a_number_that_would_lose_points_is_no_step() -> None:
    """More units on offer, of which no more are used, cost more than the offer yields."""
    names = ("offered", "wanted", "used")
    rule = parse_rule(
        {
            "kind": "ratios",
            "inputs": [{"name": name, "label": name} for name in names],
            "terms": [
                {"points": "0.1", "numerator": "offered", "denominator": "wanted"},
                {"points": "1.0", "numerator": "used", "denominator": "offered"},
            ],
            "confidence": "cited",
            "citation": "Mẫu",
        }
    )
    measured = {"offered": "50", "wanted": "100", "used": "40"}
    state = CRITERIA[16]._replace(rule=rule, published=8500, max_points=11_000, published_measurements=measured)
    (one,) = next_best([state])
    assert [(step.name, step.closing) for step in one.steps] == [("used", 2000)]
    assert one.closing == 2500


# What if


def expected(states: Iterable[CriterionState]) -> str:
    return format_points(real(states).scores.expected)


def test_online_payments_of_forty_percent_of_files() -> None:
    states = what_if(CRITERIA, {"ST-2024-TC-17": {"measurements": {"paid": 102733}}})
    assert expected(states) == "84.9490"  # 0.5 × (40 % − 15.6483 %) more
    derivation = derivations("ST-2024-TC-17", states)[2]
    assert derivation == "0,5 × (350/512 + 69/350 + 102.733/256.833) = 0,6404"


def test_a_score_may_be_assumed_for_any_appraised_criterion() -> None:
    states = what_if(CRITERIA, {"ST-2024-TC-15": {"score": "1.0"}, "ST-2024-TC-03": {"score": "0"}})
    assert expected(states) == "84.8361"
    assert derivations("ST-2024-TC-15", states)[2] == "Điểm giả định: 1,0000"
    assert [one.code for one in states] == [one.code for one in CRITERIA]


def test_an_assumption_moves_the_expected_score_only_also_of_finished_tasks() -> None:
    accepted = with_changes(TC_15={"status": "accepted", "verified": 7000}, TC_14={"status": "closed"})
    before = real(accepted).scores
    states = what_if(accepted, {"ST-2024-TC-15": {"score": "0.9"}, "ST-2024-TC-14": {"score": "0.5"}})
    assert real(states).scores == before._replace(expected=before.expected + 2000 + 5000)


@pytest.mark.parametrize(
    ("status", "files", "score"), [("submitted", 160, 7500), ("accepted", 40, 7500), ("returned", 189022, 7500)]
)
def test_numbers_that_are_not_given_stay_as_they_count_now(status: str, files: int, score: int) -> None:
    change = {
        "status": status,
        "current_measurements": {"online": "80", "files": "100"},
        "verified_measurements": {"online": "20", "files": "100"},
    }
    states = what_if(with_changes(TC_16=change), {"ST-2024-TC-16": {"measurements": {"files": files}}})
    assert states[15].assumed == score


def test_next_steps_after_an_assumption_start_from_it() -> None:
    (state,) = what_if([CRITERIA[14]], {CRITERIA[14].code: {"measurements": {"in_use": 12}}})
    (one,) = next_best([state])
    assert (one.steps[0].current, one.closing) == ("12", 2500)
    (state,) = what_if([CRITERIA[14]], {CRITERIA[14].code: {"score": "0.9"}})
    (one,) = next_best([state])
    assert (one.steps, one.closing) == ((), 1000)


@pytest.mark.parametrize(
    ("code", "change", "error", "field"),
    [
        ("TC-99", {"score": "1"}, NotFound, ""),
        ("KS-27", {"score": "1"}, ScoreNotAccepted, ""),
        ("KS-27", {"measurements": {}}, ScoreNotAccepted, ""),
        ("TC-03", {"measurements": {"x": 1}}, ScoreNotAccepted, ".measurements"),
        ("TC-03", {"score": "1.0001"}, ScoreOutOfRange, ".score"),
        ("TC-03", {"score": 0.5}, InvalidInput, ".score"),
        ("TC-15", {"score": "-1"}, ScoreOutOfRange, ".score"),
        ("TC-15", {}, InvalidInput, ""),
        ("TC-15", {"score": "1", "measurements": {}}, InvalidInput, ""),
        ("TC-15", {"points": "1"}, InvalidInput, ""),
        ("TC-15", "1", InvalidInput, ""),
        ("TC-15", {"measurements": [1]}, InvalidInput, ".measurements"),
        ("TC-15", {"measurements": {"in_use": 17}}, NumeratorAboveDenominator, ".measurements.in_use"),
        ("TC-15", {"measurements": {"in_use": None}}, MissingMeasurement, ".measurements.in_use"),
        ("TC-15", {"measurements": {"files": 1}}, UnknownMeasurement, ".measurements.files"),
        ("TC-21", {"measurements": {"met": 5, "missed": 1}}, OutsideRuleDomain, ".measurements.missed"),
    ],
)
def test_an_impossible_assumption_names_its_task_and_field(
    code: str, change: Any, error: type[Problem], field: str
) -> None:
    with pytest.raises(error) as caught:
        what_if(CRITERIA, {f"ST-2024-{code}": change})
    assert type(caught.value) is error
    assert caught.value.field == f"tasks.ST-2024-{code}{field}"


def test_an_unknown_task_is_called_what_a_task_out_of_sight_is_called() -> None:
    with pytest.raises(NotFound) as caught:
        what_if(CRITERIA, {"ST-2024-TC-99": {"score": "1"}})
    words = "Trong kỳ đánh giá này, nhiệm vụ ST-2024-TC-99 không có, hoặc không thuộc phạm vi của bạn."
    assert caught.value.detail == no_such_task("ST-2024-TC-99").detail == words


def test_a_what_if_changes_nothing_it_was_given() -> None:
    change = {"ST-2024-TC-15": {"measurements": {"in_use": 12}}}
    copy = {code: {"measurements": dict(one["measurements"])} for code, one in change.items()}
    before = [one._replace() for one in CRITERIA]
    what_if(CRITERIA, change)
    assert (change, list(CRITERIA)) == (copy, before)
    assert what_if(CRITERIA, {}) == before


def test_measured_can_be_worse_than_published() -> None:
    """floor ≤ expected is no law."""
    worse = with_changes(TC_16={"status": "submitted", "reported": 4000})
    scores = real(worse).scores
    assert scores.expected < scores.floor


def test_the_tables_of_the_report_are_told_apart_by_kind() -> None:
    assert appraised(APPRAISED[17]).group == "socio_economic"
    assert (survey(SURVEY[21]).group, survey(SURVEY[22]).group) == ("officials_survey", "sipas")
