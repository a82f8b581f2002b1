"""The summary workbook: total, fields, agencies, tasks, as far as the reader may see them. Real numbers and days, so
that people can go on reckoning with them; charts that Excel draws from the cells."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from app import projections, summaries
from app.assessments.read import find_assessment
from app.core.access import Actor
from app.core.workdays import local_date
from app.core.workflow import LABELS
from app.models import assessments
from app.reports.excel import book as looks
from app.reports.excel.book import Book, Column, keep_head, new_book, set_widths, write_table
from app.reports.excel.charts import agencies_chart, fields_chart, total_chart
from app.tasks import Filter, list_tasks
from app.vietnamese import day_text

TOTAL, FIELDS, AGENCIES, TASKS = "Tổng hợp", "Lĩnh vực", "Cơ quan", "Nhiệm vụ"
FIGURES: Final[Mapping[str, str]] = {
    "published": "Điểm công bố",
    "floor": "Mức đã được xác nhận",
    "expected": "Mức dự kiến",
    "ceiling": "Mức tối đa có thể",
}
MOST: Final = 1_000_000
"""More tasks than a sheet has rows for are not written."""
_LONG: Final = {"text_wrap": True}
_MIDDLE: Final = {"align": "center"}
_POINTS: Final = {"num_format": looks.POINTS}
_SIGNED: Final = {"num_format": looks.SIGNED}
_COUNT: Final = {"num_format": looks.COUNT}
_RANK: Final = {"num_format": "0", **_MIDDLE}
_DAY: Final = {"num_format": looks.DAY, "align": "center"}


_HEAD: Final = select(assessments.c.id, assessments.c.code, assessments.c.name)


class Gathered(NamedTuple):
    """What the workbook is made from: answers of the domain, as the reader may see them."""

    assessment: Mapping[str, Any]
    projection: Mapping[str, Any]
    by_agency: Mapping[str, Any]
    by_field: Mapping[str, Any]
    tasks: Sequence[Mapping[str, Any]]


def gather(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> Gathered:
    """The same few queries whatever the number of tasks. NotFound outside the actor's scope."""
    head = find_assessment(connection, actor, ident, _HEAD)
    code = head.code
    return Gathered(
        {"code": code, "name": head.name},
        projections.get_projection(connection, actor, code, now=now),
        summaries.summarize(connection, actor, code, by="agency", now=now),
        summaries.summarize(connection, actor, code, by="field", now=now),
        list_tasks(connection, actor, Filter(assessment=code, sort="code", limit=MOST), now=now)["items"],
    )


def write_summary(found: Gathered, *, now: datetime) -> bytes:
    """The workbook as bytes. Takes a second for ten thousand tasks: call it outside the database's threads."""
    book = new_book(f"Tổng hợp khắc phục: {found.assessment['name']}", now=now)
    _write_total(book, found, now=now)
    _write_fields(book, found, now=now)
    _write_agencies(book, found, now=now)
    _write_tasks(book, found, now=now)
    return book.finish()


def filename(assessment: Mapping[str, Any], *, now: datetime) -> str:
    return looks.file_name("tong-hop", assessment["code"], today=local_date(now))


def _sheet(book: Book, found: Gathered, name: str, title: str, *, now: datetime) -> Any:
    """A sheet with its title and the day of its figures in the first two rows; its table starts at `HEAD`."""
    day = f"Số liệu ngày {day_text(local_date(now))}"
    sheet = book.sheet(name, header=found.assessment["name"], footer=f"Khắc Phục · {day}")
    sheet.write_string(0, 0, title, book.look(bold=True, font_size=14, font_color=looks.BLUE))
    sheet.set_row(0, 22)
    sheet.write_string(1, 0, f"{found.assessment['name']}. {day}.", book.look(italic=True, font_color="#55626F"))
    return sheet


HEAD: Final = 3
"""The row of a table's head, counted from 0."""


# Tổng hợp


class Mark(NamedTuple):
    """One bar of the first chart: one of our figures, or a benchmark."""

    label: str
    score: float
    best: int | None
    worst: int | None
    """Ranks; of our own figures an interval is known."""
    reached: int | None
    """How many provinces reach a threshold."""
    distance: float | None
    own: bool


def _write_total(book: Book, found: Gathered, *, now: datetime) -> None:
    sheet = _sheet(book, found, TOTAL, "TỔNG HỢP KẾT QUẢ KHẮC PHỤC", now=now)
    marks = _marks(found)
    columns = (
        Column("Điểm và mốc so sánh", 44, lambda one: one.label, _LONG),
        Column("Điểm", 11, lambda one: one.score, _POINTS),
        Column("Thứ hạng cao nhất", 11, lambda one: one.best, _RANK),
        Column("Thứ hạng thấp nhất", 11, lambda one: one.worst, _RANK),
        Column("Số tỉnh đạt ngưỡng", 11, lambda one: one.reached, _RANK),
        Column("Điểm công bố so với mốc", 14, lambda one: one.distance, _SIGNED),
    )
    write_table(book, sheet, HEAD, columns, marks)
    set_widths(sheet, columns)
    sheet.set_row(HEAD, 32)
    below = HEAD + len(marks) + 2
    below = _write_counts(book, sheet, below, found)
    _write_gap(book, sheet, below, found)
    sheet.freeze_panes(HEAD + 1, 0)
    sheet.set_column(len(columns), len(columns), 2)
    sheet.insert_chart(HEAD, len(columns) + 1, total_chart(book, TOTAL, HEAD, [one.own for one in marks]))
    sheet.fit_to_pages(1, 1)


