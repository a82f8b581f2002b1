"""The charts of the report: the same definitions as on pages, drawn as pictures for print."""

from typing import Final

import structlog

from app.reports.charts import Chart, agencies_chart, as_png, fields_chart, total_chart, trend_chart
from app.reports.charts.rendering import DrawingFailed
from app.reports.word.dossier import Dossier
from app.reports.word.rendering import Picture

WIDTH: Final = 142.0
"""Millimetres, a little narrower than the text, so that a chart shares its page."""
TALLEST: Final = 215.0
"""Millimetres that fit on a page together with the chart's title; a taller chart is drawn smaller."""
TALLEST_ACROSS: Final = 115.0
"""The same on the page of the fields, which lies across and begins with headings."""
SCALE: Final = 2.5
"""About 250 dots per inch."""


log = structlog.get_logger()


def draw_charts(dossier: Dossier) -> dict[str, Picture]:
    """By name, as the template knows them. A trend needs at least two days. Takes some tenths of a second.

    A report without pictures is better than none: where nothing can be drawn, the log says why.
    """
    charts: dict[str, Chart] = {
        "total": total_chart(dossier.projection),
        "fields": fields_chart(dossier.projection),
        "agencies": agencies_chart(dossier.by_agency),
    }
    days = [one for one in dossier.history if one["day"] <= dossier.day]
    if len(days) > 1:
        charts["trend"] = trend_chart({"items": days})
    try:
        return {name: Picture(as_png(chart, scale=SCALE), _width(name, chart)) for name, chart in charts.items()}
    except DrawingFailed as problem:
        log.warning("report without charts", why=str(problem))
        return {}


def _width(name: str, chart: Chart) -> float:
    """Millimetres: as wide as usual, or as its height allows."""
    tallest = TALLEST_ACROSS if name == "fields" else TALLEST
    return min(WIDTH, round(tallest * chart.width / chart.height, 1))
