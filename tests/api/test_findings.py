"""What is wrong with a request: one finding a field, in words that say what is allowed, whatever was sent."""

import json
from typing import Any

import pytest

from app.api.errors import describe
from app.errors import NotFound
from tests.conftest import Client

T16 = "ST-2024-TC-16"
ASSESSMENT = "/api/v1/assessments/soc-trang-2024"
UPDATES = f"/api/v1/tasks/{T16}/updates"
LONE = "\ud800"


def findings(response: Any, status: int = 422) -> dict[str, str]:
    assert response.status_code == status, response.text
    body = response.json()
    found = {one["field"]: one["message"] for one in body["errors"]}
    assert len(found) == len(body["errors"])
    assert body["field"] == body["errors"][0]["field"]
    assert body["detail"] == "; ".join(f"{field}: {message}" for field, message in list(found.items())[:10])
    return found


def post(client: Client, path: str, body: Any) -> Any:
    """As bytes, because `json=` would refuse what these tests send."""
    headers = {"Content-Type": "application/json"}
    content = body if isinstance(body, str) else json.dumps(body)
    return client.as_("SKHCN").post(path, version=1, content=content, headers=headers)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            {"measurements": {"online_files": 10.5}},
            {"measurements.online_files": "phải là số nguyên hoặc chuỗi trong ngoặc kép"},
        ),
        ({"measurements": {"online_files": "x" * 41}}, {"measurements.online_files": "dài quá, tối đa 40 ký tự"}),
        ({"measurements": {"int": []}}, {"measurements.int": "phải là số nguyên hoặc chuỗi trong ngoặc kép"}),
        ({"measurements": {"x" * 65: 1}}, {f"measurements.{'x' * 65}": "tên này dài quá, tối đa 64 ký tự"}),
        ({"measurements": [1]}, {"measurements": "phải là một đối tượng JSON"}),
        ({"measurements": {f"m{one}": 1 for one in range(51)}}, {"measurements": "có quá nhiều phần tử, tối đa 50"}),
        ({"percent": 101}, {"percent": "phải từ 0 đến 100"}),
        ({"percent": -1}, {"percent": "phải từ 0 đến 100"}),
        ({"percent": "5"}, {"percent": "phải là số nguyên"}),
        ({"note": 5}, {"note": "phải là chuỗi trong ngoặc kép"}),
        ({"note": "x" * 20_001}, {"note": "dài quá, tối đa 20.000 ký tự"}),
        ({"nhắc": 1}, {"nhắc": "không có trường này; hãy bỏ đi hoặc sửa lại tên"}),
        ({"x" * 200: 1}, {"x" * 100: "không có trường này; hãy bỏ đi hoặc sửa lại tên"}),
        (
            {"note": 5, "percent": 101, "period": []},
            {
                "percent": "phải từ 0 đến 100",
                "period": "phải là chuỗi trong ngoặc kép",
                "note": "phải là chuỗi trong ngoặc kép",
            },
        ),
        ([], {"body": "phải là một đối tượng JSON"}),
        ("", {"body": "còn thiếu"}),
        ('{"note": ', {"body": "không phải JSON hợp lệ, sai từ ký tự thứ 10"}),
        ("{'note': 1}", {"body": "không phải JSON hợp lệ, sai từ ký tự thứ 2"}),
    ],
)
def test_a_report_that_cannot_be_read_says_where_and_what_is_allowed(
    client: Client, body: Any, found: dict[str, str]
) -> None:
    assert findings(post(client, UPDATES, body)) == found


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        (
            "/api/v1/tasks/updates",
            {"items": [{"code": T16, "version": 1}, {"code": T16, "version": 0, "percent": 200}]},
            {"items.1.percent": "phải từ 0 đến 100", "items.1.version": "phải từ 1 đến 1.000.000.000"},
        ),
        ("/api/v1/tasks/updates", {"items": []}, {"items": "phải có ít nhất 1 phần tử"}),
        ("/api/v1/tasks/updates", {"items": [{"code": ""}]}, dict.fromkeys(["items.0.code"], "không được để trống")),
        (
            f"{ASSESSMENT}/what-if",
            {"tasks": {T16: {"score": 0.5, "measurements": {"online_files": True}}}},
            {
                f"tasks.{T16}.score": "phải là số nguyên hoặc chuỗi trong ngoặc kép",
                f"tasks.{T16}.measurements.online_files": "phải là số nguyên hoặc chuỗi trong ngoặc kép",
            },
        ),
        (f"{ASSESSMENT}/what-if", {}, {"tasks": "còn thiếu"}),
        ("/api/v1/evidence", "{", {"body": "không phải JSON hợp lệ"}),
        ("/api/v1/evidence", {"tasks": [1]}, {"tasks.0": "phải là chuỗi trong ngoặc kép"}),
    ],
)
def test_a_place_inside_lists_and_mappings_is_spelt_out(
    client: Client, path: str, body: Any, found: dict[str, str]
) -> None:
    told = findings(post(client, path, body))
    assert found.items() <= told.items()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tasks?limit=201", {"limit": "phải ≤ 200"}),
        ("tasks?limit=0&offset=-1", {"limit": "phải ≥ 1", "offset": "phải ≥ 0"}),
        ("tasks?limit=x", {"limit": "phải là số nguyên"}),
        ("tasks?hạn=1", {"hạn": "không có trường này; hãy bỏ đi hoặc sửa lại tên"}),
        ("assessments?limit=201", {"limit": "phải ≤ 200"}),
        ("assessments/soc-trang-2024/projection?as_of=1/7", {"as_of": "phải là ngày dạng 2025-07-01"}),
        (
            "assessments/soc-trang-2024/summary?by=x",
            {"by": "phải là một trong 'agency', 'field', 'group', 'status', 'kind'"},
        ),
        ("evidence/x", {"evidence_id": "phải là số nguyên"}),
    ],
)
def test_a_query_or_address_is_read_as_strictly(client: Client, query: str, found: dict[str, str]) -> None:
    assert findings(client.get(f"/api/v1/{query}")) == found


