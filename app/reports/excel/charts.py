"""Charts that Excel draws from the cells of the summary workbook. Readable without colour: values stand beside the
bars, and series differ in their pattern."""

from collections.abc import Sequence
from typing import Any, Final

from app.reports.excel.book import BLUE, FONT, LINE, SOFT, Book

_FONT: Final = {"name": FONT, "size": 10}
_OTHERS: Final = "#9AA6B3"


def total_chart(book: Book, sheet: str, top: int, own: Sequence[bool]) -> Any:
    """Our four figures and the benchmarks as bars, top down as in the table; ours are dark, others light."""
    chart = book.book.add_chart({"type": "bar"})
    last = top + len(own)
    chart.add_series(
        {
            "name": "Điểm",
            "categories": [sheet, top + 1, 0, last, 0],
            "values": [sheet, top + 1, 1, last, 1],
            "points": [{"fill": {"color": BLUE if mine else _OTHERS}} for mine in own],
            "gap": 45,
            "data_labels": {"value": True, "num_format": "0.00", "font": _FONT},
        }
    )
    _dress(chart, "Điểm của tỉnh và các mốc so sánh")
    chart.set_x_axis(
        {"min": 60, "max": 105, "major_unit": 10, "num_format": "0", "num_font": _FONT, "major_gridlines": _GRID}
    )
    chart.set_legend({"none": True})
    chart.set_size({"width": 720, "height": 90 + 34 * len(own)})
    return chart


def fields_chart(book: Book, sheet: str, top: int, rows: int) -> Any:
    """Published, expected and ceiling of every field."""
    chart = book.book.add_chart({"type": "bar"})
    fills: tuple[tuple[str, int, dict[str, Any]], ...] = (
        ("Công bố", 3, {"fill": {"color": BLUE}}),
        ("Dự kiến", 5, {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": BLUE, "bg_color": "#FFFFFF"}}),
        ("Tối đa có thể", 6, {"fill": {"color": SOFT}, "border": {"color": BLUE}}),
    )
    for name, column, fill in fills:
        chart.add_series(
            {
                "name": name,
                "categories": [sheet, top + 1, 1, top + rows, 1],
                "values": [sheet, top + 1, column, top + rows, column],
                "gap": 60,
                "data_labels": {"value": True, "num_format": "0.00", "font": {"name": FONT, "size": 8}},
                **fill,
            }
        )
    _dress(chart, "Điểm theo lĩnh vực")
    chart.set_x_axis({"min": 0, "num_format": "0", "num_font": _FONT, "major_gridlines": _GRID})
    chart.set_legend({"position": "bottom", "font": _FONT})
    chart.set_size({"width": 980, "height": 110 + 46 * rows})
    return chart


def agencies_chart(book: Book, sheet: str, top: int, rows: int, column: int) -> Any:
    """Points at stake of every agency, as the table orders them."""
    chart = book.book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Điểm còn thiếu",
            "categories": [sheet, top + 1, 1, top + rows, 1],
            "values": [sheet, top + 1, column, top + rows, column],
            "fill": {"color": BLUE},
            "gap": 45,
            "data_labels": {"value": True, "num_format": "0.00", "font": _FONT},
        }
    )
    _dress(chart, "Điểm còn thiếu theo cơ quan phụ trách")
    chart.set_x_axis({"min": 0, "num_format": "0.0", "num_font": _FONT, "major_gridlines": _GRID})
    chart.set_legend({"none": True})
    chart.set_size({"width": 980, "height": 110 + 28 * rows})
    return chart


_GRID: Final = {"visible": True, "line": {"color": LINE, "width": 0.5}}


def _dress(chart: Any, title: str) -> None:
    """Bars run top down like the table, so the first category stands on top and the scale below."""
    chart.set_title({"name": title, "name_font": {"name": FONT, "size": 13, "color": BLUE}, "overlay": False})
    chart.set_y_axis({"reverse": True, "num_font": _FONT, "crossing": "max", "major_gridlines": {"visible": False}})
    chart.set_chartarea({"border": {"color": LINE}})
