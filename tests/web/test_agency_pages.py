"""Agencies as pages: who answers for what, whom letters reach, new names, successors."""

from typing import Any

import pytest

from app import agencies, tasks
from app.agencies import NewContact
from tests.web.conftest import Desk

CONTACT = {"kind": "head", "name": "Trần Văn Bảy", "email": "bay@stp.example"}


def contacts(desk: Desk, **wanted: Any) -> list[dict[str, Any]]:
    found = desk.world.read(agencies.list_contacts, desk.world.actor("coordinator"), limit=50, offset=0, **wanted)
    items: list[dict[str, Any]] = found["items"]
    return items


def orders(desk: Desk) -> list[dict[str, Any]]:
    found = desk.world.read(agencies.list_orders, desk.world.actor("coordinator"), limit=50, offset=0)
    items: list[dict[str, Any]] = found["items"]
    return items


def lead(desk: Desk, code: str) -> str:
    return str(desk.world.read(tasks.get_task, desk.world.actor("coordinator"), code)["agency"]["code"])


@pytest.mark.parametrize("who", ["coordinator", "leadership", "admin", "SKHCN"])
def test_the_list_is_everybodys(desk: Desk, who: str) -> None:
    page = desk.as_(who).get("/agencies").text
    assert "Sở Tư pháp" in page
    assert "Trước đây: Sở Kế hoạch và Đầu tư" in page
    assert "cơ quan thường trực" in page
    assert "1,11" in page
    assert ("Thêm cơ quan" in page) == (who == "admin")


def test_whoever_gets_no_letters_is_marked(desk: Desk) -> None:
    assert "thư nhắc việc của cơ quan này không đến được ai" in desk.get("/agencies/STP").text
    desk.post("/agencies/contacts/new?agency=STP", CONTACT)
    page = desk.get("/agencies/STP").text
    assert "không đến được ai" not in page
    assert "bay@stp.example" in page
    hidden = desk.as_("leadership").get("/agencies/STP").text
    assert "bay@stp.example" not in hidden
    assert "Thêm đầu mối" not in hidden


def test_a_contact_is_added_changed_and_switched_off(desk: Desk) -> None:
    answer = desk.post("/agencies/contacts/new?agency=STP", CONTACT)
    assert answer.headers["location"] == "/agencies/STP?done=contact-created"
    (one,) = contacts(desk)
    other = NewContact("officer", "Lâm Thị Nhung", "STP", email="nhung@stp.example")
    stand_in = desk.world.write(agencies.create_contact, desk.world.actor("coordinator"), other)
    page = desk.get(f"/agencies/contacts/{one['id']}").text
    assert 'value="bay@stp.example"' in page
    assert "Lâm Thị Nhung (Sở Tư pháp)" in page
    changed = {"absent_from": "01/05/2025", "absent_until": "31/05/2025", "stand_in": str(stand_in["id"])}
    desk.post(f"/agencies/contacts/{one['id']}", CONTACT | {"name": "Trần Văn Tám"} | changed)
    page = desk.get("/agencies/STP").text
    assert "Đang vắng" in page
    assert "Lâm Thị Nhung nhận thay" in page
    desk.post(f"/agencies/contacts/{one['id']}/active", {"active": "0"})
    assert not contacts(desk)[0]["active"]
    assert "đã ngừng dùng" in desk.get("/agencies/STP").text
    desk.post(f"/agencies/contacts/{one['id']}/active", {"active": "1"})
    assert contacts(desk)[0]["active"]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"email": "bay@@x"}, "thư điện tử không đúng"),
        ({"email": "", "webhook_url": ""}, "ít nhất một địa chỉ"),
        ({"webhook_url": "ftp://x/y"}, "webhook phải có dạng"),
        ({"absent_from": "30/02/2025"}, "không phải ngày"),
        ({"absent_from": "02/05/2025", "absent_until": "01/05/2025"}, "Ngày cuối vắng mặt"),
        ({"stand_in": "999"}, "Người thay thế"),
        ({"stand_in": "9" * 30}, "không phải số nguyên"),
        ({"name": " "}, "Tên đầu mối"),
        ({"kind": "leadership"}, "Đầu mối của cơ quan là"),
        ({"kind": ""}, "Đầu mối của cơ quan là"),
    ],
)
def test_a_bad_contact_comes_back_as_it_was_typed(desk: Desk, wrong: dict[str, str], word: str) -> None:
    answer = desk.post("/agencies/contacts/new?agency=STP", CONTACT | wrong)
    assert answer.status_code in (409, 422)
    assert word in answer.text
    assert "officer" not in answer.text.split("<main")[1].split("<form")[0]  # no word of the API's
    if "name" not in wrong:
        assert 'value="Trần Văn Bảy"' in answer.text
    assert contacts(desk) == []


