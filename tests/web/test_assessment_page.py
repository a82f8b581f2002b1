"""The assessment as a page: figures, mandate, reminder policy, days off, contradictions of the report."""

from typing import Any

import pytest

from app import agencies
from app.assessments.read import get_assessment
from app.assessments.seedfile import load_seed
from app.reports.excel.assessment.importing import Draft, foresee
from app.settings import ROOT
from app.tasks import Update, record_update
from app.web.contradictions import check_words
from app.web.defaults import import_changes
from tests.domain.test_default_assessment import load, next_year
from tests.web.conftest import Desk

CODE = "soc-trang-2024"
PATH = f"/assessment/{CODE}"
POLICY = {
    "before_days": "30, 14, 7, 3, 1",
    "overdue_every": "7",
    "escalate_coordinator_from": "1",
    "escalate_leadership_from": "14",
    "review_wait_workdays": "5",
    "send_at": "08:00",
    "send_until": "17:00",
}


def standing(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = desk.world.read(get_assessment, desk.world.actor("coordinator"), CODE)
    return found


def mandate(number: str = "1234/UBND-NC", day: str = "25/04/2025", version: str = "1") -> dict[str, str]:
    return {"mandate.number": number, "mandate.date": day, "version": version}


def policy(version: str = "1", **changed: str) -> dict[str, str]:
    return {f"reminder_policy.{name}": value for name, value in (POLICY | changed).items()} | {"version": version}


@pytest.mark.parametrize("who", ["coordinator", "leadership", "admin", "SKHCN"])
def test_everybody_reads_what_was_published(desk: Desk, who: str) -> None:
    page = desk.as_(who).get("/assessment").text
    assert "84,83" in page
    assert "chính xác 84,8272" in page
    assert "báo cáo mới đề xuất, chưa giao" in page
    assert "15,1728" in page  # short of 100, over 48 criteria
    assert page.count("ST-2024-KS-") >= 27
    assert "Thành phố Hải Phòng" in page
    assert ('action="/assessment/soc-trang-2024/policy"' in page) == (who == "coordinator")
    assert ('action="/assessment/holidays"' in page) == (who in ("coordinator", "admin"))


def test_criteria_come_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.assessment.PER_PAGE", 20)
    page = desk.get("/assessment?offset=40").text
    assert "41–48 trong 48" in page
    assert "15,1728" in page  # of all
    assert page.count("<small>ST-2024-") == 8
    assert desk.get("/assessment?offset=-1").status_code == 200


def test_contradictions_are_told_in_words(desk: Desk) -> None:
    page = desk.get("/assessment").text
    assert "Số hồ sơ trễ hẹn của cấp huyện không khớp với chú thích 5" in page
    assert "Tăng, giảm tỷ lệ: Công tác chỉ đạo, điều hành cải cách hành chính" in page
    shown = standing(desk)
    names = [one["check"] for note in shown["source"]["source_notes"] for one in note["mismatches"]]
    assert names
    assert all(check_words(name, shown) != name for name in names)
    assert check_words("moon:1", shown) == "moon:1"


def test_the_mandate_is_set_and_taken_away(desk: Desk) -> None:
    answer = desk.post(f"{PATH}/mandate", mandate())
    assert answer.headers["location"] == f"/assessment?assessment={CODE}&done=mandate-saved"
    assert standing(desk)["mandate"]["number"] == "1234/UBND-NC"
    assert "ngày 25/04/2025" in desk.get("/assessment").text
    desk.post(f"{PATH}/mandate", {"act": "remove", "version": "2"})
    assert standing(desk)["mandate"] is None


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        (mandate(number=" "), "Thiếu số, ký hiệu"),
        (mandate(day=""), "Hãy ghi ngày ban hành"),
        (mandate(day="31/04/2025"), "không phải ngày"),
        (mandate(day="25/04/2026"), "không được sau hôm nay"),
        (mandate(version="7"), "đã được thay đổi"),
        (mandate(version="x"), "không phải số nguyên"),
    ],
)
def test_a_bad_mandate_comes_back(desk: Desk, sent: dict[str, str], word: str) -> None:
    answer = desk.post(f"{PATH}/mandate", sent)
    assert answer.status_code in (412, 422)
    assert word in answer.text
    assert f'value="{sent["mandate.date"]}"' in answer.text
    assert "ETag" not in answer.text
    assert standing(desk)["mandate"] is None


def test_the_policy_is_changed(desk: Desk) -> None:
    changed = policy(before_days="10; 5 2", overdue_every="14", send_at="7:30")
    answer = desk.post(f"{PATH}/policy", changed)
    assert answer.headers["location"] == f"/assessment?assessment={CODE}&done=policy-saved"
    now = standing(desk)["reminder_policy"]
    assert (now["before_days"], now["overdue_every"], now["send_at"]) == ([10, 5, 2], 14, "07:30")
    assert 'value="10, 5, 2"' in desk.get("/assessment").text


