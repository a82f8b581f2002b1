"""Documents over HTTP after they were entered: listed, corrected, withdrawn."""

from typing import Any

from tests.api.acts import PARTS, problem
from tests.conftest import Client

TC14, TC15 = "ST-2024-TC-14", "ST-2024-TC-15"
URL = "/api/v1/evidence"


def enter(client: Client, number: str = "1/BC", *codes: str, **more: Any) -> str:
    made = client.as_("SKHCN").post(URL, json={"number": number, "tasks": codes or [TC14], **more})
    assert made.status_code == 201, made.text
    return f"{URL}/{made.json()['id']}"


def test_documents_are_listed_the_newest_first(client: Client) -> None:
    enter(client, "1/BC", TC14, title="Hồ sơ trễ hẹn")
    enter(client, "2/BC", TC15)
    page = client.as_("SKHCN").get(URL).json()
    assert ([one["number"] for one in page["items"]], page["total"]) == (["2/BC", "1/BC"], 2)
    found = client.get(URL, params={"q": "ho so", "agency": "SKHCN", "task": TC14, "withdrawn": "false"}).json()
    assert [one["number"] for one in found["items"]] == ["1/BC"]
    assert client.as_("STP").get(URL).json()["total"] == 0
    assert client.get(URL, params={"q": "a\0b", "agency": "\0", "task": "9" * 30}).json()["total"] == 0
    problem(client.get(f"{URL}?limit=0"), 422, "invalid-input")


def test_a_document_is_corrected(client: Client) -> None:
    path, agency = enter(client, issued_on="2025-04-29"), client.as_("SKHCN")
    changed = agency.patch(path, json={"number": "12/BC", "issued_on": None, "title": None})
    assert (changed.status_code, changed.json()["number"], changed.json()["issued_on"]) == (200, "12/BC", None)
    assert agency.get(path).json() == changed.json()
    for body in ({}, {"sha256": "x"}, {"number": ""}, {"issued_on": "29/4/2025"}, {"title": "x" * 501}):
        problem(agency.patch(path, json=body), 422, "invalid-input")
    problem(client.as_("STP").patch(path, json={"number": "x"}), 404, "not-found")
    problem(client.patch(path, json={"number": "x"}), 403, "forbidden")
    log = agency.get(f"/api/v1/tasks/{TC14}/updates").json()["items"][-1]
    assert (log["action"], log["from"]["number"], log["to"]["number"]) == ("evidence.corrected", "1/BC", "12/BC")


def test_a_document_is_withdrawn_once(client: Client) -> None:
    path, agency = enter(client), client.as_("SKHCN")
    key = {"Idempotency-Key": "w-1"}
    told = agency.post(f"{path}/withdrawal", json={"reason": "Nhầm"}, headers=key)
    assert (told.status_code, told.json()["withdrawn_why"]) == (200, "Nhầm")
    again = agency.post(f"{path}/withdrawal", json={"reason": "Nhầm"}, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (told.json(), "true")
    problem(agency.post(f"{path}/withdrawal", json={"reason": "Nhầm"}), 409, "conflict")
    problem(agency.post(f"{path}/withdrawal", json={"reason": " "}), 422, "invalid-input")
    problem(agency.post(f"{path}/withdrawal", json={}), 422, "invalid-input")
    problem(client.as_("STP").post(f"{path}/withdrawal", json={"reason": "x"}), 404, "not-found")
    assert agency.get(f"/api/v1/tasks/{TC14}/evidence").json()["total"] == 0
    assert agency.get(URL).json()["items"][0]["withdrawn_at"] is not None


def test_what_was_accepted_upon_is_neither_corrected_nor_withdrawn(client: Client) -> None:
    path, agency, task = enter(client), client.as_("SKHCN"), f"/api/v1/tasks/{TC14}"
    body = {"status": "submitted", **PARTS, "declared_score": "0.5"}
    assert agency.post(f"{task}/updates", version="*", json=body).is_success
    assert client.post(f"{task}/review", version="*", json={"decision": "accepted"}).is_success
    refused = problem(agency.post(f"{path}/withdrawal", json={"reason": "Nhầm"}), 409, "conflict")
    assert refused["tasks"] == [TC14]
    problem(agency.patch(path, json={"number": "12/BC"}), 409, "conflict")