def test_a_webhook_secret_is_shown_once(desk: Desk) -> None:
    hook = {"kind": "officer", "name": "Phần mềm", "webhook_url": "https://hooks.stp.example/in"}
    made = desk.post("/agencies/contacts/new?agency=STP", hook)
    assert made.status_code == 200
    assert "whsec_" in made.text
    (one,) = contacts(desk)
    assert "whsec_" not in desk.get(f"/agencies/contacts/{one['id']}").text
    kept = desk.post(f"/agencies/contacts/{one['id']}", hook)
    assert kept.status_code == 303
    renewed = desk.post(f"/agencies/contacts/{one['id']}", hook | {"new_secret": "1"})
    assert "whsec_" in renewed.text


def test_the_leaderships_contacts(desk: Desk) -> None:
    assert "không đến được ai" in desk.get("/agencies/leadership").text
    answer = desk.post("/agencies/contacts/new", {"name": "Thư ký", "email": "thuky@tinh.example"})
    assert answer.headers["location"] == "/agencies/leadership?done=contact-created"
    assert "Thư ký" in desk.get("/agencies/leadership").text
    assert [one["kind"] for one in contacts(desk)] == ["leadership"]


@pytest.mark.parametrize("who", ["SKHCN", "leadership"])
def test_contacts_are_not_everybodys(desk: Desk, who: str) -> None:
    desk.post("/agencies/contacts/new?agency=STP", CONTACT)
    (one,) = contacts(desk)
    for path in ("/agencies/leadership", "/agencies/contacts/new?agency=STP", f"/agencies/contacts/{one['id']}"):
        assert desk.as_(who).get(path).status_code == 403
    assert desk.as_(who).post(f"/agencies/contacts/{one['id']}", CONTACT).status_code == 403
    assert desk.as_(who).post(f"/agencies/contacts/{one['id']}/active", {"active": "0"}).status_code == 403


@pytest.mark.parametrize("path", ["/agencies/XXX", "/agencies/contacts/77", "/agencies/contacts/x", "/agencies/0"])
def test_the_unknown_is_not_found(desk: Desk, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_an_agency_is_renamed_and_keeps_its_old_name(desk: Desk) -> None:
    admin = desk.as_("admin")
    path = "/agencies/STP/name?province=soc-trang"
    answer = admin.post(path, {"name": "Sở Tư pháp và Hộ tịch", "until": "30/04/2025"})
    assert answer.headers["location"] == "/agencies/STP?province=soc-trang&done=agency-renamed"
    page = admin.get("/agencies/STP?province=soc-trang").text
    assert "Sở Tư pháp (đến hết 30/04/2025)" in page
    empty = admin.post(path, {"name": " "})
    assert empty.status_code == 422
    assert desk.post("/agencies/STP/name", {"name": "X"}).status_code == 403


def test_an_agency_is_added(desk: Desk) -> None:
    admin = desk.as_("admin")
    answer = admin.post("/agencies/new", {"code": "sdt", "name": "Sở Dân tộc và Tôn giáo", "province": "soc-trang"})
    assert answer.headers["location"] == "/agencies/SDT?province=soc-trang&done=agency-created"
    twice = admin.post("/agencies/new", {"code": "SDT", "name": "Sở khác", "province": "soc-trang"})
    assert twice.status_code == 409
    assert 'value="Sở khác"' in twice.text
    assert desk.get("/agencies/new").status_code == 403


def order(successor: str, day: str, **given: str) -> dict[str, str]:
    return {"successor": successor, "effective_from": day, "reason": "Nghị quyết số 1/NQ", "act": "order"} | given


def test_the_preview_says_what_moves_and_moves_nothing(desk: Desk) -> None:
    desk.post("/agencies/contacts/new?agency=STP", CONTACT)
    desk.world.actor("STP")
    answer = desk.post("/agencies/STP/succession", order("VPUB", "01/07/2025", act="preview"))
    assert answer.status_code == 200
    for part in ("5 nhiệm vụ phụ trách", "1 đầu mối liên hệ", "1 tài khoản", "Từ ngày 01/07/2025 chuyển"):
        assert part in answer.text
    assert "Ra quyết định" in answer.text
    assert 'value="01/07/2025"' in answer.text
    assert orders(desk) == []
    assert lead(desk, "ST-2024-TC-03") == "STP"
    assert desk.as_("STP").get("/tasks").status_code == 200  # nobody was signed out


def test_without_a_successor_people_do_not_move(desk: Desk) -> None:
    answer = desk.post("/agencies/STP/succession", order("none", "01/05/2025", act="preview"))
    assert "Khi ra quyết định, chuyển ngay" in answer.text
    assert "không chuyển mà ngừng dùng" in answer.text


def test_an_order_waits_and_can_be_called_off(desk: Desk) -> None:
    answer = desk.post("/agencies/STP/succession", order("VPUB", "01/07/2025"))
    assert answer.headers["location"] == "/agencies/STP?done=succession-ordered"
    (one,) = orders(desk)
    assert lead(desk, "ST-2024-TC-03") == "STP"
    assert "Nghị quyết số 1/NQ" in desk.get("/agencies/STP").text
    assert "Quyết định kế thừa đang chờ đến ngày" in desk.get("/agencies").text
    second = desk.post("/agencies/STP/succession", order("STC", "01/07/2025"))
    assert second.status_code == 409
    assert 'value="01/07/2025"' in second.text
    done = desk.post(f"/agencies/orders/{one['id']}/cancellation")
    assert done.headers["location"] == "/agencies/STP?done=succession-cancelled"
    assert orders(desk)[0]["state"] == "cancelled"


def test_an_order_of_today_is_carried_out(desk: Desk) -> None:
    answer = desk.post("/agencies/STP/succession", order("VPUB", "05/05/2025"))
    assert answer.headers["location"] == "/agencies/STP?done=succession-applied"
    assert lead(desk, "ST-2024-TC-03") == "VPUB"
    page = desk.get("/agencies/STP").text
    assert "Văn phòng Ủy ban nhân dân tỉnh</a> kế thừa nhiệm vụ" in page
    (one,) = orders(desk)
    late = desk.post(f"/agencies/orders/{one['id']}/cancellation")
    assert late.status_code == 409
    assert "không hủy được nữa" in late.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"effective_from": ""},
        {"effective_from": "31/06/2025"},
        {"reason": " "},
        {"successor": "XXX"},
        {"successor": "STP"},
        {"successor": ""},
    ],
)
def test_a_bad_order_comes_back(desk: Desk, wrong: dict[str, str]) -> None:
    answer = desk.post("/agencies/STP/succession", order("VPUB", "01/07/2025") | wrong)
    assert answer.status_code in (409, 422)
    assert "Nghị quyết số 1/NQ" in answer.text or "reason" in wrong
    assert orders(desk) == []


