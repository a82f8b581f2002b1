"""The agencies' round trip on the real assessment: what the template holds, what comes back, all or nothing."""

import io
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app import tasks
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.models import events, workbooks
from app.models import tasks as task_table
from app.reports.excel.marking import TITLE
from app.reports.excel.roundtrip import carrying, flow, marking
from app.reports.excel.roundtrip.carrying import Result
from app.reports.excel.roundtrip.filled import read_filled
from app.reports.excel.roundtrip.layout import (
    FIGURES,
    FIRST,
    HEAD,
    MARKS,
    REPORT_ERRORS,
    REPORTS,
    SKIP,
    report_column,
)
from app.tasks import Update
from tests.conftest import World
from tests.reports.workbook_files import converted, edited, filled, row_of, template

T14, T15, T16, T17, KS22 = "ST-2024-TC-14", "ST-2024-TC-15", "ST-2024-TC-16", "ST-2024-TC-17", "ST-2024-KS-22"
PARTS = {
    "reason": "Chưa kết nối đủ các dịch vụ",
    "progress": "Đã kết nối thêm 3 dịch vụ",
    "remedy": "Hoàn thành trong quý III",
}
SUBMIT = "Chờ xác nhận (nộp)"


def preview(world: World, content: bytes, who: str = "SKHCN") -> Result:
    found = world.write(carrying.preview, world.actor(who), read_filled(content, "mau.xlsx"))
    assert isinstance(found, Result)
    return found


def apply(world: World, content: bytes, who: str = "SKHCN") -> Result:
    found = world.write(carrying.apply, world.actor(who), read_filled(content, "mau.xlsx"))
    assert isinstance(found, Result)
    return found


def marked_up(content: bytes, found: Result) -> bytes:
    return marking.mark(content, read_filled(content, "mau.xlsx"), found)


def task(world: World, code: str, who: str = "coordinator") -> Any:
    return world.read(tasks.get_task, world.actor(who), code)


def events_of(world: World) -> int:
    with world.db.snapshot() as connection:
        return int(connection.execute(select(func.count()).select_from(events)).scalar_one())


def report(world: World, code: str, who: str = "SKHCN", **change: Any) -> None:
    actor = world.actor(who)
    version = world.read(tasks.get_task, actor, code)["version"]
    world.write(tasks.record_update, actor, code, Update(**change), version=version)


# The template


def test_the_template_has_a_row_for_each_task_that_owes_a_report(seeded: World) -> None:
    report(seeded, T15, status="submitted", texts=PARTS, measurements={"used_services": 14, "services": 16})
    book = load_workbook(io.BytesIO(template(seeded)))
    codes = [cells[0].value for cells in book[REPORTS].iter_rows(min_row=FIRST + 1)]
    assert sorted(codes) == [KS22, T14, T16, T17]  # not 15, which waits for its review
    assert book[MARKS].sheet_state == "veryHidden"
    assert book.sheetnames == ["Hướng dẫn", REPORTS, FIGURES, MARKS]


def test_only_inputs_can_be_typed_into_and_scores_only_where_no_rule_computes_them(seeded: World) -> None:
    sheet = load_workbook(io.BytesIO(template(seeded)))[REPORTS]
    assert sheet.protection.sheet
    open_cells = {cell.column - 1 for cell in sheet[row_of(sheet, T14)] if not cell.protection.locked}
    inputs = ("move", "reason", "progress", "remedy", "difficulties", "percent", "period", "declared")
    assert open_cells == {report_column(key) for key in inputs}
    for code in (T16, KS22):
        cell = sheet.cell(row_of(sheet, code), report_column("declared") + 1)
        assert cell.protection.locked
        assert cell.value in ("tính từ số liệu", "theo khảo sát")
    assert sheet.cell(row_of(sheet, T16), report_column("due") + 1).is_date
    assert sheet.cell(row_of(sheet, T16), report_column("published") + 1).value == 0.841


