"""A sheet's XML, before its values are read: where formulas, errors and merged cells are, and how far it reaches.

A reader that lays out a sheet as a grid takes memory for everything between its first and its last cell: one cell in
the last corner of a sheet would be 17 thousand million. So the reach is known, and bounded, beforehand.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from app.errors import FileRefused
from app.vietnamese import number_text

MOST_ROWS: Final = 30_000
MOST_COLUMNS: Final = 120
MOST_CELLS: Final = 700_000
MOST_ELEMENTS: Final = 3_000_000
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class Cell(NamedTuple):
    """Row and column, both from 0."""

    row: int
    column: int


class Box(NamedTuple):
    """Merged cells, both corners included."""

    first: Cell
    last: Cell

    def holds(self, cell: Cell) -> bool:
        return self.first.row <= cell.row <= self.last.row and self.first.column <= cell.column <= self.last.column


@dataclass(slots=True)
class Scan:
    formulas: set[Cell] = field(default_factory=set)
    errors: set[Cell] = field(default_factory=set)
    merged: list[Box] = field(default_factory=list)


def scan_sheet(content: bytes, name: str) -> Scan:
    """FileRefused when the sheet is broken or reaches too far; `name` is the sheet's, for people."""
    scanner = _Scanner(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = scanner.start
    parser.StartDoctypeDeclHandler = scanner.refuse_dtd
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise scanner.broken() from error
    return scanner.found


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

    def __init__(self, name: str) -> None:
        self.name = name
        self.found = Scan()
        self.row = -1
        self.cell = Cell(-1, -1)
        self.elements = self.cells = 0

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

    def start_value(self, _attributes: dict[str, str]) -> None:
        """Only cells that hold something count: a coloured row reaches to the end of the sheet."""
        self.cells += 1
        if self.cells > MOST_CELLS or self.cell.row >= MOST_ROWS or self.cell.column >= MOST_COLUMNS:
            raise self.too_much()

    def start_formula(self, attributes: dict[str, str]) -> None:
        self.start_value(attributes)
        self.found.formulas.add(self.cell)

    def start_merged(self, attributes: dict[str, str]) -> None:
        first, _, last = attributes.get("ref", "").partition(":")
        corners = read_reference(first), read_reference(last or first)
        if corners[0] is None or corners[1] is None:
            raise self.broken()
        self.found.merged.append(Box(corners[0], corners[1]))

    def refuse_dtd(self, *_what: Any) -> None:
        raise self.broken()

    def broken(self) -> FileRefused:
        return FileRefused(f"Trang tính “{self.name}” bị hỏng, không đọc được. Hãy mở bằng Excel, lưu lại rồi nạp lại.")

    def too_much(self) -> FileRefused:
        return FileRefused(
            f"Trang tính “{self.name}” quá lớn (hơn {number_text(MOST_ROWS)} dòng hoặc {MOST_COLUMNS} cột, hoặc quá "
            "nhiều ô). Hãy xóa các dòng, cột thừa ở xa rồi nạp lại."
        )


_HANDLERS: Final = {
    "row": _Scanner.start_row,
    "c": _Scanner.start_cell,
    "v": _Scanner.start_value,
    "is": _Scanner.start_value,
    "f": _Scanner.start_formula,
    "mergeCell": _Scanner.start_merged,
}
