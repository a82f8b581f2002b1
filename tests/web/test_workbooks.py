"""Excel on pages: download, upload, preview, apply; the import of an assessment; what is refused and what is kept."""

import io
import re
from typing import Any

import pytest
from openpyxl import load_workbook

from app import tasks
from app.errors import Busy
from app.reports.excel.assessment import example
from app.reports.excel.assessment.template import write_template
from app.reports.excel.book import MEDIA_TYPE
from app.tasks import Update
from tests.conftest import MAY
from tests.reports.workbook_files import edited, filled
from tests.web.conftest import Desk

T14, T16 = "ST-2024-TC-14", "ST-2024-TC-16"
SUBMIT = {
    "reason": "Chưa cập nhật kiến trúc",
    "progress": "Đã trình phê duyệt",
    "remedy": "Ban hành trong tháng 7",
    "declared": 0.4,
    "move": "Chờ xác nhận (nộp)",
}


def downloaded(desk: Desk, path: str) -> bytes:
    answer = desk.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "private, no-store"
    content: bytes = answer.content
    return content


def upload(desk: Desk, content: bytes, path: str = "/workbook", name: str = "bao-cao.xlsx", **kwargs: Any) -> Any:
    return desk.post(path, {}, files={"file": (name, content, MEDIA_TYPE)}, **kwargs)


def test_an_agency_reports_with_a_workbook(desk: Desk) -> None:
    skhcn = desk.as_("SKHCN")
    assert "5</strong> nhiệm vụ đang phải báo cáo" in skhcn.get("/workbook").text
    content = filled(downloaded(skhcn, "/workbook/template.xlsx"), {T14: SUBMIT})
    sent = upload(skhcn, content, name="../../Báo cáo của tôi.xlsx")
    assert sent.status_code == 303
    page = skhcn.get(sent.headers["location"])
    assert "Báo cáo của tôi.xlsx" in page.text
    assert "Đã trình phê duyệt" in page.text
    assert "nay 0,40" in page.text
    assert "Áp dụng 1 nhiệm vụ" in page.text

    done = skhcn.post(f"{sent.headers['location']}/apply")
    assert done.headers["location"].endswith("?done=workbook-applied")
    assert "đã được ghi" in skhcn.get(done.headers["location"]).text
    actor = desk.world.actor("SKHCN")
    found = desk.world.read(tasks.get_task, actor, T14)
    assert (found["status"], found["reported"], found["version"]) == ("submitted", "0.4000", 2)

    again = skhcn.post(f"{sent.headers['location']}/apply")
    assert again.headers["location"].endswith("?done=workbook-nothing")
    assert desk.world.read(tasks.get_task, actor, T14)["version"] == 2
    assert "4</strong> nhiệm vụ" in skhcn.get("/workbook").text


def test_faults_are_listed_and_come_back_marked(desk: Desk) -> None:
    skhcn = desk.as_("SKHCN")
    content = filled(
        downloaded(skhcn, "/workbook/template.xlsx"), {T14: {**SUBMIT, "declared": 3}, T16: {"percent": 500}}
    )
    where = upload(skhcn, content).headers["location"]
    page = skhcn.get(where).text
    assert "2 chỗ cần sửa; chưa ghi gì" in page
    assert re.search(r"Trang tính “Báo cáo”, dòng \d+, cột P “Điểm tự chấm”", page)
    assert "Áp dụng" not in page
    assert "Sẽ ghi" not in page  # nothing of the file is written as long as one cell is wrong
    assert re.search(r'3,00|>3 <span class="badge late">Cần sửa</span>', page)
    refused = skhcn.post(f"{where}/apply")
    assert refused.status_code == 422
    assert "Chưa có gì được ghi" in refused.text
    marked = load_workbook(io.BytesIO(downloaded(skhcn, f"{where}/marked.xlsx")))
    assert "Lỗi (hệ thống ghi)" in [cell.value for cell in marked["Báo cáo"][3]]
    assert desk.world.read(tasks.get_task, desk.world.actor("SKHCN"), T14)["status"] == "assigned"


