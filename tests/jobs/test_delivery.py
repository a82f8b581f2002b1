"""From the outbox to somebody's hands: real SMTP, real webhooks, real files, and what goes wrong on the way."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from standardwebhooks.webhooks import Webhook

from app import outbox, reminders
from app.core.access import Actor, Role
from app.db import open_database
from app.errors import Conflict, Forbidden, NotFound
from app.models import agencies, contacts, deliveries, events, shares, tasks
from app.outbox import queue
from app.settings import ROOT
from tests.jobs.receivers import HookReceiver, MailReceiver
from tests.jobs.scene import Scene, SetClock, at, settings_for

TUESDAY = date(2025, 6, 24)
EIGHT = at(TUESDAY, 8, 1)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def plan(scene: Scene, day: date = TUESDAY) -> None:
    assert reminders.run_due(scene.db, now=at(day)) > 0


def deliver(
    scene: Scene, folder: Path, now: datetime = EIGHT, *, demo: bool = False, **settings: Any
) -> dict[str, int]:
    return outbox.deliver_due(scene.db, settings_for(scene.db, folder, **settings), clock=SetClock(now, demo=demo))


def resend(scene: Scene, delivery: int, *, again: bool = False, role: Role = Role.COORDINATOR) -> dict[str, Any]:
    actor = Actor(scene.account, "SNV", role, scene.province, scene.agency["SNV"])
    with scene.db.transaction() as connection:
        return outbox.resend(connection, actor, delivery, again=again, now=EIGHT)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "outbox").glob("*"))


# The folder


def test_without_a_channel_every_digest_becomes_a_file_one_can_open(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP", name="Mức độ thực hiện <kế hoạch> & kiểm tra")
    plan(scene)
    assert deliver(scene, tmp_path) == {"sent": 1}
    (message,) = scene.messages()
    assert [file.name for file in files(tmp_path)] == [f"2025-06-24-soc-trang-STP-{message.message_key}.eml"]
    assert (message.channel, message.address, message.sent_at) == ("folder", files(tmp_path)[0].name, EIGHT)
    mail = message_from_bytes(files(tmp_path)[0].read_bytes(), policy=default)
    assert mail["Subject"] == "[Khắc Phục] Sở Tư pháp: 1 nhiệm vụ sắp đến hạn – ngày 24/06/2025"
    assert str(mail["To"]) == "Sở Tư pháp:;"
    assert mail["Date"].datetime == EIGHT
    assert mail["Message-ID"] == f"<{message.message_key}@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "trước ngày 01/07/2025, còn 7 ngày" in text
    assert "Điểm còn thiếu: 0,66" in text
    assert "https://khacphuc.example.vn/tasks/ST-2024-TC-01" in text
    assert "Mức độ thực hiện &lt;kế hoạch&gt; &amp; kiểm tra" in page
    assert not re.search(r"<(img|script|link|iframe)|src=", page)


def test_a_demo_clock_writes_files_whatever_is_configured(
    scene: Scene, mails: MailReceiver, hooks: HookReceiver, tmp_path: Path
) -> None:
    scene.task()
    scene.contact("STP", webhook_url=hooks.url)
    scene.contact("STP", "Hai")
    plan(scene)
    assert deliver(scene, tmp_path, demo=True, webhook_hosts="127.0.0.1", **mails.settings) == {"sent": 2}
    assert len(files(tmp_path)) == 2
    assert mails.received == []
    assert hooks.received == []


def test_a_folder_that_cannot_be_written_is_tried_again(scene: Scene, tmp_path: Path) -> None:
    scene.task()
    plan(scene)
    (tmp_path / "outbox").write_text("in the way")
    assert deliver(scene, tmp_path) == {"pending": 1}
    (tmp_path / "outbox").unlink()
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=2)) == {"sent": 1}
    assert scene.messages()[0].attempts == 2


# SMTP


def test_a_digest_reaches_each_contact_by_mail(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    for number in range(48):
        scene.task("STP", due=date(2025, 6, 20), points=1000 + number)
    scene.contact("STP", "Nguyễn Thị Ánh")
    scene.contact("STP", "Giám đốc Sở", kind="head", email="giamdoc@soctrang.example")
    plan(scene)
    settings = mails.settings | {"mail_from": "Hệ thống Khắc Phục <khacphuc@snv.soctrang.example>"}
    assert deliver(scene, tmp_path, **settings) == {"sent": 2, "unreachable": 1}  # the coordinator has no contact
    assert sorted(mails.to) == ["giamdoc@soctrang.example", "stp@soctrang.example"]
    assert mails.connections == 1
    mail = next(mail for mail in mails.received if "stp@" in str(mail["To"]))
    assert str(mail["To"]) == "Nguyễn Thị Ánh <stp@soctrang.example>"
    assert str(mail["From"]) == "Hệ thống Khắc Phục <khacphuc@snv.soctrang.example>"
    assert mail["Message-ID"].endswith("@snv.soctrang.example>")
    assert "48 nhiệm vụ quá hạn" in mail["Subject"]
    text = mail.get_body(("plain",)).get_content()
    assert text.index("ST-2024-TC-48") < text.index("ST-2024-TC-01")


def test_a_contact_that_appears_later_still_gets_the_digest(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task()
    plan(scene)
    assert deliver(scene, tmp_path, **mails.settings) == {"unreachable": 1}
    assert "đầu mối" in scene.messages()[0].last_error
    scene.contact("STP")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=30), **mails.settings) == {}
    assert deliver(scene, tmp_path, EIGHT + timedelta(hours=1), **mails.settings) == {"superseded": 1, "sent": 2}
    assert sorted(mails.to) == ["hai@soctrang.example", "stp@soctrang.example"]


def test_a_refusal_for_now_backs_off_and_keeps_the_message_id(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    scene.task()
    scene.contact("STP")
    plan(scene)
    mails.answer = lambda _mail: "451 4.7.1 greylisted"
    assert deliver(scene, tmp_path, **mails.settings) == {"pending": 1}
    (message,) = scene.messages()
    assert "451" in message.last_error
    assert timedelta(minutes=1) <= message.next_attempt_at - EIGHT <= timedelta(seconds=75)
    assert deliver(scene, tmp_path, EIGHT + timedelta(seconds=59), **mails.settings) == {}
    mails.answer = lambda _mail: None
    assert deliver(scene, tmp_path, EIGHT + timedelta(seconds=75), **mails.settings) == {"sent": 1}
    assert [mail["Message-ID"] for mail in mails.received] == [f"<{message.message_key}@localhost>"]


@pytest.mark.parametrize("where", ["recipient", "content"])
def test_a_refusal_for_good_is_a_dead_letter_at_once(
    scene: Scene, mails: MailReceiver, tmp_path: Path, where: str
) -> None:
    scene.task()
    scene.contact("STP")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)
    if where == "recipient":
        mails.answer_rcpt = lambda address: "550 5.1.1 no such user" if "stp@" in address else None
    else:
        mails.answer = lambda mail: "554 5.7.1 refused" if "stp@" in str(mail["To"]) else None
    assert deliver(scene, tmp_path, **mails.settings) == {"dead": 1, "sent": 1}
    assert re.search("SMTP 55[04]", scene.messages()[0].last_error)


def test_a_server_that_hangs_up_does_not_take_the_other_mails_with_it(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    scene.task()
    scene.contact("STP")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)
    mails.answer = lambda mail: "421 4.3.2 shutting down" if "stp@" in str(mail["To"]) else None
    assert deliver(scene, tmp_path, **mails.settings) == {"pending": 1, "sent": 1}
    assert mails.connections == 2


def test_while_the_server_is_away_letters_wait_and_in_the_end_are_dead(scene: Scene, tmp_path: Path) -> None:
    scene.task()
    scene.contact("STP")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)
    with MailReceiver() as gone:
        settings = gone.settings
    now = EIGHT
    for attempt in range(1, queue.MAX_ATTEMPTS + 1):
        deliver(scene, tmp_path, now, **settings)
        assert [row.attempts for row in scene.messages()] == [attempt, attempt]
        now = max(row.next_attempt_at for row in scene.messages())
    assert scene.states() == ["dead", "dead"]
    assert deliver(scene, tmp_path, now + timedelta(days=30), **settings) == {}
    resend(scene, scene.messages()[0].id)
    with MailReceiver() as revived:
        assert deliver(scene, tmp_path, now, **revived.settings) == {"sent": 1}
        assert len(revived.received) == 1


def test_starttls_is_demanded_when_it_is_configured(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task()
    scene.contact("STP")
    plan(scene)
    assert deliver(scene, tmp_path, **mails.settings | {"smtp_security": "starttls"}) == {"pending": 1}
    assert mails.received == []


def test_nothing_that_people_type_reaches_a_header(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task()
    scene.contact("STP", "Ánh\r\nBcc: ai@example.vn", email="stp@soctrang.example")
    scene.contact("STP", "Hai", email="hai@soctrang.example>\r\nBcc: <ai@example.vn")
    scene.change(agencies, scene.agency["STP"], name="Sở\r\nX-Evil: 1\r\n\r\nTư pháp")
    plan(scene)
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1, "dead": 1}
    assert mails.to == ["stp@soctrang.example"]
    (mail,) = mails.received
    assert mail["Bcc"] is mail["X-Evil"] is None
    assert "Địa chỉ thư không hợp lệ" in scene.messages()[1].last_error


# Webhooks


def test_a_webhook_gets_the_digest_signed(scene: Scene, hooks: HookReceiver, tmp_path: Path) -> None:
    scene.task(name="Tỷ lệ hồ sơ trực tuyến")
    scene.contact("STP", webhook_url=f"{hooks.url}?token=bi-mat", webhook_secret=SECRET, email="stp@soctrang.example")
    plan(scene)
    now = datetime.now(UTC)  # the receiver compares the signature's time with its own clock
    hooks.status = 503
    assert deliver(scene, tmp_path, now - timedelta(minutes=2), webhook_hosts="127.0.0.1") == {"pending": 1}
    hooks.status = 204
    assert deliver(scene, tmp_path, now, webhook_hosts="127.0.0.1") == {"sent": 1}
    failed, sent = hooks.received
    assert failed.headers["webhook-id"] == sent.headers["webhook-id"] == scene.messages()[0].message_key
    body = Webhook(SECRET).verify(sent.body, sent.headers)
    assert body["type"] == "reminder.digest"
    assert body["data"]["recipient"] == "soc-trang/STP"
    assert [item["code"] for item in body["data"]["items"]] == ["ST-2024-TC-01"]
    assert body["data"]["items"][0]["points"] == "0.6590"
    assert sent.path == "/nhac-viec?token=bi-mat"
    assert scene.messages()[0].address == hooks.url  # the token is nobody's business
    assert scene.messages()[0].channel == "webhook"


@pytest.mark.parametrize(
    ("status", "state"), [(302, "dead"), (400, "dead"), (404, "dead"), (408, "pending"), (429, "pending")]
)
def test_what_a_webhook_answers_decides_whether_to_try_again(
    scene: Scene, hooks: HookReceiver, tmp_path: Path, status: int, state: str
) -> None:
    scene.task()
    scene.contact("STP", webhook_url=hooks.url)
    plan(scene)
    hooks.status, hooks.location = status, hooks.url + "/khac" if status == 302 else ""
    assert deliver(scene, tmp_path, webhook_hosts="127.0.0.1") == {state: 1}
    assert len(hooks.received) == 1
    assert str(status) in scene.messages()[0].last_error
    assert "webhook-signature" not in hooks.received[0].headers  # no secret was agreed


def test_no_webhook_goes_to_a_host_that_the_operator_did_not_allow(
    scene: Scene, mails: MailReceiver, hooks: HookReceiver, tmp_path: Path
) -> None:
    scene.task()
    scene.contact("STP", webhook_url=hooks.url, email="stp@soctrang.example")
    scene.contact("STP", "Chỉ webhook", webhook_url=hooks.url + "/hai")
    plan(scene)
    assert deliver(scene, tmp_path, webhook_hosts="example.vn", **mails.settings) == {"sent": 1, "unreachable": 1}
    assert hooks.received == []
    assert mails.to == ["stp@soctrang.example"]


# What changed after planning


CHANGES: dict[str, dict[str, Any]] = {
    "accepted": {"status": "accepted"},
    "submitted": {"status": "submitted", "submitted_at": EIGHT},
    "moved": {"agency_id": 3},
    "extended": {"extension_due": date(2025, 8, 1), "effective_due": date(2025, 8, 1)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_task_that_changed_after_planning_drops_out(scene: Scene, tmp_path: Path, change: str) -> None:
    changed = scene.task("STP")
    scene.task("STP")
    plan(scene)
    scene.change(tasks, changed, **CHANGES[change])
    assert deliver(scene, tmp_path) == {"sent": 1}
    text = files(tmp_path)[0].read_text()
    assert "TC-02" in text
    assert "TC-01" not in text


@pytest.mark.parametrize("change", CHANGES)
def test_a_digest_with_nothing_left_is_dropped(scene: Scene, tmp_path: Path, change: str) -> None:
    task = scene.task("STP")
    plan(scene)
    scene.change(tasks, task, **CHANGES[change])
    assert deliver(scene, tmp_path) == {"dropped": 1}
    assert files(tmp_path) == []


def test_shares_and_reviews_drop_out_when_they_are_done(scene: Scene, tmp_path: Path) -> None:
    waiting, open_task = scene.task(due=date(2025, 12, 1)), scene.task("SKHCN")
    scene.submit(waiting, at=at(date(2025, 6, 10)))
    held = scene.share(open_task, "STC")
    plan(scene)
    scene.change(shares, held, done=True)
    scene.change(tasks, waiting, status="returned", submitted_at=None)
    assert deliver(scene, tmp_path) == {"dropped": 2, "sent": 1}


def test_the_text_is_of_the_day_it_is_sent(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP")
    plan(scene)
    assert deliver(scene, tmp_path, at(date(2025, 7, 2), 9)) == {"sent": 1}
    mail = message_from_bytes(files(tmp_path)[0].read_bytes(), policy=default)
    assert "quá hạn 2 ngày" in mail.get_body(("plain",)).get_content()


def test_contacts_are_those_of_the_moment_of_sending(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task()
    moved = scene.contact("STP", "Một")
    gone = scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)
    scene.change(contacts, moved, email="moi@soctrang.example")
    scene.change(contacts, gone, active=False)
    scene.contact("STP", "Ba", email="ba@soctrang.example")
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 2, "superseded": 1}
    assert sorted(mails.to) == ["ba@soctrang.example", "moi@soctrang.example"]


def test_when_the_only_contact_left_the_recipient_itself_is_written_to(scene: Scene, tmp_path: Path) -> None:
    scene.task()
    only = scene.contact("STP")
    plan(scene)
    scene.change(contacts, only, active=False)
    assert deliver(scene, tmp_path) == {"sent": 1}
    assert str(message_from_bytes(files(tmp_path)[0].read_bytes(), policy=default)["To"]) == "Sở Tư pháp:;"


def test_long_digests_are_cut_and_say_so(scene: Scene, tmp_path: Path) -> None:
    for number in range(75):
        scene.task("STP", points=5000 - number)
    plan(scene)
    deliver(scene, tmp_path)
    text = message_from_bytes(files(tmp_path)[0].read_bytes(), policy=default).get_body(("plain",)).get_content()
    assert "75 nhiệm vụ sắp đến hạn" in text
    assert "… và 15 nhiệm vụ khác" in text
    assert "ST-2024-TC-60" in text
    assert "ST-2024-TC-61" not in text


# Replicas and crashes


def test_many_senders_at_once_send_each_message_once(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task("STP")
    for number in range(24):
        scene.contact("STP", f"Số {number}", email=f"so{number}@soctrang.example")
    plan(scene)
    others = [sender(scene, tmp_path, EIGHT, mails.settings) for _ in range(2)]
    start, totals = threading.Barrier(3), []

    def send() -> None:
        replica = open_database(scene.db.url)
        start.wait()
        totals.append(
            outbox.deliver_due(replica, settings_for(replica, tmp_path, **mails.settings), clock=SetClock(EIGHT))
        )
        replica.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        assert other.wait(timeout=60) == 0
    assert sorted(mails.to) == sorted(f"so{number}@soctrang.example" for number in range(24))
    assert set(scene.states()) == {"sent"}
    assert sum(total["sent"] for total in totals) <= 24


def sender(scene: Scene, folder: Path, now: datetime, settings: dict[str, Any]) -> subprocess.Popen[bytes]:
    """A delivery round in a process of its own."""
    program = (
        "import json, sys\n"
        "from datetime import datetime\n"
        "from pathlib import Path\n"
        "from app import outbox\n"
        "from app.db import open_database\n"
        "from tests.jobs.scene import SetClock, settings_for\n"
        "url, folder, now, more = sys.argv[1:]\n"
        "db = open_database(url)\n"
        "settings = settings_for(db, Path(folder), **json.loads(more))\n"
        "outbox.deliver_due(db, settings, clock=SetClock(datetime.fromisoformat(now)))\n"
        "db.close()\n"
    )
    arguments = [sys.executable, "-c", program, scene.db.url, str(folder), now.isoformat(), json.dumps(settings)]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL)


def test_a_sender_killed_between_claim_and_send_loses_nothing(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    scene.task("STP")
    scene.contact("STP")
    plan(scene)
    reached, release = threading.Event(), threading.Event()

    def hold(_mail: Any) -> str:
        reached.set()
        release.wait(20)
        return "451 interrupted"

    mails.answer = hold
    victim = sender(scene, tmp_path, EIGHT, mails.settings)
    assert reached.wait(20)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    release.set()
    mails.answer = lambda _mail: None
    (message,) = scene.messages()
    assert message.state == "sending"
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=9), **mails.settings) == {}  # the lease still runs
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=10), **mails.settings) == {"sent": 1}
    assert [mail["Message-ID"] for mail in mails.received] == [f"<{message.message_key}@localhost>"]


def claim(scene: Scene, now: datetime) -> Any:
    with scene.db.transaction() as connection:
        return queue.claim(connection, now=now, lease=timedelta(minutes=10))


def test_a_sender_that_comes_back_late_cannot_overwrite_its_successor(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP")
    plan(scene)
    slow = claim(scene, EIGHT)
    assert claim(scene, EIGHT) is None
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=10)) == {"sent": 1}
    with scene.db.transaction() as connection:
        assert not queue.settle(connection, slow, "dead", last_error="too late")
    assert scene.states() == ["sent"]


def test_a_message_that_kills_every_sender_is_given_up(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP")
    plan(scene)
    now = EIGHT
    for _ in range(queue.MAX_ATTEMPTS):
        assert claim(scene, now) is not None
        now += timedelta(minutes=10)
    assert claim(scene, now) is None
    assert deliver(scene, tmp_path, now) == {"dead": 1}


def test_backing_off_takes_as_long_wherever_it_is_computed() -> None:
    minutes = [queue.backoff("key", attempt).total_seconds() / 60 for attempt in range(1, 9)]
    for waited, base in zip(minutes, (1, 5, 15, 60, 240, 240, 240, 240), strict=True):
        assert base <= waited < base * 1.25
    assert queue.backoff("key", 3) == queue.backoff("key", 3) != queue.backoff("other", 3)


# Sending again


def test_sending_again_needs_a_reason_to(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task("STP")
    scene.contact("STP")
    plan(scene)
    (message,) = scene.messages()
    with pytest.raises(Conflict, match="đang chờ gửi"):
        resend(scene, message.id)
    deliver(scene, tmp_path, **mails.settings)
    with pytest.raises(Conflict, match="again"):
        resend(scene, message.id)
    resend(scene, message.id, again=True)
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1}
    first, second = (mail["Message-ID"] for mail in mails.received)
    assert first != second  # or the mailbox would hide it as a duplicate
    with pytest.raises(NotFound):
        resend(scene, 10**6)
    with pytest.raises(Forbidden):
        resend(scene, message.id, role=Role.LEADERSHIP)
    (logged,) = scene.rows(select(events.c.action, events.c.before, events.c.entity_id))
    assert logged.action == "delivery.requeued"
    assert logged.before["state"] == "sent"


def test_a_dead_letter_is_sent_again_as_the_same_message(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task("STP")
    scene.contact("STP")
    plan(scene)
    mails.answer_rcpt = lambda _address: "550 no such user"
    assert deliver(scene, tmp_path, **mails.settings) == {"dead": 1}
    mails.answer_rcpt = lambda _address: None
    (message,) = scene.messages()
    assert resend(scene, message.id)["state"] == "pending"
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1}
    assert mails.received[0]["Message-ID"] == f"<{message.message_key}@localhost>"
    assert scene.messages()[0].attempts == 1


def test_the_backlog_counts_what_waits(scene: Scene) -> None:
    scene.task("STP")
    plan(scene)
    with scene.db.snapshot() as connection:
        waiting = outbox.backlog(connection, now=at(TUESDAY, 9))
    assert waiting == {"by_state": {"pending": 1}, "oldest_due_seconds": 3600}
    with scene.db.transaction() as connection:
        connection.execute(delete(deliveries))
    with scene.db.snapshot() as connection:
        assert outbox.backlog(connection, now=EIGHT) == {"by_state": {}, "oldest_due_seconds": 0}
