"""Errors on pages: in words, on a page with a way back, never a trace. What the API says as JSON stays JSON."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from app import errors
from app.api import errors as api_errors
from app.web import pages
from app.web.visit import SAFE, SecondFactorRequired, SignInRequired, Visit, find_visit, local_path, visit_so_far

MACHINES = ("/api/", "/healthz", "/readyz", "/metrics")
"""Addresses that answer programs."""

ENROLMENT = "/account/second-factor"

PASSING = (429, 500, 503)
"""Statuses that may be gone when the same address is opened again."""
HTTP: Mapping[int, tuple[str, str]] = {
    404: (
        "Không tìm thấy trang",
        "Địa chỉ này không tồn tại, hoặc bạn không có quyền xem. Hãy xem lại địa chỉ, hoặc mở từ trang đầu.",
    ),
    405: ("Không mở được trang này", "Trang này chỉ nhận biểu mẫu. Hãy quay lại trang trước."),
}
OTHER = ("Yêu cầu không hợp lệ", "Không đọc được nội dung gửi lên. Hãy tải lại trang rồi thử lại.")

Handler = Callable[[Request, Exception], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Replaces the API's handlers by ones that answer people with a page and programs as before."""
    app.add_exception_handler(SignInRequired, on_sign_in_required)
    app.add_exception_handler(SecondFactorRequired, _on_second_factor_required)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(errors.NothingYet, _on_nothing_yet)
    app.add_exception_handler(errors.Problem, _split(api_errors.on_problem, _on_problem))
    app.add_exception_handler(RequestValidationError, _split(api_errors.on_invalid_request, _on_invalid))
    app.add_exception_handler(HTTPException, _split(api_errors.on_http_exception, _on_http))
    app.add_exception_handler(Exception, _split(api_errors.on_unexpected, _on_unexpected))


def _split(machine: Handler, person: Handler) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        wanted = machine if request.url.path.startswith(MACHINES) else person
        return await wanted(request, error)

    return handle


async def on_refused_body(scope: Scope, status: int, slug: str, title: str, detail: str) -> Response:
    """A body that is not even read (`app.api.edge.limits`)."""
    if scope["path"].startswith(MACHINES):
        return api_errors.problem(status, slug, title, detail, scope["path"])
    request = Request(scope)
    return _page(request, status, title, detail, await find_visit(request))


async def on_sign_in_required(request: Request, _error: Exception) -> Response:
    """To the sign-in page and, for a page, back again. A part of a page tells the browser to go there as a whole."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = "/signin" + (f"?next={quote(back, safe='')}" if request.method == "GET" else "")
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"X-Sign-In": "/signin"})
    return RedirectResponse(where, 303)


async def _on_second_factor_required(request: Request, _error: Exception) -> Response:
    """To where it is turned on, from every page and form."""
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"X-Sign-In": ENROLMENT})
    return RedirectResponse(ENROLMENT, 303)


async def _on_nothing_yet(request: Request, _error: Exception) -> Response:
    """No error: a place before its first assessment, with what comes next."""
    return pages.render(request, "nothing_yet.html", 200, visit=visit_so_far(request))


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.Problem)
    return _page(request, api_errors.STATUS[type(error)], error.title, error.detail, visit_so_far(request))


async def _on_gone(_request: Request, _error: Exception) -> Response:
    """The browser left off sending: it typed on, or the tab was closed. Nobody reads the answer, nothing is broken."""
    return Response(status_code=400)


async def _on_invalid(request: Request, _error: Exception) -> Response:
    return _page(
        request, 404, "Không tìm thấy", "Địa chỉ này không đúng. Hãy mở lại từ trang đầu.", visit_so_far(request)
    )


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, detail = HTTP.get(error.status_code, OTHER)
    return _page(request, error.status_code, title, detail, await find_visit(request))


async def _on_unexpected(request: Request, error: Exception) -> Response:
    await api_errors.on_unexpected(request, error)  # writes the log
    detail = "Hệ thống gặp lỗi ngoài dự kiến; chưa có gì được ghi. Hãy thử lại, nếu còn lỗi xin báo bộ phận kỹ thuật."
    return _page(request, 500, "Lỗi hệ thống", detail, visit_so_far(request))


def _page(request: Request, status: int, title: str, detail: str, visit: Visit | None) -> Response:
    """With the menu for whoever is known to be signed in; what failed is not asked again."""
    context: dict[str, Any] = {"visit": visit} if visit is not None else {}
    again = request.method in SAFE and status in PASSING
    return pages.render(
        request, "failure.html", status, title=title, detail=detail, again=again, before=_before(request), **context
    )


def _before(request: Request) -> str | None:
    """The page that led here, where it is one of ours and another."""
    came = urlsplit(request.headers.get("referer", ""))
    path = local_path(f"{came.path}?{came.query}" if came.query else came.path)
    ours = came.netloc == request.headers.get("host") and came.path not in ("/", "/signin")
    return path if ours and (request.method not in SAFE or came.path != request.url.path) else None
