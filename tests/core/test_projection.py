"""The projection of the real 2024 criteria, and the laws that hold for any."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.projection import (
    Benchmark,
    CriterionState,
    FieldFrame,
    Interval,
    Projection,
    Standing,
    check_standings,
    next_best,
    project,
    rank_interval,
    what_if,
)
from app.core.scoring import Rule, Scores, format_points, parse_points
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
from tests.core.real_2024 import APPRAISED, CRITERIA, FIELDS, GROUP_MAXIMA, ONLINE_FILES, SURVEY, appraised, survey

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
        "Điểm đơn vị tự chấm: 0,5000",
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
    assert derivations("ST-2024-TC-16", with_changes(TC_16=change))[2] == "Điểm đơn vị tự chấm: 0,9000"


def test_published_numbers_of_the_criterion_go_before_those_of_its_rule() -> None:
    published = {"online": "56", "files": "100"}
    assert derivations("ST-2024-TC-16", with_changes(TC_16={"published_measurements": published}))[0] == (
        "Điểm công bố: 0,8410"
    )


# The next best point


def test_the_real_next_steps_start_with_what_yields_most() -> None:
    steps = next_best(CRITERIA)
    assert [(one.code, one.input and one.input.name, format_points(one.closing)) for one in steps[:8]] == [
        ("ST-2024-TC-09", None, "1.0000"),
        ("ST-2024-TC-18", None, "1.0000"),
        ("ST-2024-TC-19", None, "1.0000"),
        ("ST-2024-TC-16", "online", "0.6590"),
        ("ST-2024-TC-03", None, "0.5714"),
        ("ST-2024-TC-04", None, "0.5000"),
        ("ST-2024-TC-06", None, "0.5000"),
        ("ST-2024-TC-07", None, "0.5000"),
    ]
    services = next(one for one in steps if one.code == "ST-2024-TC-15")
    assert (services.one_more, services.closing, services.confidence) == (625, 4375, "reproduces")
    assert not any(one.code.startswith("ST-2024-KS") for one in steps)
    # 17 criteria without rule, and 1 + 1 + 3 + 1 numbers of the four with one.
    assert len(steps) == 23


def test_equal_closings_are_ordered_by_one_more_unit() -> None:
    states = [CRITERIA[14]._replace(code=code, rule=ONLINE_FILES, max_points=15_000) for code in ("A", "B")]
    states[0] = states[0]._replace(published_measurements={"online": "100", "files": "200"})
    states[1] = states[1]._replace(published_measurements={"online": "1", "files": "2"})
    assert [(one.code, one.one_more, one.closing) for one in next_best(states)] == [
        ("B", 7500, 7500),
        ("A", 75, 7500),
    ]


@pytest.mark.parametrize("status", ["accepted", "closed"])
def test_finished_tasks_have_no_next_step(status: str) -> None:
    assert next_best([one._replace(status=status) for one in CRITERIA]) == []


def test_steps_go_on_from_the_numbers_that_count() -> None:
    measured = {"reported": 9375, "current_measurements": {"in_use": "15", "services": "16"}}
    for status, current in (("in_progress", "15"), ("submitted", "15"), ("returned", "9"), ("assigned", "9")):
        (step,) = next_best([CRITERIA[14]._replace(status=status, **measured)])
        assert step.input is not None
        assert step.input.current == current


def test_without_numbers_only_reaching_the_target_counts() -> None:
    unmeasured = CRITERIA[15]._replace(published_measurements={}, target=10_000)
    assert [(one.input, one.one_more, one.closing) for one in next_best([unmeasured])] == [(None, None, 1590)]
    reached = CRITERIA[2]._replace(status="submitted", reported=10_000)
    assert next_best([reached]) == []


# What if


def expected(states: Iterable[CriterionState]) -> str:
    return format_points(real(states).scores.expected)


def test_online_payments_of_forty_percent_of_files() -> None:
    states = what_if(CRITERIA, {"ST-2024-TC-17": {"measurements": {"paid": "102733.2"}}})
    assert expected(states) == "84.9490"  # 0.5 × (40 % − 15.6483 %) more
    derivation = derivations("ST-2024-TC-17", states)[2]
    assert derivation == "0,5 × (350/512 + 69/350 + 102.733,2/256.833) = 0,6404"


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
    (step,) = next_best([state])
    assert step.input is not None
    assert (step.input.current, step.closing) == ("12", 2500)
    (state,) = what_if([CRITERIA[14]], {CRITERIA[14].code: {"score": "0.9"}})
    (step,) = next_best([state])
    assert (step.input, step.closing) == (None, 1000)


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


def test_a_what_if_changes_nothing_it_was_given() -> None:
    change = {"ST-2024-TC-15": {"measurements": {"in_use": 12}}}
    copy = {code: {"measurements": dict(one["measurements"])} for code, one in change.items()}
    before = [one._replace() for one in CRITERIA]
    what_if(CRITERIA, change)
    assert (change, list(CRITERIA)) == (copy, before)
    assert what_if(CRITERIA, {}) == before


# Ranks

OWN = Standing(848_272, 58)


def test_nothing_known_means_any_rank() -> None:
    assert rank_interval(900_000, [], 63) == Interval(1, 63)


def test_we_leave_our_own_place() -> None:
    # The 59th stood behind us; once we fall behind it, it is 58th and we are 59th at best.
    behind = Standing(848_000, 59)
    assert rank_interval(840_000, [behind], 63, own=OWN) == Interval(59, 63)
    assert rank_interval(848_200, [behind], 63, own=OWN) == Interval(58, 58)
    ahead = Standing(849_111, 57)
    assert rank_interval(849_000, [ahead], 63, own=OWN) == Interval(58, 58)
    assert rank_interval(849_200, [ahead], 63, own=OWN) == Interval(1, 57)


def test_a_printed_score_reached_within_its_rounding_tells_nothing() -> None:
    printed = Standing(883_700, 30)
    assert rank_interval(883_650, [printed], 63, own=OWN) == Interval(1, 58)
    assert rank_interval(883_649, [printed], 63, own=OWN) == Interval(31, 58)
    assert rank_interval(883_751, [printed], 63, own=OWN) == Interval(1, 30)


def test_without_our_own_place_the_interval_is_wider() -> None:
    known = [Standing(900_011, 10), Standing(800_011, 60)]
    assert rank_interval(850_000, known, 63) == Interval(10, 60)
    assert rank_interval(850_000, known, 63, own=OWN._replace(score=850_000)) == Interval(58, 58)
    assert rank_interval(860_000, known, 63, own=OWN) == Interval(11, 58)


def test_an_entry_with_our_own_rank_is_ourselves() -> None:
    assert rank_interval(860_000, [Standing(848_300, 58)], 63, own=OWN) == Interval(1, 58)


@pytest.mark.parametrize(
    "known",
    [
        [Standing(900_000, 0)],
        [Standing(900_000, 64)],
        [Standing(900_000, 5), Standing(910_000, 6)],
        [Standing(900_000, 5), Standing(910_000, 5)],
        [Standing(840_000, 57)],
        [Standing(850_000, 59)],
    ],
)
def test_contradictory_standings_are_refused(known: list[Standing]) -> None:
    with pytest.raises(InvalidInput):
        check_standings(known, 63, own=OWN)
    with pytest.raises(InvalidInput):
        rank_interval(850_000, known, 63, own=OWN)


def test_printed_ties_and_neighbours_are_not_contradictory() -> None:
    check_standings([Standing(883_700, 20), Standing(883_700, 21), Standing(883_700, 21)], 63)
    check_standings([Standing(848_300, 59), Standing(848_300, 57)], 63, own=OWN)


def ranking(scores: Iterable[int], score: int) -> int:
    return 1 + sum(1 for other in scores if other > score)


provinces = st.lists(st.integers(0, 400), min_size=1, max_size=12).map(lambda some: [one * 25 for one in some])


@given(provinces, st.data())
def test_the_true_rank_always_lies_in_the_interval(everybody: list[int], data: st.DataObject) -> None:
    """A whole ranking is made up, printed with 2 decimals, and told in part: the interval must hold the truth."""
    ours, others = everybody[0], everybody[1:]
    own = Standing(ours, ranking(everybody, ours))
    told = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    known = [Standing((one + 50) // 100 * 100, ranking(everybody, one)) for one in told]
    score = data.draw(st.integers(-100, 10_100))
    truth = ranking(others, score)
    for place in (own, None):
        best, worst = rank_interval(score, known, len(everybody), own=place)
        assert 1 <= best <= truth <= worst <= len(everybody)
    assert rank_interval(ours, known, len(everybody), own=own) == (own.rank, own.rank)


@given(provinces, st.data())
def test_a_higher_score_never_has_a_worse_interval(everybody: list[int], data: st.DataObject) -> None:
    own = Standing(everybody[0], ranking(everybody, everybody[0]))
    known = [Standing(one, ranking(everybody, one)) for one in everybody[1:]]
    low, high = sorted(data.draw(st.tuples(st.integers(-100, 10_100), st.integers(-100, 10_100))))
    for place in (own, None):
        worse, better = (rank_interval(one, known, len(everybody), own=place) for one in (low, high))
        assert better.best <= worse.best
        assert better.worst <= worse.worst


# Laws for any assessment

FREE = Rule("declared")


@st.composite
def any_states(draw: st.DrawFn) -> list[CriterionState]:
    states = []
    for number in range(draw(st.integers(0, 12))):
        most = draw(st.integers(1, 25_000))
        score = st.integers(0, most)
        published = draw(score)
        states.append(
            CriterionState(
                code=f"C{number:02d}",
                number=number,
                kind=draw(st.sampled_from(["appraised", "survey"])),
                group=draw(st.sampled_from(sorted(GROUP_MAXIMA))),
                field=draw(st.integers(1, 8)),
                agency=draw(st.sampled_from(["A", "B"])),
                status=draw(st.sampled_from(STATUSES)),
                max_points=most,
                published=published,
                rule=FREE,
                target=draw(st.none() | st.integers(published, most)),
                verified=draw(st.none() | score),
                reported=draw(st.none() | score),
            )
        )
    return states


ROOMY = tuple(FieldFrame(number, 500_000) for number in range(1, 9))
ROOMY_GROUPS = dict.fromkeys(GROUP_MAXIMA, 1_000_000)


def roomy(states: Iterable[CriterionState]) -> Projection:
    return project(ROOMY, states, [GROUP_A], 63, group_maxima=ROOMY_GROUPS, own_rank=58)


def total(parts: Iterable[Scores]) -> Scores:
    return Scores(*(sum(column) for column in zip(*parts, strict=True)))


@given(any_states())
def test_parts_add_up(states: list[CriterionState]) -> None:
    projection = roomy(states)
    assert total(one.scores for one in projection.fields) == projection.scores
    assert total(one.scores for one in projection.groups) == projection.scores
    assert total([*projection.gap, projection.scores]) == Scores(*[projection.max_points] * 4)


@given(any_states())
def test_figures_stay_within_bounds(states: list[CriterionState]) -> None:
    projection = roomy(states)
    for part in (*projection.fields, *projection.groups, *projection.criteria):
        assert all(0 <= one <= part.max_points for one in part.scores)
        assert part.scores.floor <= part.scores.ceiling
    for one in projection.criteria:
        assert one.kind == "appraised" or one.scores.published == one.scores.floor == one.scores.expected


@given(any_states(), st.randoms(use_true_random=False))
def test_the_order_of_criteria_does_not_matter(states: list[CriterionState], random: Any) -> None:
    shuffled = list(states)
    random.shuffle(shuffled)
    assert roomy(shuffled) == roomy(states)
    assert next_best(shuffled) == next_best(states)


@given(any_states())
def test_an_untouched_assessment_projects_to_what_was_published(states: list[CriterionState]) -> None:
    untouched = [one._replace(status="assigned", verified=None, reported=None) for one in states]
    scores = roomy(untouched).scores
    assert scores.published == scores.floor == scores.expected


@given(any_states())
def test_each_derivation_ends_with_its_figure(states: list[CriterionState]) -> None:
    for one in roomy(states).criteria:
        for score, line in zip(one.scores, one.derivations, strict=True):
            assert line.endswith(f": {format_points(score).replace('.', ',')}")


@settings(max_examples=50)
@given(any_states(), st.data())
def test_a_what_if_moves_the_total_by_exactly_its_change(states: list[CriterionState], data: st.DataObject) -> None:
    appraised_states = [one for one in states if one.kind == "appraised"]
    if not appraised_states:
        return
    chosen = data.draw(st.sampled_from(appraised_states))
    score = data.draw(st.integers(0, chosen.max_points))
    before = roomy(states)
    after = roomy(what_if(states, {chosen.code: {"score": format_points(score)}}))
    stood = next(one.scores.expected for one in before.criteria if one.code == chosen.code)
    assert after.scores == before.scores._replace(expected=before.scores.expected + score - stood)


def test_measured_can_be_worse_than_published() -> None:
    """floor ≤ expected is no law."""
    worse = with_changes(TC_16={"status": "submitted", "reported": 4000})
    scores = real(worse).scores
    assert scores.expected < scores.floor


def test_the_tables_of_the_report_are_told_apart_by_kind() -> None:
    assert appraised(APPRAISED[17]).group == "socio_economic"
    assert (survey(SURVEY[21]).group, survey(SURVEY[22]).group) == ("officials_survey", "sipas")
