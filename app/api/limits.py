"""How much a client may send: a bound on request bodies that holds before anything is parsed."""

import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem
from app.errors import TooLarge

UPLOADS = frozenset(
    {
        "/api/v1/evidence",
        "/api/v1/tasks/template",
        "/api/v1/tasks/template/apply",
        "/api/v1/assessments/import",
        "/workbook",
        "/import",
    }
)
"""Where files go, word for word: whatever else is sent stays small."""
ENCODED = "Nội dung gửi lên không được nén (Content-Encoding). Hãy gửi nguyên bản."


class BodyLimit:
    """Answers 413 for bodies over `limit` bytes (`upload_limit` where files go), declared or streamed."""

    def __init__(self, app: ASGIApp, limit: int, upload_limit: int) -> None:
        self.app = app
        self.limit = limit
        self.upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            await problem(415, "bad-request", "Yêu cầu không hợp lệ", ENCODED, scope["path"])(scope, receive, send)
            return
        # Bodies are read before anybody knows who sends them, so only the routes that take files take much.
        limit = self.upload_limit if scope["path"] in UPLOADS else self.limit
        if _declared(headers) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        await self._run(scope, receive, send, limit)

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
        await problem(413, TooLarge.slug, TooLarge.title, detail, scope["path"])(scope, receive, send)


def _declared(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


class _Exceeded(Exception):
    pass
