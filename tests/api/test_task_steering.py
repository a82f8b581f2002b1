"""How the coordinator steers tasks over HTTP, how they are found, and who may ask."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.acts import T03, T15, T16, inputs, problem, review, standing, submit
from tests.conftest import Client


def test_closing_and_reopening(client: Client) -> None:
    problem(client.post(f"{T16}/closure", version=1, json={"reason": " "}), 422, "invalid-input")
    problem(client.post(f"{T16}/reopening", version=1, json={"reason": "x"}), 409, "illegal-move")
    closed = client.post(f"{T16}/closure", version=1, json={"reason": "Không còn thuộc thẩm quyền"}).json()
    assert (closed["status"], closed["ceiling"], closed["overdue"]) == ("closed", "0.8410", False)
    problem(client.as_("SKHCN").post(f"{T16}/updates", version=2, json={"progress": "x"}), 409, "illegal-move")
    problem(client.post(f"{T16}/closure", version=2, json={"reason": "x"}), 409, "illegal-move")
    problem(client.patch(T16, version=2, json={"reason": "x", "target": "1.2"}), 409, "illegal-move")
    opened = client.post(f"{T16}/reopening", version=2, json={"reason": "Làm tiếp", "due_before": "2025-09-01"}).json()
    assert (opened["status"], opened["effective_due"], opened["ceiling"]) == ("in_progress", "2025-09-01", "1.5000")


def test_reopening_an_accepted_task_takes_the_verified_score_back(client: Client) -> None:
    submit(client.as_("STP"), T03, declared_score="0.9")
    review(client, T03, evidence_waiver="Đã kiểm tra")
    answer = client.post(f"{T03}/reopening", version=3, json={"reason": "Số liệu sai"}).json()
    assert (answer["floor"], answer["verified"], answer["expected"]) == ("0.4286", None, "0.9000")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"due_before": "2025-05-05"}, "invalid-input"),
        ({"due_before": "05/07/2025"}, "invalid-input"),
        ({"target": "1.6"}, "score-out-of-range"),
        ({"target": "0.5"}, "score-out-of-range"),
        ({"cooperating": ["XYZ"]}, "invalid-input"),
        ({"cooperating": ["SKHCN"]}, "invalid-input"),
        ({}, "invalid-input"),
    ],
)
def test_bad_steering_is_refused(client: Client, body: dict[str, Any], slug: str) -> None:
    before = standing(client)
    problem(client.patch(T16, version=1, json={"reason": "điều chỉnh", **body}), 422, slug)
    assert standing(client) == before


def test_steering_one_and_many(client: Client) -> None:
    one = client.patch(T16, version=1, json={"reason": "r", "target": "1.2", "cooperating": ["STP", "VPUB"]}).json()
    assert (one["target"], one["ceiling"]) == ("1.2000", "1.2000")
    assert [agency["code"] for agency in client.get(T16).json()["cooperating"]] == ["STP", "VPUB"]
    body = {"reason": "Theo kế hoạch", "due_before": "2025-08-01", "tasks": [{"code": "ST-2024-TC-15", "version": 1}]}
    assert client.patch("/api/v1/tasks", json=body).json()["items"][0]["effective_due"] == "2025-08-01"
    before = standing(client)
    body["tasks"] = [{"code": "ST-2024-TC-14", "version": 1}, {"code": "ST-2024-TC-15", "version": 1}]
    problem(client.patch("/api/v1/tasks", json=body), 412, "stale-version")
    assert standing(client) == before  # all or none


def test_reassignment(client: Client) -> None:
    problem(client.post(f"{T15}/assignment", version=1, json={"agency": "SKHCN", "reason": "x"}), 409, "conflict")
    problem(client.post(f"{T15}/assignment", version=1, json={"agency": "XYZ", "reason": "x"}), 422, "invalid-input")
    answer = client.post(f"{T15}/assignment", version=1, json={"agency": "VPUB", "reason": "Phân công lại"}).json()
    assert answer["agency"]["code"] == "VPUB"
    problem(client.as_("SKHCN").get(T15), 404, "not-found")
    task = client.as_("VPUB").get(T15).json()
    assert (task["assignment_basis"], task["former_agency"]) == ("chosen", None)
    found = [item["code"] for item in client.get("/api/v1/tasks?q=van phong uy ban ndxp").json()["items"]]
    assert found == ["ST-2024-TC-15"]


def test_an_extension_is_asked_for_and_decided_once(client: Client) -> None:
    agency, path = client.as_("SKHCN"), f"{T15}/extension-requests"
    problem(agency.post(path, json={"requested_due": "2025-07-01", "reason": "x"}), 422, "invalid-input")
    problem(agency.post(path, json={"requested_due": "2025-08-01", "reason": " "}), 422, "invalid-input")
    asked = agency.post(path, json={"requested_due": "2025-08-01", "reason": "Chờ bộ chủ quản"})
    assert asked.status_code == 201, asked.text
    assert agency.get(T15).json()["effective_due"] == "2025-07-01"
    problem(agency.post(path, json={"requested_due": "2025-08-02", "reason": "x"}), 409, "conflict")
    decision = f"/api/v1/extension-requests/{asked.json()['id']}/decision"
    problem(agency.post(decision, json={"decision": "granted"}), 403, "forbidden")
    problem(client.post(decision, json={"decision": "refused"}), 422, "invalid-input")
    granted = client.post(decision, json={"decision": "granted", "granted_due": "2025-07-20"}).json()
    assert (granted["state"], granted["granted_due"], granted["previous_due"]) == (
        "granted",
        "2025-07-20",
        "2025-07-01",
    )
    problem(client.post(decision, json={"decision": "granted"}), 409, "conflict")
    task = client.get(T15).json()
    assert (task["due_before"], task["effective_due"]) == ("2025-07-01", "2025-07-20")
    assert client.get("/api/v1/extension-requests?state=open").json()["total"] == 0
    problem(
        client.post("/api/v1/extension-requests/99999999999/decision", json={"decision": "granted"}), 404, "not-found"
    )


def test_directions_are_the_leaderships(client: Client) -> None:
    problem(client.post(f"{T15}/directions", json={"text": "Khẩn trương"}), 403, "forbidden")
    said = client.as_("leadership").post(f"{T15}/directions", json={"text": "Khẩn trương hoàn thành"})
    assert said.status_code == 201
    assert client.as_("SKHCN").get(T15).json()["directions"][0]["text"] == "Khẩn trương hoàn thành"


def test_the_list_finds_filters_and_sorts(client: Client) -> None:
    def codes(query: str, who: str = "coordinator") -> list[str]:
        answer = client.as_(who).get(f"/api/v1/tasks?{query}")
        assert answer.status_code == 200, answer.text
        return [item["code"] for item in answer.json()["items"]]

    assert client.get("/api/v1/tasks").json()["total"] == 48
    assert codes("q=thu tuc") == codes("q=THỦ TỤC") != []
    assert codes("q=%25") == []
    assert codes("q=kien truc dien tu") == ["ST-2024-TC-14"]
    mine, led = set(codes("limit=200", "SKHCN")), set(codes("agency=SKHCN&limit=200"))
    assert mine - led == {f"ST-2024-KS-{n}" for n in range(23, 28)}  # in those every agency cooperates
    assert codes("sort=-points&limit=3")[0] in {"ST-2024-TC-09", "ST-2024-TC-18", "ST-2024-TC-19"}
    assert len(codes("field=8&group=socio_economic")) == 4
    assert codes("status=accepted,closed") == []
    assert codes("overdue=true") == []
    assert len(codes("overdue=false&limit=200")) == 48
    client.at(client.world.now + timedelta(days=400))
    assert len(codes("overdue=true&limit=200")) == 48
    page = client.get("/api/v1/tasks?limit=10&offset=45").json()
    assert (len(page["items"]), page["total"], page["limit"], page["offset"]) == (3, 48, 10, 45)
    for bad in ("sort=x", "status=x", "kind=x", "limit=0", "limit=201", "offset=-1", "field=x"):
        problem(client.get(f"/api/v1/tasks?{bad}"), 422, "invalid-input")


def test_unknown_tasks_answer_like_foreign_ones(client: Client) -> None:
    missing = [
        client.get(f"/api/v1/tasks/{ident}") for ident in ("NOPE", "0", "99999999999999", "x%00y", "ST-2024-tc-15")
    ]
    for answer in missing:
        problem(answer, 404, "not-found")


def test_keys_are_asked_for_and_checked(client: Client) -> None:
    for headers in ({}, {"Authorization": "Bearer kp_wrong"}, {"Authorization": "Basic eDp5"}):
        answer = client.http.get("/api/v1/tasks", headers=headers)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_what_was_verified_is_what_is_known_after_reopening(client: Client) -> None:
    numerator, denominator = inputs(client, T15)
    submit(client.as_("SKHCN"), T15, measurements={numerator: 16, denominator: 16})
    review(client, T15, measurements={numerator: 10}, evidence_waiver="Đã kiểm tra")
    opened = client.post(f"{T15}/reopening", version=3, json={"reason": "Còn dịch vụ chưa dùng"}).json()
    assert (opened["floor"], opened["expected"]) == ("0.5625", "0.6250")
    assert client.get(T15).json()["report"]["measurements"] == {numerator: "10", denominator: "16"}


def test_a_new_due_date_counts_whatever_stood_before_and_shares_follow(client: Client) -> None:
    asked = client.as_("STP").post(f"{T03}/extension-requests", json={"requested_due": "2025-08-01", "reason": "x"})
    decision = f"/api/v1/extension-requests/{asked.json()['id']}/decision"
    client.post(decision, json={"decision": "granted"})
    moved = client.patch(T03, version=2, json={"reason": "Kế hoạch mới", "due_before": "2025-07-15"}).json()
    assert (moved["extension_due"], moved["effective_due"]) == (None, "2025-07-15")
    dues = {share["effective_due"] for share in client.get("/api/v1/shares?task=ST-2024-TC-03").json()["items"]}
    assert dues == {"2025-07-15"}


def test_an_extension_is_granted_beyond_what_is_due_now_and_not_of_finished_tasks(client: Client) -> None:
    agency = client.as_("STP")
    asked = agency.post(f"{T03}/extension-requests", json={"requested_due": "2025-08-01", "reason": "x"}).json()
    client.patch(T03, version=1, json={"reason": "Kế hoạch mới", "due_before": "2025-09-01"})
    decision = f"/api/v1/extension-requests/{asked['id']}/decision"
    problem(client.post(decision, json={"decision": "granted"}), 422, "invalid-input")
    client.post(f"{T03}/closure", version=2, json={"reason": "Không còn thuộc thẩm quyền"})
    (request,) = client.get(T03).json()["extension_requests"]
    assert request["state"] == "refused"
    client.post(f"{T03}/reopening", version=3, json={"reason": "Làm tiếp"})
    again = agency.post(f"{T03}/extension-requests", json={"requested_due": "2025-10-01", "reason": "x"})
    assert again.status_code == 201


def test_steering_says_what_changed_and_writes_nothing_when_nothing_does(client: Client) -> None:
    client.patch(T16, version=1, json={"reason": "r", "cooperating": ["STP"]})
    same = client.patch(T16, version=2, json={"reason": "r", "cooperating": ["STP"]})
    assert same.json()["version"] == 2
    client.patch(T16, version=2, json={"reason": "r", "cooperating": ["VPUB"], "target": "1.3"})
    entries = client.get(f"{T16}/updates").json()["items"][1:]
    assert [entry["action"] for entry in entries] == ["task.cooperators_changed", "task.changed"]
    assert entries[1]["from"]["cooperating"] == ["STP"]
    assert entries[1]["to"]["cooperating"] == ["VPUB"]


def test_the_audit_says_of_a_task_what_its_log_says(client: Client) -> None:
    client.patch(T16, version=1, json={"reason": "Kế hoạch mới", "target": "1.2"})
    (told,) = client.get("/api/v1/audit?code=ST-2024-TC-16&action=task.target_changed").json()["items"]
    logged = client.get(f"{T16}/updates").json()["items"][-1]
    assert {name: told[name] for name in logged} == logged
    assert (told["from"]["ceiling"], told["to"]["ceiling"], told["to"]["target"]) == ("1.5000", "1.2000", "1.2000")
