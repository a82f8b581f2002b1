"""The next index's score, as `app.core.projection` reckons it from what the database holds; nothing is written here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, String, bindparam, cast, select

from app.assessments.read import find_assessment, shown_rule
from app.assessments.states import State, past_day, states_on, visible_ids
from app.core.access import Actor, Permission
from app.core.projection import (
    PARTS,
    Benchmark,
    CriterionFigures,
    CriterionState,
    FieldFrame,
    Interval,
    NextStep,
    Projection,
    counted_measurements,
    next_best,
    no_such_task,
    project,
    what_if,
)
from app.core.scoring import NextBest, Rule, Scores, format_points, marginal, parse_rule
from app.core.workdays import local_date
from app.errors import InvalidInput, Problem
from app.models import agencies, assessments, benchmarks, criteria, fields, reports, reviews, tasks

_HEAD: Final = select(
    assessments.c.id,
    assessments.c.code,
    assessments.c.groups,
    assessments.c.province_count,
    assessments.c.published_rank,
)
_FIELDS: Final = (
    select(fields.c.number, fields.c.max, fields.c.name)
    .where(fields.c.assessment_id == bindparam("assessment"))
    .order_by(fields.c.number)
)
_BENCHMARKS: Final = (
    select(*(benchmarks.c[name] for name in ("label", "score", "kind", "rank", "source", "provinces")))
    .where(benchmarks.c.assessment_id == bindparam("assessment"), benchmarks.c.kind != "self")
    .order_by(benchmarks.c.id)
)
_STATE: Final = ("agency_id", "status", "target", "verified", "reported", "measurements")
"""What of a task makes its score today: the last columns of the next statement, in this order."""
_CRITERIA: Final = (
    select(
        tasks.c.id,
        tasks.c.code,
        tasks.c.field_number,
        criteria.c.number,
        criteria.c.kind,
        criteria.c.group,
        criteria.c.name,
        criteria.c.max,
        criteria.c.published,
        cast(criteria.c.rule, String).label("rule"),
        *(tasks.c[name] for name in _STATE[:-1]),
        reports.c.measurements,
    )
    .join(criteria, criteria.c.id == tasks.c.criterion_id)
    .outerjoin(reports, reports.c.task_id == tasks.c.id)
    .where(tasks.c.assessment_id == bindparam("assessment"))
)
_VERIFIED: Final = (
    select(reviews.c.task_id, reviews.c.frozen)
    .join(tasks, tasks.c.id == reviews.c.task_id)
    .where(
        tasks.c.assessment_id == bindparam("assessment"),
        tasks.c.status == "accepted",
        reviews.c.decision == "accepted",
    )
    .order_by(reviews.c.id)
)
_AGENCIES: Final = select(agencies.c.id, agencies.c.code, agencies.c.name).where(
    agencies.c.id.in_(bindparam("ids", expanding=True))
)

FIGURES: Final = Scores._fields
"""published, floor, expected, ceiling."""


class Named(NamedTuple):
    """What the core does not need to know of a criterion."""

    name: str
    agency: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything a projection is made from. `states` are in the order of the database."""

    assessment: Any
    fields: Sequence[Any]
    benchmarks: Sequence[Benchmark]
    states: Sequence[CriterionState]
    named: Mapping[str, Named]
    unlimited: bool
    """Every criterion is visible."""

    def project(self, states: Sequence[CriterionState]) -> Projection:
        """Benchmarks that contradict each other (the linter says where) still measure distances, but bound no rank."""
        try:
            return self._project(states, self.benchmarks, self.assessment.published_rank)
        except InvalidInput:
            return self._project(states, [one._replace(rank=None, provinces=None) for one in self.benchmarks], None)

    def _project(
        self, states: Sequence[CriterionState], marks: Sequence[Benchmark], own_rank: int | None
    ) -> Projection:
        return project(
            [FieldFrame(one.number, one.max) for one in self.fields],
            states,
            marks,
            self.assessment.province_count,
            group_maxima={key: group["max"] for key, group in self.assessment.groups.items()},
            own_rank=own_rank,
        )

    def sees(self, code: str) -> bool:
        return self.named[code].visible

    def sees_all(self, figures: Iterable[CriterionFigures]) -> bool:
        return self.unlimited or all(self.named[one.code].visible for one in figures)


def get_projection(
    connection: Connection, actor: Actor, ident: str, *, as_of: date | None = None, now: datetime
) -> dict[str, Any]:
    """Published, floor, expected and ceiling of every part with their derivations, the gap, benchmarks, rank intervals
    and the next best points. `as_of`: the end of that local day, today = now; InvalidInput for a future day.

    An agency reads expected scores of its own criteria and those it cooperates in, and of a field or group only where
    it sees all of it. In its totals every other criterion stands at its floor: no total tells what others report.
    """
    actor.require(Permission.ASSESSMENT_READ)
    past = past_day(as_of, now=now)
    gathered = gather(connection, actor, ident, past)
    return _shown(gathered, gathered.states, gathered.project(gathered.states), past or local_date(now))