def test_reminding_only_when_overdue_is_allowed(desk: Desk) -> None:
    desk.post(f"{PATH}/policy", policy(before_days=""))
    assert standing(desk)["reminder_policy"]["before_days"] == []


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"before_days": "30, x"}, "cách nhau bằng dấu phẩy"),
        ({"before_days": "7, 7"}, "không trùng nhau"),
        ({"before_days": "0"}, "từ 1 đến 365"),
        ({"before_days": "-3"}, "cách nhau bằng dấu phẩy"),
        ({"overdue_every": ""}, "Hãy ghi một số"),
        ({"overdue_every": "nhiều"}, "không phải số nguyên"),
        ({"overdue_every": "0"}, "số nguyên từ 1 đến 90"),
        ({"escalate_coordinator_from": "20"}, "từ ngày quá hạn thứ 20 trở đi"),
        ({"send_at": "25:00"}, "giờ:phút"),
        ({"send_until": "07:00"}, "phải sau giờ gửi"),
    ],
)
def test_a_bad_policy_comes_back(desk: Desk, changed: dict[str, str], word: str) -> None:
    answer = desk.post(f"{PATH}/policy", policy(**changed))
    assert answer.status_code == 422
    assert word in answer.text
    (typed,) = changed.values()
    assert f'value="{typed}"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert standing(desk)["reminder_policy"]["overdue_every"] == 7


@pytest.mark.parametrize("who", ["SKHCN", "leadership", "admin"])
def test_only_the_coordinator_changes_it(desk: Desk, who: str) -> None:
    assert desk.as_(who).post(f"{PATH}/mandate", mandate()).status_code == 403
    assert desk.as_(who).post(f"{PATH}/policy", policy()).status_code == 403
    assert standing(desk)["version"] == 1


def test_a_foreign_assessment_is_not_found(desk: Desk) -> None:
    assert desk.post("/assessment/can-tho-2024/policy", policy()).status_code == 404


def test_a_day_is_set_and_cleared(desk: Desk) -> None:
    answer = desk.post("/assessment/holidays", {"day": "02/01/2026", "working": "0", "note": "Hoán đổi với 10/01/2026"})
    assert answer.headers["location"] == "/assessment?year=2026&done=holiday-set"
    page = desk.get("/assessment?year=2026").text
    assert "02/01/2026, thứ Sáu" in page
    assert "Hoán đổi với 10/01/2026" in page
    desk.post("/assessment/holidays/clear", {"day": "02/01/2026"})
    assert "Hoán đổi" not in desk.get("/assessment?year=2026").text.split('name="note"')[0]
    again = desk.post("/assessment/holidays/clear", {"day": "02/01/2026"})
    assert again.status_code == 404
    assert "không có điều chỉnh nào" in again.text


@pytest.mark.parametrize("day", ["", "31/06/2025", "01/01/1900", "01/01/9999", "x" * 300])
def test_a_bad_day_comes_back(desk: Desk, day: str) -> None:
    answer = desk.post("/assessment/holidays", {"day": day, "working": "1", "note": "Ghi chú của tôi"})
    assert answer.status_code == 422
    assert 'value="Ghi chú của tôi"' in answer.text
    found = desk.world.read(agencies.list_holidays, desk.world.actor("coordinator"), 2025)
    assert not any(one["override"] for one in found["items"])


@pytest.mark.parametrize("year", ["2024", "0", "99999", "xx", "2101", "1999"])
def test_any_year_of_the_address_is_answered(desk: Desk, year: str) -> None:
    assert desk.get(f"/assessment?year={year}").status_code == 200


@pytest.mark.parametrize("who", ["SKHCN", "leadership"])
def test_days_off_are_not_everybodys(desk: Desk, who: str) -> None:
    sent = {"day": "02/01/2026", "working": "0", "note": ""}
    assert desk.as_(who).post("/assessment/holidays", sent).status_code == 403
    assert desk.as_(who).post("/assessment/holidays/clear", sent).status_code == 403


def test_a_new_year_comes_to_the_front_with_its_order(desk: Desk) -> None:
    begun = Update(status="in_progress")
    desk.world.write(record_update, desk.world.actor("STP"), "ST-2024-TC-03", begun, version=None)
    load(desk.world, next_year())
    said = desk.get("/assessment?assessment=soc-trang-2025").text
    assert "<strong>Tỉnh Sóc Trăng 2024</strong> (đã có cơ quan bắt đầu khắc phục" in said
    assert "Muốn kỳ này thành mặc định" in said
    assert "Tổng quan: Tỉnh Sóc Trăng, PAR Index 2024" in desk.as_("leadership").get("/overview").text
    assert desk.post("/assessment/soc-trang-2025/mandate", mandate()).status_code == 303
    assert "Tổng quan: Tỉnh Sóc Trăng, PAR Index 2025" in desk.as_("leadership").get("/overview").text


def test_before_an_import_one_reads_what_changes_for_whom(desk: Desk) -> None:
    begun = Update(status="in_progress")
    desk.world.write(record_update, desk.world.actor("STP"), "ST-2024-TC-03", begun, version=None)
    admin, seed = desk.world.actor("admin"), next_year()
    foreseen = desk.world.write(foresee, admin, Draft(seed, [], [], 0))
    first, given = import_changes(seed, foreseen)
    assert first.startswith("Kỳ hiển thị mặc định không đổi: mọi tài khoản của Tỉnh Sóc Trăng vẫn thấy")
    assert "ghi văn bản giao nhiệm vụ" in first
    assert given.startswith("4 nhiệm vụ mới được giao cho Sở Nội vụ và Sở Tài chính, hạn báo cáo trước 01/07/2026")
    elsewhere = load_seed(ROOT / "tests" / "data" / "vi-du-2025.yaml")
    foreseen = desk.world.write(foresee, admin, Draft(elsewhere, [], [], 0))
    lines = import_changes(elsewhere, foreseen)
    assert lines[0] == (
        "Đây là kỳ đánh giá đầu tiên: mọi tài khoản của Tỉnh Ví Dụ sẽ thấy Tỉnh Ví Dụ 2025 ngay sau khi nạp."
    )
    assert lines[2].startswith("2 cơ quan được thêm mới")
