"""What a chart is, and the pieces that all charts are drawn with (Vega-Lite)."""

import json
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

WIDE: Final = 640
"""Pixels; on A4 between Vietnamese margins its letters come out at about 9 points."""
NARROW: Final = 360
"""For a phone."""

INK: Final = "#1b2530"
SOFT: Final = "#55626f"
LINE: Final = "#d8dee5"
DARK: Final = "#0b4a8f"
MIDDLE: Final = "#9cc0e6"
PAPER: Final = "#ffffff"
"""Dark, middle and paper differ by lightness, so that they stay apart on a black-and-white printer."""
FONT: Final = "Arimo, Arial, Liberation Sans, sans-serif"
"""The first is ours and draws pictures for documents; browsers have the second, which is as wide."""
SIZE: Final = 13
LETTER: Final = 6.7
"""Pixels that a letter takes, as a rule."""
_NARROW_LETTERS: Final = frozenset("ijl|'I .,:;!()[]/-ftr")
_BROAD_LETTERS: Final = frozenset("mwMW%@")

FIGURES: Final[Mapping[str, str]] = {
    "published": "Công bố",
    "floor": "Đã được xác nhận",
    "expected": "Dự kiến",
    "ceiling": "Tối đa có thể",
}
SHAPES: Final[Mapping[str, str]] = {
    "published": "circle",
    "floor": "square",
    "expected": "diamond",
    "ceiling": "triangle-up",
}
FILLS: Final[Mapping[str, str]] = {"published": SOFT, "floor": DARK, "expected": MIDDLE, "ceiling": PAPER}
"""A figure has the same mark in every chart."""

Spec = dict[str, Any]


class Column(NamedTuple):
    """A column of the table behind a chart."""

    label: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Chart:
    """`width` and `height` in pixels. `rows`: the numbers behind it, written as people read them."""

    title: str
    alt: str
    width: int
    height: int
    spec: Spec
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def is_narrow(width: int) -> bool:
    return width < 500


def drawing(width: int, height: int, alt: str, layers: Sequence[Spec]) -> Spec:
    """A whole drawing of exactly that size."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": alt,
        "width": width,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 4,
        "background": PAPER,
        "layer": list(layers),
        "config": {
            "aria": False,
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelFontSize": SIZE,
                "titleFontSize": SIZE,
                "titleFontWeight": "normal",
                "labelColor": INK,
                "titleColor": SOFT,
                "gridColor": LINE,
                "domainColor": SOFT,
                "tickColor": SOFT,
            },
            "legend": {"labelFontSize": SIZE, "labelColor": INK, "labelLimit": 0, "orient": "top", "title": None},
            "text": {"fontSize": SIZE, "color": INK},
        },
    }


def wrapped(text: str, width: int) -> list[str]:
    """At most four lines of so many letters as a rule, of fewer where they are broad ones (capitals); the table behind
    the chart has what is cut off."""
    broad = breadth(text) / max(LETTER * len(text), 1)
    return textwrap.wrap(text, int(width / max(broad, 1)), max_lines=4, placeholder=" …") or [""]


def breadth(line: str) -> float:
    """Pixels that a line takes, about: where room for words has to be reckoned before they are drawn."""
    letters = unicodedata.normalize("NFD", line)
    return sum(_letter(one) for one in letters if not unicodedata.combining(one))


def _letter(one: str) -> float:
    if one in _NARROW_LETTERS:
        return 3.7
    return 11 if one in _BROAD_LETTERS else 9.3 if one.isupper() else 7.1


def spread(labels: Iterable[Sequence[str]]) -> int:
    """The most lines that one of the labels has."""
    return max((len(lines) for lines in labels), default=1)


def named_rows(labels: Mapping[str, Sequence[str]], **axis: Any) -> Spec:
    """Rows from top to bottom, known by key: two agencies of the same name stay two. A label may have many lines."""
    # A JSON text is a literal in Vega's expressions too, so no name is ever read as an expression.
    names = json.dumps({key: list(lines) for key, lines in labels.items()})
    return {
        "field": "key",
        "type": "nominal",
        "scale": {"domain": list(labels)},
        "axis": {
            "title": None,
            "domain": False,
            "ticks": False,
            "labelLimit": 0,
            "labelPadding": 8,
            "labelLineHeight": 15,
            "labelExpr": f"({names})[datum.value]",
            **axis,
        },
    }


def legend(entries: Sequence[tuple[str, str, str]], columns: int) -> Spec:
    """A key made of (words, shape, fill): an invisible layer, since marks themselves carry no scale."""
    words = [one[0] for one in entries]
    shown = {"symbolSize": 130, "symbolOpacity": 1, "columns": columns}
    return {
        "data": {"values": [{"entry": word} for word in words]},
        "mark": {"type": "point", "opacity": 0, "size": 0},
        "encoding": {
            "shape": {
                "field": "entry",
                "type": "nominal",
                "scale": {"domain": words, "range": [one[1] for one in entries]},
                "legend": shown,
            },
            "fill": {
                "field": "entry",
                "type": "nominal",
                "scale": {"domain": words, "range": [one[2] for one in entries]},
                "legend": shown,
            },
            "stroke": {"value": INK},
        },
    }


def bar(values: Sequence[Mapping[str, Any]], x: Spec, fill: str, height: int) -> Spec:
    """Outlined bars from `from` to `to`."""
    return {
        "data": {"values": list(values)},
        "mark": {"type": "bar", "fill": fill, "stroke": INK, "strokeWidth": 0.8, "height": height},
        "encoding": {"x": x | {"field": "from"}, "x2": {"field": "to"}, "y": {"field": "key", "type": "nominal"}},
    }


def points(values: Sequence[Mapping[str, Any]], x: Spec, shape: str, fill: str) -> Spec:
    return {
        "data": {"values": list(values)},
        "mark": {
            "type": "point", "shape": shape, "fill": fill, "stroke": INK, "strokeWidth": 1.2, "size": 120, "opacity": 1,
        },
        "encoding": {"x": x, "y": {"field": "key", "type": "nominal"}},
    }  # fmt: skip


def words_beside(values: Sequence[Mapping[str, Any]], x: Spec, y: Spec, **mark: Any) -> list[Spec]:
    """The number itself, right of its mark, on a pale ground so that no line runs through it."""
    lines = max((one["words"].count("\n") for one in values), default=0)
    shown = {"type": "text", "align": "left", "dx": 9, "dy": -7 * lines, "lineBreak": "\n", "lineHeight": 15, **mark}
    layer = {
        "data": {"values": list(values)},
        "encoding": {"x": x, "y": y, "text": {"field": "words", "type": "nominal"}},
    }
    ground = {"stroke": PAPER, "strokeWidth": 5, "strokeJoin": "round", "color": PAPER, "aria": False}
    return [layer | {"mark": shown | ground}, layer | {"mark": shown}]


def quantity(low: float, high: float, *, ticks: Sequence[float], label: str, title: str | None = None) -> Spec:
    """A horizontal scale of exactly these ends. `label`: how a tick is written (a Vega expression)."""
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False, "zero": False},
        "axis": {
            "values": list(ticks),
            "labelExpr": label,
            "title": title,
            "grid": True,
            "domain": False,
            "labelFlush": False,
            "offset": 6,
        },
    }


def decimal(text: Any) -> Decimal:
    """Points as they travel ("0.8410"); nothing counts as 0."""
    return Decimal(text) if text is not None else Decimal(0)
