"""Nhắc việc as a page: how runs stand, what a day would bring, the log, sending again and now."""

import re
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import select, update

from app import agencies, reminders
from app.agencies import NewContact
from app.models import deliveries
from app.tasks import Steering, Update, record_update, steer
from app.text import alphabetical
from tests.web.conftest import Desk

JUNE_24 = datetime(2025, 6, 24, 0, 30, tzinfo=UTC)
"""07:30 of a Tuesday in Sóc Trăng, before the day's run; seven days before the deadline."""


@pytest.fixture
def june(desk: Desk) -> Desk:
    desk.world.at(JUNE_24)
    return desk


def add_contact(desk: Desk, agency: str | None = "STP", **given: Any) -> None:
    kind = "officer" if agency else "leadership"
    new = NewContact(kind, given.pop("name", "Trần Văn Bảy"), agency, **({"email": "bay@stp.example"} | given))
    desk.world.write(agencies.create_contact, desk.world.actor("coordinator"), new)


def run(desk: Desk) -> dict[str, Any]:
    plan: dict[str, Any] = desk.world.write(reminders.run_now, desk.world.actor("coordinator"))
    return plan


def digest_of(desk: Desk, recipient: str) -> dict[str, Any]:
    found = desk.world.read(
        reminders.list_digests, desk.world.actor("coordinator"), recipient=recipient, limit=1, offset=0
    )
    first: dict[str, Any] = found["items"][0]
    return first


def settle(desk: Desk, delivery: int, state: str, **values: Any) -> None:
    with desk.world.db.transaction() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(state=state, **values))


def state_of(desk: Desk, delivery: int) -> str:
    with desk.world.db.snapshot() as connection:
        return str(connection.execute(select(deliveries.c.state).where(deliveries.c.id == delivery)).scalar_one())


def test_the_state_tells_the_next_run_and_the_channel(june: Desk) -> None:
    page = june.get("/reminders").text
    assert "chưa lần nào lập thư" in page
    assert "08:00 24/06/2025" in page
    assert "Thư mục outbox" in page
    assert "Chưa có thư nhắc việc nào được lập." in page


def test_after_the_run_the_next_working_day_comes_next(june: Desk) -> None:
    june.world.at(datetime(2025, 6, 27, 2, 0, tzinfo=UTC))  # a Friday
    run(june)
    page = june.get("/reminders").text
    assert "08:00 30/06/2025" in page
    assert "lập lúc 09:00 27/06/2025" in page
    assert 'value="30/06/2025"' in page


def test_the_preview_says_who_gets_what_and_why_not(june: Desk) -> None:
    add_contact(june)
    page = june.get("/reminders/preview").text
    assert "Ngày 24/06/2025: 24 thư, trong đó 23 thư chưa có đầu mối nhận" in page
    assert "còn 7 ngày" in page
    assert "Trần Văn Bảy" in page
    assert "chưa có đầu mối nhận thư" in page
    assert 'href="/shares/ST-2024-TC-03.' in page
    assert "không có nội dung nào đến mốc nhắc" in page
    assert state_count(june) == 0


def state_count(desk: Desk) -> int:
    found = desk.world.read(reminders.list_digests, desk.world.actor("coordinator"), limit=1, offset=0)
    return int(found["total"])


def test_the_preview_goes_by_name(june: Desk) -> None:
    page = june.get("/reminders/preview?on=2025-07-01").text
    shown = re.findall(r"<summary><strong>(.+?)</strong>", page)
    assert len(shown) > 5
    assert shown == sorted(shown, key=alphabetical)


def test_the_preview_of_an_overdue_day_speaks_of_overdue_days(june: Desk) -> None:
    page = june.get("/reminders/preview?on=03/07/2025").text
    assert "Ngày 03/07/2025" in page
    escalated = june.get("/reminders/preview?on=01/07/2025").text
    assert "quá hạn 1 ngày" in escalated
    assert "Đôn đốc" in escalated


