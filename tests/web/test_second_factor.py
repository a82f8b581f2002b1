"""Turning a second factor on, signing in with it and losing the telephone, on the pages."""

import re
from datetime import timedelta
from typing import Any

import pytest

from app import accounts
from app.accounts.second_factor import entering
from app.core.access import Role
from app.settings import _ROLES
from tests.authenticator import Phone
from tests.domain.second_factor_scene import hurry
from tests.routes import page_addresses
from tests.web.conftest import Desk
from tests.web.test_account import act
from tests.web.test_every_route import filled
from tests.web.test_signin import GOOD, OTHER, cookie_of, seen, send, set_password

PAGE = "/account/second-factor"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the pause nor argon2 is what is tried here."""
    hurry(monkeypatch)


def entered(desk: Desk, name: str = "stp") -> str:
    return cookie_of(send(desk, "/signin", name=name, password=GOOD))


def key_on(page: str) -> str:
    found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page)
    assert found is not None, page
    return found[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([A-Z2-7-]+)</code></li>", page)


def enrol(desk: Desk) -> tuple[Phone, list[str], str]:
    """STP's phone, recovery codes and session; a minute later, so that the next code is another one."""
    set_password(desk)
    cookie = entered(desk)
    begun = act(desk, cookie, PAGE, current=GOOD)
    assert begun.headers["location"] == PAGE
    phone = Phone(key_on(seen(desk, PAGE, cookie).text))
    done = act(desk, cookie, f"{PAGE}/confirmation", code=phone.code(desk.world.now))
    assert done.status_code == 200, done.text
    desk.world.now += timedelta(minutes=1)
    return phone, codes_on(done.text), cookie


def half(desk: Desk, **form: str) -> str:
    answer = send(desk, "/signin", name="stp", password=GOOD, **form)
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    assert (answer.status_code, name) == (303, "khacphuc-half")
    assert answer.headers["location"].startswith("/signin/code")
    return value


def enter(desk: Desk, token: str, **form: str) -> Any:
    return send(desk, "/signin/code", headers={"Cookie": f"khacphuc-half={token}"}, **form)


