"""STP with an authenticator app, and everybody who may or may not sign in with it."""

from datetime import timedelta
from typing import Any

import pytest

from app import accounts
from app.accounts import passwords, signing_in
from app.errors import NotFound, TooManyTries, Unauthenticated
from tests.authenticator import Phone
from tests.conftest import World
from tests.domain.test_passwords import GOOD, HERE, give_password, run, session_of, sign_in

ELSEWHERE = accounts.Caller("curl", "192.0.2.1")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pause after refusals and what argon2 costs."""
    monkeypatch.setattr(signing_in, "SECONDS_OF_REFUSAL", 0.0)
    monkeypatch.setattr(passwords, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(passwords, "is_right", lambda typed, kept: kept == f"hash of {typed}")


def signed_in(world: World, caller: accounts.Caller = HERE) -> tuple[accounts.SignedIn, accounts.Session]:
    entered = sign_in(world, "stp", caller=caller)
    found = session_of(world, entered.token)
    assert found is not None
    return entered, found


def begin(world: World, session: accounts.Session, current: str = GOOD) -> Phone:
    run(accounts.begin_second_factor(world.db, session, current, caller=HERE, now=world.now))
    told = world.read(accounts.get_second_factor, session)
    return Phone(told.secret)


def confirm(world: World, session: accounts.Session, code: str) -> list[str]:
    with world.db.transaction() as connection:
        return accounts.confirm_second_factor(connection, session, code, now=world.now)


def enrol(world: World) -> tuple[Phone, list[str], accounts.Session]:
    """A password and a confirmed app for STP; its session, and a minute later, so that the next code is another one."""
    give_password(world, "STP")
    _, session = signed_in(world)
    phone = begin(world, session)
    told = confirm(world, session, phone.code(world.now))
    world.now += timedelta(minutes=1)
    return phone, told, session


def half(world: World, caller: accounts.Caller = ELSEWHERE) -> str:
    entered: Any = sign_in(world, "stp", caller=caller)
    assert isinstance(entered, accounts.HalfSignIn)
    return entered.token


def enter(world: World, token: str, code: str, caller: accounts.Caller = ELSEWHERE, **more: Any) -> accounts.SignedIn:
    return run(accounts.enter_code(world.db, token, code, caller=caller, now=world.now, **more))


def guess(world: World, token: str, phone: Phone, times: int, caller: accounts.Caller = ELSEWHERE) -> list[type]:
    found = []
    for number in range(times):
        with pytest.raises((Unauthenticated, TooManyTries, NotFound)) as caught:
            enter(world, token, phone.wrong(world.now, number), caller)
        found.append(caught.type)
    return found


def turn_off(world: World, session: accounts.Session, code: str, current: str = GOOD) -> None:
    run(accounts.turn_off_second_factor(world.db, session, current, code, caller=HERE, now=world.now))
