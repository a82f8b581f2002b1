"""Charts where people would rather look than read: one definition for page (SVG) and document (PNG), and its table.

A chart is made from the JSON-ready answers of the domain, so it never shows more than the page or document it is for.
Every meaning is carried by shape, outline and a number beside the mark; colour only helps.
"""

from app.reports.charts.agencies import agencies_chart
from app.reports.charts.chart import NARROW, WIDE, Chart, Column
from app.reports.charts.fields import fields_chart
from app.reports.charts.rendering import as_png, as_svg
from app.reports.charts.total import total_chart
from app.reports.charts.trend import trend_chart

__all__ = [
    "NARROW",
    "WIDE",
    "Chart",
    "Column",
    "agencies_chart",
    "as_png",
    "as_svg",
    "fields_chart",
    "total_chart",
    "trend_chart",
]
