"""Seals over the log: a chain of hashes that shows when somebody changed what was written.

A job seals committed events: link n is SHA-256 over link n − 1 and the event's canonical JSON. Events are sealed in the
order in which they are seen committed, which on PostgreSQL need not be that of their ids, so no write ever waits for
another. Each link names its event; a place in the chain is never given twice.

The chain alone does not stop somebody who may write to the whole database from making it anew. Therefore its head
leaves the house each day in the coordinator's letter: `verify` compares the chain with any head that was ever sent.

Nor does the chain know who wrote. What is done behind our back before the next seal, within a minute, leaves no trace,
and a line put in at the end is sealed like any other; only that its time is not the true one can show (`backdated`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, String, cast, exists, insert, null, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.canonical import encode
from app.models import events, seals

BATCH: Final = 5_000
READ: Final = 1_000
"""Rows that are in memory at once while the log is walked."""
SETTLED: Final = timedelta(hours=1)
"""No transaction is open for so long (statement and lock time limits end it much earlier): an event below one that was
written so long before the last sealed one can no longer come."""
LOCK: Final = 0x4B505345


class Head(NamedTuple):
    """The last link of the chain: how many events it holds, and its hash."""

    position: int
    hash: str


NOTHING: Final = Head(0, "")


class Finding(NamedTuple):
    """What is wrong: `edited`, `deleted`, `inserted`, `broken` (a link missing or doubled), `cut` (a known head is not
    in the chain), or doubtful: `backdated`; with the place in the chain and the event where there is one."""

    kind: str
    position: int | None
    event_id: int | None
    detail: str


class Verified(NamedTuple):
    """`unsealed`: committed events that no link covers yet, the oldest of them at `since`. `backdated`: events with a
    time long before that of one sealed earlier, or still to come; a clock that was wrong makes such, too."""

    head: Head
    findings: list[Finding]
    unsealed: int
    since: datetime | None
    backdated: list[Finding]


def seal_committed(connection: Connection, *, now: datetime) -> int:
    """Seal up to `BATCH` events that are committed and not sealed yet; how many that were.

    One sealer at a time: a second one, on another machine, finds the lock taken and leaves it to the first.
    """
    if not _alone(connection):
        return 0
    last, links = get_head(connection), []
    waiting = select(events).where(events.c.id > _horizon(connection), ~_sealed())
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
    times, last, wanted = _Times(now + SETTLED), NOTHING, set(heads)
    for one in _chain(connection):
        findings += _broken(last, one)
        times.look(one)
        last = Head(one.position or 0, one.hash)
        here = {head for head in wanted if head.position == one.position}
        if here - {last}:
            findings.append(Finding("cut", one.position, one.event_id, "dấu niêm phong khác với dấu đã gửi đi"))
        wanted -= here
    for head in sorted(wanted):
        findings.append(Finding("cut", head.position, None, f"chuỗi chỉ còn {last.position} dấu, phần sau đã bị cắt"))
    horizon, window = _horizon(connection), []
    for one in _outside(connection):
        if one.event_id is not None and one.event_id <= horizon:
            findings.append(Finding("inserted", None, one.event_id, "có trong nhật ký nhưng không có dấu niêm phong"))
        else:
            times.look(one)
            window.append(one.at)
    return Verified(last, findings, len(window), next(filter(None, window), None), times.found)


# Inside


def _alone(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return True  # it has one writer
    return bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}).scalar())


def _sealed() -> ColumnElement[bool]:
    return exists(select(1).where(seals.c.event_id == events.c.id))


def _horizon(connection: Connection) -> int:
    """Every event up to this id that will ever be committed is sealed, or was put in behind our back.

    Told by the times of events, which the chain covers, and from the last sealed one, not from now: while no sealer
    runs nothing grows old, so what one just missed is no insertion to the next.
    """
    sealed = select(seals.c.event_id, events.c.at).join(events, events.c.id == seals.c.event_id)
    try:
        last = connection.execute(sealed.order_by(seals.c.position.desc()).limit(1)).first()
        until = None if last is None else last.at - SETTLED
    except UNREADABLE:  # `verify` tells it
        until = None
    if until is None:
        return 0
    settled = sealed.with_only_columns(seals.c.event_id).where(events.c.at <= until)
    return connection.execute(settled.order_by(seals.c.event_id.desc()).limit(1)).scalar() or 0


# Reading what somebody may have spoilt

UNREADABLE: Final = (SQLAlchemyError, ValueError, TypeError, OverflowError, RecursionError)
"""What a row may raise that the program never wrote: no JSON, no time, bytes that are no text."""
_DELETED: Final = "dòng nhật ký đã bị xóa"
_GARBLED: Final = "dòng nhật ký đã bị sửa thành nội dung không đọc được"
_RESPELT: Final = "giờ của dòng nhật ký đã bị viết lại theo cách khác, nên lọc và sắp xếp sai"
_EDITED: Final = "dòng nhật ký, dấu này hoặc dấu trước đó đã bị sửa"


class _Line(NamedTuple):
    """An event, with its link where it has one."""

    position: int | None
    event_id: int | None
    hash: str
    event: dict[str, Any] | None
    fault: str
    """What is wrong with it whatever the chain says; empty for an ordinary one."""

    @property
    def at(self) -> datetime | None:
        return self.event["at"] if self.event else None


class _Times:
    """Looks at one line after the other for times that do not follow. Whole hours, because whoever waits for a lock is
    overtaken, and clocks of several machines differ."""

    def __init__(self, most: datetime) -> None:
        self.found: list[Finding] = []
        self._latest, self._most = datetime.min.replace(tzinfo=UTC), most

    def look(self, one: _Line) -> None:
        if one.at is None:
            return
        if one.at > self._most:
            self.found.append(Finding("backdated", one.position, one.event_id, "giờ ghi còn ở tương lai"))
        elif one.at + SETTLED < self._latest:
            detail = "giờ ghi lùi hơn một giờ so với dòng niêm phong trước đó"
            self.found.append(Finding("backdated", one.position, one.event_id, detail))
        else:
            self._latest = max(self._latest, one.at)


def _broken(before: Head, one: _Line) -> Iterator[Finding]:
    """What is wrong with a link, seen from the one before it."""
    if one.position != before.position + 1:
        missing = f"thiếu các dấu từ {before.position + 1} đến {(one.position or 0) - 1}"
        yield Finding("broken", one.position, one.event_id, missing)
    elif one.fault:
        yield Finding("deleted" if one.fault == _DELETED else "edited", one.position, one.event_id, one.fault)
    elif not _fits(before, one):
        yield Finding("edited", one.position, one.event_id, _EDITED)


def _fits(before: Head, one: _Line) -> bool:
    try:
        return link(before.hash, one.event or {}) == one.hash
    except UNREADABLE:  # bytes where a text was
        return False


def _chain(connection: Connection) -> Iterator[_Line]:
    """Every link in order."""
    place = seals.c.position
    joined = _with_event(connection, place).join(seals, seals.c.event_id == events.c.id)
    for places in _batches(connection, select(place), place):
        links = _read(connection, select(place.label("ident"), seals.c.event_id, seals.c.hash), place, places)
        found = _read(connection, joined, place, places)
        there = select(place).join(events, events.c.id == seals.c.event_id).where(place.between(places[0], places[-1]))
        known = set(connection.execute(there).scalars())
        for position in places:
            row, fault = links.get(position), _DELETED if position not in known else ""
            event_id, told = (row.event_id, row.hash) if row else (None, "")
            yield _line(position, event_id, told, found.get(position), fault)


def _outside(connection: Connection) -> Iterator[_Line]:
    """Every event without a link, in the order of their ids."""
    ident = events.c.id
    for idents in _batches(connection, select(ident).where(~_sealed()), ident):
        found = _read(connection, _with_event(connection, ident).where(~_sealed()), ident, idents)
        for event_id in idents:
            yield _line(None, event_id, "", found.get(event_id), "")


def _line(position: int | None, event_id: Any, told: Any, row: Any, fault: str) -> _Line:
    """Of values that may be anything: SQLite keeps what it is given, whatever the column's type."""
    event = row and {column.name: row._mapping[column.name] for column in events.c}
    if event is None:
        fault = fault or _GARBLED
    elif row.spelt is not None and row.spelt != event["at"].replace(tzinfo=None).isoformat(" ", "microseconds"):
        fault = _RESPELT
    return _Line(
        position, event_id if isinstance(event_id, int) else None, told if isinstance(told, str) else "", event, fault
    )


