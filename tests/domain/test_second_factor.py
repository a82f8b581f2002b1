"""A second factor: turning it on, signing in with it, losing the telephone, turning it off."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import accounts
from app.accounts import passwords
from app.accounts.ending import forget_all
from app.accounts.second_factor import codes
from app.accounts.second_factor.half_sign_ins import LIFE
from app.accounts.second_factor.owning import SETTING_UP
from app.core.access import SYSTEM
from app.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from app.models import half_sign_ins, login_sessions, recovery_codes, second_factors
from tests.authenticator import Phone
from tests.conftest import World
from tests.domain.second_factor_scene import ELSEWHERE, begin, confirm, enrol, enter, half, hurry, signed_in, turn_off
from tests.domain.succession_scene import logged
from tests.domain.test_passwords import GOOD, HERE, OTHER, account_of, give_password, run, session_of, sign_in


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the pause nor argon2 is what is tried here."""
    hurry(monkeypatch)


# Turning it on


def test_turning_it_on_takes_the_password_and_a_code_and_ends_other_sessions(seeded: World) -> None:
    give_password(seeded, "STP")
    other, _ = signed_in(seeded, ELSEWHERE)
    entered, session = signed_in(seeded)
    with pytest.raises(InvalidInput, match="hiện tại không đúng"):
        begin(seeded, session, OTHER)
    phone = begin(seeded, session)
    assert session_of(seeded, other.token) is None  # nobody else sees the secret
    with pytest.raises(InvalidInput, match="đặt giờ tự động"):
        confirm(seeded, session, phone.wrong(seeded.now))
    assert isinstance(sign_in(seeded, "stp", caller=ELSEWHERE), accounts.SignedIn)  # not confirmed: nothing changed
    assert len(confirm(seeded, session, phone.code(seeded.now))) == 10
    mine = session_of(seeded, entered.token)
    assert mine is not None
    assert mine.second_factor
    assert len(seeded.read(accounts.list_own_sessions, session.actor)) == 1
    told = seeded.read(accounts.get_second_factor, session)
    assert (told.confirmed_at, told.recovery_codes_left, told.secret) == (seeded.now, 10, None)
    assert account_of(seeded, "STP")["second_factor"] is True
    for again in (lambda: begin(seeded, session), lambda: confirm(seeded, session, phone.code(seeded.now))):
        with pytest.raises(Conflict, match="đã bật"):
            again()
    assert logged(seeded, action="account.second_factor_on")[-1].actor == "STP"


def test_setting_up_is_over_after_a_while_and_begins_with_another_secret(seeded: World) -> None:
    give_password(seeded, "STP")
    _, session = signed_in(seeded)
    with pytest.raises(Conflict, match="nhập mật khẩu để bắt đầu"):
        confirm(seeded, session, "123456")
    phone = begin(seeded, session)
    seeded.now += SETTING_UP
    assert seeded.read(accounts.get_second_factor, session).secret is None
    with pytest.raises(Conflict):
        confirm(seeded, session, phone.code(seeded.now))
    assert begin(seeded, session).secret != phone.secret


def test_the_secret_is_told_and_confirmed_in_the_one_session_that_began(seeded: World) -> None:
    """Somebody who knows the password may sign in meanwhile, or have left a secret that they know themselves."""
    give_password(seeded, "STP")
    _, session = signed_in(seeded)
    phone = begin(seeded, session)
    _, later = signed_in(seeded, ELSEWHERE)
    assert seeded.read(accounts.get_second_factor, later).secret is None
    with pytest.raises(Conflict, match="nhập mật khẩu để bắt đầu"):
        confirm(seeded, later, phone.code(seeded.now))
    assert confirm(seeded, session, phone.code(seeded.now))


def test_whoever_was_put_out_turns_nothing_on(seeded: World) -> None:
    give_password(seeded, "STP")
    _, session = signed_in(seeded)
    phone = begin(seeded, session)
    seeded.write(accounts.end_sessions, seeded.actor("admin"), session.actor.account_id)
    with pytest.raises(Conflict, match="vừa bị kết thúc"):
        confirm(seeded, session, phone.code(seeded.now))


