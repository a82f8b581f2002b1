"""Limits on guessing: who has how many tries, and that nobody can keep somebody else out by wasting theirs."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app import accounts
from app.accounts import passwords, signing_in, tries
from app.accounts.callers import KNOWN
from app.accounts.tries import Budget, network_of
from app.db import open_database
from app.errors import Forbidden, TooManyTries, Unauthenticated
from app.models import try_counts
from tests.conftest import World
from tests.domain.succession_scene import logged
from tests.domain.test_passwords import (
    GOOD,
    HERE,
    OTHER,
    account_of,
    give_password,
    link_for,
    locked_out,
    run,
    session_of,
    sign_in,
)

HOME = accounts.Caller("Edge", "198.51.100.1")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the pause nor argon2 is what is tried here."""
    monkeypatch.setattr(signing_in, "SECONDS_OF_REFUSAL", 0.0)
    monkeypatch.setattr(passwords, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(passwords, "is_right", lambda typed, kept: kept == f"hash of {typed}")


def stranger(number: int) -> accounts.Caller:
    return accounts.Caller("curl", f"192.0.2.{number}")


def guess(world: World, name: str, caller: accounts.Caller, times: int = 1) -> list[type[Exception]]:
    """How each wrong password is answered."""
    found: list[type[Exception]] = []
    for _ in range(times):
        with pytest.raises((Unauthenticated, TooManyTries)) as caught:
            sign_in(world, name, OTHER, caller=caller)
        found.append(caught.type)
    return found


def lock_strangers_out(world: World, name: str = "stp") -> None:
    """As somebody with many addresses does who only knows the name."""
    for number in range(signing_in.STRANGERS // signing_in.TRIES):
        guess(world, name, stranger(number), signing_in.TRIES)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("testclient", "testclient"),
        ("x" * 1_000, "x" * 64),
    ],
)
def test_tries_are_counted_against_whoever_has_the_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_one_address_that_is_locked_locks_no_other(seeded: World) -> None:
    give_password(seeded, "STP")
    assert guess(seeded, "stp", stranger(1), 6) == [Unauthenticated] * 5 + [TooManyTries]
    assert sign_in(seeded, "stp", caller=HERE)


def test_whoever_only_knows_a_name_keeps_its_owner_out_of_no_browser_that_was_used(seeded: World) -> None:
    give_password(seeded, "STP")
    own = HOME._replace(browser=sign_in(seeded, "stp", caller=HOME).browser)
    lock_strangers_out(seeded)
    assert "máy đã từng đăng nhập" in locked_out(seeded, "stp", caller=stranger(99)).detail
    assert sign_in(seeded, "stp", caller=own._replace(client="192.0.2.200"))  # wherever the browser is now
    assert sign_in(seeded, "stp", caller=HOME._replace(device="a browser without cookies"))
    assert [event.after["place"] for event in logged(seeded, action="account.locked")][-1] == "strangers"


def test_the_owners_own_browser_has_five_tries_too(seeded: World) -> None:
    give_password(seeded, "STP")
    own = HOME._replace(browser=sign_in(seeded, "stp", caller=HOME).browser)
    assert guess(seeded, "stp", own, 6) == [Unauthenticated] * 5 + [TooManyTries]
    assert logged(seeded, action="account.locked")[-1].after["place"] == "browser"


def test_places_are_forgotten_and_a_browser_is_known_for_its_own_accounts_only(seeded: World) -> None:
    for who in ("STP", "STC"):
        give_password(seeded, who)
    own = HERE._replace(browser=sign_in(seeded, "stp", caller=HOME).browser)
    lock_strangers_out(seeded, "stc")
    locked_out(seeded, "stc", caller=own)
    seeded.now += KNOWN
    lock_strangers_out(seeded)
    locked_out(seeded, "stp", caller=own)
    locked_out(seeded, "stp", caller=HOME)


def test_a_browser_keeps_its_token_for_all_its_accounts_and_takes_over_none_that_was_planted(seeded: World) -> None:
    for who in ("STP", "STC"):
        give_password(seeded, who)
    first = sign_in(seeded, "stp", caller=HOME._replace(browser="planted")).browser
    assert first != "planted"
    assert sign_in(seeded, "stc", caller=HOME._replace(browser=first)).browser == first
    assert sign_in(seeded, "stp", caller=HOME._replace(browser=first)).browser == first


def test_names_that_nobody_has_are_answered_like_names_that_somebody_has(seeded: World) -> None:
    give_password(seeded, "STP")
    answers = []
    for name in ("stp", "nobody"):
        found = [answer for number in range(6) for answer in guess(seeded, name, stranger(number), 6)]
        answers.append(found)
    assert answers[0] == answers[1]
    assert answers[0].count(Unauthenticated) == signing_in.STRANGERS
    with seeded.db.snapshot() as connection:
        assert "nobody" not in str(connection.execute(select(try_counts)).all())


