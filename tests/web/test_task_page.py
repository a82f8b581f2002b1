"""The task's page: who sees what of it, and that nothing typed into it is ever lost."""

import re
from html import unescape
from typing import Any

import pytest

from app import tasks
from app.models import accounts
from app.tasks import Decision, Update
from tests.web.conftest import Desk

TC14, TC16, TC17, TC21, KS27 = (f"ST-2024-{n}" for n in ("TC-14", "TC-16", "TC-17", "TC-21", "KS-27"))
TEXTS = {"reason": "Thiếu kết nối", "progress": "Đã thêm 3 dịch vụ", "remedy": "Hoàn thành trong quý III"}
NUMBERS = {"input.online_files": "120.000", "input.files": "168.561"}


def task(desk: Desk, code: str, who: str = "coordinator") -> Any:
    return desk.world.read(tasks.get_task, desk.world.actor(who), code)


def fields(page: str) -> dict[str, str]:
    """What stands in the report's form, as a browser would send it."""
    form = page[page.index("<form", page.index('id="report-title"')) :]
    form = form[: form.index("</form>")]
    found = {name: unescape(text) for name, text in re.findall(r'<textarea[^>]*? name="([^"]+)"[^>]*>([^<]*)<', form)}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and value and name[1] != "csrf":
            found[name[1]] = unescape(value[1])
    return found


def opened(desk: Desk, code: str = TC16) -> dict[str, str]:
    return fields(desk.get(f"/tasks/{code}").text)


def post(desk: Desk, code: str, do: str = "save", **typed: str) -> Any:
    return desk.post(f"/tasks/{code}/report", {**typed, "do": do})


def said(answer: Any) -> str:
    return str(answer.headers["location"].partition("done=")[2])


# Saving, handing in, taking back


