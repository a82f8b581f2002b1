"""How runs stand, and letters before and after they are sent."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app import agencies, outbox, reminders
from app.agencies import NewContact
from app.errors import Forbidden, InvalidInput, NotFound
from app.settings import Settings
from tests.conftest import World

BASE = {"base_url": "https://khacphuc.example"}
TUESDAY = datetime(2025, 6, 24, 0, 30, tzinfo=UTC)
"""07:30 in Sóc Trăng."""


@pytest.fixture
def june(seeded: World) -> World:
    return seeded.at(TUESDAY)


def state(world: World, who: str = "coordinator") -> dict[str, Any]:
    found: dict[str, Any] = world.read(reminders.get_state, world.actor(who))
    return found


def next_run(world: World) -> datetime:
    (province,) = state(world)["provinces"]
    moment: datetime = province["next_run_at"]
    return moment


def test_the_next_run_is_at_the_hour_of_the_next_working_day(june: World) -> None:
    assert next_run(june) == datetime(2025, 6, 24, 1, 0, tzinfo=UTC)
    june.at(datetime(2025, 6, 24, 3, 0, tzinfo=UTC))
    assert next_run(june) == june.now  # missed: made up for at once
    june.at(datetime(2025, 6, 27, 10, 0, tzinfo=UTC))  # Friday, 17:00: too late
    assert next_run(june) == datetime(2025, 6, 30, 1, 0, tzinfo=UTC)


def test_after_a_run_the_day_is_done(june: World) -> None:
    june.write(reminders.run_now, june.actor("coordinator"))
    (province,) = state(june)["provinces"]
    assert province["last_run"]["on"] == date(2025, 6, 24)
    assert province["last_run"]["digests"] > 5
    assert next_run(june) == datetime(2025, 6, 25, 1, 0, tzinfo=UTC)
    assert state(june)["messages"] == {"pending": province["last_run"]["digests"]}
    with pytest.raises(Forbidden):
        state(june, "SKHCN")


def planned(world: World, recipient: str, on: date = date(2025, 6, 24)) -> reminders.Drawn:
    drawn: reminders.Drawn = world.read(reminders.draw_planned, world.actor("coordinator"), recipient, on=on, **BASE)
    return drawn


def test_a_planned_letter_says_what_the_written_one_says(june: World) -> None:
    letters = {one["recipient"]: planned(june, one["recipient"]) for one in preview(june)}
    june.write(reminders.run_now, june.actor("coordinator"))
    found = june.read(reminders.list_digests, june.actor("coordinator"), limit=100, offset=0)["items"]
    assert {one["recipient"] for one in found} == set(letters)
    for digest in found:
        drawn = june.read(reminders.draw_digest, june.actor("coordinator"), digest["id"], **BASE)
        assert (drawn.subject, drawn.text) == (letters[digest["recipient"]].subject, letters[digest["recipient"]].text)


def preview(world: World, on: date = date(2025, 6, 24)) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.read(reminders.preview, world.actor("coordinator"), on=on)["digests"]
    return found


def test_letters_of_overdue_days_speak_as_of_that_day(june: World) -> None:
    drawn = planned(june, "leadership", date(2025, 7, 14))
    assert "quá hạn 14 ngày" in drawn.text
    assert drawn.name.startswith("Lãnh đạo")
    assert "Sở Nội vụ" in drawn.text  # who answers questions


def test_no_letter_where_none_is_planned(june: World) -> None:
    with pytest.raises(NotFound):
        planned(june, "leadership")
    with pytest.raises(InvalidInput):
        planned(june, "STP", date(1900, 1, 1))
    with pytest.raises(Forbidden):
        june.read(reminders.draw_planned, june.actor("STP"), "STP", on=date(2025, 6, 24), **BASE)
    with pytest.raises(NotFound):
        june.read(reminders.draw_digest, june.actor("coordinator"), 1, **BASE)


def test_addressees_are_those_of_the_day_and_keep_their_secrets(june: World) -> None:
    coordinator = june.actor("coordinator")
    hook = NewContact(
        "officer", "Phần mềm", "STP", webhook_url="https://hooks.example/in", absent_from=date(2025, 7, 1)
    )
    stand_in = june.write(agencies.create_contact, coordinator, NewContact("head", "Lan", "STC", email="a@stc.example"))
    made = june.write(agencies.create_contact, coordinator, hook)
    june.write(agencies.change_contact, coordinator, made["id"], {"stand_in": stand_in["id"]})
    now, later = (
        june.read(reminders.list_addressees, coordinator, on=on)["STP"] for on in (date(2025, 6, 24), date(2025, 7, 1))
    )
    assert [(one.name, one.webhook_secret) for one in now] == [("Phần mềm", None)]
    assert [one.name for one in later] == ["Lan"]


@pytest.mark.parametrize(
    ("given", "demo", "ways"),
    [
        ({}, False, ("folder",)),
        ({"smtp_host": "mail.example"}, False, ("email",)),
        ({"smtp_host": "mail.example", "webhook_hosts": "hooks.example"}, False, ("webhook", "email")),
        ({"webhook_hosts": "hooks.example"}, False, ("webhook", "folder")),
        ({"smtp_host": "mail.example", "webhook_hosts": "hooks.example"}, True, ("folder",)),
    ],
)
def test_ways_out(given: dict[str, Any], demo: bool, ways: tuple[str, ...]) -> None:
    assert outbox.ways_out(Settings(**given), demo=demo) == ways
