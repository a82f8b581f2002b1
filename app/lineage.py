"""Who came after whom: successors of agencies and provinces, and what a province has inherited."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from app import scope
from app.core.access import Actor
from app.models import agencies, provinces


def last_heir(connection: Connection, table: Table, first: int) -> int:
    """The end of the chain of successors in `table` (agencies or provinces); `first` itself if nobody came after it."""
    links = select(table.c.id, table.c.succeeded_by_id).where(table.c.succeeded_by_id.is_not(None))
    after = {row.id: row.succeeded_by_id for row in connection.execute(links)}
    seen = {first}
    current = first
    while (following := after.get(current)) is not None and following not in seen:
        seen.add(following)
        current = following
    return current


def inherited_provinces(connection: Connection, province_id: int) -> set[int]:
    """The province and all those whose place it took, however long the chain."""
    links = select(provinces.c.id, provinces.c.succeeded_by_id).where(provinces.c.succeeded_by_id.is_not(None))
    after = connection.execute(links).all()
    found = {province_id}
    while added := {before for before, heir in after if heir in found} - found:
        found |= added
    return found


def readable_agencies(connection: Connection, actor: Actor) -> ColumnElement[bool]:
    """Agencies the actor may read of: those of its province, and those of provinces that its own succeeded."""
    if actor.province_id is None:
        return scope.visible_agencies(actor)
    return agencies.c.province_id.in_(inherited_provinces(connection, actor.province_id))


def coordinator_of(connection: Connection, province_id: int) -> Any | None:
    """The row of the province's coordinating agency; None while it has none or was itself succeeded."""
    return connection.execute(
        select(agencies).where(
            agencies.c.province_id == province_id, agencies.c.is_coordinator, agencies.c.succeeded_from.is_(None)
        )
    ).first()
