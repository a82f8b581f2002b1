"""Nhắc việc over HTTP, on the real 2024 assessment."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app import outbox
from app.models import deliveries
from tests.conftest import Client
from tests.jobs.scene import SetClock, settings_for

BEFORE_HOURS = datetime(2025, 6, 24, 0, 30, tzinfo=UTC)
"""Tuesday 24/06/2025, 07:30 in Sóc Trăng: a week before the deadline."""
LATER = datetime(2025, 6, 24, 3, 0, tzinfo=UTC)


def run(client: Client) -> dict[str, Any]:
    answer = client.at(BEFORE_HOURS).as_("coordinator").post("/api/v1/reminders/run")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_preview_says_who_gets_what_and_who_gets_nothing(client: Client) -> None:
    shown = client.get("/api/v1/reminders/preview?on=2025-06-24").json()
    assert shown["on"] == "2025-06-24"
    recipients = {digest["recipient"] for digest in shown["digests"]}
    assert {"SNV", "STP", "SKHCN", "STC"} <= recipients
    assert "leadership" not in recipients
    tasks = [item for digest in shown["digests"] for item in digest["items"] if item["code"].count(".") == 0]
    assert len(tasks) == 48
    assert {item["milestone"] for item in tasks} == {7}
    for digest in shown["digests"]:
        points = [item["points"] for item in digest["items"]]
        assert points == sorted(points, reverse=True)
    assert {"recipient": "SNV", "why": "chưa có đầu mối nhận thư"} in shown["silent"]
    assert client.get("/api/v1/reminders").json()["total"] == 0


def test_nothing_goes_out_on_a_quiet_day(client: Client) -> None:
    shown = client.get("/api/v1/reminders/preview?on=2025-06-25").json()
    assert shown["digests"] == []
    assert len([one for one in shown["silent"] if "code" in one]) >= 48


def test_a_run_fills_the_ledger_and_a_second_one_adds_nothing(client: Client) -> None:
    sent = run(client)
    page = client.get("/api/v1/reminders").json()
    assert page["total"] == len(sent["digests"]) > 4
    assert {one["recipient"] for one in page["items"]} == {one["recipient"] for one in sent["digests"]}
    snv = client.get("/api/v1/reminders?recipient=SNV").json()["items"]
    assert len(snv) == 1
    whole = client.get(f"/api/v1/reminders/{snv[0]['id']}").json()
    expected = next(one for one in sent["digests"] if one["recipient"] == "SNV")["items"]
    assert whole["items_total"] == len(whole["items"]) == len(expected)
    assert sorted(one["code"] for one in whole["items"]) == sorted(one["code"] for one in expected)
    assert [one["state"] for one in whole["deliveries"]] == ["pending"]
    assert run(client)["digests"] == []
    logged = client.world.read(audit_actions, client.world.actor("coordinator"))
    assert logged == ["reminder.run", "reminder.run"]


def audit_actions(connection: Any, _actor: Any, *, now: datetime) -> list[str]:
    from app.models import events

    return [row.action for row in connection.execute(select(events.c.action).where(events.c.entity == "reminder_run"))]


def test_the_same_post_twice_runs_once(client: Client) -> None:
    client.at(BEFORE_HOURS)
    headers = {"Idempotency-Key": "mot-lan"}
    first = client.post("/api/v1/reminders/run", headers=headers)
    second = client.post("/api/v1/reminders/run", headers=headers)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"


def test_the_ledger_is_filtered_and_paged(client: Client) -> None:
    total = len(run(client)["digests"])
    for query, count in (
        ("state=pending", total),
        ("state=dead", 0),
        ("from=2025-06-24&to=2025-06-24", total),
        ("from=2025-06-25", 0),
        ("to=2025-06-23", 0),
        ("recipient=soc-trang/STP", 1),
        ("recipient=leadership", 0),
        ("recipient=%00", 0),
    ):
        assert client.get(f"/api/v1/reminders?{query}").json()["total"] == count, query
    page = client.get("/api/v1/reminders?limit=2&offset=1").json()
    assert (len(page["items"]), page["limit"], page["offset"], page["total"]) == (2, 2, 1, total)


def deliver(client: Client, folder: Any) -> None:
    settings = settings_for(client.world.db, folder)
    outbox.deliver_due(client.world.db, settings, clock=SetClock(LATER))


def test_a_sent_letter_is_sent_again_only_on_purpose(client: Client, tmp_path: Any) -> None:
    run(client)
    deliver(client, tmp_path)
    digest = client.at(LATER).get("/api/v1/reminders?recipient=STP").json()["items"][0]
    (message,) = digest["deliveries"]
    assert (message["state"], message["channel"]) == ("sent", "folder")
    path = f"/api/v1/deliveries/{message['id']}/resend"
    refused = client.post(path)
    assert refused.status_code == 409
    assert refused.json()["state"] == "sent"
    assert client.post(path, json={"again": True}).json()["state"] == "pending"
    assert client.post(path, json={"again": "yes"}).status_code == 422
    assert client.post(path, json={"agian": True}).status_code == 422
    deliver(client, tmp_path)
    assert len(list((tmp_path / "outbox").glob("*STP*.eml"))) == 2


@pytest.mark.parametrize("ident", ["999999", "99999999999999999999", "x", "-1"])
def test_what_does_not_exist_is_not_found(client: Client, ident: str) -> None:
    assert client.get(f"/api/v1/reminders/{ident}").status_code == 404
    assert client.post(f"/api/v1/deliveries/{ident}/resend").status_code == 404


def test_days_that_make_no_sense_are_refused_kindly(client: Client) -> None:
    for on in ("0001-01-01", "9999-12-31", "2025-02-30", "mai"):
        answer = client.get(f"/api/v1/reminders/preview?on={on}")
        assert answer.status_code == 422, on
        assert answer.json()["field"] == "on"


def test_who_may_do_what(client: Client) -> None:
    run(client)
    message = client.world.read(first_message, client.world.actor("coordinator"))
    for who, reads, steers in (("leadership", 200, 403), ("admin", 200, 403), ("SKHCN", 403, 403)):
        caller = client.as_(who)
        for path in ("/api/v1/reminders", "/api/v1/reminders/preview", "/api/v1/reminders/1"):
            assert caller.get(path).status_code == reads, (who, path)
        assert caller.post("/api/v1/reminders/run").status_code == steers
        assert caller.post(f"/api/v1/deliveries/{message}/resend").status_code == steers


def first_message(connection: Any, _actor: Any, *, now: datetime) -> int:
    return int(connection.execute(select(deliveries.c.id).order_by(deliveries.c.id)).scalars().first())
