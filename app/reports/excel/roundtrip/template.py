"""The template that an agency fills in: its open tasks, prefilled with the report as it stands, everything locked but
the inputs. A sheet that Excel does not even offer to show keeps versions and what each input held."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from app.assessments.read import find_assessment
from app.core.access import Actor
from app.core.scoring import in_vietnamese
from app.core.workdays import local_date, local_moment
from app.core.workflow import LABELS
from app.errors import NotFound
from app.models import assessments
from app.reports.excel import book as looks
from app.reports.excel.book import A4, Book, lines_of, new_book, write_value
from app.reports.excel.roundtrip import guide
from app.reports.excel.roundtrip.layout import (
    FIGURE_SPOTS,
    FIGURES,
    FIRST,
    FORMAT,
    HEAD,
    INPUTS,
    LONGEST_PERIOD,
    LONGEST_TEXT,
    MARKS,
    MOVES,
    REPORT_SPOTS,
    REPORTS,
    TEXTS,
    VERSION,
    Spot,
    digest,
    figure_column,
    report_column,
    standing,
    takes_score,
)
from app.tasks.reportable import list_reportable
from app.vietnamese import day_text

Task = Mapping[str, Any]
_HEAD: Final = select(assessments.c.id, assessments.c.code, assessments.c.name)
_TALLEST: Final = 180
"""Points: higher rows are hard to scroll."""


def gather_template(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """What the template is made from. NotFound for a foreign assessment and where nothing is to be reported;
    Forbidden for whoever works for no agency."""
    assessment = find_assessment(connection, actor, ident, _HEAD)
    found = list_reportable(connection, actor, assessment.code, now=now)
    if not found["items"]:
        raise NotFound(
            f"{found['agency']['name']} không có nhiệm vụ nào đang phải báo cáo trong {assessment.name}, "
            "nên không có mẫu Excel để tải."
        )
    return {**found, "assessment": {"code": assessment.code, "name": assessment.name}}


def filename(found: Mapping[str, Any], *, now: datetime) -> str:
    agency, assessment = found["agency"]["code"], found["assessment"]["code"]
    return looks.file_name("mau-bao-cao", agency, assessment, today=local_date(now))


def write_template(found: Mapping[str, Any], *, now: datetime) -> bytes:
    title = f"Báo cáo khắc phục của {found['agency']['name']}"
    book = new_book(title, now=now)
    guide.write(book, found, now=now)
    sheets = _Sheets(book, found, now=now)
    sheets.write_reports()
    sheets.write_figures()
    _write_marks(book, found, now=now)
    book.book.get_worksheet_by_name(REPORTS).activate()
    return book.finish()


class _Sheets:
    """The two sheets that people fill in."""

    def __init__(self, book: Book, found: Mapping[str, Any], *, now: datetime) -> None:
        self.book = book
        self.found = found
        self.today = local_date(now)
        self.fixed = book.cell(bg_color=looks.GREY, text_wrap=True)
        self.closed = book.cell(bg_color="#D9DDE2", text_wrap=True)

    def fixed_as(self, **properties: Any) -> Any:
        return self.book.cell(bg_color=looks.GREY, **properties)

    def input_as(self, **properties: Any) -> Any:
        return self.book.cell(bg_color=looks.INPUT, locked=False, **properties)

    def start(self, name: str, title: str, advice: str, spots: Sequence[Spot], frozen: int) -> Any:
        sheet = self.book.sheet(name, header=self.found["agency"]["name"], footer=self.found["assessment"]["name"])
        sheet.write_string(0, 0, title, self.book.look(bold=True, font_size=14, font_color=looks.BLUE))
        sheet.set_row(0, 22)
        sheet.write_string(1, 0, advice, self.book.look(italic=True, font_color="#55626F"))
        for place, spot in enumerate(spots):
            sheet.write_string(HEAD, place, spot.label, self.book.head)
            sheet.set_column(place, place, spot.width)
        sheet.set_row(HEAD, 34)
        sheet.freeze_panes(FIRST, frozen)
        sheet.repeat_rows(HEAD)
        sheet.set_paper(A4)
        sheet.protect("", dict(_ALLOWED))
        return sheet

    # Báo cáo

    def write_reports(self) -> None:
        agency = self.found["agency"]["name"]
        day = day_text(self.today)
        advice = f"Chỉ điền các ô màu vàng. Mẫu lấy số liệu ngày {day}; dòng không sửa thì không thay đổi gì."
        sheet = self.start(REPORTS, f"BÁO CÁO KHẮC PHỤC: {agency}", advice, REPORT_SPOTS, 2)
        for line, task in enumerate(self.found["items"], FIRST):
            self.write_task(sheet, line, task)
        last = FIRST + len(self.found["items"]) - 1
        _restrict_reports(sheet, last)

    def write_task(self, sheet: Any, line: int, task: Task) -> None:
        for place, spot in enumerate(REPORT_SPOTS):
            if spot.key in INPUTS:
                self.write_input(sheet, line, place, spot.key, task)
            else:
                shown, properties = _FIXED[spot.key](task)
                write_value(sheet, line, place, shown, self.fixed_as(**properties))
        sheet.set_row(line, _height(task))
        score = line, report_column("declared")
        if takes_score(task["criterion"]["kind"], task["rule"]):
            sheet.data_validation(*score, *score, _score_limits(task))

    def write_input(self, sheet: Any, line: int, place: int, key: str, task: Task) -> None:
        value = standing(task)[key]
        if key == "declared":
            if not takes_score(task["criterion"]["kind"], task["rule"]):
                why = "theo khảo sát" if task["criterion"]["kind"] == "survey" else "tính từ số liệu"
                sheet.write_string(line, place, why, self.closed)
                return
            number = float(value) if value else None
            write_value(sheet, line, place, number, self.input_as(num_format="0.00##"))
        elif key == "percent":
            sheet.write_number(line, place, int(value), self.input_as(num_format=looks.COUNT))
        elif key == "move":
            sheet.write_blank(line, place, None, self.input_as(text_wrap=True))
        else:
            # Kept as text even when it is edited: what starts with "=" must not become a formula.
            look = self.input_as(text_wrap=True, num_format=looks.TEXT, quote_prefix=value.startswith(_SIGNS))
            write_value(sheet, line, place, value or None, look)

    # Số liệu

    def write_figures(self) -> None:
        rows = [(task, one) for task in self.found["items"] for one in task["rule"].inputs]
        advice = "Mỗi dòng là một số liệu mà công thức tính điểm dùng. Điền cột màu vàng; điểm do hệ thống tính."
        if not rows:
            advice = "Không nhiệm vụ nào của đơn vị tính điểm từ số liệu; trang này để trống."
        sheet = self.start(FIGURES, "SỐ LIỆU ĐO ĐƯỢC", advice, FIGURE_SPOTS, 3)
        for line, (task, one) in enumerate(rows, FIRST):
            self.write_figure(sheet, line, task, one)
        sheet.set_column(figure_column("input"), figure_column("input"), None, None, {"hidden": True})
        if rows:
            place = figure_column("value")
            sheet.data_validation(FIRST, place, FIRST + len(rows) - 1, place, _FIGURE_LIMITS)

    def write_figure(self, sheet: Any, line: int, task: Task, one: Any) -> None:
        reported = (task["report"]["measurements"] or {}).get(one.name)
        label = f"{one.label} (không bắt buộc)" if one.optional else one.label
        fixed = {"code": task["code"], "name": task["criterion"]["name"], "label": label, "unit": one.unit}
        for key, text in fixed.items():
            sheet.write_string(line, figure_column(key), text, self.fixed)
        sheet.write_string(line, figure_column("input"), one.name, self.fixed)
        for key, number in (("published", one.published), ("reported", reported), ("value", reported)):
            made = self.input_as if key == "value" else self.fixed_as
            shown = None if number is None else float(number)
            write_value(sheet, line, figure_column(key), shown, made(num_format="#,##0.####"))
        widest = max(lines_of(task["criterion"]["name"], 40), lines_of(label, 44))
        sheet.set_row(line, widest * looks.LINE_HEIGHT)


_SIGNS: Final = ("=", "+", "-", "@", "'")
_ALLOWED: Final = {"format_columns": True, "format_rows": True, "select_locked_cells": True}


def _points(value: str) -> tuple[float, dict[str, Any]]:
    return float(value), {"num_format": looks.POINTS}


_FIXED: Final[Mapping[str, Callable[[Task], tuple[Any, dict[str, Any]]]]] = {
    "code": lambda task: (task["code"], {"text_wrap": True}),
    "name": lambda task: (task["criterion"]["name"], {"text_wrap": True}),
    "due": lambda task: (_due(task), {"num_format": looks.DAY, "align": "center"}),
    "status": lambda task: (LABELS[task["status"]], {"text_wrap": True}),
    "max": lambda task: _points(task["max"]),
    "published": lambda task: _points(task["published"]),
    "short": lambda task: _points(task["points_short"]),
    "missing": lambda task: ("; ".join(task["missing"]), {"text_wrap": True}),
}


def _due(task: Task) -> date:
    due: date = task["effective_due"]
    return due


def _height(task: Task) -> int:
    """High enough for what stands there and for some typing: rows do not grow by themselves on a locked sheet."""
    widths = {spot.key: spot.width for spot in REPORT_SPOTS}
    texts = {"name": task["criterion"]["name"], "missing": "; ".join(task["missing"])}
    texts |= {key: task["report"][key] for key in TEXTS}
    return min(max(60, *(lines_of(text, widths[key]) * looks.LINE_HEIGHT for key, text in texts.items())), _TALLEST)


# What may be typed


def _restrict_reports(sheet: Any, last: int) -> None:
    notes = {spot.key: (spot.label, spot.note) for spot in REPORT_SPOTS}
    for key in ("reason", "progress", "remedy", "difficulties", "period"):
        most = LONGEST_PERIOD if key == "period" else LONGEST_TEXT
        limits = {"validate": "length", "criteria": "<=", "value": most}
        _restrict(sheet, key, last, limits, notes[key], f"Tối đa {in_vietnamese(str(most))} ký tự.")
    whole = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 100}
    _restrict(sheet, "percent", last, whole, notes["percent"], "Điền số nguyên từ 0 đến 100.")
    _restrict(sheet, "move", last, {"validate": "list", "source": list(MOVES)}, notes["move"], "Chọn trong danh sách.")


def _restrict(sheet: Any, key: str, last: int, rule: Mapping[str, Any], note: tuple[str, str], error: str) -> None:
    place = report_column(key)
    sheet.data_validation(FIRST, place, last, place, {**rule, **_told(*note, error)})


def _told(title: str, note: str, error: str) -> dict[str, str]:
    """Excel bounds titles at 32 characters and messages at 255."""
    return {
        "input_title": title[:32],
        "input_message": note[:255],
        "error_title": "Giá trị không hợp lệ",
        "error_message": error[:255],
    }


def _score_limits(task: Task) -> dict[str, Any]:
    most = in_vietnamese(task["max"].rstrip("0").rstrip("."))
    limits = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": float(task["max"])}
    note = f"Từ 0 đến {most} điểm, tối đa 4 chữ số thập phân."
    if task["rule"].executable:
        note += " Chỉ điền khi công thức không áp dụng được cho số liệu của đơn vị."
    return limits | _told("Điểm tự chấm", note, f"Điểm phải từ 0 đến {most}.")


_FIGURE_LIMITS: Final = {
    "validate": "decimal",
    "criteria": ">=",
    "value": 0,
    **_told("Số liệu mới", "Số không âm. Để trống: giữ số đã báo cáo.", "Điền một số không âm."),
}


# What only programs read


def _write_marks(book: Book, found: Mapping[str, Any], *, now: datetime) -> None:
    sheet = book.book.add_worksheet(MARKS)
    head = (
        (FORMAT, VERSION),
        ("assessment", found["assessment"]["code"]),
        ("agency", found["agency"]["code"]),
        ("made_at", local_moment(now).isoformat()),
    )
    for line, (key, value) in enumerate(head):
        sheet.write_string(line, 0, key)
        sheet.write_string(line, 1, value)
    for line, task in enumerate(found["items"], len(head) + 1):
        for place, text in enumerate(marks_of(task)):
            sheet.write_string(line, place, text)
    sheet.protect()
    sheet.very_hidden()


def marks_of(task: Task) -> tuple[str, str, str]:
    """Code, version, and the digest of every input that was prefilled."""
    held = {key: digest(value) for key, value in standing(task).items() if value}
    return task["code"], str(task["version"]), json.dumps(held, separators=(",", ":"))
