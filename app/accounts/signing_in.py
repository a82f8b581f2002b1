"""Signing in with a password, and changing it: guesses are counted before they are looked at.

A try first takes from up to three budgets (`budgets`); only then is the password compared, outside any transaction; a
success gives back. So parallel guesses get no more tries than guesses one after the other. Budgets go by the name that
was typed, whether or not somebody has it, and a wrong name, a wrong password and an account without one are answered
alike, in words and in time: nothing tells which names there are.

Where the account has a second factor a right password opens no session yet: see `entering`. It gives back its own try
only; what was wrong before it is forgotten with the code, so that a password alone wipes nothing away.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, select, update

from app import events
from app.accounts import passwords, tries
from app.accounts.callers import Caller, is_known_browser, is_known_client, name_browser
from app.accounts.ending import end_sessions_of, void_links_of
from app.accounts.keys import actor_of
from app.accounts.register import has_second_factor
from app.accounts.second_factor.half_sign_ins import HalfSignIn, open_half_sign_in
from app.accounts.sessions import Session, end_token, is_open, open_session
from app.accounts.tries import Budget, Count
from app.core.access import SYSTEM, Actor
from app.db import Database
from app.errors import Conflict, InvalidInput, Unauthenticated
from app.locking import hold
from app.models import accounts
from app.text import compose

log = structlog.get_logger()

TRIES = 5
"""Wrong passwords for a name from one place, in a row."""
STRANGERS = 20
"""Wrong passwords for a name from all places together that its owner never signed in at."""
CLIENT = 100
"""Wrong passwords of one address, whatever the name: a whole agency may stand behind it."""
SECONDS_OF_REFUSAL = 0.4
"""How long a refusal takes at least, so that its time tells nothing about how far the try came."""
REFUSED = (
    f"Tên tài khoản hoặc mật khẩu không đúng. Sau {TRIES} lần sai liên tiếp phải chờ {tries.WINDOW.seconds // 60} phút."
)
LOCKED = (
    f"Đã nhập sai {TRIES} lần liên tiếp cho tên tài khoản này. Hãy thử lại sau {{minutes}} phút, hoặc xin quản trị "
    "viên mở khóa hay cấp liên kết đặt mật khẩu mới."
)
LOCKED_FOR_STRANGERS = (
    "Có nơi khác đang dò mật khẩu của tên tài khoản này, nên tạm thời chỉ đăng nhập được từ máy đã từng đăng nhập. Hãy "
    "dùng máy đó, thử lại sau {minutes} phút, hoặc xin quản trị viên mở khóa."
)
LOCKED_CLIENT = (
    "Địa chỉ mạng này đã nhập sai mật khẩu quá nhiều lần. Hãy thử lại sau {minutes} phút, hoặc dùng máy đã từng đăng "
    "nhập."
)
LOCKED_PRESENT = "Bạn đã nhập sai mật khẩu hiện tại nhiều lần. Hãy chờ {minutes} phút rồi thử lại."
CHANGED = "Mật khẩu vừa được đổi ở nơi khác. Hãy đăng nhập lại."
ENDED = "Phiên đăng nhập này vừa bị kết thúc ở nơi khác. Hãy đăng nhập lại."

_ROW = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.display_name,
    accounts.c.role,
    accounts.c.province_id,
    accounts.c.agency_id,
    accounts.c.drafts_only,
    accounts.c.password_hash,
    accounts.c.active,
    has_second_factor(accounts.c.id).label("second_factor"),
)


class Try(NamedTuple):
    """One counted try: what it took from, its own place's budget first."""

    account: Any
    """The row of whoever has the name; None when nobody has."""
    counts: Sequence[Count]

    @property
    def password_hash(self) -> str | None:
        return self.account.password_hash if self.account is not None and self.account.active else None


class SignedIn(NamedTuple):
    """A new session: its token, known on this one occasion; what the browser is known by next time; who it acts for."""

    token: str
    browser: str
    actor: Actor


