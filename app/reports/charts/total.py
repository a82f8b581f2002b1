"""Where the total stands on one axis with what it is measured by."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.reports.charts.chart import (
    FIGURES,
    FILLS,
    INK,
    SHAPES,
    SOFT,
    WIDE,
    Chart,
    Column,
    Spec,
    decimal,
    drawing,
    is_narrow,
    named_rows,
    points,
    quantity,
    spread,
    words_beside,
    wrapped,
)
from app.vietnamese import exact_points_text, listed, points_text

MOST_MARKS: Final = 8
"""More would be a table; the table behind the chart has them all."""

_COLUMNS: Final = (
    Column("Mốc", numeric=False),
    Column("Điểm"),
    Column("So với công bố"),
    Column("So với dự kiến"),
)


def total_chart(projection: Mapping[str, Any], *, width: int = WIDE) -> Chart:
    """Published, floor, expected and ceiling against the benchmarks of the year, best benchmark first."""
    own = {name: projection[name] for name in FIGURES if projection[name] is not None}
    marks = shown_marks(projection["benchmarks"])
    labels = _labels(own, marks, letters=18 if is_narrow(width) else 34)
    row = 12 + 15 * spread(labels.values())
    height = 44 + row * len(labels)
    alt = _alt(projection, marks)
    return Chart(
        "Tổng điểm so với các mốc",
        alt,
        width,
        height,
        drawing(width, height, alt, _layers(own, marks, labels, narrow=is_narrow(width))),
        _COLUMNS,
        tuple(_rows(projection)),
    )


def shown_marks(benchmarks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What is worth an eye: thresholds that are still ahead, means, and the provinces nearest to us; best first."""
    ahead = [one for one in benchmarks if one["kind"] != "threshold" or decimal(one["distance"]["published"]) < 0]
    nearest = sorted(ahead, key=lambda one: (one["kind"] == "province", abs(decimal(one["distance"]["published"]))))
    return sorted(nearest[:MOST_MARKS], key=lambda one: -decimal(one["score"]))


def mark_name(mark: Mapping[str, Any]) -> str:
    return f"{mark['label']} (hạng {mark['rank']})" if mark["rank"] else str(mark["label"])


def _labels(own: Mapping[str, str], marks: Sequence[Mapping[str, Any]], *, letters: int) -> dict[str, list[str]]:
    labels = {name: wrapped(FIGURES[name], letters) for name in own}
    if marks:
        labels["between"] = [""]
    return labels | {f"mark{place}": wrapped(mark_name(mark), letters) for place, mark in enumerate(marks)}


def _layers(
    own: Mapping[str, str], marks: Sequence[Mapping[str, Any]], labels: Mapping[str, list[str]], *, narrow: bool
) -> list[Spec]:
    ours = [_own(name, own) for name in own]
    others = [
        {"key": f"mark{place}", "value": float(mark["score"]), "words": points_text(mark["score"]), "top": "published"}
        for place, mark in enumerate(marks)
    ]
    x = _axis([one["value"] for one in (*ours, *others)], narrow=narrow)
    y = named_rows(
        labels,
        labelFontWeight={"condition": {"test": "indexof(datum.value, 'mark') < 0", "value": "bold"}, "value": "normal"},
    )
    return [
        _guides(others, x, y),
        _moves(ours, x),
        *(points([one], x, SHAPES[one["key"]], FILLS[one["key"]]) for one in ours),
        _ticks(others, x),
        *words_beside(ours, x, y, fontWeight="bold"),
        *words_beside(others, x, y),
    ]


def _own(name: str, own: Mapping[str, str]) -> dict[str, Any]:
    gain = decimal(own[name]) - decimal(own["published"])
    moved = "" if name == "published" or not gain else f" ({points_text(f'{gain:.4f}', signed=True)})"
    words = points_text(own[name]) + moved
    return {"key": name, "value": float(own[name]), "start": float(own["published"]), "words": words}


def _axis(values: Sequence[float], *, narrow: bool) -> Spec:
    """From a little below the lowest mark to 100, with room for the words beside the last mark."""
    low, high = max(0, math.floor(min(values)) - 1), max(100, math.ceil(max(values)))
    steps = (1, 2, 5, 10, 20, 50)
    step = next((one for one in steps if (high - low) / one <= (4 if narrow else 8)), math.ceil((high - low) / 4))
    ticks = range(math.ceil(low / step) * step, high + 1, step)
    room = (high - low) * (0.9 if narrow else 0.34)
    return quantity(low, high + room, ticks=ticks, label="datum.value", title=None)


def _guides(others: Sequence[Mapping[str, Any]], x: Spec, y: Spec) -> Spec:
    """Each benchmark's line up through our own marks."""
    return {
        "data": {"values": list(others)},
        "mark": {"type": "rule", "stroke": SOFT, "strokeDash": [2, 4], "strokeWidth": 1},
        "encoding": {"x": x, "y": y, "y2": {"field": "top"}},
    }


def _moves(ours: Sequence[Mapping[str, Any]], x: Spec) -> Spec:
    return {
        "data": {"values": list(ours)},
        "mark": {"type": "rule", "stroke": INK, "strokeWidth": 2},
        "encoding": {"x": x | {"field": "start"}, "x2": {"field": "value"}, "y": {"field": "key", "type": "nominal"}},
    }


def _ticks(others: Sequence[Mapping[str, Any]], x: Spec) -> Spec:
    return {
        "data": {"values": list(others)},
        "mark": {"type": "tick", "color": INK, "thickness": 3, "size": 16, "orient": "vertical"},
        "encoding": {"x": x, "y": {"field": "key", "type": "nominal"}},
    }


def _rows(projection: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, label in FIGURES.items():
        yield label, exact_points_text(projection[name]), *_distances(projection, projection[name])
    for mark in sorted(projection["benchmarks"], key=lambda one: -decimal(one["score"])):
        yield mark_name(mark), points_text(mark["score"]), *_distances(projection, mark["score"])


def _distances(projection: Mapping[str, Any], score: str) -> tuple[str, str]:
    return _distance(projection["published"], score), _distance(projection["expected"], score)


def _distance(figure: str | None, score: str | None) -> str:
    """How far above the figure a score stands; nothing where one of them is hidden."""
    if figure is None or score is None:
        return ""
    return points_text(f"{decimal(score) - decimal(figure):.4f}", signed=True)


def _alt(projection: Mapping[str, Any], marks: Sequence[Mapping[str, Any]]) -> str:
    own = ", ".join(f"{FIGURES[name].lower()} {points_text(projection[name])}" for name in FIGURES)
    if not marks:
        return f"Tổng điểm: {own}."
    against = listed([f"{mark_name(mark)} {points_text(mark['score'])}" for mark in marks])
    return f"Tổng điểm: {own}. Các mốc: {against}."
