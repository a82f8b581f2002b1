"""What a succession would move: the same numbers as carrying it out, and afterwards nothing is different."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from app import agencies
from app.agencies import NewContact, ProvinceOrder, foresee_merger, foresee_succession
from app.errors import Conflict, Forbidden
from app.models import events, provinces, successions
from tests.conftest import World

JULY = date(2025, 7, 1)
WANTED: dict[str, Any] = {"successor": "VPUB", "effective_from": JULY}


def counts(world: World) -> list[int]:
    with world.db.snapshot() as connection:
        tables = (events, successions, provinces)
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_foreseeing_counts_as_doing_does(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    seeded.actor("STC")
    seeded.write(agencies.create_contact, coordinator, NewContact("head", "Lan", "STC", email="lan@stc.example"))
    before = counts(seeded)
    foreseen = seeded.write(foresee_succession, coordinator, "STC", **WANTED)
    assert (foreseen["tasks"], foreseen["contacts"], foreseen["accounts"]) == (11, 1, 1)
    assert foreseen == seeded.write(foresee_succession, coordinator, "STC", **WANTED)
    assert counts(seeded) == before
    seeded.at(datetime(2025, 7, 1, 2, 0, tzinfo=UTC))
    done = seeded.write(agencies.succeed_agency, coordinator, "STC", reason="Nghị quyết", **WANTED)
    assert done["moved"] == foreseen


def test_what_cannot_be_ordered_cannot_be_foreseen(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    with pytest.raises(Forbidden):
        seeded.write(foresee_succession, seeded.actor("STC"), "STC", **WANTED)
    seeded.write(agencies.succeed_agency, coordinator, "STC", reason="Nghị quyết", **WANTED)
    with pytest.raises(Conflict):
        seeded.write(foresee_succession, coordinator, "STC", **WANTED)


def test_a_merger_is_foreseen_with_the_province_it_would_make(seeded: World) -> None:
    admin = seeded.actor("admin")
    wanted = ProvinceOrder("can-tho", JULY, "Nghị quyết", {"SNV": "SNV"}, "Thành phố Cần Thơ")
    before = counts(seeded)
    foreseen = seeded.write(foresee_merger, admin, "soc-trang", wanted)
    assert (foreseen["assessments"], foreseen["tasks"]) == (1, 48)
    assert counts(seeded) == before
    seeded.at(datetime(2025, 7, 1, 2, 0, tzinfo=UTC))
    assert seeded.write(agencies.succeed_province, admin, "soc-trang", wanted)["moved"] == foreseen
