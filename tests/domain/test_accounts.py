"""Accounts and keys: who gets which, and what a key stops opening."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import accounts, agencies
from app.accounts import KeyRing
from app.core.access import SYSTEM, Actor, Role
from app.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from app.models import api_keys
from tests.conftest import World
from tests.domain.succession_scene import agency, build_can_tho, holder, logged, merge


def create(world: World, name: str = "stp.cchc", role: str = "agency", **more: Any) -> dict[str, Any]:
    fields = {"display_name": "", "province": None, "agency": None, **more}
    made: dict[str, Any] = world.write(accounts.create_account, world.actor("admin"), name=name, role=role, **fields)
    return made


def key_of(world: World, made: dict[str, Any], *, days: int | None = None) -> accounts.IssuedKey:
    issued: accounts.IssuedKey = world.write(
        accounts.create_key, world.actor("admin"), made["id"], label="Hệ thống A", days=days
    )
    return issued


def change(world: World, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = world.write(accounts.change_account, world.actor("admin"), made["id"], changes)
    return answer


def test_each_role_gets_the_seat_it_needs(seeded: World) -> None:
    seats = {
        "agency": ("soc-trang", "STP"),
        "coordinator": ("soc-trang", "SNV"),
        "leadership": ("soc-trang", None),
        "admin": (None, None),
    }
    for role, seat in seats.items():
        made = create(seeded, f"a.{role}", role, agency="STP" if role == "agency" else None)
        assert (made["province"], made["agency"]) == seat
        assert made["display_name"] == f"a.{role}"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": "agency"}, "agency"),
        ({"role": "agency", "agency": "SKHDT"}, "agency"),
        ({"role": "coordinator", "agency": "STP"}, "agency"),
        ({"role": "chief"}, "role"),
        ({"role": "leadership", "province": "can-tho"}, "province"),
        ({"name": "Tên Có Dấu", "role": "leadership"}, "name"),
        ({"name": "x\n", "role": "leadership"}, "name"),
    ],
)
def test_what_does_not_say_a_seat_unmistakably_is_refused(seeded: World, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        create(seeded, **{"name": "abc", **fields})
    assert caught.value.field == field


def test_a_display_name_is_one_line_of_a_bounded_length(seeded: World) -> None:
    made = create(seeded, "van-thu", "leadership", display_name=" Văn thư\r\nSở  Tư pháp ")
    assert made["display_name"] == "Văn thư Sở Tư pháp"
    with pytest.raises(InvalidInput, match="1 đến 200"):
        create(seeded, "khac", "leadership", display_name="x" * 201)


def test_names_of_accounts_are_unique(seeded: World) -> None:
    create(seeded, agency="STP")
    with pytest.raises(Conflict):
        create(seeded, agency="STC")


def test_accounts_of_a_succeeded_agency_or_province_are_not_made_any_more(seeded: World) -> None:
    build_can_tho(seeded)
    with pytest.raises(InvalidInput, match="nhiều tỉnh"):
        create(seeded, role="coordinator")
    merge(seeded, on=date(2025, 5, 5))
    assert create(seeded, role="coordinator")["province"] == "can-tho"
    with pytest.raises(InvalidInput, match="đang hoạt động"):
        create(seeded, "b1", "agency", province="soc-trang", agency="STP")


def test_switching_an_account_off_stops_its_keys_and_on_brings_them_back(seeded: World) -> None:
    made = create(seeded, agency="STP")
    key = key_of(seeded, made).key
    assert change(seeded, made, active=False)["active"] is False
    assert holder(seeded, key) is None
    with pytest.raises(Conflict):
        key_of(seeded, made)
    assert change(seeded, made, active=True)["active"] is True
    assert holder(seeded, key) is not None
    assert [row.action for row in logged(seeded, entity="account")][-2:] == ["account.deactivated", "account.activated"]


def test_a_change_that_changes_nothing_leaves_no_trace(seeded: World) -> None:
    made = create(seeded, agency="STP")
    assert change(seeded, made, active=True) == change(seeded, made) == made
    assert change(seeded, made, display_name="Bộ phận  CCHC")["display_name"] == "Bộ phận CCHC"
    with pytest.raises(InvalidInput):
        change(seeded, made, display_name=" \0 ")
    assert len(logged(seeded, entity="account", action="account.changed")) == 1


def test_nobody_locks_themselves_out(seeded: World) -> None:
    admin = seeded.actor("admin")
    with pytest.raises(Conflict):
        seeded.write(accounts.change_account, admin, admin.account_id, {"active": False})


def test_an_account_that_stayed_behind_does_not_wake_up_again(seeded: World) -> None:
    made = create(seeded, agency="STP")
    order = {"successor": None, "effective_from": date(2025, 5, 5), "reason": "Sắp xếp"}
    seeded.write(agencies.succeed_agency, seeded.actor("coordinator"), "STP", **order)
    with pytest.raises(Conflict):
        change(seeded, made, active=True)


def test_a_key_is_told_once_and_kept_as_a_hash(seeded: World) -> None:
    issued = key_of(seeded, create(seeded, agency="STP"))
    assert issued.key.startswith(issued.prefix)
    assert len(issued.key) >= 43
    with seeded.db.snapshot() as connection:
        kept = str(connection.execute(select(api_keys)).all())
    assert issued.key not in kept
    assert issued.key not in str(logged(seeded))


def test_a_key_works_until_it_expires(seeded: World) -> None:
    issued = key_of(seeded, create(seeded, agency="STP"), days=1)
    with seeded.db.snapshot() as connection:
        owner = accounts.find_by_key(connection, issued.key)
    ring = KeyRing()
    almost = seeded.now + timedelta(days=1) - timedelta(microseconds=1)
    known = ring.remember(issued.key, owner, generation=ring.generation, now=almost)
    assert known.agency_id == agency(seeded, "STP").id
    assert ring.cached(issued.key, now=almost) is not None
    with pytest.raises(Unauthenticated):
        ring.cached(issued.key, now=seeded.now + timedelta(days=1))
    ring.forget()
    assert ring.cached(issued.key, now=almost) is None
    with pytest.raises(Unauthenticated):
        ring.remember("kp_unknown", None, generation=ring.generation, now=almost)


def test_keys_are_listed_with_their_state_and_revoked_for_good(seeded: World) -> None:
    made = create(seeded, agency="STP")
    first, second = key_of(seeded, made), key_of(seeded, made, days=1)
    admin = seeded.actor("admin")
    for _ in range(2):
        assert seeded.write(accounts.revoke_key, admin, first.key_id)["state"] == "revoked"
    assert holder(seeded, first.key) is None
    assert len(logged(seeded, action="key.revoked")) == 1
    seeded.at(seeded.now + timedelta(days=2))
    page = seeded.read(accounts.page_keys, admin, account=made["id"], limit=50, offset=0)
    assert {one["id"]: one["state"] for one in page["items"]} == {first.key_id: "revoked", second.key_id: "expired"}
    assert not any({"hash", "key"} & set(one) for one in page["items"])
    with pytest.raises(NotFound):
        seeded.write(accounts.revoke_key, admin, 2**40)


def test_accounts_are_paged_and_filtered(seeded: World) -> None:
    create(seeded, "a1", agency="STP")
    create(seeded, "a2", agency="STC")
    create(seeded, "a3", "leadership")
    admin = seeded.actor("admin")
    page = seeded.read(accounts.page_accounts, admin, role="agency", limit=1, offset=1)
    assert (page["total"], [one["name"] for one in page["items"]]) == (2, ["a2"])
    assert seeded.read(accounts.page_accounts, admin, active=False, limit=1, offset=0)["total"] == 0


def test_an_administrator_of_a_province_sees_and_makes_only_its_own(seeded: World) -> None:
    build_can_tho(seeded)
    local = Actor(None, "quản trị", Role.ADMIN, agency(seeded, "SNV").province_id)
    made = seeded.write(
        accounts.create_account, local, name="x1", display_name="", role="admin", province=None, agency=None
    )
    assert made["province"] == "soc-trang"
    foreign = seeded.write(
        accounts.create_account, SYSTEM, name="x2", display_name="", role="coordinator", province="can-tho", agency=None
    )
    with pytest.raises(NotFound):
        seeded.read(accounts.get_account, local, foreign["id"])
    with pytest.raises(NotFound):
        seeded.write(accounts.create_key, local, foreign["id"], label="", days=None)
    with pytest.raises(InvalidInput):
        seeded.write(
            accounts.create_account, local, name="x3", display_name="", role="admin", province="can-tho", agency=None
        )


def test_only_administrators_see_accounts_and_keys(seeded: World) -> None:
    for who in ("STP", "coordinator", "leadership"):
        with pytest.raises(Forbidden):
            create(World(seeded.db, seeded.now, {"admin": seeded.actor(who)}), agency="STP")
        with pytest.raises(Forbidden):
            seeded.read(accounts.page_keys, seeded.actor(who), limit=1, offset=0)


def test_a_look_up_that_a_revocation_overtook_is_not_kept(seeded: World) -> None:
    ring = accounts.KeyRing()
    actor = seeded.actor("STP")
    issued = seeded.write(accounts.create_key, SYSTEM, actor.account_id, label="", days=None)
    begun = ring.generation
    with seeded.db.snapshot() as connection:
        owner = accounts.find_by_key(connection, issued.key)
    ring.forget()
    ring.remember(issued.key, owner, generation=begun, now=seeded.now)
    assert ring.cached(issued.key, now=seeded.now) is None
