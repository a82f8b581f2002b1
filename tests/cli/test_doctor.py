import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from app import demo
from app.clock import Clock
from app.core.access import SYSTEM
from app.core.workdays import local_date
from app.events import record
from app.models import (
    accounts,
    agencies,
    contacts,
    deliveries,
    digests,
    provinces,
    reminder_runs,
    second_factors,
    shares,
)
from tests.cli.conftest import Console, Run
from tests.conftest import Engines, World
from tests.jobs.receivers import MailReceiver


def states(console: Console, **variables: str) -> dict[str, str]:
    """Check → the worst that it found."""
    found: dict[str, str] = {}
    order = ("ok", "warning", "error")
    said = console("doctor", "--json", **variables)
    for one in said.json["findings"]:
        found[one["check"]] = max(found.get(one["check"], "ok"), one["state"], key=order.index)
    assert said.json["ok"] == ("error" not in found.values())
    assert said.code == (0 if said.json["ok"] else 1)
    return found


def message(console: Console, check: str, **variables: str) -> str:
    findings = console("doctor", "--json", **variables).json["findings"]
    return " ".join(one["message"] for one in findings if one["check"] == check)


def test_a_fresh_installation_has_warnings_but_no_error(console: Console) -> None:
    found = states(console)
    assert {check for check, state in found.items() if state == "warning"} == {
        "Kênh thư",
        "Khóa API",
        "Đầu mối",
        "Lập nhắc việc",
    }
    assert "error" not in found.values()
    assert "lỗi" in console("doctor").out


def test_whoever_must_have_a_second_factor_and_has_none_is_named(console: Console, seeded: World) -> None:
    assert "Không vai trò nào bắt buộc" in message(console, "Xác thực hai bước")
    ident = seeded.actor("admin").account_id
    required = {"KHACPHUC_SECOND_FACTOR_ROLES": "admin,coordinator"}
    assert states(console, **required)["Xác thực hai bước"] == "ok"  # nobody has a password yet
    with seeded.db.transaction() as connection:
        connection.execute(accounts.update().where(accounts.c.id == ident).values(password_hash="set"))
    assert states(console, **required)["Xác thực hai bước"] == "warning"
    assert "bắt buộc: admin." in message(console, "Xác thực hai bước", **required)
    factor = {
        "account_id": ident,
        "secret": "x",
        "created_at": seeded.now,
        "session_id": 1,
        "confirmed_at": seeded.now,
        "last_step": 0,
    }
    with seeded.db.transaction() as connection:
        connection.execute(insert(second_factors).values(factor))
    assert states(console, **required)["Xác thực hai bước"] == "ok"


def test_everybody_who_would_get_letters_and_has_no_contact_is_named_once(console: Console, seeded: World) -> None:
    said = message(console, "Đầu mối")
    assert said.startswith("soc-trang: chưa có đầu mối nhận nhắc việc cho lãnh đạo; cơ quan có nhiệm vụ: ")
    leading, holding = (part.partition(": ")[2] for part in said.partition(".")[0].split("; ")[1:])
    assert leading == "SKHCN, SNV, STC, STP, VPUB"
    assert "TPST" in holding.split(", ")  # a district: only shares
    assert not set(leading.split(", ")) & set(holding.split(", "))
    assert "khacphuc contacts add" in said

    console("contacts", "add", "--leadership", "--name", "Lãnh đạo", "--email", "ubnd@soctrang.example")
    console("contacts", "add", "--agency", "TPST", "--name", "Văn thư", "--email", "tpst@soctrang.example")
    with seeded.db.transaction() as connection:
        answered = select(agencies.c.id).where(agencies.c.code == "TXVC").scalar_subquery()
        connection.execute(shares.update().where(shares.c.agency_id == answered).values(done=True))
    said = message(console, "Đầu mối")
    assert "SXD" in said
    assert not [name for name in ("lãnh đạo", "TPST", "TXVC") if name in said]


def test_on_a_demo_database_the_folders_are_the_demos(console: Console, seeded: World, data: Path) -> None:
    with seeded.db.transaction() as connection:
        demo.mark(connection, Clock(timedelta(days=-10)))
    said = message(console, "Kênh thư")
    assert str(data / "demo" / "outbox") in said
    assert "KHACPHUC_SMTP_HOST" not in said
    assert str(data / "demo") in message(console, "Thư mục dữ liệu")


def run_row(seeded: World, days_ago: int) -> None:
    today = local_date(Clock.real_now())
    with seeded.db.transaction() as connection:
        province = connection.execute(select(provinces.c.id)).scalar_one()
        day = today - timedelta(days=days_ago)
        row = {"province_id": province, "local_date": day, "at": Clock.real_now(), "digests": 0}
        connection.execute(insert(reminder_runs), row)


def test_reminders_that_stopped_days_ago_are_an_error(console: Console, seeded: World) -> None:
    run_row(seeded, days_ago=30)
    assert states(console)["Lập nhắc việc"] == "error"
    run_row(seeded, days_ago=0)
    assert states(console)["Lập nhắc việc"] == "ok"


