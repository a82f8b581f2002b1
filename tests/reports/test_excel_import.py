"""A whole assessment as a workbook: the real one out and in again, and what is said of every kind of mistake."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app import projections
from app.assessments.seedfile import Seed, load_seed
from app.assessments.seedfile.reading import read_document
from app.core.access import SYSTEM
from app.db import Database
from app.errors import FileRefused, Forbidden, SeedInvalid
from app.models import (
    agencies,
    agency_names,
    assessments,
    benchmarks,
    cause_tasks,
    causes,
    criteria,
    fields,
    measure_agencies,
    measure_tasks,
    measures,
    provinces,
    shares,
    task_cooperators,
    tasks,
)
from app.reports.excel.assessment import example, importing
from app.reports.excel.assessment.tables import FIRST, HEAD_COLUMNS, HEAD_SHEET, MARKS, TABLES
from app.reports.excel.assessment.template import write_template
from app.settings import ROOT
from tests.conftest import MAY, SEED, World
from tests.reports.workbook_files import converted, edited

SMALL = ROOT / "tests" / "data" / "vi-du-2025.yaml"
LOADED = (
    provinces,
    agencies,
    agency_names,
    assessments,
    fields,
    benchmarks,
    criteria,
    tasks,
    task_cooperators,
    shares,
    causes,
    cause_tasks,
    measures,
    measure_tasks,
    measure_agencies,
)


def real() -> bytes:
    return write_template(example.load(), now=MAY)


def small() -> bytes:
    return write_template(read_document(SMALL).data, now=MAY)


def draft(content: bytes) -> importing.Draft:
    return importing.read_draft(content, "mau.xlsx")


def same(seed: Seed) -> dict[str, Any]:
    """Everything that a seed says; rules as they are understood ("2" points are "2.0000")."""
    data = seed.model_dump()
    for one, criterion in zip(data["criteria"], seed.criteria, strict=True):
        one["rule"] = criterion.parsed_rule.as_dict()
    return data


def told(content: bytes) -> list[str]:
    return [f"{one['place']}: {one['message']}" for one in draft(content).errors]


def changed(content: bytes, sheet: str, row: int, label: str, value: Any) -> bytes:
    """`row`: 1 is the first below the head."""

    def change(book: Any) -> None:
        place = next(cell.column for cell in book[sheet][FIRST] if cell.value == label)
        book[sheet].cell(FIRST + row, place).value = value

    return edited(content, change)


def headed(content: bytes, label: str, value: Any) -> bytes:
    line = next(line for line, column in enumerate(HEAD_COLUMNS, FIRST + 1) if column.label == label)

    def change(book: Any) -> None:
        book[HEAD_SHEET].cell(line, 2).value = value

    return edited(content, change)


# Out and in again


@pytest.mark.parametrize("path", [SEED, SMALL], ids=["soc-trang-2024", "vi-du-2025"])
def test_a_seed_comes_back_from_its_workbook_word_for_word(path: Path) -> None:
    found = draft(write_template(read_document(path).data, now=MAY))
    assert found.good, found.errors
    assert found.seed is not None
    wanted = load_seed(path)
    assert same(found.seed) == same(wanted)
    for section in ("kinds", "groups", "fields", "subtotals", "printed_sums", "printed_rates", "related_indexes"):
        assert repr(getattr(found.seed, section)) == repr(getattr(wanted, section))  # 81.70 is not 81.7


def test_the_same_findings_as_for_the_files(tmp_path: Path) -> None:
    from app.assessments.lint import check_seed

    theirs = [(one.level, one.check) for one in check_seed(load_seed(SEED))]
    assert [(one["level"], one["check"]) for one in draft(real()).findings] == theirs
    assert all("yaml" not in one["place"] for one in draft(real()).findings)


def test_imported_into_an_empty_database_all_is_as_from_the_seed(seeded: World, db: Database) -> None:
    with db.transaction() as connection:
        importing.load(connection, SYSTEM, draft(real()), now=MAY)
    assert content_of(db) == content_of(seeded.db)
    with db.snapshot() as ours, seeded.db.snapshot() as theirs:
        both = [projections.get_projection(one, SYSTEM, "soc-trang-2024", now=MAY) for one in (ours, theirs)]
    assert both[0] == both[1]


def content_of(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every loaded table without its clocks; JSON and ids as they are, because both were filled in the same order."""
    clocks = {"created_at", "updated_at"}
    with db.snapshot() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(*(c for c in table.c if c.name not in clocks)))),
                key=repr,
            )
            for table in LOADED
        }


def test_a_dry_run_says_what_would_be_added_and_keeps_nothing(db: Database) -> None:
    with db.transaction() as connection:
        tried = importing.try_load(connection, SYSTEM, draft(real()), now=MAY)
    assert (tried.added["tasks"], tried.added["agencies"]) == (48, 24)
    with db.snapshot() as connection:
        assert connection.execute(select(assessments)).all() == []
    with db.transaction() as connection:
        importing.load(connection, SYSTEM, draft(real()), now=MAY)
        again = importing.try_load(
            connection, SYSTEM, draft(changed(real(), "Cơ quan", 2, "Tên cơ quan, đơn vị", "Khác")), now=MAY
        )
    assert again.added == {}
    assert any("Khác" in line for line in again.different)