def test_a_day_off_brings_nothing_and_says_so(june: Desk) -> None:
    page = june.get("/reminders/preview?on=28/06/2025").text
    assert "Ngày này không có thư nào." in page
    assert "ngày nghỉ" in page


@pytest.mark.parametrize("typed", ["32/13/2025", "hôm nay", "01/01/1900"])
def test_a_bad_day_says_so_and_stays_typed(june: Desk, typed: str) -> None:
    answer = june.get("/reminders/preview", params={"on": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text


def test_a_planned_letter_can_be_read_and_taken_along(june: Desk) -> None:
    add_contact(june)
    page = june.get("/reminders/preview/letter?on=2025-06-24&recipient=STP").text
    assert "Kính gửi: Sở Tư pháp" in page
    assert "ST-2024-TC-03" in page
    assert "bay@stp.example" in page
    mail = june.get("/reminders/preview/letter.eml?on=2025-06-24&recipient=STP")
    assert mail.headers["content-type"] == "message/rfc822"
    assert 'filename="nhac-viec-2025-06-24-STP.eml"' in mail.headers["content-disposition"]
    parsed = message_from_bytes(mail.content, policy=policy.default)
    assert "Sở Tư pháp" in str(parsed["subject"])
    assert [part.get_content_subtype() for part in parsed.iter_parts()] == ["plain", "html"]


def test_a_sender_that_is_none_is_the_operators_to_mend(june: Desk) -> None:
    june.http.app.state.settings.mail_from = "Sở Nội vụ, Sóc Trăng <cchc@snv.example>"
    refused = june.get("/reminders/preview/letter.eml?on=2025-06-24&recipient=STP")
    assert refused.status_code == 503
    assert "KHACPHUC_MAIL_FROM" in refused.text


def test_what_was_planned_is_what_is_sent(june: Desk) -> None:
    planned = june.get("/reminders/preview/letter?on=2025-06-24&recipient=STP").text
    run(june)
    written = june.get(f"/reminders/{digest_of(june, 'STP')['id']}").text
    assert letter(planned) == letter(written)


def letter(page: str) -> str:
    return page[page.index("<pre") : page.index("</pre>")]


@pytest.mark.parametrize("recipient", ["XXX", "", "leadership", "a/b", "%00"])
def test_no_letter_for_whoever_gets_none(june: Desk, recipient: str) -> None:
    assert june.get(f"/reminders/preview/letter?on=2025-06-24&recipient={recipient}").status_code == 404


def test_running_now_writes_the_letters_once(june: Desk) -> None:
    answer = june.post("/reminders/run")
    assert (answer.status_code, answer.headers["location"]) == (303, "/reminders?done=reminders-run")
    count = state_count(june)
    assert count > 5
    assert june.post("/reminders/run").headers["location"] == "/reminders?done=reminders-run-empty"
    assert state_count(june) == count


@pytest.mark.parametrize("who", ["leadership", "admin"])
def test_readers_do_not_run(june: Desk, who: str) -> None:
    run(june)
    page = june.as_(who).get("/reminders").text
    assert "Gửi nhắc việc hôm nay" not in page
    assert june.as_(who).post("/reminders/run").status_code in (403, 422)
    settle(june, digest_of(june, "STP")["deliveries"][0]["id"], "dead")
    assert "Gửi lại" not in june.as_(who).get("/reminders").text


def test_agencies_have_no_part_in_it(june: Desk) -> None:
    for path in ("/reminders", "/reminders/preview", "/reminders/1", "/reminders/preview/letter?recipient=STP"):
        assert june.as_("SKHCN").get(path).status_code in (403, 404)
    assert june.as_("SKHCN").post("/reminders/run").status_code == 403


def test_the_log_is_filtered(june: Desk) -> None:
    run(june)
    settle(june, digest_of(june, "STP")["deliveries"][0]["id"], "dead", last_error="SMTP 550 <không có>", attempts=8)
    page = june.get("/reminders?state=dead").text
    rows = page[page.index("<tbody>") : page.index("</tbody>")]
    assert rows.count("<tr>") == 1
    assert "SMTP 550 &lt;không có&gt;" in rows
    assert "Gửi lại" in rows
    assert "Không có thư nào khớp" in june.get("/reminders?first=01/07/2025").text
    assert "Không có thư nào khớp" in june.get("/reminders?recipient=XXX").text
    assert june.get("/reminders?state=nonsense&offset=-3").status_code == 200
    bad = june.get("/reminders?first=xx")
    assert bad.status_code == 422
    assert 'value="xx"' in bad.text


def test_a_dead_letter_is_sent_again(june: Desk) -> None:
    run(june)
    digest = digest_of(june, "STP")
    delivery = digest["deliveries"][0]["id"]
    settle(june, delivery, "dead", attempts=8)
    answer = june.post(f"/reminders/{digest['id']}/deliveries/{delivery}/resend")
    assert answer.headers["location"] == f"/reminders/{digest['id']}?done=delivery-requeued"
    assert state_of(june, delivery) == "pending"
    again = june.post(f"/reminders/{digest['id']}/deliveries/{delivery}/resend")
    assert again.status_code == 409
    assert "đang chờ gửi" in again.text


def test_a_sent_letter_goes_out_again_only_when_asked_twice(june: Desk) -> None:
    run(june)
    digest = digest_of(june, "STP")
    delivery = digest["deliveries"][0]["id"]
    settle(june, delivery, "sent", sent_at=june.world.now, channel="folder", address="x.eml")
    page = june.get(f"/reminders/{digest['id']}").text
    assert "Gửi thêm lần nữa" in page
    assert 'name="again"' in page
    assert "data-confirm" in page
    assert june.post(f"/reminders/{digest['id']}/deliveries/{delivery}/resend").status_code == 409
    june.post(f"/reminders/{digest['id']}/deliveries/{delivery}/resend", {"again": "1"})
    assert state_of(june, delivery) == "pending"


def test_what_is_done_meanwhile_is_not_said(june: Desk) -> None:
    run(june)
    digest = digest_of(june, "STP")
    texts = {"reason": "a", "progress": "b", "remedy": "c"}
    done = Update("submitted", texts=texts, declared_score="0.8")
    assert "/tasks/ST-2024-TC-03\n" in letter(june.get(f"/reminders/{digest['id']}").text)
    june.world.write(record_update, june.world.actor("STP"), "ST-2024-TC-03", done, version=None)
    page = june.get(f"/reminders/{digest['id']}").text
    assert "/tasks/ST-2024-TC-03\n" not in letter(page)
    assert 'href="/tasks/ST-2024-TC-03"' in page  # what the letter was planned with stays told


def test_nothing_left_to_say(june: Desk) -> None:
    run(june)
    digest = digest_of(june, "STP")
    coordinator = june.world.actor("coordinator")
    change = Steering("đổi hạn", due_before=date(2025, 9, 1))
    for item in june.world.read(reminders.get_digest, coordinator, digest["id"])["items"]:
        june.world.write(steer, coordinator, item["task"], change, version=None)
    page = june.get(f"/reminders/{digest['id']}").text
    assert "Không còn nội dung nào phải nhắc" in page
    assert "<pre" not in page
    assert june.get(f"/reminders/{digest['id']}/letter.eml").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/reminders/0", "/reminders/x", "/reminders/99999999999999999999", "/reminders/7"])
def test_unknown_letters_are_not_found(june: Desk, path: str) -> None:
    assert june.get(path).status_code == 404
    assert june.post(f"{path}/deliveries/1/resend").status_code == 404


def test_a_form_without_its_token_does_nothing(june: Desk) -> None:
    assert june.post("/reminders/run", csrf="wrong").status_code == 403
    assert state_count(june) == 0
