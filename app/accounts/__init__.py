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

__all__ = [
    "KEY_PREFIX",
    "IssuedKey",
    "KeyOwner",
    "KeyRing",
    "change_account",
    "create_account",
    "create_key",
    "find_by_key",
    "find_province",
    "get_account",
    "hash_key",
    "list_keys",
    "page_accounts",
    "page_keys",
    "revoke_key",
]
