"""What is wrong with a form: every faulty field at once, each reachable from the top; whoever has gone is no error."""

import re
from html import unescape
from typing import Any

import pytest
from structlog.testing import capture_logs

from app import tasks
from app.tasks import Update
from tests.web.conftest import Desk

TC14, TC15, TC16 = "ST-2024-TC-14", "ST-2024-TC-15", "ST-2024-TC-16"
TEXTS = {"reason": "Thiếu kết nối", "progress": "Đã thêm 3 dịch vụ", "remedy": "Hoàn thành trong quý III"}


def marked(page: str) -> set[str]:
    """Ids of the fields at fault that are said to be, told why, and led to from the top."""
    faulty = set(re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"[^>]*aria-invalid="true"', page))
    top = page[page.index('class="notice error"') :]
    top = top[: top.index("</div>")]
    for one in faulty:
        assert f'id="{one}-fault"' in page
        assert re.search(rf'aria-describedby="{re.escape(one)}-fault', page)
        assert f'href="#{one}"' in top
    return faulty


def test_a_report_handed_in_with_nothing_marks_every_field_that_is_wanted(desk: Desk) -> None:
    page = desk.as_("SKHCN").post(f"/tasks/{TC16}/report", {"do": "submit", "percent": ""}).text
    assert marked(page) == {
        "report-reason", "report-progress", "report-remedy", "report-input.online_files", "report-input.files",
    }  # fmt: skip
    declared = desk.as_("SKHCN").post(f"/tasks/{TC14}/report", {"do": "submit", **TEXTS}).text
    assert marked(declared) == {"report-declared_score"}


def test_wrong_numbers_and_missing_texts_are_told_together(desk: Desk) -> None:
    typed = {"input.online_files": "nhiều", "input.files": "abc", "percent": "150", "reason": "", "progress": "x"}
    refused = desk.as_("SKHCN").post(f"/tasks/{TC16}/report", {"do": "submit", **typed, "remedy": "x" * 20_001})
    assert refused.status_code == 422
    assert marked(refused.text) == {
        "report-input.online_files", "report-input.files", "report-percent", "report-reason", "report-remedy",
    }  # fmt: skip
    figures = {"do": "submit", "input.online_files": "-5", "input.files": "0"}
    found = marked(desk.as_("SKHCN").post(f"/tasks/{TC16}/report", {**figures, **TEXTS, "reason": ""}).text)
    assert {"report-input.online_files", "report-reason"} <= found


def test_dates_and_reasons_are_told_together(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    for date, words in (("", "Hãy ghi hạn đề nghị"), ("31/02/2025", "không phải ngày"), ("30/06/2025", "phải sau hạn")):
        page = agency.post(f"/tasks/{TC16}/extension", {"requested_due": date, "extension_reason": " "}).text
        assert marked(page) == {"requested_due", "extension_reason"}
        assert words in unescape(page)
    for date in ("", "mai", "01/01/2020"):
        sent = {"version": "1", "due-due_before": date, "due-reason": ""}
        assert marked(desk.post(f"/tasks/{TC16}/steering/due", sent).text) == {"due-due_before", "due-reason"}
    sent = {"version": "1", "target-target": "9", "target-reason": ""}
    assert marked(desk.post(f"/tasks/{TC16}/steering/target", sent).text) == {"target-target", "target-reason"}
    many = desk.post("/steering", {"task": f"{TC16}@1", "due_before": "x", "reason": ""}).text
    assert marked(many) == {"due_before", "reason"}


def test_a_review_marks_its_date_and_its_comment(desk: Desk) -> None:
    world, report = desk.world, Update(status="submitted", texts=TEXTS, declared_score="0.3")
    world.write(tasks.record_update, world.actor("SKHCN"), TC14, report, version=1)
    sent = {"review-version": "2", "review-decision": "returned", "review-comment": " "}
    for day in ("", "x", "01/01/2020"):
        page = desk.post(f"/tasks/{TC14}/review", {**sent, "review-resubmit_before": day}).text
        assert marked(page) == {"review-resubmit_before", "review-comment"}
    assert marked(desk.post(f"/tasks/{TC14}/review", {**sent, "review-decision": ""}).text) == {"review-decision"}


def test_a_document_marks_what_it_lacks_and_a_day_that_is_still_to_come(desk: Desk) -> None:
    page = _enter(desk, number="", issued_on="01/01/2030")
    assert marked(page) == {"number", "issued_on"}
    assert 'id="tasks-fault"' in page
    assert 'href="#tasks"' in page


def _enter(desk: Desk, **texts: str) -> str:
    agency = desk.as_("SKHCN")
    csrf = re.search(r'name="csrf" value="([^"]+)"', agency.get("/evidence/new").text)
    assert csrf
    parts = {name: (None, text) for name, text in {"csrf": csrf[1], **texts}.items()}
    return str(agency._request("POST", "/evidence/new", files=parts).text)


def test_the_api_lists_every_fault_as_it_lists_those_of_a_malformed_request(seeded: Any) -> None:
    from app.api.errors import describe
    from app.errors import Problem

    change = Update(status="submitted", measurements={"online_files": "-1"}, texts={"reason": "x"})
    with pytest.raises(Problem) as refused:
        seeded.write(tasks.record_update, seeded.actor("SKHCN"), TC16, change, version=1)
    body = describe(refused.value, "/")
    assert body["field"] == "measurements.online_files"
    fields = {one["field"] for one in body["errors"]}
    assert fields == {"measurements.online_files", "measurements.files", "progress", "remedy"}
    assert all(one["message"] for one in body["errors"])


def test_an_example_of_a_score_can_be_had(desk: Desk) -> None:
    page = unescape(desk.as_("SKHCN").get(f"/tasks/{TC14}").text)
    assert "Từ 0 đến 0,50, ví dụ 0,25." in page
    assert "Nhập điểm tự chấm để xem" in page
    assert "Nhập đủ số liệu" not in page


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"/tasks/{TC16}/draft", "application/x-www-form-urlencoded"),
        ("/evidence/new", "multipart/form-data; boundary=x"),
        ("/workbook", "multipart/form-data; boundary=x"),
    ],
)
def test_who_goes_while_sending_leaves_no_trace_in_the_log(desk: Desk, path: str, kind: str) -> None:
    headers = {"content-type": kind, "cookie": f"khacphuc={desk.as_('SKHCN').token()}", "content-length": "90"}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
    begun = iter([{"type": "http.request", "body": b"--x\r\n", "more_body": True}])
    answers: list[Any] = []

    async def receive() -> Any:
        return next(begun, {"type": "http.disconnect"})

    async def collect(message: Any) -> None:
        answers.append(message)

    with capture_logs() as logs:
        desk.http.portal.call(desk.http.app, scope, receive, collect)
    assert answers[0]["status"] < 500
    assert [one for one in logs if one["log_level"] == "error"] == []
