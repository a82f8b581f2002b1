"""Half-way through signing in: the password was right, the code is owed. Good for nothing but entering the code."""

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from app.accounts.sessions import hash_token
from app.errors import NotFound
from app.models import accounts, half_sign_ins

LIFE = timedelta(minutes=5)
OVER = "Đã hết thời gian nhập mã. Hãy đăng nhập lại."


class HalfSignIn(NamedTuple):
    """The token by which this browser may enter the code, known on this one occasion."""

    token: str


def open_half_sign_in(connection: Connection, account_id: int, *, now: datetime) -> HalfSignIn:
    """Whoever calls has checked the password."""
    token = secrets.token_urlsafe(32)
    values = {"token_hash": hash_token(token), "account_id": account_id, "expires_at": now + LIFE}
    connection.execute(insert(half_sign_ins).values(values))
    return HalfSignIn(token)


def find_half_sign_in(connection: Connection, token: str, *, now: datetime) -> Any:
    """`account_id` and the account's `name`; raises `NotFound`, the same for every reason."""
    row = connection.execute(
        select(half_sign_ins.c.account_id, accounts.c.name)
        .join(accounts, accounts.c.id == half_sign_ins.c.account_id)
        .where(half_sign_ins.c.token_hash == hash_token(token), half_sign_ins.c.expires_at > now, accounts.c.active)
    ).first()
    if row is None:
        raise NotFound(OVER)
    return row


def end_half_sign_in(connection: Connection, token: str, *, now: datetime) -> bool:
    """Whether it still stood: of two that enter a code at the same time, one does."""
    standing = (half_sign_ins.c.token_hash == hash_token(token), half_sign_ins.c.expires_at > now)
    return connection.execute(delete(half_sign_ins).where(*standing)).rowcount == 1