@pytest.mark.parametrize("slow", ["is_right", "hash_password"])
def test_whoever_is_put_out_while_a_password_is_computed_does_not_come_back(
    seeded: World, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    give_password(seeded, "STP")
    _, session = signed_in(seeded)
    compute: Any = getattr(passwords, slow)

    def put_out(*given: str) -> Any:
        seeded.write(accounts.end_sessions, seeded.actor("admin"), session.actor.account_id)
        return compute(*given)

    monkeypatch.setattr(passwords, slow, put_out)
    with pytest.raises(Conflict, match="vừa bị kết thúc"):
        run(accounts.change_password(seeded.db, session, GOOD, OTHER, caller=HERE, now=seeded.now))
    if slow == "is_right":
        with pytest.raises(Conflict, match="vừa bị kết thúc"):
            begin(seeded, session)
    assert seeded.read(accounts.list_own_sessions, session.actor) == []


# Signing in


def test_a_code_signs_in_once_under_a_new_token(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    token, code = half(seeded), phone.code(seeded.now)
    entered = enter(seeded, token, f"{code[:3]} {code[3:]}")
    assert entered.token != token
    assert session_of(seeded, entered.token) is not None
    with pytest.raises(NotFound):
        enter(seeded, token, phone.code(seeded.now))  # what stood between is used up
    again = half(seeded)
    with pytest.raises(Unauthenticated, match="đã được sử dụng"):
        enter(seeded, again, code)
    with pytest.raises(Unauthenticated, match="đã được sử dụng"):
        enter(seeded, again, Phone(phone.secret, -1).code(seeded.now))  # nor any older one
    seeded.now += timedelta(seconds=30)
    assert enter(seeded, again, phone.code(seeded.now))
    assert logged(seeded, action="account.signed_in")[-1].after == {"second_factor": "app"}


def test_the_code_that_turned_it_on_does_not_sign_in(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    seeded.now -= timedelta(minutes=1)
    token = half(seeded)
    with pytest.raises(Unauthenticated):
        enter(seeded, token, phone.code(seeded.now))


def test_half_way_is_no_session_and_lasts_five_minutes(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    with seeded.db.snapshot() as connection:
        before = connection.execute(select(login_sessions)).all()
    token = half(seeded)
    assert session_of(seeded, token) is None
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(login_sessions)).all() == before  # so its browser is not a known one either
        assert token not in str(connection.execute(select(half_sign_ins)).all())
    assert not logged(seeded, action="account.signed_in")[1:]
    seeded.now += LIFE
    with pytest.raises(NotFound, match="đăng nhập lại"):
        enter(seeded, token, phone.code(seeded.now))
    with seeded.db.transaction() as connection:
        assert accounts.forget_left_behind(connection, now=seeded.now + timedelta(seconds=1))["half_sign_in"] == 1


def _set_password(world: World, _phone: Phone) -> None:
    give_password(world, "STP", OTHER)


def _close(world: World, _phone: Phone) -> None:
    world.write(accounts.change_account, world.actor("admin"), world.actor("STP").account_id, {"active": False})


def _end_sessions(world: World, _phone: Phone) -> None:
    world.write(accounts.end_sessions, world.actor("admin"), world.actor("STP").account_id)


def _remove(world: World, _phone: Phone) -> None:
    world.write(accounts.remove_second_factor, world.actor("admin"), world.actor("STP").account_id, "Mất máy")


@pytest.mark.parametrize("end", [_set_password, _close, _end_sessions, _remove], ids=lambda end: str(end.__name__))
def test_what_ends_sessions_ends_what_is_half_way(seeded: World, end: Any) -> None:
    phone, _, _ = enrol(seeded)
    token = half(seeded)
    end(seeded, phone)
    with pytest.raises(NotFound):
        enter(seeded, token, phone.code(seeded.now))


def test_a_password_link_keeps_the_second_factor(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    give_password(seeded, "STP", OTHER)
    entered: Any = sign_in(seeded, "stp", OTHER, caller=ELSEWHERE)
    assert isinstance(entered, accounts.HalfSignIn)
    assert enter(seeded, entered.token, phone.code(seeded.now))


def test_a_recovery_code_signs_in_once(seeded: World) -> None:
    _, told, session = enrol(seeded)
    assert enter(seeded, half(seeded), told[3].lower().replace("-", " "))
    with pytest.raises(Unauthenticated):
        enter(seeded, half(seeded), told[3])
    assert seeded.read(accounts.get_second_factor, session).recovery_codes_left == 9
    assert logged(seeded, action="account.recovery_code_used")[-1].after == {"recovery_codes_left": 9}
    assert logged(seeded, action="account.signed_in")[-1].after == {"second_factor": "recovery"}
    with seeded.db.snapshot() as connection:
        assert not [one for one in told if codes.normal(one) in str(connection.execute(select(recovery_codes)).all())]


def test_a_code_of_another_account_is_none(seeded: World) -> None:
    _, told, _ = enrol(seeded)
    give_password(seeded, "STC")
    entered = sign_in(seeded, "stc")
    session = session_of(seeded, entered.token)
    assert session is not None
    run(accounts.begin_second_factor(seeded.db, session, GOOD, caller=HERE, now=seeded.now))
    theirs = Phone(seeded.read(accounts.get_second_factor, session).secret)
    confirm(seeded, session, theirs.code(seeded.now))
    token = half(seeded)
    seeded.now += timedelta(minutes=1)
    with pytest.raises(Unauthenticated):
        enter(seeded, token, theirs.code(seeded.now))
    entered_half: Any = sign_in(seeded, "stc", caller=ELSEWHERE)
    with pytest.raises(Unauthenticated):
        enter(seeded, entered_half.token, told[0])


# Turning it off


def test_turning_it_off_takes_password_and_code(seeded: World) -> None:
    phone, told, session = enrol(seeded)
    with pytest.raises(InvalidInput, match="hiện tại không đúng") as caught:
        turn_off(seeded, session, phone.code(seeded.now), OTHER)
    assert caught.value.field == "current"
    with pytest.raises(InvalidInput, match="Mã không đúng") as caught:
        turn_off(seeded, session, phone.wrong(seeded.now))
    assert caught.value.field == "code"
    turn_off(seeded, session, told[0])
    assert isinstance(sign_in(seeded, "stp"), accounts.SignedIn)
    with seeded.db.snapshot() as connection:
        for table in (second_factors, recovery_codes):
            assert connection.execute(select(table)).all() == []
    with pytest.raises(Conflict, match="chưa bật"):
        turn_off(seeded, session, phone.code(seeded.now))


def test_new_recovery_codes_take_a_code_and_void_the_old_ones(seeded: World) -> None:
    phone, told, session = enrol(seeded)

    def renew(code: str) -> list[str]:
        return run(accounts.renew_recovery_codes(seeded.db, session, code, caller=HERE, now=seeded.now))

    with pytest.raises(InvalidInput):
        renew(phone.wrong(seeded.now))
    fresh = renew(phone.code(seeded.now))
    assert not set(fresh) & set(told)
    with pytest.raises(Unauthenticated):
        enter(seeded, half(seeded), told[0])
    assert enter(seeded, half(seeded), fresh[0])


def test_an_administrator_takes_it_off_with_a_reason_and_everybody_signs_in_anew(seeded: World) -> None:
    phone, _, _ = enrol(seeded)
    entered = enter(seeded, half(seeded), phone.code(seeded.now))
    account, admin = seeded.actor("STP").account_id, seeded.actor("admin")
    for who in ("coordinator", "leadership", "STP"):
        with pytest.raises(Forbidden):
            seeded.write(accounts.remove_second_factor, seeded.actor(who), account, "Mất máy")
    for why in ("", " \u200b ", "x" * 2_001):
        with pytest.raises(InvalidInput) as caught:
            seeded.write(accounts.remove_second_factor, admin, account, why)
        assert caught.value.field == "reason"
    done = seeded.write(accounts.remove_second_factor, admin, account, "Mất điện thoại, đã gặp trực tiếp")
    assert done["second_factor"] is False
    assert session_of(seeded, entered.token) is None
    event = logged(seeded, action="account.second_factor_removed")[-1]
    assert (event.actor, event.why) == ("admin", "Mất điện thoại, đã gặp trực tiếp")
    assert isinstance(sign_in(seeded, "stp"), accounts.SignedIn)
    with pytest.raises(Conflict, match="chưa bật"):
        seeded.write(accounts.remove_second_factor, admin, account, "Mất máy")
    with pytest.raises(Conflict, match="tự gỡ"):
        seeded.write(accounts.remove_second_factor, admin, admin.account_id, "Mất máy")


def test_who_lacks_one_is_named(seeded: World) -> None:
    enrol(seeded)
    give_password(seeded, "STC")
    seeded.actor("VPUB")  # has no password: nobody signs in to it
    with seeded.db.snapshot() as connection:
        assert accounts.accounts_lacking_second_factor(connection, {"agency"}) == ["stc"]
        assert accounts.accounts_lacking_second_factor(connection, frozenset()) == []


def test_what_was_used_up_does_not_come_back_with_a_backup(seeded: World) -> None:
    phone, told, _ = enrol(seeded)
    token = half(seeded)
    with seeded.db.transaction() as connection:
        forget_all(connection)
    for one, code in ((token, phone.code(seeded.now)), (half(seeded), told[0])):
        with pytest.raises((NotFound, Unauthenticated)):
            enter(seeded, one, code)
    assert enter(seeded, half(seeded), phone.code(seeded.now))  # the app itself stays


def test_what_was_being_set_up_does_not_come_back_with_a_backup(seeded: World) -> None:
    give_password(seeded, "STP")
    begin(seeded, signed_in(seeded)[1])
    with seeded.db.transaction() as connection:
        forget_all(connection)  # sessions of other people may get the same numbers
        assert connection.execute(select(second_factors)).all() == []


def test_no_secret_is_in_the_log(seeded: World) -> None:
    phone, told, _ = enrol(seeded)
    enter(seeded, half(seeded), told[0])
    seeded.write(accounts.remove_second_factor, SYSTEM, seeded.actor("STP").account_id, "Mất máy")
    kept = str([tuple(event) for event in logged(seeded)])
    assert not [one for one in (phone.secret, *told, *map(codes.normal, told)) if one in kept]
