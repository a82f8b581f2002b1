"""`marking_worker.py`: marks the faults of a workbook.

Run apart (`app.apart`), it imports nothing of the application: openpyxl makes objects of whatever an upload holds, and
no list of what it may hold is ever complete. Reads one line of JSON (`app.reports.excel.marking.Marks`) and then the
workbook; writes the marked one.
"""

import io
import json
import sys
import unicodedata
import warnings
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

RED: Final = "FFF8C9C4"
_WIDTH: Final = 60
"""Letters in a line of the reasons' column."""
_TELLING: Final = Font(name="Times New Roman", color="FFA8201A")
_HEADING: Final = Font(name="Times New Roman", bold=True, color="FFA8201A")


def mark(content: bytes, marks: Mapping[str, Any]) -> bytes:
    book = load_workbook(io.BytesIO(content))
    sheets = {unicodedata.normalize("NFC", sheet.title).strip(): sheet for sheet in book.worksheets}
    for name, table in marks["tables"].items():
        _clean(sheets[name], table)
    for name, row, column, value in marks["writes"]:
        _write(sheets[name].cell(row + 1, column + 1), value)
    for name, row, column, text in marks["notes"]:
        _note(sheets[name].cell(row + 1, column + 1), text)
    for name, row, text in marks["reasons"]:
        cell = sheets[name].cell(row + 1, marks["tables"][name]["column"] + 1)
        _write(cell, text)
        cell.font, cell.alignment = _TELLING, Alignment(wrap_text=True, vertical="top")
        lines = sum(ceil(len(line) / _WIDTH) for line in text.split("\n"))
        height = sheets[name].row_dimensions[row + 1]
        height.height = max(height.height or 15, min(lines * 15, 300))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _clean(sheet: Any, table: Mapping[str, Any]) -> None:
    """Take away what an earlier marking left, and give the reasons a column."""
    column = table["column"] + 1
    # Only cells that are there: one at the sheet's far end would have openpyxl make all between.
    for cell in list(sheet._cells.values()):
        if cell.row > table["head"] + 1 and cell.column <= column:
            _unmark(cell, table["fill"])
            if cell.column == column:
                cell.value = None
    head = sheet.cell(table["head"] + 1, column, table["title"])
    head.font, head.alignment = _HEADING, Alignment(wrap_text=True, vertical="center")
    sheet.column_dimensions[get_column_letter(column)].width = _WIDTH


def _unmark(cell: Any, fill: str) -> None:
    if cell.comment is not None:
        cell.comment = None
    if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == RED:
        cell.fill = PatternFill("solid", fgColor=fill) if fill else PatternFill()


def _write(cell: Any, value: Any) -> None:
    """Text as text, whatever it starts with."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def _note(cell: Any, text: str) -> None:
    """A red cell with a comment; what another comment of this marking says stays."""
    cell.fill = PatternFill("solid", fgColor=RED)
    before = f"{cell.comment.text}\n\n" if cell.comment is not None else ""
    cell.comment = Comment(f"{before}{text}"[:1_500], "Khắc Phục", height=160, width=360)


def main() -> None:
    warnings.simplefilter("ignore")  # what openpyxl leaves out: pictures, extensions
    head, _, content = sys.stdin.buffer.read().partition(b"\n")
    sys.stdout.buffer.write(mark(content, json.loads(head)))


if __name__ == "__main__":
    main()
