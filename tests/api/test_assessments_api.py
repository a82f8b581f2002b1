"""Assessments over HTTP: what every role reads, what the coordinator changes, and whether the documents are true."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from app import summaries
from app.api import assessments as api
from app.api.schemas import Page
from app.models import events
from tests.conftest import Client

BASE = "/api/v1/assessments/soc-trang-2024"
T15 = "ST-2024-TC-15"
MANDATE = {"mandate": {"number": "1/QĐ-UBND", "date": "2025-04-29"}}
WHO = ("coordinator", "leadership", "admin", "SKHCN")


def strict(model: type[BaseModel], body: Any) -> None:
    """The answer has every documented field and no other, all the way down."""
    model.model_validate(body, extra="forbid")


def problem(response: Any, status: int, slug: str) -> Any:
    assert response.status_code == status, response.text
    body = response.json()
    assert body["type"] == f"urn:khacphuc:problem:{slug}"
    assert body["detail"]
    return body


# Reading


@pytest.mark.parametrize("who", WHO)
def test_every_answer_has_the_documented_shape(client: Client, who: str) -> None:
    reader = client.as_(who)
    for path, model in (
        ("/api/v1/assessments", Page[api.AssessmentListed]),
        (BASE, api.AssessmentShown),
        *((f"{BASE}/summary?by={by}", api.Summary) for by in summaries.BY),
        (f"{BASE}/summary?as_of=2025-05-01", api.Summary),
        (f"{BASE}/projection", api.Projection),
        (f"{BASE}/projection?as_of=2025-01-01", api.Projection),
        (f"{BASE}/history", api.History),
    ):
        answer = reader.get(path)
        assert answer.status_code == 200, answer.text
        strict(model, answer.json())
    own = {T15: {"score": "1.0"}} if who != "leadership" else {}
    answer = reader.post(f"{BASE}/what-if", json={"tasks": own})
    strict(api.WhatIf, answer.json())


def test_the_assessment_as_published(client: Client) -> None:
    body = client.get(BASE).json()
    assert (body["published"], body["published_rank"], body["province_count"]) == ("84.8272", 58, 63)
    assert body["mandate"] is None
    assert body["due_before"] == "2025-07-01"
    assert [one["published"] for one in body["groups"]] == ["54.1169", "3.8500", "18.6251", "8.2352"]
    assert body["fields"][5]["printed"]["previous"]["rank"] == 63
    assert len(body["criteria"]) == 48
    assert body["criteria"][15]["rule"]["inputs"][0]["published"] == "94511"
    assert body["source"]["source_notes"]
    assert body["causes"][0]["criteria"] == ["ST-2024-TC-01", "ST-2024-TC-02"]
    assert client.get("/api/v1/assessments/1").json() == body


def test_the_list_is_a_page(client: Client) -> None:
    body = client.as_("STP").get("/api/v1/assessments?limit=1").json()
    assert [one["code"] for one in body["items"]] == ["soc-trang-2024"]
    assert (body["total"], body["limit"], body["offset"]) == (1, 1, 0)
    assert client.get("/api/v1/assessments?offset=5").json()["items"] == []


@pytest.mark.parametrize("ident", ["soc-trang-2023", "0", "2147483648", "9" * 30, "%00", "ỳ", "1%00x"])
def test_an_unknown_assessment_is_not_found(client: Client, ident: str) -> None:
    for path in ("", "/summary", "/projection", "/history"):
        problem(client.get(f"/api/v1/assessments/{ident}{path}"), 404, "not-found")
    problem(client.post(f"/api/v1/assessments/{ident}/what-if", json={"tasks": {}}), 404, "not-found")
    problem(client.patch(f"/api/v1/assessments/{ident}", json={"mandate": None}), 404, "not-found")


def test_the_summary_of_design(client: Client) -> None:
    body = client.get(f"{BASE}/summary").json()
    assert list(body) == ["assessment", "as_of", "by", "total", "groups"]
    judiciary = next(one for one in body["groups"] if one["key"] == "STP")
    assert judiciary == {
        "key": "STP",
        "name": "Sở Tư pháp",
        "tasks": 5,
        "by_status": dict.fromkeys(("assigned", "in_progress", "submitted", "returned", "accepted", "closed"), 0)
        | {"assigned": 5},
        "overdue": 0,
        "on_time": 0,
        "late": 0,
        "points_short": "1.1064",
        "verified_gain": "0.0000",
        "expected_gain": "0.0000",
        "completion": "0.0000",
    }


@pytest.mark.parametrize(
    "query", ["by=x", "by=", "as_of=2025-13-01", "as_of=x", "as_of=2099-01-01", "as_of=2025-05-06", "as_of=0000-00-00"]
)
def test_what_cannot_be_summed_is_refused(client: Client, query: str) -> None:
    problem(client.get(f"{BASE}/summary?{query}"), 422, "invalid-input")


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2025-05-05"])
def test_any_past_day_can_be_asked_for(client: Client, day: str) -> None:
    for path in ("summary", "projection"):
        assert client.get(f"{BASE}/{path}?as_of={day}").json()["as_of"] == day


def test_work_shows_in_projection_summary_and_history(client: Client) -> None:
    numbers = {"measurements": {"used_services": 12, "services": 16}, "status": "in_progress"}
    client.as_("SKHCN").post(f"/api/v1/tasks/{T15}/updates", version=1, json=numbers)
    assert client.get(f"{BASE}/projection").json()["expected"] == "85.0147"
    assert client.get(f"{BASE}/summary").json()["total"]["expected_gain"] == "0.1875"
    client.at(datetime(2025, 5, 6, 2, tzinfo=UTC))
    with client.world.db.transaction() as connection:
        summaries.take_snapshots(connection, now=client.world.now)
    items = client.get(f"{BASE}/history?since=2025-05-04").json()["items"]
    assert [(one["day"], one["expected"], one["provisional"]) for one in items] == [
        ("2025-05-04", "84.8272", False),
        ("2025-05-05", "85.0147", False),
        ("2025-05-06", "85.0147", True),
    ]


# What if


def test_what_if_answers_the_changed_projection(client: Client) -> None:
    body = {"tasks": {T15: {"score": "1.0"}, "ST-2024-TC-16": {"measurements": {"online_files": 168561}}}}
    answer = client.as_("leadership").post(f"{BASE}/what-if", json=body).json()
    assert answer["change"]["expected"] == "+1.0965"
    assert answer["expected"] == answer["change"]["total"] == "85.9237"
    assert client.get(f"{BASE}/projection").json()["expected"] == "84.8272"


@pytest.mark.parametrize(
    ("tasks", "slug"),
    [
        ({T15: {"score": 0.5}}, "invalid-input"),
        ({T15: {"score": True}}, "invalid-input"),
        ({T15: {"score": None}}, "invalid-input"),
        ({T15: {"score": "-1"}}, "score-out-of-range"),
        ({T15: {"points": "1"}}, "invalid-input"),
        ({T15: {}}, "invalid-input"),
        ({T15: {"measurements": {"services": 0}}}, "zero-denominator"),
        ({"": {"score": "1"}}, "invalid-input"),
        ([], "invalid-input"),
    ],
)
def test_what_if_is_read_strictly(client: Client, tasks: Any, slug: str) -> None:
    problem(client.post(f"{BASE}/what-if", json={"tasks": tasks}), 422, slug)


def test_what_if_on_a_task_out_of_sight_is_not_found(client: Client) -> None:
    body = {"tasks": {T15: {"score": "1.0"}}}
    assert problem(client.as_("STP").post(f"{BASE}/what-if", json=body), 404, "not-found")["field"] == f"tasks.{T15}"


# Mandate and reminder policy


def test_the_coordinator_enters_the_mandate_and_it_is_logged(client: Client) -> None:
    answer = client.patch(BASE, json={"mandate": {"number": " 1234/QĐ-UBND ", "date": "2025-04-29"}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["mandate"] == {"number": "1234/QĐ-UBND", "date": "2025-04-29"}
    assert (answer.headers["etag"], answer.json()["version"]) == ('"2"', 2)
    with client.world.db.snapshot() as connection:
        logged = connection.execute(select(events).where(events.c.action == "assessment.changed")).one()
    assert logged.before == {"mandate_number": None, "mandate_date": None}
    assert logged.after == {"mandate_number": "1234/QĐ-UBND", "mandate_date": "2025-04-29"}
    assert client.patch(BASE, json={"mandate": None}).json()["mandate"] is None


def test_saying_the_same_again_changes_nothing(client: Client) -> None:
    for _ in range(2):
        assert client.patch(BASE, json=MANDATE).json()["version"] == 2


def test_what_was_read_can_be_sent_back(client: Client) -> None:
    for prepare in ({"mandate": None}, MANDATE):
        client.patch(BASE, json=prepare)
        body = client.get(BASE).json()
        answer = client.patch(BASE, json={name: body[name] for name in ("mandate", "reminder_policy")})
        assert answer.status_code == 200, answer.text
        assert answer.json() == body


def test_the_reminder_policy_changes_in_part(client: Client) -> None:
    answer = client.patch(BASE, json={"reminder_policy": {"before_days": [7, 20], "send_at": "07:30"}})
    assert answer.status_code == 200, answer.text
    policy = answer.json()["reminder_policy"]
    assert (policy["before_days"], policy["send_at"], policy["overdue_every"]) == ([20, 7], "07:30", 7)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, None),
        ({"reminder_policy": None}, None),
        ({"mandate": {"number": "1/QĐ-UBND"}}, "mandate.date"),
        ({"mandate": {"date": "2025-04-29"}}, "mandate.number"),
        ({"mandate": {"number": None, "date": "2025-04-29"}}, "mandate.number"),
        ({"mandate": {"number": "  ", "date": "2025-04-29"}}, "mandate.number"),
        ({"mandate": {"number": "1/QĐ-UBND", "date": "2025-05-06"}}, "mandate.date"),
        ({"mandate": {"number": "1/QĐ-UBND", "date": "29/04/2025"}}, "mandate.date"),
        ({"mandate": {"number": "1/QĐ-UBND", "date": "2025-04-29", "issuer": "x"}}, "mandate.issuer"),
        ({"mandate": "1/QĐ-UBND"}, "mandate"),
        ({"mandate_number": "1/QĐ-UBND"}, "mandate_number"),
        ({"reminder_policy": {"overdue_every": 0}}, "reminder_policy.overdue_every"),
        ({"reminder_policy": {"send_at": "25:00"}}, "reminder_policy.send_at"),
        ({"reminder_policy": {"nhắc": 1}}, "reminder_policy.nhắc"),
        ({"published": "90"}, "published"),
        ({"mandate": {"number": "x" * 501, "date": "2025-04-29"}}, "mandate.number"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(client: Client, body: dict[str, Any], field: str | None) -> None:
    found = problem(client.patch(BASE, json=body), 422, "invalid-input")
    assert found.get("field") == field
    assert client.get(BASE).json()["version"] == 1


def test_only_the_coordinator_changes_it(client: Client) -> None:
    for who in ("leadership", "admin", "SKHCN"):
        problem(client.as_(who).patch(BASE, json=MANDATE), 403, "forbidden")


def test_a_version_that_is_given_is_compared(client: Client) -> None:
    assert client.patch(BASE, version=1, json=MANDATE).status_code == 200
    assert problem(client.patch(BASE, version=1, json={"mandate": None}), 412, "stale-version")["version"] == 2
