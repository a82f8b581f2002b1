"""What waits for the coordinator, who may decide it, what a decision moved; where the whole stands, from sums."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from app import agencies, outbox, projections, summaries, tasks
from app.tasks import Decision, Filter, Update
from tests.conftest import World
from tests.domain.wandering import TEXTS

ASSESSMENT = "soc-trang-2024"


def submit(world: World, who: str, code: str, **figures: Any) -> None:
    change = Update(status="submitted", texts=TEXTS, **figures)
    world.write(tasks.record_update, world.actor(who), code, change, version=None)


def services(world: World, used: str) -> dict[str, str]:
    rule = world.read(tasks.get_task, world.actor("SKHCN"), "ST-2024-TC-15")["rule"]
    return {one["name"]: one["published"] for one in rule["inputs"]} | {"used_services": used}


def waiting(world: World, who: str = "coordinator", **wanted: Any) -> list[dict[str, Any]]:
    found = world.read(tasks.list_waiting, world.actor(who), limit=50, offset=0, **wanted)
    assert found["total"] == len(found["items"])
    items: list[dict[str, Any]] = found["items"]
    return items


def test_the_longest_waiting_comes_first_with_working_days(seeded: World) -> None:
    seeded.at(datetime(2025, 6, 19, 3, 0, tzinfo=UTC))  # a Thursday
    submit(seeded, "SKHCN", "ST-2024-TC-15", measurements=services(seeded, "14"))
    seeded.now += timedelta(days=1)
    submit(seeded, "STP", "ST-2024-TC-03", declared_score="0.8")
    seeded.now += timedelta(days=7)
    first, second = waiting(seeded)
    assert (first["code"], first["waited_workdays"], first["long"]) == ("ST-2024-TC-15", 6, True)
    assert (second["code"], second["waited_workdays"], second["long"]) == ("ST-2024-TC-03", 5, False)
    assert (first["published"], first["reported"], first["on_time"]) == ("0.5625", "0.8750", True)
    assert (first["agency"]["code"], first["by"], first["documents"]) == ("SKHCN", "SKHCN", 0)
    assert [one["code"] for one in waiting(seeded, agency="STP")] == ["ST-2024-TC-03"]
    assert [one["code"] for one in waiting(seeded, "SKHCN")] == ["ST-2024-TC-15"]
    assert waiting(seeded, assessment="another-2024") == []


def test_one_task_tells_how_its_score_comes_about(seeded: World) -> None:
    submit(seeded, "SKHCN", "ST-2024-TC-15", measurements=services(seeded, "14"))
    task = seeded.read(tasks.get_task, seeded.actor("coordinator"), "ST-2024-TC-15")
    assert task["waiting"]["derivation"].endswith("= 0,8750")
    assert seeded.read(tasks.get_task, seeded.actor("coordinator"), "ST-2024-TC-16")["waiting"] is None


def test_own_reports_are_marked(seeded: World) -> None:
    own = seeded.read(tasks.list_tasks, seeded.actor("coordinator"), Filter(agency="SNV", kind="survey", limit=1))
    submit(seeded, "coordinator", own["items"][0]["code"])
    (mine,) = waiting(seeded)
    assert (mine["self_review"], mine["yours"]) == (True, True)
    (theirs,) = waiting(seeded, "coordinator#2")
    assert (theirs["self_review"], theirs["yours"]) == (True, False)


def test_a_decision_tells_what_it_moved(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    submit(seeded, "SKHCN", "ST-2024-TC-15", measurements=services(seeded, "14"))
    assert seeded.read(tasks.find_decision, coordinator, "ST-2024-TC-15") is None
    decision = Decision("accepted", evidence_waiver="Đã kiểm tra", measurements={"used_services": "12"})
    seeded.write(tasks.review, coordinator, "ST-2024-TC-15", decision, version=None)
    found = seeded.read(tasks.find_decision, coordinator, "ST-2024-TC-15")
    assert found["decision"] == "accepted"
    assert found["moved"] == {"floor": 1875, "expected": -1250, "ceiling": -2500}
    assert waiting(seeded) == []


def test_the_standing_is_the_projection_without_its_criteria(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    submit(seeded, "SKHCN", "ST-2024-TC-15", measurements=services(seeded, "14"))
    decision = Decision("accepted", evidence_waiver="Đã kiểm tra")
    seeded.write(tasks.review, coordinator, "ST-2024-TC-15", decision, version=None)
    submit(seeded, "STP", "ST-2024-TC-03", declared_score="0.8")
    submit(seeded, "STC", "ST-2024-TC-18", declared_score="0.9")
    for who in ("coordinator", "leadership", "SKHCN", "SNV", "STP"):
        standing = seeded.read(summaries.get_standing, seeded.actor(who), ASSESSMENT)
        projection = seeded.read(projections.get_projection, seeded.actor(who), ASSESSMENT)
        shared = standing.keys() & projection.keys()
        assert shared >= {"published", "floor", "expected", "ceiling", "fields", "gap", "gap_by_figure"}
        assert shared >= {"benchmarks", "rank_interval"}
        assert {key: standing[key] for key in shared} == {key: projection[key] for key in shared}
        assert (standing["published"], standing["published_rank"]) == ("84.8272", 58)


def test_the_first_next_points_are_those_of_the_projection(seeded: World) -> None:
    submit(seeded, "SKHCN", "ST-2024-TC-15", measurements=services(seeded, "14"))
    for who, fewest in (("coordinator", 5), ("SKHCN", 2)):
        whole = seeded.read(projections.get_projection, seeded.actor(who), ASSESSMENT)["next_best"]
        assert len(whole) >= fewest
        for limit in (1, 5, 100):
            assert seeded.read(projections.find_next_best, seeded.actor(who), ASSESSMENT, limit=limit) == whole[:limit]


def test_contradictory_benchmarks_bound_no_rank_here_either(seeded: World) -> None:
    from sqlalchemy import update

    from app.models import benchmarks

    with seeded.db.transaction() as connection:
        connection.execute(update(benchmarks).where(benchmarks.c.rank == 1).values(rank=60))
    found = seeded.read(summaries.get_standing, seeded.actor("coordinator"), ASSESSMENT)
    assert found["rank_interval"]["published"] == {"best": 1, "worst": 63}
    assert (
        found["rank_interval"]
        == seeded.read(projections.get_projection, seeded.actor("coordinator"), ASSESSMENT)["rank_interval"]
    )


def test_due_soon_leaves_out_what_is_late_and_what_waits(seeded: World) -> None:
    def soon(days: int) -> int:
        found = seeded.read(tasks.list_tasks, seeded.actor("coordinator"), Filter(due_within=days, limit=1))
        return int(found["total"])

    seeded.at(datetime(2025, 6, 23, 3, 0, tzinfo=UTC))
    assert (soon(7), soon(8)) == (0, 48)
    submit(seeded, "STP", "ST-2024-TC-03", declared_score="0.8")
    assert soon(8) == 47
    seeded.now += timedelta(days=8)  # 01/07/2025: too late
    assert soon(7) == 0


def test_requests_tell_how_many_working_days_they_ask_for(seeded: World) -> None:
    for code, day in (("ST-2024-TC-03", date(2025, 9, 15)), ("ST-2024-TC-01", date(2999, 1, 1))):
        with seeded.db.snapshot() as connection:
            lead = tasks.get_task(connection, seeded.actor("coordinator"), code, now=seeded.now)["agency"]["code"]
        seeded.write(tasks.request_extension, seeded.actor(lead), code, day, "Chờ hướng dẫn", None, version=None)
    found = seeded.read(
        tasks.list_requests, seeded.actor("coordinator"), state="open", oldest_first=True, limit=9, offset=0
    )["items"]
    # July has 23 working days, August 21; September until the 14th 10, less two days off for Quốc khánh
    assert [(one["task"], one["workdays"]) for one in found] == [("ST-2024-TC-03", 52), ("ST-2024-TC-01", None)]
    assert found[0]["effective_due"] == date(2025, 7, 1)
    assert found[0]["task_name"]
    elsewhere = seeded.read(
        tasks.list_requests, seeded.actor("coordinator"), state=None, assessment="another-2024", limit=9, offset=0
    )
    assert elsewhere["total"] == 0


def test_agencies_that_no_reminder_reaches(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    before = seeded.read(agencies.list_without_contacts, coordinator)
    contact = agencies.NewContact("officer", "Phó Giám đốc Sở", agency="STP", email="a@example.vn")
    seeded.write(agencies.create_contact, coordinator, contact)
    after = seeded.read(agencies.list_without_contacts, coordinator)
    assert {one["code"] for one in before} - {one["code"] for one in after} == {"STP"}


def test_messages_that_reached_nobody_are_counted(seeded: World) -> None:
    from app import reminders

    seeded.at(datetime(2025, 6, 24, 3, 0, tzinfo=UTC))
    coordinator = seeded.actor("coordinator")
    assert seeded.read(outbox.count_undelivered, coordinator) == {"late": 0, "dead": 0, "unreachable": 0}
    made = seeded.write(reminders.run_now, coordinator)
    seeded.now += timedelta(hours=1)
    assert seeded.read(outbox.count_undelivered, coordinator)["late"] >= len(made["digests"]) > 0
