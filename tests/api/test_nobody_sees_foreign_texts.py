"""What an agency writes is read by itself, those who cooperate and those who steer — through every route there is."""

from typing import Any

from tests.conftest import Client
from tests.domain.evidence_samples import PDF

CANARY = "chim-hoang-yen-7f3a"


def plant(client: Client) -> dict[str, Any]:
    """Canaries in every text that SKHCN, the coordinator and the leadership can write about an SKHCN task."""
    agency, path = client.as_("SKHCN"), "/api/v1/tasks/ST-2024-TC-14"
    texts = dict.fromkeys(("reason", "progress", "remedy", "difficulties", "period", "note"), CANARY)
    answers = [
        agency.post(f"{path}/updates", version=1, json={**texts, "status": "submitted", "declared_score": "0.1234"}),
        client.post(f"{path}/review", version=2, json=_returned()),
        agency.post(f"{path}/extension-requests", json={"requested_due": "2025-09-01", "reason": CANARY}),
        client.as_("leadership").post(f"{path}/directions", json={"text": CANARY}),
        agency.post(
            "/api/v1/evidence",
            data={"number": CANARY, "title": CANARY, "signer": CANARY, "tasks": "ST-2024-TC-14"},
            files={"file": (f"{CANARY}.pdf", PDF, "application/pdf")},
        ),
        agency.post(f"{path}/updates", version=3, json={"status": "in_progress", "declared_score": "0.1234"}),
    ]
    for answer in answers:
        assert answer.is_success, answer.text
    measure = agency.get("/api/v1/measures").json()["items"][0]["code"]
    assert agency.patch(f"/api/v1/measures/{measure}", json={"progress": CANARY}).is_success
    return {
        "task_id": "ST-2024-TC-14",
        "evidence_id": answers[4].json()["id"],
        "measure_id": measure,
        "share_id": "ST-2024-TC-07.01",
        "assessment_id": "soc-trang-2024",
        "agency_id": "SKHCN",
        "request_id": answers[2].json()["id"],
        "digest_id": 1,
    }


def test_no_route_shows_an_agency_what_another_wrote(client: Client) -> None:
    ids = plant(client)
    seen = {who: _routes_showing(client.as_(who), ids) for who in ("STP", "SKHCN", "coordinator", "leadership")}
    assert seen["STP"] == set()
    for insider in ("SKHCN", "coordinator", "leadership"):
        assert {"/api/v1/tasks/{task_id}", "/api/v1/tasks/{task_id}/updates"} <= seen[insider], insider


def test_an_agency_sees_everybodys_figures_but_not_what_others_expect(client: Client) -> None:
    plant(client)
    own = client.as_("SKHCN").get("/api/v1/assessments/soc-trang-2024/projection").json()
    foreign = client.as_("STP").get("/api/v1/assessments/soc-trang-2024/projection").json()

    def row(projection: Any) -> Any:
        return next(one for one in projection["criteria"] if one["code"] == "ST-2024-TC-14")

    assert row(own)["expected"] == "0.1234"
    assert row(foreign)["expected"] is None
    assert row(foreign)["published"] == row(own)["published"] == "0.0000"
    assert "0.1234" not in str(foreign)


def _returned() -> dict[str, Any]:
    return {"decision": "returned", "comment": CANARY, "resubmit_before": "2025-08-01"}


def _routes_showing(client: Client, ids: dict[str, Any]) -> set[str]:
    """Every GET route whose answer holds the canary; none may fail on the server's side."""
    showing = set()
    for path, methods in client.http.get("/api/v1/openapi.json").json()["paths"].items():
        if "get" not in methods:
            continue
        filled = path
        for name, value in ids.items():
            filled = filled.replace("{" + name + "}", str(value))
        answer = client.get(filled)
        assert answer.status_code < 500, (path, answer.text)
        if CANARY in answer.text:
            showing.add(path)
    return showing


def test_no_total_tells_an_agency_what_another_reports(client: Client) -> None:
    """Read before and after another agency reports: nothing an agency may read has moved but counts by status."""
    watched = client.as_("STP")
    base = "/api/v1/assessments/soc-trang-2024"
    paths = [
        f"{base}/projection",
        f"{base}/history",
        *(f"{base}/summary?by={by}" for by in ("agency", "field", "kind")),
    ]
    what_if = {"tasks": {"ST-2024-TC-03": {"score": "0.5"}}}

    def numbers() -> list[str]:
        answers = [watched.get(path).json() for path in paths]
        answers.append(watched.post(f"{base}/what-if", json=what_if).json())
        return [_without_counts(answer) for answer in answers]

    before = numbers()
    body = {"status": "in_progress", "declared_score": "0.4321"}
    assert client.as_("SKHCN").post("/api/v1/tasks/ST-2024-TC-14/updates", version=1, json=body).is_success
    assert numbers() == before
    seen_by_itself = client.as_("SKHCN").get(f"{base}/projection").json()
    assert seen_by_itself["expected"] == client.get(f"{base}/projection").json()["expected"] == "85.2593"


def _without_counts(answer: Any) -> str:
    if isinstance(answer, dict):
        kept = {key: _without_counts(value) for key, value in answer.items() if key not in ("by_status", "status")}
        return str(kept)
    if isinstance(answer, list):
        return str([_without_counts(one) for one in answer])
    return str(answer)
