"""Calendar feeds: addresses at which a calendar program reads an account's deadlines, until they are revoked."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app import events
from app.accounts.keys import actor_of
from app.accounts.sessions import hash_token
from app.core.access import Actor
from app.errors import Conflict, NotFound
from app.models import accounts, calendar_feeds

MOST = 5
"""Feeds of one account: a computer, a telephone and some to spare."""


def create_feed(connection: Connection, actor: Actor, *, now: datetime) -> str:
    """A new feed's token, known on this one occasion. `Conflict` past `MOST`."""
    if len(list_feeds(connection, actor, now=now)) >= MOST:
        raise Conflict(f"Đã có {MOST} địa chỉ lịch đang dùng. Hãy thu hồi một địa chỉ cũ trước.")
    token = secrets.token_urlsafe(32)
    feed_id = connection.execute(
        insert(calendar_feeds)
        .values(account_id=actor.account_id, token_hash=hash_token(token), created_at=now)
        .returning(calendar_feeds.c.id)
    ).scalar_one()
    _record(connection, actor, feed_id, "calendar_feed.created", now=now)
    return token


def list_feeds(connection: Connection, actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """The actor's own feeds that still answer, the newest first."""
    rows = connection.execute(
        select(calendar_feeds.c.id, calendar_feeds.c.created_at)
        .where(calendar_feeds.c.account_id == actor.account_id, calendar_feeds.c.revoked_at.is_(None))
        .order_by(calendar_feeds.c.id.desc())
    )
    return [dict(row._mapping) for row in rows]


def revoke_feed(connection: Connection, actor: Actor, feed_id: int, *, now: datetime) -> None:
    """Its address answers nothing from now on. `NotFound` for feeds of others."""
    done = connection.execute(
        update(calendar_feeds)
        .where(
            calendar_feeds.c.id == feed_id,
            calendar_feeds.c.account_id == actor.account_id,
            calendar_feeds.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    if not done.rowcount:
        raise NotFound("Không có địa chỉ lịch này, hoặc đã thu hồi.")
    _record(connection, actor, feed_id, "calendar_feed.revoked", now=now)


def find_reader(connection: Connection, token: str) -> Actor | None:
    """As whom a feed is read; None when it was revoked or its account switched off."""
    row = connection.execute(
        select(
            *(accounts.c[name] for name in ("id", "display_name", "role", "province_id", "agency_id", "drafts_only"))
        )
        .join(calendar_feeds, calendar_feeds.c.account_id == accounts.c.id)
        .where(
            calendar_feeds.c.token_hash == hash_token(token), calendar_feeds.c.revoked_at.is_(None), accounts.c.active
        )
    ).first()
    return None if row is None else actor_of(row)


def _record(connection: Connection, actor: Actor, feed_id: int, action: str, *, now: datetime) -> None:
    events.record(
        connection, actor, now=now, entity="calendar_feed", entity_id=feed_id, code=str(feed_id), action=action
    )
