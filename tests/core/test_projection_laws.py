"""Laws of the projection that hold for any assessment."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.projection import Benchmark, CriterionState, FieldFrame, Projection, next_best, project, what_if
from app.core.scoring import Rule, Scores, format_points, parse_points
from tests.core.real_2024 import GROUP_MAXIMA

GROUP_A = Benchmark("Nhóm A", parse_points("90"), "threshold")
STATUSES = ("assigned", "in_progress", "submitted", "returned", "accepted", "closed")


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
