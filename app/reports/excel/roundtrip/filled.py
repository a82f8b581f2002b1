"""A filled template, read: for every row what its inputs hold now and which of them were touched, and every fault that
can be seen without looking into the database."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.errors import FileRefused, InvalidInput
from app.reports.excel.roundtrip import cells
from app.reports.excel.roundtrip.layout import (
    FIGURE_ERRORS,
    FIGURE_SPOTS,
    FIGURES,
    FIRST,
    FORMAT,
    HEAD,
    INPUTS,
    MARKS,
    MOST_TASKS,
    REPORT_ERRORS,
    REPORT_SPOTS,
    REPORTS,
    SKIP,
    TEXTS,
    VERSION,
    Spot,
    digest,
    figure_column,
    label_of,
    report_column,
)
from app.reports.excel.sheets import Fault, Sheet, read_sheets
from app.text import plain_number

WANTED: Final = (REPORTS, FIGURES, MARKS)
MOST_FAULTS: Final = 500
"""More are not told: whoever mends these sees the rest the next time."""
Read = Callable[[Sheet, int, int], str]
_READERS: Final[Mapping[str, Read]] = {
    "move": cells.read_move,
    "percent": cells.read_percent,
    "declared": cells.read_score,
}
_DIGESTS: Final = re.compile(r"[0-9a-f]{16}")
_NOT_OURS = "Hãy tải mẫu mới ở mục “Báo cáo bằng Excel” và điền vào mẫu đó."


class Mark(NamedTuple):
    """What the template remembered of a task: its version, and a digest of each input that was prefilled."""

    version: int
    held: Mapping[str, str]
    row: int


class Place(NamedTuple):
    sheet: str
    row: int
    column: int
    head: str


@dataclass(slots=True)
class Row:
    """One task of the workbook. `touched` maps inputs ("progress", "input.services_used") to what they hold now;
    untouched ones are left out. `places` says where each input stands, `mark_row` where the template remembers it."""

    code: str
    version: int
    place: Place
    mark_row: int
    move: str = ""
    touched: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def skipped(self) -> bool:
        return self.move == SKIP


@dataclass(frozen=True)
class Filled:
    """What was read, in the order of the sheet. `agency` is the code of the agency that the template was made for;
    `held_back`: codes of tasks with a fault; `size`: bytes of the workbook, unpacked."""

    assessment: str
    agency: str
    rows: Sequence[Row]
    faults: Sequence[Fault]
    held_back: frozenset[str]
    size: int


def read_filled(content: bytes, filename: str) -> Filled:
    """FileRefused and TooLarge for what is not a template of ours, or cannot be read at all; whatever is wrong inside
    is a fault with its place."""
    package, sheets = read_sheets(content, filename, WANTED)
    for name in WANTED:
        if name not in sheets:
            raise FileRefused(_missing_sheet(name), field="file")
    assessment, agency, marks = _read_marks(sheets[MARKS])
    for sheet, spots in ((sheets[REPORTS], REPORT_SPOTS), (sheets[FIGURES], FIGURE_SPOTS)):
        _check_head(sheet, spots)
    reader = _Reader(marks)
    reader.read_reports(sheets[REPORTS])
    reader.read_figures(sheets[FIGURES])
    rows = list(reader.rows.values())
    skipped = {row.code for row in rows if row.skipped}
    faults = [(code, fault) for code, fault in reader.faults if code not in skipped]
    return Filled(
        assessment,
        agency,
        [row for row in rows if not row.skipped],
        [fault for _, fault in faults],
        frozenset(code for code, _ in faults),
        package.size,
    )


def _missing_sheet(name: str) -> str:
    if name == MARKS:
        return f"Tệp không có phần đánh dấu ẩn của mẫu (bị xóa, hoặc không phải mẫu của hệ thống). {_NOT_OURS}"
    return f"Tệp không có trang tính “{name}” (bị xóa, đổi tên, hoặc không phải mẫu của hệ thống). {_NOT_OURS}"


# What the template remembered


def _read_marks(sheet: Sheet) -> tuple[str, str, dict[str, Mark]]:
    if sheet.text(0, 0) != FORMAT:
        raise FileRefused(f"Đây không phải mẫu báo cáo nhiệm vụ của hệ thống. {_NOT_OURS}", field="file")
    if sheet.text(0, 1) != VERSION:
        raise FileRefused(f"Mẫu này của phiên bản khác ({sheet.text(0, 1)[:20]}). {_NOT_OURS}", field="file")
    marks: dict[str, Mark] = {}
    for line in range(5, min(len(sheet.rows), 5 + MOST_TASKS)):
        code, version = sheet.text(line, 0), plain_number(sheet.text(line, 1))
        if code and version.isascii() and version.isdigit() and len(version) < 10:
            marks[code] = Mark(int(version), _held(sheet.text(line, 2)), line)
    return sheet.text(1, 1), sheet.text(2, 1), marks


def _held(text: str) -> Mapping[str, str]:
    """Whoever spoils this only makes inputs count as touched."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: one for key, one in found.items() if isinstance(one, str) and _DIGESTS.fullmatch(one)}


