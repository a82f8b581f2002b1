"""Uploaded workbooks on their way: kept between preview and application, for their account alone."""

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from app.core.access import Actor
from app.errors import Conflict, NotFound
from app.models import workbooks
from app.uploads import clean_filename

UNNAMED: Final = "tep.xlsx"
KEPT_DAYS: Final = 30
KEPT: Final = 10
"""Of one account and kind; older ones go when a new one comes."""


class Upload(NamedTuple):
    id: int
    filename: str
    content: bytes
    applied_at: datetime | None


def keep(connection: Connection, actor: Actor, kind: str, filename: str, content: bytes, *, now: datetime) -> int:
    """Store an upload; returns its id."""
    _sweep(connection, actor, kind, now=now)
    values = {
        "account_id": actor.account_id,
        "kind": kind,
        "filename": clean_filename(filename) or UNNAMED,
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode(),
        "created_at": now,
    }
    return int(connection.execute(insert(workbooks).values(values).returning(workbooks.c.id)).scalar_one())


def get(connection: Connection, actor: Actor, kind: str, ident: int, *, now: datetime) -> Upload:
    """NotFound for somebody else's."""
    row = connection.execute(
        select(workbooks.c.id, workbooks.c.filename, workbooks.c.content, workbooks.c.applied_at).where(
            *_own(actor, kind), workbooks.c.id == ident
        )
    ).first()
    if row is None:
        raise NotFound("Không có tệp này, hoặc tệp đã được dọn đi. Hãy nạp lại tệp.")
    return Upload(row.id, row.filename, base64.b64decode(row.content), row.applied_at)


def list_recent(connection: Connection, actor: Actor, kind: str, *, now: datetime) -> list[dict[str, Any]]:
    """The account's own uploads, the newest first, without their content."""
    columns = (workbooks.c[name] for name in ("id", "filename", "created_at", "applied_at"))
    rows = connection.execute(select(*columns).where(*_own(actor, kind)).order_by(workbooks.c.id.desc()).limit(KEPT))
    return [dict(row._mapping) for row in rows]


def find_applied(connection: Connection, actor: Actor, kind: str, content: bytes) -> datetime | None:
    """When the account applied the very same bytes, if it did."""
    same = workbooks.c.sha256 == hashlib.sha256(content).hexdigest()
    rows = select(workbooks.c.applied_at).where(*_own(actor, kind), same, workbooks.c.applied_at.is_not(None))
    return connection.execute(rows.order_by(workbooks.c.id.desc()).limit(1)).scalar()


def mark_applied(connection: Connection, actor: Actor, kind: str, ident: int, *, now: datetime) -> None:
    """Conflict when another request was faster: it then applies it, and this one must not."""
    done = connection.execute(
        update(workbooks)
        .where(*_own(actor, kind), workbooks.c.id == ident, workbooks.c.applied_at.is_(None))
        .values(applied_at=now)
    )
    if done.rowcount != 1:
        raise Conflict("Tệp này vừa được áp dụng. Hãy mở lại trang để xem kết quả.")


def _own(actor: Actor, kind: str) -> tuple[Any, ...]:
    return workbooks.c.account_id == actor.account_id, workbooks.c.kind == kind


def _sweep(connection: Connection, actor: Actor, kind: str, *, now: datetime) -> None:
    newest = select(workbooks.c.id).where(*_own(actor, kind)).order_by(workbooks.c.id.desc()).limit(KEPT - 1)
    kept = [ident for (ident,) in connection.execute(newest)]
    old = workbooks.c.created_at < now - timedelta(days=KEPT_DAYS)
    connection.execute(delete(workbooks).where(*_own(actor, kind), old | workbooks.c.id.not_in(kept)))
