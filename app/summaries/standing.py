"""Where the whole stands, from sums alone: what the projection says in total, whatever the number of criteria."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import add
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from app.assessments.read import find_assessment
from app.core.access import Actor, Permission
from app.core.projection import PARTS, Benchmark, Outline, less, outline
from app.core.scoring import Scores, format_points
from app.errors import InvalidInput
from app.models import assessments, benchmarks, fields, tasks

FIGURES: Final = Scores._fields

_HEAD: Final = select(assessments.c.id, assessments.c.code, assessments.c.province_count, assessments.c.published_rank)
_SHORT: Final = (
    select(
        tasks.c.group,
        tasks.c.field_number,
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
    `projections.get_projection` gives them; four queries and no criterion looked at.

    For whoever reads all expected scores; Forbidden for agencies, which have the projection.
    """
    actor.require(Permission.EXPECTED_READ_ALL)
    assessment = find_assessment(connection, actor, ident, _HEAD)
    given = {"assessment": assessment.id}
    parts = connection.execute(_SHORT, given).all()
    areas = connection.execute(_FIELDS, given).all()
    marks = [Benchmark(*row) for row in connection.execute(_MARKS, given)]
    by_group = _sums((group, values) for group, _, *values in parts)
    by_field = _sums((number, values) for _, number, *values in parts)
    maximum = sum(area.max for area in areas)
    found = _outlined(maximum, by_group, marks, assessment)
    return {
        "assessment": assessment.code,
        "max": format_points(maximum),
        **_shown(found.scores),
        "published_rank": assessment.published_rank,
        "province_count": assessment.province_count,
        "fields": [
            {"number": area.number, "name": area.name, "max": format_points(area.max)}
            | _shown(less(area.max, by_field.get(area.number, Scores(0, 0, 0, 0))))
            for area in areas
        ],
        "gap": {part: format_points(getattr(found.gap, part).published) for part in PARTS},
        "gap_by_figure": {
            figure: {part: format_points(getattr(getattr(found.gap, part), figure)) for part in PARTS}
            for figure in FIGURES
        },
        "benchmarks": [
            one.benchmark._asdict() | {"score": format_points(one.benchmark.score), "distance": _shown(one.distance)}
            for one in found.benchmarks
        ],
        "rank_interval": {figure: getattr(found.ranks, figure)._asdict() for figure in FIGURES},
    }


def _sums(parts: Iterable[tuple[Any, Sequence[int]]]) -> dict[Any, Scores]:
    """PostgreSQL adds up to decimals."""
    found: dict[Any, Scores] = {}
    for key, values in parts:
        found[key] = Scores(*map(add, found.get(key, (0, 0, 0, 0)), map(int, values)))
    return found


def _outlined(maximum: int, short: Mapping[str, Scores], marks: Sequence[Benchmark], assessment: Any) -> Outline:
    """Benchmarks that contradict each other (the linter says where) still measure distances, but bound no rank."""
    count = assessment.province_count
    try:
        return outline(maximum, short, marks, count, own_rank=assessment.published_rank)
    except InvalidInput:
        return outline(maximum, short, [one._replace(rank=None, provinces=None) for one in marks], count)


def _shown(scores: Scores) -> dict[str, str]:
    return {figure: format_points(score) for figure, score in zip(FIGURES, scores, strict=True)}
