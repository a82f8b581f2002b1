"""A sheet's XML, before its values are read: where formulas, errors, merged cells and percentages are, and how far it
reaches.

A reader that lays out a sheet as a grid takes memory for everything between its first and its last cell: one cell in
the last corner of a sheet would be 17 thousand million. So the reach is known, and bounded, beforehand.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from app.errors import FileRefused
from app.vietnamese import number_text

MOST_ROWS: Final = 30_000
MOST_EMPTY_ROWS: Final = 200_000
"""Rows that hold nothing may be coloured far down, but not without end."""
MOST_COLUMNS: Final = 120
MOST_CELLS: Final = 700_000
MOST_ELEMENTS: Final = 3_000_000
MOST_STYLES: Final = 500_000
MOST_MERGES: Final = 1_000
MOST_MERGED: Final = 100_000
"""Cells, of all merges of a sheet: programs that edit a sheet make one object of each."""
_LITERAL = re.compile(r'"[^"]*"|\\.')
"""Parts of a number format that are shown as they are."""
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class Cell(NamedTuple):
    """Row and column, both from 0."""

    row: int
    column: int


@dataclass(slots=True)
class Scan:
    formulas: set[Cell] = field(default_factory=set)
    errors: set[Cell] = field(default_factory=set)
    percents: set[Cell] = field(default_factory=set)
    """Cells that show a hundred times what they hold."""
    merged: set[Cell] = field(default_factory=set)


def scan_sheet(content: bytes, name: str, percents: frozenset[str] = frozenset()) -> Scan:
    """FileRefused when the sheet is broken, reaches too far or merges too much; `name` is the sheet's, for people.
    `percents`: the cell formats that show percentages, as `percent_formats` gives them."""
    scanner = _Scanner(name, percents)
    _parse(content, scanner.start, scanner.broken)
    return scanner.found


def percent_formats(styles: bytes) -> frozenset[str]:
    """Numbers of the cell formats ("s" of a cell) that multiply by a hundred for the eye."""
    reader = _Styles()
    _parse(styles, reader.start, lambda: FileRefused("Phần định dạng của tệp bị hỏng, không đọc được.", field="file"))
    return frozenset(str(place) for place, code in enumerate(reader.cells) if code in reader.percents)


def _parse(content: bytes, start: Callable[[str, dict[str, str]], None], broken: Callable[[], FileRefused]) -> None:
    def refuse_dtd(*_what: Any) -> None:
        raise broken()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse_dtd
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise broken() from error


def read_reference(text: str) -> Cell | None:
    """ "B7" as row 6, column 1; None for what is none."""
    match = _REFERENCE.fullmatch(text.replace("$", ""))
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return Cell(int(match[2]) - 1, column - 1)


def column_letters(column: int) -> str:
    """0 → A, 26 → AA."""
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


class _Scanner:
    """Takes elements as they come. Cells without a reference follow the one before, as the format allows."""

    def __init__(self, name: str, percents: frozenset[str]) -> None:
        self.name = name
        self.percents = percents
        self.found = Scan()
        self.merges = self.area = 0
        self.row = -1
        self.cell = Cell(-1, -1)
        self.elements = self.cells = self.rows = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise self.too_much()
        handler = _HANDLERS.get(tag.rpartition(" ")[2])
        if handler is not None:
            handler(self, attributes)

    def start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r")
        if number is not None and not (number.isascii() and number.isdigit() and len(number) < 9):
            raise self.broken()
        self.rows += 1
        if self.rows > MOST_EMPTY_ROWS:
            raise self.too_much()
        self.row = self.row + 1 if number is None else int(number) - 1
        self.cell = Cell(self.row, -1)

    def start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        found = Cell(self.row, self.cell.column + 1) if reference is None else read_reference(reference)
        if found is None:
            raise self.broken()
        self.cell = found
        if attributes.get("t") == "e":
            self.found.errors.add(found)
        if attributes.get("s") in self.percents:
            self.found.percents.add(found)

    def start_value(self, _attributes: dict[str, str]) -> None:
        """Only cells that hold something count: a coloured row reaches to the end of the sheet."""
        self.cells += 1
        if self.cells > MOST_CELLS or self.cell.row >= MOST_ROWS or self.cell.column >= MOST_COLUMNS:
            raise self.too_much()

    def start_formula(self, attributes: dict[str, str]) -> None:
        self.start_value(attributes)
        self.found.formulas.add(self.cell)

    def start_merged(self, attributes: dict[str, str]) -> None:
        begin, _, end = attributes.get("ref", "").partition(":")
        first, last = read_reference(begin), read_reference(end or begin)
        if first is None or last is None:
            raise self.broken()
        (top, left), (bottom, right) = first, last
        self.merges += 1
        self.area += max(0, bottom - top + 1) * max(0, right - left + 1)
        if self.merges > MOST_MERGES or self.area > MOST_MERGED:
            raise FileRefused(
                f"Trang tính “{self.name}” gộp quá nhiều ô (hơn {number_text(MOST_MERGES)} chỗ, hoặc quá rộng). "
                "Hãy bỏ gộp ô (Merge) rồi nạp lại."
            )
        self.found.merged.update(Cell(*one) for one in product(range(top, bottom + 1), range(left, right + 1)))

    def broken(self) -> FileRefused:
        return FileRefused(f"Trang tính “{self.name}” bị hỏng, không đọc được. Hãy mở bằng Excel, lưu lại rồi nạp lại.")

    def too_much(self) -> FileRefused:
        return FileRefused(
            f"Trang tính “{self.name}” quá lớn (hơn {number_text(MOST_ROWS)} dòng hoặc {MOST_COLUMNS} cột, hoặc quá "
            "nhiều ô). Hãy xóa các dòng, cột thừa ở xa rồi nạp lại."
        )


class _Styles:
    """The order is the format's own: number formats stand before the cell formats that use them."""

    def __init__(self) -> None:
        self.percents = {"9", "10"}
        self.cells: list[str] = []
        self.inside = ""
        self.elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_STYLES:
            raise FileRefused(
                "Tệp có quá nhiều định dạng. Hãy chép nội dung sang mẫu mới tải rồi nạp lại.", field="file"
            )
        name = tag.rpartition(" ")[2]
        if name == "numFmt" and "%" in _LITERAL.sub("", attributes.get("formatCode", "")):
            self.percents.add(attributes.get("numFmtId", ""))
        elif name in ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            self.inside = name
        elif name == "xf" and self.inside == "cellXfs":
            self.cells.append(attributes.get("numFmtId", ""))


_HANDLERS: Final = {
    "row": _Scanner.start_row,
    "c": _Scanner.start_cell,
    "v": _Scanner.start_value,
    "is": _Scanner.start_value,
    "f": _Scanner.start_formula,
    "mergeCell": _Scanner.start_merged,
}
