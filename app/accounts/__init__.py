"""Accounts and API keys: who may act, and how a bearer key becomes an `Actor`."""

from app.accounts.keys import (
    KEY_PREFIX,
    IssuedKey,
    KeyOwner,
    KeyRing,
    create_key,
    find_by_key,
    hash_key,
    list_keys,
    page_keys,
    revoke_key,
)
from app.accounts.register import (
    change_account,
    create_account,
    find_province,
    get_account,
    page_accounts,
)
from app.accounts.sessions import (
    SEEN_EVERY,
    Session,
    end_session,
    find_session,
    open_session,
    touch_session,
)

__all__ = [
    "KEY_PREFIX",
    "SEEN_EVERY",
    "IssuedKey",
    "KeyOwner",
    "KeyRing",
    "Session",
    "change_account",
    "create_account",
    "create_key",
    "end_session",
    "find_by_key",
    "find_province",
    "find_session",
    "get_account",
    "hash_key",
    "list_keys",
    "open_session",
    "page_accounts",
    "page_keys",
    "revoke_key",
    "touch_session",
]