def test_a_person_turns_it_on_signs_in_with_it_and_turns_it_off(desk: Desk) -> None:
    phone, told, cookie = enrol(desk)
    assert len(told) == 10
    assert "còn 10 mã khôi phục" in seen(desk, "/account", cookie).text
    page = seen(desk, PAGE, cookie).text
    assert "Đang bật" in page
    assert phone.secret not in page.replace(" ", "")
    answer = send(desk, "/signin", name="stp", password=GOOD, next="/shares")
    assert answer.headers["location"] == "/signin/code?next=%2Fshares"
    settings = answer.headers["set-cookie"]
    assert all(word in settings for word in ("HttpOnly", "Max-Age=300", "SameSite=lax"))
    token = half(desk)
    form = desk.http.get("/signin/code?next=/shares", headers={"Cookie": f"khacphuc-half={token}"}).text
    assert 'inputmode="numeric"' in form
    assert 'autocomplete="one-time-code"' in form
    assert 'name="next" value="/shares"' in form
    code = phone.code(desk.world.now)
    done = enter(desk, token, code=f"{code[:3]} {code[3:]}", next="/shares")
    assert (done.status_code, done.headers["location"]) == (303, "/shares")
    assert seen(desk, "/shares", cookie_of(done)).status_code == 200
    assert 'khacphuc-half=""' in done.headers["set-cookie"]
    off = act(desk, cookie_of(done), f"{PAGE}/off", current=GOOD, code=told[0])
    assert off.headers["location"] == f"{PAGE}?done=second-factor-off"
    assert seen(desk, "/tasks", entered(desk)).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_half_way_opens_no_page_and_sends_no_form(desk: Desk) -> None:
    enrol(desk)
    token = half(desk)
    for name in ("khacphuc", "khacphuc-half"):
        for one in page_addresses(desk.http.app):
            if one.path in PUBLIC:
                continue
            desk.http.cookies.clear()
            csrf = {"csrf": accounts.sessions.csrf_of(token)} if one.method == "POST" else None
            answer = desk.http.request(
                one.method,
                filled(one.path, 0),
                data=csrf,
                headers={"Cookie": f"{name}={token}"},
                follow_redirects=False,
            )
            assert answer.status_code == 303, one
            assert answer.headers["location"].startswith("/signin"), one
    answer = desk.http.get("/api/v1/tasks", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


PUBLIC = {"/signin", "/signin/code", "/password/{token}", "/calendar/{token}.ics", "/docs"}


def test_a_wrong_or_used_code_is_refused_in_the_same_words_and_never_echoed(desk: Desk) -> None:
    phone, told, _ = enrol(desk)
    token, right = half(desk), phone.code(desk.world.now)
    assert enter(desk, half(desk), code=right).status_code == 303
    pages = []
    for code in (phone.wrong(desk.world.now), right, "khong-co-1"):
        answer = enter(desk, token, code=code, next="/shares")
        assert answer.status_code == 401
        assert code not in answer.text
        pages.append(answer.text)
    assert len(set(pages)) == 1
    assert 'name="next" value="/shares"' in pages[0]
    by_recovery = enter(desk, token, recovery="ABCD-EFGH")
    assert by_recovery.status_code == 401
    assert "<details open>" in by_recovery.text
    empty = enter(desk, token, code="")
    assert empty.status_code == 422
    assert "Hãy nhập mã" in empty.text
    assert enter(desk, token, recovery=told[0]).status_code == 303


def test_too_many_wrong_codes_lead_back_to_the_password_and_say_until_when(desk: Desk) -> None:
    phone, _, _ = enrol(desk)
    token = half(desk)
    answers = [enter(desk, token, code=phone.wrong(desk.world.now, n)) for n in range(5)]
    assert [one.status_code for one in answers] == [401] * 4 + [429]
    assert "thử lại sau 15 phút" in answers[-1].text
    assert answers[-1].headers["retry-after"] == "900"
    assert 'action="/signin"' in answers[-1].text
    again = enter(desk, half(desk), code=phone.code(desk.world.now))
    assert again.status_code == 429
    page = f"/accounts/{desk.world.actor('STP').account_id}"
    assert "sai mật khẩu hoặc mã" in desk.as_("admin").get(page).text
    assert desk.as_("admin").post(f"{page}/unlock").status_code == 303
    assert enter(desk, half(desk), code=phone.code(desk.world.now)).status_code == 303
    assert "người biết mật khẩu, khi nhập mã" in desk.as_("admin").get("/audit").text


def test_who_takes_too_long_begins_with_the_password(desk: Desk) -> None:
    phone, _, _ = enrol(desk)
    token = half(desk)
    desk.world.now += timedelta(minutes=5)
    shown = desk.http.get("/signin/code", headers={"Cookie": f"khacphuc-half={token}"}, follow_redirects=False)
    assert shown.headers["location"] == "/signin?next=%2F"
    for made_up in (token, "", "x" * 43):
        answer = enter(desk, made_up, code=phone.code(desk.world.now))
        assert answer.status_code == 401
        assert "Hãy đăng nhập lại" in answer.text


def test_who_is_put_out_while_a_wrong_code_is_looked_at_begins_with_the_password(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, _, _ = enrol(desk)
    token = half(desk)

    async def put_out(_began: float) -> None:
        desk.world.write(accounts.end_sessions, desk.world.actor("admin"), desk.world.actor("STP").account_id)

    monkeypatch.setattr(entering, "pause", put_out)
    answer = enter(desk, token, code=phone.wrong(desk.world.now), next="/shares")
    assert answer.status_code == 401
    assert 'action="/signin"' in answer.text
    assert 'name="next" value="/shares"' in answer.text


def test_somebody_who_knows_the_password_never_sees_the_key_of_another_session(desk: Desk) -> None:
    set_password(desk)
    cookie = entered(desk)
    act(desk, cookie, PAGE, current=GOOD)
    key = key_on(seen(desk, PAGE, cookie).text)
    later = entered(desk)
    for page in (PAGE, "/account"):
        assert key not in seen(desk, page, later).text.replace(" ", "")
    assert "Nhập mật khẩu để bắt đầu" in seen(desk, PAGE, later).text


def test_another_site_cannot_enter_a_code(desk: Desk) -> None:
    phone, _, _ = enrol(desk)
    token = half(desk)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        cookie = {"Cookie": f"khacphuc-half={token}"}
        answer = send(desk, "/signin/code", headers=cookie | headers, code=phone.code(desk.world.now))
        assert answer.status_code == 403
    assert enter(desk, token, code=phone.code(desk.world.now)).status_code == 303


def test_a_session_planted_before_the_code_is_worth_nothing_after(desk: Desk) -> None:
    phone, _, _ = enrol(desk)
    set_password(desk, "STC")
    planted = cookie_of(send(desk, "/signin", name="stc", password=GOOD))
    answer = send(
        desk,
        "/signin/code",
        headers={"Cookie": f"khacphuc-half={half(desk)}; khacphuc={planted}"},
        code=phone.code(desk.world.now),
    )
    assert cookie_of(answer) != planted
    assert seen(desk, "/tasks", planted).status_code == 303


def test_a_password_link_sets_the_password_and_asks_for_the_code_all_the_same(desk: Desk) -> None:
    enrol(desk)
    set_password(desk, password=OTHER)
    assert send(desk, "/signin", name="stp", password=OTHER).headers["location"].startswith("/signin/code")


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("", {}, "Hãy nhập mật khẩu hiện tại"),
        ("", {"current": OTHER}, "Mật khẩu hiện tại không đúng"),
        ("/confirmation", {}, "Hãy nhập mã"),
        ("/confirmation", {"code": "12345"}, "đặt giờ tự động"),
    ],
)
def test_what_is_wrong_while_turning_it_on_comes_back_with_words(
    desk: Desk, path: str, form: dict[str, str], words: str
) -> None:
    set_password(desk)
    cookie = entered(desk)
    act(desk, cookie, PAGE, current=GOOD)
    answer = act(desk, cookie, PAGE + path, **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert OTHER not in answer.text
    assert key_on(answer.text) == key_on(seen(desk, PAGE, cookie).text)


def test_new_recovery_codes_are_shown_once(desk: Desk) -> None:
    phone, told, cookie = enrol(desk)
    wrong = act(desk, cookie, f"{PAGE}/recovery-codes", **{"renewal-code": phone.wrong(desk.world.now)})
    assert wrong.status_code == 422
    assert 'href="#renewal-code"' in wrong.text
    fresh = act(desk, cookie, f"{PAGE}/recovery-codes", **{"renewal-code": phone.code(desk.world.now)})
    assert fresh.headers["cache-control"] == "no-store"
    assert len(set(codes_on(fresh.text)) - set(told)) == 10
    again = seen(desk, f"{PAGE}/recovery-codes", cookie)
    assert again.headers["location"] == PAGE
    assert codes_on(seen(desk, PAGE, cookie).text) == []


def test_the_picture_holds_the_key_and_keeps_to_the_content_policy(desk: Desk) -> None:
    set_password(desk)
    cookie = entered(desk)
    act(desk, cookie, PAGE, current=GOOD)
    page = seen(desk, PAGE, cookie)
    assert page.headers["cache-control"] == "no-store"
    assert 'src="data:image/svg+xml' in page.text
    assert f"secret={key_on(page.text)}" in page.text  # the address for the phone itself
    assert "stp%40127.0.0.1" in page.text
    assert not re.search(r"<style|style=|<script(?![^>]* src=)", page.text)


def test_an_administrator_takes_it_off_with_a_reason(desk: Desk) -> None:
    _, _, cookie = enrol(desk)
    page = f"/accounts/{desk.world.actor('STP').account_id}"
    assert "hai bước" in desk.as_("admin").get("/accounts").text
    missing = desk.as_("admin").post(f"{page}/second-factor/removal", {"reason": " "})
    assert missing.status_code == 422
    assert "Hãy ghi lý do" in missing.text
    assert desk.as_("coordinator").post(f"{page}/second-factor/removal", {"reason": "x"}).status_code == 403
    done = desk.as_("admin").post(f"{page}/second-factor/removal", {"reason": "Mất điện thoại"})
    assert done.headers["location"] == f"{page}?done=second-factor-removed"
    assert seen(desk, "/account", cookie).status_code == 303
    assert "Gỡ xác thực hai bước của tài khoản" in desk.as_("admin").get("/audit").text
    assert seen(desk, "/tasks", entered(desk)).status_code == 200


# Roles that must have one


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whoever_must_have_one_is_led_to_it_before_anything_else(desk: Desk) -> None:
    desk.http.app.state.settings.second_factor_roles = "agency"
    set_password(desk)
    cookie = entered(desk)
    csrf = accounts.sessions.csrf_of(cookie)
    for one in page_addresses(desk.http.app):
        if one.path in PUBLIC or one.path.startswith(PAGE) or one.path == "/signout":
            continue
        desk.http.cookies.clear()
        answer = desk.http.request(
            one.method,
            filled(one.path, 0),
            data={"csrf": csrf} if one.method == "POST" else None,
            headers={"Cookie": f"khacphuc={cookie}"},
            follow_redirects=False,
        )
        assert (answer.status_code, answer.headers.get("location")) == (303, PAGE), one
    page = seen(desk, PAGE, cookie).text
    assert "phải bật xác thực hai bước" in page
    assert 'href="/tasks"' not in page
    act(desk, cookie, PAGE, current=GOOD)
    phone = Phone(key_on(seen(desk, PAGE, cookie).text))
    done = act(desk, cookie, f"{PAGE}/confirmation", code=phone.code(desk.world.now))
    assert 'href="/tasks"' in done.text
    assert seen(desk, "/tasks", cookie).status_code == 200
    assert desk.as_("coordinator").get("/desk").status_code == 200  # not in the list


def test_whoever_must_have_one_may_sign_out_and_programs_go_on(desk: Desk) -> None:
    desk.http.app.state.settings.second_factor_roles = "agency"
    set_password(desk)
    cookie = entered(desk)
    issued = desk.world.write(
        accounts.create_key, desk.world.actor("admin"), desk.world.actor("STP").account_id, label="", days=None
    )
    assert desk.http.get("/api/v1/tasks", headers={"Authorization": f"Bearer {issued.key}"}).status_code == 200
    assert act(desk, cookie, "/signout").headers["location"] == "/signin?done=signed-out"


def test_the_setting_knows_every_role_and_no_other() -> None:
    assert set(_ROLES) == set(Role)
