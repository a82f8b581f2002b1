"""The faults of a filled template, marked in it. Rows that somebody else changed meanwhile are brought up to date where
they were not touched; where both changed something, the typed text stays and a note tells what stands."""

from collections.abc import Mapping
from typing import Any, Final

from app.reports.excel import marking
from app.reports.excel.book import INPUT
from app.reports.excel.marking import Marks, Table
from app.reports.excel.roundtrip.carrying import Result
from app.reports.excel.roundtrip.filled import Filled, Row
from app.reports.excel.roundtrip.layout import (
    FIGURE_ERRORS,
    FIGURES,
    HEAD,
    INPUTS,
    MARKS,
    REPORT_ERRORS,
    REPORTS,
    standing,
)
from app.reports.excel.roundtrip.template import marks_of
from app.reports.excel.safe import open_package
from app.vietnamese import number_text

_FILL: Final = f"FF{INPUT.removeprefix('#')}"
TABLES: Final = {REPORTS: Table(HEAD, REPORT_ERRORS, _FILL), FIGURES: Table(HEAD, FIGURE_ERRORS, _FILL)}
_NUMBERS: Final = ("percent", "declared")


def mark(content: bytes, filled: Filled, found: Result) -> bytes:
    """The uploaded workbook, as it was read into `filled`, with the faults of `found`. Without any it comes back with
    older marks removed. FileRefused where that cannot be done within bounds."""
    made = marking.marks_for(TABLES, found.faults)
    stale = {one.code for one in found.outcomes if one.stale}
    for row in filled.rows:
        if row.code in stale:
            _bring_up_to_date(made, row, found.current[row.code])
    return marking.mark(open_package(content, "tep.xlsx"), made)


def _bring_up_to_date(made: Marks, row: Row, task: Mapping[str, Any]) -> None:
    now = standing(task)
    for key in (*INPUTS, *(name for name in now if name.startswith("input."))):
        place = row.places.get(key)
        if place is None or key == "move":
            continue
        where = place.sheet, place.row, place.column
        typed = row.touched.get(key)
        if typed is not None and typed != now[key]:
            made.notes.append((*where, f"Trên hệ thống nay ghi: {_shown(key, now[key])}"))
        elif typed is None and (now[key] or key != "declared"):  # where no score is taken the template says why
            made.writes.append((*where, _value(key, now[key])))
    # The row is compared with today's version from now on: whoever sends it again has seen the notes.
    made.writes += [(MARKS, row.mark_row, column, text) for column, text in enumerate(marks_of(task))]


def _shown(key: str, value: str) -> str:
    if not value:
        return "(trống)"
    return number_text(value) if key in _NUMBERS or key.startswith("input.") else f"“{value}”"


def _value(key: str, value: str) -> str | float | None:
    """As the template would write it: numbers as numbers."""
    if not value:
        return None
    if key in _NUMBERS or key.startswith("input."):
        return float(value) if "." in value else int(value)
    return value
