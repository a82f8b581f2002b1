"""What stands where in an agency's template: one sheet of reports, one of measured figures, one that only programs
read. Writing, reading and marking all go by this page."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.core.scoring import Rule, WeightedCounts

FORMAT: Final = "khacphuc-nhiem-vu"
VERSION: Final = "1"
"""Of the form below. A workbook of another version is refused: it would be misread."""

GUIDE, REPORTS, FIGURES, MARKS = "Hướng dẫn", "Báo cáo", "Số liệu", "_khacphuc"
HEAD: Final = 2
"""The row of a table's head, from 0; title and advice stand above."""
FIRST: Final = HEAD + 1
LONGEST_TEXT: Final = 20_000
LONGEST_PERIOD: Final = 500
MOST_TASKS: Final = 20_000

SKIP: Final = "Không gửi dòng này"
MOVES: Final[Mapping[str, str | None]] = {
    "Đang khắc phục": "in_progress",
    "Chờ xác nhận (nộp)": "submitted",
    SKIP: None,
}


class Spot(NamedTuple):
    """One column. `key` names what it holds; `note` is shown when one types there."""

    key: str
    label: str
    width: float
    note: str = ""


_TEXT = "Tối đa 20.000 ký tự. Xuống dòng trong ô: Alt+Enter."
REPORT_SPOTS: Final = (
    Spot("code", "Mã nhiệm vụ", 15),
    Spot("name", "Tiêu chí, tiêu chí thành phần", 36),
    Spot("due", "Hạn báo cáo (trước ngày)", 12),
    Spot("status", "Trạng thái hiện nay", 13),
    Spot("max", "Điểm tối đa", 8),
    Spot("published", "Điểm công bố", 8),
    Spot("short", "Điểm còn thiếu", 8),
    Spot("missing", "Báo cáo còn thiếu", 20),
    Spot("move", "Chuyển sang", 17, "Để trống: giữ nguyên trạng thái. Chọn “Chờ xác nhận (nộp)” để nộp báo cáo."),
    Spot("reason", "Lý do tồn tại, hạn chế", 38, _TEXT),
    Spot("progress", "Tiến độ xử lý", 38, _TEXT),
    Spot("remedy", "Biện pháp khắc phục", 38, _TEXT),
    Spot("difficulties", "Khó khăn, vướng mắc", 30, _TEXT),
    Spot("percent", "Tỷ lệ thực hiện (%)", 10, "Số nguyên từ 0 đến 100."),
    Spot("period", "Kỳ số liệu", 18, "Ví dụ: 6 tháng đầu năm 2025."),
    Spot("declared", "Điểm tự chấm", 10, "Chỉ điền ở ô màu vàng: tiêu chí chưa có công thức tính điểm."),
)
INPUTS: Final = ("move", "reason", "progress", "remedy", "difficulties", "percent", "period", "declared")
TEXTS: Final = ("reason", "progress", "remedy", "difficulties", "period")
FIGURE_SPOTS: Final = (
    Spot("code", "Mã nhiệm vụ", 15),
    Spot("name", "Tiêu chí, tiêu chí thành phần", 40),
    Spot("label", "Số liệu", 44),
    Spot("unit", "Đơn vị tính", 12),
    Spot("published", "Công bố", 14),
    Spot("reported", "Đã báo cáo", 14),
    Spot("value", "Số liệu mới", 16, "Số không âm. Để trống: giữ số đã báo cáo."),
    Spot("input", "(hệ thống)", 12),
)

_REPORT_COLUMNS: Final = {spot.key: place for place, spot in enumerate(REPORT_SPOTS)}
_FIGURE_COLUMNS: Final = {spot.key: place for place, spot in enumerate(FIGURE_SPOTS)}
REPORT_ERRORS: Final = len(REPORT_SPOTS)
"""The column in which the system writes what is wrong with a row."""
FIGURE_ERRORS: Final = len(FIGURE_SPOTS)


def report_column(key: str) -> int:
    return _REPORT_COLUMNS[key]


def figure_column(key: str) -> int:
    return _FIGURE_COLUMNS[key]


def label_of(key: str) -> str:
    """The title of a column of the reports' sheet."""
    return REPORT_SPOTS[_REPORT_COLUMNS[key]].label


def takes_score(kind: str, rule: Rule) -> bool:
    """Whether a score may be typed: no rule is known, or the rule refuses outside what was observed."""
    if kind != "appraised":
        return False
    return not rule.executable or (isinstance(rule.formula, WeightedCounts) and bool(rule.formula.refused))


def standing(task: Mapping[str, Any]) -> dict[str, str]:
    """What a fresh template shows in every input of a task of `list_reportable`, the way it is read back: numbers with
    a dot, nothing as "". Keys of figures are "input.<name>"."""
    report = task["report"]
    found = {"move": "", **{key: report[key] for key in TEXTS}}
    found["percent"] = str(task["percent"])
    found["declared"] = report["declared"] or ""
    measured = report["measurements"] or {}
    return found | {f"input.{one.name}": measured.get(one.name, "") for one in task["rule"].inputs}


def digest(value: str) -> str:
    """Enough of a hash to see whether a cell is still what the template wrote into it."""
    return hashlib.blake2b(value.encode(), digest_size=8).hexdigest()
