"""An account's second factor: turned on by its owner, with the password and a first code; turned off by its owner, or
by an administrator for somebody who lost both telephone and recovery codes."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from app import events
from app.accounts import passwords
from app.accounts.callers import Caller
from app.accounts.ending import end_sessions_of
from app.accounts.register import get_account, has_second_factor
from app.accounts.second_factor import codes
from app.accounts.second_factor.entering import OFF, with_code
from app.accounts.sessions import Session, is_open
from app.accounts.signing_in import ENDED, Try, row_of, settle_present, try_present
from app.core.access import Actor, Permission
from app.db import Database
from app.errors import Conflict, InvalidInput
from app.locking import hold
from app.models import accounts, recovery_codes, second_factors
from app.text import compose

SETTING_UP = timedelta(minutes=15)
"""How long after the password was given the secret is shown and a first code accepted."""
LONGEST_WHY = 2_000
"""Characters of a reason."""
ON = "Tài khoản này đã bật xác thực hai bước. Muốn chuyển sang điện thoại khác: tắt rồi bật lại."
NOT_BEGUN = "Đã hết thời gian thiết lập. Hãy nhập mật khẩu để bắt đầu lại."
NO_MATCH = (
    "Mã không đúng. Hãy nhập mã đang hiện trong ứng dụng; nếu vẫn không đúng, hãy bật chế độ đặt giờ tự động trên điện "
    "thoại."
)
OWN = "Không thể tự gỡ ở đây. Hãy tắt trên trang “Tài khoản của tôi”, bằng mật khẩu và mã."


class SecondFactor(NamedTuple):
    """What its owner is told of it."""

    confirmed_at: datetime | None
    recovery_codes_left: int
    secret: str | None
    """While it is being set up; never again."""


def get_second_factor(connection: Connection, session: Session, *, now: datetime) -> SecondFactor:
    row: Any = connection.execute(_of(_account_id(session))).first()
    if row is None or row.confirmed_at is None:
        return SecondFactor(None, 0, row.secret if _is_set_up_in(session, row, now=now) else None)
    of_account = recovery_codes.c.account_id == row.account_id
    left = connection.execute(select(func.count()).select_from(recovery_codes).where(of_account)).scalar_one()
    return SecondFactor(row.confirmed_at, left, None)


async def begin_second_factor(db: Database, session: Session, current: str, *, caller: Caller, now: datetime) -> None:
    """Make a secret, which `get_second_factor` tells this session until a first code confirms it.

    Every other session ends: nobody else, password or not, may see the secret or leave one of theirs to be confirmed.
    Raises `InvalidInput` and `TooManyTries` for a wrong present password, `Conflict` where there is a second factor and
    where the session was ended meanwhile, `Busy`.
    """
    with passwords.LINE.place():
        tried = await try_present(db, session, current, caller=caller, now=now)
    await db.write(_begin, session, tried, now=now)


def confirm_second_factor(connection: Connection, session: Session, typed: str, *, now: datetime) -> list[str]:
    """Turn it on with a first code; every other session ends. Returns recovery codes, on the one occasion that they are
    known. Raises `InvalidInput`, `Conflict`."""
    account = _held(connection, session)
    row: Any = connection.execute(_of(account.id)).first()
    if row is not None and row.confirmed_at is not None:
        raise Conflict(ON)
    if not _is_set_up_in(session, row, now=now):
        raise Conflict(NOT_BEGUN)
    if not is_open(connection, session.id, now=now):
        raise Conflict(ENDED)
    step = codes.matching_step(row.secret, codes.normal(typed), now=now)
    if step is None:
        raise InvalidInput(NO_MATCH, field="code")
    confirmed = update(second_factors).where(second_factors.c.account_id == account.id)
    connection.execute(confirmed.values(confirmed_at=now, last_step=step))
    end_sessions_of(connection, [account.id], but=session.id, now=now)
    events.record_account(connection, session.actor, account._mapping, now=now, action="account.second_factor_on")
    return _new_recovery_codes(connection, account.id)


async def renew_recovery_codes(
    db: Database, session: Session, typed: str, *, caller: Caller, now: datetime
) -> list[str]:
    """New ones for a code; the old ones are void. Raises as `with_code`."""

    def renew(connection: Connection, _how: str) -> list[str]:
        account = _held(connection, session)
        events.record_account(
            connection, session.actor, account._mapping, now=now, action="account.recovery_codes_renewed"
        )
        return _new_recovery_codes(connection, account.id)

    return await with_code(db, _account_id(session), typed, renew, caller=caller, now=now)


async def turn_off_second_factor(
    db: Database, session: Session, current: str, typed: str, *, caller: Caller, now: datetime
) -> None:
    """For password and code; every other session ends. Raises as `begin_second_factor` and `with_code`."""
    with passwords.LINE.place():
        tried = await try_present(db, session, current, caller=caller, now=now)

    def turn_off(connection: Connection, _how: str) -> None:
        settle_present(connection, session, tried, now=now)
        _remove(connection, tried.account.id)
        end_sessions_of(connection, [tried.account.id], but=session.id, now=now)
        events.record_account(
            connection, session.actor, tried.account._mapping, now=now, action="account.second_factor_off"
        )

    await with_code(db, _account_id(session), typed, turn_off, caller=caller, now=now)


def remove_second_factor(
    connection: Connection, actor: Actor, account_id: int, why: str, *, now: datetime
) -> dict[str, Any]:
    """An administrator takes it from an account whose owner cannot give a code any more: the password alone signs in,
    everywhere anew. Raises `InvalidInput` without a reason, `Conflict` for one's own and where there is none."""
    actor.require(Permission.ACCOUNT_EDIT)
    get_account(connection, actor, account_id, now=now)
    hold(connection, accounts, account_id)
    account = get_account(connection, actor, account_id, now=now)
    reason = _reason(why)
    if account_id == actor.account_id:
        raise Conflict(OWN)
    if not account["second_factor"]:
        raise Conflict(OFF)
    _remove(connection, account_id)
    end_sessions_of(connection, [account_id], now=now)
    removed = "account.second_factor_removed"
    events.record_account(connection, actor, account, now=now, action=removed, why=reason)
    return get_account(connection, actor, account_id, now=now)


