"""Signing in through the page, and the page of a one-time link: what people see and what attackers try."""

from typing import Any

import pytest

from app import accounts
from app.accounts import signing_in
from app.core.access import SYSTEM
from tests.web.conftest import Desk

GOOD = "Năm con gà chạy nhanh"
OTHER = "Cây cầu tím dưới mưa"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "SECONDS_OF_REFUSAL", 0.0)


def link_of(desk: Desk, who: str = "STP") -> str:
    made = desk.world.write(accounts.create_link, SYSTEM, desk.world.actor(who).account_id)
    return str(made.path)


def send(desk: Desk, path: str, cookie: str | None = None, headers: dict[str, str] | None = None, **form: Any) -> Any:
    """A form from a browser that keeps nothing but the cookie given."""
    desk.http.cookies.clear()
    sent = {"Cookie": f"khacphuc={cookie}"} if cookie else {}
    return desk.http.post(path, data=form, headers={**sent, **(headers or {})}, follow_redirects=False)


def set_password(desk: Desk, who: str = "STP", password: str = GOOD) -> None:
    done = send(desk, link_of(desk, who), password=password, repeated=password)
    assert done.status_code == 303, done.text


def cookie_of(answer: Any) -> str:
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    assert name == "khacphuc"
    return str(value)


def seen(desk: Desk, path: str, cookie: str) -> Any:
    desk.http.cookies.clear()
    return desk.http.get(path, headers={"Cookie": f"khacphuc={cookie}"}, follow_redirects=False)


def test_a_person_sets_a_password_by_link_signs_in_works_and_signs_out(desk: Desk) -> None:
    path = link_of(desk)
    page = desk.http.get(path)
    assert page.status_code == 200
    assert "stp" in page.text
    assert desk.http.get(path).status_code == 200  # whoever only looks uses nothing up
    done = send(desk, path, password=GOOD, repeated=GOOD)
    assert (done.status_code, done.headers["location"]) == (303, "/signin?done=password-set&name=stp")
    desk.http.cookies.clear()
    page = desk.http.get(done.headers["location"])
    assert "Đã đặt mật khẩu" in page.text
    assert 'value="stp"' in page.text

    entered = send(desk, "/signin", name="stp", password=GOOD, next="/")
    assert (entered.status_code, entered.headers["location"]) == (303, "/tasks")
    settings = entered.headers["set-cookie"].lower()
    assert "httponly" in settings
    assert "samesite=lax" in settings
    cookie = cookie_of(entered)
    assert seen(desk, "/tasks", cookie).status_code == 200

    csrf = accounts.sessions.csrf_of(cookie)
    assert send(desk, "/signout", cookie, csrf=csrf).status_code == 303
    assert seen(desk, "/tasks", cookie).status_code == 303  # the cookie is worth nothing any more


