"""A filled workbook as the document that a folder of YAML files would be: the same keys, every value a plain string,
and for each value the cell in which it stands. Form, names and sums are then for the seed's own checks."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from app.assessments.seedfile import Document
from app.assessments.seedfile.reading import Route
from app.core.scoring import format_points, parse_points
from app.errors import FileRefused, InvalidInput
from app.reports.excel.assessment.tables import (
    FIRST,
    FORMAT,
    HEAD,
    HEAD_COLUMNS,
    HEAD_SHEET,
    MARKS,
    SHEETS,
    TABLES,
    VERSION,
    Col,
    Table,
)
from app.reports.excel.assessment.words import NO, YES
from app.reports.excel.numbers import plain_of, typed_number
from app.reports.excel.sheets import Fault, Sheet, read_sheets
from app.text import compose, plain_number, plain_score, typed_day
from app.vietnamese import number_text

MOST_FAULTS: Final = 500
LONGEST: Final = 4_000
_NOT_OURS = "Hãy tải mẫu ở mục “Nạp kỳ đánh giá” và điền vào mẫu đó."
_ONE_DECIMAL = re.compile(r"-?\d+\.\d")
_LIST = re.compile(r"[;\n]")
_CODES = re.compile(r"[;,\s]+")


@dataclass
class SheetDocument(Document):
    """Says where values stand in the words of a workbook."""

    cells: dict[Route, Fault] = field(default_factory=dict)
    size: int = 0
    """Bytes of the workbook, unpacked."""

    def place(self, route: Route) -> str:
        for length in range(len(route), 0, -1):
            if cell := self.cells.get(route[:length]):
                return cell.place
        return ""


class _Wrong(ValueError):
    """A cell that cannot be taken, with the reason for people."""


def read_workbook(content: bytes, filename: str) -> tuple[SheetDocument, list[Fault]]:
    """The document, and what could not be read. FileRefused and TooLarge for what is not this template at all."""
    package, sheets = read_sheets(content, filename, SHEETS)
    for name in SHEETS:
        if name not in sheets:
            hidden = "phần đánh dấu ẩn của mẫu" if name == MARKS else f"trang tính “{name}”"
            raise FileRefused(f"Tệp không có {hidden} (bị xóa, đổi tên, hoặc không phải mẫu này). {_NOT_OURS}")
    marks = sheets[MARKS]
    if (marks.text(0, 0), marks.text(0, 1)) != (FORMAT, VERSION):
        raise FileRefused(f"Đây không phải mẫu kỳ đánh giá của phiên bản này. {_NOT_OURS}", field="file")
    reader = _Reader()
    reader.document.size = package.size
    reader.read_head(sheets[HEAD_SHEET])
    for table in TABLES:
        reader.read_table(sheets[table.sheet], table)
    return reader.document, reader.faults


class _Reader:
    def __init__(self) -> None:
        self.document = SheetDocument()
        self.faults: list[Fault] = []
        self.parents: dict[tuple[Route, str], Route] = {}
        """(list, key of an entry) → the entry's route."""

    # Kỳ đánh giá: one value a row

    def read_head(self, sheet: Sheet) -> None:
        self.document.data |= {"province": {}, "assessment": {"published": {}}}
        for line, column in enumerate(HEAD_COLUMNS, FIRST):
            if sheet.text(line, 0) != column.label:
                wrong = Fault(sheet.name, line, 0, f"phải là “{column.label}”; các dòng đã bị đổi chỗ hoặc xóa.")
                raise FileRefused(f"{wrong} {_NOT_OURS}", field="file")
            self.put(self.document.data, (), sheet, line, 1, column)

    # Tables

    def read_table(self, sheet: Sheet, table: Table) -> None:
        for place, column in enumerate(table.columns):
            found = sheet.text(HEAD, place)
            if found != column.label:
                wrong = Fault(sheet.name, HEAD, place, f"tiêu đề phải là “{column.label}”, đang là “{found[:60]}”.")
                raise FileRefused(f"{wrong} {_NOT_OURS}", field="file")
        if table.parent is None:
            self.document.cells[table.into] = Fault(sheet.name, FIRST, 0, "")
            self.listed(table.into)
        for line in range(FIRST, len(sheet.rows)):
            if not sheet.is_blank(line, range(len(table.columns))):
                self.read_row(sheet, line, table)

    def read_row(self, sheet: Sheet, line: int, table: Table) -> None:
        home = self.home(sheet, line, table)
        if home is None:
            return
        entries = self.listed(home)
        route = (*home, len(entries))
        entry: dict[str, Any] = {}
        entries.append(entry)
        self.document.cells[route] = Fault(sheet.name, line, None, "")
        counted = home[-1] == "classes"
        for place, column in enumerate(table.columns):
            if column.route[0]:
                as_class = column._replace(route=("input",)) if counted and column.route == ("numerator",) else column
                self.put(entry, route, sheet, line, place, as_class)
        for other in TABLES:
            if other.parent is not None and other.parent[0] == table.into:
                key = entry.get(other.parent[1])
                if isinstance(key, str):
                    self.parents.setdefault((table.into, key), route)

    def home(self, sheet: Sheet, line: int, table: Table) -> Route | None:
        """The list that a row belongs to; None, and a fault, when its parent is missing."""
        if table.parent is None:
            return table.into
        parents, key = table.parent[0], sheet.text(line, 0)
        found = self.parents.get((parents, key))
        if found is None:
            home = next(one.sheet for one in TABLES if one.into == parents and one.parent is None)
            what = f"“{key[:60]}” không có ở trang “{home}”; hãy sửa mã hoặc bổ sung ở trang đó."
            self.complain(sheet, line, 0, table.columns[0], what if key else f"chưa điền mã của trang “{home}”.")
            return None
        if table.into == ("rule", "terms") and self.entry(found).get("rule", {}).get("kind") == "weighted_counts":
            return (*found, "rule", "classes")
        return (*found, *table.into)

    def entry(self, route: Route) -> Any:
        found: Any = self.document.data
        for part in route:
            found = found[part]
        return found

    def listed(self, route: Route) -> list[Any]:
        holder: Any = self.document.data
        for part in route[:-1]:
            holder = holder[part] if isinstance(part, int) else holder.setdefault(part, {})
        found: list[Any] = holder.setdefault(route[-1], [])
        return found

    # Single cells

    def put(self, entry: dict[str, Any], route: Route, sheet: Sheet, line: int, place: int, column: Col) -> None:
        """The cell's value at the column's route inside the entry, and where every part of it stands."""
        cell = Fault(sheet.name, line, place, "", column.label)
        for length in range(1, len(column.route) + 1):
            self.document.cells.setdefault((*route, *column.route[:length]), cell)
        value = self.taken(sheet, line, place, column)
        if value is None:
            return
        holder = entry
        for part in column.route[:-1]:
            holder = holder.setdefault(str(part), {})
        holder[str(column.route[-1])] = value
        self.document.cells[(*route, *column.route)] = cell

    def taken(self, sheet: Sheet, line: int, place: int, column: Col) -> Any:
        """None for an empty cell, and for one that cannot be taken: then with a fault."""
        refusal = sheet.refusal(line, place)
        if refusal is None:
            try:
                return _READERS[column.kind](sheet.value(line, place), column)
            except _Wrong as wrong:
                refusal = str(wrong)
        self.complain(sheet, line, place, column, refusal)
        return None

    def complain(self, sheet: Sheet, line: int, place: int, column: Col, what: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(sheet.name, line, place, what, column.label))


