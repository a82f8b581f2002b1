"""The list of tasks: an agency's own first, what is missing in each, and many reports handed in at once."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from app import tasks
from app.models import accounts
from app.models import agencies as agency_table
from app.models import criteria as criterion_table
from app.models import tasks as task_table
from app.tasks import Update
from tests.api.test_query_counts import counted
from tests.web.conftest import Desk

TC14, TC15, TC16 = "ST-2024-TC-14", "ST-2024-TC-15", "ST-2024-TC-16"
TEXTS = {"reason": "Thiếu kết nối", "progress": "Đã thêm 3 dịch vụ", "remedy": "Hoàn thành trong quý III"}
JUNE = datetime(2025, 6, 24, 2, tzinfo=UTC)


def write(desk: Desk, code: str, who: str = "SKHCN", **change: Any) -> None:
    desk.world.write(tasks.record_update, desk.world.actor(who), code, Update(**change), version=None)


def codes(page: str) -> list[str]:
    return re.findall(r'<td class="title"><a href="/tasks/([^"]+)"', page)


def boxes(page: str) -> list[str]:
    return re.findall(r'name="task" value="([^"]+)"', page)


def status(desk: Desk, code: str) -> str:
    return str(desk.world.read(tasks.get_task, desk.world.actor("coordinator"), code)["status"])


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (JUNE, "còn 7 ngày"),
        (datetime(2025, 6, 30, 16, 59, tzinfo=UTC), "hạn cuối hôm nay"),
        (datetime(2025, 6, 30, 17, tzinfo=UTC), "quá hạn 1 ngày"),
    ],
)
def test_days_left_are_told_in_words(desk: Desk, now: datetime, told: str) -> None:
    desk.world.now = now
    page = desk.as_("SKHCN").get("/tasks").text
    assert f'trước 01/07/2025, <span class="left">{told}</span>' in page


def test_equals_stand_in_the_order_of_their_numbers(desk: Desk) -> None:
    with desk.world.db.transaction() as connection:
        connection.execute(task_table.update().values(max=10_000, published=0, target=None))
        connection.execute(criterion_table.update().values(number=300 - criterion_table.c.number))
    shown = codes(desk.get("/tasks").text)
    assert shown[0] == "ST-2024-TC-21"  # number 279 of the appraised ones
    assert shown == sorted(shown, key=lambda code: (code[8:10] == "KS", -int(code[-2:])))
    by_code = codes(desk.get("/tasks?sort=code").text)
    assert by_code == sorted(by_code, key=lambda code: (code[8:10] == "TC", -int(code[-2:])))


def test_a_page_behind_the_end_leads_back(desk: Desk) -> None:
    page = desk.get("/tasks?kind=survey&offset=5000").text
    assert "Danh sách chỉ có 27 nhiệm vụ" in page
    assert 'href="/tasks?kind=survey&amp;">Về đầu danh sách' in page


def test_an_agency_sees_what_it_leads_the_most_valuable_first_and_on_demand_all(desk: Desk) -> None:
    page = desk.as_("SKHCN").get("/tasks").text
    assert codes(page)[:3] == ["ST-2024-TC-17", TC16, TC14]
    assert len(codes(page)) == 5
    everything = desk.as_("SKHCN").get("/tasks?agency=").text
    assert len(codes(everything)) == 10
    assert "Phối hợp với Sở Nội vụ" in everything
    assert TC16 not in desk.as_("STP").get("/tasks?agency=").text


def test_an_agency_that_only_cooperates_sees_that(desk: Desk) -> None:
    page = desk.as_("SVHTTDL").get("/tasks").text
    assert "ST-2024-KS-22" in codes(page)


def test_what_is_missing_stands_in_each_row(desk: Desk) -> None:
    write(desk, TC14, status="in_progress", texts=TEXTS, declared_score="0.3", percent=80)
    write(desk, TC16, status="in_progress", texts={"reason": "Thiếu kết nối"})
    desk.world.write(tasks.save_draft, desk.world.actor("SKHCN"), TC16, {"progress": "x"}, base_version=2)
    page = desk.as_("SKHCN").get("/tasks").text
    assert "Đủ nội dung, chờ lãnh đạo nộp" in page
    assert "Tiến độ xử lý; biện pháp khắc phục; số liệu đo được hoặc điểm tự chấm" in page
    assert "Chưa có báo cáo giải trình" in page
    assert "Có bản nháp chưa lưu" in page
    assert "80%" in page


def test_ready_reports_are_handed_in_together_and_each_answers_for_itself(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    write(desk, TC14, status="in_progress", texts=TEXTS, declared_score="0.3")
    write(desk, TC15, status="in_progress", texts=TEXTS, measurements={"used_services": 12, "services": 16})
    ticks = boxes(agency.get("/tasks").text)
    assert sorted(ticks) == [f"{TC14}:2", f"{TC15}:2"]
    write(desk, TC15, note="vừa sửa")
    answer = agency.post(
        "/tasks", {"task": [*ticks, f"{TC16}:1", "ST-2024-TC-03:1"], "on_behalf_of": "Phó Giám đốc Sở"}
    )
    assert answer.status_code == 200
    told = unescape(answer.text)
    assert "Đã nộp 1 báo cáo, 3 báo cáo chưa nộp được." in told
    assert "Nhiệm vụ vừa được thay đổi" in told
    assert "Báo cáo còn thiếu" in told
    assert (status(desk, TC14), status(desk, TC15), status(desk, TC16)) == ("submitted", "in_progress", "assigned")


def test_handing_in_nothing_says_so(desk: Desk) -> None:
    for sent in ({}, {"task": ["x", "ST-2024-TC-14:", ":1", "ST-2024-TC-14:²"]}):
        answer = desk.as_("SKHCN").post("/tasks", sent)
        assert answer.status_code == 422
        assert "đánh dấu ít nhất một báo cáo" in answer.text


def test_who_only_drafts_ticks_nothing_and_is_refused(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    write(desk, TC14, status="in_progress", texts=TEXTS, declared_score="0.3")
    agency.token()
    with desk.world.db.transaction() as connection:
        connection.execute(accounts.update().where(accounts.c.name == "skhcn").values(drafts_only=True))
    assert boxes(agency.get("/tasks").text) == []
    assert "chỉ soạn báo cáo" in agency.post("/tasks", {"task": f"{TC14}:2"}).text
    assert status(desk, TC14) == "in_progress"


@pytest.mark.parametrize("who", ["coordinator", "leadership", "admin"])
def test_others_look_through_all_tasks_by_agency(desk: Desk, who: str) -> None:
    page = desk.as_(who).get("/tasks").text
    assert len(codes(page)) == 48
    assert "Cơ quan phụ trách" in page
    own = desk.as_(who).get("/tasks?agency=STC&kind=appraised&sort=code").text
    assert codes(own) == sorted(codes(own))
    assert "/csv/tasks?assessment=soc-trang-2024&amp;agency=STC" in own


def test_leadership_and_administrators_hand_nothing_in(desk: Desk) -> None:
    write(desk, TC14, status="in_progress", texts=TEXTS, declared_score="0.3")
    for who in ("leadership", "admin"):
        assert boxes(desk.as_(who).get("/tasks").text) == []
        assert "Tài khoản của bạn không có quyền" in desk.as_(who).post("/tasks", {"task": f"{TC14}:2"}).text
    assert status(desk, TC14) == "in_progress"


def test_an_empty_list_says_why(desk: Desk) -> None:
    nothing = desk.as_("SKHCN").get("/tasks?q=khong+co+gi+nhu+vay").text
    assert "Không có nhiệm vụ nào khớp" in nothing
    assert "Bỏ lọc" in nothing


def test_nonsense_in_the_address_counts_as_not_asked_for(desk: Desk) -> None:
    for query in (
        "status=x",
        "field=²",
        "offset=²",
        "sort=x",
        "kind=x",
        "agency=%00",
        "offset=999999",
        "q=%00%F0%9F%98%80",
    ):
        assert desk.as_("SKHCN").get(f"/tasks?{query}").status_code == 200, query


def test_the_list_costs_the_same_queries_for_one_row_and_for_all(desk: Desk) -> None:
    with desk.world.db.transaction() as connection:
        connection.execute(agency_table.update().values(name=agency_table.c.name + " " + "rất dài " * 20))
    spent = []
    for query in ("q=ST-2024-TC-16", ""):
        desk.get(f"/tasks?{query}")
        with counted(desk) as statements:  # type: ignore[arg-type]
            assert desk.get(f"/tasks?{query}").status_code == 200
        spent.append(statements)
    assert len(spent[0]) == len(spent[1])
    assert len(set(spent[1])) <= 12
