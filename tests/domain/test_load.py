"""A seed into the database: whole, again, corrected, beside others, and in bulk."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, update

from app.assessments.load import LoadResult, load_assessment
from app.assessments.seedfile import Seed, load_seed
from app.assessments.states import TRACKED
from app.core.access import SYSTEM, Actor, Role
from app.db import Database
from app.errors import Conflict, Forbidden
from app.models import (
    agencies,
    agency_names,
    assessments,
    criteria,
    events,
    fields,
    measure_agencies,
    measure_tasks,
    measures,
    provinces,
    shares,
    task_cooperators,
    tasks,
)
from app.settings import ROOT
from tests.conftest import SEED, World

APRIL = datetime(2025, 4, 15, 2, tzinfo=UTC)
REAL = load_seed(SEED)
OTHER = load_seed(ROOT / "tests" / "data" / "vi-du-2025.yaml")


def load(db: Database, seed: Seed, actor: Actor = SYSTEM, now: datetime = APRIL) -> LoadResult:
    with db.transaction() as connection:
        return load_assessment(connection, actor, seed, now=now)


def rows(db: Database, table: Any) -> list[Any]:
    with db.snapshot() as connection:
        return list(connection.execute(select(table)).all())


def size(db: Database, table: Any) -> int:
    return len(rows(db, table))


def corrected(seed: Seed, code: str, **changes: Any) -> Seed:
    return seed.model_copy(
        update={"criteria": [one.model_copy(update=changes) if one.code == code else one for one in seed.criteria]}
    )


def of_year(seed: Seed, year: int, prefix: str) -> Seed:
    """The same criteria as another assessment of the same province."""
    head = seed.assessment.model_copy(
        update={"code": f"{seed.province.code}-{year}", "code_prefix": prefix, "year": year}
    )
    renamed = [one.model_copy(update={"code": one.code.replace("ST-2024", prefix)}) for one in seed.criteria]
    bare: dict[str, Any] = {"causes": [], "measures": [], "share_lists": [], "benchmarks": []}
    return seed.model_copy(update={"assessment": head, "criteria": renamed, **bare})


# The real assessment


def test_the_report_becomes_48_tasks_that_are_15_1728_points_short(seeded: World) -> None:
    found = rows(seeded.db, tasks)
    assert len(found) == 48
    assert Counter(one.kind for one in found) == {"appraised": 21, "survey": 27}
    assert sum(one.max - one.published for one in found) == 151_728
    assert {(one.status, one.version, one.percent, one.submissions) for one in found} == {("assigned", 1, 0, 0)}
    assert all(one.floor == one.expected == one.published and one.ceiling == one.max for one in found)
    assert {f"{one.due_before}" for one in found} == {f"{one.effective_due}" for one in found} == {"2025-07-01"}


def test_field_scores_are_exact(seeded: World) -> None:
    assert [one.published for one in sorted(rows(seeded.db, fields), key=lambda one: one.number)] == [
        93_703,
        88_936,
        113_459,
        98_144,
        121_017,
        104_323,
        107_838,
        120_852,
    ]


def test_the_assessment_keeps_what_the_report_says_and_has_no_mandate_yet(seeded: World) -> None:
    (one,) = rows(seeded.db, assessments)
    assert (one.code, one.published, one.published_rank, one.province_count) == ("soc-trang-2024", 848_272, 58, 63)
    assert one.mandate_number is None
    assert one.groups["sipas"]["max"] == 100_000
    assert one.source["source_notes"]
    assert one.source["previous"]["score"] == "81.70"
    assert one.reminder_policy["before_days"] == [30, 14, 7, 3, 1]


def test_successors_lead_and_former_names_are_kept(seeded: World) -> None:
    by_code = {one.code: one for one in rows(seeded.db, tasks)}
    lead = {one.id: one.code for one in rows(seeded.db, agencies)}
    sixteen = by_code["ST-2024-TC-16"]
    assert lead[sixteen.agency_id] == "SKHCN"
    assert sixteen.former_agency == "Sở Thông tin và Truyền thông"
    assert "so thong tin va truyen thong" in sixteen.search
    assert "ho so truc tuyen" in sixteen.search
    assert "Sở Kế hoạch và Đầu tư" in {one.name for one in rows(seeded.db, agency_names)}


def test_measures_of_a_field_reach_every_task_of_the_field(seeded: World) -> None:
    with seeded.db.snapshot() as connection:
        linked = connection.execute(
            select(func.count())
            .select_from(measure_tasks)
            .join(measures, measures.c.id == measure_tasks.c.measure_id)
            .where(measures.c.code == "ST-2024-GP-01")
        ).scalar_one()
    assert linked == 48
    assert size(seeded.db, measure_agencies) > 0


def test_satisfaction_tasks_have_everybody_cooperating(seeded: World) -> None:
    ids = {one.id for one in rows(seeded.db, tasks) if one.code == "ST-2024-KS-27"}
    cooperating = [one for one in rows(seeded.db, task_cooperators) if one.task_id in ids]
    assert len(cooperating) == size(seeded.db, agencies) - 1


def test_shares_are_due_with_their_task_and_unknown_quantities_stay_empty(seeded: World) -> None:
    found = rows(seeded.db, shares)
    assert {f"{one.effective_due}" for one in found} == {"2025-07-01"}
    assert all(one.quantity is None for one in found if one.code.startswith("ST-2024-TC-03."))
    assert sum(one.quantity for one in found if one.code.startswith("ST-2024-TC-07.")) == 2590


def test_every_task_is_logged_with_all_tracked_columns(seeded: World) -> None:
    found = rows(seeded.db, events)
    assert Counter(one.action for one in found) == {"task.created": 48, "assessment.loaded": 1}
    created = [one for one in found if one.action == "task.created"]
    assert all(set(one.after) == set(TRACKED) for one in created)
    assert all(one.assessment_id and one.province_id and one.entity_code.startswith("ST-2024-") for one in created)


# Again


def test_loading_again_adds_nothing_and_logs_nothing(seeded: World) -> None:
    before = size(seeded.db, events)
    again = load(seeded.db, REAL)
    assert (again.added, again.different) == ({}, ())
    assert again.unchanged["tasks"] == 48
    assert size(seeded.db, events) == before


def test_what_people_changed_is_never_overwritten(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        connection.execute(update(tasks).where(tasks.c.code == "ST-2024-TC-01").values(status="closed", percent=40))
        connection.execute(update(assessments).values(mandate_number="12/QĐ-UBND"))
    assert load(seeded.db, REAL).different == ()
    (one,) = [one for one in rows(seeded.db, tasks) if one.code == "ST-2024-TC-01"]
    assert (one.status, one.percent) == ("closed", 40)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "Tên đã sửa"}, "Tiêu chí tự chấm số 1, tên: đang là “Xử lý"),
        ({"score": 9_000}, "Tiêu chí tự chấm số 1, điểm công bố: đang là 0,8841, tệp ghi 0,9000"),
        ({"agency": "VPUB"}, "Nhiệm vụ ST-2024-TC-01, cơ quan phụ trách: đang là SNV, tệp ghi VPUB"),
    ],
)
def test_a_corrected_seed_is_reported_and_not_applied(seeded: World, change: dict[str, Any], words: str) -> None:
    before = rows(seeded.db, criteria), rows(seeded.db, tasks)
    result = load(seeded.db, corrected(REAL, "ST-2024-TC-01", **change))
    assert any(line.startswith(words) for line in result.different), result.different
    assert (rows(seeded.db, criteria), rows(seeded.db, tasks)) == before


def test_a_seed_without_a_criterion_leaves_its_task_and_says_so(seeded: World) -> None:
    kept = [one for one in REAL.criteria if one.code != "ST-2024-TC-02"]
    result = load(seeded.db, REAL.model_copy(update={"criteria": kept}))
    assert "Nhiệm vụ ST-2024-TC-02: tệp không còn mục này; giữ nguyên mục đang có." in result.different
    assert size(seeded.db, tasks) == 48


def test_what_was_missing_is_added_with_its_links_and_its_log(db: Database) -> None:
    short = [one for one in REAL.criteria if one.code != "ST-2024-KS-27"]
    trimmed = [
        one.model_copy(update={"criteria": [code for code in one.criteria if code != "ST-2024-KS-27"]})
        for one in REAL.measures
    ]
    load(db, REAL.model_copy(update={"criteria": short, "measures": trimmed, "causes": []}))
    result = load(db, REAL)
    assert result.added["tasks"] == 1
    assert result.added["causes"] == len(REAL.causes)
    assert result.added["task_cooperator"] == size(db, agencies) - 1
    assert result.added["measure_task"] > 0
    assert Counter(one.action for one in rows(db, events)) == {"task.created": 48, "assessment.loaded": 2}
    assert load(db, REAL).added == {}


def test_cooperation_that_was_ended_is_not_taken_up_again(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        one = select(tasks.c.id).where(tasks.c.code == "ST-2024-KS-27").scalar_subquery()
        connection.execute(task_cooperators.delete().where(task_cooperators.c.task_id == one))
    result = load(seeded.db, REAL)
    assert result.added == {}
    assert "Cơ quan phối hợp của ST-2024-KS-27: STP: có trong tệp, hiện không có; giữ nguyên." in result.different


# Beside others


def test_another_year_of_the_province_reuses_its_agencies(seeded: World) -> None:
    before = size(seeded.db, agencies), size(seeded.db, provinces)
    result = load(seeded.db, of_year(REAL, 2025, "ST-2025"))
    assert result.added["tasks"] == 48
    assert "agencies" not in result.added
    assert (size(seeded.db, agencies), size(seeded.db, provinces)) == before
    assert size(seeded.db, assessments) == 2


def test_another_province_has_agencies_of_its_own(seeded: World) -> None:
    assert load(seeded.db, OTHER).added["tasks"] == len(OTHER.criteria)
    assert Counter(one.code for one in rows(seeded.db, agencies))["SNV"] == 2
    assert size(seeded.db, provinces) == 2


def test_codes_of_another_assessment_are_refused_and_nothing_is_left(seeded: World) -> None:
    before = size(seeded.db, assessments), size(seeded.db, events)
    with pytest.raises(Conflict, match="mã đã dùng"):
        load(seeded.db, of_year(REAL, 2025, "ST-2024"))
    assert (size(seeded.db, assessments), size(seeded.db, events)) == before


def test_an_assessment_of_another_province_is_refused(seeded: World) -> None:
    foreign = REAL.model_copy(update={"province": REAL.province.model_copy(update={"code": "can-tho"})})
    with pytest.raises(Conflict, match="thuộc một tỉnh khác"):
        load(seeded.db, foreign)


def test_after_a_merger_the_old_seed_still_loads_and_new_tasks_go_to_the_successor(seeded: World) -> None:
    with seeded.db.transaction() as connection:
        new = connection.execute(
            insert(provinces).values(code="can-tho", name="Cần Thơ").returning(provinces.c.id)
        ).scalar_one()
        heir = connection.execute(
            insert(agencies)
            .values(province_id=new, code="SNV", name="Sở Nội vụ thành phố", is_coordinator=True)
            .returning(agencies.c.id)
        ).scalar_one()
        connection.execute(update(provinces).where(provinces.c.code == "soc-trang").values(succeeded_by_id=new))
        old = (agencies.c.code == "SNV") & (agencies.c.id != heir)
        connection.execute(update(agencies).where(old).values(succeeded_by_id=heir))
        connection.execute(update(tasks).where(tasks.c.code == "ST-2024-TC-01").values(agency_id=heir))
        connection.execute(update(assessments).values(province_id=new))
    one = next(one for one in REAL.criteria if one.code == "ST-2024-TC-01")
    extra = one.model_copy(update={"code": "ST-2024-TC-22", "number": 22})
    load(seeded.db, REAL.model_copy(update={"criteria": [*REAL.criteria, extra]}))
    made = next(one for one in rows(seeded.db, tasks) if one.code == "ST-2024-TC-22")
    assert (made.agency_id, made.former_agency, made.assignment_basis) == (heir, "Sở Nội vụ", "succession")
    logged = next(one for one in rows(seeded.db, events) if one.entity_code == "ST-2024-TC-22")
    assert logged.province_id == new


def test_a_second_coordinator_is_reported_and_not_made(seeded: World) -> None:
    listed = [one.model_copy(update={"coordinator": False}) for one in REAL.agencies]
    newcomer = listed[0].model_copy(update={"code": "SMOI", "name": "Sở Mới", "coordinator": True, "former_names": []})
    result = load(seeded.db, REAL.model_copy(update={"agencies": [*listed, newcomer]}))
    assert any("SMOI" in line and "tỉnh đã có SNV" in line for line in result.different)
    assert [one.code for one in rows(seeded.db, agencies) if one.is_coordinator] == ["SNV"]


def test_only_those_who_may_make_agencies_load_and_only_in_their_province(seeded: World) -> None:
    with pytest.raises(Forbidden):
        load(seeded.db, REAL, seeded.actor("coordinator"))
    (province,) = rows(seeded.db, provinces)
    with pytest.raises(Forbidden, match="tỉnh mình"):
        load(seeded.db, OTHER, Actor(1, "quản trị", Role.ADMIN, province.id))


# In bulk


def many(seed: Seed, count: int) -> Seed:
    model = next(one for one in seed.criteria if one.code == "ST-2024-TC-03")
    made = [model.model_copy(update={"number": n, "code": f"ST-2024-TC-{n:02d}"}) for n in range(1, count + 1)]
    bare: dict[str, Any] = {"criteria": made, "causes": [], "measures": [], "share_lists": []}
    return seed.model_copy(update=bare)


def statements(db: Database, work: Callable[[], object]) -> int:
    seen = []

    def note(*given: Any) -> None:
        seen.append(given[2])

    event.listen(db.writer, "before_cursor_execute", note)
    work()
    event.remove(db.writer, "before_cursor_execute", note)
    return len(seen)


def test_ten_times_the_criteria_take_no_more_statements(db: Database) -> None:
    few = statements(db, lambda: load(db, many(REAL, 20)))
    other = of_year(many(REAL, 200), 2025, "ST-2025")
    assert statements(db, lambda: load(db, other)) <= few
    assert size(db, tasks) == 220
