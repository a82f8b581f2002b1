"""Accounts, API keys, passwords and sessions: who may act, and how a key or a cookie becomes an `Actor`."""

from app.accounts.callers import KNOWN, Caller
from app.accounts.keys import (
    KEY_PREFIX,
    IssuedKey,
    KeyOwner,
    KeyRing,
    count_wrong_key,
    create_key,
    find_by_key,
    hash_key,
    list_keys,
    page_keys,
    revoke_key,
)
from app.accounts.links import IssuedLink, LinkOwner, create_link, find_link, set_password
from app.accounts.register import (
    change_account,
    create_account,
    find_province,
    get_account,
    page_accounts,
    unlock,
)
from app.accounts.sessions import (
    SEEN_EVERY,
    Session,
    end_other_sessions,
    end_own_session,
    end_session,
    end_sessions,
    find_session,
    list_own_sessions,
    list_sessions,
    open_session,
    touch_session,
)
from app.accounts.signing_in import SignedIn, change_password, sign_in
from app.accounts.tries import network_of
from app.accounts.upkeep import forget_left_behind

__all__ = [
    "KEY_PREFIX",
    "KNOWN",
    "SEEN_EVERY",
    "Caller",
    "IssuedKey",
    "IssuedLink",
    "KeyOwner",
    "KeyRing",
    "LinkOwner",
    "Session",
    "SignedIn",
    "change_account",
    "change_password",
    "count_wrong_key",
    "create_account",
    "create_key",
    "create_link",
    "end_other_sessions",
    "end_own_session",
    "end_session",
    "end_sessions",
    "find_by_key",
    "find_link",
    "find_province",
    "find_session",
    "forget_left_behind",
    "get_account",
    "hash_key",
    "list_keys",
    "list_own_sessions",
    "list_sessions",
    "network_of",
    "open_session",
    "page_accounts",
    "page_keys",
    "revoke_key",
    "set_password",
    "sign_in",
    "touch_session",
    "unlock",
]
