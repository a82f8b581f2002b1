"""What operators see: request ids, metrics that answer "are reminders going out?", and alerts on real names."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from app import seals
from app.accounts import signing_in
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


def said(lines: list[Any]) -> list[tuple[Any, ...]]:
    return [(one["event"], one.get("route"), one.get("status"), one["account"]) for one in lines]


@pytest.mark.usefixtures("talkative")
def test_refused_reads_are_told_with_who_and_where_and_without_the_key(client: Client) -> None:
    agency = client.world.actor("SKHCN").account_id
    with capture_logs(processors=[merge_contextvars]) as lines:
        client.as_("SKHCN").get("/api/v1/audit")
        client.as_("SKHCN").get("/api/v1/tasks/ST-2024-TC-01")  # somebody else's
        client.as_("SKHCN").get("/api/v1/tasks")
        client.http.get("/api/v1/tasks", headers={"Authorization": "Bearer kp_khong-dung"})
        client.http.get("/calendar/khong-dung.ics")
        client.http.get("/wp-admin/setup.php")
    assert said(lines) == [
        ("request", "/api/v1/audit", 403, agency),
        ("request", "/api/v1/tasks/{task_id}", 404, agency),
        ("request", "/api/v1/tasks", 401, None),
        ("request", "/calendar/{token}.ics", 404, None),
    ]
    assert {one["client"] for one in lines} == {"testclient"}
    assert len({one["request"] for one in lines}) == 4
    assert "khong-dung" not in str(lines)


@pytest.mark.usefixtures("talkative")
def test_failed_sign_ins_and_forged_forms_are_told_without_what_was_typed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "SECONDS_OF_REFUSAL", 0.0)
    agency, name = client.world.actor("SKHCN").account_id, "skhcn"
    with capture_logs(processors=[merge_contextvars]) as lines:
        client.http.post("/signin", data={"name": name, "password": "sai-mat-khau"})
        client.http.post("/signin", data={"name": "mat-khau-go-nham", "password": "sai-mat-khau"})
        client.http.post("/signin", data={"name": name}, headers={"Origin": "https://evil.example"})
        client.http.get("/tasks", headers={"Cookie": "khacphuc=het-han"}, follow_redirects=False)
    assert said(lines) == [
        ("sign-in refused", None, None, agency),
        ("request", "/signin", 401, None),
        ("sign-in refused", None, None, None),
        ("request", "/signin", 401, None),
        ("forged form", None, None, None),
        ("request", "/signin", 403, None),
        ("session refused", None, None, None),
    ]
    assert not any(secret in str(lines) for secret in ("sai-mat-khau", "mat-khau-go-nham", "het-han"))


def test_no_address_writes_on_the_terminal_of_whoever_reads_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(type(client.world.db), "read", broken)
    with capture_logs() as lines:
        assert client.get("/api/v1/tasks/[31m quá").status_code == 500
        assert client.get("/api/v1/tasks/%1b[31m%0aquá").status_code == 404
    (line,) = (one for one in lines if one["event"] == "unexpected error")
    assert line["path"].startswith("/api/v1/tasks/%5B31m%20qu")
    assert line["path"].isascii()


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