async def sign_in(
    db: Database, name: str, password: str, *, caller: Caller, old_token: str | None = None, now: datetime
) -> SignedIn | HalfSignIn:
    """A new session for whoever knows the password; the browser's old one (`old_token`) ends. Where a code is asked for
    too, leave to enter it.

    Raises `Unauthenticated`, the same for every reason, `TooManyTries`, and `Busy` when too many sign in at once.
    """
    began = time.monotonic()
    with passwords.LINE.place():
        tried = await db.write(count_try, typed_name(name), caller=caller, now=now)
        right = await passwords.LINE.run(passwords.is_right, password, tried.password_hash)
    opened = await db.write(_let_in, tried, caller=caller, old_token=old_token, now=now) if right else None
    if opened is None:
        log.warning("sign-in refused", account=tried.account and tried.account.id, client=caller.client)
        await note_locks(db, tried, caller, now=now)
        await pause(began)
        raise Unauthenticated(REFUSED)
    return opened


async def change_password(
    db: Database, session: Session, current: str, wanted: str, *, caller: Caller, now: datetime
) -> SignedIn:
    """Another password for whoever is signed in and knows the present one: every session ends, links too.

    Returns a new session for this browser. Wrong present passwords have a budget of their own, which nobody else can
    use up. Raises `InvalidInput`, `TooManyTries`, `Conflict`, `Busy`.
    """
    checked = passwords.check_password(wanted, account=session.account, owner=session.actor.name)
    with passwords.LINE.place():
        tried = await try_present(db, session, current, caller=caller, now=now)
        new_hash = await passwords.LINE.run(passwords.hash_password, checked)
    return await db.write(_replace_password, session, tried, new_hash, caller=caller, now=now)


async def try_present(db: Database, session: Session, current: str, *, caller: Caller, now: datetime) -> Try:
    """The present password, which is right; `settle_present` gives the try back. Whoever calls has a place in the line.

    Raises `InvalidInput`, `TooManyTries`.
    """
    tried = await db.write(count_present, session, now=now)
    if not await passwords.LINE.run(passwords.is_right, current, tried.password_hash):
        log.warning("present password refused", account=tried.account.id, client=caller.client)
        await note_locks(db, tried, caller, now=now)
        raise InvalidInput("Mật khẩu hiện tại không đúng.", field="current")
    return tried


def settle_present(connection: Connection, session: Session, tried: Try, *, now: datetime) -> Actor:
    """In the transaction of what the password was asked for; raises `Conflict` when it was changed meanwhile, or the
    session was ended: whoever was just put out must not come back by what was under way."""
    if not _stands(connection, tried):
        raise Conflict(CHANGED)
    if not is_open(connection, session.id, now=now):
        raise Conflict(ENDED)
    tries.forget(connection, tried.counts[0].budget.subject)
    return actor_of(row_of(connection, tried.account.id))


def typed_name(text: str) -> str:
    """A name as accounts have them, from what people type."""
    return compose(text[:200]).lower()


def count_try(connection: Connection, name: str, *, caller: Caller, now: datetime) -> Try:
    """Count one more try for this name. Raises `TooManyTries`; a refused try uses nothing up."""
    account = connection.execute(select(*_ROW).where(accounts.c.name == name)).first()
    wanted = budgets(connection, name, account, caller, now=now)
    return Try(account, [tries.take(connection, budget, now=now) for budget in wanted])


def count_present(connection: Connection, session: Session, *, now: datetime) -> Try:
    """As `count_try`, for the present password of whoever is signed in."""
    assert session.actor.account_id is not None
    account = row_of(connection, session.actor.account_id)
    budget = Budget("present", f"present:{account.id}", TRIES, LOCKED_PRESENT, account.id)
    return Try(account, [tries.take(connection, budget, now=now)])


def budgets(connection: Connection, name: str, account: Any | None, caller: Caller, *, now: datetime) -> list[Budget]:
    """What a try takes from, the narrowest first: a guesser who is stopped there uses up nothing of everybody's.

    A browser that the owner signed in with lately has tries of its own, whatever others do elsewhere: knowing a name is
    not enough to keep its owner out. From any other place one address has few tries, and so have all places together,
    but for addresses that the owner signed in from lately.
    """
    ident, subject = account and account.id, f"name:{tries.digest(name)}"
    if ident is not None and is_known_browser(connection, ident, caller, now=now):
        return [Budget("browser", f"{subject} browser:{tries.digest(caller.browser)}", TRIES, LOCKED, ident)]
    wanted = [
        Budget("client", f"{subject} client:{caller.client}", TRIES, LOCKED, ident),
        Budget("names", f"client:{caller.client}", CLIENT, LOCKED_CLIENT),
    ]
    if ident is None or not is_known_client(connection, ident, caller, now=now):
        wanted.append(Budget("strangers", subject, STRANGERS, LOCKED_FOR_STRANGERS, ident))
    return wanted


