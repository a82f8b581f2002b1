"""Bytes and rows live and die together; what an interrupted upload left is found and removed here.

Both removals need a write transaction: on SQLite nobody else then puts a file, on PostgreSQL the claim says so.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from app.evidence.storage import FileStore, claim
from app.models import evidence

GRACE = timedelta(hours=1)
"""Younger files may belong to an upload that is under way."""


def discard(connection: Connection, store: FileStore, sha256: str) -> bool:
    """After an upload that failed: delete its bytes, unless a document refers to them. Says whether they are gone."""
    claim(connection, sha256)
    if connection.execute(select(evidence.c.id).where(evidence.c.sha256 == sha256).limit(1)).first() is not None:
        return False
    store.delete(sha256)
    return True


def sweep_orphans(connection: Connection, folder: Path, *, now: datetime) -> list[str]:
    """Delete temporary files and unreferenced bytes older than `GRACE`; returns their names.

    `now` is compared with file times, so it is what the machine's clock says, not a demo clock.
    """
    store = FileStore(folder)
    removed = []
    for path in _older(store.incoming(), now - GRACE):
        path.unlink(missing_ok=True)
        removed.append(path.name)
    kept = _referenced(connection)
    for path in _older(store.stored(), now - GRACE):
        # Looked at once more under the claim: the same bytes may have been handed in again meanwhile.
        if path.name not in kept and discard(connection, store, path.name):
            removed.append(path.name)
    return removed


def find_missing(connection: Connection, folder: Path) -> list[dict[str, Any]]:
    """Documents whose file is not in the store, or not in its full length."""
    store = FileStore(folder)
    rows = connection.execute(
        select(evidence.c.id, evidence.c.number, evidence.c.filename, evidence.c.sha256, evidence.c.size)
        .where(evidence.c.sha256.is_not(None))
        .order_by(evidence.c.id)
    )
    return [dict(row._mapping) for row in rows if _size(store.path(row.sha256)) != row.size]


def _referenced(connection: Connection) -> set[str]:
    return set(connection.execute(select(evidence.c.sha256).where(evidence.c.sha256.is_not(None))).scalars())


def _older(paths: Iterable[Path], than: datetime) -> list[Path]:
    return [path for path in sorted(paths) if 0 < _modified(path) < than.timestamp()]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
