"""Errors as RFC 9457 problem details: the table error → HTTP status, and Vietnamese words for what pydantic finds."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app import errors

log = structlog.get_logger()

STATUS: Mapping[type[errors.Problem], int] = {
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Unauthenticated: 401,
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
}

TYPE_PREFIX = "urn:khacphuc:problem:"
PROBLEM_JSON = "application/problem+json"

WORDS: Mapping[str, str] = {
    "missing": "còn thiếu",
    "extra_forbidden": "không có trường này; hãy bỏ đi hoặc sửa lại tên",
    "string_type": "phải là chữ",
    "string_too_long": "quá dài",
    "string_too_short": "không được để trống",
    "string_pattern_mismatch": "không đúng mẫu",
    "int_type": "phải là số nguyên",
    "int_parsing": "phải là số nguyên",
    "int_from_float": "phải là số nguyên",
    "bool_type": "phải là true hoặc false",
    "bool_parsing": "phải là true hoặc false",
    "date_type": "phải là ngày dạng 2025-07-01",
    "date_parsing": "phải là ngày dạng 2025-07-01",
    "date_from_datetime_parsing": "phải là ngày dạng 2025-07-01",
    "date_from_datetime_inexact": "phải là ngày dạng 2025-07-01",
    "datetime_parsing": "phải là thời điểm dạng 2025-07-01T08:00:00Z",
    "json_invalid": "không phải JSON hợp lệ",
    "dict_type": "phải là một đối tượng JSON",
    "model_attributes_type": "phải là một đối tượng JSON",
    "model_type": "phải là một đối tượng JSON",
    "list_type": "phải là một danh sách",
    "too_long": "có quá nhiều phần tử",
    "too_short": "có quá ít phần tử",
    "greater_than_equal": "nhỏ hơn mức cho phép",
    "less_than_equal": "lớn hơn mức cho phép",
    "greater_than": "nhỏ hơn mức cho phép",
    "literal_error": "không thuộc các giá trị cho phép",
    "enum": "không thuộc các giá trị cho phép",
}


def problem(
    status: int, slug: str, title: str, detail: str, instance: str, extra: Mapping[str, Any] | None = None
) -> Response:
    body = {"type": TYPE_PREFIX + slug, "title": title, "status": status, "detail": detail, "instance": instance}
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}.get(status)
    return Response(to_json({**body, **(extra or {})}), status, headers, media_type=PROBLEM_JSON)


def describe(error: errors.Problem, instance: str) -> dict[str, Any]:
    """A domain error as problem details, also for one item of a batch."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + error.slug,
        "title": error.title,
        "status": STATUS[type(error)],
        "detail": error.detail,
        "instance": instance,
    }
    return body | ({"field": error.field} if error.field else {}) | error.extra


async def on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.Problem)
    body = describe(error, request.url.path)
    extra = {key: value for key, value in body.items() if key not in {"type", "title", "status", "detail", "instance"}}
    return problem(body["status"], error.slug, error.title, error.detail, request.url.path, extra)


async def on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [{"field": _field(e["loc"]), "message": _words(e)} for e in error.errors()]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in found[:10])
    extra = {"field": found[0]["field"], "errors": found} if found else {}
    return problem(422, errors.InvalidInput.slug, errors.InvalidInput.title, detail, request.url.path, extra)


async def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {
        404: ("not-found", "Không tìm thấy", "Không có địa chỉ này. Xem danh mục API tại /docs."),
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
    log.error("unexpected error", path=request.url.path, method=request.method, exc_info=error)
    detail = "Hệ thống gặp lỗi ngoài dự kiến; chưa có gì được ghi. Hãy thử lại, nếu còn lỗi xin báo bộ phận kỹ thuật."
    return problem(500, "internal-error", "Lỗi hệ thống", detail, request.url.path)


def _field(loc: tuple[int | str, ...]) -> str:
    names = [str(part) for part in loc if part not in ("body", "query", "path", "header")]
    return ".".join(names) or str(loc[0] if loc else "body")


def _words(error: Any) -> str:
    """Vietnamese for one pydantic finding; our own validators already speak it."""
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if error["type"] in ("literal_error", "enum"):
        return f"phải là một trong {error['ctx']['expected'].replace(' or ', ', ')}"
    return WORDS.get(error["type"], "không hợp lệ")


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Exception, on_unexpected)