@pytest.mark.parametrize("who", ["SKHCN", "leadership"])
def test_successions_are_the_coordinators(desk: Desk, who: str) -> None:
    assert desk.as_(who).get("/agencies/STP/succession").status_code == 403
    answer = desk.as_(who).post("/agencies/STP/succession", order("VPUB", "05/05/2025"))
    assert answer.status_code == 403
    assert orders(desk) == []
    assert "Kế thừa nhiệm vụ</a>" not in desk.as_(who).get("/agencies/STP").text


def test_a_province_merges_agency_by_agency(desk: Desk) -> None:
    admin = desk.as_("admin")
    page = admin.get("/agencies/merger").text
    assert 'name="map.STP"' in page
    wanted = {
        "old": "soc-trang",
        "heir": "new",
        "successor": "can-tho",
        "successor_name": "Thành phố Cần Thơ",
        "effective_from": "05/05/2025",
        "reason": "Nghị quyết số 202/2025/QH15",
        "map.SNV": "SNV",
        "map.STP": "stp",
    }
    seen = admin.post("/agencies/merger", wanted | {"act": "preview"})
    assert seen.status_code == 200
    assert "48 nhiệm vụ phụ trách" in seen.text
    assert "2 cơ quan có cơ quan kế thừa" in seen.text
    assert "phải đăng nhập lại" in seen.text
    assert "can-tho" not in {one["code"] for one in provinces(desk)}
    done = admin.post("/agencies/merger", wanted)
    assert done.headers["location"] == "/agencies?done=succession-applied"
    assert "can-tho" in {one["code"] for one in provinces(desk)}
    assert admin.get("/agencies?province=can-tho").text.count("Sở Tư pháp") > 0
    assert "Tổng quan: Tỉnh Sóc Trăng, PAR Index 2024" in admin.get("/overview").text
    again = admin.post("/agencies/merger", wanted)
    assert again.status_code == 409


def provinces(desk: Desk) -> list[dict[str, Any]]:
    found = desk.world.read(agencies.list_provinces, desk.world.actor("admin"))
    items: list[dict[str, Any]] = found["items"]
    return items


@pytest.mark.parametrize(
    "wrong", [{"successor_name": ""}, {"successor": "Cần Thơ"}, {"map.XXX": "A"}, {"map.STP": "#"}, {"old": "x"}]
)
def test_a_bad_merger_comes_back(desk: Desk, wrong: dict[str, str]) -> None:
    wanted = {"old": "soc-trang", "heir": "new", "successor": "can-tho", "successor_name": "Thành phố Cần Thơ"}
    wanted |= {"effective_from": "05/05/2025", "reason": "Nghị quyết", "map.SNV": "SNV"} | wrong
    answer = desk.as_("admin").post("/agencies/merger", wanted)
    assert answer.status_code in (404, 409, 422)
    assert "Sáp nhập tỉnh" in answer.text
    assert [one["code"] for one in provinces(desk)] == ["soc-trang"]


def test_a_merger_is_not_the_coordinators(desk: Desk) -> None:
    assert desk.get("/agencies/merger").status_code == 403
    assert desk.post("/agencies/merger", {"old": "soc-trang"}).status_code == 403