def test_the_template_is_prefilled_and_an_untouched_one_changes_nothing(seeded: World) -> None:
    texts = {**PARTS, "difficulties": "=1+1 là cách viết\nhai dòng", "period": "6 tháng đầu năm 2025"}
    report(seeded, T16, status="in_progress", texts=texts, percent=40)
    report(seeded, T14, texts=PARTS, declared_score="0.25")
    content = template(seeded)
    sheet = load_workbook(io.BytesIO(content))[REPORTS]
    cell = sheet.cell(row_of(sheet, T16), report_column("difficulties") + 1)
    assert (cell.value, cell.data_type) == ("=1+1 là cách viết\nhai dòng", "s")  # text, not a formula
    assert cell.quotePrefix
    assert sheet.cell(row_of(sheet, T14), report_column("declared") + 1).value == 0.25
    found = preview(seeded, content)
    assert (found.outcomes, found.faults, found.unchanged) == ([], [], 5)


def test_an_agency_without_open_tasks_and_whoever_works_for_none_get_no_template(seeded: World) -> None:
    with pytest.raises(NotFound, match="không có nhiệm vụ nào"):
        template(seeded, "SGDDT")
    for who in ("leadership", "admin"):
        with pytest.raises(Forbidden):
            template(seeded, who)


# There and back


def test_a_filled_template_is_previewed_with_scores_and_then_applied_as_a_whole(seeded: World) -> None:
    content = filled(
        template(seeded),
        {
            T15: {**PARTS, "move": SUBMIT, "percent": 90, "period": "6 tháng đầu năm 2025"},
            T14: {"progress": "Đang làm", "declared": "0,25", "move": "Đang khắc phục"},
        },
        {(T15, "used_services"): 14, (T15, "services"): "16"},
    )
    before = events_of(seeded)
    found = preview(seeded, content)
    assert found.good
    by_code = {one.code: one for one in found.outcomes}
    assert (by_code[T15].score, by_code[T15].becomes) == ("0.8750", "submitted")
    assert (by_code[T14].score, by_code[T14].becomes) == ("0.2500", "in_progress")
    labels = {one.label: (one.old, one.new) for one in by_code[T15].changes}
    assert labels["Tiến độ xử lý"] == ("", "Đã kết nối thêm 3 dịch vụ")
    assert labels["Số dịch vụ dữ liệu được đưa vào sử dụng chính thức"] == ("", "14")
    assert labels["Chuyển sang"] == ("Đã giao", "Chờ xác nhận")
    assert events_of(seeded) == before  # the preview wrote nothing
    assert task(seeded, T15)["status"] == "assigned"

    apply(seeded, content)
    assert (task(seeded, T15)["status"], task(seeded, T15)["reported"]) == ("submitted", "0.8750")
    assert task(seeded, T14)["report"]["progress"] == "Đang làm"
    assert events_of(seeded) == before + 2


