"""The uploaded workbook given back with its faults marked: red cells with a note, the reason in a column of its own,
nothing that was typed lost. Rows that somebody else changed meanwhile are brought up to date where they were not
touched; where both changed something, the typed text stays and a note tells what stands.

Openpyxl is loaded with the first marked workbook; it only ever sees packages that `open_package` has vetted.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from app.reports.excel.book import INPUT
from app.reports.excel.roundtrip.carrying import Result
from app.reports.excel.roundtrip.filled import Filled, Row
from app.reports.excel.roundtrip.layout import (
    ERRORS,
    FIGURE_ERRORS,
    FIGURES,
    FIRST,
    HEAD,
    INPUTS,
    MARKS,
    REPORT_ERRORS,
    REPORTS,
    standing,
)
from app.reports.excel.roundtrip.template import marks_of
from app.reports.excel.sheets import Fault
from app.vietnamese import number_text

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

RED: Final = "FFF8C9C4"
_INPUT: Final = f"FF{INPUT.removeprefix('#')}"
_LONGEST_NOTE: Final = 1_500
_LONGEST_CELL: Final = 8_000
_ERROR_COLUMNS: Final = {REPORTS: REPORT_ERRORS, FIGURES: FIGURE_ERRORS}
_NUMBERS: Final = ("percent", "declared")


def mark(filled: Filled, found: Result) -> bytes:
    """The workbook of `filled` with the faults of `found`. Without any it comes back with older marks removed."""
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(filled.package.content))
    for name, column in _ERROR_COLUMNS.items():
        _clean(book[name], column)
    stale = {one.code for one in found.outcomes if one.stale}
    for row in filled.rows:
        if row.code in stale:
            _bring_up_to_date(book, row, found.current[row.code])
    for (sheet, line), faults in _by_row(found.faults).items():
        if sheet in _ERROR_COLUMNS:
            _mark_row(book[sheet], line, faults, _ERROR_COLUMNS[sheet])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _by_row(faults: list[Fault]) -> Mapping[tuple[str, int], list[Fault]]:
    found: dict[tuple[str, int], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.sheet, FIRST if fault.row is None else fault.row), []).append(fault)
    return found


def _clean(sheet: Any, column: int) -> None:
    """Take away what an earlier marking left, and give the reasons a column."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for cells in sheet.iter_rows(min_row=FIRST + 1, max_col=column + 1):
        for cell in cells:
            if cell.comment is not None:
                cell.comment = None
            if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == RED:
                cell.fill = _fill(_INPUT)
        if len(cells) > column:
            cells[column].value = None
    head = sheet.cell(HEAD + 1, column + 1, ERRORS)
    head.font = Font(name="Times New Roman", bold=True, color="FFA8201A")
    head.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.column_dimensions[get_column_letter(column + 1)].width = 60


def _fill(colour: str) -> Any:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", fgColor=colour)


def _mark_row(sheet: Any, line: int, faults: list[Fault], column: int) -> None:
    from openpyxl.styles import Alignment, Font

    for fault in faults:
        if fault.column is not None and fault.column < column:
            cell = sheet.cell(line + 1, fault.column + 1)
            cell.fill = _fill(RED)
            _note(cell, fault.what)
    told = "\n".join(dict.fromkeys(_told(fault) for fault in faults))
    reason = sheet.cell(line + 1, column + 1)
    reason.value, reason.data_type = told[:_LONGEST_CELL], "s"
    reason.font = Font(name="Times New Roman", color="FFA8201A")
    reason.alignment = Alignment(wrap_text=True, vertical="top")


def _told(fault: Fault) -> str:
    return f"{fault.head}: {fault.what}" if fault.head else fault.what


def _note(cell: Any, text: str) -> None:
    """A comment on the cell; what it said before stays."""
    from openpyxl.comments import Comment

    before = f"{cell.comment.text}\n\n" if cell.comment is not None else ""
    cell.comment = Comment(f"{before}{text}"[:_LONGEST_NOTE], "Khắc Phục", height=160, width=360)


# Rows that somebody else changed


def _bring_up_to_date(book: "Workbook", row: Row, task: Mapping[str, Any]) -> None:
    now = standing(task)
    for key in (*INPUTS, *(name for name in now if name.startswith("input."))):
        place = row.places.get(key)
        if place is None or key == "move":
            continue
        cell = book[place.sheet].cell(place.row + 1, place.column + 1)
        typed = row.touched.get(key)
        if typed is None:
            _write(cell, key, now[key])
        elif typed != now[key]:
            cell.fill = _fill(RED)
            _note(cell, f"Trên hệ thống nay ghi: {_shown(key, now[key])}")
    _remember(book[MARKS], task)


def _shown(key: str, value: str) -> str:
    if not value:
        return "(trống)"
    return number_text(value) if key in _NUMBERS or key.startswith("input.") else f"“{value}”"


def _write(cell: Any, key: str, value: str) -> None:
    """As the template would: numbers as numbers, text as text whatever it starts with."""
    if key == "declared" and not value:
        return  # where no score is taken the template says why
    if not value:
        cell.value = None
    elif key in _NUMBERS or key.startswith("input."):
        cell.value = float(value) if "." in value else int(value)
    else:
        cell.value = value
        cell.data_type = "s"


def _remember(sheet: Any, task: Mapping[str, Any]) -> None:
    """The row is compared with today's version from now on: whoever sends it again has seen the notes."""
    for cells in sheet.iter_rows(min_row=5, max_col=3):
        if cells[0].value == task["code"]:
            for cell, text in zip(cells, marks_of(task), strict=True):
                cell.value, cell.data_type = text, "s"
