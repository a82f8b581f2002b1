"""The workbook of an assessment, empty or filled from the plain values of a seed's document."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from app.reports.excel import book as looks
from app.reports.excel.assessment import guide
from app.reports.excel.assessment.tables import (
    FIRST,
    FORMAT,
    HEAD,
    HEAD_COLUMNS,
    HEAD_SHEET,
    MARKS,
    TABLES,
    VERSION,
    Col,
    Table,
)
from app.reports.excel.book import Book, lines_of, new_book, write_value
from app.vietnamese import number_text

Data = Mapping[str, Any]
OPEN_ROWS: Final = 1_000
"""Rows below the filled ones that are ready for typing: drop-downs and formats reach so far."""
_TITLE: Final = "Kỳ đánh giá Chỉ số cải cách hành chính"
_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "points": {"num_format": "0.00##"},
    "count": {"num_format": "0"},
    "figure": {"num_format": "#,##0.####"},
    "day": {"num_format": looks.DAY, "align": "center"},
    "printed": {"num_format": looks.TEXT, "align": "right"},
}
_TEXT: Final = {"num_format": looks.TEXT, "text_wrap": True}


def write_template(data: Data, *, now: datetime) -> bytes:
    """`data`: the document of a seed (`read_document`), or nothing for an empty template."""
    book = new_book(_TITLE, now=now)
    guide.write(book)
    _write_head(book, data)
    for table in TABLES:
        _write_table(book, table, data)
    marks = book.book.add_worksheet(MARKS)
    marks.write_string(0, 0, FORMAT)
    marks.write_string(0, 1, VERSION)
    marks.very_hidden()
    book.book.get_worksheet_by_name(HEAD_SHEET).activate()
    return book.finish()


def _start(book: Book, name: str, advice: str, columns: Sequence[tuple[str, float, str]]) -> Any:
    sheet = book.sheet(name, header=_TITLE, footer="Khắc Phục")
    sheet.write_string(0, 0, name.upper(), book.look(bold=True, font_size=14, font_color=looks.BLUE))
    sheet.write_string(1, 0, advice, book.look(italic=True, font_color="#55626F"))
    for place, (label, width, note) in enumerate(columns):
        sheet.write_string(HEAD, place, label, book.head)
        sheet.set_column(place, place, width)
        if note:
            sheet.write_comment(HEAD, place, note, {"x_scale": 1.6, "y_scale": 0.6})
    sheet.set_row(0, 22)
    sheet.set_row(HEAD, 34)
    sheet.freeze_panes(FIRST, 1)
    sheet.repeat_rows(HEAD)
    return sheet


def _write_head(book: Book, data: Data) -> None:
    advice = "Điền cột “Giá trị”; không thêm, xóa hay đổi chỗ các dòng."
    sheet = _start(book, HEAD_SHEET, advice, (("Mục", 36, ""), ("Giá trị", 60, ""), ("Giải thích", 48, "")))
    for line, column in enumerate(HEAD_COLUMNS, FIRST):
        sheet.write_string(line, 0, column.label, book.cell(bg_color=looks.GREY))
        value = shown(column, dig(data, column.route))
        look = {**_LOOKS.get(column.kind, _TEXT), "align": "left"}
        write_value(sheet, line, 1, value, book.cell(bg_color=looks.INPUT, **look))
        sheet.write_string(line, 2, column.note, book.cell(font_color="#55626F", text_wrap=True))
        if isinstance(value, str):
            sheet.set_row(line, looks.LINE_HEIGHT * lines_of(value, 60))


def _write_table(book: Book, table: Table, data: Data) -> None:
    sheet = _start(book, table.sheet, table.advice, [(one.label, one.width, one.note) for one in table.columns])
    formats = [book.cell(**_LOOKS.get(column.kind, _TEXT)) for column in table.columns]
    rows = list(rows_of(table, data))
    for line, row in enumerate(rows, FIRST):
        lines = 1
        for place, (column, look) in enumerate(zip(table.columns, formats, strict=True)):
            write_value(sheet, line, place, row[place], look)
            if isinstance(row[place], str):
                lines = max(lines, lines_of(row[place], column.width))
        if lines > 1:
            sheet.set_row(line, lines * looks.LINE_HEIGHT)
    last = FIRST + len(rows) + OPEN_ROWS
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width, book.look(**_LOOKS.get(column.kind, _TEXT)))
        if column.words:
            sheet.data_validation(FIRST, place, last, place, _choices(column))
    sheet.autofilter(HEAD, 0, FIRST + max(len(rows), 1) - 1, len(table.columns) - 1)


def _choices(column: Col) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": list(column.words.values()),
        "error_title": "Giá trị không hợp lệ",
        "error_message": "Chọn một giá trị trong danh sách.",
    }


# A seed's values as cells


def rows_of(table: Table, data: Data) -> Iterator[list[Any]]:
    """Every row of a sheet, cell by cell."""
    for key, entry in _entries(table, data):
        yield [key if not column.route[0] else shown(column, dig(entry, column.route)) for column in table.columns]


def _entries(table: Table, data: Data) -> Iterator[tuple[str, Data]]:
    if table.parent is None:
        yield from (("", one) for one in dig(data, table.into) or ())
        return
    route, key = table.parent
    for parent in dig(data, route) or ():
        for one in dig(parent, table.into) or ():
            yield parent[key], one
        if table.into == ("rule", "terms"):
            for one in dig(parent, ("rule", "classes")) or ():
                yield parent[key], {"points": one["points"], "numerator": one["input"]}


def dig(data: Any, route: Sequence[Any]) -> Any:
    """What stands at the end of the route; None where nothing does."""
    for part in route:
        if not isinstance(data, Mapping):
            return None
        data = data.get(part)
    return data


def shown(column: Col, value: Any) -> Any:
    """A plain value as a cell: numbers and days typed, lists in one text, choices in words."""
    if isinstance(value, list):
        parts = [number_text(one) for one in value] if column.kind == "figures" else value
        return "; ".join(parts) or None
    if value is None or value == "":
        return None
    if column.kind in ("points", "count", "figure") and _is_number(value):
        return float(value) if "." in value else int(value)
    if column.kind == "day":
        return date.fromisoformat(value)
    if column.kind == "printed":
        return number_text(value)
    return column.words.get(value, value)


def _is_number(value: str) -> bool:
    return value.lstrip("+-").replace(".", "", 1).isdigit()
