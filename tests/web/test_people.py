"""Accounts and keys as an administrator handles them in a browser."""

import re
from typing import Any

import pytest

from app import accounts
from app.core.access import SYSTEM
from tests.conftest import World
from tests.web.conftest import Desk
from tests.web.test_signin import GOOD, cookie_of, seen, send, set_password

FORM = {"name": "an.stp", "display_name": "Phó Giám đốc Sở", "role": "agency", "agency": "soc-trang/STP"}


def make(world: World, name: str, **more: Any) -> int:
    fields = {"display_name": "", "role": "agency", "province": None, "agency": "STP", **more}
    return int(world.write(accounts.create_account, SYSTEM, name=name, **fields)["id"])


def value_of(page: str, name: str) -> str:
    found = re.search(rf'value="([^"]*)" id="{name}"', page)
    assert found is not None, page
    return found[1]


def test_only_administrators_see_and_do_any_of_it(desk: Desk) -> None:
    ident = make(desk.world, "an.stp")
    for who in ("STP", "coordinator", "leadership"):
        for path in ("/accounts", "/accounts/new", f"/accounts/{ident}"):
            assert desk.as_(who).get(path).status_code == 403, path
        for path in (
            "/accounts", f"/accounts/{ident}", f"/accounts/{ident}/link", f"/accounts/{ident}/keys",
            f"/accounts/{ident}/active", f"/accounts/{ident}/sessions/end", f"/accounts/{ident}/keys/1/revocation",
        ):  # fmt: skip
            answer = desk.as_(who).post(path, FORM)
            assert answer.status_code == 403, path
            assert "/password/" not in answer.text


def test_a_button_that_says_neither_on_nor_off_changes_nothing(desk: Desk) -> None:
    ident = make(desk.world, "an.stp")
    for said in ({}, {"active": ""}, {"active": "có"}):
        assert desk.as_("admin").post(f"/accounts/{ident}/active", said).status_code == 422
    assert "Khóa tài khoản" in desk.as_("admin").get(f"/accounts/{ident}").text


def test_an_account_that_is_locked_shows_it_and_is_unlocked(desk: Desk) -> None:
    set_password(desk)
    page = f"/accounts/{desk.world.actor('STP').account_id}"
    assert "Mở khóa" not in desk.as_("admin").get(page).text
    for _ in range(5):
        send(desk, "/signin", name="stp", password="sai mật khẩu")
    shown = desk.as_("admin").get(page).text
    assert "đang bị tạm khóa đến 09:15" in shown
    assert "liên kết mới cũng mở khóa" in shown
    assert "đang bị tạm khóa" in desk.as_("admin").get("/accounts").text
    assert desk.as_("STP").post(f"{page}/unlock").status_code == 403
    done = desk.as_("admin").post(f"{page}/unlock")
    assert done.headers["location"] == f"{page}?done=account-unlocked"
    assert "đang bị tạm khóa" not in desk.as_("admin").get(page).text
    assert send(desk, "/signin", name="stp", password=GOOD).status_code == 303
    log = desk.as_("admin").get("/audit").text
    assert "Mở khóa đăng nhập cho tài khoản" in log
    assert "một địa chỉ mạng" in log


def test_an_account_is_made_gets_a_link_and_its_owner_signs_in(desk: Desk) -> None:
    admin = desk.as_("admin")
    assert "Sở Tư pháp (STP)" in admin.get("/accounts/new").text
    made = admin.post("/accounts", {**FORM, "name": " An.STP ", "drafts_only": "1"})
    assert made.status_code == 303, made.text
    path = made.headers["location"].partition("?")[0]
    page = admin.get(made.headers["location"]).text
    assert "Hãy tạo liên kết" in page
    assert "chỉ soạn thảo" in page
    shown = admin.post(f"{path}/link")
    assert shown.headers["cache-control"] == "no-store"
    link = value_of(shown.text, "link")
    assert link.startswith("http://127.0.0.1:8000/password/")
    assert link not in admin.get(path).text
    send(desk, link.removeprefix("http://127.0.0.1:8000"), password=GOOD, repeated=GOOD)
    cookie = cookie_of(send(desk, "/signin", name="an.stp", password=GOOD))
    assert "chỉ soạn thảo" in seen(desk, "/account", cookie).text
    assert "Trình duyệt khác" in admin.get(path).text
    admin.post(f"{path}/sessions/end")
    assert seen(desk, "/account", cookie).status_code == 303


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "Tên Có Dấu"}, "a–z, 0–9"),
        ({"name": "x" * 5_000}, "a–z, 0–9"),
        ({"agency": ""}, "cần mã cơ quan"),
        ({"agency": "soc-trang/NOPE"}, "Không có cơ quan NOPE"),
        ({"agency": "\0/\0"}, "Không có"),
        ({"role": "king"}, "Vai trò"),
        ({"role": "leadership"}, "không thuộc cơ quan nào"),
        ({"role": "coordinator", "drafts_only": "1", "agency": ""}, "chỉ soạn thảo"),
        ({"display_name": "x" * 201}, "tối đa 200"),
    ],
)
def test_what_cannot_be_made_comes_back_as_it_was_typed(desk: Desk, changed: dict[str, str], words: str) -> None:
    answer = desk.as_("admin").post("/accounts", FORM | changed)
    assert answer.status_code == 422, answer.text
    assert words in answer.text
    assert value_of(answer.text, "display_name") == (FORM | changed)["display_name"]


def test_names_are_given_once(desk: Desk) -> None:
    make(desk.world, "an.stp")
    answer = desk.as_("admin").post("/accounts", FORM)
    assert answer.status_code == 409
    assert "Hãy chọn tên khác" in answer.text