# What cannot be written

ROUTES = (
    UPDATES,
    "/api/v1/tasks/updates",
    "/api/v1/evidence",
    "/api/v1/shares/1",
    f"/api/v1/tasks/{T16}/extension-requests",
    f"{ASSESSMENT}/what-if",
    ASSESSMENT,
)


@pytest.mark.parametrize("text", [LONE, "\x00", f"a{LONE}\x00b"], ids=["surrogate", "nul", "both"])
def test_text_that_cannot_be_written_is_refused_or_cleaned_never_an_error_of_ours(client: Client, text: str) -> None:
    inside = {"code": T16, "version": 1, "note": text, text: text}
    bodies: list[Any] = [
        text,
        [text],
        {text: text},
        *({name: text} for name in ("note", "reason", "progress", "code", "mandate", "tasks", "requested_due")),
        {"measurements": {text: text}},
        {"measurements": {"online_files": text}},
        {"items": [inside]},
        {"items": [text]},
        {"tasks": {text: {"score": text}}},
        {"tasks": {T16: {"score": text}}},
        {"tasks": {T16: {"measurements": {text: 1}}}},
        {"tasks": [text], "title": text, "number": text},
        {"mandate": {"number": text, "date": text}},
    ]
    for path in ROUTES:
        for method in ("POST", "PATCH"):
            for body in bodies:
                answer = client.as_("SKHCN").request(
                    method, path, version=1, content=json.dumps(body), headers={"Content-Type": "application/json"}
                )
                assert answer.status_code < 500, (method, path, body)
                assert LONE not in answer.text
                json.loads(answer.content.decode("utf-8"))


def test_a_name_that_cannot_be_written_is_told_without_it(client: Client) -> None:
    assert findings(post(client, UPDATES, {"note": LONE})) == {"note": "có ký tự không hợp lệ (không phải Unicode)"}
    assert findings(post(client, UPDATES, {"measurements": {LONE: 1}})) == {
        "measurements": "tên này có ký tự không hợp lệ (không phải Unicode)"
    }


def test_queries_with_broken_text_are_answered(client: Client) -> None:
    for query in ("tasks?q=%ED%A0%80%00", "tasks?%ED%A0%80=%00", "audit?entity=%00", "assessments/%ED%A0%80%00"):
        assert client.get(f"/api/v1/{query}").status_code < 500


def test_errors_of_the_domain_are_cleaned_wherever_broken_text_sits() -> None:
    error = NotFound(f"Không có {LONE}", field="\x00", extra={LONE: [{"a": (LONE, 1)}], "version": 2})
    found = describe(error, f"/{LONE}")
    assert (found["detail"], found["field"], found["instance"]) == ("Không có \ufffd", "\ufffd", "/\ufffd")
    assert (found["\ufffd"], found["version"]) == ([{"a": ["\ufffd", 1]}], 2)
