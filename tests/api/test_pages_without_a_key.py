"""What answers without a key: documentation, the landing page of mails, and the operators' addresses."""

from starlette.testclient import TestClient

from app.main import create_app
from tests.conftest import Client


def test_the_documentation_needs_nothing_from_outside(client: Client) -> None:
    page = client.http.get("/docs")
    assert "http://" not in page.text
    assert "https://" not in page.text
    for path in ("vendor/swagger-ui/swagger-ui-bundle.js", "vendor/swagger-ui/swagger-ui.css", "docs.js", "desk.css"):
        assert client.http.get(f"/static/{path}").status_code == 200
    spec = client.http.get("/api/v1/openapi.json").json()
    assert "/api/v1/tasks/{task_id}/updates" in spec["paths"]


def test_a_link_in_a_mail_leads_to_the_sign_in_page_and_says_nothing_to_strangers(client: Client) -> None:
    for code in ("ST-2024-TC-16", "ST-9999-TC-99", "%3Cscript%3Ealert(1)"):
        answer = client.http.get(f"/tasks/{code}")
        assert answer.url.path == "/signin"
        assert "<script>alert" not in answer.text


def test_operators_see_liveness_readiness_and_metrics(client: Client) -> None:
    assert client.http.get("/healthz").json() == {"status": "ok"}
    assert client.http.get("/readyz").json()["status"] == "ok"
    assert "python_info" in client.http.get("/metrics").text


def test_metrics_can_be_kept_to_whoever_has_the_token(client: Client) -> None:
    client.http.app.state.settings.metrics_token = "chi-may-giam-sat-biet"
    for given in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer chi-may-giam-sat-bie"}):
        refused = client.http.get("/metrics", headers=given)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "python_info" not in refused.text
        assert "chi-may" not in refused.text
    assert client.http.get("/metrics", headers={"Authorization": "Bearer chi-may-giam-sat-biet"}).status_code == 200


def test_the_description_of_the_api_can_be_switched_off(client: Client) -> None:
    settings = client.http.app.state.settings.model_copy(update={"api_docs": False})
    with TestClient(create_app(settings, client.http.app.state.clock, client.world.db)) as http:
        for path in ("/docs", "/api/v1/openapi.json"):
            assert http.get(path).status_code == 404
        assert "/docs" not in http.get("/api/v1/nothing").json()["detail"]
        assert http.get("/healthz").status_code == 200


def test_unknown_addresses_and_methods_are_problems_too(client: Client) -> None:
    for method, path, status in (("GET", "/api/v1/nothing", 404), ("PUT", "/api/v1/tasks", 405)):
        answer = client.http.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_bodies_are_bounded_and_must_be_json(client: Client) -> None:
    path = "/api/v1/tasks/ST-2024-TC-15/updates"
    big = client.as_("SKHCN").post(path, version=1, content=b'{"note": "' + b"x" * 1_000_001 + b'"}')
    assert (big.status_code, big.json()["type"]) == (413, "urn:khacphuc:problem:too-large")
    streamed = client.as_("SKHCN").post(path, version=1, content=(b"x" * 100_000 for _ in range(20)))
    assert streamed.status_code == 413
    for broken in (b"{", b"[]", b'"x"', b"\xff\xfe", b'{"percent": 1e400}'):
        answer = client.as_("SKHCN").post(path, version=1, content=broken, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, broken
        assert answer.headers["content-type"] == "application/problem+json"