def test_two_hundred_accounts_are_filtered_and_paged(desk: Desk) -> None:
    with desk.world.db.transaction() as connection:
        for number in range(200):
            accounts.create_account(
                connection, SYSTEM, name=f"u{number:03}", display_name=f"Cán bộ Đỗ {number}", role="agency",
                province=None, agency="STC" if number % 2 else "STP", now=desk.world.now,
            )  # fmt: skip
    admin = desk.as_("admin")
    first = admin.get("/accounts")
    assert "1–50 trong 201" in first.text
    assert len(first.content) < 60_000
    assert "u150" in admin.get("/accounts?offset=150").text
    assert "trong 100" in admin.get("/accounts?q=so+tu+phap").text
    assert "u007" in admin.get("/accounts?q=DO+7").text
    assert "Không có tài khoản nào như vậy" in admin.get("/accounts?state=off").text
    assert "Không có tài khoản nào như vậy" in admin.get("/accounts?role=leadership").text
    assert "201" in admin.get("/accounts?state=").text
    for odd in ("role=king", "offset=-1", "offset=%C2%B2", "state=x", "q=%00", "q=" + "x" * 3_000):
        assert admin.get(f"/accounts?{odd}").status_code == 200, odd


def test_a_name_is_changed_and_whoever_drafts_may_submit_from_now_on(desk: Desk) -> None:
    ident = make(desk.world, "an.stp", drafts_only=True)
    key = desk.world.write(accounts.create_key, SYSTEM, ident, label="", days=None).key
    admin, bearer = desk.as_("admin"), {"Authorization": f"Bearer {key}"}
    assert desk.http.get("/api/v1/tasks?limit=1", headers=bearer).status_code == 200
    bad = admin.post(f"/accounts/{ident}", {"display_name": " "})
    assert bad.status_code == 422
    done = admin.post(f"/accounts/{ident}", {"display_name": "Lê Thị Bình"})
    assert done.headers["location"] == f"/accounts/{ident}?done=account-changed"
    after = desk.world.read(accounts.get_account, SYSTEM, ident)
    assert (after["display_name"], after["drafts_only"]) == ("Lê Thị Bình", False)


def test_an_account_that_is_switched_off_is_out_at_once_and_its_key_too(desk: Desk) -> None:
    set_password(desk)
    cookie = cookie_of(send(desk, "/signin", name="stp", password=GOOD))
    ident = desk.world.actor("STP").account_id
    key = desk.world.write(accounts.create_key, SYSTEM, ident, label="", days=None).key
    bearer = {"Authorization": f"Bearer {key}"}
    assert desk.http.get("/api/v1/tasks", headers=bearer).status_code == 200
    admin = desk.as_("admin")
    assert admin.post(f"/accounts/{ident}/active", {"active": "0"}).status_code == 303
    assert desk.http.get("/api/v1/tasks", headers=bearer).status_code == 401
    assert seen(desk, "/tasks", cookie).status_code == 303
    assert admin.post(f"/accounts/{ident}/link").status_code == 409
    assert admin.post(f"/accounts/{ident}/keys", {"label": "x"}).status_code == 409
    assert admin.post(f"/accounts/{ident}/active", {"active": "1"}).status_code == 303
    assert seen(desk, "/tasks", cookie).status_code == 303
    own = desk.world.actor("admin").account_id
    assert admin.post(f"/accounts/{own}/active", {"active": "0"}).status_code == 409


def test_a_key_is_shown_once_and_revoked(desk: Desk) -> None:
    admin, ident = desk.as_("admin"), make(desk.world, "an.stp")
    shown = admin.post(f"/accounts/{ident}/keys", {"label": "Văn bản", "days": "30"})
    key = value_of(shown.text, "key")
    bearer = {"Authorization": f"Bearer {key}"}
    assert desk.http.get("/api/v1/tasks", headers=bearer).status_code == 200
    page = admin.get(f"/accounts/{ident}").text
    assert key not in page
    found = re.search(rf"/accounts/{ident}/keys/\d+/revocation", page)
    assert found is not None
    assert admin.post(found[0]).status_code == 303
    assert desk.http.get("/api/v1/tasks", headers=bearer).status_code == 401
    assert "đã thu hồi" in admin.get(f"/accounts/{ident}").text


@pytest.mark.parametrize("days", ["0", "-1", "3651", "ba mươi", "1e3", "9" * 40])
def test_a_validity_that_is_none_makes_no_key(desk: Desk, days: str) -> None:
    ident = make(desk.world, "an.stp")
    answer = desk.as_("admin").post(f"/accounts/{ident}/keys", {"label": "Văn bản", "days": days})
    assert answer.status_code == 422
    assert value_of(answer.text, "label") == "Văn bản"
    page = desk.world.read(accounts.page_keys, SYSTEM, account=ident, limit=1, offset=0)
    assert page["total"] == 0


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    admin = desk.as_("admin")
    for ident in ("999999", "x", "-1", "9" * 40):
        assert admin.get(f"/accounts/{ident}").status_code == 404
        for path in ("", "/link", "/keys", "/active", "/sessions/end"):
            assert admin.post(f"/accounts/{ident}{path}", {"display_name": "x"}).status_code == 404, path
    assert admin.post("/accounts/1/keys/999999/revocation").status_code == 404
    ident = make(desk.world, "an.stp")
    assert admin.get(f"/accounts/{ident}/link").headers["location"] == f"/accounts/{ident}"


def test_what_people_call_themselves_is_text(desk: Desk) -> None:
    ident = make(desk.world, "an.stp", display_name='<img src=x onerror="1">')
    for path in ("/accounts", f"/accounts/{ident}"):
        assert "<img src=x" not in desk.as_("admin").get(path).text
