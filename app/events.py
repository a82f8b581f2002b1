"""The append-only log: one row per change, written in the transaction of the change.

A task's log and the audit are two views of it, and `as_of` figures are rebuilt from it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from app.core.access import Actor
from app.core.scoring import format_points
from app.models import agencies, events

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


def record_account(
    connection: Connection,
    actor: Actor,
    account: Any,
    *,
    now: datetime,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str = "",
) -> None:
    """One row of an account's log; `account` is a mapping with id, name and province_id."""
    record(
        connection,
        actor,
        now=now,
        entity="account",
        entity_id=account["id"],
        code=account["name"],
        action=action,
        before=before,
        after=after,
        why=why,
        province_id=account["province_id"],
    )


def jsonable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dates and instants as ISO text, everything else as it is."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, JSON-ready, as (from, to)."""
    differing = [key for key in after if before.get(key) != after[key]]
    return jsonable({key: before.get(key) for key in differing}), jsonable({key: after[key] for key in differing})


# Reading

POINTS = frozenset({"max", "published", "floor", "expected", "ceiling", "verified", "reported", "target"})
"""Values that are ten-thousandths of a point and leave as strings."""
HIDDEN = frozenset({"submitted_by"})
"""Ids that say nothing outside the database; the row itself says who did it."""


def told(connection: Connection, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of `event` as the log and the audit show them: scores as strings, agencies by code, instants in UTC."""
    ids = {values["agency_id"] for row in rows for values in (row.before, row.after) if values.get("agency_id")}
    found = select(agencies.c.id, agencies.c.code).where(agencies.c.id.in_(ids))
    codes: dict[int, str] = dict(connection.execute(found).all())
    return [
        {
            "id": row.id,
            "at": row.at,
            "action": row.action,
            "by": row.actor,
            "on_behalf_of": row.on_behalf_of,
            "from": _legible(row.before, codes),
            "to": _legible(row.after, codes),
            "why": row.why,
        }
        for row in rows
    ]


def _legible(values: Mapping[str, Any], codes: Mapping[int, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in values.items():
        if name in POINTS and isinstance(value, int):
            shown[name] = format_points(value)
        elif name == "agency_id":
            shown["agency"] = codes.get(value, value)
        elif isinstance(value, str) and value.endswith("+00:00"):
            shown[name] = value.removesuffix("+00:00") + "Z"
        elif name not in HIDDEN:
            shown[name] = value
    return shown
