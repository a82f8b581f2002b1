"""Bytes and rows live and die together; what an interrupted upload left is found and removed here.

Deleting needs a write transaction: on SQLite nobody else then puts a file, on PostgreSQL the claim says so.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection, delete, insert, select

from app.db import Database
from app.evidence.storage import Store, claim
from app.models import evidence, meta

log = structlog.get_logger()

GRACE = timedelta(hours=1)
"""Younger files may belong to an upload that is under way."""
BATCH = 500
MOST_REMOVED = 1_000
"""Orphans that one sweep deletes; the next one goes on."""
OWNER: Final = "evidence_owner"
"""Row of table `meta`: what this database calls itself in a store that it may share with others."""
_OWNER_CLAIM = "0" * 64


def discard(connection: Connection, store: Store, sha256: str) -> bool:
    """Delete bytes, unless a document refers to them. Says whether they are gone."""
    claim(connection, sha256)
    if connection.execute(select(evidence.c.id).where(evidence.c.sha256 == sha256).limit(1)).first() is not None:
        return False
    store.delete(sha256)
    return True


def sweep_orphans(db: Database, store: Store, *, now: datetime) -> list[str]:
    """Delete temporary files and unreferenced bytes older than `GRACE`; returns their names.

    Any number of replicas may do this at once. The store is listed outside transactions, and what seems an orphan is
    looked at once more under the claim: the same bytes may have been handed in again meanwhile. `now` is compared with
    file times, so it is what the machine's clock says, not a demo clock. Raises `Busy` when the store does not answer.
    """
    removed = _forget_incoming(store, now - GRACE)
    if not _is_ours(db, store):
        log.warning("files of another database are not swept", store=store.name)
        return removed
    for sha256 in islice(_orphans(db, store, now - GRACE), MOST_REMOVED):
        with db.transaction() as connection:
            if discard(connection, store, sha256):
                removed.append(sha256)
    return removed


def find_missing(connection: Connection, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """Documents whose file is not in the store, or not in its full length; see `sizes_of`."""
    rows = connection.execute(
        select(evidence.c.id, evidence.c.number, evidence.c.filename, evidence.c.sha256, evidence.c.size)
        .where(evidence.c.sha256.is_not(None))
        .order_by(evidence.c.id)
    )
    return [dict(row._mapping) for row in rows if sizes.get(row.sha256) != row.size]


def sizes_of(store: Store) -> dict[str, int]:
    """SHA-256 → size in bytes of everything in place; one listing, however many documents are compared with it."""
    return {one.sha256: one.size for one in store.stored()}


def identity_of(connection: Connection) -> str | None:
    """What this database calls itself in a store; None before its first sweep, and after it was restored: whether the
    files then are its own is for the operator to say."""
    return connection.execute(select(meta.c.value).where(meta.c.key == OWNER)).scalar()


def forget_identity(connection: Connection) -> None:
    """After a restore: the database that the backup was taken of may be alive."""
    connection.execute(delete(meta).where(meta.c.key == OWNER))


def _is_ours(db: Database, store: Store) -> bool:
    if not store.shared:
        return True
    identity = _settle_identity(db)
    return store.settle_owner(identity) == identity


def _settle_identity(db: Database) -> str:
    with db.transaction() as connection:
        claim(connection, _OWNER_CLAIM)  # replicas sweep for the first time at once
        found = identity_of(connection)
        if found is None:
            found = secrets.token_hex(16)
            connection.execute(insert(meta).values(key=OWNER, value=found))
    return found


def _forget_incoming(store: Store, before: datetime) -> list[str]:
    old = [path for path in sorted(store.incoming()) if _modified(path) < before]
    for path in old:
        path.unlink(missing_ok=True)
    return [path.name for path in old]


def _orphans(db: Database, store: Store, before: datetime) -> Iterator[str]:
    old = (one.sha256 for one in store.stored() if one.modified < before)
    while batch := list(islice(old, BATCH)):
        with db.snapshot() as connection:
            kept = _referenced(connection, batch)
        yield from (sha256 for sha256 in batch if sha256 not in kept)


def _referenced(connection: Connection, hashes: Iterable[str]) -> set[str]:
    return set(connection.execute(select(evidence.c.sha256).where(evidence.c.sha256.in_(hashes))).scalars())


def _modified(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)