def row_of(connection: Connection, account_id: int) -> Any:
    """What signing in asks about an account that is known."""
    return connection.execute(select(*_ROW).where(accounts.c.id == account_id)).one()


def let_in(
    connection: Connection,
    account: Any,
    *,
    wrong: int,
    caller: Caller,
    old_token: str | None,
    now: datetime,
    **how: str,
) -> SignedIn:
    """A new session, on the record with how many passwords were `wrong` before; the browser's old one ends."""
    if old_token:
        end_token(connection, old_token, now=now)
    after = {"wrong_passwords_before": wrong} if wrong else {}
    signed_in = "account.signed_in"
    events.record_account(
        connection, actor_of(account), account._mapping, now=now, action=signed_in, after={**after, **how}
    )
    return _open(connection, actor_of(account), caller, now=now)


async def pause(began: float) -> None:
    """Whoever is refused waits as long as anybody else who is; `began`, of the monotonic clock."""
    await asyncio.sleep(began + SECONDS_OF_REFUSAL - time.monotonic())


async def note_locks(db: Database, tried: Try, caller: Caller, *, now: datetime) -> None:
    """The audit says when tries are used up; single wrong passwords stand in the server's log only."""
    for count in tried.counts:
        if count.locked_until is None:
            continue
        log.warning("tries used up", place=count.budget.place, account=count.budget.account_id, client=caller.client)
        if count.budget.account_id is not None:
            await db.write(_record_lock, tried, count, caller, now=now)


# Inside


def _let_in(
    connection: Connection, tried: Try, *, caller: Caller, old_token: str | None, now: datetime
) -> SignedIn | HalfSignIn | None:
    """None when the password was changed, or the account switched off, while it was compared."""
    if not _stands(connection, tried):
        return None
    account = row_of(connection, tried.account.id)
    if account.second_factor:
        _give_back(connection, tried.counts)
        return open_half_sign_in(connection, account.id, now=now)
    _give_back(connection, tried.counts[1:])
    place = tried.counts[0]
    tries.forget(connection, place.budget.subject)
    return let_in(connection, account, wrong=place.tries - 1, caller=caller, old_token=old_token, now=now)


def _replace_password(
    connection: Connection, session: Session, tried: Try, new_hash: str, *, caller: Caller, now: datetime
) -> SignedIn:
    actor = settle_present(connection, session, tried, now=now)
    connection.execute(update(accounts).where(accounts.c.id == tried.account.id).values(password_hash=new_hash))
    end_sessions_of(connection, [tried.account.id], now=now)
    void_links_of(connection, [tried.account.id], now=now)
    set_by = {"by": "owner"}
    events.record_account(
        connection, actor, tried.account._mapping, now=now, action="account.password_set", after=set_by
    )
    return _open(connection, actor, caller, now=now)


def _open(connection: Connection, actor: Actor, caller: Caller, *, now: datetime) -> SignedIn:
    browser = name_browser(connection, caller, now=now)
    place = {"device": caller.device, "client": caller.client, "browser": browser}
    assert actor.account_id is not None
    return SignedIn(open_session(connection, actor.account_id, **place, now=now), browser, actor)


def _stands(connection: Connection, tried: Try) -> bool:
    """Whether the account still is as it was when the password was compared; nobody changes it before the commit."""
    hold(connection, accounts, tried.account.id)
    same = (accounts.c.id == tried.account.id, accounts.c.active, accounts.c.password_hash == tried.password_hash)
    return connection.execute(select(accounts.c.id).where(*same)).first() is not None


def _give_back(connection: Connection, counts: Sequence[Count]) -> None:
    for count in counts:
        tries.give_back(connection, count.budget.subject)


def _record_lock(connection: Connection, tried: Try, count: Count, caller: Caller, *, now: datetime) -> None:
    assert count.locked_until is not None
    after = {"locked_until": count.locked_until.isoformat(), "place": count.budget.place, "client": caller.client}
    events.record_account(connection, SYSTEM, tried.account._mapping, now=now, action="account.locked", after=after)
