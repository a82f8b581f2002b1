"""Summaries of the real assessment: today, on past days, for an agency, in bulk; and the daily snapshots."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, text

from app import summaries
from app import tasks as work
from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.assessments.states import TRACKED, created_state, fold_events, states_on
from app.core.access import SYSTEM
from app.core.scoring import parse_points
from app.core.workdays import local_date
from app.db import Database
from app.errors import InvalidInput, NotFound
from app.models import reports, reviews, snapshots, tasks
from app.projections import get_projection
from app.settings import ROOT
from app.tasks import Decision, Update
from tests.conftest import MAY, SEED, World
from tests.domain.wandering import TEXTS, Season

ASSESSMENT = "soc-trang-2024"
REAL = load_seed(SEED)


def summary(world: World, who: str = "coordinator", **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.read(summaries.summarize, world.actor(who), ASSESSMENT, **{"by": "agency", **given})
    return found


def by_key(found: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    return {group["key"]: group for group in found["groups"]}


def submit(world: World, code: str, who: str, **numbers: Any) -> None:
    change = Update(status="submitted", texts=TEXTS, **numbers)
    world.write(work.record_update, world.actor(who), code, change, version=None)


def accept(world: World, code: str) -> None:
    decision = Decision("accepted", evidence_waiver="Đã kiểm tra")
    world.write(work.review, world.actor("coordinator"), code, decision, version=None)


# Today


def test_the_untouched_assessment(seeded: World) -> None:
    found = summary(seeded)
    assert (found["assessment"], found["as_of"], found["by"]) == (ASSESSMENT, date(2025, 5, 5), "agency")
    assert found["total"] == {
        "tasks": 48,
        "by_status": {
            "assigned": 48,
            "in_progress": 0,
            "submitted": 0,
            "returned": 0,
            "accepted": 0,
            "closed": 0,
        },
        "overdue": 0,
        "on_time": 0,
        "late": 0,
        "points_short": "15.1728",
        "verified_gain": "0.0000",
        "expected_gain": "0.0000",
        "completion": "0.0000",
    }
    groups = by_key(found)
    assert {key: group["tasks"] for key, group in groups.items()} == {
        "SNV": 21,
        "STC": 11,
        "SKHCN": 5,
        "VPUB": 6,
        "STP": 5,
    }
    assert groups["STP"]["name"] == "Sở Tư pháp"
    assert groups["STP"]["points_short"] == "1.1064"


@pytest.mark.parametrize("by", summaries.BY)
def test_groups_add_up_to_the_total(seeded: World, by: str) -> None:
    submit(seeded, "ST-2024-TC-15", "SKHCN", measurements={"used_services": 12, "services": 16})
    found = summary(seeded, by=by)
    for figure in ("tasks", "overdue", "on_time", "late"):
        assert sum(group[figure] for group in found["groups"]) == found["total"][figure]
    for figure in ("points_short", "verified_gain", "expected_gain"):
        total = sum(parse_points(group[figure]) for group in found["groups"])
        assert total == parse_points(found["total"][figure])
    assert len(by_key(found)) == len(found["groups"])
    assert all(group["name"] for group in found["groups"])


def test_fields_carry_their_number_and_points_short(seeded: World) -> None:
    short = {key: group["points_short"] for key, group in by_key(summary(seeded, by="field")).items()}
    assert list(short.values()) == ["0.1297", "1.1064", "1.6541", "0.6856", "2.8983", "1.5677", "2.7162", "4.4148"]
    assert list(short) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_gap_in_its_parts(seeded: World) -> None:
    groups = by_key(summary(seeded, by="group"))
    assert groups["appraisal"]["points_short"] == "7.3831"
    assert groups["socio_economic"]["points_short"] == "2.6500"
    kinds = by_key(summary(seeded, by="kind"))
    assert kinds["survey"]["points_short"] == "5.1397"
    assert kinds["appraised"]["points_short"] == "10.0331"


def test_completion_weighs_points_and_not_tasks(seeded: World) -> None:
    submit(seeded, "ST-2024-TC-09", "SNV", declared_score="1.0")
    accept(seeded, "ST-2024-TC-09")
    found = summary(seeded)
    assert found["total"]["completion"] == "0.0659"  # 1.0000 of 15.1728
    assert found["total"]["verified_gain"] == "0.5000"
    assert found["total"]["by_status"]["accepted"] == 1
    assert found["total"]["on_time"] == 1
    assert by_key(summary(seeded, by="status"))["accepted"]["completion"] == "1.0000"


def test_due_dates_are_exclusive_in_local_time(seeded: World) -> None:
    seeded.at(datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC))  # 23:59:59 on the last good day
    assert summary(seeded)["total"]["overdue"] == 0
    seeded.at(datetime(2025, 6, 30, 17, 0, tzinfo=UTC))
    assert summary(seeded)["total"]["overdue"] == 48
    submit(seeded, "ST-2024-TC-15", "SKHCN", measurements={"used_services": 12, "services": 16})
    total = summary(seeded)["total"]
    assert (total["overdue"], total["late"], total["on_time"]) == (47, 1, 0)


def test_an_assessment_is_named_by_code_or_id_and_hidden_from_other_provinces(seeded: World) -> None:
    assert summary(seeded) == seeded.read(summaries.summarize, seeded.actor("leadership"), "1", by="agency")
    for ident in ("soc-trang-2023", "99999999999999999999", "0", "\0"):
        with pytest.raises(NotFound):
            seeded.read(summaries.summarize, seeded.actor("admin"), ident, by="agency")


# What an agency may read


def test_an_agency_reads_expected_gains_only_of_groups_that_are_wholly_its_own(seeded: World) -> None:
    submit(seeded, "ST-2024-TC-15", "SKHCN", measurements={"used_services": 12, "services": 16})
    own = by_key(summary(seeded, "SKHCN"))
    assert own["SKHCN"]["expected_gain"] == "0.1875"
    assert [key for key, group in own.items() if group["expected_gain"] is not None] == ["SKHCN"]
    assert by_key(summary(seeded, "SKHCN", by="field"))[7]["expected_gain"] == "0.1875"
    assert by_key(summary(seeded, "STP", by="field"))[7]["expected_gain"] is None
    groups = by_key(summary(seeded, "STP", by="group"))
    assert groups["sipas"]["expected_gain"] == "0.0000"  # everybody cooperates in all of it
    assert groups["appraisal"]["expected_gain"] is None
    assert summary(seeded, "STP")["total"]["expected_gain"] == "0.0000"
    assert summary(seeded, "SKHCN")["total"]["expected_gain"] == "0.1875"
    counts = ("tasks", "by_status", "overdue", "points_short", "verified_gain", "completion")
    whole = by_key(summary(seeded))
    assert all(own[key][name] == whole[key][name] for key in whole for name in counts)


@pytest.mark.parametrize("by", summaries.BY)
def test_the_past_hides_the_same(seeded: World, by: str) -> None:
    past = summary(seeded, "SKHCN", by=by, as_of=date(2025, 5, 4))
    now = summary(seeded, "SKHCN", by=by)
    assert past == {**now, "as_of": date(2025, 5, 4)}


# Past days


def test_a_day_that_is_yet_to_come_is_refused_and_today_is_now(seeded: World) -> None:
    with pytest.raises(InvalidInput, match="hôm nay"):
        summary(seeded, as_of=date(2025, 5, 6))
    assert summary(seeded, as_of=date(2025, 5, 5)) == summary(seeded)


def test_before_it_was_loaded_everything_stood_untouched(seeded: World) -> None:
    submit(seeded, "ST-2024-TC-15", "SKHCN", measurements={"used_services": 12, "services": 16})
    total = summary(seeded, as_of=date(2024, 12, 31))["total"]
    assert (total["tasks"], total["by_status"]["assigned"], total["expected_gain"]) == (48, 48, "0.0000")


def test_a_local_day_ends_at_five_in_the_afternoon_utc(seeded: World) -> None:
    seeded.at(datetime(2025, 5, 6, 16, 59, 59, 999_999, tzinfo=UTC))
    submit(seeded, "ST-2024-TC-15", "SKHCN", measurements={"used_services": 12, "services": 16})
    seeded.at(datetime(2025, 5, 6, 17, 0, tzinfo=UTC))
    submit(seeded, "ST-2024-TC-16", "SKHCN", measurements={"online_files": 100000, "files": 168561})
    seeded.at(datetime(2025, 5, 8, 2, 0, tzinfo=UTC))
    submitted = [summary(seeded, as_of=date(2025, 5, day))["total"]["by_status"]["submitted"] for day in (5, 6, 7, 8)]
    assert submitted == [0, 1, 2, 2]


def tracked_rows(world: World) -> dict[int, dict[str, Any]]:
    """What the tables say now, in the form of the events."""
    with world.db.snapshot() as connection:
        found = connection.execute(
            select(tasks, reports.c.measurements).outerjoin(reports, reports.c.task_id == tasks.c.id)
        ).mappings()
        states = {row["id"]: created_state(row) for row in found}
        verified = connection.execute(select(reviews).where(reviews.c.decision == "accepted").order_by(reviews.c.id))
        for review in verified:
            if states[review.task_id]["status"] == "accepted":
                states[review.task_id]["verified_measurements"] = review.frozen["measurements"]
    return states


@pytest.mark.parametrize("luck", range(2))
def test_every_day_of_a_busy_season_can_be_told_from_the_events(seeded: World, luck: int) -> None:
    """Fold of all events == current rows, at the end of every day; and `as_of` of any day says what was said then."""
    season, said = Season(seeded, random.Random(luck)), {}
    reader = seeded.actor("coordinator")
    for day in season.days(15, each=9):
        with seeded.db.snapshot() as connection:
            folded = states_on(connection, 1, day)
        standing = tracked_rows(seeded)
        assert folded.keys() == standing.keys()
        for task_id, state in standing.items():
            dropped = {"verified_measurements"} if state["status"] != "accepted" else set()
            told = {name: value for name, value in folded[task_id].items() if name not in dropped}
            assert told == {name: value for name, value in state.items() if name not in dropped}
        said[day] = [summary(seeded, by=by) for by in summaries.BY]
        said[day].append(seeded.read(get_projection, reader, ASSESSMENT))
    assert len(season.done) >= 9, season.done
    for day, answers in said.items():
        again = [summary(seeded, by=by, as_of=day) for by in summaries.BY]
        again.append(seeded.read(get_projection, reader, ASSESSMENT, as_of=day))
        assert again == answers, day
    check_history(seeded, said)


def check_history(world: World, said: dict[date, list[dict[str, Any]]]) -> None:
    world.at(world.now + timedelta(days=1))
    with world.db.transaction() as connection:
        assert summaries.take_snapshots(connection, now=world.now) > len(said)
    history = world.read(summaries.get_history, world.actor("coordinator"), ASSESSMENT, since=min(said))
    days = {item["day"]: item for item in history["items"]}
    for day, (totals, *_, projection) in said.items():
        assert days[day]["counts"] == {name: totals["total"][name] for name in days[day]["counts"]}
        assert all(days[day][name] == projection[name] for name in ("published", "floor", "expected", "ceiling"))
    assert [item["provisional"] for item in history["items"]] == [False] * len(said) + [True]


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.dictionaries(st.sampled_from([*TRACKED, "reason", "self_reviewed"]), st.integers() | st.none(), max_size=4),
    )
)


@given(CHANGES, CHANGES)
def test_folding_on_from_a_state_is_folding_from_the_start(first: Any, rest: Any) -> None:
    middle = fold_events(first)
    assert fold_events([*middle.items(), *rest]) == fold_events([*first, *rest])
    assert all(set(state) <= set(TRACKED) for state in middle.values())


# Snapshots


def stored(db: Database) -> list[Any]:
    with db.snapshot() as connection:
        return list(connection.execute(select(snapshots).order_by(snapshots.c.day)).all())


def snapshot(db: Database, now: datetime) -> int:
    with db.transaction() as connection:
        return summaries.take_snapshots(connection, now=now)


def test_every_day_since_the_load_gets_one_row_and_again_none(seeded: World) -> None:
    assert snapshot(seeded.db, MAY) == 20  # loaded 15/04/2025, yesterday is 04/05/2025
    days = [row.day for row in stored(seeded.db)]
    assert days == [date(2025, 4, 15) + timedelta(days=index) for index in range(20)]
    assert snapshot(seeded.db, MAY) == 0
    assert snapshot(seeded.db, MAY + timedelta(days=3)) == 3
    assert {(row.published, row.floor, row.expected, row.ceiling) for row in stored(seeded.db)} == {
        (848_272, 848_272, 848_272, 1_000_000)
    }


def test_a_day_is_not_closed_before_it_has_ended(seeded: World) -> None:
    snapshot(seeded.db, datetime(2025, 5, 5, 17, 0, 30, tzinfo=UTC))
    assert stored(seeded.db)[-1].day == date(2025, 5, 4)
    snapshot(seeded.db, datetime(2025, 5, 5, 17, 1, 0, tzinfo=UTC))
    assert stored(seeded.db)[-1].day == date(2025, 5, 5)


def test_a_day_after_which_nothing_happened_is_as_one_that_is_rebuilt(seeded: World) -> None:
    """The short way and the long way to a day's row, on either side of midnight."""
    change = Update(status="in_progress", declared_score="0.5")
    seeded.at(datetime(2025, 5, 5, 16, 59, 59, tzinfo=UTC))
    seeded.write(work.record_update, seeded.actor("SKHCN"), "ST-2024-TC-14", change, version=1)
    assert snapshot(seeded.db, datetime(2025, 5, 6, 3, tzinfo=UTC)) == 21
    short = stored(seeded.db)[-1]
    with seeded.db.transaction() as connection:
        connection.execute(snapshots.delete().where(snapshots.c.day == date(2025, 5, 5)))
    seeded.at(datetime(2025, 5, 5, 17, 0, 0, tzinfo=UTC))
    seeded.write(work.record_update, seeded.actor("SKHCN"), "ST-2024-TC-14", Update(percent=50), version=2)
    assert snapshot(seeded.db, datetime(2025, 5, 6, 3, tzinfo=UTC)) == 1
    assert stored(seeded.db)[-1] == short
    assert short.expected > 848_272


