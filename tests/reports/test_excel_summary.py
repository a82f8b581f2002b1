"""The summary workbook as somebody opens it: types, formats, filters, heads, charts, paper, and what a role may see."""

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from app import tasks
from app.errors import NotFound
from app.models import tasks as task_table
from app.reports.excel import summary
from app.tasks import Update
from tests.conftest import World
from tests.reports.workbook_files import ASSESSMENT, converted

HEAD = summary.HEAD + 1
PARTS = {"reason": "a", "progress": "b", "remedy": "c"}


def written(world: World, who: str = "coordinator") -> bytes:
    found = world.read(summary.gather, world.actor(who), ASSESSMENT)
    return summary.write_summary(found, now=world.now)


def opened(world: World, who: str = "coordinator") -> Any:
    return load_workbook(io.BytesIO(written(world, who)))


def column(sheet: Worksheet, label: str) -> list[Any]:
    place = next(cell.column for cell in sheet[HEAD] if cell.value == label)
    return [sheet.cell(row, place).value for row in range(HEAD + 1, sheet.max_row + 1)]


def work(world: World) -> None:
    actor = world.actor("SKHCN")
    change = Update("submitted", texts=PARTS, measurements={"used_services": 14, "services": 16})
    world.write(tasks.record_update, actor, "ST-2024-TC-15", change, version=1)
    declared = Update("submitted", texts=PARTS, declared_score="0.8")
    world.write(tasks.record_update, world.actor("STP"), "ST-2024-TC-03", declared, version=1)


def test_all_tasks_with_real_numbers_and_days(seeded: World) -> None:
    work(seeded)
    sheet = opened(seeded)[summary.TASKS]
    codes = [code for code in column(sheet, "Mã") if code]
    assert len(codes) == 48
    row = HEAD + 1 + codes.index("ST-2024-TC-15")
    cells = {sheet.cell(HEAD, cell.column).value: cell for cell in sheet[row]}
    assert cells["Điểm công bố"].value == 0.5625
    assert cells["Mức dự kiến"].value == 0.875
    assert cells["Hạn báo cáo (trước ngày)"].value == datetime(2025, 7, 1)  # noqa: DTZ001  # a day in a cell
    assert cells["Hạn báo cáo (trước ngày)"].number_format == "dd/mm/yyyy"
    assert cells["Trạng thái"].value == "Chờ xác nhận"
    assert cells["Điểm công bố"].number_format == "[=0]0.00;[<0.005]0.0000;0.00"
    assert round(sum(column(sheet, "Điểm còn thiếu")[:48]), 4) == 15.1728


def test_every_sheet_has_filters_heads_and_paper(seeded: World) -> None:
    book = opened(seeded)
    assert book.sheetnames == ["Tổng hợp", "Lĩnh vực", "Cơ quan", "Nhiệm vụ"]
    for sheet in book.worksheets:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)  # one page wide, which is what nothing means
        assert sheet.freeze_panes is not None
        assert "&P/&N" in sheet.oddFooter.right.text or "Trang" in sheet.oddFooter.right.text
        assert sheet["A1"].font.name == "Times New Roman"
    for name in ("Lĩnh vực", "Cơ quan", "Nhiệm vụ"):
        assert book[name].auto_filter.ref is not None
        assert book[name].print_title_rows == f"${HEAD}:${HEAD}"
    charts = [len(sheet._charts) for sheet in book.worksheets]
    assert charts == [1, 1, 1, 0]


def test_the_totals_are_those_of_the_projection(seeded: World) -> None:
    work(seeded)
    book = opened(seeded)
    total = dict(
        zip(column(book[summary.TOTAL], "Điểm và mốc so sánh"), column(book[summary.TOTAL], "Điểm"), strict=True)
    )
    assert (total["Điểm công bố"], total["Mức tối đa có thể"]) == (84.8272, 100)
    assert total["Mức dự kiến"] == pytest.approx(85.5111)
    assert total["Trung bình cả nước"] == 88.37
    fields = book[summary.FIELDS]
    assert round(sum(column(fields, "Công bố")[:8]), 4) == 84.8272
    agencies = book[summary.AGENCIES]
    names = [name for name in column(agencies, "Mã") if name]
    assert names == ["SNV", "STC", "SKHCN", "VPUB", "STP"]
    assert sum(column(agencies, "Số nhiệm vụ")[:5]) == 48


def test_ranks_are_numbers_and_what_is_not_known_is_blank(seeded: World) -> None:
    book = opened(seeded)
    total = book[summary.TOTAL]
    ranks = [
        one
        for label in ("Thứ hạng cao nhất", "Thứ hạng thấp nhất", "Số tỉnh đạt ngưỡng")
        for one in column(total, label)
    ]
    known = [one for one in ranks[: len(ranks)] if one is not None]
    assert known
    assert all(isinstance(one, int | float) for one in column(total, "Thứ hạng cao nhất")[:4])
    texts = [
        cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.data_type == "s"
    ]
    assert "" not in texts


def test_an_agency_reads_its_own_tasks_and_no_expected_score_of_others(seeded: World) -> None:
    work(seeded)
    book = opened(seeded, "STP")
    mine = [agency for agency in column(book[summary.TASKS], "Cơ quan phụ trách") if agency]
    assert set(mine) <= {"Sở Tư pháp", "Sở Nội vụ"}  # its own, and what it cooperates in
    agencies = book[summary.AGENCIES]
    expected = dict(zip(column(agencies, "Mã"), column(agencies, "Điểm tăng dự kiến"), strict=True))
    assert expected["SKHCN"] is None
    assert expected["STP"] == pytest.approx(0.3714)
    assert "0.875" not in str([cell for row in book[summary.FIELDS].values for cell in row])


def test_another_province_s_assessment_is_not_found(seeded: World) -> None:
    with pytest.raises(NotFound):
        seeded.read(summary.gather, seeded.actor("SKHCN"), "can-tho-2025")


def test_text_never_becomes_a_formula_or_a_link(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        nasty = task_table.update().where(task_table.c.code == "ST-2024-TC-15")
        connection.execute(nasty.values(former_agency='=HYPERLINK("http://evil.example";"x")'))
        other = task_table.update().where(task_table.c.code == "ST-2024-TC-16")
        connection.execute(other.values(former_agency="http://evil.example/" + "x" * 3000))
    content = written(seeded)
    book = load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    assert [cell for cell in cells if cell.hyperlink] == []
    values = column(book[summary.TASKS], "Tên trước đây")
    assert '=HYPERLINK("http://evil.example";"x")' in values


def test_other_programs_open_it(seeded: World, tmp_path: Path) -> None:
    content = written(seeded)
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert len(sheets.get_sheet_by_name("Nhiệm vụ").to_python()) == 48 + HEAD
    assert converted(content, tmp_path, "pdf").startswith(b"%PDF")
