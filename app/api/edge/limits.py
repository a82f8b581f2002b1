"""How much a client may send and how long it may take: bounds on request bodies that hold before anything is parsed.

What a handler does then has no limit of its own: a thread cannot be stopped half-way, and whatever it waits for has one
(database, scanner, mail).
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem
from app.errors import TooLarge
from app.reports.excel.safe import MOST_BYTES
from app.settings import Settings

ENCODED = "Nội dung gửi lên không được nén (Content-Encoding). Hãy gửi nguyên bản."
AROUND_A_FILE = 64_000
"""Bytes of the form around a file: its texts and boundaries."""

IDLE_SECONDS = 30.0
"""How long a client may send nothing while its body is incomplete."""
SLOWEST = 500
"""Bytes a second that a body must come in with on average, after the first `IDLE_SECONDS`: a poor line in the hills
sends more, and nobody holds a place for hours with a byte now and then."""
DROPPED = 100_000_000
"""Bytes of a refused body that are read all the same: who sends listens only at the end, and a proxy makes "502 Bad
Gateway" of an answer that comes earlier."""
TOO_SLOW = "Nội dung gửi lên đến quá chậm hoặc bị ngắt quãng nên không nhận được; chưa có gì được ghi. Hãy gửi lại."

Refusal = Callable[[Scope, int, str, str, str], Awaitable[Response]]
"""(scope, status, slug, title, detail) → the answer to a body that is not taken."""


def upload_limits(settings: Settings) -> Mapping[str, int]:
    """Where files go: path → bytes that a body there may have. Any other path takes `settings.body_limit`.

    A path is a regular expression that must match as a whole (`[^/]+` for a code or id). **A route that takes a file
    needs its line here**, for the page and for the API alike. Bodies are read before anybody knows who sends them, so
    name single routes, never whole trees, and check in the route itself how long the file may be.
    """
    return {
        # Twice what a Word template may have, so that the page itself says what is too long.
        r"/documents/templates/[^/]+": 4_000_000 + AROUND_A_FILE,
        r"/api/v1/evidence": settings.evidence_limit + AROUND_A_FILE,
        # Twice as much: the page takes in a file that is somewhat too long, so as to say so and keep what was typed.
        r"/evidence/new": 2 * settings.evidence_limit + AROUND_A_FILE,
        r"/api/v1/tasks/template(/apply)?": MOST_BYTES + AROUND_A_FILE,
        r"/api/v1/assessments/import": MOST_BYTES + AROUND_A_FILE,
        r"/workbook": 2 * MOST_BYTES + AROUND_A_FILE,
        r"/import": 2 * MOST_BYTES + AROUND_A_FILE,
    }


class BodyLimit:
    """Answers 413 for bodies over `limit` bytes (`uploads`: see `upload_limits`), declared or streamed, and 408 for
    those that come too slowly."""

    def __init__(self, app: ASGIApp, limit: int, uploads: Mapping[str, int], refuse: Refusal | None = None) -> None:
        self.app = app
        self.limit = limit
        self.uploads = [(re.compile(path), most) for path, most in uploads.items()]
        self.refuse = refuse or as_problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            await _drop(_Body(receive, DROPPED), headers)
            answer = await self.refuse(scope, 415, "bad-request", "Yêu cầu không hợp lệ", ENCODED)
            await answer(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        if _declared(headers) > limit:
            await _drop(_Body(receive, DROPPED), headers)
            await self._refuse(scope, receive, send, 413, limit)
            return
        await self._run(scope, receive, send, limit)

    def _limit(self, path: str) -> int:
        return next((most for pattern, most in self.uploads if pattern.fullmatch(path)), self.limit)

    async def _run(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        body, started = _Body(receive, limit), False

        async def watching(message: Message) -> None:
            nonlocal started
            if body.refused is not None and not started:
                return  # whatever the framework makes of the broken body, the answer is ours
            started = True
            await send(message)

        with contextlib.suppress(_Refused):
            await self.app(scope, body.receive, watching)
        if body.refused is not None and not started:
            status = body.refused
            if status == 413:
                await _drop(body, {})
            await self._refuse(scope, receive, send, status, limit)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, status: int, limit: int) -> None:
        if status == 408:
            answer = await self.refuse(scope, 408, "too-slow", "Gửi quá chậm", TOO_SLOW)
        else:
            detail = f"Nội dung gửi lên vượt quá {limit // 1000:,} kB. Hãy gửi ít hơn.".replace(",", ".")
            answer = await self.refuse(scope, 413, TooLarge.slug, TooLarge.title, detail)
        answer.headers["Connection"] = "close"  # nobody reads what may still come
        await answer(scope, receive, send)


@dataclass(slots=True)
class _Body:
    """A body on its way in. Raises `_Refused` from `receive` as soon as it breaks a bound; `refused` is the status."""

    source: Receive
    limit: int
    received: int = 0
    waited: float = 0.0
    """Seconds spent waiting for the client; what the application does between two parts does not count."""
    complete: bool = False
    refused: int | None = None

    async def receive(self) -> Message:
        message = await (self.source() if self.complete else self._next())
        self.received += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.received > self.limit:
            self._refuse(413)
        return message

    async def _next(self) -> Message:
        began = time.monotonic()
        left = IDLE_SECONDS + self.received / SLOWEST - self.waited
        try:
            async with asyncio.timeout(max(0.0, min(IDLE_SECONDS, left))):
                return await self.source()
        except TimeoutError:
            self._refuse(408)
        finally:
            self.waited += time.monotonic() - began

    def _refuse(self, status: int) -> NoReturn:
        self.refused = status
        raise _Refused(status)


async def _drop(body: _Body, headers: Mapping[bytes, bytes]) -> None:
    """Read the rest of a body that is refused, no slower than any other; not of one that waits to be asked for, or that
    says it is endless."""
    if headers.get(b"expect", b"").lower() == b"100-continue" or _declared(headers) > DROPPED:
        return
    body.limit = DROPPED
    with contextlib.suppress(_Refused):
        while not body.complete:
            await body.receive()


async def as_problem(scope: Scope, status: int, slug: str, title: str, detail: str) -> Response:
    return problem(status, slug, title, detail, scope["path"])


def _declared(headers: Mapping[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


class _Refused(HTTPException):
    """The framework takes it for an answer of the application's, not for a failure that belongs into the log."""