def test_one_bad_row_holds_back_all_and_everything_is_named_in_the_marked_workbook(seeded: World) -> None:
    content = filled(
        template(seeded),
        {
            T14: {"progress": "Đã làm xong phần của mình", "declared": 0.9},
            T16: {"move": SUBMIT, "percent": "rất nhiều", "period": "x" * 501},
            T17: {"move": "Xong rồi"},
        },
        {(T15, "used_services"): -3},
    )
    found = preview(seeded, content)
    said = [str(fault) for fault in found.faults]
    assert any("cột P “Điểm tự chấm”" in one and "0,5" in one for one in said)
    assert any("cột N “Tỷ lệ thực hiện (%)”" in one and "rất nhiều" in one for one in said)
    assert any("cột O “Kỳ số liệu”" in one and "501 ký tự" in one for one in said)
    assert any("cột I “Chuyển sang”" in one and "“Xong rồi”" in one for one in said)
    assert any("Trang tính “Số liệu”, dòng" in one and "cột G “Số liệu mới”" in one for one in said)
    before = events_of(seeded)
    with pytest.raises(InvalidInput) as refused:
        apply(seeded, content)
    assert len(refused.value.extra["problems"]) == len(found.faults)
    assert events_of(seeded) == before

    marked = marked_up(content, found)
    sheet = load_workbook(io.BytesIO(marked))[REPORTS]
    assert sheet.cell(HEAD + 1, REPORT_ERRORS + 1).value == TITLE
    row = row_of(sheet, T14)
    score = sheet.cell(row, report_column("declared") + 1)
    assert (score.value, score.fill.fgColor.rgb, score.comment is not None) == (0.9, "FFF8C9C4", True)
    assert "Điểm tự chấm" in sheet.cell(row, REPORT_ERRORS + 1).value
    assert sheet.cell(row, report_column("progress") + 1).value == "Đã làm xong phần của mình"
    figures = load_workbook(io.BytesIO(marked))[FIGURES]
    told = [cells[-1].value for cells in figures.iter_rows(min_row=FIRST + 1) if cells[-1].value]
    assert told == [
        "Số liệu mới: Số dịch vụ dữ liệu được đưa vào sử dụng chính thức: số liệu phải từ 0 trở lên.",
        "Số liệu mới: Thiếu số liệu: Số dịch vụ dữ liệu có trên NDXP. Hãy bổ sung.",
    ]

    mended = filled(
        marked,
        {
            T14: {"declared": 0.4},
            T16: {"move": None, "percent": 50, "period": "Quý II/2025"},
            T17: {"move": SKIP, "progress": "bỏ qua"},
        },
        {(T15, "used_services"): None},
    )
    done = apply(seeded, mended)
    assert {one.code for one in done.outcomes} == {T14, T16}
    assert task(seeded, T14)["reported"] == "0.4000"
    assert task(seeded, T17)["report"] is None  # the row that was not to be sent
    clean = load_workbook(io.BytesIO(marked_up(mended, Result("x"))))[REPORTS]
    assert clean.cell(row_of(clean, T14), report_column("declared") + 1).fill.fgColor.rgb == "FFFFFBE6"
    assert clean.cell(row_of(clean, T14), REPORT_ERRORS + 1).value is None


def test_a_row_that_somebody_changed_meanwhile_comes_back_with_both_texts(seeded: World) -> None:
    report(seeded, T16, texts={"progress": "Bản cũ", "reason": "Lý do cũ"})
    content = filled(template(seeded), {T16: {"progress": "Bản của tôi"}, T14: {"progress": "Việc khác"}})
    report(seeded, T16, "SKHCN#2", texts={"progress": "Bản của đồng nghiệp", "reason": "Lý do mới"})

    found = preview(seeded, content)
    assert [one.code for one in found.outcomes if one.stale] == [T16]
    with pytest.raises(Conflict):
        apply(seeded, content)
    assert task(seeded, T14)["report"] is None
    assert task(seeded, T16)["report"]["progress"] == "Bản của đồng nghiệp"

    marked = marked_up(content, found)
    sheet = load_workbook(io.BytesIO(marked))[REPORTS]
    row = row_of(sheet, T16)
    mine = sheet.cell(row, report_column("progress") + 1)
    assert mine.value == "Bản của tôi"
    assert "Bản của đồng nghiệp" in mine.comment.text
    assert sheet.cell(row, report_column("reason") + 1).value == "Lý do mới"  # untouched: brought up to date
    again = preview(seeded, marked)
    assert again.good
    told = {one.label: (one.old, one.new) for one in next(o for o in again.outcomes if o.code == T16).changes}
    assert told == {"Tiến độ xử lý": ("Bản của đồng nghiệp", "Bản của tôi")}
    apply(seeded, marked)
    assert task(seeded, T16)["report"]["progress"] == "Bản của tôi"
    assert task(seeded, T16)["report"]["reason"] == "Lý do mới"
    assert task(seeded, T14)["report"]["progress"] == "Việc khác"


