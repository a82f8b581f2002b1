"""A filled template, read: for every row what its inputs hold now and which of them were touched, and every fault that
can be seen without looking into the database."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeGuard

from app.core.scoring import format_points, parse_points
from app.errors import FileRefused, InvalidInput
from app.reports.excel.roundtrip.layout import (
    FIGURE_ERRORS,
    FIGURE_SPOTS,
    FIGURES,
    FIRST,
    FORMAT,
    HEAD,
    INPUTS,
    LONGEST_PERIOD,
    LONGEST_TEXT,
    MARKS,
    MOST_TASKS,
    MOVES,
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
from app.reports.excel.safe import Package
from app.reports.excel.sheets import Fault, Sheet, plain_of, read_sheets
from app.text import compose, plain_number, plain_score
from app.vietnamese import number_text

WANTED: Final = (REPORTS, FIGURES, MARKS)
MOST_FAULTS: Final = 500
"""More are not told: whoever mends these sees the rest the next time."""
_DIGESTS: Final = re.compile(r"[0-9a-f]{16}")
_THREE_DECIMALS = re.compile(r"-?\d+\.\d{3}")
_NOT_OURS = "Hãy tải mẫu mới ở mục “Báo cáo bằng Excel” và điền vào mẫu đó."


class Mark(NamedTuple):
    """What the template remembered of a task: its version, and a digest of each input that was prefilled."""

    version: int
    held: Mapping[str, str]


class Place(NamedTuple):
    sheet: str
    row: int
    column: int
    head: str


@dataclass(slots=True)
class Row:
    """One task of the workbook. `touched` maps inputs ("progress", "input.services_used") to what they hold now;
    untouched ones are left out. `places` says where each input stands."""

    code: str
    version: int
    place: Place
    move: str = ""
    touched: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def skipped(self) -> bool:
        return self.move == SKIP


@dataclass(frozen=True)
class Filled:
    """What was read, in the order of the sheet. `held_back`: codes of tasks with a fault."""

    package: Package
    assessment: str
    rows: Sequence[Row]
    faults: Sequence[Fault]
    held_back: frozenset[str]


def read_filled(content: bytes, filename: str) -> Filled:
    """FileRefused and TooLarge for what is not a template of ours, or cannot be read at all; whatever is wrong inside
    is a fault with its place."""
    package, sheets = read_sheets(content, filename, WANTED)
    for name in WANTED:
        if name not in sheets:
            raise FileRefused(_missing_sheet(name), field="file")
    assessment, marks = _read_marks(sheets[MARKS])
    for sheet, spots in ((sheets[REPORTS], REPORT_SPOTS), (sheets[FIGURES], FIGURE_SPOTS)):
        _check_head(sheet, spots)
    reader = _Reader(marks)
    reader.read_reports(sheets[REPORTS])
    reader.read_figures(sheets[FIGURES])
    rows = list(reader.rows.values())
    skipped = {row.code for row in rows if row.skipped}
    faults = [(code, fault) for code, fault in reader.faults if code not in skipped]
    return Filled(
        package,
        assessment,
        [row for row in rows if not row.skipped],
        [fault for _, fault in faults],
        frozenset(code for code, _ in faults),
    )


def _missing_sheet(name: str) -> str:
    if name == MARKS:
        return f"Tệp không có phần đánh dấu ẩn của mẫu (bị xóa, hoặc không phải mẫu của hệ thống). {_NOT_OURS}"
    return f"Tệp không có trang tính “{name}” (bị xóa, đổi tên, hoặc không phải mẫu của hệ thống). {_NOT_OURS}"


# What the template remembered


def _read_marks(sheet: Sheet) -> tuple[str, dict[str, Mark]]:
    if sheet.text(0, 0) != FORMAT:
        raise FileRefused(f"Đây không phải mẫu báo cáo nhiệm vụ của hệ thống. {_NOT_OURS}", field="file")
    if sheet.text(0, 1) != VERSION:
        raise FileRefused(f"Mẫu này của phiên bản khác ({sheet.text(0, 1)[:20]}). {_NOT_OURS}", field="file")
    marks: dict[str, Mark] = {}
    for line in range(5, min(len(sheet.rows), 5 + MOST_TASKS)):
        code, version = sheet.text(line, 0), plain_number(sheet.text(line, 1))
        if code and version.isdigit() and len(version) < 10:
            marks[code] = Mark(int(version), _held(sheet.text(line, 2)))
    return sheet.text(1, 1), marks


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
                self.rows[code] = row = Row(code, self.marks[code].version, place)
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
            value = self.taken(sheet, row, place, _READERS.get(key, _read_text))
            if value is not None and key == "move":
                row.move = value
            elif value is not None:
                self.note(row, key, value)

    def taken(self, sheet: Sheet, row: Row, place: Place, read: Any) -> str | None:
        """What the cell holds in its plain form; None, and a fault, where it cannot be taken."""
        refusal = sheet.refusal(place.row, place.column)
        if refusal is None:
            try:
                found: str = read(sheet, place)
            except InvalidInput as problem:
                refusal = problem.detail
            else:
                return found
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
                number = self.taken(sheet, row, place, _read_number)
                if number is not None:
                    self.note(row, key, number)


# Single cells; what is wrong is told as InvalidInput


def _read_text(sheet: Sheet, place: Place) -> str:
    text = sheet.text(place.row, place.column)
    most = LONGEST_PERIOD if place.column == report_column("period") else LONGEST_TEXT
    if len(text) > most:
        raise InvalidInput(f"nội dung dài {number_text(len(text))} ký tự, tối đa {number_text(most)}; hãy rút gọn.")
    return text


def _read_move(sheet: Sheet, place: Place) -> str:
    text = " ".join(sheet.text(place.row, place.column).split())
    if text and text not in MOVES:
        choices = "; ".join(f"“{one}”" for one in MOVES)
        raise InvalidInput(f"“{text[:40]}” không có trong danh sách. Hãy chọn {choices}, hoặc để trống.")
    return text


def _read_percent(sheet: Sheet, place: Place) -> str:
    value = sheet.value(place.row, place.column)
    text = plain_of(value) if _is_number(value) else plain_number(compose(str(value)).removesuffix("%").strip())
    if not text:
        return ""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        raise InvalidInput(f"“{_shown(value)}” không phải số nguyên từ 0 đến 100.")
    return str(int(text))


def _read_score(sheet: Sheet, place: Place) -> str:
    """ "" also where the template itself wrote why no score is taken."""
    value = sheet.value(place.row, place.column)
    text = plain_of(value) if _is_number(value) else plain_score(compose(str(value)))
    if not text or sheet.text(place.row, place.column) in _NO_SCORE:
        return ""
    try:
        return format_points(parse_points(text))
    except InvalidInput:
        raise InvalidInput(f"“{_shown(value)}” không phải điểm. Hãy viết như 0,84 (tối đa 4 chữ số lẻ).") from None


_NO_SCORE: Final = ("theo khảo sát", "tính từ số liệu")


def _read_number(sheet: Sheet, place: Place) -> str:
    """Digits with a dot. The domain takes three decimals for a thousand's group, so they get a fourth."""
    value = sheet.value(place.row, place.column)
    if _is_number(value):
        text = plain_of(value)
    elif isinstance(value, str):
        text = plain_number(compose(value))
    else:
        raise InvalidInput(f"“{_shown(value)}” không phải số. Hãy định dạng ô là Số (Number) rồi điền lại.")
    if text and not re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", text):
        raise InvalidInput(f"“{_shown(value)}” không phải số. Hãy viết như 94.511 hoặc 0,84.")
    return f"{text}0" if _THREE_DECIMALS.fullmatch(text) else text


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return str(value if not isinstance(value, str) else compose(value))[:40]


_READERS: Final = {"move": _read_move, "percent": _read_percent, "declared": _read_score}


def measured(row: Row) -> Iterator[tuple[str, str]]:
    """Touched figures that hold a number, by the rule's own names. An emptied one leaves what was reported."""
    return ((key.removeprefix("input."), one) for key, one in row.touched.items() if key.startswith("input.") and one)


def written(row: Row) -> dict[str, str]:
    return {key: row.touched[key] for key in TEXTS if key in row.touched}
