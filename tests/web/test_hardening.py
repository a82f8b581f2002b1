"""What no single page has to think of: headers, cookies, methods and fields that nobody expects (docs/asvs.md)."""

from collections.abc import Iterator
from typing import Any

import httptools
import pytest
from starlette.testclient import TestClient
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.edge.heads import BoundedHeads
from app.clock import Clock
from app.main import create_app
from app.settings import Settings
from app.web.visit import browser_cookie_name, choice_cookie_name, cookie_name, half_cookie_name
from tests.web.conftest import Desk

HTTPS = Settings(base_url="https://cchc.example.vn", scheduler=False)


def served(settings: Settings) -> Any:
    """Without a database: what is asked here never gets there."""
    return TestClient(create_app(settings, Clock()), raise_server_exceptions=False)


def test_browsers_use_only_https_for_a_year_with_this_host_and_those_below_it() -> None:
    def told(settings: Settings) -> str | None:
        return served(settings).get("/healthz").headers.get("strict-transport-security")

    assert told(HTTPS) == "max-age=31536000; includeSubDomains"
    assert told(HTTPS.model_copy(update={"hsts_subdomains": False})) == "max-age=31536000"
    assert told(HTTPS.model_copy(update={"base_url": "http://127.0.0.1:8000"})) is None


def test_with_https_every_cookie_is_held_to_this_host() -> None:
    named = (cookie_name, browser_cookie_name, half_cookie_name, choice_cookie_name)
    names = [one(HTTPS) for one in named]
    assert len(set(names)) == 4
    assert all(name.startswith("__Host-") for name in names)


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/tasks", "/signin", "/tasks", "/static/desk.css", "/nothing"])
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PROPFIND", "DEBUG"])
def test_methods_that_nobody_serves_are_refused_and_repeat_nothing(method: str, path: str) -> None:
    answer = served(HTTPS).request(method, path, headers={"X-Secret": "khong-duoc-lap-lai"})
    assert answer.status_code in (404, 405)
    assert "khong-duoc-lap-lai" not in answer.text


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Content-Length: 6\r\nContent-Length: 5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length: 6\r\n 0",
    ],
)
def test_a_body_of_doubtful_length_is_no_request(lengths: str) -> None:
    """By the parser that `khacphuc serve` names: what proxies read otherwise, they could be made to smuggle."""
    assert issubclass(BoundedHeads, HttpToolsProtocol)
    with pytest.raises(httptools.HttpParserError):
        httptools.HttpRequestParser(object()).feed_data(f"POST / HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\n".encode())


@pytest.mark.parametrize("sign", ["%0a", "%00", "%0d%0a", "%e2%80%8b", "%c2%85"])
@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/docs", "/signin", "/api/v1/openapi.json"])
def test_an_address_is_no_other_one_by_a_sign_that_nobody_sees(desk: Desk, path: str, sign: str) -> None:
    assert desk.http.get(path).status_code == 200
    for wrong in (path + sign, "/" + sign + path[1:]):
        answer = desk.http.get(wrong)
        assert answer.status_code == 404
        assert "content-security-policy" in answer.headers


def test_a_method_in_a_header_or_field_changes_nothing() -> None:
    http = served(HTTPS)
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "TRACE"}):
        assert http.get("/healthz?_method=DELETE", headers=headers).json() == {"status": "ok"}


def test_other_sites_are_never_let_in_by_cors() -> None:
    http = served(HTTPS)
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = http.request(method, "/healthz", headers=asking)
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_no_object_of_the_api_takes_a_field_that_it_does_not_know() -> None:
    api = create_app(HTTPS, Clock()).openapi()
    taken = list(_objects(api))
    assert len(taken) > 30
    assert [name for name, schema in taken if _is_open(schema)] == []


def test_what_text_is_written_in_is_always_said(desk: Desk) -> None:
    own = ("/account", "/charts/total.svg?assessment=SOC-TRANG-2024", "/csv/tasks", "/nothing")
    for path in (*own, "/docs", "/metrics", "/static/desk.css", "/static/desk.js", "/api/v1/tasks"):
        kind = desk.get(path).headers["content-type"]
        assert kind.endswith("json") or "charset=utf-8" in kind, path


@pytest.mark.parametrize("charset", ["undefined", "punycode", "unicode_escape", "utf-7", "utf-16", "khong-co"])
@pytest.mark.parametrize("path", ["/signin", "/signin/code"])
def test_a_form_is_written_in_utf_8_or_not_read(path: str, charset: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--x--\r\n'
    kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    answer = served(HTTPS).post(path, content=body, headers=kind)
    assert answer.status_code == 422
    assert "UTF-8" in answer.text


def test_signing_out_clears_what_the_browser_keeps(desk: Desk) -> None:
    assert desk.as_("STP").post("/signout").headers["clear-site-data"] == '"storage"'


def _objects(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object that a JSON body has, by the operation that takes it."""
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                yield from _within(api, f"{method} {path}", body["schema"])


def _within(api: dict[str, Any], name: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if "$ref" in schema:
        schema = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from _within(api, name, one)
    if schema.get("type") == "object":
        yield name, schema
        for field, one in schema.get("properties", {}).items():
            yield from _within(api, f"{name} {field}", one)


def _is_open(schema: dict[str, Any]) -> bool:
    """Neither closed nor a table of values that all have one type."""
    return schema.get("additionalProperties", True) is True