def test_only_the_administrator_imports(seeded: World) -> None:
    for who in ("coordinator", "leadership", "SKHCN"):
        with pytest.raises(Forbidden):
            seeded.write(importing.load, seeded.actor(who), draft(real()))
    assert seeded.write(importing.load, seeded.actor("admin"), draft(real())).added == {}


def test_what_the_linter_finds_wrong_is_not_loaded(db: Database) -> None:
    content = changed(real(), "Tiêu chí", 1, "Điểm đạt", 0.5)
    found = draft(content)
    assert found.seed is not None
    assert not found.good
    with pytest.raises(SeedInvalid), db.transaction() as connection:
        importing.load(connection, SYSTEM, found, now=MAY)


# How people type


def test_numbers_days_and_choices_are_read_however_they_are_typed() -> None:
    content = headed(small(), "Hạn báo cáo (trước ngày)", "1/7/2026")
    content = headed(content, "Điểm chính xác", "98,25")
    content = headed(content, "Điểm công bố (như in)", 98.25)
    content = changed(content, "Cơ quan", 1, "Cơ quan thường trực", "x")
    content = changed(content, "Tiêu chí", 1, "Phần điểm", "appraised")
    content = changed(content, "Tiêu chí", 1, "Nhóm", "THẨM ĐỊNH")
    content = changed(content, "Lĩnh vực", 1, "Điểm năm nay", "61,00")
    found = draft(content)
    assert found.seed is not None, found.errors
    assert found.seed.assessment.due_before == date(2026, 7, 1)
    assert same(found.seed) == same(load_seed(SMALL))


def test_a_workbook_saved_by_libreoffice_is_read_the_same(tmp_path: Path) -> None:
    found = draft(converted(real(), tmp_path))
    assert found.seed is not None, found.errors[:3]
    assert same(found.seed) == same(load_seed(SEED))


# What is said of mistakes


def test_cells_that_cannot_be_taken_and_what_else_is_wrong_are_told_together() -> None:
    content = changed(small(), "Tiêu chí", 2, "Nhóm", "Khác")
    content = changed(content, "Cơ quan", 1, "Tên cơ quan, đơn vị", None)
    said = told(headed(content, "Mã tỉnh", None))
    for words in ("“Khác” không có trong danh sách", "cột B “Tên cơ quan, đơn vị”: chưa điền", "“Mã tỉnh”: chưa điền"):
        assert any(words in one for one in said), said
    assert sum("“Tiêu chí”, dòng 5" in one for one in said) == 1


def test_points_are_written_with_a_comma() -> None:
    said = told(changed(small(), "Tiêu chí", 2, "Điểm đạt", 99))
    assert any("điểm 99,0000 lớn hơn điểm tối đa" in one for one in said), said


@pytest.mark.parametrize(
    ("spoil", "place", "word"),
    [
        (lambda c: headed(c, "Mã tỉnh", None), "Trang tính “Kỳ đánh giá”, dòng 4, cột B “Mã tỉnh”", "chưa điền"),
        (lambda c: headed(c, "Hạn báo cáo (trước ngày)", "cuối tháng"), "dòng 26, cột B", "không phải ngày"),
        (lambda c: headed(c, "Năm đánh giá", "hai nghìn"), "dòng 8, cột B", "số nguyên không âm"),
        (lambda c: changed(c, "Tiêu chí", 2, "Điểm đạt", "cao"), "“Tiêu chí”, dòng 5, cột H “Điểm đạt”", "ghi điểm"),
        (lambda c: changed(c, "Tiêu chí", 2, "Điểm đạt", 99), "“Tiêu chí”, dòng 5, cột H", "lớn hơn điểm tối đa"),
        (lambda c: changed(c, "Tiêu chí", 2, "Nhóm", "Khác"), "dòng 5, cột D “Nhóm”", "không có trong danh sách"),
        (lambda c: changed(c, "Tiêu chí", 2, "Cơ quan phụ trách", "SNX"), "dòng 5, cột J", "có phải là “SNV”"),
        (
            lambda c: changed(c, "Tiêu chí", 2, "Mã", "VD-2025-TC-01"),
            "dòng 5",
            "đã dùng ở Trang tính “Tiêu chí”, dòng 4",
        ),
        (
            lambda c: changed(c, "Tiêu chí", 2, "Tên tiêu chí, tiêu chí thành phần", "x" * 5000),
            "dòng 5, cột F",
            "5.000",
        ),
        (lambda c: changed(c, "Tiêu chí", 2, "Điểm đạt", "=1+1"), "dòng 5, cột H", "công thức"),
        (
            lambda c: changed(c, "Số liệu của công thức", 1, "Mã tiêu chí", "XX"),
            "dòng 4, cột A",
            "không có ở trang “Tiêu chí”",
        ),
        (lambda c: changed(c, "Cơ quan", 1, "Cơ quan thường trực", None), "“Cơ quan”", "“Cơ quan thường trực” = Có"),
    ],
)
def test_every_mistake_is_named_with_sheet_row_and_column(
    spoil: Callable[[bytes], bytes], place: str, word: str
) -> None:
    said = told(spoil(small()))
    assert any(place in one and word in one for one in said), said


