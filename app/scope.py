"""Whose rows an actor may see and own. The only place where an agency's scope is written.

Every query on tasks goes through `visible_tasks`; a test looks for statements that go around it.
"""

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, false, or_, select, true

from app.core.access import Actor, Role
from app.models import agencies, assessments, task_cooperators, tasks


def visible_assessments(actor: Actor) -> ColumnElement[bool]:
    """Those of the actor's province; an administrator without a province sees all."""
    if actor.province_id is None:
        return true() if actor.role is Role.ADMIN else false()
    return assessments.c.province_id == actor.province_id


def visible_assessments_bound(role: Role, *, everywhere: bool) -> ColumnElement[bool]:
    """As `visible_assessments`, for statements built once and run with `bound(actor)`."""
    if everywhere:
        return true() if role is Role.ADMIN else false()
    return assessments.c.province_id == bindparam("actor_province")


def visible_agencies(actor: Actor) -> ColumnElement[bool]:
    if actor.province_id is None:
        return true() if actor.role is Role.ADMIN else false()
    return agencies.c.province_id == actor.province_id


def visible_tasks(actor: Actor) -> ColumnElement[bool]:
    """Needs `tasks` joined to `assessments`. An agency: what it leads or cooperates in; others: their province."""
    province = visible_assessments(actor)
    return and_(province, _of_agency(actor.agency_id)) if actor.role is Role.AGENCY else province


def visible_tasks_bound(role: Role, *, everywhere: bool) -> ColumnElement[bool]:
    """As `visible_tasks`, for statements built once and run with `bound(actor)`."""
    province = visible_assessments_bound(role, everywhere=everywhere)
    return and_(province, _of_agency(bindparam("actor_agency"))) if role is Role.AGENCY else province


def bound(actor: Actor) -> dict[str, int | None]:
    return {"actor_province": actor.province_id, "actor_agency": actor.agency_id}


def _of_agency(agency: int | BindParameter[int] | None) -> ColumnElement[bool]:
    cooperates = exists(
        select(1).where(task_cooperators.c.task_id == tasks.c.id, task_cooperators.c.agency_id == agency)
    )
    return or_(tasks.c.agency_id == agency, cooperates)


def leads(actor: Actor, agency_id: int) -> bool:
    """Whether the actor works for the agency: reports, shares, measures and evidence are the agency's own to write."""
    return actor.agency_id is not None and actor.agency_id == agency_id
