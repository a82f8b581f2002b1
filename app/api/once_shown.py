"""Answers that hold a secret: told once, and never kept for an Idempotency-Key to repeat."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.responses import Response

from app.api.deps import Call, reply
from app.core.access import Actor

EXPLAINED = (
    "Giá trị bí mật chỉ hiện một lần. Gửi lại với cùng `Idempotency-Key` không tạo thêm gì và không hiện lại giá trị "
    "đó (trả về `null`); nếu đã mất, hãy thu hồi và tạo lại."
)


async def post_secret(call: Call, fn: Callable[..., dict[str, Any]], *args: Any, field: str, **kwargs: Any) -> Response:
    """As `Call.post` with status 201, but what is stored for a repetition has `field` emptied.

    The answer of a lost connection cannot be had again, then: the caller sees that the thing exists, revokes it and
    makes another. The alternative would be a secret readable in the database for a week.
    """
    told: dict[str, Any] = {}

    def masked(connection: Any, actor: Actor, *, now: datetime) -> dict[str, Any]:
        told.clear()  # the transaction may be run again after a deadlock
        told.update(fn(connection, actor, *args, now=now, **kwargs))
        return {**told, field: None}

    response = await call.post(masked, status=201)
    return response if "idempotent-replayed" in response.headers else reply(told, 201)
