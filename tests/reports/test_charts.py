"""Charts of the real 2024 figures: what they say, that they can be read without colour, and that they reach nothing."""

import copy
import hashlib
import json
import re
import struct
import threading
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from app import projections, summaries
from app.reports import charts
from app.reports.charts import NARROW, WIDE, Chart, agencies_chart, fields_chart, rendering, total_chart, trend_chart
from app.reports.charts.chart import DARK, FILLS, LETTER, MIDDLE, PAPER, SHAPES, breadth, wrapped
from app.settings import ROOT
from tests.conftest import World

ASSESSMENT = "soc-trang-2024"


def projection(world: World, who: str = "coordinator") -> dict[str, Any]:
    found: dict[str, Any] = world.read(projections.get_projection, world.actor(who), ASSESSMENT)
    return found


def summary(world: World, who: str = "coordinator") -> dict[str, Any]:
    found: dict[str, Any] = world.read(summaries.summarize, world.actor(who), ASSESSMENT, by="agency")
    return found


def days(count: int, *, gap: int = 0, expected: bool = True) -> dict[str, Any]:
    first = date(2025, 5, 15)
    return {
        "items": [
            {
                "day": first + timedelta(days=place + (gap if place > 1 else 0)),
                "published": "84.8272",
                "floor": "84.8272",
                "expected": f"{84.8272 + place / 10:.4f}" if expected else None,
                "ceiling": "100.0000",
                "counts": {"overdue": 0},
                "provisional": place == count - 1,
            }
            for place in range(count)
        ]
    }


def drawn_texts(chart: Chart) -> list[str]:
    """What one reads in the picture; the second of a pair of layers (pale ground, then words) repeats the first."""
    return re.findall(r">([^<>]+)</t(?:ext|span)>", charts.as_svg(chart))


def test_the_total_stands_beside_what_it_is_measured_by(seeded: World) -> None:
    chart = total_chart(projection(seeded))
    texts = drawn_texts(chart)
    assert {"Công bố", "84,83", "100,00 (+15,17)", "Nhóm A (từ 90% trở lên)", "90,00", "88,37", "96,17"} <= set(texts)
    assert "80,00" not in texts  # a class reached long ago is in the table only
    table = {row[0]: row[1:] for row in chart.rows}
    assert table["Trung bình cả nước"] == ("88,37", "+3,54", "+3,54")
    assert table["Nhóm B (từ 80% đến dưới 90%)"][0] == "80,00"
    assert "công bố 84,83" in chart.alt
    assert "Trung bình cả nước 88,37" in chart.alt


def test_every_field_tells_its_points_and_its_share(seeded: World) -> None:
    chart = fields_chart(projection(seeded))
    texts = drawn_texts(chart)
    assert "trên 9,50 (98,6%)" in texts
    assert {"0%", "100%"} <= set(texts)
    assert len(chart.rows) == 8
    assert chart.rows[6][1:] == ("13,5000", "10,7838", "10,7838", "10,7838", "13,5000", "79,9%")
    assert "Thấp nhất: Tác động của cải cách hành chính" in chart.alt


def test_agencies_with_most_at_stake_come_first(seeded: World) -> None:
    found = summary(seeded)
    found["groups"][4]["overdue"] = 2
    chart = agencies_chart(found)
    assert [row[0] for row in chart.rows][:2] == ["Sở Nội vụ", "Sở Tài chính"]
    assert chart.rows[0] == ("Sở Nội vụ", "5,3272", "0,0000", "0,0000", "21", "0")
    assert {"5,33 điểm", "21 nhiệm vụ", "5 nhiệm vụ, 2 quá hạn"} <= set(drawn_texts(chart))


def test_many_agencies_are_drawn_as_one_and_listed_whole(seeded: World) -> None:
    one = summary(seeded)["groups"][0]
    groups = [{**one, "key": f"A{place}", "name": f"Đơn vị {place}", "points_short": "0.1000"} for place in range(40)]
    chart = agencies_chart({"groups": groups})
    assert len(chart.rows) == 40
    texts = drawn_texts(chart)
    assert "26 đơn vị khác" in texts
    assert "2,60 điểm" in texts


