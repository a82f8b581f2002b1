"""Single cells of a filled template: read as the task's page reads what is typed into its fields."""

import unicodedata
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.errors import InvalidInput, Problem
from app.reports.excel.numbers import plain_of, shown
from app.reports.excel.roundtrip import cells
from app.reports.excel.roundtrip.layout import FIGURES, REPORTS, report_column
from app.reports.excel.scanning import Cell, Scan, percent_formats
from app.reports.excel.sheets import Sheet
from app.web.task import fields

RULE = {"inputs": [{"name": "online", "label": "Hồ sơ trực tuyến"}]}
DAY = datetime(2025, 7, 1)  # noqa: DTZ001  # a day in a cell


def sheet(value: Any, *, percent: bool = False) -> Sheet:
    return Sheet(FIGURES, [[value]], Scan(percents={Cell(0, 0)} if percent else set()))


def number(value: Any, **kwargs: Any) -> str:
    return cells.read_number(sheet(value, **kwargs), 0, 0)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *((94511, "94511"), (94511.0, "94511"), (12.5, "12.5"), (-3, "-3"), (0, "0"), (-0.0, "0"), ("", "")),
        *((12.345, "12.3450"), (1234567.891, "1234567.8910")),  # a number cell is never ambiguous
        *((0.1 + 0.2, "0.3"), (16.999999999999996, "17"), (94511.00000000001, "94511"), (1e-17, "0")),  # noise
        *(("94.511", "94511"), ("1 000", "1000"), ("1\u00a0000", "1000"), ("1.234,5", "1234.5"), (" 94511 ", "94511")),
        *(("1.000", "1000"), ("1,000", "1.000"), ("12,345", "12.345"), ("0,841", "0.841")),  # for the domain to judge
    ],
)
def test_a_number_is_digits_with_a_dot(value: Any, read: str) -> None:
    assert number(value) == read


@pytest.mark.parametrize(
    ("value", "told"),
    [
        *((text, f"“{text}” không phải số") for text in ("12,5%", "１２３", "'94511", "1e3", "+5", "5.", "NaN", "٣")),
        *((True, "“TRUE”"), (DAY, "“01/07/2025”"), (date(2025, 7, 1), "“01/07/2025”"), (timedelta(1), "không phải số")),
        *(("x" * 1_000_000, "“" + "x" * 40 + "”"), (float("inf"), None)),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_number_is_quoted_as_people_see_it(value: Any, told: str | None) -> None:
    if told is None:
        assert not number(value).isdigit()
        return
    with pytest.raises(InvalidInput) as refused:
        number(value)
    assert told in refused.value.detail
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1.000",
            "1,000",
            "1 000",
            "1.234,5",
            "12,5%",
            "１２３",
            "'5",
            "94.511",
            "12,345",
            "0,841",
            "1e3",
            "-3",
            "5.",
        ),
        *("1.000.000", "12.50", "1.00", "1.0000", "1,0000", "1234.567", "９", "²", "1,5,5", "9" * 16, "1,23456"),
        *(unicodedata.normalize("NFD", "5 hồ sơ"), "\u202e5", "5\u200b", "(5)", "--5", "1-2", "", " "),
    ],
)
def test_text_is_read_exactly_as_on_the_page(text: str) -> None:
    """Cell and field: the same number, or both refused, by themselves or by the domain."""
    task = {"rule": RULE, "report": None}
    page = _through(lambda: (fields.read_inputs({"input.online": text}, task) or {}).get("online") or "")
    assert _through(lambda: number(text)) == page


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Chờ xác nhận", "Chờ xác nhận (nộp)"),
        ("cho  xac nhan", "Chờ xác nhận (nộp)"),
        ("NỘP", "Chờ xác nhận (nộp)"),
        (unicodedata.normalize("NFD", "chờ xác nhận (nộp)"), "Chờ xác nhận (nộp)"),
        ("đang khắc phục", "Đang khắc phục"),
        ("Không gửi", "Không gửi dòng này"),
        ("", ""),
        *((odd, None) for odd in ("không", "xác nhận", "Đã xác nhận", "này", "chờ", "(", "Chờ xác nhận nhé", "=1")),
    ],
)
def test_a_move_is_understood_where_it_can_mean_one_thing_only(typed: str, meant: str | None) -> None:
    assert _through_move(typed) == meant