def accounts_lacking_second_factor(connection: Connection, roles: Collection[str]) -> list[str]:
    """Names of accounts in these roles that people sign in to with nothing but a password."""
    wanted = (accounts.c.active, accounts.c.password_hash.is_not(None), accounts.c.role.in_(roles))
    names = select(accounts.c.name).where(*wanted, ~has_second_factor(accounts.c.id)).order_by(accounts.c.name)
    return list(connection.execute(names).scalars())


# Inside


def _of(account_id: int | None) -> Any:
    return select(second_factors).where(second_factors.c.account_id == account_id)


def _is_set_up_in(session: Session, row: Any, *, now: datetime) -> bool:
    return row is not None and row.session_id == session.id and row.created_at > now - SETTING_UP


def _account_id(session: Session) -> int:
    assert session.actor.account_id is not None
    return session.actor.account_id


def _held(connection: Connection, session: Session) -> Any:
    hold(connection, accounts, _account_id(session))
    return row_of(connection, _account_id(session))


def _begin(connection: Connection, session: Session, tried: Try, *, now: datetime) -> None:
    settle_present(connection, session, tried, now=now)
    account = row_of(connection, tried.account.id)
    if account.second_factor:
        raise Conflict(ON)
    _remove(connection, account.id)
    made = {"secret": codes.new_secret(), "created_at": now, "session_id": session.id, "last_step": 0}
    connection.execute(insert(second_factors).values(account_id=account.id, **made))
    end_sessions_of(connection, [account.id], but=session.id, now=now)


def _new_recovery_codes(connection: Connection, account_id: int) -> list[str]:
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
    made = codes.new_recovery_codes()
    rows = [{"account_id": account_id, "hash": codes.hash_recovery(codes.normal(one))} for one in made]
    connection.execute(insert(recovery_codes), rows)
    return made


def _remove(connection: Connection, account_id: int) -> None:
    for table in (recovery_codes, second_factors):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def _reason(text: str) -> str:
    why = compose(text)
    if not why:
        raise InvalidInput("Hãy ghi lý do gỡ xác thực hai bước.", field="reason")
    if len(why) > LONGEST_WHY:
        raise InvalidInput(f"Lý do dài quá {LONGEST_WHY} ký tự. Hãy ghi gọn lại.", field="reason")
    return why
