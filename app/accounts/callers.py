"""Where a sign-in comes from, and whether an account's owner has signed in there lately."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, func, select

from app.accounts.sessions import hash_token
from app.models import login_sessions

KNOWN = timedelta(days=30)
"""How long after a sign-in its browser and its address are known; sessions are kept at least as long (`upkeep`)."""


class Caller(NamedTuple):
    """The other side of a request."""

    device: str = ""
    """What the browser calls itself."""
    client: str = ""
    """Its address, as `tries.network_of` tells it."""
    browser: str = ""
    """The token by which this browser is known since it signed in; "" for one that never did."""


def is_known_browser(
    connection: Connection, account_id: int, caller: Caller, *, since: datetime | None = None, now: datetime
) -> bool:
    """Whether the account was signed in to with this browser, in a session that lasted beyond `since`."""
    browser = (login_sessions.c.account_id == account_id, login_sessions.c.browser == hash_token(caller.browser))
    lasted = [] if since is None else [func.coalesce(login_sessions.c.ended_at, login_sessions.c.expires_at) > since]
    return bool(caller.browser) and _signed_in_there(connection, *browser, *lasted, now=now)


def is_known_client(connection: Connection, account_id: int, caller: Caller, *, now: datetime) -> bool:
    """Whether the account was signed in to from this address."""
    return bool(caller.client) and _signed_in_there(
        connection, login_sessions.c.account_id == account_id, login_sessions.c.client == caller.client, now=now
    )


def name_browser(connection: Connection, caller: Caller, *, now: datetime) -> str:
    """The token that the browser is known by from now on: its own, which may serve several accounts, else a new one.

    A token that nobody ever signed in with is not taken over: somebody else may have planted it.
    """
    own = caller.browser and _signed_in_there(
        connection, login_sessions.c.browser == hash_token(caller.browser), now=now
    )
    return caller.browser if own else secrets.token_urlsafe(32)


def _signed_in_there(connection: Connection, *place: ColumnElement[bool], now: datetime) -> bool:
    wanted = select(exists().where(*place, login_sessions.c.created_at > now - KNOWN))
    return bool(connection.execute(wanted).scalar())
