"""What every request leaves behind: an id in its answer, who and where in its log lines, a line of its own, metrics."""

import re
import secrets
import time
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts import network_of

log = structlog.get_logger()

HEADER: Final = "x-request-id"
API: Final = "/api/v1"
_GIVEN: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
SLOW: Final = 1.0
"""Seconds from which a request is worth a line although it only read."""
QUIET: Final = frozenset({"GET", "HEAD", "OPTIONS"})
UNKNOWN: Final = "other"
"""The route of addresses that nobody serves: a scanner must not make a time series of each of its guesses."""

REQUESTS = Counter("khacphuc_requests", "Requests answered", ("method", "route", "status"))
SECONDS = Histogram(
    "khacphuc_request_seconds",
    "Time until an answer was sent",
    ("route",),
    buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10),
)


class Observing:
    """Outermost, so that refusals of other layers are seen too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, status, started = _request_id(scope), 500, time.perf_counter()
        client = network_of(scope["client"][0]) if scope.get("client") else ""

        async def telling(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id, client=client, account=None):
            try:
                await self.app(scope, receive, telling)
            finally:
                _observe(scope, status, time.perf_counter() - started)


def name_caller(account_id: int | None) -> None:
    """From here on the request's log lines say whose it is."""
    structlog.contextvars.bind_contextvars(account=account_id)


def _request_id(scope: Scope) -> str:
    """The proxy's, where it is one that can stand in a log, else a new one."""
    given = Headers(scope=scope).get(HEADER, "")
    return given if _GIVEN.fullmatch(given) else secrets.token_hex(8)


def _observe(scope: Scope, status: int, seconds: float) -> None:
    route = _route(scope)
    method = scope["method"] if len(scope["method"]) < 8 else UNKNOWN
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    if method not in QUIET or _refused(route, status) or seconds >= SLOW:
        log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000))


def _refused(route: str, status: int) -> bool:
    """Refusals are told, reads too: they show who tries what is not theirs. So are addresses that somebody known does
    not find, which may be other people's, and tokens that open nothing; what scanners guess would only fill the log."""
    known = structlog.contextvars.get_contextvars().get("account") is not None
    return status >= 400 and (status != 404 or known or "{token}" in route)


def _route(scope: Scope) -> str:
    """The pattern that answered. FastAPI tells a router's own pattern without the prefix it was included under."""
    own = getattr(scope.get("route"), "path", None)
    if own is None:
        return UNKNOWN
    return API + own if scope["path"].startswith(API) and not own.startswith(API) else str(own)
