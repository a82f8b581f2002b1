"""CSV for two kinds of readers.

People open it in Excel under a Vietnamese Windows: semicolons, decimal commas, 01/07/2025, a byte order mark so that
accents arrive. Programs get RFC 4180: commas, decimal points, ISO dates, UTC.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.core.workdays import local_moment
from app.errors import TooLarge
from app.reports.neutral import neutral
from app.reports.tables.columns import Column, Kind, Table
from app.vietnamese import day_text, exact_points_text, number_text

MOST_ROWS = 50_000
BOM = "\ufeff"


class Style(StrEnum):
    PEOPLE = "people"
    PROGRAMS = "programs"


def as_csv(table: Table, rows: Iterable[Mapping[str, Any]], *, total: int, style: Style) -> bytes:
    """The whole table. TooLarge where `total` says that rows would be missing: half a table looks like a whole one."""
    if total > MOST_ROWS:
        raise TooLarge(
            f"Bảng có {number_text(total)} dòng, tối đa {number_text(MOST_ROWS)} dòng một lần. Hãy lọc bớt rồi tải lại."
        )
    out = io.StringIO(newline="")
    people = style is Style.PEOPLE
    writer = csv.writer(out, delimiter=";" if people else ",", lineterminator="\r\n")
    writer.writerow([one.label if people else one.name for one in table.columns])
    written = _for_people if people else _for_programs
    writer.writerows([written(one, row) for one in table.columns] for row in rows)
    return ((BOM if people else "") + out.getvalue()).encode()


def _for_people(column: Column, row: Mapping[str, Any]) -> str:
    value = column.told(row) if column.told else column.of(row)
    if value is None or value == "":
        return ""
    if column.kind is Kind.POINTS:
        return exact_points_text(value)
    if column.kind is Kind.YES:
        return "Có" if value else "Không"
    if column.kind is Kind.NUMBER:
        return str(value).replace(".", ",")
    if column.kind is Kind.DAY:
        return day_text(value)
    if column.kind is Kind.MOMENT:
        return f"{local_moment(_moment(value)):%d/%m/%Y %H:%M}"
    return neutral(column.word(value))


def _for_programs(column: Column, row: Mapping[str, Any]) -> str:
    value = column.of(row)
    if value is None:
        return ""
    if column.kind is Kind.YES:
        return "true" if value else "false"
    if column.kind is Kind.MOMENT:
        return _moment(value).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return neutral(str(value)) if column.kind in (Kind.TEXT, Kind.WORD) else str(value)


def _moment(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
