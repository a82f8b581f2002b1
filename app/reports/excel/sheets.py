"""The sheets of a vetted workbook as plain values, and how a place in them is spoken of."""

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from posixpath import join, normpath
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

from app.errors import FileRefused
from app.reports.excel.safe import AGAIN, Package, open_package
from app.reports.excel.scanning import Cell, Scan, column_letters, scan_sheet
from app.text import compose
from app.vietnamese import day_text, number_text

Value = str | float | bool | date | datetime | time | timedelta
"""What stands in a cell; "" for nothing."""
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT: Final = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION: Final = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
MOST_SHEETS: Final = 60
NOTHING: Final = ("", None)


class Fault(NamedTuple):
    """What is wrong, and where: `row` and `column` count from 0, None where the whole sheet or row is meant."""

    sheet: str
    row: int | None
    column: int | None
    what: str
    head: str = ""
    """The column's own title."""

    @property
    def place(self) -> str:
        """ "Trang tính “Báo cáo”, dòng 7, cột K “Tiến độ xử lý”"."""
        parts = [f"Trang tính “{self.sheet}”"] if self.sheet else []
        if self.row is not None:
            parts.append(f"dòng {self.row + 1}")
        if self.column is not None:
            parts.append(f"cột {column_letters(self.column)}" + (f" “{self.head}”" if self.head else ""))
        return ", ".join(parts)

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what


@dataclass(frozen=True)
class Sheet:
    name: str
    rows: Sequence[Sequence[Value]]
    scan: Scan

    def value(self, row: int, column: int) -> Value:
        """What stands there; "" outside the sheet."""
        return self.rows[row][column] if row < len(self.rows) and column < len(self.rows[row]) else ""

    def text(self, row: int, column: int) -> str:
        """As text, composed; numbers and days the Vietnamese way."""
        return text_of(self.value(row, column))

    def refusal(self, row: int, column: int) -> str | None:
        """Why an input cell cannot be taken as it is: a formula, an error, merged with others. None when it can."""
        cell = Cell(row, column)
        if cell in self.scan.formulas:
            return "ô có công thức; hãy thay bằng giá trị (dán giá trị, không dán công thức)."
        if cell in self.scan.errors:
            return "ô báo lỗi của Excel (như #REF!, #N/A); hãy điền lại giá trị."
        if any(box.holds(cell) for box in self.scan.merged):
            return "ô bị gộp với ô khác; hãy bỏ gộp ô (Merge) rồi điền riêng từng ô."
        return None

    def is_blank(self, row: int, columns: Iterable[int]) -> bool:
        return all(not self.text(row, column) and (row, column) not in self.scan.formulas for column in columns)


def text_of(value: Value) -> str:
    if isinstance(value, str):
        return compose(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, int | float):
        return number_text(plain_of(value))
    return str(value)


def plain_of(value: float) -> str:
    """A number as digits with a dot, without exponent: "94511", "0.841"; as many digits as Excel keeps (15)."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15f}".rstrip("0") if abs(value) < 1 else f"{value:.15g}"


def read_sheets(content: bytes, filename: str, wanted: Sequence[str]) -> tuple[Package, dict[str, Sheet]]:
    """The wanted sheets of an upload that are there, by name. FileRefused, TooLarge as `open_package`, `scan_sheet`."""
    package = open_package(content, filename)
    paths = _find_sheets(package)
    names = {compose(name): name for name in paths}
    scans = {
        name: scan_sheet(package.parts[paths[names[name]]], name)
        for name in wanted
        if name in names and paths[names[name]] in package.parts
    }
    with _readable():
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_filelike(BytesIO(package.content))
        found = {
            name: Sheet(name, book.get_sheet_by_name(names[name]).to_python(skip_empty_area=False), scan)
            for name, scan in scans.items()
        }
    return package, found


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Whatever the reader stumbles over is the file's fault. It is written in Rust, whose panics are no `Exception`."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise FileRefused(f"Tệp Excel bị hỏng, không đọc được. {AGAIN}", field="file") from error


def _find_sheets(package: Package) -> Mapping[str, str]:
    """Sheet name → the part that holds it."""
    try:
        targets = {
            one.get("Id", ""): normpath(join("xl", one.get("Target", ""))).removeprefix("/")
            for one in _parsed(package, "xl/_rels/workbook.xml.rels")
            if one.get("Type", "").endswith("/worksheet")
        }
        root = _parsed(package, "xl/workbook.xml")
        sheets = root.find(f"{_MAIN}sheets")
        if sheets is None:
            sheets = root.find(f"{_STRICT}sheets")
        found = [] if sheets is None else list(sheets)
        if len(found) > MOST_SHEETS:
            raise FileRefused(f"Tệp có hơn {MOST_SHEETS} trang tính. {AGAIN}", field="file")
        named = {
            one.get("name", ""): next((one.get(key, "") for key in _RELATION if key in one.attrib), "") for one in found
        }
    except (ElementTree.ParseError, KeyError) as error:
        raise FileRefused(f"Tệp Excel bị hỏng, không đọc được. {AGAIN}", field="file") from error
    return {name: targets[relation] for name, relation in named.items() if relation in targets}


def _parsed(package: Package, part: str) -> Any:
    """Small parts only; DTDs were refused before."""
    content = package.parts[part]
    if len(content) > 1_000_000:
        raise FileRefused(f"Tệp có mục lục trang tính bất thường. {AGAIN}", field="file")
    return ElementTree.fromstring(content)  # noqa: S314