def test_a_long_absence_is_made_up_for_in_bounded_steps(seeded: World) -> None:
    late = datetime(2026, 9, 1, 2, tzinfo=UTC)
    taken = [snapshot(seeded.db, late) for _ in range(3)]
    assert taken == [400, 104, 0]
    days = [row.day for row in stored(seeded.db)]
    assert days == sorted(set(days))
    assert days[-1] == date(2026, 8, 31)


def test_a_row_that_another_replica_wrote_stays(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        rows = list(summaries.snapshots._rebuilt(connection, 1, [date(2025, 4, 15)]))
        connection.execute(insert(snapshots), [{**rows[0], "floor": 1}])
        assert summaries.snapshots._insert(connection, rows) == 0
    assert [row.floor for row in stored(seeded.db)] == [1]


def test_history_ends_with_today_so_far(seeded: World) -> None:
    submit(seeded, "ST-2024-TC-15", "SKHCN", measurements={"used_services": 12, "services": 16})
    (hidden,) = seeded.read(summaries.get_history, seeded.actor("STP"), ASSESSMENT)["items"]
    assert (hidden["floor"], hidden["expected"]) == ("84.8272", None)
    (today,) = seeded.read(summaries.get_history, seeded.actor("coordinator"), ASSESSMENT)["items"]
    assert (today["day"], today["provisional"], today["expected"]) == (local_date(MAY), True, "85.0147")
    assert today["counts"]["by_status"]["submitted"] == 1


# In bulk


def crowd(seed: Any, count: int) -> Any:
    model = next(one for one in seed.criteria if one.code == "ST-2024-TC-03")
    made = [model.model_copy(update={"number": n, "code": f"ST-2024-TC-{n:02d}"}) for n in range(1, count + 1)]
    return seed.model_copy(update={"criteria": made, "causes": [], "measures": [], "share_lists": []})


def small(year: int) -> Any:
    seed = load_seed(ROOT / "tests" / "data" / "vi-du-2025.yaml")
    head = seed.assessment.model_copy(update={"code": f"vi-du-{year}", "year": year})
    made = [one.model_copy(update={"code": one.code.replace("VD-2025", f"VD-{year}")}) for one in seed.criteria]
    bare: dict[str, Any] = {"causes": [], "measures": [], "share_lists": []}
    return seed.model_copy(update={"assessment": head, "criteria": made, **bare})


@pytest.fixture
def uneven(db: Database) -> Database:
    """One assessment of 2 000 tasks among many small ones."""
    with db.transaction() as connection:
        for seed in (crowd(REAL, 2_000), *(small(year) for year in range(2026, 2046))):
            load_assessment(connection, SYSTEM, seed, now=MAY)
    with db.transaction() as connection:
        connection.execute(text("ANALYZE"))
    return db


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # PostgreSQL chooses by cost, and by what was vacuumed
def test_roll_ups_never_touch_the_table_of_tasks(uneven: Database) -> None:
    for code, by in product((ASSESSMENT, "vi-du-2030"), summaries.BY):
        plan = explain(uneven, code, by)
        assert any("task USING COVERING INDEX ix_task_rollup (assessment_id=?)" in line for line in plan), plan
        assert not any("SCAN task" in line or "task USING INDEX" in line for line in plan), plan


def explain(db: Database, code: str, by: str) -> list[str]:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        seen.append((sql, parameters))

    with db.snapshot() as connection:
        event.listen(db.reader, "before_cursor_execute", note)
        summaries.summarize(connection, SYSTEM, code, by=by, now=MAY)
        event.remove(db.reader, "before_cursor_execute", note)
        sql, parameters = seen[1]
        return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]