def _plain(value: Any, column: Col) -> str | None:
    """Text as it stands; numbers and days in the plain form of a seed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain_of(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = compose(str(value))
    if len(text) > LONGEST:
        raise _Wrong(f"nội dung dài {number_text(len(text))} ký tự, tối đa {number_text(LONGEST)}; hãy rút gọn.")
    return text or None


def _score(value: Any, column: Col) -> str | None:
    """With four decimals, as points travel; what is no score is left for the seed's own check."""
    text = _plain(value, column)
    if text is None:
        return None
    try:
        return format_points(parse_points(plain_score(text)))
    except InvalidInput:
        return text


def _figure(value: Any, column: Col) -> str | None:
    """As `typed_number` reads it; what is no number, or no clear one, is left for the rule's own check."""
    try:
        return typed_number(value) or None
    except ValueError:
        return _plain(value, column)


def _count(value: Any, column: Col) -> str | None:
    text = _plain(value, column)
    return plain_number(text) if text is not None and isinstance(value, str) else text


def _printed(value: Any, column: Col) -> str | None:
    """How many places were printed matters; a number cell keeps no trailing nought, so one decimal means two."""
    text = _count(value, column)
    is_number = not isinstance(value, str) and text is not None
    return f"{text}0" if is_number and _ONE_DECIMAL.fullmatch(text or "") else text


def _day(value: Any, column: Col) -> str | None:
    text = _plain(value, column)
    if text is None or not isinstance(value, str):
        return text
    try:
        return typed_day(text).isoformat()
    except ValueError:
        raise _Wrong(f"“{text[:40]}” không phải ngày. Hãy viết ngày/tháng/năm, ví dụ 30/06/2025.") from None


def _words(value: Any, column: Col) -> str | None:
    """The choice in words, or the word that a seed uses for it."""
    text = _plain(value, column)
    if text is None or text in column.words:
        return text
    folded = {label.casefold(): key for key, label in column.words.items()}
    if text.casefold() not in folded:
        choices = "; ".join(f"“{label}”" for label in column.words.values())
        raise _Wrong(f"“{text[:40]}” không có trong danh sách. Hãy chọn {choices}.")
    return folded[text.casefold()]


def _flag(value: Any, column: Col) -> str | None:
    text = _plain(value, column)
    if text is not None and text.casefold() in ("x", "yes", "true"):
        return "true"
    return _words(YES if value is True else NO if value is False else value, column)


def _split(value: Any, column: Col, pattern: re.Pattern[str]) -> list[str] | None:
    text = _plain(value, column)
    return None if text is None else [part.strip() for part in pattern.split(text) if part.strip()] or None


def _codes(value: Any, column: Col) -> list[str] | None:
    return _split(value, column, _CODES)


def _names(value: Any, column: Col) -> list[str] | None:
    return _split(value, column, _LIST)


def _figures(value: Any, column: Col) -> list[str] | None:
    found = _split(value, column, _LIST)
    return None if found is None else [plain_number(one) for one in found]


_READERS: Final[Mapping[str, Callable[[Any, Col], Any]]] = {
    "text": _plain,
    "points": _score,
    "printed": _printed,
    "count": _count,
    "figure": _figure,
    "day": _day,
    "flag": _flag,
    "words": _words,
    "codes": _codes,
    "counts": _codes,
    "names": _names,
    "figures": _figures,
}


def as_findings(faults: Sequence[Fault]) -> list[dict[str, str]]:
    return [{"level": "error", "place": one.place, "message": one.what, "check": "form"} for one in faults]
