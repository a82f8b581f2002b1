"""The rank interval: what a score could have ranked, from what is known of the others."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.projection import Interval, Standing, Threshold, check_standings, rank_interval
from app.errors import InvalidInput

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
    tied = [Standing(883_700, 20), Standing(883_700, 21), Standing(883_700, 21)]
    check_standings(tied, 63)
    assert rank_interval(883_800, tied, 63) == Interval(1, 20)
    assert rank_interval(883_600, tied, 63) == Interval(21, 63)
    neighbours = [Standing(848_300, 59), Standing(848_300, 57)]
    check_standings(neighbours, 63, own=OWN)
    assert rank_interval(848_400, neighbours, 63, own=OWN) == Interval(1, 57)
    assert rank_interval(848_200, neighbours, 63, own=OWN) == Interval(59, 63)


def test_a_threshold_tells_how_many_are_ahead() -> None:
    group_a = [Threshold(900_000, 13), Threshold(800_000, 63)]
    assert rank_interval(899_999, [], 63, thresholds=group_a, own=OWN) == Interval(14, 58)
    assert rank_interval(900_000, [], 63, thresholds=group_a, own=OWN) == Interval(1, 14)
    assert rank_interval(799_999, [], 63, thresholds=group_a, own=OWN) == Interval(63, 63)
    assert rank_interval(899_999, [], 63, thresholds=group_a) == Interval(13, 63)
    assert rank_interval(900_000, [], 63, thresholds=group_a) == Interval(1, 14)


@pytest.mark.parametrize(
    "thresholds",
    [
        [Threshold(900_000, 64)],
        [Threshold(900_000, -1)],
        [Threshold(900_000, 13), Threshold(800_000, 12)],
        [Threshold(840_000, 57)],
        [Threshold(850_000, 58)],
    ],
)
def test_contradictory_thresholds_are_refused(thresholds: list[Threshold]) -> None:
    with pytest.raises(InvalidInput):
        rank_interval(850_000, [], 63, thresholds=thresholds, own=OWN)


def ranking(scores: Iterable[int], score: int) -> int:
    return 1 + sum(1 for other in scores if other > score)


provinces = st.lists(st.integers(0, 400), min_size=1, max_size=12).map(lambda some: [one * 25 for one in some])


def thresholds_of(everybody: list[int]) -> st.SearchStrategy[list[Threshold]]:
    scores = st.lists(st.integers(0, 10_000), max_size=3)
    return scores.map(lambda some: [Threshold(one, sum(score >= one for score in everybody)) for one in some])


@given(provinces, st.data())
def test_the_true_rank_always_lies_in_the_interval(everybody: list[int], data: st.DataObject) -> None:
    """A whole ranking is made up, printed with 2 decimals, and told in part: the interval must hold the truth."""
    ours, others = everybody[0], everybody[1:]
    own = Standing(ours, ranking(everybody, ours))
    told = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    known = [Standing((one + 50) // 100 * 100, ranking(everybody, one)) for one in told]
    thresholds = data.draw(thresholds_of(everybody))
    score = data.draw(st.integers(-100, 10_100))
    truth = ranking(others, score)
    for place in (own, None):
        best, worst = rank_interval(score, known, len(everybody), thresholds=thresholds, own=place)
        assert 1 <= best <= truth <= worst <= len(everybody)
    assert rank_interval(ours, known, len(everybody), own=own) == (own.rank, own.rank)


@given(provinces, st.data())
def test_a_higher_score_never_has_a_worse_interval(everybody: list[int], data: st.DataObject) -> None:
    own = Standing(everybody[0], ranking(everybody, everybody[0]))
    known = [Standing(one, ranking(everybody, one)) for one in everybody[1:]]
    thresholds = data.draw(thresholds_of(everybody))
    low, high = sorted(data.draw(st.tuples(st.integers(-100, 10_100), st.integers(-100, 10_100))))
    for place in (own, None):
        worse, better = (
            rank_interval(one, known, len(everybody), thresholds=thresholds, own=place) for one in (low, high)
        )
        assert better.best <= worse.best
        assert better.worst <= worse.worst
