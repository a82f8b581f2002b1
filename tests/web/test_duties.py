"""Shares and measures on pages: lists, what their agency writes, and what others may read."""

from typing import Any

import pytest

from app import measures, shares, tasks
from tests.web.conftest import Desk

LATE, OFFICIALS = "ST-2024-TC-07.05", "ST-2024-TC-10.05"
"""Of Huyện Mỹ Xuyên (HMX): late files (occurred) and officials below standard (clearable)."""
EVERYBODY, OFFICE = "ST-2024-GP-01", "ST-2024-GP-21"
"""Measures that all agencies are asked for, and the office (VPUB) alone."""
TYPED = {"reason": "Thiếu biên chế", "progress": "Đã bổ sung", "remedy": "Ứng dụng phần mềm", "current": "1.012"}


def share(desk: Desk, code: str = LATE) -> Any:
    return desk.world.read(shares.get_share, desk.world.actor("HMX"), code)


def test_a_link_in_a_mail_leads_there_after_signing_in(desk: Desk) -> None:
    for path in (f"/shares/{LATE}", "/tasks/ST-2024-TC-16"):
        answer = desk.http.get(path, follow_redirects=False)
        assert answer.headers["location"] == f"/signin?next={path.replace('/', '%2F')}"
    assert desk.as_("HMX").get(f"/shares/{LATE}").status_code == 200


def test_each_sees_its_own_shares_and_those_who_steer_the_province(desk: Desk) -> None:
    own = desk.as_("HMX").get("/shares").text
    assert LATE in own
    assert "ST-2024-TC-07.01" not in own
    assert "921 hồ sơ" in own
    for who in ("coordinator", "leadership"):
        assert "ST-2024-TC-07.01" in desk.as_(who).get("/shares").text
    assert "ST-2024-TC-07.01" not in desk.get("/shares?agency=HMX").text
    assert "Không có phần trách nhiệm nào khớp" in desk.get("/shares?done=1").text
    assert LATE in desk.get("/shares?done=0&offset=x").text
    assert desk.as_("SXD").get(f"/shares/{LATE}").status_code == 404
    assert desk.as_("SXD").post(f"/shares/{LATE}", {**TYPED, "version": 1}).status_code == 404


def test_a_unit_explains_its_share(desk: Desk) -> None:
    unit = desk.as_("HMX")
    answer = unit.post(f"/shares/{LATE}", {**TYPED, "version": 1})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/shares/{LATE}?done=share-saved")
    saved = share(desk)
    assert (saved["reason"], saved["current"], saved["done"], saved["version"]) == ("Thiếu biên chế", 1012, True, 2)
    page = unit.get(f"/shares/{LATE}").text
    assert 'value="1.012"' in page
    assert "Thiếu biên chế</textarea>" in page
    assert "Đã xong" in page
    emptied = unit.post(f"/shares/{LATE}", {**TYPED, "current": "", "version": 2})
    assert emptied.status_code == 303
    assert share(desk)["current"] is None


