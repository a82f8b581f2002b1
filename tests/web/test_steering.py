"""Steering a task on pages: dates, targets, agencies, ending and reopening; and what the leadership says."""

import html
import re
from datetime import date
from typing import Any

import pytest

from app import tasks
from app.tasks import Update
from tests.web.conftest import Desk
from tests.web.test_desk import T03, T15, shown, submit
from tests.web.test_reviews import status_of


def post(desk: Desk, form: str, code: str = T15, **fields: Any) -> Any:
    version = status_of(desk, code)["version"]
    sent = {f"{form}-{name}": value for name, value in fields.items()}
    return desk.post(f"/tasks/{code}/steering/{form}", {"version": str(version), **sent})


def test_the_task_page_leads_to_every_form(desk: Desk) -> None:
    page = desk.get(f"/tasks/{T15}").text
    for form in ("due", "target", "cooperating", "assign", "close"):
        assert f'href="/tasks/{T15}/steering#{form}"' in page
        assert f'action="/tasks/{T15}/steering/{form}"' in desk.get(f"/tasks/{T15}/steering").text
    assert "steering" not in desk.as_("SKHCN").get(f"/tasks/{T15}").text


def test_every_form_carries_out_what_it_says(desk: Desk) -> None:
    done = post(desk, "due", due_before="15/07/2025", reason="Theo kết luận họp")
    assert done.headers["location"] == f"/tasks/{T15}?done=steered-due"
    assert "Đã đổi hạn." in shown(desk, done.headers["location"])
    assert post(desk, "target", target="0,9", reason="Mục tiêu năm").status_code == 303
    sent = {"cooperating-agency": ["STC", "VPUB"], "cooperating-reason": "Cần phối hợp"}
    version = str(status_of(desk, T15)["version"])
    assert desk.post(f"/tasks/{T15}/steering/cooperating", {"version": version, **sent}).status_code == 303
    assert post(desk, "assign", agency="VPUB", reason="Chuyển đầu mối").status_code == 303
    task = status_of(desk, T15)
    assert (task["effective_due"], task["target"], task["agency"]["code"]) == (date(2025, 7, 15), "0.9000", "VPUB")
    assert [one["code"] for one in task["cooperating"]] == ["STC"]
    assert post(desk, "close", reason="Không còn đối tượng").status_code == 303
    page = desk.get(f"/tasks/{T15}/steering").text
    assert 'action="/tasks/ST-2024-TC-15/steering/reopen"' in page
    assert "/steering/close" not in page
    assert post(desk, "reopen", reason="Có hướng dẫn mới", due_before="").status_code == 303
    assert status_of(desk, T15)["status"] == "in_progress"


@pytest.mark.parametrize(
    ("form", "fields", "words", "field"),
    [
        ("due", {"reason": "Vì"}, "Hãy nhập hạn mới", "due_before"),
        ("due", {"due_before": "01/01/2025", "reason": "Vì"}, "phải sau hôm nay", "due_before"),
        ("due", {"due_before": "40/40/2025", "reason": "Vì"}, "không phải ngày", "due_before"),
        ("due", {"due_before": "15/07/2025"}, "Hãy ghi lý do.", "reason"),
        ("target", {"target": "0,1", "reason": "Vì"}, "Điểm mục tiêu phải từ", "target"),
        ("target", {"target": "", "reason": "Vì"}, "Hãy nhập điểm mục tiêu", "target"),
        ("assign", {"reason": "Vì"}, "Hãy chọn cơ quan", "agency"),
        ("assign", {"agency": "SKHCN", "reason": "Vì"}, "đang phụ trách nhiệm vụ này rồi", "agency"),
        ("close", {}, "Hãy ghi lý do.", "reason"),
    ],
)
def test_what_does_not_fit_comes_back_at_its_field(
    desk: Desk, form: str, fields: dict[str, str], words: str, field: str
) -> None:
    before = status_of(desk, T15)
    refused = post(desk, form, **fields)
    assert refused.status_code in (409, 422)
    assert words in refused.text
    assert re.search(rf'id="{form}-{field}"[^>]*aria-invalid="true"', refused.text)
    kept = {name: value for name, value in fields.items() if value != "SKHCN"}  # the one that leads is no choice
    for name, value in kept.items():
        assert value in refused.text, name
    assert status_of(desk, T15) == before


def test_ticked_agencies_stay_ticked_after_an_error(desk: Desk) -> None:
    version = str(status_of(desk, T15)["version"])
    sent = {"version": version, "cooperating-agency": ["STC"], "cooperating-reason": ""}
    refused = desk.post(f"/tasks/{T15}/steering/cooperating", sent)
    assert refused.status_code == 422
    assert 'value="STC" checked' in refused.text


