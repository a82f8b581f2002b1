"""Charts on a page: sizes, words and the table behind each; the images themselves come from `app.web.charts`."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from app.reports.charts import NARROW, WIDE, Chart, agencies_chart, fields_chart, total_chart, trend_chart

TREND_DAYS: Final = 30
"""Before the last one: one picture serves desk and overview, and more would not be told apart on paper."""


def trend_start(last: date) -> date:
    return last - timedelta(days=TREND_DAYS)


def draw(
    standing: Mapping[str, Any], summary: Mapping[str, Any], history: Mapping[str, Any]
) -> dict[str, tuple[Chart, Chart]]:
    """By the name in the image's address: the chart for a wide screen and for a phone. `standing`: a projection, or
    what `summaries.get_standing` says of the whole; `summary`: by agency."""
    return {
        "total": (total_chart(standing, width=WIDE), total_chart(standing, width=NARROW)),
        "fields": (fields_chart(standing, width=WIDE), fields_chart(standing, width=NARROW)),
        "agencies": (agencies_chart(summary, width=WIDE), agencies_chart(summary, width=NARROW)),
        "trend": (trend_chart(history, width=WIDE), trend_chart(history, width=NARROW)),
    }