def test_an_agency_saves_hands_in_and_takes_back_its_report(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    page = agency.get(f"/tasks/{TC16}")
    assert page.status_code == 200
    for shown in (
        "Tỷ lệ hồ sơ trực tuyến toàn trình",
        "Đã công bố: 94.511 hồ sơ",
        "0,8410",
        "tiến độ xử lý",
        "chỉ để tham khảo",
    ):
        assert shown in page.text
    form = fields(page.text) | TEXTS | NUMBERS | {"percent": "70", "period": "6 tháng đầu năm 2025"}
    assert said(post(agency, TC16, **form)) == "report-saved"
    saved = task(desk, TC16)
    assert (saved["status"], saved["percent"], saved["reported"]) == ("in_progress", 70, "1.0679")
    assert saved["report"]["period"] == "6 tháng đầu năm 2025"
    again = opened(agency)
    assert (again["input.online_files"], again["percent"], again["version"]) == ("120.000", "70", "2")
    assert said(post(agency, TC16, "submit", **again)) == "report-submitted"
    waiting = agency.get(f"/tasks/{TC16}").text
    assert 'name="progress"' not in waiting
    assert "Rút lại" in waiting
    assert said(post(agency, TC16, "recall", version="3")) == "report-recalled"
    assert task(desk, TC16)["status"] == "in_progress"


def test_saving_what_stands_already_changes_nothing(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    post(agency, TC16, **opened(agency) | TEXTS | NUMBERS)
    before = task(desk, TC16)
    assert said(post(agency, TC16, **opened(agency))) == "report-unchanged"
    assert task(desk, TC16) == before


def test_only_what_was_changed_is_written_into_the_log(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    post(agency, TC16, **opened(agency) | TEXTS)
    post(agency, TC16, **opened(agency) | {"progress": "Đã thêm 5 dịch vụ"})
    log = desk.world.read(tasks.list_updates, desk.world.actor("SKHCN"), TC16, limit=1, offset=0, newest_first=True)
    assert log["items"][0]["from"]["progress"] == TEXTS["progress"]
    assert "reason" not in log["items"][0]["to"]
    assert "Đã thêm 5 dịch vụ" in agency.get(f"/tasks/{TC16}/history").text


def test_officers_sign_for_others(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    post(agency, TC16, **opened(agency) | TEXTS | {"on_behalf_of": "Phó Giám đốc Sở", "note": "Theo công văn 12"})
    assert task(desk, TC16)["report"]["on_behalf_of"] == "Phó Giám đốc Sở"
    page = agency.get(f"/tasks/{TC16}").text
    assert "thay mặt Phó Giám đốc Sở" in page
    assert "“Theo công văn 12”" in page


# Refusals: the page comes back with what was typed


@pytest.mark.parametrize(
    ("code", "typed", "status", "told", "marked"),
    [
        (
            TC16,
            {"input.online_files": "rất nhiều", "input.files": "9"},
            422,
            "“rất nhiều” không phải số",
            "input.online_files",
        ),
        (
            TC16,
            {"input.online_files": "200.000", "input.files": "168.561"},
            422,
            "Tử số lớn hơn mẫu số",
            "input.online_files",
        ),
        (TC16, {"input.online_files": "5"}, 422, "Thiếu số liệu: Tổng số hồ sơ.", "input.files"),
        (TC16, {"percent": "150"}, 422, "từ 0 đến 100", "percent"),
        (TC16, {"percent": "-1"}, 422, "từ 0 đến 100", "percent"),
        (TC16, {"period": "x" * 501}, 422, "tối đa 500", "period"),
        (TC16, {"progress": "x" * 20_001}, 422, "tối đa 20.000", "progress"),
        (TC14, {"declared_score": "9"}, 422, "khung điểm", "declared_score"),
        (TC14, {"declared_score": "NaN"}, 422, "“NaN” không phải điểm", "declared_score"),
        (TC14, {"declared_score": "1e-3"}, 422, "không phải điểm", "declared_score"),
        (TC16, {"do": "accept"}, 422, "Không rõ cần lưu hay nộp", None),
        (TC16, {"do": "submit"}, 422, "còn thiếu", "measurements"),
    ],
)
def test_a_refused_report_comes_back_as_it_was_typed(
    desk: Desk, code: str, typed: dict[str, str], status: int, told: str, marked: str | None
) -> None:
    agency = desk.as_("SKHCN")
    form = {**opened(agency, code), **TEXTS, "do": "save", **typed}
    before = task(desk, code)
    answer = agency.post(f"/tasks/{code}/report", form)
    assert answer.status_code == status
    assert told in unescape(answer.text)
    assert task(desk, code) == before
    back = fields(answer.text)
    assert {name: back[name] for name in form if name in back} == {name: form[name] for name in form if name in back}
    assert back["progress"]
    if marked and marked != "measurements":
        assert re.search(rf'name="{re.escape(marked)}"[^>]*aria-invalid="true"', answer.text)
    assert not re.search(r"\((?:[a-z]+_)+[a-z]+\)", answer.text)


def test_nobody_else_writes_the_report(desk: Desk) -> None:
    for who, code in (("SVHTTDL", "ST-2024-KS-22"), ("coordinator", TC16), ("leadership", TC16), ("admin", TC16)):
        page = desk.as_(who).get(f"/tasks/{code}")
        assert page.status_code == 200
        assert "data-report" not in page.text
        assert post(desk.as_(who), code, **TEXTS).status_code == 403
    assert desk.as_("STP").get(f"/tasks/{TC16}").status_code == 404
    assert post(desk.as_("STP"), TC16, **TEXTS).status_code == 404
    assert task(desk, TC16)["version"] == 1


def test_the_coordinator_writes_the_reports_of_its_own_tasks(desk: Desk) -> None:
    assert "data-report" in desk.get(f"/tasks/{KS27}").text
    assert said(post(desk, KS27, **TEXTS)) == "report-saved"


def test_a_survey_takes_neither_numbers_nor_a_score(desk: Desk) -> None:
    form = opened(desk.as_("SNV"), KS27)
    assert "declared_score" not in form
    assert not any(name.startswith("input.") for name in form)
    assert "chỉ thay đổi theo kỳ khảo sát sau" in desk.as_("SNV").get(f"/tasks/{KS27}").text
    assert said(post(desk.as_("SNV"), KS27, "submit", **form | TEXTS | {"declared_score": "1"})) == "report-submitted"
    assert task(desk, KS27)["reported"] is None


def test_who_only_drafts_has_no_button_to_hand_in_and_is_refused(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    agency.token()
    with desk.world.db.transaction() as connection:
        connection.execute(accounts.update().where(accounts.c.name == "skhcn").values(drafts_only=True))
    form = opened(agency, TC14) | TEXTS | {"declared_score": "0,3"}
    assert 'value="submit"' not in agency.get(f"/tasks/{TC14}").text
    refused = post(agency, TC14, "submit", **form)
    assert refused.status_code == 403
    assert fields(refused.text)["progress"] == TEXTS["progress"]
    assert said(post(agency, TC14, **form)) == "report-saved"
    assert "Nội dung đã sẵn sàng để lãnh đạo nộp." in agency.get(f"/tasks/{TC14}").text


# The score as one types


@pytest.mark.parametrize(
    ("code", "typed", "told"),
    [
        (TC16, NUMBERS, ("1,0679", "tăng 0,2269", "1,5 × 120.000/168.561")),
        (TC16, {"input.online_files": "94.511", "input.files": "168.561"}, ("bằng điểm công bố",)),
        (TC16, {"input.online_files": "1,5", "input.files": "168561"}, ("phải là số nguyên",)),
        (TC16, {"input.online_files": "1", "input.files": "168561"}, ("giảm",)),
        (TC14, {"declared_score": ""}, ("Nhập điểm tự chấm",)),
        (TC16, {"input.online_files": "5", "input.files": ""}, ("Thiếu số liệu: Tổng số hồ sơ.",)),
        (TC16, {"input.online_files": "5", "input.files": "0"}, ("Chưa tính được điểm",)),
        (TC16, {"input.online_files": "", "input.files": ""}, ("Nhập đủ số liệu",)),
        (TC16, {"input.online_files": "abc", "input.files": "1"}, ("“abc” không phải số",)),
        (TC14, {"declared_score": "0,25"}, ("0,2500", "Điểm tự chấm đang nhập")),
        (TC14, {"declared_score": "5"}, ("Chưa tính được điểm",)),
    ],
)
def test_the_score_follows_what_is_typed_and_nothing_is_written(
    desk: Desk, code: str, typed: dict[str, str], told: tuple[str, ...]
) -> None:
    before = task(desk, code)
    answer = desk.as_("SKHCN").post(f"/tasks/{code}/score", typed)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    for words in told:
        assert words in unescape(answer.text)
    assert task(desk, code) == before


def test_the_score_of_a_foreign_task_is_not_told(desk: Desk) -> None:
    assert desk.as_("STP").post(f"/tasks/{TC16}/score", NUMBERS).status_code == 404


def test_outside_the_rule_a_declared_score_is_asked_for(desk: Desk) -> None:
    names = {one["name"]: one for one in task(desk, TC21)["rule"]["inputs"]}
    typed = {f"input.{name}": one["published"] or "1" for name, one in names.items()}
    answer = desk.as_("STC").post(f"/tasks/{TC21}/score", typed)
    assert "Hãy nhập kèm điểm tự chấm." in answer.text
    form = opened(desk.as_("STC"), TC21) | typed | TEXTS | {"declared_score": "0,9"}
    assert said(post(desk.as_("STC"), TC21, **form)) == "report-saved"


# Drafts


def draft(desk: Desk, code: str, **typed: str) -> Any:
    return desk.post(f"/tasks/{code}/draft", typed)


def test_a_draft_survives_a_closed_tab_until_it_is_saved(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    form = opened(agency) | {"progress": "Đang gõ dở", "input.online_files": "100.000", "note": "chưa xong"}
    kept = draft(agency, TC16, **form)
    assert (kept.status_code, kept.text) == (200, "Đã lưu bản nháp lúc 09:00.")
    page = agency.get(f"/tasks/{TC16}").text
    assert "Bản nháp lưu lúc 09:00 05/05/2025" in page
    back = fields(page)
    assert (back["progress"], back["input.online_files"], back["note"]) == ("Đang gõ dở", "100.000", "chưa xong")
    assert task(desk, TC16)["version"] == 1
    assert said(post(agency, TC16, **back | {"input.files": "168.561"})) == "report-saved"
    after = agency.get(f"/tasks/{TC16}").text
    assert "Bản nháp lưu lúc" not in after
    assert fields(after)["progress"] == "Đang gõ dở"


def test_a_draft_can_be_thrown_away_and_is_nobody_elses(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    draft(agency, TC16, **opened(agency) | {"progress": "Đang gõ dở"})
    for other in ("SKHCN#2", "coordinator", "leadership"):
        assert "Đang gõ dở" not in desk.as_(other).get(f"/tasks/{TC16}").text
    assert said(agency.post(f"/tasks/{TC16}/draft/discard")) == "draft-discarded"
    assert "Đang gõ dở" not in agency.get(f"/tasks/{TC16}").text


def test_a_draft_needs_the_token_and_a_known_task(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    assert agency.post(f"/tasks/{TC16}/draft", {"progress": "x"}, csrf="0" * 64).status_code == 403
    assert draft(desk.as_("STP"), TC16, progress="x").status_code == 404
    assert draft(agency, TC16, progress="x", version="9999999999").status_code == 200
    assert draft(agency, TC16, progress="x", version="nhiều").status_code == 422


def test_a_draft_that_says_what_is_saved_is_not_mentioned(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    draft(agency, TC16, **opened(agency))
    assert "Bản nháp lưu lúc" not in agency.get(f"/tasks/{TC16}").text


def test_a_draft_begun_before_somebody_elses_change_is_laid_beside_it(desk: Desk) -> None:
    mine, other = desk.as_("SKHCN"), desk.as_("SKHCN#2")
    draft(mine, TC16, **opened(mine) | {"progress": "Bản của tôi"})
    post(other, TC16, **opened(other) | {"progress": "Bản của người khác"})
    page = mine.get(f"/tasks/{TC16}").text
    assert "Bản nháp lưu lúc" in page
    assert re.search(r'id="theirs-progress"[^>]*readonly>Bản của người khác<', page)
    assert fields(page)["progress"] == "Bản của tôi"


def test_a_draft_whose_report_was_handed_in_meanwhile_can_still_be_read(desk: Desk) -> None:
    mine, head = desk.as_("SKHCN#2"), desk.as_("SKHCN")
    post(head, TC16, **opened(head) | TEXTS | NUMBERS)
    draft(mine, TC16, **opened(mine) | {"progress": "Chưa kịp lưu"})
    post(head, TC16, "submit", **opened(head))
    page = mine.get(f"/tasks/{TC16}").text
    assert "Nội dung bạn đã nhập nhưng chưa được lưu" in page
    assert "Chưa kịp lưu" in page
    late = post(mine, TC16, **TEXTS | {"progress": "Gửi muộn", "version": "2"})
    assert late.status_code == 412
    assert "Gửi muộn" in late.text


def test_drafts_of_two_devices_stand_side_by_side(desk: Desk) -> None:
    phone = desk.as_("SKHCN")
    desktop = opened(phone) | {"page": "desktop"}
    draft(phone, TC16, **opened(phone) | {"page": "phone", "progress": "Trên điện thoại", "reason": "Lý do"})
    typed = desktop | {"progress": "Trên máy bàn", "remedy": "Biện pháp"}
    assert draft(phone, TC16, **typed).status_code == 409
    assert fields(phone.get(f"/tasks/{TC16}").text)["progress"] == "Trên điện thoại"
    both = phone.post(f"/tasks/{TC16}/draft/compare", typed)
    assert both.status_code == 200
    assert "Có bản nháp mới hơn của bạn" in both.text
    assert re.search(r'id="theirs-progress"[^>]*readonly>Trên điện thoại<', both.text)
    back = fields(both.text)
    assert (back["progress"], back["reason"], back["remedy"]) == ("Trên máy bàn", "Lý do", "Biện pháp")
    assert draft(phone, TC16, **back | {"page": "desktop"}).status_code == 200
    assert said(post(phone, TC16, **back | {"page": "desktop"})) == "report-saved"
    assert "Bản nháp lưu lúc" not in phone.get(f"/tasks/{TC16}").text


def test_a_newer_draft_is_not_thrown_away_unseen(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    draft(agency, TC16, **opened(agency) | {"progress": "Mới hơn"})
    answer = agency.post(f"/tasks/{TC16}/draft/discard", {"draft": "khác", "page": ""})
    assert said(answer) == "draft-newer"
    assert "Mới hơn" in agency.get(f"/tasks/{TC16}").text


def test_of_many_measures_three_are_shown_and_the_others_fold_away(desk: Desk) -> None:
    page = desk.get("/tasks/ST-2024-TC-05").text
    section = page[page.index('id="measures-title"') :]
    shown, folded = section[: section.index("</section>")].split("<details><summary>Xem thêm")
    assert shown.count('href="/measures/') == 3
    assert re.match(r" (\d+)</summary>", folded)


# Two people at once


def test_when_two_people_change_the_same_text_both_stand_side_by_side(desk: Desk) -> None:
    mine, other = desk.as_("SKHCN"), desk.as_("SKHCN#2")
    before = opened(mine)
    post(other, TC16, **opened(other) | TEXTS)
    answer = post(mine, TC16, **before | {"progress": "Tiến độ của tôi", "percent": "30"})
    assert answer.status_code == 412
    assert re.search(r'id="theirs-progress"[^>]*readonly>Đã thêm 3 dịch vụ<', answer.text)
    back = fields(answer.text)
    assert (back["progress"], back["percent"], back["version"]) == ("Tiến độ của tôi", "30", "2")
    assert back["reason"] == TEXTS["reason"]  # untouched here, so the newer text stands
    assert "theirs-reason" not in answer.text
    assert "theirs-percent" not in answer.text  # changed here only
    assert "Lý do tồn tại, hạn chế và Biện pháp khắc phục" in answer.text
    assert task(desk, TC16)["report"]["progress"] == TEXTS["progress"]
    assert said(post(mine, TC16, **back)) == "report-saved"
    assert task(desk, TC16)["report"]["progress"] == "Tiến độ của tôi"
    assert task(desk, TC16)["report"]["reason"] == TEXTS["reason"]


def test_a_form_without_marks_counts_as_typed_in_every_field(desk: Desk) -> None:
    mine = desk.as_("SKHCN")
    post(desk.as_("SKHCN#2"), TC16, **TEXTS)
    answer = post(mine, TC16, version="1", progress="Của tôi", reason="Thiếu kết nối")
    assert answer.status_code == 412
    assert "theirs-progress" in answer.text
    assert "theirs-reason" not in answer.text  # the same text
    assert fields(answer.text)["progress"] == "Của tôi"


def test_numbers_are_laid_side_by_side_too(desk: Desk) -> None:
    mine, other = desk.as_("SKHCN"), desk.as_("SKHCN#2")
    before = opened(mine)
    post(other, TC16, **opened(other) | NUMBERS)
    answer = post(mine, TC16, **before | {"input.online_files": "130.000", "input.files": "168561"})
    assert re.search(r'id="theirs-input.online_files" value="120.000"', answer.text)
    assert "theirs-input.files" not in answer.text  # 168561 is 168.561


def test_a_change_of_the_due_date_keeps_the_typed_text_and_asks_to_look_again(desk: Desk) -> None:
    mine = desk.as_("SKHCN")
    before = opened(mine)
    from datetime import date

    steering = tasks.Steering(reason="Theo kế hoạch mới", due_before=date(2025, 8, 1))
    desk.world.write(tasks.steer, desk.world.actor("coordinator"), TC16, steering, version=1)
    answer = post(mine, TC16, **before | {"progress": "Bản của tôi"})
    assert answer.status_code == 412
    assert "không trùng với chỗ người khác đã sửa" in answer.text
    assert "theirs-" not in answer.text
    assert said(post(mine, TC16, **fields(answer.text))) == "report-saved"


def test_taking_back_what_was_reviewed_meanwhile_is_refused(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    post(agency, TC16, "submit", **opened(agency) | TEXTS | NUMBERS)
    decision = Decision(
        decision="returned", comment="Bổ sung kỳ số liệu", resubmit_before=desk.world.now.date().replace(month=7)
    )
    desk.world.write(tasks.review, desk.world.actor("coordinator"), TC16, decision, version=2)
    assert post(agency, TC16, "recall", version="2").status_code == 412
    assert task(desk, TC16)["status"] == "returned"
    page = agency.get(f"/tasks/{TC16}").text
    assert page.index("Bổ sung kỳ số liệu") < page.index("Báo cáo giải trình")


def test_a_task_that_went_to_another_agency_meanwhile_gives_back_what_was_typed(desk: Desk) -> None:
    form = opened(desk.as_("SKHCN"))
    desk.world.write(tasks.assign, desk.world.actor("coordinator"), TC16, "STC", "Giao lại", version=None)
    typed = form | {"remedy": "Viết cả buổi <chiều>", "input.files": "120.001"}
    answer = post(desk.as_("SKHCN"), TC16, **typed)
    assert answer.status_code == 404
    assert "Viết cả buổi &lt;chiều&gt;" in answer.text
    assert "120.001" in answer.text
    assert "Tiến độ xử lý" not in answer.text


# More time


def test_an_agency_asks_for_more_time(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    asked = {
        "requested_due": "31/07/2025",
        "extension_reason": "Chờ hướng dẫn của Bộ",
        "extension_for": "Trần Thị Bình",
    }
    assert said(agency.post(f"/tasks/{TC16}/extension", asked)) == "extension-requested"
    page = agency.get(f"/tasks/{TC16}").text
    assert "đề nghị đến trước 31/07/2025" in page
    assert "Chờ hướng dẫn của Bộ" in page
    assert 'name="requested_due"' not in page
    twice = agency.post(f"/tasks/{TC16}/extension", {**asked, "extension_reason": "Lý do của người chậm hơn"})
    assert twice.status_code == 409
    assert "Lý do của người chậm hơn" in twice.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"requested_due": "", "extension_reason": "Vì mưa"}, "Hãy ghi hạn đề nghị"),
        ({"requested_due": "31/02/2025", "extension_reason": "Vì mưa"}, "không phải ngày"),
        ({"requested_due": "30/06/2025", "extension_reason": "Vì mưa"}, "phải sau hạn hiện tại"),
        ({"requested_due": "31/07/2025", "extension_reason": " "}, "Hãy ghi lý do đề nghị gia hạn."),
    ],
)
def test_a_refused_request_comes_back_as_typed(desk: Desk, typed: dict[str, str], told: str) -> None:
    answer = desk.as_("SKHCN").post(f"/tasks/{TC16}/extension", typed)
    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert f'value="{typed["requested_due"]}"' in answer.text
    assert task(desk, TC16)["extension_requests"] == []


# The log, and what is odd


def test_the_log_speaks_vietnamese(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    post(agency, TC16, "submit", **opened(agency) | TEXTS | NUMBERS)
    text = unescape(agency.get(f"/tasks/{TC16}").text)
    assert "Nộp báo cáo giải trình: điểm báo cáo 1,0679." in text
    assert "Trạng thái: Đã giao → Chờ xác nhận" in text
    assert "Số hồ sơ trực tuyến toàn trình: 120.000" in text
    assert "Điểm đã báo cáo: 1,0679" in text


def test_every_page_of_the_log_is_reached(desk: Desk) -> None:
    for number in range(55):
        desk.world.write(
            tasks.record_update, desk.world.actor("SKHCN"), TC16, Update(note=f"Ghi chú {number}"), version=None
        )
    page = desk.as_("SKHCN").get(f"/tasks/{TC16}").text
    assert "Xem cả 56 mục lịch sử" in page
    assert "“Ghi chú 54”" in desk.as_("SKHCN").get(f"/tasks/{TC16}/history").text
    assert "“Ghi chú 0”" in desk.as_("SKHCN").get(f"/tasks/{TC16}/history?offset=50").text
    assert desk.as_("SKHCN").get(f"/tasks/{TC16}/history?offset=nhiều").status_code == 200
    assert desk.as_("STP").get(f"/tasks/{TC16}/history").status_code == 404


def test_texts_are_shown_as_text(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    post(agency, TC16, **opened(agency) | {"progress": "</textarea><script>alert(1)</script>", "reason": "\x00Đủ"})
    page = agency.get(f"/tasks/{TC16}").text
    assert "<script>alert" not in page
    assert task(desk, TC16)["report"]["reason"] == "Đủ"


def test_addresses_of_forms_opened_by_hand_lead_to_the_page(desk: Desk) -> None:
    answer = desk.as_("SKHCN").get(f"/tasks/{TC16}/report")
    assert answer.status_code == 200
    assert '<h2 id="report-title" tabindex="-1" data-focus>' in answer.text
    asked = desk.as_("SKHCN").get(f"/tasks/{TC16}/extension")
    assert re.search(r"<details open>\s*<summary data-focus>Đề nghị gia hạn", asked.text)
    assert "<details open>" not in answer.text
    assert desk.as_("SKHCN").get("/tasks/nothing/extension").status_code == 404


def test_only_those_who_report_have_drafts_to_discard(desk: Desk) -> None:
    for who in ("leadership", "admin"):
        assert desk.as_(who).post("/tasks/ST-2024-TC-16/draft/discard").status_code == 403
