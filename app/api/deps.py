"""What every route gets: who calls, the two doors to the database, and how answers are written."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Header, Request
from fastapi.security import HTTPBearer
from pydantic_core import from_json, to_json
from starlette.responses import Response

from app import accounts, idempotency
from app.api.edge.observing import name_caller
from app.clock import Clock
from app.core.access import Actor
from app.db import Connection, Database
from app.errors import InvalidInput, Unauthenticated, VersionRequired
from app.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
Domain = Callable[Concatenate[Connection, Actor, P], T]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: domain functions run through it as `fn(connection, actor, …, now=now)`."""

    request: Request
    db: Database
    settings: Settings
    actor: Actor
    now: datetime

    async def read(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.db.read(fn, self.actor, *args, now=self.now, **kwargs)

    async def write(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.db.write(fn, self.actor, *args, now=self.now, **kwargs)

    async def post(self, fn: Callable[..., Any], *args: Any, status: int = 200, **kwargs: Any) -> Response:
        """A write that honours Idempotency-Key: the same key and body get the same answer, another body is refused."""
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return reply(await self.write(fn, *args, **kwargs), status)
        fingerprint = await self._fingerprint()

        def once(connection: Connection, actor: Actor, *, now: datetime) -> idempotency.Answer:
            def work() -> bytes:
                return to_json(fn(connection, actor, *args, now=now, **kwargs))

            return idempotency.once(connection, actor, key, fingerprint, work, status=status, now=now)

        answer = await self.write(once)
        headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
        return Response(
            answer.body, answer.status, headers | _etag(from_json(answer.body)), media_type="application/json"
        )

    async def _fingerprint(self) -> str:
        head = f"{self.request.method} {self.request.url.path}?{self.request.url.query}\n".encode()
        return hashlib.sha256(head + await self.request.body()).hexdigest()


class KeyBearer(HTTPBearer):
    """Authentication by API key and the `Call` of the request, in the one dependency that every route has."""

    async def __call__(self, request: Request) -> Call:  # type: ignore[override]  # a Call instead of bare credentials
        """Raises `Unauthenticated`, `TooManyTries`."""
        state = request.app.state
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Unauthenticated("Thiếu khóa API. Hãy gửi Authorization: Bearer KEY.")
        db: Database = state.db
        clock: Clock = state.clock
        keys: accounts.KeyRing = state.keys
        now = clock.now()
        try:
            actor = await _actor(db, keys, key, now=now)
        except Unauthenticated:
            await accounts.count_wrong_key(db, keys, client_of(request), now=now)
            raise
        name_caller(actor.account_id)
        return Call(request, db, state.settings, actor, now)


async def _actor(db: Database, keys: accounts.KeyRing, key: str, *, now: datetime) -> Actor:
    actor = keys.cached(key, now=now)
    if actor is None:
        generation = keys.generation
        owner = await db.read(accounts.find_by_key, key)
        actor = keys.remember(key, owner, generation=generation, now=now)
    return actor


def client_of(request: Request) -> str:
    """The network that a request comes from, told by the proxy where there is one (KHACPHUC_TRUSTED_PROXIES)."""
    return accounts.network_of(request.client.host) if request.client else ""


current_call = KeyBearer(description="Khóa API: `Authorization: Bearer KEY`")


def reply(data: Any, status: int = 200) -> Response:
    """JSON, written straight from plain values; bytes are written already."""
    body = data if isinstance(data, bytes) else to_json(data)
    return Response(body, status, _etag(data), media_type="application/json")


def _etag(data: Any) -> dict[str, str]:
    """Whatever has a `version` has it as its ETag."""
    version = data.get("version") if isinstance(data, dict) else None
    return {"ETag": f'"{version}"'} if isinstance(version, int) else {}


_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='ETag của lần đọc trước, ví dụ `"3"`, hoặc `*`; bản cũ: 412')
]


async def optional_version(if_match: IfMatch = None) -> int | None:
    """The version in If-Match; None when the header is absent or `*`."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise InvalidInput('If-Match phải là ETag của nhiệm vụ, ví dụ "3".', field="If-Match")
    return int(match.group(1))


async def required_version(if_match: IfMatch = None) -> int | None:
    """As `optional_version`, but the header must be there (`*` says: whatever the version is)."""
    if if_match is None:
        raise VersionRequired(
            "Thiếu If-Match. Hãy đọc nhiệm vụ (GET) và gửi lại ETag của nó, để không ghi đè thay đổi của người khác.",
            field="If-Match",
        )
    return await optional_version(if_match)
