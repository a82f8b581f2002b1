"""How full each of the fields is, and how full it can become."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from app.reports.charts.chart import (
    DARK,
    FILLS,
    PAPER,
    SHAPES,
    WIDE,
    Chart,
    Column,
    bar,
    decimal,
    drawing,
    is_narrow,
    legend,
    named_rows,
    points,
    quantity,
    spread,
    words_beside,
    wrapped,
)
from app.vietnamese import exact_points_text, percent_text, points_text

_COLUMNS: Final = (
    Column("Lĩnh vực", numeric=False),
    Column("Điểm tối đa"),
    Column("Công bố"),
    Column("Đã được xác nhận"),
    Column("Dự kiến"),
    Column("Tối đa có thể"),
    Column("Công bố đạt"),
)


def fields_chart(projection: Mapping[str, Any], *, width: int = WIDE) -> Chart:
    """Published, expected and ceiling of every field in percent of its maximum, in the order of the index."""
    narrow = is_narrow(width)
    fields = [_row(one, narrow=narrow) for one in projection["fields"]]
    labels = {one["key"]: wrapped(one["name"], 22 if narrow else 36) for one in fields}
    row = 12 + 15 * max(spread(labels.values()), 2)
    height = 66 + row * len(fields) + (22 if narrow else 0)
    x = quantity(0, 190 if narrow else 140, ticks=range(0, 101, 50 if narrow else 25), label="datum.value + '%'")
    y = named_rows(labels)
    possible = [one for one in fields if one["to"] > one["from"]]
    expected = [{**one, "value": one["expected"]} for one in fields if one["expected"] is not None]
    layers = [
        bar([{**one, "from": 0, "to": one["published"]} for one in fields], x, DARK, 16),
        bar(possible, x, PAPER, 16),
        points(expected, x, SHAPES["expected"], FILLS["expected"]),
        *words_beside([{**one, "value": 100} for one in fields], x, y),
        legend(
            [
                ("Công bố", "square", DARK),
                ("Dự kiến", SHAPES["expected"], FILLS["expected"]),
                ("Còn có thể đạt", "square", PAPER),
            ],
            2 if narrow else 3,
        ),
    ]
    alt = _alt(projection)
    return Chart(
        "Các lĩnh vực: công bố, dự kiến và mức tối đa có thể",
        alt,
        width,
        height,
        drawing(width, height, alt, layers),
        _COLUMNS,
        tuple(_table_row(one) for one in projection["fields"]),
    )


def _row(field: Mapping[str, Any], *, narrow: bool) -> dict[str, Any]:
    """Shares of the maximum in percent. A ceiling below the published score leaves nothing to draw."""
    published, ceiling = _percent(field, "published"), _percent(field, "ceiling")
    expected = field["expected"]
    shown = expected is not None and points_text(expected) != points_text(field["published"])
    reached = points_text(field["published"]) + (f" → {points_text(expected)}" if shown else "")
    return {
        "key": f"field{field['number']}",
        "name": f"{field['number']}. {field['name']}",
        "published": float(published),
        "expected": None if expected is None else float(_percent(field, "expected")),
        "from": float(published),
        "to": float(ceiling),
        "words": _words(field, reached, narrow=narrow),
    }


def _words(field: Mapping[str, Any], reached: str, *, narrow: bool) -> str:
    if narrow:
        return f"{_share(field)}\n{points_text(field['published'])}/{points_text(field['max'])}"
    return f"{reached}\ntrên {points_text(field['max'])} ({_share(field)})"


def _percent(field: Mapping[str, Any], figure: str) -> Decimal:
    most = decimal(field["max"])
    return 100 * decimal(field[figure]) / most if most else Decimal(0)


def _share(field: Mapping[str, Any]) -> str:
    return percent_text(_percent(field, "published") / 100)


def _table_row(field: Mapping[str, Any]) -> tuple[str, ...]:
    figures = (exact_points_text(field[name]) for name in ("max", "published", "floor", "expected", "ceiling"))
    return (f"{field['number']}. {field['name']}", *figures, _share(field))


def _alt(projection: Mapping[str, Any]) -> str:
    fields = sorted(projection["fields"], key=lambda one: _percent(one, "published"))
    if not fields:
        return "Chưa có lĩnh vực nào."
    low, high = fields[0], fields[-1]
    return (
        f"Tỷ lệ điểm đạt được của {len(fields)} lĩnh vực. Thấp nhất: {low['name']} {_share(low)}; "
        f"cao nhất: {high['name']} {_share(high)}."
    )
