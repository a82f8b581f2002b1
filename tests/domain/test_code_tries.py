"""Guessing codes: what somebody who knows the password can try, and whom that keeps out."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import accounts
from app.accounts.second_factor import entering
from app.errors import NotFound, TooManyTries, Unauthenticated
from app.models import try_counts
from tests.conftest import World
from tests.domain.second_factor_scene import ELSEWHERE, begin, confirm, enrol, enter, guess, half, hurry
from tests.domain.succession_scene import logged
from tests.domain.test_passwords import HERE, OTHER, give_password, session_of, sign_in


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the pause nor argon2 is what is tried here."""
    hurry(monkeypatch)


def test_five_wrong_codes_end_the_way_in_whatever_the_password_does(seeded: World) -> None:
    phone, told, _ = enrol(seeded)
    token = half(seeded)
    assert guess(seeded, token, phone, 6) == [Unauthenticated] * 4 + [TooManyTries, NotFound]
    for code in (phone.code(seeded.now), told[0]):
        with pytest.raises(TooManyTries) as caught:  # the password brings no new tries
            enter(seeded, half(seeded), code)
        assert caught.value.extra["retry_after"] == 900
    locked = logged(seeded, action="account.locked")[-1]
    assert (locked.actor, locked.after["place"], locked.after["client"]) == ("hệ thống", "code", "192.0.2.1")
    seeded.now += timedelta(minutes=15)
    assert enter(seeded, half(seeded), phone.code(seeded.now))


def test_a_day_has_twenty_wrong_codes(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    wrong = 0
    while wrong < entering.TRIES_A_DAY:
        wrong += len(guess(seeded, half(seeded), phone, 5))
        seeded.now += timedelta(minutes=15)
    with pytest.raises(TooManyTries, match="24 giờ"):
        enter(seeded, half(seeded), phone.code(seeded.now))
    seeded.write(accounts.unlock, seeded.actor("admin"), seeded.actor("STP").account_id)
    assert enter(seeded, half(seeded), phone.code(seeded.now))


def test_whoever_guesses_codes_keeps_the_owner_out_of_no_browser_that_was_used(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    own = HERE._replace(browser=enter(seeded, half(seeded), phone.code(seeded.now)).browser)
    seeded.now += timedelta(minutes=1)
    guess(seeded, half(seeded), phone, 5)
    with pytest.raises(TooManyTries):
        enter(seeded, half(seeded), phone.code(seeded.now))
    assert enter(seeded, half(seeded, own), phone.code(seeded.now), own)


def test_browsers_signed_in_with_before_by_the_password_alone_have_no_tries_of_their_own(seeded: World) -> None:
    """Who knows the password could otherwise keep as many of them ready as guessing takes."""
    give_password(seeded, "STP")
    ready = [HERE._replace(browser=sign_in(seeded, "stp", caller=ELSEWHERE).browser) for _ in range(2)]
    phone, _, _ = enrol(seeded)
    guess(seeded, half(seeded, ready[0]), phone, 5, ready[0])
    with pytest.raises(TooManyTries):
        enter(seeded, half(seeded, ready[1]), phone.code(seeded.now), ready[1])


def test_the_browser_that_turned_it_on_has_tries_of_its_own(seeded: World) -> None:
    give_password(seeded, "STP")
    entered = sign_in(seeded, "stp")
    session = session_of(seeded, entered.token)
    assert session is not None
    phone = begin(seeded, session)
    confirm(seeded, session, phone.code(seeded.now))
    seeded.now += timedelta(minutes=1)
    guess(seeded, half(seeded), phone, 5)
    own = HERE._replace(browser=entered.browser)
    assert enter(seeded, half(seeded, own), phone.code(seeded.now), own)


def test_the_owner_coming_in_brings_back_no_tries_of_the_day(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    for _ in range(4):
        guess(seeded, half(seeded), phone, 4)
        assert enter(seeded, half(seeded), phone.code(seeded.now))
        seeded.now += timedelta(minutes=1)
    guess(seeded, half(seeded), phone, 4)
    with pytest.raises(TooManyTries, match="24 giờ"):
        enter(seeded, half(seeded), phone.code(seeded.now))


def test_codes_tried_in_parallel_get_no_more_tries(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    token = half(seeded)

    async def all_at_once() -> list[Any]:
        tried = [
            accounts.enter_code(seeded.db, token, phone.wrong(seeded.now, n), caller=ELSEWHERE, now=seeded.now)
            for n in range(12)
        ]
        return await asyncio.gather(*tried, return_exceptions=True)

    answers = [type(one) for one in asyncio.run(all_at_once())]
    assert answers.count(Unauthenticated) == 4
    with seeded.db.snapshot() as connection:
        counted = select(try_counts.c.tries).where(try_counts.c.subject.startswith("code:"))
        assert set(connection.execute(counted).scalars()) == {5}


def test_one_code_used_by_many_at_the_same_time_lets_one_in(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    tokens, code = [half(seeded) for _ in range(4)], phone.code(seeded.now)

    async def all_at_once() -> list[Any]:
        tried = [accounts.enter_code(seeded.db, one, code, caller=ELSEWHERE, now=seeded.now) for one in tokens]
        return await asyncio.gather(*tried, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    assert sum(isinstance(one, accounts.SignedIn) for one in answers) == 1


def test_a_right_password_alone_forgets_no_wrong_ones(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            sign_in(seeded, "stp", OTHER, caller=ELSEWHERE)
    token = half(seeded)
    with pytest.raises(Unauthenticated):
        sign_in(seeded, "stp", OTHER, caller=ELSEWHERE)
    with pytest.raises(TooManyTries):
        sign_in(seeded, "stp", OTHER, caller=ELSEWHERE)
    assert enter(seeded, token, phone.code(seeded.now))
    assert logged(seeded, action="account.signed_in")[-1].after == {"wrong_passwords_before": 5, "second_factor": "app"}
    assert half(seeded)
