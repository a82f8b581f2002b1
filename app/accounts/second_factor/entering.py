"""Entering a code: of the authenticator app, which works once and about a minute long, or a recovery code, once.

A try is counted before the code is compared, in the same transaction, behind the account's row: codes tried in parallel
get no more tries than codes tried one after the other. Only who knows the password comes this far, so nobody else can
use the tries up; and who does, at a browser that the owner never signed in with, uses up none of that of the owner's.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, delete, func, select, update

from app import events
from app.accounts import signing_in, tries
from app.accounts.callers import Caller, is_known_browser
from app.accounts.keys import actor_of
from app.accounts.second_factor import codes
from app.accounts.second_factor.half_sign_ins import OVER, end_half_sign_in, find_half_sign_in
from app.accounts.signing_in import SignedIn, Try, let_in, note_locks, pause, row_of
from app.accounts.tries import Budget
from app.db import Database
from app.errors import Conflict, InvalidInput, NotFound, TooManyTries, Unauthenticated
from app.locking import hold
from app.models import accounts, recovery_codes, second_factors

T = TypeVar("T")
log = structlog.get_logger()

TRIES = 5
"""Wrong codes in a row within `tries.WINDOW`."""
TRIES_A_DAY = 20
"""Three of 10^6 codes are right at any time: so a guesser who knows the password has one chance in 16 000 a day."""
REFUSED = (
    "Mã không đúng hoặc đã được sử dụng; nếu vừa dùng mã này, hãy chờ ứng dụng hiện mã mới. "
    f"Sau {TRIES} lần sai liên tiếp phải chờ {tries.WINDOW.seconds // 60} phút."
)
LOCKED = f"Đã nhập sai mã {TRIES} lần liên tiếp. Hãy thử lại sau {{minutes}} phút, hoặc nhờ quản trị viên mở khóa."
LOCKED_FOR_THE_DAY = (
    f"Đã nhập sai mã {TRIES_A_DAY} lần trong ngày. Hãy thử lại sau {{hours}} giờ, dùng máy đã từng đăng nhập, hoặc nhờ "
    "quản trị viên mở khóa. Nếu không phải bạn nhập: có người biết mật khẩu của bạn, hãy xin liên kết đặt mật khẩu mới."
)
OFF = "Tài khoản chưa bật xác thực hai bước."


async def enter_code(
    db: Database, token: str, typed: str, *, caller: Caller, old_token: str | None = None, now: datetime
) -> SignedIn:
    """From half-way to a session, under a new token; the browser's old session (`old_token`) ends.

    Raises `NotFound` when it took too long, `Unauthenticated` for a wrong code, `TooManyTries`, after which one has to
    begin with the password again.
    """
    half = await db.read(find_half_sign_in, token, now=now)

    def enter(connection: Connection, how: str) -> SignedIn:
        if not end_half_sign_in(connection, token, now=now):
            raise NotFound(OVER)
        account = row_of(connection, half.account_id)
        place = signing_in.budgets(connection, account.name, account, caller, now=now)[0]
        wrong = tries.forget(connection, place.subject)
        return let_in(connection, account, wrong=wrong, caller=caller, old_token=old_token, now=now, second_factor=how)

    try:
        return await with_code(db, half.account_id, typed, enter, caller=caller, now=now)
    except InvalidInput as wrong_code:
        raise Unauthenticated(wrong_code.detail) from None
    except TooManyTries:
        await db.write(end_half_sign_in, token, now=now)
        raise


async def with_code(
    db: Database, account_id: int, typed: str, act: Callable[[Connection, str], T], *, caller: Caller, now: datetime
) -> T:
    """Do what a right code is asked for, in the transaction that uses the code up; `act` is told "app" or "recovery".

    Raises `InvalidInput` for a wrong code, `TooManyTries`, `Conflict` where no code is asked for.
    """
    began = time.monotonic()
    done = await db.write(_try, account_id, typed, act, caller=caller, now=now)
    if not isinstance(done, _Wrong):
        return done
    log.warning("code refused", account=account_id, client=caller.client)
    await note_locks(db, done.tried, caller, now=now)
    await pause(began)
    for count in done.tried.counts:
        if count.locked_until is not None:
            raise tries.used_up(count.budget, count.locked_until, now=now)
    raise InvalidInput(REFUSED, field="code")


# Inside


class _Wrong:
    """Told instead of raised, so that the count of the try is committed."""

    def __init__(self, tried: Try) -> None:
        self.tried = tried


def _try(
    connection: Connection,
    account_id: int,
    typed: str,
    act: Callable[[Connection, str], T],
    *,
    caller: Caller,
    now: datetime,
) -> T | _Wrong:
    hold(connection, accounts, account_id)
    account = row_of(connection, account_id)
    if not account.second_factor:
        raise Conflict(OFF)
    counts = [tries.take(connection, one, now=now) for one in _budgets(connection, account_id, caller, now=now)]
    in_a_row, in_a_day = (count.budget.subject for count in counts)
    how = _use(connection, account, codes.normal(typed), now=now)
    if how is None:
        return _Wrong(Try(account, counts))
    tries.forget(connection, in_a_row)
    tries.give_back(connection, in_a_day)  # a guesser gets no more for each time that the owner comes in
    return act(connection, how)


def _budgets(connection: Connection, account_id: int, caller: Caller, *, now: datetime) -> list[Budget]:
    """A browser that somebody signed in with, codes and all, or turned the second factor on with, has tries of its own,
    as with passwords; one that was signed in with before, by the password alone, has none."""
    subject = f"code:{account_id}"
    confirmed = select(second_factors.c.confirmed_at).where(second_factors.c.account_id == account_id)
    since = connection.execute(confirmed).scalar_one()
    if is_known_browser(connection, account_id, caller, since=since, now=now):
        subject += f" browser:{tries.digest(caller.browser)}"
    return [
        Budget("code", subject, TRIES, LOCKED, account_id),
        Budget("codes", f"{subject} day", TRIES_A_DAY, LOCKED_FOR_THE_DAY, account_id, timedelta(days=1)),
    ]


def _use(connection: Connection, account: Any, code: str, *, now: datetime) -> str | None:
    """Use a right code up: "app" or "recovery"; None for a wrong one and for one that was used."""
    if codes.is_app_code(code):
        return "app" if _use_step(connection, account.id, code, now=now) else None
    one = (recovery_codes.c.account_id == account.id, recovery_codes.c.hash == codes.hash_recovery(code))
    if connection.execute(delete(recovery_codes).where(*one)).rowcount == 0:
        return None
    of_account = recovery_codes.c.account_id == account.id
    left = connection.execute(select(func.count()).select_from(recovery_codes).where(of_account)).scalar_one()
    after = {"recovery_codes_left": left}
    used = "account.recovery_code_used"
    events.record_account(connection, actor_of(account), account._mapping, now=now, action=used, after=after)
    return "recovery"


def _use_step(connection: Connection, account_id: int, code: str, *, now: datetime) -> bool:
    of_account = second_factors.c.account_id == account_id
    secret = connection.execute(select(second_factors.c.secret).where(of_account)).scalar_one()
    step = codes.matching_step(secret, code, now=now)
    if step is None:
        return False
    unused = (of_account, second_factors.c.last_step < step)
    return connection.execute(update(second_factors).where(*unused).values(last_step=step)).rowcount == 1
