"""How the score moves from day to day."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final

from app.reports.charts.chart import (
    FIGURES,
    FILLS,
    INK,
    SHAPES,
    SIZE,
    SOFT,
    WIDE,
    Chart,
    Column,
    Spec,
    decimal,
    drawing,
    is_narrow,
)
from app.vietnamese import day_text, exact_points_text, points_text

LINES: Final = ("published", "floor", "expected")
_DASHES: Final = {"published": [2, 3], "floor": [1, 0], "expected": [7, 4]}
_WIDTHS: Final = {"published": 1.5, "floor": 2.5, "expected": 2.0}
_HEIGHT: Final = 300
_WORDS_APART: Final = 0.075
"""Of the height: closer words would run into each other."""
_COLUMNS: Final = (
    Column("Ngày", numeric=False),
    Column("Công bố"),
    Column("Đã được xác nhận"),
    Column("Dự kiến"),
    Column("Quá hạn"),
)


def trend_chart(history: Mapping[str, Any], *, width: int = WIDE) -> Chart:
    """Published, floor and expected at the end of each day, oldest first; an open mark is a day not yet over. Days
    that are missing are bridged: a score holds until the next snapshot."""
    items = history["items"]
    alt = _alt(items)
    return Chart(
        "Diễn biến theo ngày",
        alt,
        width,
        _HEIGHT,
        drawing(width, _HEIGHT, alt, _layers(items, narrow=is_narrow(width)) if items else []),
        _COLUMNS,
        tuple(_table_row(one) for one in reversed(items)),
    )


def day_of(item: Mapping[str, Any]) -> date:
    """The domain gives days as dates, JSON as text."""
    day = item["day"]
    return day if isinstance(day, date) else date.fromisoformat(day)


def _layers(items: Sequence[Mapping[str, Any]], *, narrow: bool) -> list[Spec]:
    lines = [name for name in LINES if items[-1][name] is not None]
    values = [float(one[name]) for one in items for name in lines if one[name] is not None]
    low, high = _ends(values)
    x, y = _time(items, narrow=narrow), _score(low, high)
    return [
        *(_line(name, items, x, y) for name in lines),
        *(_marks(name, items, x, y) for name in lines),
        _words(lines, items[-1], x, y, apart=(high - low) * _WORDS_APART),
    ]


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """A flat line lies in the middle, and small moves fill the height."""
    low, high = min(values), max(values)
    room = max((high - low) * 0.2, 0.25)
    return max(0.0, low - room), high + room


def _time(items: Sequence[Mapping[str, Any]], *, narrow: bool) -> Spec:
    first, last = day_of(items[0]), day_of(items[-1])
    span = max((last - first).days, 1 if len(items) > 1 else 6)
    start = _midnight(first) if len(items) > 1 else _midnight(first) - timedelta(days=3)
    end = _midnight(last) + timedelta(days=span * (1.25 if narrow else 0.45))
    wanted = 3 if narrow else 6
    every = max(1, -(-(last - first).days // wanted))
    ticks = [last - timedelta(days=place) for place in range(0, (last - first).days + 1, every)]
    shape = "%d/%m" if span < 330 else "%m/%Y"
    return {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [start.isoformat(), end.isoformat()], "nice": False},
        "axis": {
            "values": [_instant(day) for day in ticks],
            "format": shape,
            "title": None,
            "grid": False,
            "labelFlush": False,
        },
    }


def _midnight(day: date) -> datetime:
    """Days are drawn on a scale without summer time."""
    return datetime.combine(day, time(), UTC)


def _instant(day: date) -> str:
    return _midnight(day).isoformat()


def _score(low: float, high: float) -> Spec:
    digits = 1 if high - low >= 1 else 2
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False, "zero": False},
        "axis": {"title": None, "tickCount": 5, "format": f".{digits}f", "domain": False},
    }


def _line(name: str, items: Sequence[Mapping[str, Any]], x: Spec, y: Spec) -> Spec:
    return {
        "data": {"values": _values(name, items)},
        "mark": {
            "type": "line", "interpolate": "step-after", "stroke": SOFT if name == "published" else INK,
            "strokeDash": _DASHES[name], "strokeWidth": _WIDTHS[name],
        },
        "encoding": {"x": x, "y": y},
    }  # fmt: skip


def _marks(name: str, items: Sequence[Mapping[str, Any]], x: Spec, y: Spec) -> Spec:
    """Where the line moved, and on the last day: a mark on each of thirty flat days would hide the other lines."""
    return {
        "data": {"values": _values(name, _moves(name, items))},
        "mark": {"type": "point", "shape": SHAPES[name], "stroke": INK, "size": 60, "opacity": 1, "filled": True},
        "encoding": {
            "x": x,
            "y": y,
            "fill": {"condition": {"test": "datum.open", "value": "#ffffff"}, "value": FILLS[name]},
        },
    }


def _moves(name: str, items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    known = [one for one in items if one[name] is not None]
    return [one for before, one in pairwise(known) if one[name] != before[name] or one is known[-1]] or known


def _values(name: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"at": _instant(day_of(one)), "value": float(one[name]), "open": bool(one["provisional"])}
        for one in items
        if one[name] is not None
    ]


def _words(lines: Sequence[str], last: Mapping[str, Any], x: Spec, y: Spec, *, apart: float) -> Spec:
    """Name and number at the end of each line; lines that meet share their words' place one below the other."""
    ordered = sorted(lines, key=lambda name: (float(last[name]), LINES.index(name)))
    placed: list[dict[str, Any]] = []
    for name in ordered:
        height = float(last[name])
        if placed:
            height = max(height, placed[-1]["value"] + apart)
        words = f"{FIGURES[name]} {points_text(last[name])}"
        placed.append({"at": _instant(day_of(last)), "value": height, "words": words})
    return {
        "data": {"values": placed},
        "mark": {"type": "text", "align": "left", "dx": 10, "fontSize": SIZE},
        "encoding": {"x": x, "y": y, "text": {"field": "words", "type": "nominal"}},
    }


def _table_row(item: Mapping[str, Any]) -> tuple[str, ...]:
    day = day_text(day_of(item)) + (" (chưa hết ngày)" if item["provisional"] else "")
    return (day, *(exact_points_text(item[name]) for name in LINES), str(item["counts"]["overdue"]))


def _alt(items: Sequence[Mapping[str, Any]]) -> str:
    if not items:
        return "Chưa có số liệu theo ngày."
    first, last = items[0], items[-1]
    moved = [
        f"{FIGURES[name].lower()} từ {points_text(first[name])} đến {points_text(last[name])}"
        for name in ("floor", "expected")
        if first[name] is not None and last[name] is not None and decimal(first[name]) != decimal(last[name])
    ]
    told = "; ".join(moved) or f"không đổi, công bố {points_text(last['published'])}"
    return f"Điểm theo ngày từ {day_text(day_of(first))} đến {day_text(day_of(last))}: {told}."
