"""The tasks an agency owes a report on: which, in which order, with what, and at the cost of how many queries."""

import pytest
from sqlalchemy import event

from app import tasks
from app.errors import Forbidden
from app.tasks import Update
from app.tasks.reportable import list_reportable
from tests.conftest import World

PARTS = {"reason": "a", "progress": "b", "remedy": "c"}


def test_own_open_tasks_that_wait_for_no_review(seeded: World) -> None:
    actor = seeded.actor("SKHCN")
    figures = {"used_services": 14, "services": 16}
    handed_in = Update("submitted", texts=PARTS, measurements=figures)
    seeded.write(tasks.record_update, actor, "ST-2024-TC-15", handed_in, version=1)
    seeded.write(tasks.record_update, actor, "ST-2024-TC-14", Update(texts=PARTS, declared_score="0.2"), version=1)
    found = seeded.read(list_reportable, actor, "soc-trang-2024")
    assert found["agency"] == {"code": "SKHCN", "name": "Sở Khoa học và Công nghệ"}
    by_code = {one["code"]: one for one in found["items"]}
    # The most urgent first, and of those the most valuable.
    assert list(by_code) == ["ST-2024-TC-17", "ST-2024-TC-16", "ST-2024-TC-14", "ST-2024-KS-22"]
    assert by_code["ST-2024-TC-14"]["missing"] == []
    assert by_code["ST-2024-TC-14"]["report"]["declared"] == "0.2000"
    assert by_code["ST-2024-TC-16"]["missing"][-1] == "số liệu đo được hoặc điểm tự chấm"
    assert by_code["ST-2024-TC-16"]["report"] == {
        **dict.fromkeys(("reason", "progress", "remedy", "difficulties", "period"), ""),
        "measurements": None,
        "declared": None,
    }
    assert by_code["ST-2024-TC-16"]["rule"].executable


def test_what_one_only_cooperates_in_is_not_among_them(seeded: World) -> None:
    assert seeded.read(list_reportable, seeded.actor("SVHTTDL"), "soc-trang-2024")["items"] == []


@pytest.mark.parametrize("who", ["leadership", "admin"])
def test_who_works_for_no_agency_owes_none(seeded: World, who: str) -> None:
    with pytest.raises(Forbidden):
        seeded.read(list_reportable, seeded.actor(who), "soc-trang-2024")


def test_the_same_queries_for_few_and_for_many(seeded: World) -> None:
    counts = {}
    for who in ("SKHCN", "SNV"):  # five tasks, twenty-one
        actor = seeded.actor(who)
        with seeded.db.snapshot() as connection:
            seen: list[str] = []
            event.listen(connection, "before_cursor_execute", lambda *given, seen=seen: seen.append(given[2]))
            list_reportable(connection, actor, "soc-trang-2024", now=seeded.now)
        counts[who] = len(seen)
    assert counts == {"SKHCN": 3, "SNV": 3}
