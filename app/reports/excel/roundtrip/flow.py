"""Upload, preview, apply: the steps of the round trip as functions of the database's two doors."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from app.core.access import Actor, Permission
from app.reports.excel import uploads
from app.reports.excel.roundtrip import carrying
from app.reports.excel.roundtrip.carrying import Result
from app.reports.excel.roundtrip.filled import Filled

KIND = "tasks"


class Applied(NamedTuple):
    """`before`: when the same workbook was applied already; nothing was done then."""

    result: Result
    before: datetime | None


def keep(connection: Connection, actor: Actor, filename: str, content: bytes, *, now: datetime) -> int:
    actor.require(Permission.TASK_REPORT)
    return uploads.keep(connection, actor, KIND, filename, content, now=now)


def apply_upload(connection: Connection, actor: Actor, ident: int, filled: Filled, *, now: datetime) -> Applied:
    """Apply a kept upload, once: the second time nothing happens. Raises as `carrying.apply`."""
    before = uploads.get(connection, actor, KIND, ident, now=now).applied_at
    if before is not None:
        return Applied(Result(filled.assessment), before)
    uploads.mark_applied(connection, actor, KIND, ident, now=now)
    return Applied(carrying.apply(connection, actor, filled, now=now), None)


def apply_content(
    connection: Connection, actor: Actor, filename: str, content: bytes, filled: Filled, *, now: datetime
) -> Applied:
    """The same for programs, which send the file again."""
    before = uploads.find_applied(connection, actor, KIND, content)
    if before is not None:
        return Applied(Result(filled.assessment), before)
    return apply_upload(connection, actor, keep(connection, actor, filename, content, now=now), filled, now=now)
