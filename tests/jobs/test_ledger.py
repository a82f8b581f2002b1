"""What counts as told: what a letter said. What none said is told by a later one, and nobody gets two a day."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import reminders
from app.models import deliveries, tasks
from app.outbox import queue
from app.outbox.content import gather
from app.outbox.telling import forget_dropped
from tests.jobs.receivers import MailReceiver
from tests.jobs.rounds import EIGHT, TUESDAY, WEDNESDAY, deliver, files, plan, resend
from tests.jobs.scene import Scene, at

THURSDAY = date(2025, 6, 26)


def submitted(scene: Scene, task: int) -> None:
    scene.change(tasks, task, status="submitted", submitted_at=at(TUESDAY, 8, 0))


def recalled(scene: Scene, task: int) -> None:
    scene.change(tasks, task, status="in_progress", submitted_at=None)


def told_to_stp(scene: Scene) -> dict[date, list[tuple[str, str, int]]]:
    return {day: sorted(items) for (to, day), items in scene.told().items() if to == "STP"}


# Items that drop out


@pytest.mark.parametrize(("due", "milestone"), [(TUESDAY, 0), (date(2025, 7, 1), 7)])
def test_what_dropped_out_before_it_was_said_is_said_when_it_comes_back(
    scene: Scene, tmp_path: Path, due: date, milestone: int
) -> None:
    task = scene.task("STP", due=due)
    plan(scene)
    submitted(scene, task)
    assert "dropped" in deliver(scene, tmp_path)
    assert scene.told() == {}
    recalled(scene, task)
    plan(scene, WEDNESDAY)
    assert told_to_stp(scene) == {WEDNESDAY: [("due", "ST-2024-TC-01", milestone)]}
    deliver(scene, tmp_path, at(WEDNESDAY, 8, 1))
    assert any("TC-01" in file.read_text() and "STP" in file.name for file in files(tmp_path))


def test_of_a_letter_that_left_only_what_it_said_is_told(scene: Scene, tmp_path: Path) -> None:
    task = scene.task("STP")
    scene.task("STP")
    plan(scene)
    submitted(scene, task)
    assert deliver(scene, tmp_path) == {"sent": 1}
    assert told_to_stp(scene) == {TUESDAY: [("due", "ST-2024-TC-02", 7)]}


def test_what_one_contact_was_told_stays_told(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    task = scene.task("STP")
    scene.contact("STP", "Một")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)
    mails.answer_rcpt = lambda address: "451 later" if "hai@" in address else None
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1, "pending": 1}
    submitted(scene, task)
    mails.answer_rcpt = lambda _address: None
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=2), **mails.settings) == {"dropped": 1}
    recalled(scene, task)
    assert reminders.run_due(scene.db, now=at(WEDNESDAY)) == 0


def test_a_letter_asked_for_once_more_does_not_forget_what_the_first_one_said(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    task = scene.task("STP")
    scene.contact("STP")
    plan(scene)
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1}
    submitted(scene, task)
    resend(scene, scene.messages()[0].id, again=True)
    assert deliver(scene, tmp_path, **mails.settings) == {"dropped": 1}
    assert told_to_stp(scene) == {TUESDAY: [("due", "ST-2024-TC-01", 7)]}


def test_what_one_letter_says_while_another_leaves_it_out_is_told(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    task = scene.task("STP")
    scene.task("STP")
    scene.contact("STP", "Một")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)

    def meanwhile(_mail: Any) -> None:
        """The first letter, which says both, is on its way when the second one leaves without the submitted task."""
        submitted(scene, task)
        claim_and_leave_out(scene)

    mails.answer = meanwhile
    assert deliver(scene, tmp_path, **mails.settings) == {"sent": 1}
    assert scene.states() == ["sent", "sent"]
    assert told_to_stp(scene) == {TUESDAY: [("due", "ST-2024-TC-01", 7), ("due", "ST-2024-TC-02", 7)]}


def claim_and_leave_out(scene: Scene) -> None:
    """What another sender's round does to the second message."""
    with scene.db.transaction() as connection:
        claim = queue.claim(connection, now=EIGHT, lease=timedelta(minutes=10))
        assert claim is not None
        ledger = gather(connection, claim.digest_id, today=TUESDAY).ledger
        assert len(ledger.dropped) == 1
        queue.settle(connection, claim, "sent", sent_at=EIGHT)
        forget_dropped(connection, claim, ledger)


# A newer digest


def claimed(scene: Scene, now: datetime) -> Any:
    with scene.db.transaction() as connection:
        return queue.claim(connection, now=now, lease=timedelta(minutes=10))


def two_tasks(scene: Scene) -> None:
    """One that is due for Tuesday's digest, one for Wednesday's."""
    scene.contact("STP")
    scene.task("STP", due=date(2025, 7, 1))
    scene.task("STP", due=date(2025, 7, 2))
    plan(scene)
    reached = told_to_stp(scene)[TUESDAY]
    assert [code for _, code, _ in reached] == ["ST-2024-TC-01", "ST-2024-TC-02"]


def test_a_letter_under_way_that_fails_gives_way_to_the_one_planned_meanwhile(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    two_tasks(scene)
    mails.answer_rcpt = lambda _address: "550 no such user"
    assert deliver(scene, tmp_path, **mails.settings) == {"dead": 1}
    mails.answer_rcpt = lambda _address: None
    resend(scene, scene.messages()[0].id, now=at(WEDNESDAY, 7, 59))

    def meanwhile(_mail: Any) -> str:
        if len(scene.messages()) == 1:
            plan(scene, WEDNESDAY)
        return "451 later"

    mails.answer = meanwhile
    assert deliver(scene, tmp_path, at(WEDNESDAY, 7, 59), **mails.settings) == {"superseded": 1}
    mails.answer = lambda _mail: None
    assert deliver(scene, tmp_path, at(WEDNESDAY, 8, 5), **mails.settings) == {"sent": 1}
    assert scene.states() == ["superseded", "sent"]
    (mail,) = mails.received
    text = mail.get_body(("plain",)).get_content()
    assert "TC-01" in text
    assert "TC-02" in text


def test_a_letter_that_crashed_gives_way_when_it_is_taken_up(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    two_tasks(scene)
    assert claimed(scene, at(WEDNESDAY, 8)) is not None
    plan(scene, WEDNESDAY)
    assert deliver(scene, tmp_path, at(WEDNESDAY, 8, 1), **mails.settings) == {"sent": 1}
    assert deliver(scene, tmp_path, at(WEDNESDAY, 8, 10), **mails.settings) == {"superseded": 1}
    assert len(mails.received) == 1
    # The newer letter was gone by then and did not say it, so the next one does.
    plan(scene, THURSDAY)
    assert told_to_stp(scene)[THURSDAY] == [("due", "ST-2024-TC-01", 7)]


def test_giving_way_keeps_told_what_another_contact_got(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    two_tasks(scene)
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    assert claimed(scene, at(WEDNESDAY, 8)) is not None
    with scene.db.transaction() as connection:
        (first,) = scene.messages()
        queue.hand_over(connection, first.digest_id, [2], now=at(TUESDAY, 9))
    scene.change(deliveries, 2, state="sent", sent_at=at(TUESDAY, 9))
    plan(scene, WEDNESDAY)
    deliver(scene, tmp_path, at(WEDNESDAY, 8, 10), **mails.settings)
    assert scene.states()[0] == "superseded"
    assert [code for _, code, _ in told_to_stp(scene)[TUESDAY]] == ["ST-2024-TC-01", "ST-2024-TC-02"]
