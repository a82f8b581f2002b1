"""The same POST sent twice is done once: key and answer are written in the transaction of the change."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from app.core.access import Actor
from app.errors import IdempotencyMismatch, InvalidInput
from app.models import idempotent_answers as answers

KEPT = timedelta(days=7)
"""How long an answer can be repeated."""


class Answer(NamedTuple):
    status: int
    body: bytes
    replayed: bool


def once(
    connection: Connection,
    actor: Actor,
    key: str,
    fingerprint: str,
    work: Callable[[], bytes],
    *,
    status: int,
    now: datetime,
) -> Answer:
    """Do `work` unless this account sent this key before; a failing `work` leaves no trace, so it can be sent again."""
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise InvalidInput("Idempotency-Key phải có từ 1 đến 200 ký tự in được.", field="Idempotency-Key")
    if (
        connection.dialect.name == "postgresql"
    ):  # the same key sent in parallel waits here; SQLite has one writer anyway
        lock = func.pg_advisory_xact_lock(func.hashtextextended(key, actor.account_id))
        connection.execute(select(lock))
    found = connection.execute(
        select(answers.c.request, answers.c.status, answers.c.answer).where(
            answers.c.account_id == actor.account_id, answers.c.key == key
        )
    ).first()
    if found is not None:
        if found.request != fingerprint:
            raise IdempotencyMismatch(
                "Idempotency-Key này đã dùng cho một nội dung khác. Hãy dùng khóa mới cho yêu cầu mới.",
                field="Idempotency-Key",
            )
        return Answer(found.status, found.answer.encode(), replayed=True)
    body = work()
    connection.execute(
        insert(answers).values(
            account_id=actor.account_id,
            key=key,
            request=fingerprint,
            status=status,
            answer=body.decode(),
            created_at=now,
        )
    )
    return Answer(status, body, replayed=False)


def find_answer(connection: Connection, actor: Actor, key: str, *, now: datetime) -> str | None:
    """What this account's POST with the key answered; None where there was none, or it was forgotten."""
    if not key.isprintable():
        return None
    found = select(answers.c.answer).where(answers.c.account_id == actor.account_id, answers.c.key == key)
    answer: str | None = connection.execute(found).scalar()
    return answer


def forget_old(connection: Connection, *, now: datetime) -> int:
    """Drop answers older than `KEPT`; returns how many."""
    return connection.execute(delete(answers).where(answers.c.created_at < now - KEPT)).rowcount