def test_another_agency_s_template_is_refused_before_it_is_kept(desk: Desk) -> None:
    content = filled(downloaded(desk.as_("SKHCN"), "/workbook/template.xlsx"), {T14: SUBMIT})
    answer = upload(desk.as_("STP"), content)
    assert answer.status_code == 422
    assert "Đây là mẫu của Sở Khoa học và Công nghệ; hãy tải mẫu của Sở Tư pháp." in answer.text
    assert "Các tệp đã nạp gần đây" not in answer.text


def test_a_page_is_not_read_again_each_time_and_waits_its_turn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    skhcn = desk.as_("SKHCN")
    content = filled(downloaded(skhcn, "/workbook/template.xlsx"), {T14: SUBMIT})
    where = upload(skhcn, content).headers["location"]
    monkeypatch.setattr("app.reports.excel.roundtrip.filled.read_sheets", None)
    assert "Áp dụng 1 nhiệm vụ" in skhcn.get(where).text  # from memory

    def refuse(*_args: Any) -> None:
        raise Busy("Hãy chờ một lát rồi thử lại.", extra={"retry_after": 10})

    monkeypatch.setattr("app.web.workbooks.in_thread", refuse)
    for answer in (skhcn.get(where), upload(skhcn, content)):
        assert answer.status_code == 503
        assert "Hãy chờ một lát" in answer.text
        assert answer.headers["retry-after"].isdigit()


def test_a_change_between_preview_and_application_writes_nothing(desk: Desk) -> None:
    skhcn = desk.as_("SKHCN")
    content = filled(downloaded(skhcn, "/workbook/template.xlsx"), {T14: SUBMIT, T16: {"progress": "Của tôi"}})
    where = upload(skhcn, content).headers["location"]
    colleague = desk.world.actor("SKHCN#2")
    desk.world.write(tasks.record_update, colleague, T16, Update(texts={"progress": "Của đồng nghiệp"}), version=1)
    refused = skhcn.post(f"{where}/apply")
    assert refused.status_code == 409
    assert "đã có thay đổi khác" in refused.text
    assert desk.world.read(tasks.get_task, colleague, T14)["status"] == "assigned"
    assert b"xl/comments" in downloaded(skhcn, f"{where}/marked.xlsx")


@pytest.mark.parametrize(
    ("content", "status", "word"),
    [
        (b"ma;ten\n1;2\n", 415, "không phải tệp Excel"),
        (b"", 415, "Tệp rỗng"),
        (b"PK\x03\x04" + b"x" * 100, 415, "bị hỏng"),
        (b"\x00" * 5_000_001, 413, "5 MB"),
        (write_template({}, now=MAY), 415, "“Báo cáo”"),
    ],
)
def test_what_is_no_template_is_refused_on_the_same_page(desk: Desk, content: bytes, status: int, word: str) -> None:
    answer = upload(desk.as_("SKHCN"), content)
    assert answer.status_code == status
    assert word in answer.text
    assert "1. Tải mẫu" in answer.text


def test_no_file_a_forged_form_and_other_people_s_files(desk: Desk) -> None:
    skhcn = desk.as_("SKHCN")
    assert "Chưa chọn tệp" in desk.as_("SKHCN").post("/workbook", {}, files={"other": ("", b"", "text/plain")}).text
    content = downloaded(skhcn, "/workbook/template.xlsx")
    assert upload(skhcn, content, csrf="wrong").status_code == 403
    where = upload(skhcn, content).headers["location"]
    for who in ("STP", "coordinator", "SKHCN#2"):
        assert desk.as_(who).get(where).status_code == 404
        assert desk.as_(who).get(f"{where}/marked.xlsx").status_code == 404
        assert desk.as_(who).post(f"{where}/apply").status_code == 404
    for path in ("/workbook/0", "/workbook/x", "/workbook/99999999999999999999"):
        assert skhcn.get(path).status_code == 404


