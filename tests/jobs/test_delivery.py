"""What becomes of a planned message: changes after planning, replicas and crashes, sending again."""

import os
import signal
import threading
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from app import outbox, reminders
from app.core.access import Role
from app.db import open_database
from app.errors import Conflict, Forbidden, NotFound
from app.models import contacts, deliveries, events, shares, tasks
from app.outbox import queue
from tests.jobs.receivers import MailReceiver
from tests.jobs.rounds import EIGHT, TUESDAY, WEDNESDAY, deliver, files, plan, resend, sender
from tests.jobs.scene import Scene, SetClock, at, settings_for

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
    assert reminders.run_due(scene.db, now=at(WEDNESDAY)) == 0
    assert deliver(scene, tmp_path, at(WEDNESDAY, 9)) == {"sent": 1}
    mail = message_from_bytes(files(tmp_path)[0].read_bytes(), policy=default)
    assert "còn 6 ngày" in mail.get_body(("plain",)).get_content()


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


def test_a_contact_that_was_passed_over_is_taken_up_again(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task()
    first = scene.contact("STP", "Một")
    second = scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)
    scene.change(contacts, first, absent_from=TUESDAY, stand_in_id=second)
    mails.answer = lambda _mail: "451 later"
    assert deliver(scene, tmp_path, **mails.settings) == {"superseded": 1, "pending": 1}
    scene.change(contacts, first, absent_from=None)
    scene.change(contacts, second, active=False)
    mails.answer = lambda _mail: None
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=2), **mails.settings) == {"superseded": 1, "sent": 1}
    assert mails.to == ["stp@soctrang.example"]


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
    with pytest.raises(Conflict, match="gửi thêm lần nữa"):
        resend(scene, message.id)
    resend(scene, message.id, again=True)
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1}
    first, second = (mail["Message-ID"] for mail in mails.received)
    assert first != second  # or the mailbox would hide it as a duplicate
    with pytest.raises(NotFound):
        resend(scene, 10**6)
    with pytest.raises(Forbidden):
        resend(scene, message.id, role=Role.LEADERSHIP)
    (logged,) = scene.rows(select(events.c.before).where(events.c.action == "delivery.requeued"))
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
