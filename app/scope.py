"""Whose rows an actor may see and own. The only place where an agency's scope is written.

Every query on tasks goes through `visible_tasks`; a test looks for statements that go around it.
"""

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from app.core.access import Actor, Role
from app.models import agencies, assessments, task_cooperators, tasks


def visible_assessments(actor: Actor) -> ColumnElement[bool]:
    """Those of the actor's province; an administrator without a province sees all."""
    if actor.province_id is None:
        return true() if actor.role is Role.ADMIN else false()
    return assessments.c.province_id == actor.province_id


def visible_agencies(actor: Actor) -> ColumnElement[bool]:
    if actor.province_id is None:
        return true() if actor.role is Role.ADMIN else false()
    return agencies.c.province_id == actor.province_id


def visible_tasks(actor: Actor) -> ColumnElement[bool]:
    """Needs `tasks` joined to `assessments`. An agency: what it leads or cooperates in; others: their province."""
    province = visible_assessments(actor)
    if actor.role is not Role.AGENCY:
        return province
    cooperates = exists(
        select(1).where(task_cooperators.c.task_id == tasks.c.id, task_cooperators.c.agency_id == actor.agency_id)
    )
    return and_(province, or_(tasks.c.agency_id == actor.agency_id, cooperates))


def leads(actor: Actor, agency_id: int) -> bool:
    """Whether the actor works for the agency: reports, shares, measures and evidence are the agency's own to write."""
    return actor.agency_id is not None and actor.agency_id == agency_id