def get_what_if(
    connection: Connection, actor: Actor, ident: str, changes: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The projection as it would be with other scores or numbers, and what that changes; nothing is written.

    `changes`: task code → `{"score": "1.0"}` or `{"measurements": {…}}`. NotFound for a task that does not exist or
    that the actor may not see; the other errors are those of `app.core.projection.what_if`.
    """
    actor.require(Permission.ASSESSMENT_READ)
    gathered = gather(connection, actor, ident, None)
    for code in changes:
        if code in gathered.named and not gathered.sees(code):
            raise no_such_task(code)
    states = what_if(gathered.states, changes)
    before, after = gathered.project(gathered.states), gathered.project(states)
    shown = _shown(gathered, states, after, local_date(now))
    return shown | {"change": _change(before, after, changes)}


def get_counted_numbers(
    connection: Connection, actor: Actor, ident: str, *, now: datetime
) -> dict[str, dict[str, dict[str, str | None]]]:
    """What a what-if lays its own numbers over: task code → input → `now`, the number behind the expected score (None
    where nothing is measured), and `full`, where it is closed (None where it cannot improve). Of every criterion with a
    rule that the actor may see."""
    actor.require(Permission.ASSESSMENT_READ)
    gathered = gather(connection, actor, ident, None)
    return {
        state.code: _numbers(state) for state in gathered.states if state.rule.executable and gathered.sees(state.code)
    }


def _numbers(state: CriterionState) -> dict[str, dict[str, str | None]]:
    counted = counted_measurements(state)
    try:
        fuller = {one.name: one.full for one in marginal(state.rule, state.max_points, counted)}
    except Problem:  # not measured, not wholly, or under an older rule
        fuller = {}
    return {one.name: {"now": counted.get(one.name), "full": fuller.get(one.name)} for one in state.rule.inputs}


# Gathering


def gather(connection: Connection, actor: Actor, ident: str, past: date | None) -> Gathered:
    """Read what a projection needs: the same few queries whatever the number of criteria. `past`: None for now."""
    assessment = find_assessment(connection, actor, ident, _HEAD)
    given = {"assessment": assessment.id}
    rows = connection.execute(_CRITERIA, given).all()
    states = _states(connection, assessment.id, rows, past)
    leads = _agencies(connection, {state["agency_id"] for state in states.values()})
    visible = visible_ids(connection, actor, assessment.id)
    named = {
        row.code: Named(row.name, leads[states[row.id]["agency_id"]].name, visible is None or row.id in visible)
        for row in rows
    }
    return Gathered(
        assessment,
        connection.execute(_FIELDS, given).all(),
        [Benchmark(*row) for row in connection.execute(_BENCHMARKS, given)],
        [
            _criterion_state(
                row, states[row.id], leads[states[row.id]["agency_id"]].code, visible=named[row.code].visible
            )
            for row in rows
        ],
        named,
        visible is None,
    )


def _states(connection: Connection, assessment_id: int, rows: Sequence[Any], past: date | None) -> Mapping[int, State]:
    if past is not None:
        return states_on(connection, assessment_id, past)
    states: dict[int, State] = {row.id: dict(zip(_STATE, row[-len(_STATE) :], strict=True)) for row in rows}
    if any(row.status == "accepted" for row in rows):
        for task_id, frozen in connection.execute(_VERIFIED, {"assessment": assessment_id}):
            states[task_id]["verified_measurements"] = frozen["measurements"]
    return states


def _agencies(connection: Connection, ids: Iterable[int]) -> dict[int, Any]:
    return {row.id: row for row in connection.execute(_AGENCIES, {"ids": sorted(ids)})}


@lru_cache(maxsize=4096)
def _rule(text: str) -> Rule:
    """A rule's JSON, read once: most projections read the same few dozen rules."""
    return parse_rule(json.loads(text))


def _criterion_state(row: Any, state: State, agency: str, *, visible: bool) -> CriterionState:
    """What others report is left out, so that no total tells it: it stays at its floor, which everybody may read."""
    return CriterionState(
        code=row.code,
        number=row.number,
        kind=row.kind,
        group=row.group,
        field=row.field_number,
        agency=agency,
        status=state["status"],
        max_points=row.max,
        published=row.published,
        rule=_rule(row.rule),
        target=state["target"],
        verified=state["verified"],
        reported=state["reported"] if visible else None,
        current_measurements=state["measurements"] if visible else None,
        verified_measurements=state.get("verified_measurements"),
    )


# The answer


def _shown(gathered: Gathered, states: Sequence[CriterionState], found: Projection, day: date) -> dict[str, Any]:
    rules = {state.code: state.rule for state in states}
    names = {one.number: one.name for one in gathered.fields}
    intervals = zip(FIGURES, found.ranks, strict=True)
    return {
        "assessment": gathered.assessment.code,
        "as_of": day,
        "max": format_points(found.max_points),
        **_figures(found.scores),
        "fields": [
            {"number": one.number, "name": names[one.number], "max": format_points(one.max_points)}
            | _figures(one.scores, gathered.sees_all(each for each in found.criteria if each.field == one.number))
            for one in found.fields
        ],
        "groups": [
            {"key": one.key, "name": gathered.assessment.groups[one.key]["name"], "max": format_points(one.max_points)}
            | _figures(one.scores, gathered.sees_all(each for each in found.criteria if each.group == one.key))
            for one in found.groups
        ],
        "criteria": [
            _criterion(one, gathered.named[one.code]) | {"rule": shown_rule(rules[one.code])} for one in found.criteria
        ],
        "benchmarks": [
            mark._asdict() | {"score": format_points(mark.score), "distance": _figures(one.distance)}
            for mark, one in zip(gathered.benchmarks, found.benchmarks, strict=True)
        ],
        "rank_interval": {figure: _interval(interval) for figure, interval in intervals},
        **_gaps(gathered, found),
        "next_best": [_next(one, gathered.named[one.code]) for one in next_best(states) if gathered.sees(one.code)],
    }


def _figures(scores: Scores, expected: bool = True) -> dict[str, str | None]:
    shown: dict[str, str | None] = {figure: format_points(score) for figure, score in zip(FIGURES, scores, strict=True)}
    return shown if expected else shown | {"expected": None}


def _interval(interval: Interval) -> dict[str, int]:
    return interval._asdict()


def _criterion(one: CriterionFigures, named: Named) -> dict[str, Any]:
    """Of a task out of sight nothing of its work shows: neither status nor expected score, nor how they come about."""
    derivation = one.derivations._asdict()
    if not named.visible:
        derivation |= {"expected": None, "ceiling": None}
    return {
        "code": one.code,
        "number": one.number,
        "kind": one.kind,
        "group": one.group,
        "field": one.field,
        "name": named.name,
        "agency": {"code": one.agency, "name": named.agency},
        "status": one.status if named.visible else None,
        "max": format_points(one.max_points),
        **_figures(one.scores, named.visible),
        "confidence": one.confidence,
        "derivation": derivation,
    }


def _gaps(gathered: Gathered, found: Projection) -> dict[str, Any]:
    """`gap`: what the published score lacks, in three parts. `gap_by_figure`: the same for each of the four figures."""
    parts = {
        part: _figures(
            getattr(found.gap, part), gathered.sees_all(one for one in found.criteria if one.group in groups)
        )
        for part, groups in PARTS.items()
    }
    return {
        "gap": {part: figures["published"] for part, figures in parts.items()},
        "gap_by_figure": {figure: {part: figures[figure] for part, figures in parts.items()} for figure in FIGURES},
    }


def _next(one: NextStep, named: Named) -> dict[str, Any]:
    return {
        "code": one.code,
        "number": one.number,
        "name": named.name,
        "agency": {"code": one.agency, "name": named.agency},
        "confidence": one.confidence,
        "closing": format_points(one.closing),
        "steps": [_step(step) for step in one.steps],
    }


def _step(one: NextBest) -> dict[str, Any]:
    """`exact`: the yield of one more unit as a fraction of a point, since one file of thousands rounds to nothing."""
    return {
        "name": one.name,
        "label": one.label,
        "unit": one.unit,
        "current": one.current,
        "full": one.full,
        "becomes": one.becomes,
        "one_more": {"points": format_points(one.one_more), "exact": str(one.one_more_exact)},
        "closing": format_points(one.closing),
    }


def _change(before: Projection, after: Projection, codes: Iterable[str]) -> dict[str, Any]:
    """What a what-if changes of the expected total, as a whole and by task."""
    was, becomes = ({one.code: one.scores.expected for one in found.criteria} for found in (before, after))
    return {
        "expected": signed(after.scores.expected - before.scores.expected),
        "total": format_points(after.scores.expected),
        "rank_interval": _interval(after.ranks.expected),
        "tasks": {code: signed(becomes[code] - was[code]) for code in codes},
    }


def signed(points: int) -> str:
    """ "+0.4375", "-0.0500", "+0.0000"."""
    return f"{'+' if points >= 0 else ''}{format_points(points)}"
