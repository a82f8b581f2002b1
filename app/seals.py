"""Seals over the log: a chain of hashes that shows when somebody changed what was written.

A job seals committed events: link n is SHA-256 over link n − 1 and the event's canonical JSON. Events are sealed in the
order in which they are seen committed, which on PostgreSQL need not be that of their ids, so no write ever waits for
another. Each link names its event; a place in the chain is never given twice.

The chain alone does not stop somebody who may write to the whole database from making it anew. Therefore its head
leaves the house each day in the coordinator's letter: `verify` compares the chain with any head that was ever sent.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, exists, func, insert, select, text

from app.canonical import encode
from app.models import events, seals

BATCH: Final = 5_000
SETTLED: Final = timedelta(hours=1)
"""No transaction is open for so long (statement and lock time limits end it much earlier): an event below one that was
sealed before that can no longer come."""
LOCK: Final = 0x4B505345


class Head(NamedTuple):
    """The last link of the chain: how many events it holds, and its hash."""

    position: int
    hash: str


NOTHING: Final = Head(0, "")


class Finding(NamedTuple):
    """What is wrong: `edited`, `deleted`, `inserted`, `broken` (a link missing or doubled), `cut` (a known head is not
    in the chain), with the place in the chain and the event where there is one."""

    kind: str
    position: int | None
    event_id: int | None
    detail: str


class Verified(NamedTuple):
    """`unsealed`: committed events that no link covers yet, the oldest of them at `since`."""

    head: Head
    findings: list[Finding]
    unsealed: int
    since: datetime | None


def seal_committed(connection: Connection, *, now: datetime) -> int:
    """Seal up to `BATCH` events that are committed and not sealed yet; how many that were.

    One sealer at a time: a second one, on another machine, finds the lock taken and leaves it to the first.
    """
    if not _alone(connection):
        return 0
    last, links = get_head(connection), []
    waiting = select(events).where(events.c.id > _horizon(connection, now=now), ~_sealed())
    for row in connection.execute(waiting.order_by(events.c.id).limit(BATCH)):
        last = Head(last.position + 1, link(last.hash, row._asdict()))
        links.append({"position": last.position, "event_id": row.id, "hash": last.hash, "sealed_at": now})
    if links:
        connection.execute(insert(seals), links)
    return len(links)


def link(before: str, event: dict[str, Any]) -> str:
    """The hash of an event in its place."""
    return hashlib.sha256(before.encode() + b"\n" + encode(event)).hexdigest()


def get_head(connection: Connection) -> Head:
    row = connection.execute(select(seals.c.position, seals.c.hash).order_by(seals.c.position.desc()).limit(1)).first()
    return NOTHING if row is None else Head(row.position, row.hash)


def verify(connection: Connection, heads: Iterable[Head] = (), *, now: datetime) -> Verified:
    """Walk the whole chain and the whole log. `heads`: what letters said; each must be a link of the chain."""
    findings: list[Finding] = []
    last, wanted = NOTHING, {head.position: head.hash for head in heads}
    for row in _chain(connection):
        findings += _broken(last, row)
        last = Head(row.position, row.hash)
        if wanted.pop(row.position, row.hash) != row.hash:
            findings.append(Finding("cut", row.position, row.event_id, "dấu niêm phong khác với dấu đã gửi đi"))
    for position in wanted:
        findings.append(Finding("cut", position, None, f"chuỗi chỉ còn {last.position} dấu, phần sau đã bị cắt"))
    horizon = _horizon(connection, now=now)
    unsealed = connection.execute(select(events.c.id, events.c.at).where(~_sealed()).order_by(events.c.id)).all()
    findings += [
        Finding("inserted", None, row.id, "có trong nhật ký nhưng không có dấu niêm phong")
        for row in unsealed
        if row.id <= horizon
    ]
    window = [row for row in unsealed if row.id > horizon]
    return Verified(last, findings, len(window), window[0].at if window else None)


# Inside


def _alone(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return True  # it has one writer
    return bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}).scalar())


def _sealed() -> Any:
    return exists(select(1).where(seals.c.event_id == events.c.id))


def _horizon(connection: Connection, *, now: datetime) -> int:
    """Every event up to this id that will ever be committed is sealed, or was put in behind our back."""
    settled = select(func.max(seals.c.event_id)).where(seals.c.sealed_at <= now - SETTLED)
    return connection.execute(settled).scalar() or 0


def _chain(connection: Connection) -> Iterator[Any]:
    statement = (
        select(seals.c.position, seals.c.event_id, seals.c.hash, seals.c.sealed_at, *_EVENT)
        .outerjoin(events, events.c.id == seals.c.event_id)
        .order_by(seals.c.position)
        .execution_options(yield_per=1_000)
    )
    yield from connection.execute(statement)


_EVENT = tuple(column.label(f"event__{column.name}") for column in events.c)


def _broken(before: Head, row: Any) -> Iterator[Finding]:
    """What is wrong with a link, seen from the one before it."""
    event = {column.name: row._mapping[f"event__{column.name}"] for column in events.c}
    if row.position != before.position + 1:
        missing = f"thiếu các dấu từ {before.position + 1} đến {row.position - 1}"
        yield Finding("broken", row.position, row.event_id, missing)
    elif event["id"] is None:
        yield Finding("deleted", row.position, row.event_id, "dòng nhật ký đã bị xóa")
    elif link(before.hash, event) != row.hash:
        yield Finding("edited", row.position, row.event_id, "dòng nhật ký, dấu này hoặc dấu trước đó đã bị sửa")
