"""How much a client may send: a bound on request bodies that holds before anything is parsed."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem
from app.errors import TooLarge


class BodyLimit:
    """Answers 413 for bodies over `limit` bytes (`upload_limit` for multipart), declared or streamed."""

    def __init__(self, app: ASGIApp, limit: int, upload_limit: int) -> None:
        self.app = app
        self.limit = limit
        self.upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        upload = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
        limit = self.upload_limit if upload else self.limit
        if int(headers.get(b"content-length", b"0")) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        await self._run(scope, receive, send, limit)

    async def _run(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        received, started = 0, False

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _Exceeded
            return message

        async def watching(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counting, watching)
        except _Exceeded:
            if started:
                raise
            await self._refuse(scope, receive, send, limit)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        detail = f"Nội dung gửi lên vượt quá {limit // 1000:,} kB. Hãy gửi ít hơn.".replace(",", ".")
        await problem(413, TooLarge.slug, TooLarge.title, detail, scope["path"])(scope, receive, send)


class _Exceeded(Exception):
    pass