def test_a_used_or_invented_link_says_what_to_do(desk: Desk) -> None:
    path = link_of(desk)
    send(desk, path, password=GOOD, repeated=GOOD)
    for useless in (path, "/password/" + "x" * 43, "/password/%C3%A1", "/password/" + "x" * 5_000):
        for answer in (desk.http.get(useless), send(desk, useless, password=OTHER, repeated=OTHER)):
            assert answer.status_code == 404
            assert "xin quản trị viên một liên kết mới" in answer.text
    assert send(desk, "/signin", name="stp", password=OTHER).status_code == 401


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"password": GOOD, "repeated": OTHER}, "không giống nhau"),
        ({"password": "1234567890", "repeated": "1234567890"}, "dễ đoán"),
        ({"password": "x" * 400_000, "repeated": "x" * 400_000}, "tối đa 128"),
        ({}, "ít nhất 10"),
    ],
)
def test_a_password_that_is_no_good_comes_back_with_words_and_is_never_echoed(
    desk: Desk, form: dict[str, str], words: str
) -> None:
    path = link_of(desk)
    answer = send(desk, path, **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert not any(typed in answer.text for typed in form.values())
    assert send(desk, path, password=GOOD, repeated=GOOD).status_code == 303


def test_a_refusal_keeps_the_name_never_the_password_and_does_not_tell_why(desk: Desk) -> None:
    set_password(desk)
    pages = []
    for name in ("stp", "nobody"):
        answer = send(desk, "/signin", name=name, password="sai mật khẩu", next="/shares")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert f'value="{name}"' in answer.text
        assert "sai mật khẩu" not in answer.text
        assert 'name="next" value="/shares"' in answer.text
        pages.append(answer.text.replace(name, ""))
    assert pages[0] == pages[1]


def test_a_name_that_is_locked_says_until_when_whether_or_not_somebody_has_it(desk: Desk) -> None:
    set_password(desk)
    pages = []
    for name in ("stp", "nobody"):
        for _ in range(5):
            assert send(desk, "/signin", name=name, password=OTHER).status_code == 401
        locked = send(desk, "/signin", name=name, password=GOOD)
        assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")
        assert "thử lại sau 15 phút" in locked.text
        pages.append(locked.text.replace(name, ""))
    assert pages[0] == pages[1]
    set_password(desk)  # a new link from the administrator opens it again
    assert send(desk, "/signin", name="stp", password=GOOD).status_code == 303


def test_a_browser_is_known_again_by_a_cookie_of_its_own_that_signs_nobody_in(desk: Desk) -> None:
    set_password(desk)
    entered = send(desk, "/signin", name="stp", password=GOOD)
    session, known = (held.partition(";") for held in entered.headers.get_list("set-cookie"))
    assert "HttpOnly" in known[2]
    assert "Max-Age=2592000" in known[2]
    name, _, value = known[0].partition("=")
    assert seen(desk, "/tasks", value).status_code == 303
    for _ in range(5):
        send(desk, "/signin", name="stp", password=OTHER)
    assert send(desk, "/signin", name="stp", password=GOOD).status_code == 429
    again = send(desk, "/signin", name="stp", password=GOOD, headers={"Cookie": f"{name}={value}"})
    assert again.status_code == 303
    assert f"{name}={value};" in again.headers["set-cookie"]
    assert value not in session[0]


@pytest.mark.parametrize(
    "next",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/\tx", "", "x"],
)
def test_signing_in_never_leads_to_another_site(desk: Desk, next: str) -> None:
    set_password(desk)
    answer = send(desk, "/signin", name="stp", password=GOOD, next=next)
    assert answer.status_code == 303
    assert answer.headers["location"] in ("/tasks", "/x")
    back = desk.as_("STP").get("/signin", params={"next": next})
    assert back.status_code == 303
    assert back.headers["location"] == "/"


def test_signing_in_leads_where_one_wanted_to_go(desk: Desk) -> None:
    set_password(desk)
    answer = send(desk, "/signin", name="stp", password=GOOD, next="/tasks?status=returned")
    assert answer.headers["location"] == "/tasks?status=returned"


def test_whoever_is_signed_in_goes_home(desk: Desk) -> None:
    assert desk.as_("STP").get("/signin").headers["location"] == "/"
    assert desk.as_("STP").get("/").headers["location"] == "/tasks"
    assert desk.as_("STP").get("/signin?done=password-set").status_code == 200


def test_another_site_cannot_sign_somebody_in(desk: Desk) -> None:
    set_password(desk)
    link = link_of(desk, "STC")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        for path, form in (
            ("/signin", {"name": "stp", "password": GOOD}),
            (link, {"password": GOOD, "repeated": GOOD}),
        ):
            answer = send(desk, path, headers=headers, **form)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
    assert desk.http.get(link).status_code == 200


def test_a_session_planted_before_signing_in_is_worth_nothing_after(desk: Desk) -> None:
    set_password(desk)
    set_password(desk, "STC")
    planted = cookie_of(send(desk, "/signin", name="stc", password=GOOD))
    entered = cookie_of(send(desk, "/signin", planted, name="stp", password=GOOD))
    assert entered != planted
    assert seen(desk, "/tasks", planted).status_code == 303
    invented = cookie_of(send(desk, "/signin", "x" * 43, name="stp", password=GOOD))
    assert invented != "x" * 43


def test_strange_forms_are_answered_with_a_page(desk: Desk) -> None:
    boundary = "b" * 20
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="%s"\r\n\r\n\\ud800\\u0000\r\n'
    body = "".join(part % name for name in ("name", "password", "next")) + f"--{boundary}--\r\n"
    kind = f"multipart/form-data; boundary={boundary}; charset=unicode_escape"
    answers = [
        desk.http.post("/signin", content=body, headers={"Content-Type": kind}),
        desk.http.post("/signin", content=b"{}", headers={"Content-Type": "application/json"}),
        desk.http.post("/signin", content=b"name=%ED%A0%80%00&password=%00%FF", headers={
            "Content-Type": "application/x-www-form-urlencoded"
        }),
        desk.http.post("/signin", files={"password": b"x"}, data={"name": "stp"}),
        desk.http.post("/signin", data={"name": ["stp"] * 3_000, "password": "x"}),
        send(desk, "/signin", name="a" + "\u0301" * 100_000, password="x"),
        send(desk, "/signin", name="", password=""),
        send(desk, "/signin", name="stp", password=""),
    ]  # fmt: skip
    for answer in answers:
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_pages_that_take_a_password_are_kept_nowhere(desk: Desk) -> None:
    for path in ("/signin", link_of(desk)):
        headers = desk.http.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
