"""Passwords, their links, and signing in: what an attacker tries, on both engines."""

import asyncio
import time
import unicodedata
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select

from app import accounts, agencies
from app.accounts import passwords, signing_in
from app.accounts.ending import end_sessions_of
from app.core.access import SYSTEM
from app.errors import Busy, Conflict, Forbidden, InvalidInput, NotFound, TooManyTries, Unauthenticated
from app.models import drafts, login_sessions, password_links, tasks, try_counts, workbooks
from app.scheduler import JOBS, Context
from app.settings import Settings
from tests.conftest import World, WorldClock
from tests.domain.succession_scene import logged

T = TypeVar("T")

GOOD = "Năm con gà chạy nhanh"
OTHER = "Cây cầu tím dưới mưa"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "SECONDS_OF_REFUSAL", 0.0)


@pytest.fixture(autouse=True)
def _line() -> Iterator[None]:
    yield
    assert passwords.LINE.waiting == 0


def run(work: Awaitable[T]) -> T:
    async def wait() -> T:
        return await work

    return asyncio.run(wait())


def link_for(world: World, who: str) -> accounts.IssuedLink:
    issued: accounts.IssuedLink = world.write(accounts.create_link, world.actor("admin"), world.actor(who).account_id)
    return issued


def give_password(world: World, who: str, password: str = GOOD) -> str:
    """By a link; returns the account's name."""
    return run(accounts.set_password(world.db, link_for(world, who).token, password, now=world.now))


HERE = accounts.Caller("Chrome", "203.0.113.7")


def sign_in(
    world: World, name: str, password: str = GOOD, *, caller: accounts.Caller = HERE, **more: Any
) -> accounts.SignedIn:
    return run(accounts.sign_in(world.db, name, password, caller=caller, now=world.now, **more))


def refused(world: World, name: str, password: str, caller: accounts.Caller = HERE) -> str:
    with pytest.raises(Unauthenticated) as caught:
        sign_in(world, name, password, caller=caller)
    return caught.value.detail


def locked_out(world: World, name: str, password: str = GOOD, caller: accounts.Caller = HERE) -> TooManyTries:
    with pytest.raises(TooManyTries) as caught:
        sign_in(world, name, password, caller=caller)
    return caught.value


def account_of(world: World, who: str) -> dict[str, Any]:
    found: dict[str, Any] = world.read(accounts.get_account, world.actor("admin"), world.actor(who).account_id)
    return found


def session_of(world: World, token: str) -> accounts.Session | None:
    with world.db.snapshot() as connection:
        return accounts.find_session(connection, token, now=world.now)