def _marks(found: Gathered) -> list[Mark]:
    projection = found.projection
    own = []
    for figure, label in FIGURES.items():
        ranks = projection["rank_interval"][figure]
        own.append(Mark(label, float(projection[figure]), ranks["best"], ranks["worst"], None, None, True))
    others = [_benchmark(one) for one in projection["benchmarks"]]
    return own + sorted(others, key=lambda one: -one.score)


def _benchmark(one: Mapping[str, Any]) -> Mark:
    rank, distance = one["rank"], float(one["distance"]["published"])
    return Mark(one["label"], float(one["score"]), rank, rank, one["provinces"], distance, False)


def _write_counts(book: Book, sheet: Any, top: int, found: Gathered) -> int:
    total = found.by_agency["total"]
    rows: list[tuple[str, Any]] = [(f"Nhiệm vụ: {LABELS[key]}", count) for key, count in total["by_status"].items()]
    rows += [
        ("Tổng số nhiệm vụ", total["tasks"]),
        ("Quá hạn", total["overdue"]),
        ("Nộp đúng hạn", total["on_time"]),
        ("Nộp trễ hạn", total["late"]),
    ]
    columns = (
        Column("Nhiệm vụ", 44, lambda one: one[0]),
        Column("Số lượng", 11, lambda one: one[1], _COUNT),
    )
    write_table(book, sheet, top, columns, rows)
    return top + len(rows) + 2


def _write_gap(book: Book, sheet: Any, top: int, found: Gathered) -> None:
    words = {
        "controllable": "Tự chấm, thẩm định (tỉnh chủ động được)",
        "socio_economic": "Tác động đến phát triển kinh tế - xã hội",
        "survey": "Điều tra xã hội học (chỉ đổi theo kỳ khảo sát sau)",
    }
    gaps = found.projection["gap_by_figure"]
    rows = [
        (label, *(_number(gaps[figure][part]) for figure in ("published", "expected"))) for part, label in words.items()
    ]
    columns = (
        Column("Điểm còn thiếu theo nhóm", 44, lambda one: one[0], _LONG),
        Column("Công bố", 11, lambda one: one[1], _POINTS),
        Column("Dự kiến", 11, lambda one: one[2], _POINTS),
    )
    write_table(book, sheet, top, columns, rows)


def _number(points: str | None) -> float | None:
    """None where the reader may not see it: an empty cell."""
    return None if points is None else float(points)


# Lĩnh vực


def _write_fields(book: Book, found: Gathered, *, now: datetime) -> None:
    sheet = _sheet(book, found, FIELDS, "KẾT QUẢ THEO LĨNH VỰC", now=now)
    counts = {one["key"]: one for one in found.by_field["groups"]}
    rows = [{**one, "counts": counts.get(one["number"], _NO_TASKS)} for one in found.projection["fields"]]
    write_table(book, sheet, HEAD, _FIELD_COLUMNS, rows)
    set_widths(sheet, _FIELD_COLUMNS)
    sheet.set_row(HEAD, 48)
    keep_head(sheet, HEAD, len(_FIELD_COLUMNS), len(rows), frozen_columns=2)
    sheet.insert_chart(HEAD + len(rows) + 2, 0, fields_chart(book, FIELDS, HEAD, len(rows)))
    sheet.fit_to_pages(1, 1)


_NO_TASKS: Final = {"tasks": 0, "overdue": 0, "points_short": "0", "completion": "0"}
_FIELD_COLUMNS: Final = (
    Column("TT", 5, lambda one: one["number"], _MIDDLE),
    Column("Lĩnh vực", 48, lambda one: one["name"], _LONG),
    Column("Điểm tối đa", 10, lambda one: float(one["max"]), _POINTS),
    Column("Công bố", 10, lambda one: float(one["published"]), _POINTS),
    Column("Đã được xác nhận", 11, lambda one: float(one["floor"]), _POINTS),
    Column("Dự kiến", 10, lambda one: _number(one["expected"]), _POINTS),
    Column("Tối đa có thể", 10, lambda one: float(one["ceiling"]), _POINTS),
    Column("Tỷ lệ đạt (công bố)", 11, lambda one: _ratio(one["published"], one["max"]), {"num_format": "0.00%"}),
    Column("Số nhiệm vụ", 9, lambda one: one["counts"]["tasks"], _COUNT),
    Column("Quá hạn", 8, lambda one: one["counts"]["overdue"], _COUNT),
    Column("Điểm còn thiếu", 10, lambda one: float(one["counts"]["points_short"]), _POINTS),
    Column("Đã lấy lại", 10, lambda one: float(one["counts"]["completion"]), {"num_format": looks.PERCENT}),
)


