"""Sở Nội vụ's desk: the figures in one look, who is late, what waits, and what is empty."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app import agencies, reminders, tasks
from app.tasks import Update
from tests.conftest import World
from tests.domain.wandering import TEXTS
from tests.web.conftest import Desk

T03, T15 = "ST-2024-TC-03", "ST-2024-TC-15"


def submit(world: World, who: str, code: str, **figures: Any) -> None:
    change = Update(status="submitted", texts=TEXTS, **figures)
    world.write(tasks.record_update, world.actor(who), code, change, version=None)


def shown(desk: Desk, path: str = "/desk") -> str:
    answer = desk.get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_an_untouched_assessment_says_what_there_is_and_that_nothing_waits(desk: Desk) -> None:
    page = shown(desk)
    assert "48 nhiệm vụ khắc phục" in page
    assert "Điểm công bố 84,83 hạng 58 trong 63" in page
    assert "Mức tối đa có thể 100,00 hạng 1" in page
    assert "Nhóm A (từ 90% trở lên) 90,00 công bố thiếu 5,17, dự kiến thiếu 5,17" in page
    assert "Trung bình cả nước 88,37 công bố thiếu 3,54" in page
    assert "Không cơ quan nào có nhiệm vụ quá hạn." in page
    assert "Không có báo cáo nào đang chờ." in page
    assert "Không có đề nghị nào đang chờ." in page
    assert "Không nhiệm vụ nào đến hạn trong 7 ngày tới." in page


def test_the_gap_stands_there_in_three_parts(desk: Desk) -> None:
    page = shown(desk)
    for part in ("(chủ động được) 7,38", "kinh tế - xã hội 2,65", "điều tra xã hội học 5,14"):
        assert part in page


def test_what_waits_is_on_the_desk_with_links(desk: Desk) -> None:
    submit(desk.world, "STP", T03, declared_score="0.8")
    asked = (date(2025, 8, 1), "Chờ hướng dẫn của Bộ", None)
    desk.world.write(tasks.request_extension, desk.world.actor("SKHCN"), T15, *asked, version=None)
    desk.world.now += timedelta(days=10)
    answer = desk.get("/desk").text
    assert f'href="/tasks/{T03}#review"' in answer
    page = shown(desk)
    assert "Báo cáo chờ xác nhận: 1" in page
    assert "STP · đã chờ 8 ngày làm việc chờ lâu" in page
    assert "Đề nghị gia hạn: 1" in page
    assert "SKHCN · xin đến trước 01/08/2025" in page
    assert "+0,37, hạng 38–58" in page


def test_the_worst_agency_comes_first(desk: Desk) -> None:
    desk.world.now = datetime(2025, 7, 1, 2, 0, tzinfo=UTC)
    page = desk.get("/desk").text
    late = page[page.index('id="late"') : page.index('id="soon"')]
    found = re.findall(r"/tasks\?agency=(\w+)&amp;overdue=1", late)
    assert found[:2] == ["SNV", "STC"]
    assert set(found) == {"SNV", "STC", "VPUB", "STP", "SKHCN"}
    assert "21 quá hạn" in late


def test_agencies_and_mails_that_need_a_hand(desk: Desk) -> None:
    page = shown(desk)
    assert "Cơ quan chưa có đầu mối nhận thư: 5" in page
    assert "Thư nhắc việc chưa đến nơi" not in page
    contact = agencies.NewContact("officer", "Phó Giám đốc Sở", agency="STP", email="a@example.vn")
    desk.world.write(agencies.create_contact, desk.world.actor("coordinator"), contact)
    desk.world.now = datetime(2025, 6, 24, 2, 0, tzinfo=UTC)
    desk.tokens.clear()  # nobody stays signed in for weeks
    desk.world.write(reminders.run_now, desk.world.actor("coordinator"))
    desk.world.now += timedelta(hours=1)
    page = shown(desk)
    assert "Cơ quan chưa có đầu mối nhận thư: 4" in page
    assert "thư đáng lẽ đã gửi" in page


def test_every_chart_has_its_table_and_every_agency_its_list(desk: Desk) -> None:
    page = desk.get("/desk").text
    for chart in ("total", "fields", "agencies", "trend"):
        assert f'src="/charts/{chart}.svg?assessment=soc-trang-2024"' in page
    assert page.count("Số liệu của biểu đồ") == 4
    assert 'href="/tasks?agency=SKHCN"' in page


@pytest.mark.parametrize("who", ["SKHCN", "leadership", "admin"])
def test_the_desk_is_the_coordinators(desk: Desk, who: str) -> None:
    for path in ("/desk", "/reviews", "/extensions", f"/tasks/{T15}/steering", "/steering?task=ST-2024-TC-15"):
        assert desk.as_(who).get(path).status_code == 403, path
