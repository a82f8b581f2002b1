"""Wrong API keys: limited per address, and nobody who calls with a right one notices."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from starlette.testclient import TestClient

from app.accounts import keys
from app.db import open_database
from app.main import create_app
from app.models import try_counts
from tests.conftest import Client


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "WRONG_KEYS", 4)


def wrong(http: Any, key: str = "kp_wrong") -> Any:
    return http.get("/api/v1/tasks", headers={"Authorization": f"Bearer {key}"})


@contextlib.contextmanager
def statements(client: Client) -> Iterator[list[str]]:
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        told.append(statement)

    engines = {id(one): one for one in (client.world.db.reader.engine, client.world.db.writer.engine)}.values()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield told
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_too_many_wrong_keys_of_an_address_are_told_to_wait_and_right_ones_work(client: Client) -> None:
    assert [wrong(client.http, f"kp_{number}").status_code for number in range(6)] == [401] * 4 + [429] * 2
    refused = wrong(client.http)
    assert refused.headers["retry-after"] == "900"
    problem = refused.json()
    assert (problem["type"], problem["retry_after"]) == ("urn:khacphuc:problem:too-many-tries", 900)
    assert "Khóa đúng vẫn dùng được" in problem["detail"]
    assert client.get("/api/v1/tasks").status_code == 200  # behind the same address, and never seen before
    client.world.now += timedelta(minutes=15)
    assert wrong(client.http).status_code == 401


def test_whoever_sends_no_key_at_all_is_not_counted(client: Client) -> None:
    assert {client.http.get("/api/v1/tasks").status_code for _ in range(9)} == {401}


def test_keys_that_are_revoked_expired_or_of_a_closed_account_are_wrong_keys(client: Client) -> None:
    admin = client.as_("admin")
    account = client.world.actor("STP").account_id
    made = admin.post(f"/api/v1/accounts/{account}/keys", json={"days": 1}).json()
    assert wrong(client.http, made["key"]).status_code == 200
    admin.delete(f"/api/v1/keys/{made['id']}")
    assert [wrong(client.http, made["key"]).status_code for _ in range(5)] == [401] * 4 + [429]


def test_a_right_key_writes_nothing_and_an_address_that_waits_costs_one_read_a_key(client: Client) -> None:
    client.get("/api/v1/tasks")
    client.http.app.state.keys.forget()
    with statements(client) as told:
        client.get("/api/v1/tasks")
    assert not [one for one in told if "try_count" in one or one.startswith(("INSERT", "UPDATE", "DELETE"))]
    for number in range(4):
        wrong(client.http, f"kp_{number}")
    with statements(client) as told:
        assert wrong(client.http, "kp_more").status_code == 429
    assert len({one for one in told if "api_key" in one or "try_count" in one}) == 1


def test_replicas_count_together(client: Client) -> None:
    state = client.http.app.state
    with (
        contextlib.closing(open_database(client.world.db.url)) as db,
        TestClient(create_app(state.settings, state.clock, db)) as other,
    ):
        answers = [wrong(http).status_code for _ in range(3) for http in (client.http, other)]
    assert answers == [401] * 4 + [429] * 2
    with client.world.db.snapshot() as connection:
        [row] = connection.execute(select(try_counts)).all()
    assert (row.subject, row.tries) == ("keys client:testclient", 4)
    assert "kp_" not in str(row)
