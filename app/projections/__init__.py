"""The next index's score, as `app.core.projection` reckons it from what the database holds; nothing is written here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from app import scope
from app.assessments.read import find_assessment
from app.assessments.states import past_day
from app.core.access import Actor, Permission
from app.core.projection import CriterionState, Projection, counted_measurements, next_best, no_such_task, what_if
from app.core.scoring import marginal
from app.core.workdays import local_date
from app.core.workflow import OPEN
from app.errors import Problem
from app.models import assessments, tasks
from app.projections.answer import FIGURES, show, show_change, show_next, signed
from app.projections.gathering import Gathered, gather

__all__ = [
    "FIGURES",
    "Trial",
    "find_next_best",
    "gather",
    "get_counted_numbers",
    "get_projection",
    "get_what_if",
    "open_trial",
    "signed",
]

MOST_EQUAL: Final = 200
"""Tasks beyond the wanted ones that are looked at, because of equals what one more unit yields decides."""


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
    return show(gathered, gathered.states, gathered.project(gathered.states), past or local_date(now))


def find_next_best(
    connection: Connection, actor: Actor, ident: str, *, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """The first `limit` of the projection's `next_best`, whatever the number of tasks. Of more than `MOST_EQUAL` that
    are worth the same, those first by code are looked at."""
    actor.require(Permission.ASSESSMENT_READ)
    assessment = find_assessment(connection, actor, ident)
    found = connection.execute(
        select(tasks.c.id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(
            tasks.c.assessment_id == assessment.id,
            tasks.c.kind != "survey",
            tasks.c.status.in_(sorted(OPEN)),
            tasks.c.ceiling > tasks.c.expected,
            scope.visible_tasks(actor),
        )
        .order_by((tasks.c.ceiling - tasks.c.expected).desc(), tasks.c.code)
        .limit(limit + MOST_EQUAL)
    )
    gathered = gather(connection, actor, ident, None, only=found.scalars().all())
    return [show_next(one, gathered.named[one.code]) for one in next_best(gathered.states)[:limit]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What-ifs over one moment; nothing is written."""

    gathered: Gathered
    standing: Projection
    day: date

    def before(self) -> dict[str, Any]:
        """The projection as it is."""
        return show(self.gathered, self.gathered.states, self.standing, self.day)

    def after(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """As it would be, and the `change`. See `get_what_if`."""
        for code in changes:
            if code in self.gathered.named and not self.gathered.sees(code):
                raise no_such_task(code)
        states = what_if(self.gathered.states, changes)
        becomes = self.gathered.project(states)
        return show(self.gathered, states, becomes, self.day) | {"change": show_change(self.standing, becomes, changes)}

    def numbers(self) -> dict[str, dict[str, dict[str, str | None]]]:
        """What a what-if lays its own numbers over: task code → input → `now`, the number behind the expected score
        (None where nothing is measured), and `full`, where it is closed (None where it cannot improve). Of every
        criterion with a rule that the actor may see."""
        seen = (one for one in self.gathered.states if one.rule.executable and self.gathered.sees(one.code))
        return {state.code: _numbers(state) for state in seen}


def open_trial(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> Trial:
    """Read once, try as often as one likes."""
    actor.require(Permission.ASSESSMENT_READ)
    gathered = gather(connection, actor, ident, None)
    return Trial(gathered, gathered.project(gathered.states), local_date(now))


def get_what_if(
    connection: Connection, actor: Actor, ident: str, changes: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The projection as it would be with other scores or numbers, and what that changes; nothing is written.

    `changes`: task code → `{"score": "1.0"}` or `{"measurements": {…}}`. NotFound for a task that does not exist or
    that the actor may not see; the other errors are those of `app.core.projection.what_if`.
    """
    return open_trial(connection, actor, ident, now=now).after(changes)


def get_counted_numbers(
    connection: Connection, actor: Actor, ident: str, *, now: datetime
) -> dict[str, dict[str, dict[str, str | None]]]:
    """See `Trial.numbers`."""
    return open_trial(connection, actor, ident, now=now).numbers()


def _numbers(state: CriterionState) -> dict[str, dict[str, str | None]]:
    counted = counted_measurements(state)
    try:
        fuller = {one.name: one.full for one in marginal(state.rule, state.max_points, counted)}
    except Problem:  # not measured, not wholly, or under an older rule
        fuller = {}
    return {one.name: {"now": counted.get(one.name), "full": fuller.get(one.name)} for one in state.rule.inputs}
