"""Headers that hold every page to this site: no foreign script, no inline script or style, no framing."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Pico draws its small icons as data: images
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
YEAR: Final = "max-age=31536000"


class Protection:
    """Adds `HEADERS` where an answer has not set them itself, with https also HSTS; nothing but files is kept."""

    def __init__(self, app: ASGIApp, *, https: bool, subdomains: bool = True) -> None:
        self.app = app
        strict = f"{YEAR}; includeSubDomains" if subdomains else YEAR
        self.headers = {**HEADERS, **({"Strict-Transport-Security": strict} if https else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def protecting(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = f"public, {YEAR}, immutable" if scope["query_string"] else "no-cache"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, protecting)