# Which passwords


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "ít nhất 10"),
        ("ngắn quá", "ít nhất 10"),
        ("1234567890", "dễ đoán"),
        ("matkhau12345", "dễ đoán"),
        ("Mật khẩu 12345", "dễ đoán"),
        ("qwertyuiop", "dễ đoán"),
        ("aaaaaaaaaaaaaaaaaaaa", "dễ đoán"),
        ("Sở Tư pháp 2025", "dễ đoán"),
        ("Khắc Phục rất tốt 77", "tên tài khoản hoặc tên hệ thống"),
        ("xin-Agency-STP-nhé-bạn", "tên tài khoản hoặc tên hệ thống"),
        ("Năm con gà\0chạy nhanh", "không gõ được"),
        ("Năm con gà \ud800 chạy nhanh", "không gõ được"),
        ("x" * 129, "tối đa 128"),
        ("đ" * 1_000_000, "tối đa 128"),
        ("a" + "\u0301" * 900_000, "tối đa 128"),
    ],
)
def test_a_password_that_is_no_good_is_refused_in_words(password: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        passwords.check_password(password, account="agency-stp", owner="Sở Tư pháp")
    assert caught.value.field == "password"


def test_a_password_may_be_long_have_spaces_and_accents_and_is_kept_composed() -> None:
    typed = unicodedata.normalize("NFD", GOOD)
    assert typed != GOOD
    assert passwords.check_password(typed, account="an", owner="An") == GOOD
    kept = passwords.hash_password(GOOD)
    assert kept.startswith("$argon2id$")
    assert passwords.is_right(typed, kept)
    assert not passwords.is_right(GOOD + " ", kept)
    long = " ".join(f"từ{number * 7919}" for number in range(30))[:128]
    assert len(passwords.check_password(long, account="an", owner="An")) == 128


@pytest.mark.parametrize("typed", ["", "x" * 2_000_000, "\0", "\ud800" * 10, "a" + "\u0301" * 900_000])
def test_whatever_is_typed_is_compared_with_the_same_work_and_wrong(typed: str) -> None:
    began = time.monotonic()
    assert passwords.is_right(typed, passwords.hash_password(GOOD)) is False
    assert passwords.is_right(typed, None) is False
    assert time.monotonic() - began < 5


def test_nobody_costs_what_everybody_costs() -> None:
    costs = {kept.rsplit("$", 2)[0] for kept in (passwords.NOBODY, passwords.hash_password(GOOD))}
    assert len(costs) == 1


def test_only_so_many_wait_and_whoever_comes_later_is_told_to_come_again() -> None:
    line = passwords.Line(at_once=1, longest=2)
    with line.place(), line.place(), pytest.raises(Busy), line.place():
        pass
    assert line.waiting == 0


# Links


def test_a_link_sets_the_password_once(seeded: World) -> None:
    link = link_for(seeded, "STP")
    with seeded.db.snapshot() as connection:
        kept = str(connection.execute(select(password_links)).all())
        assert accounts.find_link(connection, link.token, now=seeded.now).account == "stp"
        assert accounts.find_link(connection, link.token, now=seeded.now).account == "stp"  # looking uses nothing up
    assert link.token not in kept
    assert run(accounts.set_password(seeded.db, link.token, GOOD, now=seeded.now)) == "stp"
    with pytest.raises(NotFound):
        run(accounts.set_password(seeded.db, link.token, OTHER, now=seeded.now))
    assert sign_in(seeded, "stp").actor.agency_id == seeded.actor("STP").agency_id
    assert link.token not in str(logged(seeded))
    assert GOOD not in str(logged(seeded))
    assert [row.action for row in logged(seeded, entity="account")] == [
        "account.link_created", "account.password_set", "account.signed_in",
    ]  # fmt: skip


def test_a_bad_password_leaves_the_link_as_it_was(seeded: World) -> None:
    link = link_for(seeded, "STP")
    with pytest.raises(InvalidInput):
        run(accounts.set_password(seeded.db, link.token, "1234567890", now=seeded.now))
    run(accounts.set_password(seeded.db, link.token, GOOD, now=seeded.now))


def test_links_that_are_older_expired_or_unknown_open_nothing_and_all_say_the_same(seeded: World) -> None:
    old, new = link_for(seeded, "STP"), link_for(seeded, "STP")
    foreign = link_for(seeded, "STC")
    late = seeded.now + timedelta(days=3)
    said = set()
    for token, now in ((old.token, seeded.now), (new.token, late), ("x" * 43, seeded.now), ("\0", seeded.now)):
        with pytest.raises(NotFound) as caught:
            run(accounts.set_password(seeded.db, token, GOOD, now=now))
        said.add(caught.value.detail)
    assert len(said) == 1
    run(accounts.set_password(seeded.db, new.token, GOOD, now=late - timedelta(seconds=1)))
    run(accounts.set_password(seeded.db, foreign.token, GOOD, now=seeded.now))


def test_a_link_is_used_once_also_when_many_use_it_at_the_same_time(seeded: World) -> None:
    link = link_for(seeded, "STP")
    words = [f"{GOOD} lần thứ {number}" for number in range(6)]

    async def all_at_once() -> list[Any]:
        tries = [accounts.set_password(seeded.db, link.token, one, now=seeded.now) for one in words]
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    assert [type(one) for one in answers].count(str) == 1
    assert [type(one) for one in answers].count(NotFound) == 5
    winner = words[[type(one) for one in answers].index(str)]
    assert sign_in(seeded, "stp", winner)
    assert len(logged(seeded, action="account.password_set")) == 1


def test_of_links_made_at_the_same_time_one_works(seeded: World) -> None:
    account, admin = seeded.actor("STP").account_id, seeded.actor("admin")

    async def all_at_once() -> list[accounts.IssuedLink]:
        made = [seeded.db.write(accounts.create_link, admin, account, now=seeded.now) for _ in range(6)]
        return await asyncio.gather(*made)

    working = 0
    for link in asyncio.run(all_at_once()):
        with seeded.db.snapshot() as connection:
            try:
                accounts.find_link(connection, link.token, now=seeded.now)
            except NotFound:
                continue
            working += 1
    assert working == 1


def test_only_administrators_make_links_and_not_for_accounts_that_are_off(seeded: World) -> None:
    account = seeded.actor("STP").account_id
    for who in ("STP", "coordinator", "leadership"):
        with pytest.raises(Forbidden):
            seeded.write(accounts.create_link, seeded.actor(who), account)
    link = link_for(seeded, "STP")
    seeded.write(accounts.change_account, seeded.actor("admin"), account, {"active": False})
    with pytest.raises(Conflict):
        link_for(seeded, "STP")
    seeded.write(accounts.change_account, seeded.actor("admin"), account, {"active": True})
    with pytest.raises(NotFound):
        run(accounts.set_password(seeded.db, link.token, GOOD, now=seeded.now))


# Signing in


def test_a_name_is_typed_in_any_case_with_blanks_and_strange_signs_around(seeded: World) -> None:
    give_password(seeded, "STP")
    for typed in ("stp", " STP ", "s\0tp", "\u200bstp"):
        assert sign_in(seeded, typed).actor.name == "STP"


def test_every_refusal_says_the_same(seeded: World) -> None:
    give_password(seeded, "STP")
    give_password(seeded, "STC")
    off = seeded.actor("STC").account_id
    seeded.write(accounts.change_account, seeded.actor("admin"), off, {"active": False})
    seeded.actor("VPUB")  # has no password
    names = ("stp", "nobody", "vpub", "stc", "\0", "x" * 100_000, "ş", "a" + "\u0301" * 900_000)
    said = {refused(seeded, name, "sai mật khẩu") for name in names}
    said |= {refused(seeded, "vpub", ""), refused(seeded, "stc", GOOD), refused(seeded, "stp", "x" * 900_000)}
    assert len(said) == 1
    assert "15 phút" in said.pop()


def test_refusals_take_the_same_time_whatever_the_reason(seeded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "SECONDS_OF_REFUSAL", 1.0)
    give_password(seeded, "STP")
    for name in ("stp", "nobody"):
        began = time.monotonic()
        refused(seeded, name, "sai mật khẩu")
        assert time.monotonic() - began >= 1.0


def test_five_wrong_passwords_lock_for_fifteen_minutes_also_for_the_right_one(seeded: World) -> None:
    give_password(seeded, "STP")
    for _ in range(5):
        refused(seeded, "stp", OTHER)
    until = seeded.now + timedelta(minutes=15)
    assert locked_out(seeded, "stp").extra == {"retry_after": 900}
    assert account_of(seeded, "STP")["locked_until"] == until
    [event] = logged(seeded, action="account.locked")
    assert event.actor == "hệ thống"
    assert event.after == {"locked_until": until.isoformat(), "place": "client", "client": HERE.client}
    seeded.now = until - timedelta(seconds=1)
    assert "sau 1 phút" in locked_out(seeded, "stp").detail  # and being refused prolongs nothing
    seeded.now = until
    assert sign_in(seeded, "stp")
    assert account_of(seeded, "STP")["locked_until"] is None


def test_a_success_starts_the_count_anew_and_a_lock_that_is_over_gives_five_tries(seeded: World) -> None:
    give_password(seeded, "STP")
    for _ in range(2):
        for _ in range(4):
            refused(seeded, "stp", OTHER)
        sign_in(seeded, "stp")
    assert logged(seeded, action="account.signed_in")[-1].after == {"wrong_passwords_before": 4}
    for _ in range(5):
        refused(seeded, "stp", OTHER)
    seeded.now += timedelta(minutes=15)
    for _ in range(4):
        refused(seeded, "stp", OTHER)
    sign_in(seeded, "stp")
    assert len(logged(seeded, action="account.locked")) == 1


def test_guessing_in_parallel_gives_no_more_tries(seeded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    give_password(seeded, "STP")
    compared = []

    def count(typed: str, kept: str | None) -> bool:
        compared.append(kept)
        time.sleep(0.02)
        return False

    monkeypatch.setattr(passwords, "is_right", count)

    async def all_at_once() -> list[Any]:
        tries = [
            accounts.sign_in(seeded.db, "stp", f"guess {number}", caller=HERE, now=seeded.now) for number in range(30)
        ]
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = [type(one) for one in asyncio.run(all_at_once())]
    assert (answers.count(Unauthenticated), answers.count(TooManyTries)) == (5, 25)
    assert len(compared) == 5
    assert None not in compared
    assert len(logged(seeded, action="account.locked")) == 1


def test_a_flood_is_turned_away_before_it_counts(seeded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    give_password(seeded, "STP")
    monkeypatch.setattr(passwords.LINE, "longest", 0)
    with pytest.raises(Busy):
        sign_in(seeded, "stp", OTHER)
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(try_counts)).all() == []


def test_a_password_changed_while_it_is_compared_lets_nobody_in(seeded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    give_password(seeded, "STP")
    link, compare = link_for(seeded, "STP"), passwords.is_right

    def slow(typed: str, kept: str | None) -> bool:
        right = compare(typed, kept)
        monkeypatch.setattr(passwords, "is_right", compare)
        run(accounts.set_password(seeded.db, link.token, OTHER, now=seeded.now))
        return right

    monkeypatch.setattr(passwords, "is_right", slow)
    refused(seeded, "stp", GOOD)
    assert sign_in(seeded, "stp", OTHER)


# Sessions


def test_every_sign_in_gives_a_new_session_and_ends_the_browsers_old_one(seeded: World) -> None:
    give_password(seeded, "STP")
    give_password(seeded, "STC")
    first = sign_in(seeded, "stp").token
    second = sign_in(seeded, "stc", old_token=first).token
    assert first != second
    assert session_of(seeded, first) is None
    assert session_of(seeded, second) is not None
    third = sign_in(seeded, "stc", old_token="planted by somebody").token
    assert third != "planted by somebody"
    assert session_of(seeded, "planted by somebody") is None
    with seeded.db.snapshot() as connection:
        assert third not in str(connection.execute(select(login_sessions)).all())


def test_one_ends_own_sessions_only(seeded: World) -> None:
    for who in ("STP", "STC"):
        give_password(seeded, who)
    mine, other, foreign = (sign_in(seeded, name).token for name in ("stp", "stp", "stc"))
    me = seeded.actor("STP")
    listed = seeded.read(accounts.list_own_sessions, me)
    assert len(listed) == 2
    theirs = session_of(seeded, foreign)
    assert theirs is not None
    with pytest.raises(NotFound):
        seeded.write(accounts.end_own_session, me, theirs.id)
    kept = session_of(seeded, mine)
    assert kept is not None
    assert seeded.write(accounts.end_other_sessions, me, kept.id) == 1
    assert session_of(seeded, other) is None
    assert session_of(seeded, mine) is not None
    assert session_of(seeded, foreign) is not None
    seeded.write(accounts.end_own_session, me, kept.id)
    assert session_of(seeded, mine) is None


def test_an_administrator_sees_and_ends_sessions_of_an_account(seeded: World) -> None:
    give_password(seeded, "STP")
    token, admin, account = sign_in(seeded, "stp").token, seeded.actor("admin"), seeded.actor("STP").account_id
    assert [one["device"] for one in seeded.read(accounts.list_sessions, admin, account)] == ["Chrome"]
    for who in ("STP", "coordinator"):
        with pytest.raises(Forbidden):
            seeded.write(accounts.end_sessions, seeded.actor(who), account)
    assert seeded.write(accounts.end_sessions, admin, account)["ended"] == 1
    assert seeded.write(accounts.end_sessions, admin, account)["ended"] == 0
    assert session_of(seeded, token) is None
    assert len(logged(seeded, action="account.sessions_ended")) == 1


def test_a_new_password_ends_every_session_and_link(seeded: World) -> None:
    give_password(seeded, "STP")
    token = sign_in(seeded, "stp").token
    give_password(seeded, "STP", OTHER)
    assert session_of(seeded, token) is None

    old = sign_in(seeded, "stp", OTHER).token
    link, session = link_for(seeded, "STP"), session_of(seeded, old)
    assert session is not None
    new = run(accounts.change_password(seeded.db, session, OTHER, GOOD, caller=HERE, now=seeded.now)).token
    assert session_of(seeded, old) is None
    assert session_of(seeded, new) is not None
    with pytest.raises(NotFound):
        run(accounts.set_password(seeded.db, link.token, OTHER, now=seeded.now))


def test_the_present_password_cannot_be_guessed_from_a_session_left_open(seeded: World) -> None:
    give_password(seeded, "STP")
    session = session_of(seeded, sign_in(seeded, "stp").token)
    assert session is not None
    for _ in range(5):
        with pytest.raises(InvalidInput) as caught:
            run(accounts.change_password(seeded.db, session, "sai", OTHER, caller=HERE, now=seeded.now))
        assert caught.value.field == "current"
    with pytest.raises(TooManyTries):
        run(accounts.change_password(seeded.db, session, GOOD, OTHER, caller=HERE, now=seeded.now))
    with pytest.raises(InvalidInput, match="dễ đoán"):
        run(accounts.change_password(seeded.db, session, GOOD, "1234567890", caller=HERE, now=seeded.now))


def test_switching_off_and_on_again_does_not_bring_a_session_back(seeded: World) -> None:
    give_password(seeded, "STP")
    token, account = sign_in(seeded, "stp").token, seeded.actor("STP").account_id
    for active in (False, True):
        seeded.write(accounts.change_account, seeded.actor("admin"), account, {"active": active})
        assert session_of(seeded, token) is None


@pytest.mark.parametrize("successor", [None, "STC"])
def test_a_succession_ends_the_sessions_of_whoever_moved_or_stayed_behind(seeded: World, successor: str | None) -> None:
    give_password(seeded, "STP")
    give_password(seeded, "VPUB")
    moved, stays = sign_in(seeded, "stp").token, sign_in(seeded, "vpub").token
    link = link_for(seeded, "STP")
    order = {"successor": successor, "effective_from": date(2025, 5, 5), "reason": "Sắp xếp"}
    seeded.write(agencies.succeed_agency, seeded.actor("coordinator"), "STP", **order)
    assert session_of(seeded, moved) is None
    assert session_of(seeded, stays) is not None
    with pytest.raises(NotFound):
        run(accounts.set_password(seeded.db, link.token, OTHER, now=seeded.now))
    if successor is None:
        refused(seeded, "stp", GOOD)
    else:
        assert sign_in(seeded, "stp").actor.agency_id != seeded.actor("STP").agency_id


# Whoever only drafts


def test_only_agencies_have_accounts_that_only_draft(seeded: World) -> None:
    admin = seeded.actor("admin")
    fields = {"display_name": "", "province": None, "agency": "STP"}
    made = seeded.write(accounts.create_account, admin, name="an.stp", role="agency", drafts_only=True, **fields)
    assert made["drafts_only"] is True
    with pytest.raises(InvalidInput) as caught:
        seeded.write(
            accounts.create_account, admin, name="x1", role="leadership", drafts_only=True, **fields | {"agency": None}
        )
    assert caught.value.field == "drafts_only"
    with pytest.raises(InvalidInput):
        seeded.write(accounts.change_account, admin, seeded.actor("coordinator").account_id, {"drafts_only": True})
    seeded.write(accounts.change_account, admin, made["id"], {"drafts_only": False})
    assert logged(seeded, action="account.changed")[-1].after == {"drafts_only": False}


def test_sessions_and_keys_of_whoever_only_drafts_only_draft(seeded: World) -> None:
    admin, who = seeded.actor("admin"), seeded.actor("STP")
    seeded.write(accounts.change_account, admin, who.account_id, {"drafts_only": True})
    give_password(seeded, "STP")
    session = session_of(seeded, sign_in(seeded, "stp").token)
    issued = seeded.write(accounts.create_key, admin, who.account_id, label="", days=None)
    with seeded.db.snapshot() as connection:
        owner = accounts.find_by_key(connection, issued.key)
    assert session is not None
    assert owner is not None
    assert session.actor == owner.actor == replace(who, drafts_only=True)


def test_accounts_are_found_by_name_agency_and_without_accents(seeded: World) -> None:
    admin = seeded.actor("admin")
    for name, shown in (("an.stp", "Nguyễn Đức An"), ("binh.stc", "Trần Bình")):
        seeded.write(
            accounts.create_account, admin, name=name, display_name=shown, role="agency", province=None,
            agency=name.split(".")[1].upper(),
        )  # fmt: skip

    def found(q: str) -> list[str]:
        page = seeded.read(accounts.page_accounts, admin, q=q, limit=50, offset=0)
        return [one["name"] for one in page["items"]]

    assert found("duc an") == found("ĐỨC") == found("tư pháp") == found("an.s") == ["an.stp"]
    assert found("stc") == ["binh.stc"]
    assert found("%") == found("nobody") == []
    assert {"an.stp", "binh.stc"} < set(found(" "))


# Forgetting


def test_what_nobody_can_use_any_more_is_forgotten(seeded: World) -> None:
    give_password(seeded, "STP")
    sign_in(seeded, "stp")
    link_for(seeded, "STC")
    who = seeded.actor("STP").account_id
    with seeded.db.transaction() as connection:
        task = connection.execute(select(func.min(tasks.c.id))).scalar_one()
        connection.execute(
            drafts.insert().values(
                account_id=who, task_id=task, base_version=1, content={"progress": "x"}, updated_at=seeded.now
            )
        )
        connection.execute(
            workbooks.insert().values(
                account_id=who, kind="tasks", filename="x.xlsx", sha256="0", content="", created_at=seeded.now
            )
        )

    def left(days: float) -> dict[str, int]:
        with seeded.db.transaction() as connection:
            accounts.forget_left_behind(connection, now=seeded.now + timedelta(days=days))
            tables = (login_sessions, password_links, drafts, workbooks)
            return {one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}

    assert left(1) == {"login_session": 1, "password_link": 2, "draft": 1, "workbook": 1}
    assert left(30) == {"login_session": 1, "password_link": 2, "draft": 1, "workbook": 0}
    assert left(31) == {"login_session": 0, "password_link": 1, "draft": 1, "workbook": 0}  # one link was used
    assert left(34) == {"login_session": 0, "password_link": 0, "draft": 1, "workbook": 0}
    assert left(180) == {"login_session": 0, "password_link": 0, "draft": 1, "workbook": 0}
    assert left(181) == {"login_session": 0, "password_link": 0, "draft": 0, "workbook": 0}


def test_the_hourly_tidying_forgets_them_too(seeded: World, tmp_path: Path) -> None:
    give_password(seeded, "STP")
    context = Context(seeded.db, Settings(data_dir=tmp_path), WorldClock(world=seeded))
    seeded.now += timedelta(days=40)
    next(job for job in JOBS if job.name == "tidy").run(context)
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(func.count()).select_from(password_links)).scalar_one() == 0


def test_ending_says_how_many_were_open(seeded: World) -> None:
    give_password(seeded, "STP")
    sign_in(seeded, "stp")
    sign_in(seeded, "stp")
    account = seeded.actor("STP").account_id
    assert account is not None
    with seeded.db.transaction() as connection:
        assert end_sessions_of(connection, [account], now=seeded.now) == 2
        assert end_sessions_of(connection, [account], now=seeded.now) == 0
    assert logged(seeded, action="account.signed_in")[0].actor == "STP"
    assert SYSTEM.account_id is None
