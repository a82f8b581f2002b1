"""The sheets of a vetted workbook as plain values, and how a place in them is spoken of."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from posixpath import join, normpath
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

from app.errors import FileRefused
from app.reports.excel.numbers import Value, shown
from app.reports.excel.safe import AGAIN, Package, open_package
from app.reports.excel.scanning import Cell, Scan, column_letters, percent_formats, scan_sheet
from app.text import compose

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT: Final = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION: Final = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
MOST_SHEETS: Final = 60


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
        return shown(self.value(row, column))

    def refusal(self, row: int, column: int) -> str | None:
        """Why an input cell cannot be taken as it is: a formula, an error, merged with others. None when it can."""
        cell = Cell(row, column)
        if cell in self.scan.formulas:
            return "ô có công thức; hãy thay bằng giá trị (dán giá trị, không dán công thức)."
        if cell in self.scan.errors:
            return "ô báo lỗi của Excel (như #REF!, #N/A); hãy điền lại giá trị."
        if cell in self.scan.merged:
            return "ô bị gộp với ô khác; hãy bỏ gộp ô (Merge) rồi điền riêng từng ô."
        return None

    def shows_percent(self, row: int, column: int) -> bool:
        """Whether the cell shows a hundred times the number it holds ("12,5%" for 0.125)."""
        return (row, column) in self.scan.percents

    def is_blank(self, row: int, columns: Iterable[int]) -> bool:
        return all(not self.text(row, column) and (row, column) not in self.scan.formulas for column in columns)


def read_sheets(content: bytes, filename: str, wanted: Sequence[str]) -> tuple[Package, dict[str, Sheet]]:
    """The wanted sheets of an upload that are there, by name. FileRefused, TooLarge as `open_package`, `scan_sheet`."""
    package = open_package(content, filename)
    paths = _find_sheets(package)
    names = {compose(name): name for name in paths}
    percents = percent_formats(package.parts["xl/styles.xml"]) if "xl/styles.xml" in package.parts else frozenset()
    scans = {
        name: scan_sheet(package.parts[paths[names[name]]], name, percents)
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
