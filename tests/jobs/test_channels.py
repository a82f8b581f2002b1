"""The ways out: real SMTP, real webhooks, real files, and what goes wrong on the way."""

import base64
import contextlib
import hmac
import json
import re
import socket
import threading
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from app import reminders
from app.models import agencies
from app.outbox import queue
from app.outbox.channels import Hooks, Undelivered
from app.settings import Settings
from tests.jobs.receivers import Hook, HookReceiver, MailReceiver
from tests.jobs.rounds import EIGHT, deliver, files, plan, resend
from tests.jobs.scene import Scene

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


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
    assert "Không ghi được vào thư mục" in scene.messages()[0].last_error
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


def test_what_a_server_says_cannot_stop_the_settling_nor_control_a_terminal(
    scene: Scene, mails: MailReceiver, tmp_path: Path
) -> None:
    """PostgreSQL takes no NUL: the message would be sent again and again, and the round end before the others."""
    scene.task()
    scene.contact("STP")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    plan(scene)
    mails.answer_rcpt = lambda address: "550 5.1.1 no\x00 \x1b[31msuch\x9b \u202euser" if "stp@" in address else None
    assert deliver(scene, tmp_path, **mails.settings) == {"dead": 1, "sent": 1}
    assert scene.messages()[0].last_error == "SMTP 550 5.1.1 no [31msuch user"


def test_letters_wait_for_a_sender_that_is_set_rightly(scene: Scene, mails: MailReceiver, tmp_path: Path) -> None:
    scene.task()
    scene.contact("STP")
    plan(scene)
    unquoted = mails.settings | {"mail_from": "Sở Nội vụ, Sóc Trăng <cchc@snv.example>"}
    assert deliver(scene, tmp_path, **unquoted) == {"pending": 1}
    assert "KHACPHUC_MAIL_FROM" in scene.messages()[0].last_error
    assert deliver(scene, tmp_path, EIGHT + timedelta(minutes=2), **mails.settings) == {"sent": 1}


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
        reminders.run_due(scene.db, now=now)
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


def signature(sent: Hook) -> str:
    """As Standard Webhooks describe it."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{sent.headers['webhook-id']}.{sent.headers['webhook-timestamp']}.".encode() + sent.body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def test_a_webhook_gets_the_digest_signed(scene: Scene, hooks: HookReceiver, tmp_path: Path) -> None:
    scene.task(name="Tỷ lệ hồ sơ trực tuyến")
    scene.contact("STP", webhook_url=f"{hooks.url}?token=bi-mat", webhook_secret=SECRET, email="stp@soctrang.example")
    plan(scene)
    hooks.status = 503
    assert deliver(scene, tmp_path, webhook_hosts="127.0.0.1") == {"pending": 1}
    hooks.status = 204
    later = EIGHT + timedelta(minutes=2)
    assert deliver(scene, tmp_path, later, webhook_hosts="127.0.0.1") == {"sent": 1}
    failed, sent = hooks.received
    assert failed.headers["webhook-id"] == sent.headers["webhook-id"] == scene.messages()[0].message_key
    assert sent.headers["webhook-timestamp"] == str(int(later.timestamp()))
    assert sent.headers["webhook-signature"] == signature(sent)
    body = json.loads(sent.body)
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


def test_a_host_that_drips_its_answer_is_given_up(tmp_path: Path) -> None:
    """Each byte comes in time, the answer never: a lease must not be outlived."""
    listener = socket.create_server(("127.0.0.1", 0))
    given_up = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not given_up.wait(0.05):
                connection.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    hooks = Hooks(Settings(data_dir=tmp_path, webhook_timeout=0.3, webhook_hosts="127.0.0.1"))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(Undelivered, match="thời hạn") as refused:
        hooks.send(url, None, {"text": "x"}, message_key="m", now=datetime.now(UTC))
    assert not refused.value.permanent
    given_up.set()
    dripping.join(10)
    listener.close()
