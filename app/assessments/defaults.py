"""Which assessment one sees until one chooses: page, API and command line ask here.

Loading another year must not move everybody to a list of tasks that nobody has been given yet. So the order that makes
tasks binding (văn bản giao nhiệm vụ), which the coordinator enters, is what brings an assessment to the front.
"""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, exists, select

from app import scope
from app.core.access import Actor, Permission
from app.core.workflow import OPEN
from app.models import assessments, provinces, tasks

WHY: Final = ("ordered", "begun", "open", "newest")
"""In this order: tasks left and an order that makes them binding; tasks left and somebody has begun; tasks left; the
newest where nothing is left to do."""


class Default(NamedTuple):
    """`why`: one of `WHY`."""

    code: str
    province: str
    year: int
    why: str


def _some_task(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(1).where(tasks.c.assessment_id == assessments.c.id, condition))


_LEFT: Final = _some_task(tasks.c.status.in_(sorted(OPEN)))
_BEGUN: Final = _some_task(tasks.c.status != "assigned")
_WHY: Final = case(
    (and_(_LEFT, assessments.c.mandate_number.is_not(None)), 0), (and_(_LEFT, _BEGUN), 1), (_LEFT, 2), else_=3
)
_FIRST: Final = (
    select(assessments.c.code, provinces.c.name, assessments.c.year, _WHY.label("why"))
    .join(provinces, provinces.c.id == assessments.c.province_id)
    .order_by(_WHY, assessments.c.year.desc(), assessments.c.code)
    .limit(1)
)


def find_default(connection: Connection, actor: Actor, *, now: datetime) -> Default | None:
    """The actor's; None where there is no assessment to see. Of several in the same standing the newest year."""
    actor.require(Permission.ASSESSMENT_READ)
    return _first(connection, scope.visible_assessments(actor))


def find_province_default(connection: Connection, province: str) -> Default | None:
    """What everybody of a province (its code) sees; None before its first assessment."""
    return _first(connection, provinces.c.code == province)


def _first(connection: Connection, condition: ColumnElement[bool]) -> Default | None:
    row = connection.execute(_FIRST.where(condition)).first()
    return None if row is None else Default(row.code, row.name, row.year, WHY[row.why])
