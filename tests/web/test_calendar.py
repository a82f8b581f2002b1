"""Calendar feeds: whose deadlines they tell, on which day, and until when."""

from datetime import date, timedelta

import pytest
from icalendar import Calendar

from app.models import accounts
from tests.web.conftest import Desk


def address_of(page: str) -> str:
    return page.split('value="http://127.0.0.1:8000', 1)[1].split('"', 1)[0]


@pytest.fixture
def feed(desk: Desk) -> str:
    return address_of(desk.as_("SKHCN").post("/account/calendar").text)


def test_a_feed_tells_the_last_good_day_of_what_the_agency_owes(desk: Desk, feed: str) -> None:
    answer = desk.http.get(feed)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = {str(event["uid"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}
    task = events["ST-2024-TC-16@khacphuc"]
    assert (task["dtstart"].dt, task["dtend"].dt) == (date(2025, 6, 30), date(2025, 7, 1))
    assert str(task["summary"]) == "Hạn báo cáo: Tỷ lệ hồ sơ trực tuyến toàn trình"
    assert "Trước ngày 01/07/2025. Đã giao. Còn thiếu 0,66 điểm." in str(task["description"])
    assert not any(uid.startswith("ST-2024-TC-03@") for uid in events)  # the Department of Justice's


def test_what_an_account_is_called_stays_one_line_of_a_calendar(desk: Desk, feed: str) -> None:
    with desk.world.db.transaction() as connection:
        connection.execute(accounts.update().values(display_name="Sở\nKHCN; A,B"))
    answer = desk.http.get(feed)
    assert answer.status_code == 200
    assert (
        b"\r\nX-WR-CALNAME:Kh\xe1\xba\xafc Ph\xe1\xbb\xa5c \xe2\x80\x93 S\xe1\xbb\x9f KHCN\\; A\\,B\r\n"
        in answer.content
    )


def test_a_revoked_feed_and_one_of_a_switched_off_account_answer_nothing(desk: Desk, feed: str) -> None:
    agency = desk.as_("SKHCN")
    other = address_of(agency.post("/account/calendar").text)
    assert agency.post("/account/calendar/1/revocation").status_code == 303
    assert desk.http.get(feed).status_code == 404
    assert desk.http.get(other).status_code == 200
    with desk.world.db.transaction() as connection:
        connection.execute(accounts.update().values(active=False))
    assert desk.http.get(other).status_code == 404


def test_nobody_revokes_the_feed_of_somebody_else(desk: Desk, feed: str) -> None:
    assert desk.as_("STP").post("/account/calendar/1/revocation").status_code == 404
    assert desk.http.get(feed).status_code == 200


@pytest.mark.parametrize("number", ["9223372036854775808", "99999999999999999999", "x", "-1", "２"])
def test_a_feed_that_cannot_be_is_not_found(desk: Desk, number: str) -> None:
    assert desk.post(f"/account/calendar/{number}/revocation").status_code == 404


def test_an_account_keeps_few_feeds(desk: Desk) -> None:
    agency = desk.as_("SKHCN")
    for _ in range(5):
        assert agency.post("/account/calendar").status_code == 200
    refused = agency.post("/account/calendar")
    assert refused.status_code == 409
    assert "thu hồi một địa chỉ cũ" in refused.text


def test_a_moved_deadline_moves_the_event_under_the_same_name(desk: Desk, feed: str) -> None:
    from app.tasks import Steering, steer

    coordinator = desk.world.actor("coordinator")
    desk.world.now += timedelta(days=1)
    moved = Steering("Chờ số liệu quý II.", date(2025, 7, 16), None, None)
    desk.world.write(steer, coordinator, "ST-2024-TC-16", moved, version=1)
    (event,) = (
        one
        for one in Calendar.from_ical(desk.http.get(feed).content).walk("VEVENT")
        if one["uid"] == "ST-2024-TC-16@khacphuc"
    )
    assert (event["dtstart"].dt, event["sequence"]) == (date(2025, 7, 15), 2)
