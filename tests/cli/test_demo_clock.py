import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import demo
from app.clock import Clock
from app.errors import SetupProblem
from app.settings import Settings
from tests.cli.conftest import Run, Serve
from tests.cli.test_serving import refused
from tests.conftest import SEED, World

START = "2025-06-20T08:00"
START_UTC = datetime(2025, 6, 20, 1, 0, tzinfo=UTC)


def test_a_demo_runs_in_its_own_time_and_its_own_files(run: Run, serve: Serve, data: Path) -> None:
    with serve("--seed", str(SEED), "--at", START) as server:
        key = server.keys["coordinator", "SNV"]
        task = server.get("/api/v1/tasks/ST-2024-TC-16", key).json()
        assert (task["days_left"], task["overdue"]) == (11, False)
        server.stop()
    assert [path.name for path in data.iterdir()] == ["demo"]
    database = f"sqlite:///{data / 'demo' / 'khacphuc-demo.db'}"

    assert "tạo cho đồng hồ giả định" in refused(run("serve", "--port", "0", DATABASE_URL=database))
    assert "đã đi tới" in refused(run("serve", "--port", "0", "--at", "2025-06-19T08:00"))

    issued = json.loads(run("keys", "create", "--role", "admin", "--days", "1", "--json", DATABASE_URL=database).stdout)
    expires = datetime.fromisoformat(issued["expires_at"])
    assert START_UTC < expires - timedelta(days=1) < START_UTC + timedelta(hours=1)


def test_a_real_database_never_gets_a_demo_clock(run: Run, data: Path) -> None:
    assert run("migrate").returncode == 0
    line = refused(run("serve", "--port", "0", "--at", START, DATABASE_URL=f"sqlite:///{data}/khacphuc.db"))
    assert "tạo riêng cho đồng hồ giả định" in line


@pytest.mark.parametrize("at", ["tomorrow", "1066-10-14T09:00", "2025-13-01"])
def test_a_time_that_is_none_is_a_misspelt_command(run: Run, at: str) -> None:
    assert run("serve", "--port", "0", "--at", at).returncode == 2


@pytest.mark.parametrize("channel", [{"smtp_host": "mail.example.vn"}, {"webhook_hosts": "hooks.example.vn"}])
def test_a_real_channel_and_a_demo_clock_exclude_one_another(channel: dict[str, str]) -> None:
    demo.refuse_real_channels(Settings())
    with pytest.raises(SetupProblem, match="kênh gửi thật"):
        demo.refuse_real_channels(Settings(**channel))


def test_a_demo_keeps_its_clock_for_other_commands_and_never_goes_back(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        assert demo.clock_of(connection) is None
        demo.mark(connection, Clock(timedelta(days=-100)))
        demo.mark(connection, Clock(timedelta(days=-10)))
        assert demo.clock_of(connection) == Clock(timedelta(days=-10))
        newest = seeded.now - timedelta(days=20)  # when the seed was loaded
        demo.check_start(connection, newest)
        with pytest.raises(SetupProblem, match="đã đi tới"):
            demo.check_start(connection, newest - timedelta(microseconds=1))
