"""Ý kiến chỉ đạo: what the leadership says on a task. Said is said: a direction is never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from app import events
from app.core.access import Actor, Permission
from app.errors import InvalidInput
from app.models import directions
from app.tasks.change import check_version, locate
from app.text import compose


def give_direction(
    connection: Connection,
    actor: Actor,
    ident: str,
    text: str,
    on_behalf_of: str | None,
    *,
    version: int | None,
    now: datetime,
) -> dict[str, Any]:
    """Write a direction beside a task of the leadership's province; it stands in the task's log."""
    row = locate(connection, actor, ident)
    actor.require(Permission.DIRECTION_GIVE)
    check_version(row, version)
    words = compose(text)
    if not words:
        raise InvalidInput("Hãy ghi nội dung ý kiến chỉ đạo.", field="text")
    actor = actor.speaking_for(on_behalf_of)
    values = {
        "task_id": row.id,
        "text": words,
        "at": now,
        "account_id": actor.account_id,
        "on_behalf_of": actor.on_behalf_of,
    }
    direction_id = connection.execute(insert(directions).values(values).returning(directions.c.id)).scalar_one()
    events.record_task(connection, actor, row, now=now, action="task.directed", after={"direction": words})
    return {"id": direction_id, "task": row.code, "text": words, "at": now, "by": actor.name}
