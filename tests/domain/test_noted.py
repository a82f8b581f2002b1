"""What the leadership looks at across tasks: directions, self-reviews; and the numbers a what-if starts from."""

from typing import Any

from app import tasks as work
from app.projections import get_counted_numbers, get_what_if
from app.tasks import Decision, Update
from tests.conftest import World
from tests.domain.wandering import TEXTS

ASSESSMENT = "soc-trang-2024"
ACCEPTED = Decision("accepted", evidence_waiver="Đã kiểm tra")


def directions(world: World, who: str, limit: int = 10) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.read(work.list_directions, world.actor(who), assessment=ASSESSMENT, limit=limit)
    return found


def self_reviews(world: World, who: str = "leadership") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.read(work.list_self_reviews, world.actor(who), assessment=ASSESSMENT, limit=10)
    return found


def submit(world: World, who: str, code: str, **numbers: Any) -> None:
    world.write(
        work.record_update, world.actor(who), code, Update(status="submitted", texts=TEXTS, **numbers), version=None
    )


def test_the_latest_directions_come_first_to_whoever_sees_the_task(seeded: World) -> None:
    leader = seeded.actor("leadership")
    for code, text in (("ST-2024-TC-16", "Làm trước"), ("ST-2024-TC-03", "Rà soát"), ("ST-2024-TC-16", "Báo cáo")):
        seeded.write(work.give_direction, leader, code, text, None, version=None)
    assert [one["text"] for one in directions(seeded, "coordinator")] == ["Báo cáo", "Rà soát", "Làm trước"]
    assert [one["text"] for one in directions(seeded, "leadership", limit=1)] == ["Báo cáo"]
    (own,) = directions(seeded, "STP")
    assert (own["code"], own["agency"], own["status"]) == (
        "ST-2024-TC-03", {"code": "STP", "name": "Sở Tư pháp"}, "assigned",
    )  # fmt: skip
    assert directions(seeded, "VPUB") == []
    assert seeded.read(work.list_directions, leader, assessment="another", limit=10) == []


def test_a_self_review_is_listed_as_long_as_it_stands(seeded: World) -> None:
    submit(seeded, "SNV", "ST-2024-TC-09", declared_score="0.9")
    submit(seeded, "STP", "ST-2024-TC-03", declared_score="0.9")
    seeded.write(work.review, seeded.actor("coordinator#2"), "ST-2024-TC-09", ACCEPTED, version=None)
    seeded.write(work.review, seeded.actor("coordinator"), "ST-2024-TC-03", ACCEPTED, version=None)
    (one,) = self_reviews(seeded)
    assert (one["code"], one["published"], one["verified"]) == ("ST-2024-TC-09", "0.5000", "0.9000")
    assert self_reviews(seeded, "STP") == []
    seeded.write(work.reopen, seeded.actor("coordinator"), "ST-2024-TC-09", "Nhầm", None, version=None)
    assert self_reviews(seeded) == []


def test_a_what_if_starts_from_the_numbers_that_count(seeded: World) -> None:
    change = Update(status="in_progress", measurements={"used_services": "11", "services": "16"})
    seeded.write(work.record_update, seeded.actor("SKHCN"), "ST-2024-TC-15", change, version=None)
    found = seeded.read(get_counted_numbers, seeded.actor("coordinator"), ASSESSMENT)
    assert found["ST-2024-TC-15"] == {
        "used_services": {"now": "11", "full": "16"}, "services": {"now": "16", "full": None},
    }  # fmt: skip
    assert found["ST-2024-TC-16"]["online_files"] == {"now": "94511", "full": "168561"}
    assert "ST-2024-TC-15" not in seeded.read(get_counted_numbers, seeded.actor("STP"), ASSESSMENT)
    same = {code: {"measurements": {name: one["now"] for name, one in numbers.items() if one["now"] is not None}}
            for code, numbers in found.items()}  # fmt: skip
    after = seeded.read(get_what_if, seeded.actor("coordinator"), ASSESSMENT, same)
    assert after["change"]["expected"] == "+0.0000"