def test_letters_that_never_arrived_are_an_error(console: Console, seeded: World) -> None:
    now = Clock.real_now()
    with seeded.db.transaction() as connection:
        agency, province = connection.execute(select(agencies.c.id, agencies.c.province_id).limit(1)).one()
        head = {"province_id": province, "recipient": "soc-trang/SNV", "agency_id": agency}
        digest = connection.execute(
            insert(digests).values(**head, local_date=local_date(now), created_at=now).returning(digests.c.id)
        ).scalar_one()
        connection.execute(
            insert(deliveries).values(digest_id=digest, message_key="1", state="dead", next_attempt_at=now)
        )
    assert states(console)["Thư nhắc việc"] == "error"
    assert "1 thư" in message(console, "Thư nhắc việc")


def test_an_event_from_the_future_means_that_the_clock_is_behind(console: Console, seeded: World) -> None:
    with seeded.db.transaction() as connection:
        later = Clock.real_now() + timedelta(hours=2)
        record(connection, SYSTEM, now=later, entity="agency", entity_id=1, code="SNV", action="agency.changed")
    assert states(console)["Đồng hồ"] == "error"


def test_a_contact_for_everybody_and_a_key_leave_nothing_to_say(console: Console, seeded: World) -> None:
    with seeded.db.transaction() as connection:
        rows = connection.execute(select(agencies.c.id, agencies.c.province_id)).all()
        people: list[dict[str, Any]] = [
            {"province_id": row.province_id, "agency_id": row.id, "kind": "officer", "name": "Đầu mối"} for row in rows
        ]
        people.append({"province_id": rows[0].province_id, "agency_id": None, "kind": "leadership", "name": "Lãnh đạo"})
        for number, person in enumerate(people):
            connection.execute(insert(contacts).values(**person, active=True, email=f"{number}@soctrang.example"))
    console("keys", "create", "--role", "admin")
    found = states(console)
    assert (found["Đầu mối"], found["Khóa API"]) == ("ok", "ok")


# Settings


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port on which somebody listens and hangs up at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_mail_server_is_greeted_and_links_must_leave_the_machine(console: Console, silent_port: int) -> None:
    mail = {"KHACPHUC_SMTP_HOST": "127.0.0.1", "KHACPHUC_SMTP_SECURITY": "none"}
    with MailReceiver() as receiver:
        reached = mail | {"KHACPHUC_SMTP_PORT": str(receiver.port)}
        found = states(console, **reached)
        assert (found["Kênh thư"], found["Liên kết"]) == ("ok", "error")
        public = reached | {"KHACPHUC_BASE_URL": "https://khacphuc.example.vn"}
        assert states(console, **public)["Liên kết"] == "ok"
        assert states(console, **public, KHACPHUC_MAIL_FROM="Sở Nội vụ")["Kênh thư"] == "error"
        assert states(console, **public | {"KHACPHUC_SMTP_SECURITY": "starttls"})["Kênh thư"] == "error"
        assert receiver.received == []
    assert states(console, **mail, KHACPHUC_SMTP_PORT=str(silent_port))["Kênh thư"] == "error"


@pytest.mark.parametrize("engine", ["sqlite"])
def test_misspelt_variables_and_a_sleeping_scheduler_are_warnings(console: Console) -> None:
    found = states(console, KHACPHUC_SMPT_HOST="mail.example.vn", KHACPHUC_SCHEDULER="false")
    assert (found["Cấu hình"], found["Lịch tự động"]) == ("warning", "warning")
    assert "KHACPHUC_SMPT_HOST" in message(console, "Cấu hình", KHACPHUC_SMPT_HOST="mail.example.vn")


def test_without_a_usable_database_the_rest_is_still_examined(
    console: Console, engine: str, engines: Engines, run: Run
) -> None:
    url = engines.copy(engine, "empty")
    found = states(console, DATABASE_URL=url) if engine == "postgresql" else states(console, DATABASE_URL=url + "x")
    assert found["Cơ sở dữ liệu"] == "error"
    assert "Đồng hồ" not in found
    assert found["Múi giờ"] == "ok"
    if engine == "postgresql":
        engines.drop(url)
        assert states(console, DATABASE_URL=url)["Cơ sở dữ liệu"] == "error"


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_folder_that_cannot_be_written_is_an_error(console: Console, data: Any) -> None:
    data.write_text("a file where a folder should be")
    assert states(console)["Thư mục dữ liệu"] == "error"


def test_a_scanner_that_does_not_answer_is_an_error_because_no_file_gets_in(console: Console) -> None:
    assert states(console)["Quét vi-rút"] == "ok"
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"tcp://127.0.0.1:{gone.getsockname()[1]}"
    assert states(console, KHACPHUC_VIRUS_SCANNER=address)["Quét vi-rút"] == "error"
    assert address in message(console, "Quét vi-rút", KHACPHUC_VIRUS_SCANNER=address)