def queries(db: Database, ident: str, work_: Any, **given: Any) -> int:
    seen = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    with db.snapshot() as connection:
        event.listen(db.reader, "before_cursor_execute", note)
        work_(connection, SYSTEM, ident, now=MAY, **given)
        event.remove(db.reader, "before_cursor_execute", note)
    return len(seen)


def test_thousands_of_tasks_take_no_more_queries_than_four(uneven: Database) -> None:
    for work_, arguments in (
        (summaries.summarize, {"by": "agency"}),
        (summaries.summarize, {"by": "field", "as_of": date(2025, 1, 1)}),
        (get_projection, {}),
        (summaries.get_history, {}),
    ):
        many, few = (queries(uneven, ident, work_, **arguments) for ident in (ASSESSMENT, "vi-du-2030"))
        assert many == few
    assert queries(uneven, ASSESSMENT, summaries.summarize, by="agency") == 2


def test_an_assessment_that_lacks_nothing_has_a_history_of_zeros(seeded: World) -> None:
    from app.models import assessments

    with seeded.db.transaction() as connection:
        whole = dict(connection.execute(assessments.select()).mappings().one())
        connection.execute(assessments.insert(), whole | {"id": 99, "code": "soc-trang-2030", "year": 2030})
    history = seeded.read(summaries.get_history, seeded.actor("coordinator"), "soc-trang-2030")
    assert [item["counts"]["tasks"] for item in history["items"]] == [0]
