"""Reviewing reports and requests on pages: the queue, the decision, what it moved, and what is refused."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from app import evidence, tasks
from app.tasks import Decision
from tests.web.conftest import Desk
from tests.web.test_desk import T03, T15, shown, submit

INPUTS = {"used_services": "14", "services": "16"}


@pytest.fixture
def queue(desk: Desk) -> Desk:
    """STP waits since Monday, SKHCN since Tuesday."""
    submit(desk.world, "STP", T03, declared_score="0.8")
    desk.world.now += timedelta(days=1)
    submit(desk.world, "SKHCN", T15, measurements=INPUTS)
    desk.world.now += timedelta(days=1)
    return desk


def form(desk: Desk, code: str, decision: str, **fields: str) -> dict[str, str]:
    version = desk.world.read(tasks.get_task, desk.world.actor("coordinator"), code)["version"]
    sent = {"version": str(version), "decision": decision, **fields}
    return {f"review-{name.replace('__', '.')}": value for name, value in sent.items()}


def status_of(desk: Desk, code: str) -> dict[str, Any]:
    found: dict[str, Any] = desk.world.read(tasks.get_task, desk.world.actor("coordinator"), code)
    return found


# The queue


def test_the_queue_shows_the_oldest_first_with_what_a_reviewer_asks(queue: Desk) -> None:
    page = queue.get("/reviews").text
    assert page.index(T03) < page.index(T15)
    text = shown(queue, "/reviews")
    assert "0,43 → 0,80 / 1,00" in text
    assert "0,56 → 0,88 / 1,00" in text
    assert text.count("đúng hạn") == 2
    assert text.count("chưa có") == 2


def test_the_queue_can_be_narrowed_to_an_agency(queue: Desk) -> None:
    page = queue.get("/reviews?agency=STP").text
    assert T03 in page
    assert T15 not in page
    assert T03 in queue.get("/csv/tasks?status=submitted&assessment=soc-trang-2024&agency=STP").text
    assert "/csv/tasks?status=submitted&amp;assessment=soc-trang-2024&amp;agency=STP" in page
    assert "Không có báo cáo chờ xác nhận nào khớp" in queue.get("/reviews?agency=STC").text
    assert queue.get("/reviews?agency=%00&offset=-3&decided=nothing").status_code == 200


def test_an_empty_queue_says_so(desk: Desk) -> None:
    assert "Không có báo cáo nào đang chờ xác nhận." in desk.get("/reviews").text


# The task's page


def test_the_report_its_numbers_and_its_evidence_stand_together(queue: Desk, tmp_path: Any) -> None:
    document = evidence.Document("12/BC-SKHCN", [T15], signer="Trần B", period="Quý I", issued_on=date(2025, 5, 2))
    add = (document, None, evidence.FileStore(tmp_path))
    queue.world.write(evidence.add, queue.world.actor("SKHCN"), *add)
    page = shown(queue, f"/tasks/{T15}")
    for text in ("12/BC-SKHCN", "ngày 02/05/2025", "Người ký: Trần B", "Kỳ số liệu: Quý I", "1 × 14/16 = 0,8750"):
        assert text in page
    assert "Lý do chấp nhận khi chưa có tài liệu" not in page


def test_whoever_handed_in_is_told_why_it_cannot_decide(desk: Desk) -> None:
    own = desk.world.read(tasks.list_tasks, desk.world.actor("coordinator"), tasks.Filter(agency="SNV", kind="survey"))
    code = own["items"][0]["code"]
    submit(desk.world, "coordinator", code)
    mine = desk.get(f"/tasks/{code}").text
    assert "nên không được tự xác nhận" in mine
    assert 'action="/tasks/' + code + '/review"' not in mine
    theirs = desk.as_("coordinator#2").get(f"/tasks/{code}").text
    assert "tự xác nhận" in theirs
    assert 'action="/tasks/' + code + '/review"' in theirs
    refused = desk.post(f"/tasks/{code}/review", form(desk, code, "accepted"))
    assert refused.status_code == 403
    assert "Hãy để một tài khoản khác" in refused.text


def test_only_the_coordinator_sees_the_form(queue: Desk) -> None:
    for who in ("SKHCN", "leadership"):
        assert "review-decision" not in queue.as_(who).get(f"/tasks/{T15}").text
        assert queue.as_(who).post(f"/tasks/{T15}/review", form(queue, T15, "accepted")).status_code == 403


# Deciding


def test_accepting_as_submitted_moves_the_floor_and_leads_to_the_next(queue: Desk) -> None:
    sent = form(queue, T15, "accepted", evidence_waiver="Đã kiểm tra trên hệ thống", input__used_services="14")
    done = queue.post(f"/tasks/{T15}/review", sent)
    assert done.status_code == 303
    assert done.headers["location"] == f"/reviews?decided={T15}&done=review-accepted"
    page = shown(queue, done.headers["location"])
    assert "Đã xác nhận báo cáo." in page
    assert "Mức đã được xác nhận 84,8272 85,1397 +0,3125" in page
    assert re.search(r"Mức dự kiến (\S+) \1 0,0000", page)
    assert f"Báo cáo tiếp theo: STP, {T03}" in page
    task = status_of(queue, T15)
    assert (task["status"], task["verified"]) == ("accepted", "0.8750")


def test_accepting_corrected_numbers_computes_the_score(queue: Desk) -> None:
    sent = form(queue, T15, "accepted", evidence_waiver="Đã đếm lại", input__used_services="12", input__services="16")
    assert queue.post(f"/tasks/{T15}/review", sent).status_code == 303
    assert status_of(queue, T15)["verified"] == "0.7500"


def test_accepting_another_declared_score(queue: Desk) -> None:
    sent = form(queue, T03, "accepted", verified_score="0,75", evidence_waiver="Theo kết quả kiểm tra")
    assert queue.post(f"/tasks/{T03}/review", sent).status_code == 303
    assert status_of(queue, T03)["verified"] == "0.7500"


def test_without_evidence_and_waiver_all_that_was_typed_stays(queue: Desk) -> None:
    sent = form(queue, T15, "accepted", input__used_services="13", comment="Cảm ơn đơn vị")
    refused = queue.post(f"/tasks/{T15}/review", sent)
    assert refused.status_code == 422
    assert "chưa có tài liệu kiểm chứng" in refused.text
    assert "(evidence_waiver)" not in refused.text
    assert 'value="13"' in refused.text
    assert "Cảm ơn đơn vị" in refused.text
    assert re.search(r'value="accepted" checked', refused.text)
    assert re.search(r'id="review-evidence_waiver"[^>]*aria-invalid="true"', refused.text)
    assert status_of(queue, T15)["status"] == "submitted"


@pytest.mark.parametrize(
    ("decision", "fields", "words"),
    [
        ("", {}, "Hãy chọn một quyết định"),
        ("returned", {}, "Hãy ghi rõ nội dung cần bổ sung"),
        ("returned", {"comment": "Thiếu số liệu"}, "Cần hạn nộp lại"),
        ("returned", {"comment": "Thiếu", "resubmit_before": "31/02/2025"}, "không phải ngày"),
        ("continued", {"due_before": "01/05/2025"}, "phải sau hôm nay"),
        ("accepted", {"input__used_services": "mười"}, "Số dịch vụ dữ liệu được đưa vào sử dụng chính thức"),
        ("accepted", {"input__used_services": "17"}, "không được lớn hơn"),
        ("accepted", {"input__used_services": ""}, "Số dịch vụ dữ liệu được đưa vào sử dụng chính thức"),
        ("sold", {}, "quyết định"),
    ],
)
def test_what_does_not_fit_comes_back_in_words(queue: Desk, decision: str, fields: dict[str, str], words: str) -> None:
    refused = queue.post(f"/tasks/{T15}/review", form(queue, T15, decision, **fields))
    assert refused.status_code == 422
    assert words in refused.text
    assert status_of(queue, T15)["status"] == "submitted"


def test_continuing_and_returning_ask_for_a_date(queue: Desk) -> None:
    sent = form(queue, T15, "continued", due_before="01/10/2025", resubmit_before="không dùng")
    done = queue.post(f"/tasks/{T15}/review", sent)
    assert done.headers["location"] == f"/reviews?decided={T15}&done=review-continued"
    assert status_of(queue, T15)["due_before"] == date(2025, 10, 1)
    sent = form(queue, T03, "returned", comment="Thiếu danh mục văn bản", resubmit_before="01/08/2025")
    done = queue.post(f"/tasks/{T03}/review", sent)
    page = shown(queue, done.headers["location"])
    assert re.search(r"Mức dự kiến \S+ \S+ -0,37", page)
    assert "Không có báo cáo nào đang chờ" in page
    assert status_of(queue, T03)["resubmit_before"] == date(2025, 8, 1)


def test_a_stale_form_shows_the_newest_and_keeps_the_words(queue: Desk) -> None:
    sent = form(queue, T15, "returned", comment="Ý kiến dài của tôi", resubmit_before="01/08/2025")
    queue.world.write(tasks.record_update, queue.world.actor("SKHCN"), T15, tasks.Update(note="Ghi thêm"), version=None)
    refused = queue.post(f"/tasks/{T15}/review", sent)
    assert refused.status_code == 412
    assert "Trang này đã hiện nội dung mới nhất" in refused.text
    assert "ETag" not in refused.text
    assert "Ý kiến dài của tôi" in refused.text
    version = status_of(queue, T15)["version"]
    assert f'name="review-version" value="{version}"' in refused.text
    assert queue.post(f"/tasks/{T15}/review", {**sent, "review-version": str(version)}).status_code == 303


def test_somebody_else_was_faster(queue: Desk) -> None:
    sent = form(queue, T15, "accepted", evidence_waiver="Đã xem", comment="Ý kiến của người chậm hơn")
    decision = Decision("continued", due_before=date(2025, 9, 1))
    queue.world.write(tasks.review, queue.world.actor("coordinator#2"), T15, decision, version=None)
    refused = queue.post(f"/tasks/{T15}/review", sent)
    assert refused.status_code == 412
    assert "Ý kiến của người chậm hơn" in refused.text
    assert "Đã xem" in refused.text
    assert status_of(queue, T15)["status"] == "in_progress"
    assert queue.post(f"/tasks/{T15}/review", {"review-decision": "accepted"}).status_code == 422
    assert queue.post("/tasks/ST-2024-TC-99/review", sent).status_code == 404


def test_the_score_is_shown_as_one_types(queue: Desk) -> None:
    typed = queue.post(f"/tasks/{T15}/review/score", {"review-input.used_services": "12"}).text
    assert "0,7500" in typed
    assert "1 × 12/16 = 0,7500" in typed
    assert "không được lớn hơn" in queue.post(f"/tasks/{T15}/review/score", {"review-input.used_services": "99"}).text
    assert "0,4000" in queue.post(f"/tasks/{T03}/review/score", {"review-verified_score": "0,4"}).text
    assert status_of(queue, T15)["status"] == "submitted"
    assert queue.as_("SKHCN").post(f"/tasks/{T15}/review/score", {}).status_code == 403


# Extensions


@pytest.fixture
def asked(desk: Desk) -> Desk:
    ask = (date(2025, 8, 1), "Chờ hướng dẫn của Bộ", None)
    desk.world.write(tasks.request_extension, desk.world.actor("SKHCN"), T15, *ask, version=None)
    return desk


def request_id(desk: Desk) -> int:
    found = desk.world.read(tasks.list_requests, desk.world.actor("coordinator"), state=None, limit=1, offset=0)
    return int(found["items"][0]["id"])


def test_a_request_shows_dates_reason_and_working_days(asked: Desk) -> None:
    page = shown(asked, "/extensions")
    assert "trước 01/08/2025 , thêm 23 ngày làm việc" in page
    assert "Chờ hướng dẫn của Bộ" in page
    assert "Chưa có quyết định nào." in page


def test_granting_takes_the_date_asked_for_or_another(asked: Desk) -> None:
    one = request_id(asked)
    done = asked.post(f"/extensions/{one}", {"decision": "granted", f"granted_due-{one}": "15/07/2025"})
    assert done.headers["location"] == "/extensions?done=extension-granted"
    assert status_of(asked, T15)["effective_due"] == date(2025, 7, 15)
    page = shown(asked, "/extensions")
    assert "Không có đề nghị gia hạn nào đang chờ." in page
    assert "Chấp nhận trước 15/07/2025" in page


def test_refusing_needs_a_reason_and_a_bad_date_comes_back(asked: Desk) -> None:
    one = request_id(asked)
    refused = asked.post(f"/extensions/{one}", {"decision": "refused"})
    assert refused.status_code == 422
    assert re.search(rf'id="comment-{one}"[^>]*aria-invalid="true"', refused.text)
    sent = {"decision": "granted", f"granted_due-{one}": "ngày mai", f"comment-{one}": "Đồng ý"}
    refused = asked.post(f"/extensions/{one}", sent)
    assert refused.status_code == 422
    assert 'value="ngày mai"' in refused.text
    assert ">Đồng ý</textarea>" in refused.text
    assert asked.post(f"/extensions/{one}", {"decision": "sold"}).status_code == 422
    done = asked.post(f"/extensions/{one}", {"decision": "refused", f"comment-{one}": "Không đủ căn cứ"})
    assert done.headers["location"] == "/extensions?done=extension-refused"
    again = asked.post(f"/extensions/{one}", {"decision": "refused", f"comment-{one}": "Lần nữa"})
    assert again.status_code == 409
    assert "đã được quyết định" in again.text


def test_only_the_coordinator_decides(asked: Desk) -> None:
    sent = {"decision": "granted"}
    assert asked.as_("SKHCN").post(f"/extensions/{request_id(asked)}", sent).status_code == 403
    assert asked.post("/extensions/99999", sent).status_code == 404
    assert asked.post("/extensions/99999999999999", sent).status_code == 404
    assert asked.post("/extensions/x", sent).status_code == 404
    assert status_of(asked, T15)["extension_due"] is None