def test_only_what_can_be_cleared_is_ticked_as_cleared(desk: Desk) -> None:
    unit = desk.as_("HMX")
    assert 'name="resolved"' not in unit.get(f"/shares/{LATE}").text
    assert 'name="resolved"' in unit.get(f"/shares/{OFFICIALS}").text
    assert unit.post(f"/shares/{OFFICIALS}", {**TYPED, "resolved": "1", "version": 1}).status_code == 303
    assert share(desk, OFFICIALS)["resolved"]
    assert unit.post(f"/shares/{OFFICIALS}", {**TYPED, "version": 2}).status_code == 303
    assert not share(desk, OFFICIALS)["resolved"]
    forged = unit.post(f"/shares/{LATE}", {**TYPED, "resolved": "1", "version": 1})
    assert forged.status_code == 422


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"current": "nhiều"}, "không phải số nguyên"),
        ({"current": "-3"}, "từ 0 trở lên"),
        ({"current": "1,5"}, "không phải số nguyên"),
        ({"reason": "x" * 20_001}, "20.000 ký tự"),
        ({"version": ""}, "thiếu phiên bản"),
        ({"version": "x"}, "không phải số nguyên"),
    ],
)
def test_a_refused_share_keeps_what_was_typed(desk: Desk, typed: Any, said: str) -> None:
    sent = {**TYPED, "version": 1, "remedy": "Còn <đây>", **typed}
    answer = desk.as_("HMX").post(f"/shares/{LATE}", sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Còn &lt;đây&gt;</textarea>" in answer.text
    assert f'value="{sent["current"]}"' in answer.text
    assert share(desk)["version"] == 1


def test_two_who_write_at_once_see_both_texts_and_lose_none(desk: Desk) -> None:
    unit = desk.as_("HMX")
    unit.post(f"/shares/{LATE}", {**TYPED, "version": 1})
    late = unit.post(f"/shares/{LATE}", {**TYPED, "reason": "Lý do khác", "version": 1})
    assert late.status_code == 412
    both = late.text[late.text.index("Hai bản khác nhau") : late.text.index('name="version"')]
    assert "Thiếu biên chế" in both
    assert "Lý do khác" in both
    assert "Tiến độ xử lý" not in both, "the same on both sides"
    assert "ETag" not in late.text
    assert "Lý do khác</textarea>" in late.text
    assert 'name="version" value="2"' in late.text
    assert unit.post(f"/shares/{LATE}", {**TYPED, "reason": "Lý do khác", "version": 2}).status_code == 303
    assert share(desk)["reason"] == "Lý do khác"


def test_others_read_a_share_and_a_finished_task_closes_it(desk: Desk) -> None:
    for who in ("coordinator", "leadership", "admin"):
        assert "<textarea" not in desk.as_(who).get(f"/shares/{LATE}").text
        assert desk.as_(who).post(f"/shares/{LATE}", {**TYPED, "version": 1}).status_code == 403
    desk.world.write(tasks.close, desk.world.actor("coordinator"), "ST-2024-TC-07", "hết năm", version=None)
    unit = desk.as_("HMX")
    assert "<textarea" not in unit.get(f"/shares/{LATE}").text
    assert "mở lại" in unit.get(f"/shares/{LATE}").text
    refused = unit.post(f"/shares/{LATE}", {**TYPED, "version": 1})
    assert refused.status_code == 409


# Giải pháp


def note(desk: Desk, who: str, code: str) -> Any:
    told = desk.world.read(measures.get_details, desk.world.actor(who), code)
    return told["own"]


def test_an_agency_notes_how_its_measure_goes(desk: Desk) -> None:
    office = desk.as_("VPUB")
    assert OFFICE in office.get("/measures").text
    answer = office.post(f"/measures/{OFFICE}", {"progress": "Đã ban hành\r\nkế hoạch"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/measures/{OFFICE}?done=measure-saved")
    assert note(desk, "VPUB", OFFICE)["progress"] == "Đã ban hành\nkế hoạch"
    assert "Đã ban hành" in desk.as_("leadership").get(f"/measures/{OFFICE}").text
    assert OFFICE not in desk.as_("STP").get("/measures").text
    assert desk.as_("STP").get(f"/measures/{OFFICE}").status_code == 404
    assert desk.as_("STP").post(f"/measures/{OFFICE}", {"progress": "x"}).status_code == 404
    assert "<textarea" not in desk.get(f"/measures/{OFFICE}").text


def test_an_agency_reads_its_own_note_only_and_the_coordinator_all(desk: Desk) -> None:
    desk.as_("STP").post(f"/measures/{EVERYBODY}", {"progress": "của Tư pháp"})
    assert "của Tư pháp" not in desk.as_("STC").get(f"/measures/{EVERYBODY}").text
    assert "của Tư pháp" not in desk.as_("STC").get("/measures").text
    assert "của Tư pháp" in desk.get(f"/measures/{EVERYBODY}").text
    listed = desk.get("/measures?agency=STP").text
    assert EVERYBODY in listed
    assert OFFICE not in listed
    assert "Không có giải pháp nào khớp" in desk.get("/measures?agency=nobody").text


def test_a_refused_note_keeps_what_was_typed(desk: Desk) -> None:
    answer = desk.as_("VPUB").post(f"/measures/{OFFICE}", {"progress": "<x>" * 7_000})
    assert answer.status_code == 422
    assert "20.000 ký tự" in answer.text
    assert "&lt;x&gt;" * 7_000 in answer.text
    assert note(desk, "VPUB", OFFICE)["progress"] == ""


def test_unknown_codes_are_not_found(desk: Desk) -> None:
    for path in ("/shares/x", "/shares/%00", "/shares/99999999999", "/measures/x", "/measures/%00", "/measures/0"):
        assert desk.get(path).status_code == 404, path
