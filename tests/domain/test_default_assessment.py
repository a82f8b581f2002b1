"""Which assessment people see first: loading another year takes nobody away from the one that is under way."""

from datetime import date
from typing import Any

from sqlalchemy import select, update

from app.assessments.defaults import find_default, find_province_default
from app.assessments.load import load_assessment
from app.assessments.read import change_assessment, list_assessments
from app.assessments.seedfile import Seed, load_seed
from app.core.access import SYSTEM
from app.models import assessments
from app.models import tasks as task_table
from app.settings import ROOT
from app.tasks import Update, record_update
from tests.conftest import World


def next_year() -> Seed:
    """An assessment of the same province and the year after."""
    found = load_seed(ROOT / "tests" / "data" / "vi-du-2025.yaml")
    province = found.province.model_copy(update={"code": "soc-trang", "name": "Tỉnh Sóc Trăng"})
    head = found.assessment.model_copy(update={"code": "soc-trang-2025"})
    return found.model_copy(update={"province": province, "assessment": head})


def load(world: World, seed: Seed) -> None:
    with world.db.transaction() as connection:
        load_assessment(connection, SYSTEM, seed, now=world.now)


def default(world: World, who: str = "SKHCN") -> tuple[str, str]:
    found = world.read(find_default, world.actor(who))
    return found.code, found.why


def order(world: World, code: str) -> None:
    mandate = {"number": "12/UBND-NC", "date": date(2025, 5, 1)}
    world.write(change_assessment, world.actor("coordinator"), code, {"mandate": mandate}, version=None)


def test_another_year_waits_until_it_is_ordered(seeded: World) -> None:
    assert default(seeded) == ("soc-trang-2024", "open")
    seeded.write(record_update, seeded.actor("STP"), "ST-2024-TC-03", Update(status="in_progress"), version=None)
    load(seeded, next_year())
    assert default(seeded) == ("soc-trang-2024", "begun")
    order(seeded, "soc-trang-2024")
    assert default(seeded) == ("soc-trang-2024", "ordered")
    order(seeded, "soc-trang-2025")
    assert default(seeded) == ("soc-trang-2025", "ordered")


def test_what_is_finished_gives_way_to_what_is_left(seeded: World) -> None:
    order(seeded, "soc-trang-2024")
    with seeded.db.transaction() as connection:
        connection.execute(update(task_table).values(status="accepted"))
    assert default(seeded) == ("soc-trang-2024", "newest")
    load(seeded, next_year())
    assert default(seeded) == ("soc-trang-2025", "open")


def test_everybody_has_the_default_of_what_they_see(seeded: World) -> None:
    load(seeded, load_seed(ROOT / "tests" / "data" / "vi-du-2025.yaml"))  # of another province
    assert default(seeded, "coordinator")[0] == "soc-trang-2024"
    assert default(seeded, "admin")[0] == "vi-du-2025"
    with seeded.db.snapshot() as connection:
        assert find_province_default(connection, "soc-trang") is not None
        assert find_province_default(connection, "ha-noi") is None


def test_a_list_marks_the_one_to_show(seeded: World) -> None:
    load(seeded, next_year())
    seeded.write(record_update, seeded.actor("STP"), "ST-2024-TC-03", Update(status="in_progress"), version=None)
    found: dict[str, Any] = seeded.read(list_assessments, seeded.actor("STP"), limit=10, offset=0)
    assert {one["code"]: one["default"] for one in found["items"]} == {"soc-trang-2025": False, "soc-trang-2024": True}


def test_another_year_is_reminded_of_as_people_have_set_it(seeded: World) -> None:
    hours = {"reminder_policy": {"send_at": "09:30"}}
    seeded.write(change_assessment, seeded.actor("coordinator"), "soc-trang-2024", hours, version=None)
    load(seeded, next_year())
    load(seeded, next_year())  # again changes nothing
    with seeded.db.snapshot() as connection:
        rows = connection.execute(select(assessments.c.code, assessments.c.reminder_policy)).all()
    assert {row.code: row.reminder_policy["send_at"] for row in rows} == {
        "soc-trang-2024": "09:30",
        "soc-trang-2025": "09:30",
    }
