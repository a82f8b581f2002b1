"""Errors as RFC 9457 problem details, and the table error → HTTP status."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app import errors
from app.api.findings import findings

log = structlog.get_logger()

STATUS: Mapping[type[errors.Problem], int] = {
    errors.NotFound: 404,
    errors.NothingYet: 404,
    errors.Forbidden: 403,
    errors.Unauthenticated: 401,
    errors.TooManyTries: 429,
    errors.InvalidInput: 422,
    errors.Conflict: 409,
    errors.IllegalMove: 409,
    errors.IncompleteSubmission: 422,
    errors.StaleVersion: 412,
    errors.VersionRequired: 428,
    errors.EvidenceRequired: 422,
    errors.SelfReview: 403,
    errors.UnknownMeasurement: 422,
    errors.MissingMeasurement: 422,
    errors.NegativeMeasurement: 422,
    errors.NumeratorAboveDenominator: 422,
    errors.ZeroDenominator: 422,
    errors.OutsideRuleDomain: 422,
    errors.ScoreOutOfRange: 422,
    errors.ScoreNotAccepted: 422,
    errors.FileRefused: 415,
    errors.TooLarge: 413,
    errors.IdempotencyMismatch: 422,
    errors.SeedInvalid: 422,
    errors.SetupProblem: 503,
    errors.Busy: 503,
    errors.Unwritable: 503,
    errors.StoreUnavailable: 503,
}

TYPE_PREFIX = "urn:khacphuc:problem:"
PROBLEM_JSON = "application/problem+json"

_BROKEN: Final = re.compile("[\x00\ud800-\udfff]")
"""What a request may smuggle into an answer: lone surrogates, which UTF-8 cannot write, and NUL."""


def problem(
    status: int, slug: str, title: str, detail: str, instance: str, extra: Mapping[str, Any] | None = None
) -> Response:
    body = {"type": TYPE_PREFIX + slug, "title": title, "status": status, "detail": detail, "instance": instance}
    headers = heads(status, extra or {})
    return Response(to_json(_readable({**body, **(extra or {})})), status, headers, media_type=PROBLEM_JSON)


def heads(status: int, extra: Mapping[str, Any]) -> dict[str, str]:
    """What a status says in headers too, to programs that read no bodies."""
    if "retry_after" in extra:
        return {"Retry-After": str(extra["retry_after"])}
    return {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}.get(status, {})


def describe(error: errors.Problem, instance: str) -> dict[str, Any]:
    """A domain error as problem details, also for one item of a batch."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + error.slug,
        "title": error.title,
        "status": STATUS[type(error)],
        "detail": error.detail,
        "instance": instance,
    }
    readable: dict[str, Any] = _readable(
        body | ({"field": error.field} if error.field else {}) | _faults(error) | error.extra
    )
    return readable


def _faults(error: errors.Problem) -> dict[str, Any]:
    """As a malformed request lists them."""
    found = [{"field": one.field, "message": one.detail} for one in error.faults]
    return {"errors": found} if len(found) > 1 else {}


def _readable(value: Any) -> Any:
    """The same with U+FFFD for what cannot be written, all the way down, names included."""
    if isinstance(value, str):
        return _BROKEN.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_readable(name): _readable(one) for name, one in value.items()}
    return [_readable(one) for one in value] if isinstance(value, list | tuple) else value


async def on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.Problem)
    body = describe(error, request.url.path)
    extra = {key: value for key, value in body.items() if key not in {"type", "title", "status", "detail", "instance"}}
    return problem(body["status"], error.slug, error.title, error.detail, request.url.path, extra)


async def on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = findings(error, request)
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in found[:10])
    extra = {"field": found[0]["field"], "errors": found} if found else {}
    return problem(422, errors.InvalidInput.slug, errors.InvalidInput.title, detail, request.url.path, extra)


async def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    elsewhere = " Xem danh mục API tại /docs." if request.app.openapi_url else ""
    known = {
        404: ("not-found", "Không tìm thấy", f"Không có địa chỉ này.{elsewhere}"),
        405: ("method-not-allowed", "Phương thức không được hỗ trợ", "Địa chỉ này không nhận phương thức đó."),
        413: (errors.TooLarge.slug, errors.TooLarge.title, "Nội dung gửi lên quá lớn. Hãy gửi ít hơn."),
    }
    slug, title, detail = known.get(
        error.status_code,
        ("bad-request", "Yêu cầu không hợp lệ", "Không đọc được yêu cầu. Hãy kiểm tra nội dung gửi lên."),
    )
    response = problem(error.status_code, slug, title, detail, request.url.path)
    response.headers.update(error.headers or {})
    return response


async def on_unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected error", path=_told_path(request), method=request.method, exc_info=error)
    detail = "Hệ thống gặp lỗi ngoài dự kiến; chưa có gì được ghi. Hãy thử lại, nếu còn lỗi xin báo bộ phận kỹ thuật."
    return problem(500, "internal-error", "Lỗi hệ thống", detail, request.url.path)


def _told_path(request: Request) -> str:
    """The address for the log, quoted, since terminals show it. Of one that holds a token only the pattern: what is
    logged must open nothing."""
    pattern = getattr(request.scope.get("route"), "path", "")
    return pattern if "{token}" in pattern else quote(request.url.path)


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Exception, on_unexpected)