def test_a_stale_row_that_nobody_touched_is_no_obstacle(seeded: World) -> None:
    content = filled(template(seeded), {T14: {"progress": "Việc của tôi"}})
    report(seeded, T16, "SKHCN#2", texts={"progress": "Việc của đồng nghiệp"})
    assert [one.code for one in apply(seeded, content).outcomes] == [T14]
    assert task(seeded, T16)["report"]["progress"] == "Việc của đồng nghiệp"


def test_a_task_that_left_the_agency_s_hands_is_named_with_a_way_out(seeded: World) -> None:
    content = filled(template(seeded), {T16: {"progress": "a"}, T15: {"progress": "b"}, T14: {"progress": "c"}})
    coordinator = seeded.actor("coordinator")
    seeded.write(tasks.assign, coordinator, T16, "STC", "Giao lại", version=1)
    report(seeded, T15, status="submitted", texts=PARTS, measurements={"used_services": 14, "services": 16})
    said = {fault.row: fault.what for fault in preview(seeded, content).faults}
    words = " ".join(said.values())
    assert "không có, hoặc không thuộc phạm vi của bạn" in words
    assert "nay ở trạng thái “Chờ xác nhận”" in words
    assert words.count(SKIP) == 2
    skipped = filled(content, {T16: {"move": SKIP}, T15: {"move": SKIP}})
    assert [one.code for one in apply(seeded, skipped).outcomes] == [T14]


def test_applying_the_same_upload_again_does_nothing(seeded: World) -> None:
    content = filled(template(seeded), {T14: {**PARTS, "declared": 0.4, "move": SUBMIT}})
    actor, read = seeded.actor("SKHCN"), read_filled(content, "m.xlsx")
    first = seeded.write(flow.apply_content, actor, "m.xlsx", content, read)
    assert (len(first.result.outcomes), first.before) == (1, None)
    before = events_of(seeded)
    again = seeded.write(flow.apply_content, actor, "m.xlsx", content, read)
    assert (again.result.outcomes, again.before) == ([], seeded.now)
    kept = seeded.write(flow.keep, actor, "m.xlsx", content)
    found = preview(seeded, content)  # the same bytes as a new upload: everything stands already
    assert (found.outcomes, found.faults) == ([], [])
    seeded.write(flow.apply_upload, actor, kept, read)
    assert events_of(seeded) == before


def test_only_the_agency_s_own_account_reaches_an_upload(seeded: World) -> None:
    content = filled(template(seeded), {T14: {"progress": "a"}})
    kept = seeded.write(flow.keep, seeded.actor("SKHCN"), "m.xlsx", content)
    for who in ("STP", "SKHCN#2", "coordinator"):
        with pytest.raises(NotFound):
            seeded.write(flow.apply_upload, seeded.actor(who), kept, read_filled(content, "m.xlsx"))


def test_another_agency_s_template_is_told_in_one_plain_sentence(seeded: World) -> None:
    read = read_filled(filled(template(seeded), {T14: {"progress": "a"}}), "m.xlsx")
    for step in (carrying.check_own, carrying.preview, carrying.apply):
        with pytest.raises(InvalidInput) as refused:
            seeded.write(step, seeded.actor("STP"), read)
        assert refused.value.detail == "Đây là mẫu của Sở Khoa học và Công nghệ; hãy tải mẫu của Sở Tư pháp."
    seeded.write(tasks.assign, seeded.actor("coordinator"), T14, "STP", "Giao lại", version=1)
    seeded.write(carrying.check_own, seeded.actor("STP"), read)  # what went over to it is its own


def test_a_template_of_an_assessment_out_of_sight_is_told_so(seeded: World) -> None:
    def move(book: Any) -> None:
        book[MARKS]["B2"] = "can-tho-2025"

    read = read_filled(edited(template(seeded), move), "m.xlsx")
    with pytest.raises(InvalidInput, match="kỳ đánh giá “can-tho-2025”, không có hoặc không thuộc phạm vi"):
        seeded.write(carrying.check_own, seeded.actor("SKHCN"), read)