def test_a_stale_form_explains_and_shows_the_newest(desk: Desk) -> None:
    version = status_of(desk, T15)["version"]
    desk.world.write(tasks.record_update, desk.world.actor("SKHCN"), T15, Update(percent=10), version=None)
    sent = {"version": str(version), "close-reason": "Lý do đã gõ"}
    refused = desk.post(f"/tasks/{T15}/steering/close", sent)
    assert refused.status_code == 412
    assert "Trang này đã hiện nội dung mới nhất" in refused.text
    assert "Lý do đã gõ" in refused.text
    assert f'name="version" value="{version + 1}"' in refused.text
    assert desk.post(f"/tasks/{T15}/steering/close", {"close-reason": "Thiếu bản"}).status_code == 422


def test_a_waiting_report_is_reviewed_before_it_goes_elsewhere(desk: Desk) -> None:
    submit(desk.world, "STP", T03, declared_score="0.8")
    assert "trước khi giao cho cơ quan khác" in desk.get(f"/tasks/{T03}/steering").text
    assert post(desk, "assign", T03, agency="VPUB", reason="Vì").status_code == 409


def test_agencies_do_not_steer(desk: Desk) -> None:
    refused = desk.as_("SKHCN").post(f"/tasks/{T15}/steering/close", {"version": "1", "close-reason": "Vì"})
    assert refused.status_code == 403
    assert desk.get("/tasks/ST-2024-TC-99/steering").status_code == 404


# Many at once


def test_one_date_for_many_or_for_none(desk: Desk) -> None:
    page = desk.get(f"/steering?task={T15}&task={T03}").text
    marks = re.findall(r'name="task" value="([^"]+)"', page)
    assert marks == [f"{T15}@1", f"{T03}@1"]
    sent = {"task": marks, "due_before": "15/07/2025", "reason": "Theo kết luận"}
    desk.world.write(tasks.record_update, desk.world.actor("STP"), T03, Update(percent=10), version=None)
    refused = desk.post("/steering", sent)
    assert refused.status_code == 412
    assert status_of(desk, T15)["effective_due"] == date(2025, 7, 1)
    assert 'value="15/07/2025"' in refused.text
    again = re.findall(r'name="task" value="([^"]+)"', refused.text)
    done = desk.post("/steering", {**sent, "task": again})
    assert done.headers["location"] == "/tasks?done=steered-many"
    assert {status_of(desk, code)["effective_due"] for code in (T15, T03)} == {date(2025, 7, 15)}


def test_the_list_leads_to_many_dates(desk: Desk) -> None:
    """What the filter shows and is still open can be ticked; nothing is ticked unasked."""
    post(desk, "close", T03, reason="Không còn đối tượng")
    address = re.search(r'href="(/steering[^"]+)"', desk.get("/tasks?agency=STP").text)
    assert address is not None
    page = desk.get(html.unescape(address[1])).text
    assert len(re.findall(r'name="shown"', page)) == 4
    assert T03 not in page
    assert " checked" not in page
    shown_codes = re.findall(r'name="shown" value="([^"]+)"', page)
    sent = {"shown": shown_codes, "due_before": "15/07/2025", "reason": "Theo kết luận"}
    unticked = desk.post("/steering", sent)
    assert unticked.status_code == 422
    assert re.findall(r'name="shown" value="([^"]+)"', unticked.text) == shown_codes
    assert "/steering?" not in desk.as_("SKHCN").get("/tasks").text


def test_bad_choices_of_many(desk: Desk) -> None:
    assert "Hãy chọn nhiệm vụ" in desk.get("/steering").text
    assert desk.get("/steering?task=nothing").status_code == 404
    assert desk.post("/steering", {"due_before": "15/07/2025", "reason": "Vì"}).status_code == 422
    assert desk.post("/steering", {"task": "x@y", "due_before": "15/07/2025", "reason": "Vì"}).status_code == 404


# Directions


def test_the_leadership_speaks_and_everybody_on_the_task_reads(desk: Desk) -> None:
    leadership = desk.as_("leadership")
    done = leadership.post(f"/tasks/{T15}/directions", {"direction-text": "Hoàn thành trước 30/06"})
    assert done.headers["location"] == f"/tasks/{T15}?done=direction-given"
    for who in ("leadership", "coordinator", "SKHCN"):
        page = desk.as_(who).get(f"/tasks/{T15}").text
        assert "Hoàn thành trước 30/06" in page
        assert ("direction-text" in page) == (who == "leadership")


def test_an_empty_direction_and_one_of_somebody_else_are_refused(desk: Desk) -> None:
    refused = desk.as_("leadership").post(f"/tasks/{T15}/directions", {"direction-text": " "})
    assert refused.status_code == 422
    assert "Hãy ghi nội dung ý kiến chỉ đạo." in refused.text
    assert desk.post(f"/tasks/{T15}/directions", {"direction-text": "Tôi"}).status_code == 403
    assert desk.as_("leadership").post("/tasks/ST-2024-TC-99/directions", {"direction-text": "x"}).status_code == 404
