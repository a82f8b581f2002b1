"""Insert what is missing, never overwrite what stands: how a seed meets a database that people have worked in."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, insert, select
from sqlalchemy.exc import IntegrityError

from app.core.scoring import format_points, in_vietnamese
from app.errors import Conflict

Row = Mapping[Any, Any]
Key = Any


@dataclass(slots=True)
class Tally:
    """Counts by noun, and one Vietnamese line for each fact of the seed that differs from what stands."""

    added: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Merged:
    """Ids of every row by key, and which keys are new."""

    ids: Mapping[Key, int]
    new: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Noun:
    """One table as a seed sees it."""

    table: Table
    name: str
    title: str
    key: tuple[str, ...]
    facts: Mapping[str, tuple[str, Callable[[Any], str] | None]] = field(default_factory=dict)
    """Column → (Vietnamese label, how a value is shown; None where it is too long to show)."""
    say: Callable[[Key], str] = str
    """How a key is spoken of, after the title."""
    whole: bool = True
    """The seed names all of them, so one that it no longer names is worth a line."""

    def key_of(self, row: Row) -> Key:
        return row[self.key[0]] if len(self.key) == 1 else tuple([row[name] for name in self.key])

    def label(self, key: Key) -> str:
        return f"{self.title} {self.say(key)}"


def shown(value: Any) -> str:
    return "(trống)" if value is None else f"“{value}”"


def points_shown(value: Any) -> str:
    return in_vietnamese(format_points(value))


def day_shown(value: Any) -> str:
    return "(trống)" if value is None else f"{value:%d/%m/%Y}"


def merge(connection: Connection, tally: Tally, noun: Noun, within: ColumnElement[bool], rows: Sequence[Row]) -> Merged:
    """Insert the rows whose key is not there yet; report facts that differ. `within` selects the rows to compare with.

    Conflict when a code is taken outside `within`, that is by another assessment or province.
    """
    standing = _select(connection, noun, within)
    missing = [row for row in rows if noun.key_of(row) not in standing] if standing else rows
    if standing:
        _compare(tally, noun, standing, rows)
    ids = {key: row["id"] for key, row in standing.items()}
    if missing:
        tally.added[noun.name] += len(missing)
        insert_rows(connection, noun.table, missing, noun.title)
        ids = _select_ids(connection, noun, within)
    return Merged(ids, frozenset(map(noun.key_of, missing)))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row], title: str) -> None:
    """One statement for all rows, which must have the same keys."""
    try:
        connection.execute(insert(table), rows)
    except IntegrityError as error:
        raise Conflict(
            f"{title}: có mã đã dùng ở kỳ đánh giá hoặc tỉnh khác. Chưa có gì được nạp; hãy đổi mã trong tệp dữ liệu."
        ) from error


def _select_ids(connection: Connection, noun: Noun, within: ColumnElement[bool]) -> dict[Key, int]:
    columns = [noun.table.c[name] for name in noun.key]
    found = connection.execute(select(noun.table.c.id, *columns).where(within))
    return {key[0] if len(key) == 1 else tuple(key): number for number, *key in found}


def _select(connection: Connection, noun: Noun, within: ColumnElement[bool]) -> dict[Key, Row]:
    columns = [noun.table.c[name] for name in dict.fromkeys(("id", *noun.key, *noun.facts))]
    return {noun.key_of(row): row for row in connection.execute(select(*columns).where(within)).mappings()}


def _compare(tally: Tally, noun: Noun, standing: Mapping[Key, Row], rows: Sequence[Row]) -> None:
    for row in rows:
        old = standing.get(noun.key_of(row))
        if old is None:
            continue
        found = [name for name in noun.facts if old[name] != row[name]]
        tally.unchanged[noun.name] += not found
        tally.different += [_difference(noun, name, old, row) for name in found]
    if noun.whole:
        for key in standing.keys() - set(map(noun.key_of, rows)):
            tally.different.append(f"{noun.label(key)}: tệp không còn mục này; giữ nguyên mục đang có.")


def _difference(noun: Noun, name: str, old: Row, new: Row) -> str:
    what, show = noun.facts[name]
    values = "tệp ghi khác" if show is None else f"đang là {show(old[name])}, tệp ghi {show(new[name])}"
    return f"{noun.label(noun.key_of(new))}, {what}: {values}; giữ nguyên giá trị đang có."


def merge_links(
    connection: Connection,
    tally: Tally,
    table: Table,
    title: str,
    within: ColumnElement[bool],
    wanted: Iterable[tuple[int, int]],
    *,
    is_new: Callable[[int, int], bool],
    names: Callable[[int, int], str],
    extra: Row | None = None,
) -> None:
    """Links between two things. One is added when either end is new; between things that stood before, people may have
    undone it, so a missing one is only reported."""
    left, right = list(table.primary_key.columns)
    pairs = list(dict.fromkeys(wanted))
    new = [pair for pair in pairs if is_new(*pair)]
    old = [pair for pair in pairs if not is_new(*pair)]
    if new:
        rows = [{left.name: a, right.name: b, **(extra or {})} for a, b in new]
        insert_rows(connection, table, rows, title)
        tally.added[table.name] += len(rows)
    if old:
        standing = {tuple(row) for row in connection.execute(select(left, right).where(within))}
        gone = [pair for pair in old if pair not in standing]
        tally.unchanged[table.name] += len(old) - len(gone)
        tally.different += [f"{title} {names(*pair)}: có trong tệp, hiện không có; giữ nguyên." for pair in gone]


def inverse(ids: Mapping[Hashable, int]) -> dict[int, str]:
    return {value: str(key) for key, value in ids.items()}