def test_every_mistake_is_marked_in_the_workbook_and_mended_it_loads() -> None:
    content = changed(small(), "Tiêu chí", 2, "Điểm đạt", "cao")
    content = changed(headed(content, "Mã tỉnh", None), "Cơ quan", 1, "Tên cơ quan, đơn vị", None)
    marked = importing.mark(content, draft(content))
    book = load_workbook(io.BytesIO(marked))
    for sheet, place, reason, word in (
        ("Tiêu chí", "H5", len(TABLES_BY_NAME["Tiêu chí"].columns), "ghi điểm"),
        (HEAD_SHEET, "B4", 3, "chưa điền"),
        ("Cơ quan", "B4", len(TABLES_BY_NAME["Cơ quan"].columns), "chưa điền"),
    ):
        cell = book[sheet][place]
        assert cell.fill.fgColor.rgb == "FFF8C9C4"
        assert word in cell.comment.text
        assert word in book[sheet].cell(cell.row, reason + 1).value
    assert book["Lĩnh vực"]["A4"].comment is None
    again = changed(headed(marked, "Mã tỉnh", "vi-du"), "Tiêu chí", 2, "Điểm đạt", small_score())
    mended = changed(again, "Cơ quan", 1, "Tên cơ quan, đơn vị", "Sở Nội vụ")
    found = draft(mended)
    assert found.good, found.errors
    clean = load_workbook(io.BytesIO(importing.mark(mended, found)))
    assert (clean["Tiêu chí"]["H5"].comment, clean["Tiêu chí"]["H5"].fill.fill_type) == (None, None)
    assert clean[HEAD_SHEET]["B4"].fill.fgColor.rgb == "FFFFFBE6"


TABLES_BY_NAME = {table.sheet: table for table in TABLES}


def small_score() -> Any:
    return load_workbook(io.BytesIO(small()))["Tiêu chí"]["H5"].value


@pytest.mark.parametrize(("typed", "good"), [("1,000", False), ("94.511", True), (9.0, True), ("12,5%", False)])
def test_a_figure_in_text_is_read_as_on_the_pages(typed: Any, good: bool) -> None:
    said = told(changed(real(), "Số liệu của công thức", 1, "Số công bố", typed))
    place = "Trang tính “Số liệu của công thức”, dòng 4, cột E “Số công bố”"
    words = "ba chữ số cuối" if typed == "1,000" else "không đọc được"
    assert any(one.startswith(place) and words in one for one in said) is not good, said


def test_an_empty_template_asks_for_every_value_and_list() -> None:
    said = told(write_template({}, now=MAY))
    assert any("“Tên tỉnh”: chưa điền" in one for one in said)
    for name in ("Nhóm điểm", "Lĩnh vực", "Cơ quan", "Tiêu chí"):
        assert any(f"“{name}”" in one and "chưa có dòng nào" in one for one in said)


def test_a_contradiction_names_its_check_so_that_it_can_be_noted() -> None:
    content = changed(small(), "Lĩnh vực", 1, "Điểm năm nay", "60,00")
    said = " ".join(told(content))
    assert "trang “Ghi chú nguồn”" in said
    assert "trang “Số không khớp”, phép kiểm tra field-score:1." in said


@pytest.mark.parametrize("name", [HEAD_SHEET, TABLES[0].sheet, "Tiêu chí", MARKS])
def test_a_missing_sheet_is_named(name: str) -> None:
    def spoil(book: Any) -> None:
        del book[name]

    with pytest.raises(FileRefused, match="ẩn" if name == MARKS else name):
        draft(edited(small(), spoil))


def test_a_moved_column_and_another_template_are_refused() -> None:
    with pytest.raises(FileRefused, match="dòng 3, cột B"):
        draft(edited(small(), lambda book: book["Tiêu chí"].delete_cols(2)))
    with pytest.raises(FileRefused, match="dòng 5, cột A"):
        draft(edited(small(), lambda book: book[HEAD_SHEET].delete_rows(5)))


def test_the_template_opens_with_drop_downs_and_typed_columns() -> None:
    book = load_workbook(io.BytesIO(real()))
    assert len(book.sheetnames) == len(TABLES) + 3
    sheet = book["Tiêu chí"]
    assert next(one.formula1 for one in sheet.data_validations.dataValidation) == '"Tự chấm,Điều tra xã hội học"'
    assert sheet["H4"].value == 0.8841
    assert book["Lĩnh vực"]["F4"].value == "98,63"
