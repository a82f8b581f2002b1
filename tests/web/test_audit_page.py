"""The log in words: every action has its sentence, values are told as people write them, filters and pages work."""

import re

import pytest

from app import audit
from app.settings import ROOT
from app.tasks import Update, record_update
from app.telling import ACTIONS, ENTITIES, Change, changes, sentence
from tests.web.conftest import Desk

ACTION = re.compile(r'"((?:[a-z]+_)*[a-z]+\.[a-z]+(?:_[a-z]+)*)"')
KEYWORD = re.compile(r'action="([a-z_.]+)"')
ELSEWHERE = {"reminder.digest"}
"""Spelled like an action, but the type of a webhook's message."""


def written_actions() -> set[str]:
    """Every action that the program writes, found in its source."""
    nouns = {*ENTITIES, "evidence", "reminder"}
    found = set()
    for path in (ROOT / "app").rglob("*.py"):
        text = path.read_text()
        found |= set(KEYWORD.findall(text))
        if not {"web", "telling", "models", "reports"} & set(path.relative_to(ROOT).parts):
            found |= {name for name in ACTION.findall(text) if name.split(".")[0] in nouns}
    return {name for name in found if name.split(".")[1] not in ("id", "code", "name")} - ELSEWHERE


def test_every_action_has_words() -> None:
    found = written_actions()
    assert {"task.submitted", "contact.created", "succession.ordered", "key.revoked"} <= found
    assert found - set(ACTIONS) == set()
    decided = {f"task.{name}" for name in ("accepted", "continued", "returned", "extension_granted")}
    moved = {f"{entity}.{what}" for entity in ("contact", "account") for what in ("succeeded", "deactivated")}
    assert decided | moved <= set(ACTIONS)


def test_an_unknown_action_shows_its_code() -> None:
    assert sentence({"action": "moon.landed", "from": {}, "to": {}}) == "moon.landed"


def test_values_are_told_as_people_write_them() -> None:
    event = {
        "action": "task.submitted",
        "from": {"status": "assigned", "reported": None, "measurements": {"used": "9"}, "reason": ""},
        "to": {
            "status": "submitted",
            "reported": "0.8410",
            "measurements": {"used": "94511", "all": "16"},
            "effective_due": "2025-07-01",
            "submitted_at": "2025-06-24T02:00:00Z",
            "submitted_on_time": True,
            "reason": "Thiếu người",
            "submitted_by": 3,
        },
    }
    assert sentence(event) == "Nộp báo cáo giải trình: điểm báo cáo 0,8410"
    told = changes(event, inputs={"used": "Dịch vụ đã dùng"})
    assert Change("Trạng thái", "Đã giao", "Chờ xác nhận") in told
    assert Change("Dịch vụ đã dùng", "9", "94.511") in told
    assert Change("all", "", "16") in told
    assert Change("Hạn hiện nay (trước ngày)", "", "01/07/2025") in told
    assert Change("Nộp lúc", "", "09:00 24/06/2025") in told
    assert Change("Nộp lần đầu đúng hạn", "", "có") in told
    assert all("submitted_by" not in one.label for one in told)


def test_whatever_the_log_holds_can_be_shown() -> None:
    odd = {
        "until": "25/06/2025 09:00",
        "verified": "chưa rõ",
        "measurements": {"used": "abc"},
        "kind": "other",
        "x": [1],
    }
    told = changes({"action": "account.locked", "from": {}, "to": odd})
    assert Change("Khóa đến", "", "25/06/2025 09:00") in told
    assert [one.after for one in told] == ["25/06/2025 09:00", "chưa rõ", "abc", "other", "1"]


def test_a_policy_is_told_line_by_line() -> None:
    before = {"before_days": [30, 14], "send_at": "08:00"}
    event = {
        "action": "assessment.changed",
        "from": {"reminder_policy": before},
        "to": {"reminder_policy": before | {"before_days": [7]}},
    }
    assert changes(event) == [Change("Nhắc trước hạn (ngày)", "30, 14", "7")]


def report(desk: Desk) -> None:
    actor = desk.world.actor("SKHCN")
    desk.world.write(record_update, actor, "ST-2024-TC-16", Update(percent=40, note="Đang làm"), version=None)


def test_the_page_tells_who_did_what(desk: Desk) -> None:
    report(desk)
    page = desk.get("/audit").text
    assert "Cập nhật báo cáo giải trình" in page
    assert "Đang làm" in page
    assert "Tỷ lệ thực hiện (%)" in page
    assert 'href="/tasks/ST-2024-TC-16"' in page


def test_filters_narrow_and_stay_when_paging(desk: Desk) -> None:
    for _ in range(3):
        report(desk)
    assert "Giao nhiệm vụ" not in listed(desk.get("/audit?actor=skhcn").text)
    page = desk.get("/audit?entity=task")
    assert 'href="?entity=task&amp;offset=50"' in page.text
    assert "51–51 trong 51" in desk.get("/audit?entity=task&offset=50").text
    assert "Không có việc nào khớp" in desk.get("/audit?code=ST-2024-TC-99").text
    assert "/csv/audit?actor=skhcn" in desk.get("/audit?actor=skhcn").text


@pytest.mark.parametrize("query", ["since=xx", "since=01/01/1800", "since=02/05/2025&until=01/05/2025"])
def test_a_bad_day_says_so_and_keeps_what_was_typed(desk: Desk, query: str) -> None:
    answer = desk.get(f"/audit?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert query.split("=")[1].split("&")[0] in answer.text


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "entity=%00", "action='", "actor=" + "x" * 999])
def test_what_is_misspelt_finds_nothing_or_counts_as_not_asked_for(desk: Desk, query: str) -> None:
    assert desk.get(f"/audit?{query}").status_code == 200


def test_only_those_who_may_read_the_log(desk: Desk) -> None:
    assert desk.as_("SKHCN").get("/audit").status_code == 403
    assert desk.as_("leadership").get("/audit").status_code == 403
    assert desk.as_("admin").get("/audit").status_code == 200


def test_texts_of_others_are_escaped(desk: Desk) -> None:
    actor = desk.world.actor("SKHCN")
    change = Update(texts={"reason": "<script>alert(1)</script>"}, note="<b>đậm</b>")
    desk.world.write(record_update, actor, "ST-2024-TC-16", change, version=None)
    page = desk.get("/audit").text
    assert "<script>alert" not in page
    assert "<b>đậm" not in page


def test_the_audit_of_the_api_and_the_page_are_one(desk: Desk) -> None:
    report(desk)
    found = desk.world.read(audit.list_events, desk.world.actor("coordinator"), audit.Filter(limit=5))
    assert found["items"][0]["action"] == "task.updated"


def listed(page: str) -> str:
    return page[page.index("<tbody>") : page.index("</tbody>")]
