"""A sender is alone with its message while its lease runs: nothing takes longer, and whoever was stopped gives way."""

import contextlib
import smtplib
import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import outbox
from app.outbox.channels import Mailer
from app.outbox.patience import PatientSmtp
from app.scheduler import JOBS, Context
from tests.jobs.receivers import MailReceiver
from tests.jobs.rounds import EIGHT, deliver, plan
from tests.jobs.scene import Scene, SetClock, settings_for


@pytest.mark.parametrize("reply", [b"2", b"220-still here\r\n"])
def test_a_mail_server_that_never_ends_its_reply_is_given_up(reply: bytes) -> None:
    """Each byte comes in time, and so does each line."""
    listener = socket.create_server(("127.0.0.1", 0))
    given_up = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while not given_up.wait(0.05):
                connection.sendall(reply)

    dripping = threading.Thread(target=drip)
    dripping.start()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        PatientSmtp("127.0.0.1", listener.getsockname()[1], timeout=0.3)
    given_up.set()
    dripping.join(10)
    listener.close()


def test_a_sender_stopped_past_its_lease_sends_nothing(
    scene: Scene, mails: MailReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.task("STP")
    scene.contact("STP")
    plan(scene)
    clock, opened = SetClock(EIGHT), Mailer.open

    def stopped(mailer: Mailer) -> Any:
        """As if the process had been stopped while it connected."""
        object.__setattr__(clock, "moment", EIGHT + timedelta(minutes=10))
        return opened(mailer)

    monkeypatch.setattr(Mailer, "open", stopped)
    assert outbox.deliver_due(scene.db, settings_for(scene.db, tmp_path, **mails.settings), clock=clock) == {
        "pending": 1
    }
    assert mails.received == []
    assert "dừng quá lâu" in scene.messages()[0].last_error
    monkeypatch.undo()
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=12), **mails.settings) == {"sent": 1}


def test_a_process_has_one_letter_under_way(scene: Scene, tmp_path: Path) -> None:
    """Planning sends nothing: the other job does, so a process that dies leaves one message unsettled, not two."""
    scene.task("STP")
    context = Context(scene.db, settings_for(scene.db, tmp_path), SetClock(EIGHT))
    jobs = {job.name: job.run for job in JOBS}
    jobs["plan"](context)
    assert scene.states() == ["pending"]
    jobs["deliver"](context)
    assert scene.states() == ["sent"]
