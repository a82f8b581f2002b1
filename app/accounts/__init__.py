"""Accounts, API keys, passwords, second factors, sessions: who may act, how a key or a cookie becomes an `Actor`."""

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
from app.accounts.second_factor.codes import authenticator_uri, in_fours
from app.accounts.second_factor.entering import enter_code
from app.accounts.second_factor.half_sign_ins import LIFE as HALF_SIGN_IN_LIFE
from app.accounts.second_factor.half_sign_ins import HalfSignIn, find_half_sign_in
from app.accounts.second_factor.owning import (
    SecondFactor,
    accounts_lacking_second_factor,
    begin_second_factor,
    confirm_second_factor,
    get_second_factor,
    remove_second_factor,
    renew_recovery_codes,
    turn_off_second_factor,
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
    "HALF_SIGN_IN_LIFE",
    "KEY_PREFIX",
    "KNOWN",
    "SEEN_EVERY",
    "Caller",
    "HalfSignIn",
    "IssuedKey",
    "IssuedLink",
    "KeyOwner",
    "KeyRing",
    "LinkOwner",
    "SecondFactor",
    "Session",
    "SignedIn",
    "accounts_lacking_second_factor",
    "authenticator_uri",
    "begin_second_factor",
    "change_account",
    "change_password",
    "confirm_second_factor",
    "count_wrong_key",
    "create_account",
    "create_key",
    "create_link",
    "end_other_sessions",
    "end_own_session",
    "end_session",
    "end_sessions",
    "enter_code",
    "find_by_key",
    "find_half_sign_in",
    "find_link",
    "find_province",
    "find_session",
    "forget_left_behind",
    "get_account",
    "get_second_factor",
    "hash_key",
    "in_fours",
    "list_keys",
    "list_own_sessions",
    "list_sessions",
    "network_of",
    "open_session",
    "page_accounts",
    "page_keys",
    "remove_second_factor",
    "renew_recovery_codes",
    "revoke_key",
    "set_password",
    "sign_in",
    "touch_session",
    "turn_off_second_factor",
    "unlock",
]