def test_one_address_cannot_try_one_password_on_everybody(seeded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "CLIENT", 8)
    give_password(seeded, "STP")
    own = HERE._replace(browser=sign_in(seeded, "stp").browser)
    answers = [guess(seeded, f"u{number}", HERE)[0] for number in range(9)]
    assert answers == [Unauthenticated] * 8 + [TooManyTries]
    assert "Địa chỉ mạng này" in locked_out(seeded, "stp").detail
    assert sign_in(seeded, "stp", caller=own)  # colleagues behind the same address whose browser is known


def test_a_right_password_gives_back_its_own_try_and_nobody_elses(
    seeded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "CLIENT", 8)
    give_password(seeded, "STP")
    answers = []
    for number in range(9):  # an insider signs in between guesses at others' passwords
        answers += guess(seeded, f"u{number}", HERE)
        if number < 7:
            sign_in(seeded, "stp")
    assert answers == [Unauthenticated] * 8 + [TooManyTries]


def test_a_refused_try_uses_up_nothing_and_prolongs_nothing(seeded: World) -> None:
    give_password(seeded, "STP")
    guess(seeded, "stp", HERE, 5)

    def counted() -> object:
        with seeded.db.snapshot() as connection:
            return connection.execute(select(try_counts).order_by(try_counts.c.subject)).all()

    before = counted()
    seeded.now += timedelta(minutes=5)
    guess(seeded, "stp", HERE, 3)
    assert counted() == before


def test_two_replicas_count_together(seeded: World) -> None:
    give_password(seeded, "STP")
    with contextlib.closing(open_database(seeded.db.url)) as second:

        async def all_at_once() -> list[object]:
            asked = [
                accounts.sign_in(db, "stp", OTHER, caller=HERE, now=seeded.now)
                for db in (seeded.db, second)
                for _ in range(8)
            ]
            return await asyncio.gather(*asked, return_exceptions=True)

        answers = [type(one) for one in asyncio.run(all_at_once())]
    assert (answers.count(Unauthenticated), answers.count(TooManyTries)) == (5, 11)


def test_an_administrator_unlocks_and_so_does_a_new_password_by_link(seeded: World) -> None:
    give_password(seeded, "STP")
    admin, account = seeded.actor("admin"), seeded.actor("STP").account_id
    lock_strangers_out(seeded)
    assert account_of(seeded, "STP")["locked_until"] is not None
    for who in ("STP", "coordinator", "leadership"):
        with pytest.raises(Forbidden):
            seeded.write(accounts.unlock, seeded.actor(who), account)
    assert seeded.write(accounts.unlock, admin, account)["locked_until"] is None
    seeded.write(accounts.unlock, admin, account)  # nothing to do, nothing to tell
    assert [event.actor for event in logged(seeded, action="account.unlocked")] == ["admin"]
    assert sign_in(seeded, "stp", caller=stranger(99))

    guess(seeded, "stp", HERE, 5)
    run(accounts.set_password(seeded.db, link_for(seeded, "STP").token, GOOD, now=seeded.now))
    assert account_of(seeded, "STP")["locked_until"] is None
    assert sign_in(seeded, "stp")


def test_nobody_else_can_use_up_the_tries_of_whoever_is_signed_in(seeded: World) -> None:
    give_password(seeded, "STP")
    session = session_of(seeded, sign_in(seeded, "stp", caller=HOME).token)
    assert session is not None
    lock_strangers_out(seeded)
    assert run(accounts.change_password(seeded.db, session, GOOD, OTHER, caller=HOME, now=seeded.now)).token


def test_counts_that_are_over_are_forgotten(seeded: World) -> None:
    guess(seeded, "nobody", HERE)
    with seeded.db.transaction() as connection:
        assert accounts.forget_left_behind(connection, now=seeded.now)["try_count"] == 0
        later = seeded.now + tries.WINDOW + timedelta(seconds=1)
        assert accounts.forget_left_behind(connection, now=later)["try_count"] == 3


def test_a_budget_that_shrank_is_over_at_once(seeded: World) -> None:
    budget = Budget("client", "x", 5, "")
    with seeded.db.transaction() as connection:
        tries.take(connection, budget, now=seeded.now)
        count = tries.take(connection, budget._replace(most=2), now=seeded.now)
        assert (count.tries, count.locked_until) == (2, seeded.now + tries.WINDOW)


def test_refusals_are_told_to_the_log_once_and_name_no_password(seeded: World) -> None:
    with capture_logs() as said:
        guess(seeded, "nobody", HERE, 7)
    assert [line for line in said if line["event"] == "tries used up"] == [
        {"event": "tries used up", "log_level": "warning", "place": "client", "account": None, "client": HERE.client}
    ]
    assert OTHER not in str(said)
    assert "nobody" not in str(said)
