"""How much a client may send: a bound on request bodies that holds before anything is parsed."""

import contextlib
import re
from collections.abc import Callable, Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem
from app.errors import TooLarge
from app.reports.excel.safe import MOST_BYTES
from app.settings import Settings

ENCODED = "Nội dung gửi lên không được nén (Content-Encoding). Hãy gửi nguyên bản."
AROUND_A_FILE = 64_000
"""Bytes of the form around a file: its texts and boundaries."""

Refusal = Callable[[Scope, int, str, str, str], Response]
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
    """Answers 413 for bodies over `limit` bytes (`uploads`: see `upload_limits`), declared or streamed."""

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
            answer = self.refuse(scope, 415, "bad-request", "Yêu cầu không hợp lệ", ENCODED)
            await answer(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        if _declared(headers) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        await self._run(scope, receive, send, limit)

    def _limit(self, path: str) -> int:
        return next((most for pattern, most in self.uploads if pattern.fullmatch(path)), self.limit)

    async def _run(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        received, exceeded, started = 0, False, False

        async def counting() -> Message:
            nonlocal received, exceeded
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                exceeded = True
                raise _Exceeded
            return message

        async def watching(message: Message) -> None:
            nonlocal started
            if exceeded and not started:
                return  # whatever the framework makes of the broken body, the answer is ours
            started = True
            await send(message)

        with contextlib.suppress(_Exceeded):
            await self.app(scope, counting, watching)
        if exceeded and not started:
            await self._refuse(scope, receive, send, limit)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        detail = f"Nội dung gửi lên vượt quá {limit // 1000:,} kB. Hãy gửi ít hơn.".replace(",", ".")
        await self.refuse(scope, 413, TooLarge.slug, TooLarge.title, detail)(scope, receive, send)


def as_problem(scope: Scope, status: int, slug: str, title: str, detail: str) -> Response:
    return problem(status, slug, title, detail, scope["path"])


def _declared(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


class _Exceeded(Exception):
    pass
