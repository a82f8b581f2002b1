"""One's own account: the password, and where one is signed in."""

from typing import Any

import pytest

from app import accounts
from app.web.browsers import in_words
from tests.web.conftest import Desk
from tests.web.test_signin import GOOD, OTHER, cookie_of, seen, send, set_password

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)


def entered(desk: Desk, browser: str = CHROME, password: str = GOOD) -> str:
    answer = send(desk, "/signin", name="stp", password=password, headers={"User-Agent": browser})
    assert answer.status_code == 303, answer.text
    return cookie_of(answer)


def act(desk: Desk, cookie: str, path: str, **form: str) -> Any:
    return send(desk, path, cookie, csrf=accounts.sessions.csrf_of(cookie), **form)


@pytest.mark.parametrize("who", ["STP", "coordinator", "leadership", "admin"])
def test_everybody_has_the_page(desk: Desk, who: str) -> None:
    page = desk.as_(who).get("/account")
    assert page.status_code == 200
    assert "trình duyệt này" in page.text
    assert "Địa chỉ lịch" in page.text


def test_the_page_needs_no_assessment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.visit.list_assessments", lambda *_args, **_more: {"items": []})
    assert "Đổi mật khẩu" in desk.get("/account").text


def test_changing_the_password_signs_every_other_browser_out(desk: Desk) -> None:
    set_password(desk)
    mine, other = entered(desk), entered(desk, IPHONE)
    page = seen(desk, "/account", mine).text
    assert "Chrome trên Windows" in page
    assert "Safari trên iPhone" in page
    done = act(desk, mine, "/account/password", current=GOOD, password=OTHER, repeated=OTHER)
    assert done.headers["location"] == "/account?done=password-changed"
    fresh = cookie_of(done)
    assert seen(desk, "/account", fresh).status_code == 200
    assert seen(desk, "/account", mine).status_code == seen(desk, "/account", other).status_code == 303
    assert entered(desk, password=OTHER)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Hãy nhập mật khẩu hiện tại"),
        ({"current": GOOD, "password": OTHER, "repeated": "khác"}, "không giống nhau"),
        ({"current": "không phải", "password": OTHER, "repeated": OTHER}, "Mật khẩu hiện tại không đúng"),
        ({"current": GOOD, "password": "1234567890", "repeated": "1234567890"}, "dễ đoán"),
    ],
)
def test_a_change_that_cannot_be_made_says_why_and_signs_nobody_out(
    desk: Desk, form: dict[str, str], words: str
) -> None:
    set_password(desk)
    mine = entered(desk)
    answer = act(desk, mine, "/account/password", **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert OTHER not in answer.text
    assert seen(desk, "/account", mine).status_code == 200
    assert entered(desk)


def test_one_ends_a_session_or_all_others(desk: Desk) -> None:
    set_password(desk)
    mine, phone, laptop = entered(desk), entered(desk, IPHONE), entered(desk)
    listed = desk.world.read(accounts.list_own_sessions, desk.world.actor("STP"))
    of_phone = next(one["id"] for one in listed if "iPhone" in one["device"])
    assert act(desk, mine, f"/account/sessions/{of_phone}/end").status_code == 303
    assert seen(desk, "/account", phone).status_code == 303
    assert seen(desk, "/account", laptop).status_code == 200
    assert act(desk, mine, "/account/sessions/others/end").status_code == 303
    assert seen(desk, "/account", laptop).status_code == 303
    assert seen(desk, "/account", mine).status_code == 200


def test_sessions_of_others_are_not_there(desk: Desk) -> None:
    desk.as_("STC").get("/account")
    theirs = desk.world.read(accounts.list_own_sessions, desk.world.actor("STC"))[0]["id"]
    for ident in (theirs, 999_999, "x", "-1", 2**70):
        assert desk.as_("STP").post(f"/account/sessions/{ident}/end").status_code == 404
    assert desk.as_("STC").get("/account").status_code == 200


def test_what_browsers_call_themselves_is_put_in_words_and_never_trusted(desk: Desk) -> None:
    assert in_words(CHROME) == "Chrome trên Windows"
    assert in_words(CHROME.replace("Safari/537.36", "Safari/537.36 Edg/137.0")) == "Edge trên Windows"
    assert in_words("coc_coc_browser/124 " + CHROME) == "Cốc Cốc trên Windows"
    assert in_words("Mozilla/5.0 (Android 15; Mobile; rv:139.0) Gecko/139.0 Firefox/139.0") == "Firefox trên Android"
    assert in_words("<script>alert(1)</script>") == in_words("") == "Trình duyệt khác"
    set_password(desk)
    page = seen(desk, "/account", entered(desk, "<script>alert(1)</script>" * 100)).text
    assert "<script>alert" not in page


def test_the_address_of_the_form_leads_back_when_opened_again(desk: Desk) -> None:
    assert desk.get("/account/password").headers["location"] == "/account"
