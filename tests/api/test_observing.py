"""What operators see: request ids, metrics that answer "are reminders going out?", and alerts on real names."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from app import seals
from app.reminders import run_now
from app.settings import ROOT
from tests.conftest import Client


def gauge(client: Client, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.http.get("/metrics").text, re.M)
    assert found is not None, name
    return float(found[1])


def test_a_request_keeps_the_proxys_id_or_gets_one(client: Client) -> None:
    assert client.get("/api/v1/tasks", headers={"X-Request-ID": "proxy-12345678"}).headers["x-request-id"] == (
        "proxy-12345678"
    )
    for hostile in ("short", "a\tb" * 10, "x" * 65, "với-dấu-tiếng-việt".encode().decode("latin1")):
        given = client.get("/api/v1/tasks", headers={"X-Request-ID": hostile.encode("latin1")}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{16}", given)


@pytest.fixture
def talkative() -> Iterator[None]:
    """The server's log level instead of the tests' own."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("talkative")
def test_a_write_leaves_a_line_with_its_id_and_without_what_was_written(client: Client) -> None:
    with capture_logs() as lines:
        path = "/api/v1/tasks/ST-2024-TC-16/updates"
        client.as_("SKHCN").post(path, version=1, json={"note": "bí mật"}, headers={"X-Request-ID": "abcdefgh"})
        client.get("/api/v1/tasks")
    (line,) = (one for one in lines if one["event"] == "request")
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/v1/tasks/{task_id}/updates", 200)
    assert "bí mật" not in str(lines)


def test_scanners_make_no_time_series_of_their_guesses(client: Client) -> None:
    client.get("/wp-admin/setup.php")
    text = client.http.get("/metrics").text
    assert "wp-admin" not in text
    assert 'khacphuc_requests_total{method="GET",route="other",status="404"}' in text


def test_metrics_answer_whether_reminders_go_out(client: Client) -> None:
    assert gauge(client, "khacphuc_last_plan_seconds") == -1
    world = client.world
    world.now = world.now.replace(month=6, day=24)
    world.write(run_now, world.actor("coordinator"))
    world.now += timedelta(hours=3)
    assert gauge(client, "khacphuc_last_plan_seconds") == 3 * 3600
    assert gauge(client, 'khacphuc_messages{state="pending"}') > 0
    assert gauge(client, "khacphuc_oldest_undelivered_seconds") == 3 * 3600
    assert gauge(client, "khacphuc_oldest_unsealed_seconds") > 0
    with world.db.transaction() as connection:
        seals.seal_committed(connection, now=world.now)
    assert gauge(client, "khacphuc_oldest_unsealed_seconds") == 0
    assert gauge(client, "khacphuc_database_up") == 1


def test_metrics_answer_while_the_database_does_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_args: object, **_kwargs: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(type(client.world.db), "read", broken)
    assert gauge(client, "khacphuc_database_up") == 0


def test_every_alert_reads_a_metric_that_exists(client: Client) -> None:
    alerts = (ROOT / "docs" / "alerts.yml").read_text()
    text = client.http.get("/metrics").text
    names = set(re.findall(r"\bkhacphuc_[a-z_]+", alerts))
    assert len(names) >= 6
    for name in names:
        assert re.search(rf"^# TYPE {name.removesuffix('_bucket').removesuffix('_total')}", text, re.M), name