def _with_event(connection: Connection, ident: ColumnElement[int]) -> Select[Any]:
    """Whole events. SQLite compares times as they are spelt, but reads several spellings as the same time."""
    sqlite = connection.dialect.name == "sqlite"
    spelt = cast(events.c.at, String) if sqlite else null()
    return select(ident.label("ident"), spelt.label("spelt"), *events.c).select_from(events)


def _batches(connection: Connection, wanted: Select[Any], key: ColumnElement[int]) -> Iterator[Sequence[int]]:
    """Keys in order, some at a time."""
    batch: Sequence[int] = connection.execute(wanted.order_by(key).limit(READ)).scalars().all()
    while batch:
        yield batch
        batch = connection.execute(wanted.where(key > batch[-1]).order_by(key).limit(READ)).scalars().all()


def _read(
    connection: Connection, wanted: Select[Any], key: ColumnElement[int], idents: Sequence[int]
) -> dict[int, Any]:
    """Rows by `ident`, without those that cannot be read: those are looked for by halves."""
    try:
        rows = connection.execute(wanted.where(key.between(idents[0], idents[-1])))
        return {row.ident: row for row in rows}
    except UNREADABLE:
        half = len(idents) // 2
        if not half:
            return {}
        return _read(connection, wanted, key, idents[:half]) | _read(connection, wanted, key, idents[half:])
