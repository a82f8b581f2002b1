"""What a projection is made from and what it says. All points are ten-thousandths."""

from collections.abc import Mapping
from typing import NamedTuple

from app.core.projection.ranks import Interval
from app.core.scoring import Rule, Scores
from app.core.scoring.standing import COUNTED


class FieldFrame(NamedTuple):
    """A field of the assessment with its maximum; criteria with their full score are not listed and count as full."""

    number: int
    max_points: int


class Benchmark(NamedTuple):
    """A score to measure oneself by, fixed for the year. What bounds the rank interval: `rank` of a "province", and
    `provinces`, the number of those that reached a "threshold". Other kinds ("mean", "self") are for distances only."""

    label: str
    score: int
    kind: str
    rank: int | None = None
    source: str = ""
    provinces: int | None = None


class CriterionState(NamedTuple):
    """One unmet criterion with the state of its task.

    `verified` counts only while the status is accepted; `reported` is the latest measured or declared score and
    `current_measurements` the numbers behind it. Without `published_measurements` those of the rule are taken.
    `assumed` is a what-if's score: it stands in for the expected one, whatever the status.
    """

    code: str
    number: int
    kind: str
    group: str
    field: int
    agency: str
    status: str
    max_points: int
    published: int
    rule: Rule
    target: int | None = None
    verified: int | None = None
    reported: int | None = None
    published_measurements: Mapping[str, str] | None = None
    current_measurements: Mapping[str, str] | None = None
    verified_measurements: Mapping[str, str] | None = None
    assumed: int | None = None


def known_published(state: CriterionState) -> Mapping[str, str]:
    return state.rule.published_measurements if state.published_measurements is None else state.published_measurements


def counted_measurements(state: CriterionState) -> Mapping[str, str]:
    """The numbers behind the expected score: the assumed or reported ones where they count, the verified ones of an
    accepted task, otherwise the published ones. A returned report counts nothing, here as in the scores."""
    if state.assumed is not None:
        return state.current_measurements or {}
    if state.status in COUNTED and state.current_measurements is not None:
        return state.current_measurements
    if state.status == "accepted" and state.verified_measurements is not None:
        return state.verified_measurements
    return known_published(state)


class Derivations(NamedTuple):
    """How each figure comes about, one Vietnamese line each."""

    published: str
    floor: str
    expected: str
    ceiling: str


class CriterionFigures(NamedTuple):
    code: str
    number: int
    kind: str
    group: str
    field: int
    agency: str
    status: str
    max_points: int
    scores: Scores
    derivations: Derivations
    confidence: str


class FieldFigures(NamedTuple):
    number: int
    max_points: int
    scores: Scores


class GroupFigures(NamedTuple):
    key: str
    max_points: int
    scores: Scores


class Gap(NamedTuple):
    """Points short of the maximum in three parts, for each of the four figures. `controllable`: group appraisal;
    `survey`: officials_survey and sipas."""

    controllable: Scores
    socio_economic: Scores
    survey: Scores


class BenchmarkDistance(NamedTuple):
    """`distance` is figure − benchmark: negative as long as points are missing."""

    benchmark: Benchmark
    distance: Scores


class RankIntervals(NamedTuple):
    published: Interval
    floor: Interval
    expected: Interval
    ceiling: Interval


class Outline(NamedTuple):
    """The whole without its criteria."""

    scores: Scores
    gap: Gap
    benchmarks: tuple[BenchmarkDistance, ...]
    ranks: RankIntervals


class Projection(NamedTuple):
    max_points: int
    scores: Scores
    fields: tuple[FieldFigures, ...]
    groups: tuple[GroupFigures, ...]
    criteria: tuple[CriterionFigures, ...]
    gap: Gap
    benchmarks: tuple[BenchmarkDistance, ...]
    ranks: RankIntervals
