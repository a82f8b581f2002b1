"""Contacts: who is written to today, and what may stand in the register."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app import agencies
from app.agencies import NewContact
from app.agencies.addresses import check_email, check_webhook_url
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.models import agencies as agency_table
from app.models import contacts, events
from tests.conftest import World

TODAY = date(2025, 6, 24)


def add(world: World, agency: str | None = "STP", *, kind: str = "officer", name: str = "Văn thư", **more: Any) -> dict:
    more.setdefault("email", f"{name.split()[0].encode().hex()}@soctrang.example")
    new = NewContact(kind=kind, name=name, agency=agency, **more)
    return world.write(agencies.create_contact, world.actor("coordinator"), new)


def change(world: World, contact: dict, **changes: Any) -> dict:
    return world.write(agencies.change_contact, world.actor("coordinator"), contact["id"], changes)


def reached(world: World, agency: str | None = "STP", *, today: date = TODAY) -> list[str]:
    return [one.name for one in reach(world, agency, today=today)]


def reach(world: World, agency: str | None = "STP", *, today: date = TODAY) -> list[agencies.Reachable]:
    with world.db.snapshot() as connection:
        row = connection.execute(select(agency_table).where(agency_table.c.code == (agency or "SNV"))).one()
        seat = row.id if agency else None
        return agencies.reachable_contacts(connection, row.province_id, seat, today=today)


# Who is reached


def test_an_agency_without_contacts_reaches_nobody(seeded: World) -> None:
    assert reached(seeded) == []


def test_every_active_contact_of_the_agency_is_reached_and_nobody_else(seeded: World) -> None:
    add(seeded, name="An")
    add(seeded, name="Bình", kind="head")
    add(seeded, "STC", name="Chi")
    add(seeded, None, name="Dung", kind="leadership")
    gone = add(seeded, name="Em")
    seeded.write(agencies.deactivate_contact, seeded.actor("coordinator"), gone["id"])
    assert reached(seeded) == ["An", "Bình"]
    assert reached(seeded, None) == ["Dung"]


def test_a_stand_in_takes_the_place_of_whoever_is_absent_on_both_end_days(seeded: World) -> None:
    stand_in = add(seeded, "STC", name="Chi")
    away = {"absent_from": date(2025, 6, 23), "absent_until": date(2025, 6, 25), "stand_in": stand_in["id"]}
    add(seeded, name="An", **away)
    assert reached(seeded, today=date(2025, 6, 22)) == ["An"]
    assert reached(seeded, today=date(2025, 6, 23)) == ["Chi"]
    assert reached(seeded, today=date(2025, 6, 25)) == ["Chi"]
    assert reached(seeded, today=date(2025, 6, 26)) == ["An"]


def test_an_absence_without_an_end_goes_on(seeded: World) -> None:
    stand_in = add(seeded, "STC", name="Chi")
    add(seeded, name="An", absent_from=date(2025, 6, 1), stand_in=stand_in["id"])
    assert reached(seeded, today=date(2026, 6, 1)) == ["Chi"]


def test_a_chain_of_stand_ins_is_followed_and_each_person_is_reached_once(seeded: World) -> None:
    last = add(seeded, name="Chi")
    middle = add(seeded, name="Bình", absent_from=TODAY, stand_in=last["id"])
    add(seeded, name="An", absent_from=TODAY, stand_in=middle["id"])
    assert reached(seeded) == ["Chi"]


def test_a_circle_of_absent_contacts_is_written_to_all_the_same(seeded: World) -> None:
    first = add(seeded, name="An", absent_from=TODAY)
    second = add(seeded, name="Bình", absent_from=TODAY, stand_in=first["id"])
    change(seeded, first, stand_in=second["id"])
    assert reached(seeded) == ["An", "Bình"]


def test_whoever_is_absent_without_stand_in_is_left_alone_while_somebody_else_is_there(seeded: World) -> None:
    add(seeded, name="An", absent_from=TODAY)
    assert reached(seeded) == ["An"]
    add(seeded, name="Bình")
    assert reached(seeded) == ["Bình"]


def test_a_stand_in_who_left_does_not_count(seeded: World) -> None:
    stand_in = add(seeded, "STC", name="Chi")
    add(seeded, name="An", absent_from=TODAY, stand_in=stand_in["id"])
    seeded.write(agencies.deactivate_contact, seeded.actor("coordinator"), stand_in["id"])
    assert reached(seeded) == ["An"]


def test_one_address_is_written_to_once(seeded: World) -> None:
    add(seeded, name="An", email="cchc@soctrang.example")
    add(seeded, name="Bình", email="CCHC@soctrang.example")
    assert reached(seeded) == ["An"]


def test_what_is_reached_holds_all_that_a_sender_needs(seeded: World) -> None:
    made = add(seeded, name="An", email=None, webhook_url="https://example.vn/hook")
    (one,) = reach(seeded)
    assert one == (made["id"], "officer", "An", None, "https://example.vn/hook", made["webhook_secret"])


# The register


def test_a_webhook_gets_a_secret_that_is_told_once_and_never_logged(seeded: World) -> None:
    made = add(seeded, name="An", webhook_url="https://example.vn/hook")
    secret = made["webhook_secret"]
    assert secret.startswith("whsec_")
    told = seeded.read(agencies.get_contact, seeded.actor("coordinator"), made["id"])
    assert told["has_webhook_secret"]
    assert "webhook_secret" not in told
    again = change(seeded, made, name="An Nguyên")
    assert again["webhook_secret"] is None
    rotated = change(seeded, made, webhook_secret=None)
    assert rotated["webhook_secret"] not in (None, secret)
    with seeded.db.snapshot() as connection:
        logged = str(connection.execute(select(events.c.before, events.c.after)).all())
    assert secret not in logged
    assert rotated["webhook_secret"] not in logged


def test_the_secret_before_signs_along_until_the_next_change(seeded: World) -> None:
    made = add(seeded, name="An", email=None, webhook_url="https://example.vn/hook")
    second = change(seeded, made, webhook_secret=None)["webhook_secret"]
    assert reach(seeded)[0].webhook_secret == f"{second} {made['webhook_secret']}"
    assert change(seeded, made, name="An Nguyên")["webhook_secret"] is None
    third = change(seeded, made, webhook_secret=None)["webhook_secret"]
    assert reach(seeded)[0].webhook_secret == f"{third} {second}"


def test_a_secret_of_ones_own_must_be_as_standard_webhooks_writes_it(seeded: World) -> None:
    given = "whsec_" + "QUJD" * 8
    assert add(seeded, webhook_url="https://example.vn/", webhook_secret=given)["webhook_secret"] == given
    for bad in ("geheim", "whsec_", "whsec_QUJD", "whsec_***" + "QUJD" * 8, "whsec_" + "QUJD" * 30):
        with pytest.raises(InvalidInput) as caught:
            add(seeded, webhook_url="https://example.vn/", webhook_secret=bad)
        assert caught.value.field == "webhook_secret"


def test_dropping_the_webhook_drops_its_secret(seeded: World) -> None:
    made = add(seeded, webhook_url="https://example.vn/hook")
    assert change(seeded, made, webhook_url=None)["has_webhook_secret"] is False
    with pytest.raises(InvalidInput):
        change(seeded, made, email=None)


@pytest.mark.parametrize(
    "email",
    [
        "khong-co-a-cong",
        "a@khongcham",
        "a@b@c.vn",
        "a b@c.vn",
        "a@c.vn\nBcc: x@y.vn",
        "a@c.vn\r\n",
        "An <a@c.vn>",
        "a..b@c.vn",
        "a@-c.vn",
        "ă@c.vn",
        "a" * 65 + "@c.vn",
        "",
    ],
)
def test_what_is_no_plain_mail_address_is_refused(email: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_email(email)
    assert caught.value.field == "email"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.vn/",
        "https://",
        "https:///hook",
        "//example.vn/hook",
        "https://user:pass@example.vn/",
        "https://example.vn:99999/",
        "https://example.vn/a b",
        "https://example.vn/\r\nX: y",
        "https://example.vn/#phan",
        "https://exa\\mple.vn/",
        "https://[::1/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_webhook_url(url)
    assert caught.value.field == "webhook_url"


def test_kind_and_place_must_fit(seeded: World) -> None:
    for agency, kind in ((None, "officer"), ("STP", "leadership")):
        with pytest.raises(InvalidInput):
            add(seeded, agency, kind=kind)
    made = add(seeded)
    assert change(seeded, made, kind="head")["kind"] == "head"
    with pytest.raises(InvalidInput):
        change(seeded, made, kind="leadership")


def test_an_absence_must_run_forward_and_the_stand_in_be_somebody_else(seeded: World) -> None:
    made = add(seeded)
    for changes in (
        {"absent_until": TODAY},
        {"absent_from": TODAY, "absent_until": date(2025, 6, 23)},
        {"stand_in": made["id"]},
        {"stand_in": 999_999},
        {"stand_in": 2**40},
    ):
        with pytest.raises(InvalidInput):
            change(seeded, made, **changes)


def test_lists_are_filtered_and_paged(seeded: World) -> None:
    for name in ("An", "Bình", "Chi"):
        add(seeded, name=name)
    add(seeded, None, kind="leadership", name="Dung")

    def listed(**wanted: Any) -> dict:
        return seeded.read(agencies.list_contacts, seeded.actor("coordinator"), **{"limit": 50, "offset": 0, **wanted})

    assert listed(agency="STP")["total"] == 3
    assert [one["name"] for one in listed(limit=2, offset=1)["items"]] == ["Bình", "Chi"]
    assert [one["name"] for one in listed(kind="leadership")["items"]] == ["Dung"]
    assert listed(active=False)["total"] == 0
    assert listed(province="can-tho")["total"] == 0


def test_agencies_and_leadership_do_not_see_contacts_and_other_provinces_neither(seeded: World) -> None:
    made = add(seeded)
    for who in ("STP", "leadership"):
        with pytest.raises(Forbidden):
            seeded.read(agencies.get_contact, seeded.actor(who), made["id"])
    with pytest.raises(NotFound):
        seeded.read(agencies.get_contact, seeded.actor("coordinator"), 2**40)


def test_a_contact_is_never_deleted_and_switching_off_twice_is_one_change(seeded: World) -> None:
    made = add(seeded)
    for _ in range(2):
        answer = seeded.write(agencies.deactivate_contact, seeded.actor("coordinator"), made["id"])
        assert answer["active"] is False
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(contacts.c.id)).all()
        actions = connection.execute(select(events.c.action).where(events.c.entity == "contact")).scalars().all()
    assert sorted(actions) == ["contact.created", "contact.deactivated"]


def test_a_succeeded_agency_takes_no_new_contacts(seeded: World) -> None:
    old = add(seeded, "STP", name="An")
    seeded.write(agencies.deactivate_contact, seeded.actor("coordinator"), old["id"])
    seeded.write(
        agencies.succeed_agency,
        seeded.actor("coordinator"),
        "STP",
        successor="STC",
        effective_from=date(2025, 5, 1),
        reason="Sắp xếp",
    )
    with pytest.raises(Conflict):
        add(seeded, "STP", name="Bình")
    with pytest.raises(Conflict):
        change(seeded, old, active=True)
