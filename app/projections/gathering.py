"""What a projection is made from, as the database holds it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, String, bindparam, cast, select

from app.assessments.read import find_assessment
from app.assessments.states import State, states_on, visible_ids
from app.core.access import Actor
from app.core.projection import Benchmark, CriterionFigures, CriterionState, FieldFrame, Projection, project
from app.core.scoring import Rule, parse_rule
from app.errors import InvalidInput
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


def gather(
    connection: Connection, actor: Actor, ident: str, past: date | None, *, only: Sequence[int] | None = None
) -> Gathered:
    """Read what a projection needs: the same few queries whatever the number of criteria. `past`: None for now; `only`:
    ids of the tasks that are wanted, None for all."""
    assessment = find_assessment(connection, actor, ident, _HEAD)
    given = {"assessment": assessment.id}
    wanted = _CRITERIA if only is None else _CRITERIA.where(tasks.c.id.in_(only))
    rows = connection.execute(wanted, given).all()
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
            if task_id in states:
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
