"""The leadership's page: figures, what is late, what can be gained, what was directed."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from app import summaries, tasks
from app.tasks import Decision, Update
from app.web.next_best import step_sentence
from app.web.overview import moved_within
from tests.web.conftest import Desk

TEXTS = {"reason": "Chưa kết nối đủ", "progress": "Đã kết nối thêm", "remedy": "Hoàn thành trong quý III"}


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text[-800:]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def submit(desk: Desk, who: str, code: str, **numbers: Any) -> None:
    change = Update(status="submitted", texts=TEXTS, **numbers)
    desk.world.write(tasks.record_update, desk.world.actor(who), code, change, version=None)


def test_a_minute_is_enough(desk: Desk) -> None:
    said = text_of(desk.as_("leadership").get("/overview"))
    assert "Công bố 84,83 hạng 58; thiếu 5,17 so với 90,00; thiếu 3,54 so với 88,37" in said
    assert "Tối đa có thể 100,00 hạng 1; vượt 10,00 so với 90,00" in said
    assert "Quá hạn: 0 nhiệm vụ" in said
    assert "7,38 điểm (49%) : Chủ động được" in said
    assert "5,14 điểm (34%) : Điều tra xã hội học" in said
    assert "Nâng “Số hồ sơ trực tuyến toàn trình” từ 94.511 lên 168.561 hồ sơ: thêm 0,66 điểm" in said
    assert "Chưa có ý kiến chỉ đạo nào." in said
    for name in ("total", "trend", "fields", "agencies"):
        assert f"/charts/{name}.svg?assessment=soc-trang-2024" in desk.as_("leadership").get("/overview").text


def test_everybody_may_read_it_and_an_agency_only_its_own(desk: Desk) -> None:
    submit(desk, "STP", "ST-2024-TC-03", declared_score="0.8")
    for who in ("coordinator", "admin", "leadership"):
        assert "Dự kiến 85,20" in text_of(desk.as_(who).get("/overview"))
    other = text_of(desk.as_("SKHCN").get("/overview"))
    assert "Dự kiến (phần của đơn vị) 84,83" in other
    assert "85,20" not in other
    assert "+0,37" not in other
    assert "+0,37" in text_of(desk.as_("STP").get("/overview"))


def test_what_is_late_stands_on_top_with_its_agency_and_a_way_to_direct(desk: Desk) -> None:
    desk.world.now = datetime(2025, 7, 10, 2, tzinfo=UTC)
    page = desk.as_("leadership").get("/overview")
    said = text_of(page)
    assert "Quá hạn: 48 nhiệm vụ" in said
    assert "Sở Tài chính · trước 01/07/2025, quá hạn 10 ngày" in said
    assert "/tasks/ST-2024-TC-18#directions" in page.text
    assert "Xem cả 48 nhiệm vụ quá hạn" in said
    assert "Cho ý kiến chỉ đạo" not in text_of(desk.as_("coordinator").get("/overview"))


def test_directions_and_self_reviews_show(desk: Desk) -> None:
    leader = desk.world.actor("leadership")
    for number in range(7):
        desk.world.write(tasks.give_direction, leader, "ST-2024-TC-16", f"Ý kiến <b>{number}</b>", None, version=None)
    submit(desk, "SNV", "ST-2024-TC-09", declared_score="0.9")
    accepted = Decision("accepted", evidence_waiver="Đã kiểm tra")
    desk.world.write(tasks.review, desk.world.actor("coordinator#2"), "ST-2024-TC-09", accepted, version=None)
    page = desk.as_("leadership").get("/overview")
    assert "<b>6</b>" not in page.text
    said = text_of(page)
    assert "Ý kiến <b>6</b>" in said
    assert "Ý kiến <b>0</b>" not in said  # the latest few
    assert "Tự xác nhận Chấp hành kỷ luật" in said
    assert "0,50 → 0,90 điểm" in said
    assert "<b>6</b>" not in text_of(desk.as_("STP").get("/overview"))


def test_the_week_is_told_once_it_is_known(desk: Desk) -> None:
    assert "7 ngày qua" not in text_of(desk.as_("leadership").get("/overview"))
    desk.world.now += timedelta(days=9)
    desk.tokens.clear()  # sessions end after a working day
    with desk.world.db.transaction() as connection:
        summaries.take_snapshots(connection, now=desk.world.now)
    assert "Trong 7 ngày qua không đổi." in text_of(desk.as_("leadership").get("/overview"))
    submit(desk, "STP", "ST-2024-TC-03", declared_score="0.8")
    said = text_of(desk.as_("leadership").get("/overview"))
    assert "Trong 7 ngày qua: đã xác nhận 0,00, dự kiến +0,37 điểm." in said


def test_gaps_in_the_history_are_bridged() -> None:
    assert moved_within([], timedelta(days=7)) is None
    first = datetime(2025, 5, 1, tzinfo=UTC).date()
    items = [
        {"day": first, "floor": "84.0000", "expected": None},
        {"day": first + timedelta(days=30), "floor": "85.5000", "expected": None},
    ]
    assert moved_within(items, timedelta(days=7)) == {"floor": "1.5000"}
    assert moved_within(items[1:], timedelta(days=7)) is None


def step(**given: Any) -> dict[str, Any]:
    return {
        "label": "Số dịch vụ", "unit": "dịch vụ", "current": "9", "full": "16", "becomes": None,
        "one_more": {"points": "0.0625", "exact": "1/16"}, "closing": "0.4375", **given,
    }  # fmt: skip


def test_sentences_say_which_number_and_how_much() -> None:
    assert step_sentence(step()) == (
        "Nâng “Số dịch vụ” từ 9 lên 16 dịch vụ: thêm 0,44 điểm; mỗi dịch vụ thêm 0,06 điểm."
    )
    many = step(current="94511", full="168561", one_more={"exact": "1/112374"}, closing="0.6590", unit="hồ sơ")
    assert step_sentence(many).endswith("thêm 0,66 điểm; cứ 10.000 hồ sơ thêm 0,09 điểm.")
    uneven = step(one_more={"exact": "14587/20966400"}, closing="0.1270")
    assert step_sentence(uneven) == "Nâng “Số dịch vụ” từ 9 lên 16 dịch vụ: thêm 0,44 điểm.".replace("0,44", "0,13")
    moved = step(label="Số chỉ tiêu đạt", becomes="Số chỉ tiêu vượt", current="6", full="0", unit="chỉ tiêu",
                 one_more={"exact": "1/40"}, closing="0.1500")  # fmt: skip
    assert step_sentence(moved) == (
        "Chuyển 6 chỉ tiêu từ “Số chỉ tiêu đạt” sang “Số chỉ tiêu vượt”: thêm 0,15 điểm; mỗi chỉ tiêu thêm 0,03 điểm."
    )


def test_whoever_reads_all_is_told_who_confirmed_its_own_work_and_nobody_else(desk: Desk) -> None:
    assert "tự xác nhận nhiệm vụ của mình" not in text_of(desk.as_("leadership").get("/overview"))


def test_every_picture_is_loaded_at_once_for_paper(desk: Desk) -> None:
    for path in ("/overview", "/desk"):
        page = desk.get(path).text
        assert page.count("/charts/") == 8
        assert 'loading="lazy"' not in page
