"""Where the whole stands, from sums alone: what the projection says in total, whatever the number of criteria."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import add
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from app import scope
from app.assessments.read import find_assessment
from app.core.access import Actor, Permission
from app.core.projection import PARTS, Benchmark, Outline, less, outline
from app.core.scoring import Scores, format_points
from app.errors import InvalidInput
from app.models import assessments, benchmarks, fields, tasks

FIGURES: Final = Scores._fields
_NOTHING: Final = Scores(0, 0, 0, 0)

_HEAD: Final = select(assessments.c.id, assessments.c.code, assessments.c.province_count, assessments.c.published_rank)
_SHORT: Final = (
    select(
        tasks.c.group,
        tasks.c.field_number,
        func.count(),
        *(func.sum(tasks.c.max - tasks.c[figure]) for figure in FIGURES),
    )
    .where(tasks.c.assessment_id == bindparam("assessment"))
    .group_by(tasks.c.group, tasks.c.field_number)
)
_FIELDS: Final = (
    select(fields.c.number, fields.c.name, fields.c.max)
    .where(fields.c.assessment_id == bindparam("assessment"))
    .order_by(fields.c.number)
)
_MARKS: Final = (
    select(*(benchmarks.c[name] for name in Benchmark._fields))
    .where(benchmarks.c.assessment_id == bindparam("assessment"), benchmarks.c.kind != "self")
    .order_by(benchmarks.c.id)
)


def get_standing(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """The four figures of the whole and of each field, the gap in three parts, distances and rank intervals, as
    `projections.get_projection` gives them, with the same of it hidden from an agency; few queries and no criterion
    looked at.
    """
    actor.require(Permission.ASSESSMENT_READ)
    assessment = find_assessment(connection, actor, ident, _HEAD)
    given = {"assessment": assessment.id}
    parts = _parts(connection, actor, assessment.id)
    unseen = [one for one in parts if one.unseen]
    areas = connection.execute(_FIELDS, given).all()
    marks = [Benchmark(*row) for row in connection.execute(_MARKS, given)]
    by_group = _sums((one.group, one.short) for one in parts)
    by_field = _sums((one.field, one.short) for one in parts)
    maximum = sum(area.max for area in areas)
    found = _outlined(maximum, by_group, marks, assessment)
    gaps = {
        part: _shown(getattr(found.gap, part), all(one.group not in groups for one in unseen))
        for part, groups in PARTS.items()
    }
    return {
        "assessment": assessment.code,
        "max": format_points(maximum),
        **_shown(found.scores),
        "published_rank": assessment.published_rank,
        "province_count": assessment.province_count,
        "fields": [
            {"number": area.number, "name": area.name, "max": format_points(area.max)}
            | _shown(
                less(area.max, by_field.get(area.number, _NOTHING)), all(one.field != area.number for one in unseen)
            )
            for area in areas
        ],
        "gap": {part: gaps[part]["published"] for part in PARTS},
        "gap_by_figure": {figure: {part: gaps[part][figure] for part in PARTS} for figure in FIGURES},
        "benchmarks": [
            one.benchmark._asdict() | {"score": format_points(one.benchmark.score), "distance": _shown(one.distance)}
            for one in found.benchmarks
        ],
        "rank_interval": {figure: getattr(found.ranks, figure)._asdict() for figure in FIGURES},
    }


class Part(NamedTuple):
    """Tasks of one group and field; `unseen` of them are out of the reader's sight."""

    group: str
    field: int
    unseen: int
    short: Scores


def _parts(connection: Connection, actor: Actor, assessment_id: int) -> list[Part]:
    """What an agency does not see stands at its floor, so that no total tells what others report."""
    found = connection.execute(_SHORT, {"assessment": assessment_id}).all()
    if actor.may(Permission.EXPECTED_READ_ALL):
        return [Part(group, field, 0, _points(values)) for group, field, _, *values in found]
    own = select(tasks.c.group, tasks.c.field_number, func.count(), func.sum(tasks.c.expected - tasks.c.floor))
    own = (
        own.join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(tasks.c.assessment_id == assessment_id, scope.visible_tasks(actor))
        .group_by(tasks.c.group, tasks.c.field_number)
    )
    seen = {(group, field): (count, int(gain)) for group, field, count, gain in connection.execute(own)}
    return [
        _part_of_an_agency(group, field, count, _points(values), *seen.get((group, field), (0, 0)))
        for group, field, count, *values in found
    ]


def _part_of_an_agency(group: str, field: int, tasks: int, short: Scores, seen: int, gain: int) -> Part:
    return Part(group, field, tasks - seen, short._replace(expected=short.floor - gain))


def _points(values: Iterable[Any]) -> Scores:
    """PostgreSQL adds up to decimals."""
    return Scores(*map(int, values))


def _sums(parts: Iterable[tuple[Any, Scores]]) -> dict[Any, Scores]:
    found: dict[Any, Scores] = {}
    for key, short in parts:
        found[key] = Scores(*map(add, found.get(key, _NOTHING), short))
    return found


def _outlined(maximum: int, short: Mapping[str, Scores], marks: Sequence[Benchmark], assessment: Any) -> Outline:
    """Benchmarks that contradict each other (the linter says where) still measure distances, but bound no rank."""
    count = assessment.province_count
    try:
        return outline(maximum, short, marks, count, own_rank=assessment.published_rank)
    except InvalidInput:
        return outline(maximum, short, [one._replace(rank=None, provinces=None) for one in marks], count)


def _shown(scores: Scores, expected: bool = True) -> dict[str, str | None]:
    shown: dict[str, str | None] = {figure: format_points(score) for figure, score in zip(FIGURES, scores, strict=True)}
    return shown if expected else shown | {"expected": None}
