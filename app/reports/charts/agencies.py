"""Who holds how many of the points at stake, and how many of them are on the way."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from app.reports.charts.chart import (
    DARK,
    MIDDLE,
    PAPER,
    WIDE,
    Chart,
    Column,
    Spec,
    bar,
    breadth,
    decimal,
    drawing,
    is_narrow,
    legend,
    named_rows,
    quantity,
    spread,
    words_beside,
    wrapped,
)
from app.vietnamese import exact_points_text, number_text, points_text

MOST_BARS: Final = 15
"""Beyond that the smallest are drawn as one; the table behind the chart names them all."""

_COLUMNS: Final = (
    Column("Cơ quan, đơn vị", numeric=False),
    Column("Điểm còn thiếu"),
    Column("Đã xác nhận tăng"),
    Column("Dự kiến tăng"),
    Column("Nhiệm vụ"),
    Column("Quá hạn"),
)


def agencies_chart(summary: Mapping[str, Any], *, width: int = WIDE) -> Chart:
    """Points at stake by agency, most first, of a summary `by="agency"`: verified, expected and what is left."""
    narrow = is_narrow(width)
    groups = sorted(summary["groups"], key=lambda one: (-decimal(one["points_short"]), str(one["key"])))
    bars = [_bar(place, one) for place, one in enumerate(_few(groups))]
    labels = {one["key"]: wrapped(one["name"], 17 if narrow else 32) for one in bars}
    row = 14 + 15 * max(spread(labels.values()), 2)
    height = 66 + row * max(len(bars), 1) + (22 if narrow else 0)
    alt = _alt(groups)
    return Chart(
        "Điểm còn thiếu theo cơ quan, đơn vị",
        alt,
        width,
        height,
        drawing(width, height, alt, _layers(bars, labels, width)),
        _COLUMNS,
        tuple(_table_row(one) for one in groups),
    )


def _few(groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if len(groups) <= MOST_BARS:
        return list(groups)
    rest = groups[MOST_BARS - 1 :]
    sums = {name: f"{sum(decimal(one[name]) for one in rest):.4f}" for name in ("points_short", "verified_gain")}
    known = all(one["expected_gain"] is not None for one in rest)
    gain = f"{sum(decimal(one['expected_gain']) for one in rest):.4f}" if known else None
    counts = {name: sum(one[name] for one in rest) for name in ("tasks", "overdue")}
    others = {"key": "", "name": f"{len(rest)} đơn vị khác", "expected_gain": gain, **sums, **counts}
    return [*groups[: MOST_BARS - 1], others]


def _bar(place: int, group: Mapping[str, Any]) -> dict[str, Any]:
    """Where its three parts end. What an agency may not see of another is left over, as nothing is known of it."""
    short = decimal(group["points_short"])
    verified = _within(group["verified_gain"], Decimal(0), short)
    expected = _within(group["expected_gain"], verified, short)
    late = f", {number_text(group['overdue'])} quá hạn" if group["overdue"] else ""
    return {
        "key": f"agency{place}",
        "name": group["name"],
        "nothing": 0,
        "verified": float(verified),
        "expected": float(expected),
        "short": float(short),
        "value": float(short),
        "words": f"{points_text(group['points_short'])} điểm\n{number_text(group['tasks'])} nhiệm vụ{late}",
    }


def _within(gain: str | None, low: Decimal, high: Decimal) -> Decimal:
    return min(max(decimal(gain), low), high)


def _layers(bars: Sequence[Mapping[str, Any]], labels: Mapping[str, list[str]], width: int) -> list[Spec]:
    narrow = is_narrow(width)
    most = max((one["short"] for one in bars), default=0) or 1
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
    step = next((one for one in steps if most / one <= (3 if narrow else 6)), most / 4)
    ticks = [round(step * place, 1) for place in range(int(most / step + 1e-9) + 1)]
    x = quantity(
        0, _with_room(bars, labels, width) or most, ticks=ticks, label="replace(toString(datum.value), '.', ',')"
    )
    parts = (("verified", "nothing", DARK), ("expected", "verified", MIDDLE), ("short", "expected", PAPER))
    drawn = [bar(list(_parts(bars, start, end)), x, fill, 18) for end, start, fill in parts]
    key = [("Đã xác nhận tăng", "square", DARK), ("Dự kiến tăng", "square", MIDDLE), ("Còn lại", "square", PAPER)]
    return [*drawn, *words_beside(bars, x, named_rows(labels)), legend(key, 2 if narrow else 3)]


def _with_room(bars: Sequence[Mapping[str, Any]], labels: Mapping[str, list[str]], width: int) -> float:
    """Where the scale ends so that the words beside every bar still fit."""
    plot = width - max((breadth(line) for lines in labels.values() for line in lines), default=0) - 20
    return max((one["short"] * plot / max(plot - _breadth(one["words"]), 40) for one in bars), default=0)


def _breadth(words: str) -> float:
    return max(breadth(line) for line in words.split("\n")) + 12


def _parts(bars: Sequence[Mapping[str, Any]], start: str, end: str) -> list[dict[str, Any]]:
    found = ({"key": one["key"], "from": one[start], "to": one[end]} for one in bars)
    return [one for one in found if one["to"] > one["from"]]


def _table_row(group: Mapping[str, Any]) -> tuple[str, ...]:
    figures = (exact_points_text(group[name]) for name in ("points_short", "verified_gain", "expected_gain"))
    return (group["name"], *figures, number_text(group["tasks"]), number_text(group["overdue"]))


def _alt(groups: Sequence[Mapping[str, Any]]) -> str:
    if not groups:
        return "Chưa có nhiệm vụ nào."
    first = "; ".join(f"{one['name']} {points_text(one['points_short'])} điểm" for one in groups[:3])
    return f"Điểm còn thiếu của {len(groups)} cơ quan, đơn vị. Nhiều nhất: {first}."
