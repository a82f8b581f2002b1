"""Two changes of one thing at the same moment on PostgreSQL: the second waits, and builds on what the first left.

(SQLite has one writer, so there the second only starts when the first is done.)
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from app import accounts, agencies, measures, shares, tasks
from app.agencies import NewContact
from app.core.access import SYSTEM
from app.errors import Conflict, NotFound
from app.models import agencies as agency_table
from app.models import task_cooperators
from app.models import tasks as task_table
from app.tasks import Steering
from tests.conftest import World
from tests.domain.succession_scene import TODAY, account, logged, measures_of

LATE = "ST-2024-TC-07.05"
"""A share of Huyện Mỹ Xuyên (HMX)."""
EVERYBODY = "ST-2024-GP-01"
"""A measure that all agencies are asked for."""


@pytest.fixture
def engine() -> str:
    return "postgresql"


def crossing(world: World, first: Callable[..., Any], second: Callable[..., Any]) -> Any:
    """Start the second change when the first is made but not committed yet; return what the second returns."""

    def later() -> Any:
        with world.db.transaction() as connection:
            return second(connection, now=world.now)

    with ThreadPoolExecutor(1) as pool:
        with world.db.transaction() as connection:
            first(connection, now=world.now)
            waiting = pool.submit(later)
            while not waiting.done() and not somebody_waits(world):
                wait([waiting], timeout=0.02)
        return waiting.result(timeout=30)


def somebody_waits(world: World) -> bool:
    with world.db.snapshot() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_two_fields_of_one_contact_are_both_changed(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    new = NewContact("officer", "Văn thư", "STP", email="cu@soctrang.example")
    made = seeded.write(agencies.create_contact, coordinator, new)["id"]

    def change(**fields: Any) -> Callable[..., Any]:
        return lambda connection, now: agencies.change_contact(connection, coordinator, made, fields, now=now)

    crossing(seeded, change(email="moi@soctrang.example"), change(absent_from=date(2025, 5, 6)))
    told = seeded.read(agencies.get_contact, coordinator, made)
    assert (told["email"], told["absent_from"]) == ("moi@soctrang.example", date(2025, 5, 6))
    assert [row.after for row in logged(seeded, action="contact.changed")] == [
        {"email": "moi@soctrang.example"},
        {"absent_from": "2025-05-06"},
    ]


def test_an_agency_that_is_renamed_twice_keeps_every_name_it_had(seeded: World) -> None:
    admin = seeded.actor("admin")

    def rename(name: str) -> Callable[..., Any]:
        return lambda connection, now: agencies.rename_agency(connection, admin, "STP", name=name, now=now, **where)

    where = {"province": "soc-trang"}
    told = crossing(seeded, rename("Sở Tư pháp một"), rename("Sở Tư pháp hai"))
    assert [one["name"] for one in told["former_names"]] == ["Sở Tư pháp", "Sở Tư pháp một"]
    assert [row.before["name"] for row in logged(seeded, action="agency.renamed")] == ["Sở Tư pháp", "Sở Tư pháp một"]


def test_what_two_do_alike_is_done_and_logged_once(seeded: World) -> None:
    admin = seeded.actor("admin")
    made, _key = account(seeded, "stp.cchc", "agency", "STP")
    key = seeded.write(accounts.create_key, SYSTEM, made, label="", days=None).key_id

    def revoke(connection: Connection, now: Any) -> Any:
        return accounts.revoke_key(connection, admin, key, now=now)

    def switch_off(connection: Connection, now: Any) -> Any:
        return accounts.change_account(connection, admin, made, {"active": False}, now=now)

    def day_off(connection: Connection, now: Any) -> Any:
        return agencies.set_holiday(connection, admin, date(2026, 1, 2), working=False, note="hoán đổi", now=now)

    def back_to_the_law(connection: Connection, now: Any) -> Any:
        return agencies.clear_holiday(connection, admin, date(2026, 1, 2), now=now)

    for twice in (revoke, switch_off, day_off):
        crossing(seeded, twice, twice)
    with pytest.raises(NotFound):
        crossing(seeded, back_to_the_law, back_to_the_law)
    actions = ("key.revoked", "account.deactivated", "holiday.set", "holiday.cleared")
    assert [len(logged(seeded, action=action)) for action in actions] == [1, 1, 1, 1]


def test_a_day_that_two_set_differently_is_logged_as_it_went(seeded: World) -> None:
    def say(note: str) -> Callable[..., Any]:
        return lambda connection, now: agencies.set_holiday(
            connection, SYSTEM, date(2026, 1, 2), working=False, note=note, now=now
        )

    crossing(seeded, say("một"), say("hai"))
    assert [(row.before.get("note"), row.after["note"]) for row in logged(seeded, action="holiday.set")] == [
        (None, "một"),
        ("một", "hai"),
    ]


def test_a_share_is_done_by_what_two_wrote_together(seeded: World) -> None:
    unit = seeded.actor("HMX")

    def write(**fields: Any) -> Callable[..., Any]:
        return lambda connection, now: shares.update_share(connection, unit, LATE, fields, version=None, now=now)

    told = crossing(seeded, write(reason="Thiếu biên chế"), write(current=0))
    assert (told["reason"], told["current"], told["done"], told["version"]) == ("Thiếu biên chế", 0, True, 3)


def test_a_task_that_is_reassigned_meanwhile_still_gets_its_cooperating_successor(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    task = "ST-2024-TC-16"
    seeded.write(tasks.steer, coordinator, task, Steering("phối hợp", cooperating=["STP"]), version=None)
    crossing(
        seeded,
        lambda connection, now: tasks.assign(connection, coordinator, task, "STC", "phân công", version=None, now=now),
        lambda connection, now: agencies.succeed_agency(
            connection, coordinator, "STP", successor="SXD", effective_from=TODAY, reason="sắp xếp", now=now
        ),
    )
    cooperating = (
        select(agency_table.c.code)
        .join(task_cooperators, task_cooperators.c.agency_id == agency_table.c.id)
        .join(task_table, task_table.c.id == task_cooperators.c.task_id)
        .where(task_table.c.code == task)
    )
    with seeded.db.snapshot() as connection:
        assert list(connection.execute(cooperating).scalars()) == ["SXD"]


def test_a_note_that_the_heir_writes_meanwhile_is_kept(seeded: World) -> None:
    coordinator, heir = seeded.actor("coordinator"), seeded.actor("STC")
    seeded.write(measures.update_measure, seeded.actor("STP"), EVERYBODY, "Đã rà soát")
    crossing(
        seeded,
        lambda connection, now: measures.update_measure(connection, heir, EVERYBODY, "Đang làm", now=now),
        lambda connection, now: agencies.succeed_agency(
            connection, coordinator, "STP", successor="STC", effective_from=TODAY, reason="sắp xếp", now=now
        ),
    )
    assert measures_of(seeded, "STC")[EVERYBODY] == "Đang làm\nSở Tư pháp: Đã rà soát"


def test_a_request_that_was_refused_with_the_end_of_its_task_meanwhile_is_not_decided_again(seeded: World) -> None:
    coordinator, office, code = seeded.actor("coordinator"), seeded.actor("SKHCN"), "ST-2024-TC-16"
    wanted = date(2025, 8, 1)
    made = seeded.write(tasks.request_extension, office, code, wanted, "Cần thêm thời gian", None, version=None)["id"]

    def end(connection: Connection, now: Any) -> Any:
        return tasks.close(connection, coordinator, code, "Không khắc phục được", version=None, now=now)

    def grant(connection: Connection, now: Any) -> Any:
        return tasks.decide_extension(connection, coordinator, made, "granted", None, "", now=now)

    with pytest.raises(Conflict):
        crossing(seeded, end, grant)
    assert seeded.read(tasks.get_request, coordinator, made)["state"] == "refused"
