"""Tính thử: numbers move, the total moves, nothing is saved; what is wrong is told beside its box."""

import html
import re
from typing import Any

import pytest
from sqlalchemy import func, select

from app.models import events, tasks
from tests.web.conftest import Desk

FILES = "input.ST-2024-TC-16.online_files"
SERVICES = "input.ST-2024-TC-15.used_services"
CHECKS = "score.ST-2024-TC-01"
PART = {"headers": {"HX-Request": "true"}}


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.text[-800:]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def value(page: Any, name: str) -> str:
    found = re.search(rf'<input id="{re.escape(name)}"[^>]* value="([^"]*)"', page.text)
    assert found is not None, name
    return html.unescape(found[1])


def fault(page: Any, name: str) -> str:
    found = re.search(rf'<small id="{re.escape(name)}-fault"[^>]*>([^<]*)<', page.text)
    assert found is not None, name
    return html.unescape(found[1])


def state(desk: Desk) -> Any:
    with desk.world.db.snapshot() as connection:
        rows = connection.execute(select(tasks).order_by(tasks.c.id)).all()
        return tuple(rows), connection.execute(select(func.count()).select_from(events)).scalar_one()


def test_boxes_begin_with_what_counts_today(desk: Desk) -> None:
    page = desk.get("/what-if")
    assert "Tổng điểm dự kiến 84,83" in text_of(page)
    assert (value(page, FILES), value(page, CHECKS)) == ("94.511", "0,8841")
    assert "Chưa đổi số nào" in text_of(page)
    assert "27 tiêu chí điều tra xã hội học không có ở đây" in text_of(page)
    assert page.text.count('<fieldset class="movable"') == 21


def test_a_number_moves_the_total_without_being_saved(desk: Desk) -> None:
    before = state(desk)
    page = desk.post("/what-if", {FILES: "168.561", CHECKS: "1", SERVICES: "9"})
    said = text_of(page)
    assert "84,83 → 85,60 +0,77 điểm" in said
    assert "1,5 × 168.561/168.561 = 1,5000" in said
    assert "Thử: 1,0000 (+0,12)" in said
    assert value(page, FILES) == "168.561"
    assert "Nhóm A (từ 90% trở lên) (90,00): thiếu 5,17 → thiếu 4,40" in said
    assert state(desk) == before


def test_typing_gets_a_part_of_the_page(desk: Desk) -> None:
    part = desk.post("/what-if", {FILES: "168.561"}, **PART)
    assert "<html" not in part.text
    assert "84,83 → 85,49" in text_of(part)
    assert part.text.count("[id='said-ST-2024-TC-") == 21
    assert "[id='input.ST-2024-TC-16.online_files-fault']" in part.text


def test_a_trial_has_an_address(desk: Desk) -> None:
    page = desk.post("/what-if", {FILES: "168.561", CHECKS: "0,8841"})
    found = re.search(r'href="(/what-if\?[^"]+)">Địa chỉ', page.text)
    assert found is not None
    address = html.unescape(found[1])
    assert address == f"/what-if?assessment=soc-trang-2024&{FILES}=168.561"
    assert "84,83 → 85,49" in text_of(desk.as_("leadership").get(address))


def test_what_is_wrong_is_told_beside_its_box_and_the_rest_is_reckoned(desk: Desk) -> None:
    wrong = {SERVICES: "nhiều", FILES: "999.999", CHECKS: "7", "input.ST-2024-TC-17.used_procedures": "350"}
    page = desk.post("/what-if", wrong)
    said = text_of(page, 422)
    assert fault(page, SERVICES) == "“nhiều” không phải số. Hãy viết như 94.511."
    assert "không được lớn hơn" in fault(page, FILES)
    assert fault(page, CHECKS)
    assert value(page, SERVICES) == "nhiều"
    assert "84,83 → 85,23" in said
    assert "3 số chưa đúng" in said
    assert 'aria-invalid="true"' in page.text
    assert desk.post("/what-if", wrong, **PART).status_code == 200


@pytest.mark.parametrize("odd", ["-5", "1e9", "∞", "9" * 60, "0,84105", "<script>", "1.0.0", "\x00"])
def test_no_number_breaks_the_page(desk: Desk, odd: str) -> None:
    for name in (FILES, CHECKS):
        answer = desk.post("/what-if", {name: odd})
        assert answer.status_code in (200, 422)
        assert "<script>" not in answer.text


def test_three_decimals_are_asked_about_until_a_nought_makes_them_clear(desk: Desk) -> None:
    assert "không rõ ba chữ số cuối" in fault(desk.post("/what-if", {FILES: "1,234"}), FILES)
    assert "phải là số nguyên" in fault(desk.post("/what-if", {FILES: "1,2340"}), FILES)


def test_empty_boxes_stay_as_they_are(desk: Desk) -> None:
    said = text_of(desk.post("/what-if", {FILES: "", CHECKS: " ", SERVICES: "9,0", "score.UNKNOWN": "1"}))
    assert "Chưa đổi số nào" in said


def test_an_agency_moves_only_what_it_may_see(desk: Desk) -> None:
    mine = desk.as_("SKHCN")
    page = mine.get("/what-if")
    assert FILES in page.text
    assert CHECKS not in page.text
    assert "Tổng điểm dự kiến (phần của đơn vị)" in text_of(page)
    assert "Chưa đổi số nào" in text_of(mine.post("/what-if", {CHECKS: "1"}))
    assert "84,83 → 85,49" in text_of(mine.post("/what-if", {FILES: "168561"}))


def test_who_has_nothing_to_move_is_told(desk: Desk) -> None:
    assert "không phụ trách hoặc phối hợp tiêu chí nào" in text_of(desk.as_("BQLDA1").get("/what-if"))


def test_it_needs_the_page_s_own_token(desk: Desk) -> None:
    assert desk.post("/what-if", {FILES: "1"}, csrf="x").status_code == 403


def test_of_very_many_criteria_those_that_lack_most_are_shown_and_what_was_typed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.what_if.MOST_SHOWN", 3)
    page = desk.get("/what-if?input.ST-2024-TC-15.used_services=12").text
    assert page.count('class="movable"') == 3
    assert 'name="input.ST-2024-TC-15.used_services"' in page
    assert "18 tiêu chí khác không có ở đây" in page
