"""Letters leave in working hours, after the day's plan; what somebody asks for leaves at once."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from app import reminders
from app.core.access import SYSTEM
from app.models import assessments, day_overrides, events, tasks
from app.outbox import queue
from tests.jobs.receivers import MailReceiver
from tests.jobs.rounds import EIGHT, TUESDAY, WEDNESDAY, deliver, files, plan, resend
from tests.jobs.scene import Scene, at

FRIDAY, SATURDAY, MONDAY = date(2025, 6, 27), date(2025, 6, 28), date(2025, 6, 30)


def test_a_letter_of_friday_does_not_leave_in_the_night_to_saturday(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP", due=date(2025, 6, 29))
    plan(scene, FRIDAY)
    assert deliver(scene, tmp_path, at(SATURDAY, 3)) == {"pending": 1}
    (message,) = scene.messages()
    assert message.next_attempt_at == at(MONDAY, 8)
    assert deliver(scene, tmp_path, at(SATURDAY, 12)) == {}
    assert files(tmp_path) == []


def test_on_monday_the_days_plan_comes_first_and_takes_it_along(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP", due=date(2025, 7, 4))
    plan(scene, FRIDAY)
    deliver(scene, tmp_path, at(FRIDAY, 17))
    scene.task("STP", due=date(2025, 7, 7))
    assert deliver(scene, tmp_path, at(MONDAY, 8)) == {"pending": 1}  # today's plan is still to be made
    plan(scene, MONDAY)
    assert deliver(scene, tmp_path, at(MONDAY, 8, 1)) == {"sent": 1}
    (letter,) = files(tmp_path)
    assert letter.name.startswith("2025-06-30")
    assert [code in letter.read_text() for code in ("TC-01", "TC-02")] == [True, True]


def test_without_anything_newer_it_leaves_on_monday(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP", due=date(2025, 7, 4))
    plan(scene, FRIDAY)
    deliver(scene, tmp_path, at(FRIDAY, 17))
    assert reminders.run_due(scene.db, now=at(MONDAY, 8)) == 0
    assert deliver(scene, tmp_path, at(MONDAY, 8, 1)) == {"sent": 1}


def test_backing_off_ends_with_the_days_hours(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task("STP")
    scene.contact("STP")
    plan(scene)
    mails.answer = lambda _mail: "451 later"
    assert deliver(scene, tmp_path, at(TUESDAY, 16, 59), **mails.settings) == {"pending": 1}
    (message,) = scene.messages()
    assert message.next_attempt_at == at(WEDNESDAY, 8)


def test_the_hours_are_those_of_the_policy_and_the_calendar(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP")
    scene.change(assessments, scene.assessment, reminder_policy={"send_at": "09:30", "send_until": "11:00"})
    assert reminders.run_due(scene.db, now=at(TUESDAY, 10)) == 1
    scene.add(day_overrides, day=WEDNESDAY, working=False, note="")
    assert deliver(scene, tmp_path, at(TUESDAY, 11)) == {"pending": 1}
    assert scene.messages()[0].next_attempt_at == at(date(2025, 6, 26), 9, 30)


def test_contacts_are_looked_up_anew_in_hours_too(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task("STP")
    plan(scene, FRIDAY)
    assert deliver(scene, tmp_path, at(FRIDAY, 16, 30), **mails.settings) == {"unreachable": 1}
    assert scene.messages()[0].next_attempt_at == at(MONDAY, 8)
    assert deliver(scene, tmp_path, at(MONDAY, 8), **mails.settings) == {"unreachable": 1}  # today's plan comes first
    assert scene.messages()[0].next_attempt_at == at(MONDAY, 8, 1)


def test_a_forced_run_sends_at_any_hour_and_tries_again_in_hours(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    scene.task("STP")
    scene.contact("STP")
    reminders.run_everywhere(scene.db, now=at(SATURDAY, 21))
    mails.answer = lambda _mail: "451 later"
    assert deliver(scene, tmp_path, at(SATURDAY, 21), **mails.settings) == {"pending": 1}
    assert scene.messages()[0].next_attempt_at == at(MONDAY, 8)
    mails.answer = lambda _mail: None
    reminders.run_due(scene.db, now=at(MONDAY, 8))
    assert deliver(scene, tmp_path, at(MONDAY, 8, 2), **mails.settings)["sent"] == 1
    assert len(mails.received) == 1


def test_a_message_sent_again_by_hand_leaves_at_once(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task("STP")
    scene.contact("STP")
    plan(scene)
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1}
    resend(scene, scene.messages()[0].id, again=True, now=at(SATURDAY, 22))
    assert deliver(scene, tmp_path, at(SATURDAY, 22), **mails.settings) == {"sent": 1}


def test_a_crashed_attempt_is_taken_up_in_hours(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP")
    plan(scene)
    with scene.db.transaction() as connection:
        assert queue.claim(connection, now=at(TUESDAY, 16, 55), lease=timedelta(minutes=10)) is not None
    assert deliver(scene, tmp_path, at(TUESDAY, 17, 5)) == {"pending": 1}
    assert scene.messages()[0].next_attempt_at == at(WEDNESDAY, 8)


def test_a_province_whose_assessments_left_has_nothing_to_say_at_any_hour(scene: Scene, tmp_path: Path) -> None:
    other = Scene(scene.db).build("can-tho", "Thành phố Cần Thơ", prefix="CT")
    scene.task("STP")
    plan(scene)
    scene.change(assessments, scene.assessment, province_id=other.province)
    assert deliver(scene, tmp_path, at(TUESDAY, 20)) == {"dropped": 1}


def test_a_spoilt_policy_keeps_no_letter_back(scene: Scene, tmp_path: Path) -> None:
    scene.task("STP")
    plan(scene)
    scene.change(assessments, scene.assessment, reminder_policy={"overdue_every": 0})
    assert deliver(scene, tmp_path) == {"sent": 1}


def test_each_run_is_logged_once_a_province_and_day(scene: Scene) -> None:
    task = scene.task("STP")
    plan(scene)
    reminders.run_due(scene.db, now=EIGHT)
    scene.change(tasks, task, status="accepted")
    reminders.run_due(scene.db, now=at(WEDNESDAY))
    runs = select(events.c.entity_code, events.c.actor, events.c.province_id, events.c.after)
    assert [tuple(run) for run in scene.rows(runs.where(events.c.action == "reminder.run").order_by(events.c.id))] == [
        ("soc-trang/2025-06-24", SYSTEM.name, scene.province, {"digests": ["soc-trang/STP"]}),
        ("soc-trang/2025-06-25", SYSTEM.name, scene.province, {"digests": []}),
    ]