def test_names_in_capitals_take_no_more_room_than_others() -> None:
    capitals = "ỦY BAN NHÂN DÂN PHƯỜNG HỒNG BÀNG MỚI, THÀNH PHỐ HẢI PHÒNG"
    for name in (capitals, capitals.capitalize(), "M" * 60):
        assert max(breadth(line) for line in wrapped(name, 32)) < 34 * LETTER
    assert " ".join(wrapped(capitals, 32)) == capitals


def test_an_agency_sees_no_more_in_a_chart_than_on_its_page(seeded: World) -> None:
    for chart in (fields_chart(projection(seeded, "SKHCN")), agencies_chart(summary(seeded, "SKHCN"))):
        assert charts.as_svg(chart)
        assert any("" in row for row in chart.rows)
    hidden = trend_chart(days(3, expected=False))
    assert [row[3] for row in hidden.rows] == ["", "", ""]
    assert not any(text.startswith("Dự kiến") for text in drawn_texts(hidden))


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("count", [1, 2, 5, 60, 500])
def test_the_trend_looks_fine_with_one_day_and_with_gaps(count: int, width: int) -> None:
    chart = trend_chart(days(count, gap=9), width=width)
    texts = drawn_texts(chart)
    assert "Công bố 84,83" in texts
    assert "Đã được xác nhận 84,83" in texts
    ticks = [text for text in texts if re.fullmatch(r"\d\d/\d{2,4}", text)]
    assert 1 <= len(ticks) <= 8
    assert len(ticks) == len(set(ticks))
    assert chart.rows[0][0].endswith("(chưa hết ngày)")


def test_nothing_to_draw_is_still_a_picture() -> None:
    for chart in (trend_chart({"items": []}), agencies_chart({"groups": []})):
        assert charts.as_svg(chart).startswith("<svg")
        assert chart.alt.startswith("Chưa có")


def test_expected_below_published_and_a_ceiling_below_the_maximum_are_drawn(seeded: World) -> None:
    found = copy.deepcopy(projection(seeded))
    found["fields"][2] |= {"expected": "11.0000", "floor": "11.0000", "ceiling": "11.2000"}
    found |= {"floor": "84.0000", "expected": "84.5000"}
    assert "11,35 → 11,00" in drawn_texts(fields_chart(found))
    assert "84,50 (-0,33)" in drawn_texts(total_chart(found))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_picture_is_as_large_as_it_says(seeded: World, width: int) -> None:
    found, groups = projection(seeded), summary(seeded)
    made = [total_chart(found, width=width), fields_chart(found, width=width), agencies_chart(groups, width=width)]
    for chart in [*made, trend_chart(days(5), width=width)]:
        assert chart.width == width
        assert f'width="{chart.width}" height="{chart.height}"' in charts.as_svg(chart)
        png = charts.as_png(chart, scale=2)
        assert png.startswith(b"\x89PNG")
        assert struct.unpack(">II", png[16:24]) == (2 * chart.width, 2 * chart.height)


def test_figures_are_told_apart_without_colour() -> None:
    assert len(set(SHAPES.values())) == len(SHAPES) == len(set(FILLS.values()))
    greys = sorted(_grey(fill) for fill in (DARK, MIDDLE, PAPER))
    assert min(right - left for left, right in pairwise(greys)) > 60


def _grey(colour: str) -> float:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_names_stay_words_whatever_is_in_them(seeded: World) -> None:
    one = summary(seeded)["groups"][0]
    name = "\"]})[1]+'</text><script>\\"
    svg = charts.as_svg(agencies_chart({"groups": [{**one, "name": name}, {**one, "key": "B", "name": name}]}))
    assert "<script" not in svg
    assert svg.count("[1]+'&lt;/text&gt;&lt;script&gt;\\") == 2