def test_every_bad_figure_and_missing_part_of_a_task_is_told_at_once(seeded: World) -> None:
    figures = {
        (T17, "payable_procedures"): "1,000",  # a thousand, or one?
        (T17, "used_procedures"): -2,
        (T17, "paid_online_files"): 12.5,
        (T15, "used_services"): "rất nhiều",
        (T15, "services"): -16,
    }
    rows = {T14: {"move": SUBMIT, "reason": "Lý do", "declared": 0.3}, T17: {"progress": "Đang làm"}}
    found = preview(seeded, filled(template(seeded), rows, figures))
    said = [one.what for one in found.faults]
    for words in (
        "không rõ ba chữ số cuối",
        "phải từ 0 trở lên",
        "nên phải là số nguyên",
        "“rất nhiều” không phải số",
        "Còn thiếu tiến độ xử lý",
        "Còn thiếu biện pháp khắc phục",
    ):
        assert any(words in one for one in said), (words, said)
    places = [(one.sheet, one.row, one.column) for one in found.faults]
    assert len(set(places)) == len(places)  # each in a cell of its own
    refused = {change.label for one in found.outcomes for change in one.changes if change.refused}
    assert len(refused) == 3
    assert all(change.new != "rất nhiều" for one in found.outcomes for change in one.changes)


def test_uploads_do_not_pile_up(seeded: World) -> None:
    for number in range(14):
        seeded.write(flow.keep, seeded.actor("SKHCN"), f"{number}.xlsx", b"x")
    with seeded.db.snapshot() as connection:
        names = [row.filename for row in connection.execute(select(workbooks).order_by(workbooks.c.id))]
    assert names == [f"{number}.xlsx" for number in range(4, 14)]


# Texts and emptied cells


def test_decomposed_text_is_composed_and_a_cleared_text_clears(seeded: World) -> None:
    report(seeded, T14, texts=PARTS)
    typed = unicodedata.normalize("NFD", "Đã hoàn thành việc kết nối")
    content = filled(template(seeded), {T14: {"progress": typed, "remedy": None}})
    apply(seeded, content)
    found = task(seeded, T14)["report"]
    assert found["progress"] == unicodedata.normalize("NFC", typed)
    assert (found["remedy"], found["reason"]) == ("", PARTS["reason"])


def test_an_emptied_number_leaves_what_was_reported(seeded: World) -> None:
    report(seeded, T14, declared_score="0.25", percent=30)
    content = filled(template(seeded), {T14: {"declared": None, "percent": None}})
    assert preview(seeded, content).outcomes == []


# Other hands


def test_the_coordinator_fills_in_the_tasks_of_its_own_office(seeded: World) -> None:
    content = template(seeded, "coordinator")
    done = apply(seeded, filled(content, {"ST-2024-TC-01": {"progress": "Đang rà soát"}}), "coordinator")
    assert [one.code for one in done.outcomes] == ["ST-2024-TC-01"]
    with seeded.db.snapshot() as connection:
        who = connection.execute(select(events.c.actor).order_by(events.c.id.desc()).limit(1)).scalar_one()
        version = select(task_table.c.version).where(task_table.c.code == "ST-2024-TC-01")
        assert (who, connection.execute(version).scalar_one()) == ("coordinator", 2)


def test_a_workbook_saved_by_libreoffice_comes_back_the_same(seeded: World, tmp_path: Path) -> None:
    report(seeded, T16, texts={**PARTS, "difficulties": "=1+1\nhai dòng"}, percent=40)
    content = filled(
        template(seeded),
        {T14: {"progress": "Đang làm", "declared": 0.25}},
        {(T15, "used_services"): 14, (T15, "services"): 16},
    )
    found = preview(seeded, converted(content, tmp_path))
    assert found.faults == []
    assert {one.code: [each.label for each in one.changes] for one in found.outcomes} == {
        T14: ["Tiến độ xử lý", "Điểm tự chấm"],
        T15: ["Số dịch vụ dữ liệu được đưa vào sử dụng chính thức", "Số dịch vụ dữ liệu có trên NDXP"],
    }
