"""The append-only log: one row per change, written in the transaction of the change.

A task's log and the audit are two views of it, and `as_of` figures are rebuilt from it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from app.core.access import Actor
from app.models import events

_INSERT = insert(events)


def record(
    connection: Connection,
    actor: Actor,
    *,
    now: datetime,
    entity: str,
    entity_id: int,
    code: str,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str = "",
    assessment_id: int | None = None,
    province_id: int | None = None,
) -> None:
    """Write one event. `before` and `after` hold JSON-ready values of what changed, by column name."""
    connection.execute(
        _INSERT,
        {
            "at": now,
            "province_id": province_id if province_id is not None else actor.province_id,
            "assessment_id": assessment_id,
            "entity": entity,
            "entity_id": entity_id,
            "entity_code": code,
            "action": action,
            "account_id": actor.account_id,
            "actor": actor.name,
            "on_behalf_of": actor.on_behalf_of,
            "before": dict(before or {}),
            "after": dict(after or {}),
            "why": why,
        },
    )


def record_task(
    connection: Connection,
    actor: Actor,
    task: Any,
    *,
    now: datetime,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str = "",
) -> None:
    """One row of a task's log; `task` has id, code, assessment_id and province_id."""
    record(
        connection,
        actor,
        now=now,
        entity="task",
        entity_id=task.id,
        code=task.code,
        action=action,
        before=before,
        after=after,
        why=why,
        assessment_id=task.assessment_id,
        province_id=task.province_id,
    )


def jsonable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dates and instants as ISO text, everything else as it is."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, JSON-ready, as (from, to)."""
    differing = [key for key in after if before.get(key) != after[key]]
    return jsonable({key: before.get(key) for key in differing}), jsonable({key: after[key] for key in differing})
