"""How a workbook is written: one look for all of them, text that stays text, paper set-up.

XlsxWriter is loaded with the first workbook: it would slow down the start of the program.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app.core.workdays import local_moment

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FONT: Final = "Times New Roman"
BLUE, LINE, SOFT, INPUT, GREY = "#0B4A8F", "#C5CDD6", "#E6EEF8", "#FFFBE6", "#EEF0F3"
A4: Final = 9
_DAY_ZERO: Final = date(1899, 12, 30)
_OPTIONS: Final[Mapping[str, Any]] = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_DEFAULT: Final[Mapping[str, Any]] = {"font_name": FONT, "font_size": 11, "font_scheme": "none", "valign": "top"}

POINTS: Final = "[=0]0.00;[<0.005]0.0000;0.00"
"""Two decimals in the reader's own notation ("0,84" on a Vietnamese Excel); what would round to nothing keeps four."""
SIGNED: Final = "+0.00;-0.00;0.00"
COUNT: Final = "#,##0"
PERCENT: Final = "0.0%"
DAY: Final = "dd/mm/yyyy"
TEXT: Final = "@"


def serial(day: date) -> int:
    """Excel's number for a day."""
    return (day - _DAY_ZERO).days


def file_name(what: str, *about: str, today: date) -> str:
    """ "tong-hop-soc-trang-2024-2025-06-24.xlsx": the form of every file that is handed out."""
    return f"{'-'.join((what, *about))}-{today.isoformat()}.xlsx"


class Column(NamedTuple):
    """One column of a table: `value` takes a row to a text, a number, a day, or None for an empty cell."""

    label: str
    width: float
    value: Callable[[Any], Any]
    look: Mapping[str, Any] = {}


@dataclass(slots=True)
class Book:
    """A workbook that is being written; formats are made once for each look."""

    book: "Workbook"
    _out: BytesIO
    _formats: dict[tuple[tuple[str, Any], ...], "Format"] = field(default_factory=dict)

    def look(self, **properties: Any) -> "Format":
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(properties)
        return self._formats[key]

    @property
    def head(self) -> "Format":
        return self.look(
            bold=True,
            bg_color=BLUE,
            font_color="#FFFFFF",
            border=1,
            border_color=LINE,
            text_wrap=True,
            align="center",
            valign="vcenter",
        )

    def cell(self, **properties: Any) -> "Format":
        return self.look(border=1, border_color=LINE, **properties)

    def sheet(self, name: str, *, header: str, footer: str) -> "Worksheet":
        """A page of A4 across, as wide as the paper, with page numbers."""
        made = self.book.add_worksheet(name)
        made.set_landscape()
        made.set_paper(A4)
        made.set_margins(left=0.5, right=0.4, top=0.75, bottom=0.7)
        made.fit_to_pages(1, 0)
        made.set_header(f"&L&9{_header_text(header)}&R&9{_header_text(name)}")
        made.set_footer(f"&L&9{_header_text(footer)}&R&9Trang &P/&N")
        made.hide_gridlines(2)
        return made

    def finish(self) -> bytes:
        self.book.close()
        return self._out.getvalue()


def new_book(title: str, *, now: datetime) -> Book:
    from xlsxwriter.workbook import Workbook

    out = BytesIO()
    made = Workbook(out, {**_OPTIONS, "default_format_properties": dict(_DEFAULT)})
    made.set_properties({"title": title, "author": "Khắc Phục", "created": local_moment(now).replace(tzinfo=None)})
    return Book(made, out)


def _header_text(text: str) -> str:
    """An ampersand starts a code there; all together may hold 255 characters."""
    return text[:100].replace("&", "&&")


def write_table(
    book: Book, sheet: "Worksheet", top: int, columns: Sequence[Column], rows: Sequence[Any], *, left: int = 0
) -> None:
    """Head and rows, typed. Widths are for the caller to set: a sheet may hold several tables."""
    for place, column in enumerate(columns, left):
        sheet.write_string(top, place, column.label, book.head)
    looks = [book.cell(**column.look) for column in columns]
    for line, row in enumerate(rows, top + 1):
        lines = 1
        for place, (column, look) in enumerate(zip(columns, looks, strict=True), left):
            value = column.value(row)
            write_value(sheet, line, place, value, look)
            if isinstance(value, str) and len(value) > column.width:
                lines = max(lines, lines_of(value, column.width))
        if lines > 1:
            sheet.set_row(line, lines * LINE_HEIGHT)


LINE_HEIGHT: Final = 15
"""Points of one line of text."""


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a column that wraps: not every program finds the height of a row by itself."""
    return sum(ceil(len(line) * 1.1 / width) or 1 for line in text.split("\n"))


def write_value(sheet: "Worksheet", line: int, place: int, value: Any, look: "Format") -> None:
    """Text is written as text whatever it starts with; days become Excel's numbers."""
    if value is None or value == "":
        sheet.write_blank(line, place, None, look)
    elif isinstance(value, str):
        sheet.write_string(line, place, value, look)
    elif isinstance(value, date):
        sheet.write_number(line, place, serial(value), look)
    else:
        sheet.write_number(line, place, value, look)


def set_widths(sheet: "Worksheet", columns: Sequence[Column], *, left: int = 0) -> None:
    for place, column in enumerate(columns, left):
        sheet.set_column(place, place, column.width)


def keep_head(sheet: "Worksheet", top: int, columns: int, rows: int, *, frozen_columns: int = 0) -> None:
    """The head stays in sight, filters, and stands on every printed page."""
    sheet.freeze_panes(top + 1, frozen_columns)
    sheet.repeat_rows(top)
    sheet.autofilter(top, 0, top + max(rows, 1), columns - 1)