def _through_move(typed: str) -> str | None:
    try:
        return cells.read_move(sheet(typed), 0, 0)
    except Problem:
        return None


def _through(read: Any) -> str | None:
    from app.core.scoring.counts import canonical_count

    try:
        found = read()
        return found and canonical_count(found, label="", field="")
    except Problem:
        return None


@pytest.mark.parametrize("value", [0.125, 1.0])
def test_a_cell_that_shows_a_percentage_is_not_taken_for_what_it_holds(value: float) -> None:
    for read in (cells.read_number, cells.read_score):
        with pytest.raises(InvalidInput, match=r"định dạng phần trăm \((12,5|100)%\)"):
            read(sheet(value, percent=True), 0, 0)


@pytest.mark.parametrize(
    ("value", "percent", "read"),
    [
        (50, False, "50"),
        (0.5, True, "50"),
        ("50%", False, "50"),
        ("", False, ""),
        (1, True, "100"),
        (29.0, False, "29"),
    ],
)
def test_how_far_a_task_is(value: Any, percent: bool, read: str) -> None:
    assert cells.read_percent(sheet(value, percent=percent), 0, 0) == read


@pytest.mark.parametrize(("value", "percent"), [(0.5, False), (101, False), (-1, False), ("½", False), (0.125, True)])
def test_how_far_a_task_is_in_whole_numbers_up_to_a_hundred(value: Any, percent: bool) -> None:
    with pytest.raises(InvalidInput, match="không phải số nguyên từ 0 đến 100"):
        cells.read_percent(sheet(value, percent=percent), 0, 0)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *((0.25, "0.2500"), ("0,25", "0.2500"), ("0.25", "0.2500"), ("0,2500", "0.2500"), ("1,000", "1.0000")),
        *((0.1 + 0.2, "0.3000"), ("tính từ số liệu", ""), ("", "")),
    ],
)
def test_scores_are_read_however_they_are_typed(value: Any, read: str) -> None:
    assert cells.read_score(sheet(value), 0, 0) == read


@pytest.mark.parametrize("value", [True, DAY, "một", "0,12345", "84%", 1e9])
def test_what_is_no_score_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="không phải điểm"):
        cells.read_score(sheet(value), 0, 0)


def test_a_number_in_a_text_cell_keeps_its_digits() -> None:
    row: list[Any] = [""] * 20
    row[report_column("period")] = 2025
    assert cells.read_text(Sheet(REPORTS, [row], Scan()), 0, report_column("period")) == "2025"
    assert (shown(12.5), plain_of(1e15), shown(DAY)) == ("12,5", "1000000000000000", "01/07/2025")


def test_which_formats_show_percentages() -> None:
    styles = b"""<s:styleSheet xmlns:s="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><s:numFmts>
    <s:numFmt numFmtId="164" formatCode="0.00%"/><s:numFmt numFmtId="165" formatCode='0.0"%"'/>
    <s:numFmt numFmtId="166" formatCode="0\\%"/></s:numFmts><s:cellStyleXfs><s:xf numFmtId="9"/></s:cellStyleXfs>
    <s:cellXfs><s:xf numFmtId="0"/><s:xf numFmtId="9"/><s:xf numFmtId="164"/><s:xf numFmtId="165"/>
    <s:xf numFmtId="166"/><s:xf numFmtId="10"/></s:cellXfs></s:styleSheet>"""
    assert percent_formats(styles) == {"1", "2", "5"}
