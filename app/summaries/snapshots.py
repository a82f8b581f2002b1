"""The four figures and the counts at the end of every local day, so that a history need not be rebuilt to be read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Date, and_, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.assessments.read import find_assessment
from app.assessments.states import CREATED, OF_TASKS, State, fold_events
from app.core.access import Actor, Permission
from app.core.scoring import Scores, format_points
from app.core.workdays import ONE_DAY, day_end_exclusive, local_date
from app.core.workflow import LABELS
from app.models import assessments, events, fields, snapshots, tasks
from app.summaries.rollup import LATE_STATUSES, count, is_late

FIGURES: Final = Scores._fields
MOST_DAYS: Final = 400
"""Days filled in one call, so that a long absence does not hold the writer up; the next call goes on."""
MOST_REBUILT: Final = 20
"""Assessments whose log is read again in one call, for the same reason."""
TAIL: Final = 500
"""Events of an assessment that are looked at to see whether it changed after a day: moments and ids of events written
at the same time may be in different orders, but never over so many."""
GRACE: Final = timedelta(minutes=1)
"""A day is closed this long after it ended: what was begun before midnight has been committed by then."""

_LAST: Final = (
    select(assessments.c.id, assessments.c.created_at, func.max(snapshots.c.day).label("last"))
    .outerjoin(snapshots, snapshots.c.assessment_id == assessments.c.id)
    .group_by(assessments.c.id, assessments.c.created_at)
    .order_by(assessments.c.id)
)
_MAXIMUM: Final = select(func.sum(fields.c.max)).where(fields.c.assessment_id == bindparam("assessment"))
_POINTS: Final = select(tasks.c.id, tasks.c.max, tasks.c.published).where(
    tasks.c.assessment_id == bindparam("assessment")
)
_TODAY: Final = (
    select(
        tasks.c.status,
        func.count(),
        count(and_(tasks.c.status.in_(LATE_STATUSES), tasks.c.effective_due <= bindparam("today", type_=Date))),
        count(tasks.c.submitted_on_time.is_(True)),
        count(tasks.c.submitted_on_time.is_(False)),
        func.sum(tasks.c.max),
        *(func.sum(tasks.c[figure]) for figure in FIGURES),
    )
    .where(tasks.c.assessment_id == bindparam("assessment"))
    .group_by(tasks.c.status)
)
_LATEST: Final = select(func.max(column("at", events.c.at.type))).select_from(
    select(events.c.at)
    .where(events.c.assessment_id == bindparam("assessment"), events.c.entity == "task")
    .order_by(events.c.id.desc())
    .limit(TAIL)
    .subquery()
)


class Change(NamedTuple):
    """One event of a task."""

    at: datetime
    created: bool
    task_id: int
    after: Mapping[str, Any]


def take_snapshots(connection: Connection, *, now: datetime) -> int:
    """Fill every missing local day of every assessment, from the day it was loaded to yesterday; returns how many.

    A call does a bounded part of it; go on, in another transaction, until it returns 0. Safe to run again and on
    several replicas at once: the first row of a day stays.
    """
    yesterday = local_date(now - GRACE) - ONE_DAY
    room, rebuilt, taken = MOST_DAYS, 0, 0
    for row in connection.execute(_LAST).all():
        first = local_date(row.created_at) if row.last is None else row.last + ONE_DAY
        days = [first + index * ONE_DAY for index in range(min(room, (yesterday - first).days + 1))]
        if not days or rebuilt >= MOST_REBUILT:
            continue
        room -= len(days)
        if _stands_since(connection, row.id, day_end_exclusive(first)):
            taken += _insert(connection, [_as_it_stands(connection, row.id, day) for day in days])
        else:
            rebuilt += 1
            taken += _insert(connection, list(_rebuilt(connection, row.id, days)))
    return taken


def _stands_since(connection: Connection, assessment_id: int, end: datetime) -> bool:
    """Whether its tasks are what they were at that moment, as on most days those of most assessments are."""
    latest = connection.execute(_LATEST, {"assessment": assessment_id}).scalar()
    return latest is None or latest < end


def _as_it_stands(connection: Connection, assessment_id: int, day: date) -> dict[str, Any]:
    return {"assessment_id": assessment_id, **_so_far(connection, assessment_id, today=day)}


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> int:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(snapshots).on_conflict_do_nothing().returning(snapshots.c.day)
    return len(connection.execute(statement, rows).all())


def _rebuilt(connection: Connection, assessment_id: int, days: Sequence[date]) -> Iterator[dict[str, Any]]:
    given = {"assessment": assessment_id}
    changes = [
        Change(at, action == CREATED, task_id, after)
        for task_id, after, at, action in connection.execute(OF_TASKS.add_columns(events.c.at, events.c.action), given)
    ]
    points = {row.id: row for row in connection.execute(_POINTS, given)}
    met = (connection.execute(_MAXIMUM, given).scalar() or 0) - sum(row.max for row in points.values())
    for day in days:
        end = day_end_exclusive(day)
        states = fold_events((one.task_id, one.after) for one in changes if one.created or one.at < end)
        figures = {"published": met + sum(row.published for row in points.values())}
        figures |= {name: met + sum(state[name] for state in states.values()) for name in FIGURES[1:]}
        yield {"assessment_id": assessment_id, "day": day, "counts": _counts(states, day), **figures}


def _counts(states: Mapping[int, State], day: date) -> dict[str, Any]:
    by_status = dict.fromkeys(LABELS, 0)
    for state in states.values():
        by_status[state["status"]] += 1
    return {
        "tasks": len(states),
        "by_status": by_status,
        "overdue": sum(is_late(state, day) for state in states.values()),
        "on_time": sum(state["submitted_on_time"] is True for state in states.values()),
        "late": sum(state["submitted_on_time"] is False for state in states.values()),
    }


def get_history(
    connection: Connection, actor: Actor, ident: str, *, since: date | None = None, now: datetime
) -> dict[str, Any]:
    """Snapshots from `since` on, oldest first, and today so far, marked `provisional`."""
    actor.require(Permission.ASSESSMENT_READ)
    assessment = find_assessment(connection, actor, ident)
    today = local_date(now)
    statement = select(snapshots).where(snapshots.c.assessment_id == assessment.id, snapshots.c.day < today)
    if since is not None:
        statement = statement.where(snapshots.c.day >= since)
    items = [
        _item(dict(row._mapping), provisional=False) for row in connection.execute(statement.order_by(snapshots.c.day))
    ]
    items.append(_item(_so_far(connection, assessment.id, today=today), provisional=True))
    if not actor.may(Permission.EXPECTED_READ_ALL):
        items = [item | {"expected": None} for item in items]  # from day to day it would tell what others report
    return {"assessment": assessment.code, "items": items}


def _item(row: Mapping[str, Any], *, provisional: bool) -> dict[str, Any]:
    figures = {name: format_points(row[name]) for name in FIGURES}
    return {"day": row["day"], **figures, "counts": row["counts"], "provisional": provisional}


def _so_far(connection: Connection, assessment_id: int, *, today: date) -> dict[str, Any]:
    rows = connection.execute(_TODAY, {"assessment": assessment_id, "today": today}).all()
    maximum = connection.execute(_MAXIMUM, {"assessment": assessment_id}).scalar() or 0
    columns = list(zip(*rows, strict=True))[1:] or [()] * (5 + len(FIGURES))  # an assessment may lack nothing at all
    all_tasks, overdue, on_time, late, most, *scores = (sum(column) for column in columns)
    by_status = dict.fromkeys(LABELS, 0) | {row[0]: row[1] for row in rows}
    counts = {"tasks": all_tasks, "by_status": by_status, "overdue": overdue, "on_time": on_time, "late": late}
    figures = {name: maximum - most + score for name, score in zip(FIGURES, scores, strict=True)}
    return {"day": today, "counts": counts, **figures}
