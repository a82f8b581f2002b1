"""The projection of the real assessment: what it says, to whom, and what it would say if."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from app import tasks as work
from app.core.scoring import parse_points
from app.errors import (
    InvalidInput,
    NotFound,
    NumeratorAboveDenominator,
    OutsideRuleDomain,
    Problem,
    ScoreNotAccepted,
    ScoreOutOfRange,
    UnknownMeasurement,
)
from app.models import assessments, benchmarks, events, provinces, tasks
from app.projections import get_projection, get_what_if
from app.tasks import Decision, Update
from tests.conftest import World
from tests.domain.wandering import TEXTS

ASSESSMENT = "soc-trang-2024"
T15, T16, T17, T21 = (f"ST-2024-TC-{number}" for number in (15, 16, 17, 21))
FIGURES = ("published", "floor", "expected", "ceiling")


def projection(world: World, who: str = "coordinator", **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.read(get_projection, world.actor(who), ASSESSMENT, **given)
    return found


def what_if(world: World, changes: dict[str, Any], who: str = "coordinator") -> dict[str, Any]:
    found: dict[str, Any] = world.read(get_what_if, world.actor(who), ASSESSMENT, changes)
    return found


def criterion(found: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in found["criteria"] if one["code"] == code)


def report(world: World, code: str, who: str, status: str = "in_progress", **numbers: Any) -> None:
    change = Update(status=status, texts=TEXTS, **numbers)
    world.write(work.record_update, world.actor(who), code, change, version=None)


def accept(world: World, code: str, **given: Any) -> None:
    decision = Decision("accepted", evidence_waiver="Đã kiểm tra", **given)
    world.write(work.review, world.actor("coordinator"), code, decision, version=None)


def figures(part: dict[str, Any]) -> list[Any]:
    return [part[name] for name in FIGURES]


# The real figures


def test_what_was_published_can_be_reckoned_again(seeded: World) -> None:
    found = projection(seeded)
    assert (found["assessment"], found["as_of"], found["max"]) == (ASSESSMENT, date(2025, 5, 5), "100.0000")
    assert figures(found) == ["84.8272", "84.8272", "84.8272", "100.0000"]
    published = [one["published"] for one in found["fields"]]
    assert published == ["9.3703", "8.8936", "11.3459", "9.8144", "12.1017", "10.4323", "10.7838", "12.0852"]
    assert [one["published"] for one in found["groups"]] == ["54.1169", "3.8500", "18.6251", "8.2352"]
    assert found["gap"] == {"controllable": "7.3831", "socio_economic": "2.6500", "survey": "5.1397"}
    assert len(found["criteria"]) == 48


def test_executable_rules_show_how_the_published_score_came_about(seeded: World) -> None:
    found = projection(seeded)
    derived = {code: criterion(found, code)["derivation"]["published"] for code in (T15, T16, T17, T21)}
    assert derived == {
        T15: "1 × 9/16 = 0,5625",
        T16: "1,5 × 94.511/168.561 = 0,8410",
        T17: "0,5 × (350/512 + 69/350 + 40.190/256.833) = 0,5186",
        T21: "(14 × 1,5 + 6 × 1)/20 = 1,3500",
    }
    assert criterion(found, T16)["confidence"] == "reproduces"
    assert criterion(found, T16)["rule"]["citation"].startswith("Báo cáo, chú thích 10")
    assert criterion(found, "ST-2024-TC-03")["confidence"] == "declared"
    assert criterion(found, "ST-2024-TC-03")["derivation"]["published"] == "Điểm công bố: 0,4286"


def test_benchmarks_measure_the_distance_and_bound_the_rank(seeded: World) -> None:
    found = projection(seeded)
    distance = {one["label"]: one["distance"]["published"] for one in found["benchmarks"]}
    assert distance["Nhóm A (từ 90% trở lên)"] == "-5.1728"
    assert distance["Trung bình cả nước"] == "-3.5428"
    assert "Tỉnh Sóc Trăng" not in distance
    assert all(one["source"] for one in found["benchmarks"])
    assert found["rank_interval"]["published"] == {"best": 58, "worst": 58}
    assert found["rank_interval"]["ceiling"]["best"] == 1


def test_contradictory_benchmarks_bound_no_rank_and_break_nothing(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        connection.execute(update(benchmarks).where(benchmarks.c.rank == 37).values(score=990_000))
    found = projection(seeded)
    assert found["rank_interval"]["published"] == {"best": 1, "worst": 63}
    assert {one["rank"] for one in found["benchmarks"]} == {1, 37, None}
    assert figures(found) == figures(projection(seeded))


# As work goes on


def test_expected_follows_reports_and_floor_follows_acceptance(seeded: World) -> None:
    report(seeded, T15, "SKHCN", measurements={"used_services": 12, "services": 16})
    found = projection(seeded)
    assert figures(found) == ["84.8272", "84.8272", "85.0147", "100.0000"]
    assert criterion(found, T15)["derivation"]["expected"] == "1 × 12/16 = 0,7500"
    report(seeded, T15, "SKHCN", "submitted")
    accept(seeded, T15, measurements={"used_services": 11, "services": 16})
    found = projection(seeded)
    assert figures(criterion(found, T15)) == ["0.5625", "0.6875", "0.6875", "0.6875"]
    assert criterion(found, T15)["derivation"]["floor"] == "1 × 11/16 = 0,6875"
    assert figures(found) == ["84.8272", "84.9522", "84.9522", "99.6875"]
    assert found["gap_by_figure"]["floor"]["controllable"] == "7.2581"


def test_finishing_a_survey_task_raises_nothing(seeded: World) -> None:
    report(seeded, "ST-2024-KS-27", "SNV", "submitted")
    accept(seeded, "ST-2024-KS-27")
    assert figures(projection(seeded)) == ["84.8272", "84.8272", "84.8272", "100.0000"]


def test_a_past_day_is_told_as_it_stood(seeded: World) -> None:
    report(seeded, T15, "SKHCN", measurements={"used_services": 12, "services": 16})
    seeded.at(datetime(2025, 5, 6, 2, tzinfo=UTC))
    report(seeded, T15, "SKHCN", measurements={"used_services": 16})
    assert projection(seeded)["expected"] == "85.2647"
    past = projection(seeded, as_of=date(2025, 5, 5))
    assert (past["as_of"], past["expected"]) == (date(2025, 5, 5), "85.0147")
    assert criterion(past, T15)["derivation"]["expected"] == "1 × 12/16 = 0,7500"
    assert projection(seeded, as_of=date(2025, 5, 4))["expected"] == "84.8272"
    with pytest.raises(InvalidInput):
        projection(seeded, as_of=date(2025, 5, 7))


def test_a_past_day_knows_who_led_then(seeded: World) -> None:
    work_on = seeded.actor("coordinator")
    seeded.write(work.assign, work_on, T15, "VPUB", "Giao lại", version=None)
    assert criterion(projection(seeded), T15)["agency"]["code"] == "VPUB"
    assert criterion(projection(seeded, as_of=date(2025, 5, 4)), T15)["agency"]["code"] == "SKHCN"


def test_next_best_says_which_task_and_which_number_yield_most(seeded: World) -> None:
    found = projection(seeded)["next_best"]
    closing = [parse_points(one["closing"]) for one in found]
    assert closing == sorted(closing, reverse=True)
    codes = [one["code"] for one in found]
    assert codes[:4] == ["ST-2024-TC-09", "ST-2024-TC-18", "ST-2024-TC-19", T17]
    assert len(codes) == len(set(codes)) == 21
    assert not any(code.startswith("ST-2024-KS") for code in codes)
    by_code = {one["code"]: one for one in found}
    assert by_code[T17]["closing"] == "0.9814"
    assert [step["closing"] for step in by_code[T17]["steps"]] == ["0.4218", "0.4014", "0.1270"]
    (online,) = by_code[T16]["steps"]
    assert (by_code[T16]["closing"], online["closing"]) == ("0.6590", "0.6590")
    assert (online["name"], online["current"], online["full"]) == ("online_files", "94511", "168561")
    assert online["one_more"] == {"points": "0.0000", "exact": "1/112374"}
    assert by_code["ST-2024-TC-09"]["steps"] == []


# What an agency may read


def test_an_agency_reads_of_others_only_what_is_published_or_confirmed(seeded: World) -> None:
    report(seeded, T15, "SKHCN", measurements={"used_services": 12, "services": 16})
    found = projection(seeded, "STP")
    hidden = criterion(found, T15)
    assert figures(hidden) == ["0.5625", "0.5625", None, "1.0000"]
    assert hidden["status"] is None
    assert hidden["derivation"] == {
        "published": "1 × 9/16 = 0,5625",
        "floor": "1 × 9/16 = 0,5625",
        "expected": None,
        "ceiling": None,
    }
    own = criterion(found, "ST-2024-TC-03")
    assert (own["expected"], own["status"]) == ("0.4286", "assigned")
    assert [one["number"] for one in found["fields"] if one["expected"] is not None] == [2]
    assert [one["key"] for one in found["groups"] if one["expected"] is not None] == ["sipas"]
    assert found["gap_by_figure"]["expected"] == dict.fromkeys(found["gap"])
    assert {step["agency"]["code"] for step in found["next_best"]} == {"STP"}
    assert found["expected"] == "84.8272"  # what others report is left out of the total too


def test_an_agency_reads_all_of_its_own_and_what_it_cooperates_in(seeded: World) -> None:
    report(seeded, T15, "SKHCN", measurements={"used_services": 12, "services": 16})
    whole, own = projection(seeded), projection(seeded, "SKHCN")
    for code in (T15, T16, "ST-2024-KS-22", "ST-2024-KS-27"):
        assert criterion(own, code) == criterion(whole, code)
    assert next(one for one in own["fields"] if one["number"] == 7)["expected"] == "10.9713"


def test_a_province_sees_only_its_own(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        connection.execute(update(assessments).values(province_id=_foreign(connection)))
    for who in ("coordinator", "leadership", "SKHCN"):
        with pytest.raises(NotFound):
            projection(seeded, who)
        with pytest.raises(NotFound):
            what_if(seeded, {T15: {"score": "1.0"}}, who)


def _foreign(connection: Any) -> int:
    made = insert(provinces).values(code="khac", name="Tỉnh khác").returning(provinces.c.id)
    return int(connection.execute(made).scalar_one())


# What if


def test_what_if_changes_the_expected_and_writes_nothing(seeded: World) -> None:
    before = standing(seeded)
    found = what_if(seeded, {T15: {"score": "1.0"}, T16: {"measurements": {"online_files": 168561}}})
    assert found["change"] == {
        "expected": "+1.0965",
        "total": "85.9237",
        "rank_interval": found["rank_interval"]["expected"],
        "tasks": {T15: "+0.4375", T16: "+0.6590"},
    }
    assert figures(found) == ["84.8272", "84.8272", "85.9237", "100.0000"]
    assert criterion(found, T16)["derivation"]["expected"] == "1,5 × 168.561/168.561 = 1,5000"
    assert criterion(found, T15)["derivation"]["expected"] == "Điểm giả định: 1,0000"
    assert standing(seeded) == before


def standing(world: World) -> tuple[Any, Any]:
    with world.db.snapshot() as connection:
        count = connection.execute(select(func.count()).select_from(events)).scalar_one()
        return connection.execute(select(tasks).order_by(tasks.c.id)).all(), count


def test_what_if_can_lose_points_and_nothing_changes_nothing(seeded: World) -> None:
    lost = what_if(seeded, {T16: {"measurements": {"online_files": 0}}})
    assert lost["change"]["expected"] == "-0.8410"
    none = what_if(seeded, {})
    assert none["change"] == {
        "expected": "+0.0000",
        "total": "84.8272",
        "rank_interval": {"best": 58, "worst": 58},
        "tasks": {},
    }
    assert {key: value for key, value in none.items() if key != "change"} == projection(seeded)


@pytest.mark.parametrize(
    ("code", "change", "problem", "field"),
    [
        (T15, {}, InvalidInput, f"tasks.{T15}"),
        (T15, {"score": "1", "measurements": {}}, InvalidInput, f"tasks.{T15}"),
        (T15, {"score": "1.0001"}, ScoreOutOfRange, f"tasks.{T15}.score"),
        (T15, {"measurements": {"used_services": 17}}, NumeratorAboveDenominator, None),
        (T15, {"measurements": {"x": 1}}, UnknownMeasurement, f"tasks.{T15}.measurements.x"),
        (T21, {"measurements": {"missed": 1, "met": 5}}, OutsideRuleDomain, f"tasks.{T21}.measurements.missed"),
        ("ST-2024-TC-03", {"measurements": {"x": 1}}, ScoreNotAccepted, None),
        ("ST-2024-KS-27", {"score": "2"}, ScoreNotAccepted, "tasks.ST-2024-KS-27"),
        ("ST-2024-TC-99", {"score": "1"}, NotFound, "tasks.ST-2024-TC-99"),
    ],
)
def test_what_if_refuses_and_names_the_place(
    seeded: World, code: str, change: dict[str, Any], problem: type[Problem], field: str | None
) -> None:
    with pytest.raises(problem) as caught:
        what_if(seeded, {code: change})
    assert caught.value.field is not None
    assert field is None or caught.value.field == field


def test_an_agency_asks_what_if_only_on_tasks_it_sees(seeded: World) -> None:
    assert what_if(seeded, {T15: {"score": "1.0"}}, "SKHCN")["change"]["expected"] == "+0.4375"
    with pytest.raises(NotFound) as caught:
        what_if(seeded, {T15: {"score": "1.0"}}, "STP")
    with pytest.raises(NotFound) as unknown:
        what_if(seeded, {"ST-2024-TC-99": {"score": "1.0"}}, "STP")
    assert caught.value.detail == unknown.value.detail.replace("ST-2024-TC-99", T15)
    assert caught.value.detail.endswith(f"nhiệm vụ {T15} không có, hoặc không thuộc phạm vi của bạn.")


def test_an_assessment_without_benchmarks_says_so_little_about_ranks(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        connection.execute(delete(benchmarks))
        connection.execute(update(assessments).values(published_rank=None))
    found = projection(seeded)
    assert found["benchmarks"] == []
    assert found["rank_interval"]["expected"] == {"best": 1, "worst": 63}