def test_roles_without_reports_see_no_round_trip_and_others_no_import(desk: Desk) -> None:
    for who in ("leadership", "admin"):
        assert desk.as_(who).get("/workbook").status_code == 403
        assert upload(desk.as_(who), b"x").status_code == 403
    for who in ("SKHCN", "coordinator", "leadership"):
        assert desk.as_(who).get("/import").status_code == 403
        assert upload(desk.as_(who), b"x", "/import").status_code == 403
        assert desk.as_(who).get("/import/template.xlsx").status_code == 403


def test_an_agency_without_open_tasks_is_told_so(desk: Desk) -> None:
    page = desk.as_("SGDDT").get("/workbook")
    assert "không có nhiệm vụ nào đang phải báo cáo" in page.text
    assert desk.as_("SGDDT").get("/workbook/template.xlsx").status_code == 404


@pytest.mark.parametrize("who", ["SKHCN", "coordinator", "leadership", "admin"])
def test_everybody_takes_the_summary_away(desk: Desk, who: str) -> None:
    book = load_workbook(io.BytesIO(downloaded(desk.as_(who), "/documents/summary.xlsx")))
    assert book.sheetnames == ["Tổng hợp", "Lĩnh vực", "Cơ quan", "Nhiệm vụ"]


# The import


def test_an_assessment_is_checked_tried_and_loaded(desk: Desk) -> None:
    admin = desk.as_("admin")
    content = downloaded(admin, "/import/example.xlsx")

    def next_year(book: Any) -> None:
        sheet = book["Kỳ đánh giá"]
        for line, value in ((4, "can-tho"), (5, "Thành phố Cần Thơ"), (6, "can-tho-2024"), (7, "CT-2024")):
            sheet.cell(line, 2).value = value
        for each in book.worksheets[2:-1]:
            for row in each.iter_rows(min_row=4):
                for cell in row:
                    if isinstance(cell.value, str):
                        cell.value = cell.value.replace("ST-2024", "CT-2024")

    sent = upload(admin, edited(content, next_year), "/import")
    assert sent.status_code == 303, sent.text
    page = admin.get(sent.headers["location"]).text
    assert "Sẽ ghi những gì" in page
    assert "mọi tài khoản của Thành phố Cần Thơ sẽ thấy Thành phố Cần Thơ 2024" in page
    assert re.search(r"Nhiệm vụ</th><td class=\"number\">48</td>", page)
    assert "can-tho-2024" not in admin.get("/tasks").text
    done = admin.post(f"{sent.headers['location']}/apply")
    assert done.headers["location"] == "/assessment?assessment=can-tho-2024&done=assessment-imported"
    again = admin.get(sent.headers["location"]).text
    assert "Không có gì để bổ sung" in again


def test_an_assessment_with_mistakes_is_not_loaded(desk: Desk) -> None:
    admin = desk.as_("admin")
    content = edited(write_template(example.load(), now=MAY), lambda book: book["Tiêu chí"].__setitem__("H4", 0.5))
    where = upload(admin, content, "/import").headers["location"]
    page = admin.get(where).text
    assert "chưa ghi gì" in page
    assert "Sẽ ghi những gì" not in page
    sheet = load_workbook(io.BytesIO(downloaded(admin, f"{where}/marked.xlsx")))["Tiêu chí"]
    assert "đối chiếu ra 0,5000" in sheet["I4"].comment.text
    assert sheet["H4"].value == 0.5
    assert admin.get(f"{where}/marked.xlsx").headers["content-disposition"].count("danh-dau-bao-cao.xlsx")
    refused = admin.post(f"{where}/apply")
    assert refused.status_code == 422
    assert "không hợp lệ" in refused.text


def test_what_is_no_assessment_is_refused_on_the_same_page(desk: Desk) -> None:
    answer = upload(desk.as_("admin"), b"x,y", "/import")
    assert answer.status_code == 415
    assert "Tải mẫu trống" in answer.text