def test_a_chart_reaches_nothing(seeded: World) -> None:
    chart = total_chart(projection(seeded))
    assert '"url"' not in json.dumps(chart.spec)
    for outside in (
        {"data": {"url": "file:///etc/passwd", "format": {"type": "csv"}}},  # the library would say nothing
        {"data": {"url": "https://example.org/a.json"}},
        {"mark": {"type": "image"}, "encoding": {"url": {"field": "words"}}},  # and would fetch this from anywhere
        {"mark": "image"},
        {"transform": [{"lookup": "key", "from": {"data": {"url": "b.csv"}}}]},
    ):
        layers = [{**chart.spec["layer"][0], **outside}, *chart.spec["layer"][1:]]
        with pytest.raises(rendering.DrawingFailed, match="loads nothing"):
            charts.as_svg(Chart("", "", 10, 10, {**chart.spec, "layer": layers}, (), ()))
    svg = charts.as_svg(chart)
    assert not re.search(r"(href|src)=|url\(|<style|<script", svg)


def test_vietnamese_letters_come_from_our_own_font(seeded: World) -> None:
    folder = ROOT / "app" / "reports" / "charts" / "fonts"
    listed = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert {"Arimo-Regular.ttf", "Arimo-Bold.ttf", "LICENSE"} == set(listed)
    for name, sha256 in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    assert 'font-family="Arimo, Arial' in charts.as_svg(total_chart(projection(seeded)))


def test_a_picture_is_drawn_once_and_memory_is_bounded(seeded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(rendering, "_pencil", _Counting(asked))
    monkeypatch.setattr(rendering, "_pictures", type(rendering._pictures)())
    monkeypatch.setattr(rendering, "KEPT", 2)
    made = [trend_chart(days(count)) for count in (1, 2, 3)]
    for chart in (made[0], made[0], made[1], made[2], made[0]):
        charts.as_svg(chart)
    assert len(asked) == 4
    assert len(rendering._pictures) == 2


class _Counting:
    def __init__(self, asked: list[Any]) -> None:
        self.asked = asked

    def draw(self, job: Any) -> bytes:
        self.asked.append(job)
        return b"<svg/>"


def test_a_drawing_process_that_died_is_replaced(seeded: World) -> None:
    pencil = rendering.Pencil()
    job = {"kind": "svg", "spec": trend_chart(days(2)).spec, "scale": 1}
    try:
        assert pencil.draw(job).startswith(b"<svg")
        assert pencil._process is not None
        pencil._process.kill()
        pencil._process.wait()
        assert pencil.draw(job).startswith(b"<svg")
        with pytest.raises(rendering.DrawingFailed):
            pencil.draw({**job, "spec": {"mark": 7}})
        assert pencil.draw(job).startswith(b"<svg")
    finally:
        pencil.close()


def test_many_at_once_get_their_own_pictures() -> None:
    made = [trend_chart(days(count)) for count in range(2, 8)]
    found: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda place=place, chart=chart: found.update({place: charts.as_svg(chart)}))
        for place, chart in enumerate(made)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[place] for place in range(len(made))] == [charts.as_svg(chart) for chart in made]
    assert len(set(found.values())) == len(made)


def test_points_far_beyond_a_hundred_are_drawn_too(seeded: World) -> None:
    """Another province's index may have any maximum."""
    actor = seeded.actor("coordinator")
    projection = seeded.read(projections.get_projection, actor, "soc-trang-2024")
    many = copy.deepcopy(projection) | {"max": "9000.0000", "ceiling": "9000.0000"}
    summary = seeded.read(summaries.summarize, actor, "soc-trang-2024", by="agency")
    summary["groups"][0]["points_short"] = "8000.0000"
    for width in (WIDE, NARROW):
        assert charts.as_svg(total_chart(many, width=width)).startswith("<svg")
        assert charts.as_svg(agencies_chart(summary, width=width)).startswith("<svg")


def test_a_line_is_marked_where_it_moved_and_the_last_day_is_named() -> None:
    history = days(31)
    for one in history["items"]:
        one["expected"] = "85.0000" if one["day"].day > 20 and one["day"].month == 5 else "84.9000"
    chart = trend_chart(history)
    marks = {
        layer["mark"]["shape"]: layer["data"]["values"] for layer in chart.spec["layer"] if "shape" in layer["mark"]
    }
    assert [len(marks[SHAPES[name]]) for name in ("published", "floor", "expected")] == [1, 1, 3]
    assert "14/06" in drawn_texts(chart)
