"""Filled templates whose sheets were spoilt, by accident or on purpose: named where they stand, marked all the same."""

import io
import unicodedata
from typing import Any

import pytest
from openpyxl import load_workbook

from app.errors import FileRefused
from app.reports.excel.roundtrip.filled import read_filled
from app.reports.excel.roundtrip.layout import FIGURES, MARKS, REPORTS, figure_column, report_column
from tests.conftest import World
from tests.reports.test_excel_roundtrip import T14, T16, T17, marked_up, preview
from tests.reports.workbook_files import edited, filled, repacked, row_of, template


def test_formulas_errors_and_merged_cells_are_refused_where_they_stand(seeded: World) -> None:
    def spoil(book: Any) -> None:
        sheet = book[REPORTS]
        sheet.cell(row_of(sheet, T14), report_column("progress") + 1).value = '=HYPERLINK("http://x")'
        place = sheet.cell(row_of(sheet, T16), report_column("reason") + 1)
        sheet.merge_cells(
            start_row=place.row, start_column=place.column, end_row=place.row, end_column=place.column + 1
        )
        place.value = "gộp"
        broken = sheet.cell(row_of(sheet, T17), report_column("percent") + 1)
        broken.value, broken.data_type = "#REF!", "e"

    said = [str(one) for one in preview(seeded, edited(template(seeded), spoil)).faults]
    assert any("công thức" in one and "cột K “Tiến độ xử lý”" in one for one in said)
    assert sum("gộp" in one for one in said) == 2
    assert any("#REF!" in one and "cột N" in one for one in said)


def test_duplicate_foreign_and_surplus_rows_are_named(seeded: World) -> None:
    def spoil(book: Any) -> None:
        sheet = book[REPORTS]
        last = sheet.max_row
        sheet.cell(last + 1, 1).value = T14
        sheet.cell(last + 2, 1).value = "ST-2024-TC-01"
        sheet.cell(last + 3, report_column("progress") + 1).value = "không biết của ai"
        book[FIGURES].cell(book[FIGURES].max_row + 1, figure_column("value") + 1).value = 5

    said = [one.what for one in preview(seeded, edited(template(seeded), spoil)).faults]
    assert any("lặp lại, lần đầu ở dòng" in one for one in said)
    assert any("ST-2024-TC-01 không có trong mẫu đã tải, hoặc không thuộc phạm vi" in one for one in said)
    assert any("dòng thừa, không có mã" in one for one in said)
    assert any("dòng thừa, hoặc nhiệm vụ" in one for one in said)


@pytest.mark.parametrize("name", [REPORTS, FIGURES, MARKS])
def test_a_missing_sheet_is_named(seeded: World, name: str) -> None:
    def spoil(book: Any) -> None:
        del book[name]

    with pytest.raises(FileRefused, match="phần đánh dấu ẩn" if name == MARKS else f"“{name}”"):
        read_filled(edited(template(seeded), spoil), "m.xlsx")


def test_moved_columns_and_other_versions_are_refused(seeded: World) -> None:
    def move(book: Any) -> None:
        book[REPORTS].delete_cols(report_column("due") + 1)

    def age(book: Any) -> None:
        book[MARKS]["B1"] = "0"

    with pytest.raises(FileRefused, match="dòng 3, cột C"):
        read_filled(edited(template(seeded), move), "m.xlsx")
    with pytest.raises(FileRefused, match="phiên bản khác"):
        read_filled(edited(template(seeded), age), "m.xlsx")


def test_a_cell_of_a_megabyte_is_named_and_not_repeated(seeded: World) -> None:
    def spoil(content: bytes) -> bytes:
        return edited(content, lambda book: None)

    content = spoil(filled(template(seeded), {T14: {"progress": "x" * 32_000, "reason": "y" * 20_001}}))
    faults = preview(seeded, content).faults
    assert [one.head for one in faults] == ["Lý do tồn tại, hạn chế", "Tiến độ xử lý"]
    assert all(len(one.what) < 200 for one in faults)


def test_a_coloured_cell_at_the_far_end_does_not_hinder_marking(seeded: World) -> None:
    """A program that lays out all rows up to it would make millions of cells."""
    content = filled(template(seeded), {T14: {"percent": 500}})
    far = b'<row r="1048576"><c r="A1048576" s="1"/></row></sheetData>'
    content = repacked(content, {"xl/worksheets/sheet2.xml": lambda part: part.replace(b"</sheetData>", far)})
    found = preview(seeded, content)
    assert len(found.faults) == 1
    sheet = load_workbook(io.BytesIO(marked_up(content, found)))[REPORTS]
    assert "“500”" in sheet.cell(row_of(sheet, T14), report_column("percent") + 1).comment.text


def test_decomposed_names_of_sheets_are_known_when_marking_too(seeded: World) -> None:
    content = filled(template(seeded), {T14: {"percent": 500}})
    apart = unicodedata.normalize("NFD", REPORTS)
    content = repacked(content, {"xl/workbook.xml": lambda part: part.replace(REPORTS.encode(), apart.encode())})
    sheet = load_workbook(io.BytesIO(marked_up(content, preview(seeded, content))))[apart]
    assert sheet.cell(row_of(sheet, T14), report_column("percent") + 1).comment is not None


def test_a_workbook_that_the_marking_program_cannot_take_is_refused_in_words(seeded: World) -> None:
    content = filled(template(seeded), {T14: {"percent": 500}})
    odd = b"<extLst><ext/></extLst></worksheet>"
    content = repacked(content, {"xl/worksheets/sheet1.xml": lambda part: part.replace(b"</worksheet>", odd)})
    with pytest.raises(FileRefused, match="không đánh dấu được"):
        marked_up(content, preview(seeded, content))