def _check_head(sheet: Sheet, spots: Sequence[Spot]) -> None:
    for place, spot in enumerate(spots):
        found = sheet.text(HEAD, place)
        if found != spot.label:
            told = f"phải là “{spot.label}”" + (f", đang là “{found[:60]}”" if found else ", đang trống")
            fault = Fault(sheet.name, HEAD, place, f"tiêu đề cột {told}; các cột đã bị đổi chỗ hoặc xóa. {_NOT_OURS}")
            raise FileRefused(str(fault), field="file")


# The sheets


class _Reader:
    """Collects rows by code, and faults with the code of the task they belong to."""

    def __init__(self, marks: Mapping[str, Mark]) -> None:
        self.marks = marks
        self.rows: dict[str, Row] = {}
        self.faults: list[tuple[str, Fault]] = []

    def complain(self, code: str, place: Place, what: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append((code, Fault(place.sheet, place.row, place.column, what, place.head)))

    # Báo cáo

    def read_reports(self, sheet: Sheet) -> None:
        inputs = [report_column(key) for key in INPUTS]
        for line in range(FIRST, len(sheet.rows)):
            code = sheet.text(line, report_column("code"))
            place = Place(REPORTS, line, report_column("code"), label_of("code"))
            if not code and sheet.is_blank(line, range(REPORT_ERRORS)):
                continue
            if self.is_known(code, place, typed=not sheet.is_blank(line, inputs)):
                self.rows[code] = row = Row(code, self.marks[code].version, place, self.marks[code].row)
                self.read_row(sheet, line, row)

    def is_known(self, code: str, place: Place, *, typed: bool) -> bool:
        if not code:
            if typed:
                self.complain(
                    "", place, "dòng thừa, không có mã nhiệm vụ. Hãy chuyển nội dung về đúng dòng rồi xóa dòng này."
                )
            return False
        if code in self.rows:
            first = self.rows[code].place.row + 1
            self.complain(code, place, f"mã {code[:40]} lặp lại, lần đầu ở dòng {first}. Hãy xóa một dòng.")
            return False
        if code not in self.marks:
            what = f"mã {code[:40]} không có trong mẫu đã tải, hoặc không thuộc phạm vi của bạn. {_NOT_OURS}"
            self.complain(code, place, what)
            return False
        return True

    def read_row(self, sheet: Sheet, line: int, row: Row) -> None:
        for key in INPUTS:
            row.places[key] = place = Place(REPORTS, line, report_column(key), label_of(key))
            value = self.taken(sheet, row, place, _READERS.get(key, cells.read_text))
            if value is not None and key == "move":
                row.move = value
            elif value is not None:
                self.note(row, key, value)

    def taken(self, sheet: Sheet, row: Row, place: Place, read: Read) -> str | None:
        """What the cell holds in its plain form; None, and a fault, where it cannot be taken."""
        refusal = sheet.refusal(place.row, place.column)
        if refusal is None:
            try:
                return read(sheet, place.row, place.column)
            except InvalidInput as problem:
                refusal = problem.detail
        self.complain(row.code, place, refusal)
        return None

    def note(self, row: Row, key: str, value: str) -> None:
        held = self.marks[row.code].held.get(key)
        if (digest(value) if value else None) != held:
            row.touched[key] = value

    # Số liệu

    def read_figures(self, sheet: Sheet) -> None:
        for line in range(FIRST, len(sheet.rows)):
            code, name = (sheet.text(line, figure_column(key)) for key in ("code", "input"))
            value = figure_column("value")
            place = Place(FIGURES, line, value, FIGURE_SPOTS[value].label)
            if sheet.is_blank(line, range(FIGURE_ERRORS)):
                continue
            row, key = self.rows.get(code), f"input.{name}"
            if row is None or not name:
                if not sheet.is_blank(line, (value,)):
                    self.complain(code, place, f"dòng thừa, hoặc nhiệm vụ {code[:40]} không có ở trang “{REPORTS}”.")
            elif key in row.places:
                self.complain(code, place, f"số liệu này lặp lại, lần đầu ở dòng {row.places[key].row + 1}.")
            else:
                row.places[key] = place
                number = self.taken(sheet, row, place, cells.read_number)
                if number is not None:
                    self.note(row, key, number)


def measured(row: Row) -> Iterator[tuple[str, str]]:
    """Touched figures that hold a number, by the rule's own names. An emptied one leaves what was reported."""
    return ((key.removeprefix("input."), one) for key, one in row.touched.items() if key.startswith("input.") and one)


def written(row: Row) -> dict[str, str]:
    return {key: row.touched[key] for key in TEXTS if key in row.touched}
