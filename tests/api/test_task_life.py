"""A task from assignment to acceptance over HTTP, and every way in which it must refuse."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.models import submissions
from tests.api.acts import KS27, PARTS, T01, T03, T15, T16, T21, inputs, problem, review, standing, submit
from tests.conftest import Client
from tests.domain.evidence_samples import PDF


def test_from_assigned_to_accepted_the_score_follows_the_measurements(client: Client) -> None:
    agency = client.as_("SKHCN")
    numerator, denominator = inputs(agency, T15)
    started = agency.post(
        f"{T15}/updates", version=1, json={"status": "in_progress", "measurements": {numerator: 12, denominator: 16}}
    )
    assert started.status_code == 200, started.text
    assert (started.json()["reported"], started.json()["expected"]) == ("0.7500", "0.7500")
    assert started.headers["etag"] == '"2"'
    submitted = submit(agency, T15, measurements={numerator: "14"}, period="Quý II/2025")
    assert submitted.json()["expected"] == "0.8750"
    assert submitted.json()["status"] == "submitted"
    accepted = review(client, T15, measurements={numerator: 13}, evidence_waiver="Đã kiểm tra trực tiếp trên NDXP")
    assert accepted.status_code == 200, accepted.text
    assert (accepted.json()["verified"], accepted.json()["floor"]) == ("0.8125", "0.8125")
    task = client.get(T15).json()
    frozen = task["reviews"][0]["frozen"]
    assert frozen["score"] == "0.8125"
    assert frozen["measurements"] == {numerator: "13", denominator: "16"}
    assert frozen["report"]["reason"] == PARTS["reason"]
    log = client.get(f"{T15}/updates").json()["items"]
    assert [entry["action"] for entry in log] == ["task.created", "task.updated", "task.submitted", "task.accepted"]
    assert (log[1]["from"]["status"], log[1]["to"]["status"]) == ("assigned", "in_progress")
    assert (log[1]["from"]["expected"], log[1]["to"]["expected"]) == ("0.5625", "0.7500")
    assert log[0]["to"]["agency"] == "SKHCN"
    assert not {"agency_id", "submitted_by"} & set().union(*(entry["to"] for entry in log))


def test_a_note_without_status_moves_nothing(client: Client) -> None:
    answer = client.as_("SKHCN").post(f"{T16}/updates", version=1, json={"progress": "Đang rà soát", "note": "ghi chú"})
    assert answer.json()["status"] == "assigned"
    assert client.get(f"{T16}/updates").json()["items"][-1]["why"] == "ghi chú"


def test_what_is_missing_is_named_before_and_at_submission(client: Client) -> None:
    agency = client.as_("SKHCN")
    assert len(agency.get(T16).json()["missing"]) == 4
    before = standing(client)
    body = problem(
        agency.post(f"{T16}/updates", version=1, json={"status": "submitted", "reason": "x"}),
        422,
        "incomplete-submission",
    )
    assert body["missing"] == ["tiến độ xử lý", "biện pháp khắc phục", "số liệu đo được hoặc điểm tự chấm"]
    assert standing(client) == before


@pytest.mark.parametrize(
    ("body", "status", "slug", "field"),
    [
        ({"measurements": {"unknown": 1}}, 422, "unknown-measurement", "measurements.unknown"),
        ({"measurements": {"NUM": 9}}, 422, "missing-measurement", None),
        ({"measurements": {"NUM": 17, "DEN": 16}}, 422, "numerator-above-denominator", None),
        ({"measurements": {"NUM": -1, "DEN": 16}}, 422, "negative-measurement", None),
        ({"measurements": {"NUM": 0, "DEN": 0}}, 422, "zero-denominator", None),
        ({"measurements": {"NUM": "NaN", "DEN": 16}}, 422, "invalid-input", None),
        ({"declared_score": "0.9"}, 422, "score-not-accepted", "declared_score"),
        ({"status": "accepted"}, 409, "illegal-move", "status"),
        ({"status": "done"}, 422, "invalid-input", "status"),
        ({"percent": 101}, 422, "invalid-input", "percent"),
        ({"statsu": "in_progress"}, 422, "invalid-input", "statsu"),
        ({}, 422, "invalid-input", None),
        ({"reason": "a" * 20_001}, 422, "invalid-input", "reason"),
    ],
)
def test_bad_updates_are_named_and_change_nothing(
    client: Client, body: dict[str, Any], status: int, slug: str, field: str | None
) -> None:
    agency = client.as_("SKHCN")
    numerator, denominator = inputs(agency, T15)
    if "measurements" in body:
        names = {"NUM": numerator, "DEN": denominator}
        body = {"measurements": {names.get(key, key): value for key, value in body["measurements"].items()}}
    before = standing(client)
    found = problem(agency.post(f"{T15}/updates", version=1, json=body), status, slug)
    assert field is None or found["field"] == field
    assert standing(client) == before


def test_versions_guard_against_overwriting(client: Client) -> None:
    agency = client.as_("SKHCN")
    before = standing(client)
    problem(agency.post(f"{T15}/updates", json={"progress": "x"}), 428, "version-required")
    assert (
        problem(agency.post(f"{T15}/updates", version=7, json={"progress": "x"}), 412, "stale-version")["version"] == 1
    )
    problem(agency.post(f"{T15}/updates", version="abc", json={"progress": "x"}), 422, "invalid-input")
    assert standing(client) == before
    assert agency.post(f"{T15}/updates", version="*", json={"progress": "x"}).status_code == 200


def test_foreign_tasks_are_invisible_and_cooperating_ones_are_read_only(client: Client) -> None:
    problem(client.as_("STP").get(T15), 404, "not-found")
    problem(client.as_("STP").post(f"{T15}/updates", version=1, json={"progress": "x"}), 404, "not-found")
    survey = client.get("/api/v1/tasks?kind=survey&field=7").json()["items"][0]
    path = f"/api/v1/tasks/{survey['code']}"
    assert [agency["code"] for agency in survey["cooperating"]] == ["SVHTTDL"]
    assert client.as_("SVHTTDL").get(path).status_code == 200
    problem(client.as_("SVHTTDL").post(f"{path}/updates", version=1, json={"progress": "x"}), 403, "forbidden")
    problem(client.as_("leadership").post(f"{T15}/updates", version=1, json={"progress": "x"}), 403, "forbidden")
    problem(client.as_("coordinator").post(f"{T15}/updates", version=1, json={"progress": "x"}), 403, "forbidden")
    for forbidden in ("SKHCN", "leadership", "admin"):
        problem(review(client.as_(forbidden), T15), 403, "forbidden")


def test_a_waiting_report_is_frozen_until_it_is_recalled(client: Client) -> None:
    agency = client.as_("STP")
    assert submit(agency, T03, declared_score="0.7").status_code == 200
    problem(agency.post(f"{T03}/updates", version=2, json={"progress": "sửa"}), 409, "illegal-move")
    problem(agency.post(f"{T03}/updates", version=2, json={"status": "submitted"}), 409, "illegal-move")
    assert agency.post(f"{T03}/updates", version=2, json={"note": "đã gửi văn bản giấy"}).status_code == 200
    recalled = agency.post(f"{T03}/updates", version=3, json={"status": "in_progress", "progress": "sửa"})
    assert (recalled.json()["status"], recalled.json()["submitted_at"]) == ("in_progress", None)
    assert submit(agency, T03).json()["submissions"] == 2


def test_returned_reports_count_nothing_and_move_the_due_date(client: Client) -> None:
    submit(client.as_("STP"), T03, declared_score="1")
    problem(review(client, T03, decision="returned", resubmit_before="2025-07-15"), 422, "invalid-input")
    problem(review(client, T03, decision="returned", comment="Thiếu số liệu"), 422, "invalid-input")
    problem(review(client, T03, decision="returned", comment="x", resubmit_before="2025-05-05"), 422, "invalid-input")
    answer = review(client, T03, decision="returned", comment="Thiếu số liệu", resubmit_before="2025-07-15").json()
    assert (answer["status"], answer["effective_due"], answer["expected"]) == ("returned", "2025-07-15", "0.4286")
    assert submit(client.as_("STP"), T03).json()["submitted_on_time"] is True


def test_continued_means_the_report_is_good_and_the_remedy_goes_on(client: Client) -> None:
    submit(client.as_("STP"), T03, declared_score="1")
    problem(review(client, T03, decision="continued"), 422, "invalid-input")
    answer = review(client, T03, decision="continued", due_before="2025-10-01").json()
    assert (answer["status"], answer["due_before"], answer["expected"]) == ("in_progress", "2025-10-01", "1.0000")


def test_a_higher_score_needs_evidence_or_a_stated_waiver(client: Client) -> None:
    submit(client.as_("STP"), T03, declared_score="0.9")
    problem(review(client, T03), 422, "evidence-required")
    problem(review(client, T03, verified_score="1.5"), 422, "score-out-of-range")
    same = review(client, T03, verified_score="0.4286")
    assert same.json()["verified"] == "0.4286"


def test_evidence_is_frozen_with_its_hash(client: Client) -> None:
    submit(client.as_("STP"), T03, declared_score="0.9")
    sent = client.as_("STP").post(
        "/api/v1/evidence",
        data={"number": "12/BC-STP", "issued_on": "2025-05-04", "signer": "Giám đốc", "tasks": "ST-2024-TC-03"},
        files={"file": ("bao-cao.pdf", PDF, "application/pdf")},
    )
    assert sent.status_code == 201, sent.text
    assert review(client, T03).status_code == 200
    (document,) = client.get(T03).json()["reviews"][0]["frozen"]["evidence"]
    assert document["number"] == "12/BC-STP"
    assert len(document["sha256"]) == 64


def test_a_rule_outside_its_observed_domain_refuses_until_a_score_is_declared_with_it(client: Client) -> None:
    names = inputs(client, T21)
    missed = {**dict.fromkeys(names, 0), **names}
    extra = next(one["name"] for one in client.get(T21).json()["rule"]["inputs"] if one["optional"])
    met = next(name for name, value in names.items() if value == "6")
    missed |= {met: "5", extra: "1"}
    agency = client.as_("STC")
    problem(submit(agency, T21, measurements=missed), 422, "outside-rule-domain")
    assert submit(agency, T21, measurements=missed, declared_score="1.25").json()["expected"] == "1.2500"
    accepted = review(client, T21)
    assert accepted.json()["verified"] == "1.2500"


def test_survey_tasks_take_no_score(client: Client) -> None:
    own = client.as_("SNV")
    problem(submit(own, KS27, declared_score="2"), 422, "score-not-accepted")
    problem(submit(own, KS27, measurements={"a": 1}), 422, "score-not-accepted")
    assert submit(own, KS27).status_code == 200
    problem(review(client, KS27, verified_score="2"), 422, "score-not-accepted")
    accepted = review(client, KS27).json()
    assert (accepted["status"], accepted["verified"], accepted["floor"]) == ("accepted", None, "1.6074")
    assert accepted["ceiling"] == "2.0000"


def test_the_account_that_submitted_never_reviews_and_own_tasks_are_marked(client: Client) -> None:
    assert submit(client, T01, declared_score="0.8841").status_code == 200  # the coordinator acts as agency on its own
    problem(review(client, T01), 403, "self-review")
    assert review(client.as_("coordinator#2"), T01).status_code == 200
    assert client.get(T01).json()["reviews"][0]["self_reviewed"] is True


def test_who_wrote_the_report_does_not_review_it_either(client: Client) -> None:
    """Also when another account hands in unchanged what the coordinator wrote."""
    assert submit(client, T01, declared_score="0.8841").status_code == 200
    own = client.as_("SNV")
    own.post(f"{T01}/updates", version=2, json={"status": "in_progress"})
    own.post(f"{T01}/updates", version=3, json={"status": "submitted"})
    problem(review(client, T01), 403, "self-review")


def test_what_is_invisible_is_not_found_whatever_one_may_do(client: Client) -> None:
    for path, body in (
        ("review", {"decision": "accepted"}),
        ("closure", {"reason": "x"}),
        ("assignment", {"agency": "STP", "reason": "x"}),
        ("directions", {"text": "x"}),
    ):
        problem(client.as_("STP").post(f"{T15}/{path}", version=1, json=body), 404, "not-found")


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800", "\u202e", "x\r\ny"])
def test_texts_are_cleaned_whatever_they_hold(client: Client, bad: str) -> None:
    escaped = json.dumps({"progress": bad, "note": bad, "on_behalf_of": bad, "period": bad})
    answer = client.as_("SKHCN").post(
        f"{T15}/updates", version=1, content=escaped, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == (422 if bad == "\ud800" else 200), answer.text
    for path, body in (
        ("extension-requests", {"requested_due": "2025-08-01", "reason": "r", "on_behalf_of": bad}),
        ("assignment", {"agency": bad, "reason": bad}),
    ):
        who = "SKHCN" if path.startswith("ext") else "coordinator"
        answer = client.as_(who).post(
            f"{T15}/{path}", version="*", content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (201, 422), answer.text
    assert client.get(f"{T15}/updates").status_code == 200


def test_a_batch_tells_each_item_its_own_fate(client: Client) -> None:
    items = [
        {"code": "ST-2024-TC-14", "version": 1, "status": "in_progress"},
        {"code": "ST-2024-TC-15", "version": 9, "progress": "x"},
        {"code": "ST-2024-TC-03", "version": 1, "progress": "x"},
        {"code": "ST-2024-TC-16", "version": 1, "status": "submitted"},
        {"code": "ST-2024-TC-17", "version": 1, "progress": "Đã rà soát"},
    ]
    body = client.as_("SKHCN").post("/api/v1/tasks/updates", json={"items": items}).json()
    assert [item["ok"] for item in body["items"]] == [True, False, False, False, True]
    problems = [item["problem"]["type"].rsplit(":", 1)[1] for item in body["items"] if not item["ok"]]
    assert problems == ["stale-version", "not-found", "incomplete-submission"]
    assert (body["succeeded"], body["failed"]) == (2, 3)
    assert client.get(T16).json()["version"] == 1


def test_the_same_post_twice_is_done_once(client: Client) -> None:
    agency, headers = client.as_("SKHCN"), {"Idempotency-Key": "a-1"}
    first = agency.post(f"{T15}/updates", version=1, json={"note": "một"}, headers=headers)
    again = agency.post(f"{T15}/updates", version=1, json={"note": "một"}, headers=headers)
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"] == '"2"'
    assert client.get(T15).json()["version"] == 2
    problem(
        agency.post(f"{T15}/updates", version=2, json={"note": "hai"}, headers=headers), 422, "idempotency-mismatch"
    )
    problem(
        agency.post(f"{T15}/updates", version=2, json={"status": "accepted"}, headers={"Idempotency-Key": "a-2"}),
        409,
        "illegal-move",
    )
    assert agency.post(f"{T15}/updates", version=2, json={"note": "x"}, headers={"Idempotency-Key": "a-2"}).is_success


@pytest.mark.parametrize(
    ("at", "on_time"),
    [(datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC), True), (datetime(2025, 6, 30, 17, 0, tzinfo=UTC), False)],
)
def test_the_last_good_moment_is_before_midnight_in_soc_trang(client: Client, at: datetime, on_time: bool) -> None:
    client.at(at)
    task = client.get(T03).json()
    assert task["overdue"] is not on_time
    assert task["days_left"] == (1 if on_time else 0)
    assert submit(client.as_("STP"), T03, declared_score="0.5").json()["submitted_on_time"] is on_time
    assert client.get(T03).json()["overdue"] is False  # the clock stops while it waits for review


def test_on_behalf_of_names_the_officer(client: Client) -> None:
    client.as_("SKHCN").post(f"{T15}/updates", version=1, json={"progress": "x", "on_behalf_of": "Phòng Chuyển đổi số"})
    entry = client.get(f"{T15}/updates").json()["items"][-1]
    assert (entry["by"], entry["on_behalf_of"]) == ("SKHCN", "Phòng Chuyển đổi số")


def test_a_rejected_figure_counts_only_once_it_is_handed_in_again(client: Client) -> None:
    agency = client.as_("STP")
    submit(agency, T03, declared_score="1")
    review(client, T03, decision="returned", comment="Thiếu văn bản", resubmit_before="2025-07-15")
    begun = agency.post(f"{T03}/updates", version=3, json={"status": "in_progress"}).json()
    assert (begun["reported"], begun["expected"]) == (None, "0.4286")
    assert submit(agency, T03).json()["expected"] == "1.0000"


def test_every_submission_is_on_record(client: Client) -> None:
    submit(client.as_("STP"), T03, declared_score="0.5")
    review(client, T03, decision="returned", comment="x", resubmit_before="2025-07-15")
    client.at(datetime(2025, 7, 20, tzinfo=UTC))
    submit(client.as_("STP"), T03, declared_score="0.6")
    with client.world.db.snapshot() as connection:
        rows = connection.execute(
            select(submissions.c.number, submissions.c.on_time, submissions.c.reported).order_by(submissions.c.number)
        ).all()
    assert [tuple(row) for row in rows] == [(1, True, 5000), (2, False, 6000)]
    assert client.get(T03).json()["submitted_on_time"] is True  # of the first
    assert date.fromisoformat(client.get(T03).json()["resubmit_before"]) == date(2025, 7, 15)
