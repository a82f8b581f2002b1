"""What holds for every page: who is let in, what a forged form gets, what protects the browser."""

from datetime import timedelta
from typing import Any

import pytest

from tests.web.conftest import Desk


def test_nobody_signed_in_is_sent_to_the_sign_in_page_and_back(desk: Desk) -> None:
    answer = desk.http.get("/tasks?status=returned", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=%2Ftasks%3Fstatus%3Dreturned")


@pytest.mark.parametrize("next", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(desk: Desk, next: str) -> None:
    page = desk.http.get("/signin", params={"next": next}).text
    assert 'name="next" value="/"' in page


def test_a_session_ends_when_idle_and_after_a_working_day(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    assert agency.get("/tasks").status_code == 200
    desk.world.now += timedelta(hours=3)
    assert agency.get("/tasks").status_code == 200
    desk.world.now += timedelta(hours=5)
    assert agency.get("/tasks").status_code == 303


def test_a_form_without_the_token_or_from_another_site_is_refused_and_does_nothing(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    for refused in (
        agency.post("/signout", csrf="0" * 64),
        agency.post("/signout", headers={"Origin": "https://evil.example"}),
        agency.post("/signout", headers={"Origin": "null"}),
        agency.post("/signout", headers={"Origin": "http://[bad"}),
        agency.post("/signout", headers={"Origin": "http://testserver.evil.example"}),
        agency.post("/signout", headers={"Sec-Fetch-Site": "cross-site"}),
    ):
        assert refused.status_code == 403
        assert "tải lại trang" in refused.text
    assert agency.get("/tasks").status_code == 200
    done = agency.post("/signout", headers={"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"})
    assert done.status_code == 303
    assert agency.get("/tasks").status_code == 303


def test_with_https_a_form_comes_from_the_public_address_or_over_https_from_this_host(desk: Desk) -> None:
    desk.http.app.state.settings.base_url = "https://cchc.example.vn"

    def status(origin: str) -> int:
        return int(desk.http.post("/signin", data={"name": "a"}, headers={"Origin": origin}).status_code)

    assert [status(f"https://{host}") for host in ("cchc.example.vn", "testserver")] == [422, 422]
    assert [status(f"http://{host}") for host in ("cchc.example.vn", "testserver")] == [403, 403]


def test_what_people_see_is_kept_by_no_browser_and_no_proxy(desk: Desk) -> None:
    for path in ("/tasks", "/docs", "/api/v1/tasks", "/nothing", "/", "/workbook/template.xlsx"):
        assert desk.get(path).headers["cache-control"].endswith("no-store"), path
    assert desk.http.get("/tasks", follow_redirects=False).headers["cache-control"] == "no-store"


def test_every_answer_is_held_to_this_site(desk: Desk) -> None:
    for path in ("/signin", "/tasks", "/static/desk.css", "/api/v1/tasks", "/docs", "/nothing"):
        headers = desk.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_pages_answer_people_and_the_api_answers_programs(desk: Desk) -> None:
    page = desk.get("/tasks/nothing/of/this")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    problem = desk.get("/api/v1/nothing")
    assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")


def test_assets_are_small_on_the_wire_and_kept_by_browsers(desk: Desk) -> None:
    answer = desk.get("/static/vendor/pico/pico.min.css?2.1.1")
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert "content-encoding" not in desk.get("/tasks").headers


def test_the_page_of_an_unforeseen_error_needs_no_database(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    token = desk.token()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(type(desk.world.db), "read", broken)
    answer = desk.http.get("/tasks", headers={"Cookie": f"khacphuc={token}"}, follow_redirects=False)
    assert answer.status_code == 500
    assert "Lỗi hệ thống" in answer.text
    assert "Về trang đầu" in answer.text
    assert "gone" not in answer.text
