"""Addresses that mean what a proxy reads in them."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.edge.limits import Refusal

NOWHERE = "Địa chỉ này không có. Hãy kiểm tra lại địa chỉ."


class PlainPaths:
    """Answers 404 for addresses with control or invisible signs. Routes are matched by patterns that overlook a line
    break at the end: `/metrics%0a` would be `/metrics`, past a proxy that lets nobody see that."""

    def __init__(self, app: ASGIApp, refuse: Refusal) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].isprintable():
            await self.app(scope, receive, send)
            return
        answer = await self.refuse(scope, 404, "not-found", "Không tìm thấy", NOWHERE)
        await answer(scope, receive, send)