def _ratio(part: str, whole: str) -> float | None:
    return float(part) / float(whole) if float(whole) else None


# Cơ quan


def _write_agencies(book: Book, found: Gathered, *, now: datetime) -> None:
    sheet = _sheet(book, found, AGENCIES, "KẾT QUẢ THEO CƠ QUAN PHỤ TRÁCH", now=now)
    rows = found.by_agency["groups"]
    write_table(book, sheet, HEAD, _AGENCY_COLUMNS, rows)
    set_widths(sheet, _AGENCY_COLUMNS)
    sheet.set_row(HEAD, 64)
    keep_head(sheet, HEAD, len(_AGENCY_COLUMNS), len(rows), frozen_columns=2)
    if rows:
        place = [column.label for column in _AGENCY_COLUMNS].index("Điểm còn thiếu")
        below = HEAD + len(rows) + 2
        sheet.insert_chart(below, 0, agencies_chart(book, AGENCIES, HEAD, len(rows), place))
        if len(rows) > _ON_ONE_PAGE:
            sheet.set_h_pagebreaks([below])


_ON_ONE_PAGE: Final = 12
"""Agencies whose table and chart stand on one page."""


def _status_column(key: str, label: str) -> Column:
    return Column(label, 10, lambda one: one["by_status"][key], _COUNT)


_AGENCY_COLUMNS: Final = (
    Column("Mã", 10, lambda one: one["key"]),
    Column("Cơ quan", 42, lambda one: one["name"], _LONG),
    Column("Số nhiệm vụ", 9, lambda one: one["tasks"], _COUNT),
    *(_status_column(key, label) for key, label in LABELS.items()),
    Column("Quá hạn", 8, lambda one: one["overdue"], _COUNT),
    Column("Nộp đúng hạn", 9, lambda one: one["on_time"], _COUNT),
    Column("Nộp trễ hạn", 9, lambda one: one["late"], _COUNT),
    Column("Điểm còn thiếu", 10, lambda one: float(one["points_short"]), _POINTS),
    Column("Điểm tăng đã xác nhận", 11, lambda one: float(one["verified_gain"]), _SIGNED),
    Column("Điểm tăng dự kiến", 11, lambda one: _number(one["expected_gain"]), _SIGNED),
    Column("Mức hoàn thành", 11, lambda one: float(one["completion"]), {"num_format": looks.PERCENT}),
)


# Nhiệm vụ


def _write_tasks(book: Book, found: Gathered, *, now: datetime) -> None:
    sheet = _sheet(book, found, TASKS, "NHIỆM VỤ KHẮC PHỤC", now=now)
    write_table(book, sheet, HEAD, _TASK_COLUMNS, found.tasks)
    set_widths(sheet, _TASK_COLUMNS)
    sheet.set_row(HEAD, 48)
    keep_head(sheet, HEAD, len(_TASK_COLUMNS), len(found.tasks), frozen_columns=2)


def _left(task: Mapping[str, Any]) -> int | None:
    """Days left, where a report is still owed."""
    return None if task["status"] in ("submitted", "accepted", "closed") else task["days_left"]


def _day(value: datetime | None) -> date | None:
    return None if value is None else local_date(value)


_KINDS: Final = {"appraised": "Tự chấm", "survey": "Điều tra xã hội học"}
_TASK_COLUMNS: Final = (
    Column("Mã", 15, lambda one: one["code"]),
    Column("Tiêu chí, tiêu chí thành phần", 52, lambda one: one["criterion"]["name"], _LONG),
    Column("Lĩnh vực", 9, lambda one: one["criterion"]["field"]["number"], _MIDDLE),
    Column("Loại", 13, lambda one: _KINDS[one["criterion"]["kind"]], _LONG),
    Column("Cơ quan phụ trách", 30, lambda one: one["agency"]["name"], _LONG),
    Column("Tên trước đây", 22, lambda one: one["former_agency"], _LONG),
    Column("Cơ quan phối hợp", 34, lambda one: ", ".join(each["code"] for each in one["cooperating"]), _LONG),
    Column("Trạng thái", 16, lambda one: LABELS[one["status"]], _LONG),
    Column("Tiến độ (%)", 8, lambda one: one["percent"], _COUNT),
    Column("Hạn báo cáo (trước ngày)", 12, lambda one: one["effective_due"], _DAY),
    Column("Còn (ngày)", 8, _left, _COUNT),
    Column("Quá hạn", 8, lambda one: "Quá hạn" if one["overdue"] else None, _MIDDLE),
    Column("Ngày nộp", 12, lambda one: _day(one["submitted_at"]), _DAY),
    Column("Điểm tối đa", 9, lambda one: float(one["max"]), _POINTS),
    Column("Điểm công bố", 9, lambda one: float(one["published"]), _POINTS),
    Column("Điểm còn thiếu", 9, lambda one: float(one["points_short"]), _POINTS),
    Column("Mức đã được xác nhận", 10, lambda one: float(one["floor"]), _POINTS),
    Column("Mức dự kiến", 9, lambda one: float(one["expected"]), _POINTS),
    Column("Mức tối đa có thể", 9, lambda one: float(one["ceiling"]), _POINTS),
)
