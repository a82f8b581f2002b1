"""Sáp nhập tỉnh: a whole province passes into another, which may have agencies of its own."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import agencies, audit, summaries, tasks
from app.agencies import ProvinceOrder
from app.core.access import SYSTEM, Actor, Role
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.models import provinces
from app.models import tasks as task_table
from tests.conftest import World
from tests.domain.succession_scene import (
    MERGER,
    ON_THE_DAY,
    TODAY,
    account,
    agency,
    assessment,
    build_can_tho,
    close,
    codes,
    contact,
    holder,
    logged,
    measures_of,
    merge,
    reached,
    run_due,
    shares_of,
    succeed,
    tasks_of,
)


def new_coordinator(world: World) -> Actor:
    """An account of Cần Thơ's coordinating agency."""
    seat = agency(world, "SNV", province="can-tho")
    return Actor(None, "snv.can-tho", Role.COORDINATOR, seat.province_id, seat.id)


def on_the_day(world: World) -> World:
    world.at(ON_THE_DAY)
    assert run_due(world) == 1
    return world


def test_everything_open_passes_by_the_mapping_and_the_rest_to_the_new_coordinator(seeded: World) -> None:
    build_can_tho(seeded, "STC", "SKHCN")
    finance = codes(tasks_of(seeded, "STC"))
    rest = codes(tasks_of(seeded, "STP")) | codes(tasks_of(seeded, "VPUB"))
    own = codes(tasks_of(seeded, "SNV"))
    answer = merge(seeded, mapping={"SNV": "SNV", "STC": "STC"})
    assert answer["state"] == "pending"
    on_the_day(seeded)
    assert codes(tasks_of(seeded, "STC", province="can-tho")) == finance
    assert rest | own <= codes(tasks_of(seeded, "SNV", province="can-tho"))
    with seeded.db.snapshot() as connection:
        bases = set(connection.execute(select(task_table.c.assignment_basis)).scalars())
    assert bases == {"succession"}
    former = {row.former_agency for row in tasks_of(seeded, "STC", province="can-tho")}
    assert former == {"Sở Tài chính"}


def test_the_new_coordinator_sees_and_steers_and_the_old_one_does_not_any_more(seeded: World) -> None:
    build_can_tho(seeded)
    ended = tasks_of(seeded, "STP")[0]
    close(seeded, ended.code)
    merge(seeded)
    on_the_day(seeded)
    heir = new_coordinator(seeded)
    page = seeded.read(tasks.list_tasks, heir, tasks.Filter(limit=200))
    assert page["total"] == 48
    told = seeded.read(tasks.get_task, heir, ended.code)
    assert told["agency"] == {"code": "STP", "name": "Sở Tư pháp"}
    seeded.write(tasks.reopen, heir, ended.code, "Làm tiếp", None, version=None)
    assert seeded.read(tasks.list_tasks, seeded.actor("coordinator"), tasks.Filter())["total"] == 0


def test_a_task_that_is_reopened_later_goes_to_the_successors(seeded: World) -> None:
    build_can_tho(seeded, "STP", "STC")
    ended = tasks_of(seeded, "STP")[0].code
    helped = tasks.Steering("Cùng làm", cooperating=["STC", "SNV"])
    seeded.write(tasks.steer, seeded.actor("coordinator"), ended, helped, version=None)
    close(seeded, ended)
    merge(seeded, mapping={"STP": "STP", "STC": "STC"})
    on_the_day(seeded)
    heir = new_coordinator(seeded)
    seeded.write(tasks.reopen, heir, ended, "Làm tiếp", None, version=None)
    assert ended in codes(tasks_of(seeded, "STP", province="can-tho"))
    told = seeded.read(tasks.get_task, heir, ended)
    assert (told["agency"]["name"], told["former_agency"]) == ("STP thành phố Cần Thơ", "Sở Tư pháp")
    assert {one["name"] for one in told["cooperating"]} == {"STC thành phố Cần Thơ", "SNV thành phố Cần Thơ"}
    (row,) = logged(seeded, action="task.reopened")
    assert row.after["agency"] == "STP"


def test_an_agency_and_its_successor_of_the_same_code_are_summed_up_as_one(seeded: World) -> None:
    build_can_tho(seeded, "STP")
    close(seeded, tasks_of(seeded, "STP")[0].code)
    before = {one["key"]: one for one in summarize(seeded, seeded.actor("coordinator"))}
    merge(seeded, mapping={"STP": "STP"})
    on_the_day(seeded)
    groups = summarize(seeded, new_coordinator(seeded))
    assert [one["key"] for one in groups if one["key"] == "STP"] == ["STP"]
    (group,) = (one for one in groups if one["key"] == "STP")
    assert group["name"] == "STP thành phố Cần Thơ"
    assert (group["tasks"], group["by_status"]["closed"]) == (before["STP"]["tasks"], 1)
    seat = agency(seeded, "STP", province="can-tho")
    own = summarize(seeded, Actor(None, "stp.can-tho", Role.AGENCY, seat.province_id, seat.id))
    assert {one["key"] for one in own if one["expected_gain"] is not None} == {"STP"}


def summarize(world: World, actor: Actor) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = world.read(summaries.summarize, actor, "soc-trang-2024", by="agency")["groups"]
    return groups


def test_the_assessment_keeps_its_name_and_says_that_it_changed_hands(seeded: World) -> None:
    build_can_tho(seeded)
    before = assessment(seeded)
    merge(seeded)
    on_the_day(seeded)
    after = assessment(seeded)
    assert after.province_id == agency(seeded, "SNV", province="can-tho").province_id
    assert (after.name, after.version) == (before.name, before.version + 1)
    (row,) = logged(seeded, action="assessment.succeeded")
    assert row.after["province"] == "can-tho"


def test_shares_and_measures_pass_on_too(seeded: World) -> None:
    build_can_tho(seeded, "STC")
    old = set(measures_of(seeded, "STC"))
    assert shares_of(seeded, "HKS")
    merge(seeded, mapping={"STC": "STC"})
    on_the_day(seeded)
    assert set(measures_of(seeded, "STC", province="can-tho")) == old
    assert shares_of(seeded, "HKS") == []
    came = {row.former_agency for row in shares_of(seeded, "SNV", province="can-tho")}
    assert "Ủy ban nhân dân huyện Kế Sách" in came


def test_two_agencies_that_become_one_share_its_measures_once(seeded: World) -> None:
    build_can_tho(seeded, "STC")
    both = set(measures_of(seeded, "STC")) | set(measures_of(seeded, "STP"))
    merge(seeded, mapping={"STC": "STC", "STP": "STC"})
    on_the_day(seeded)
    assert set(measures_of(seeded, "STC", province="can-tho")) == both


def test_the_old_province_and_its_agencies_say_who_came_after(seeded: World) -> None:
    build_can_tho(seeded, "STC")
    merge(seeded, mapping={"STC": "STC"})
    on_the_day(seeded)
    listed = seeded.read(agencies.list_provinces, seeded.actor("admin"))["items"]
    old = next(one for one in listed if one["code"] == "soc-trang")
    assert (old["name"], old["active"], old["succeeded_by"]) == ("Tỉnh Sóc Trăng", False, "can-tho")
    assert old["succeeded_from"] == MERGER
    page = seeded.read(agencies.list_agencies, new_coordinator(seeded), province="soc-trang", limit=200, offset=0)
    assert page["total"] == 24
    assert not any(one["active"] for one in page["items"])
    heirs = {one["code"]: one["succeeded_by"]["code"] for one in page["items"]}
    assert (heirs["STC"], heirs["STP"]) == ("STC", "SNV")


def test_the_new_coordinator_reads_the_old_audit_but_lists_its_own_agencies(seeded: World) -> None:
    build_can_tho(seeded)
    close(seeded, "ST-2024-TC-16")
    merge(seeded)
    on_the_day(seeded)
    heir = new_coordinator(seeded)
    page = seeded.read(audit.list_events, heir, audit.Filter(code="ST-2024-TC-16", action="task.closed"))
    assert [one["province"] for one in page["items"]] == ["soc-trang"]
    assert seeded.read(agencies.list_agencies, heir, limit=50, offset=0)["total"] == 1
    old = agency(seeded, "STP")
    assert seeded.read(agencies.get_agency, heir, str(old.id))["province"] == "soc-trang"


def test_mapped_agencies_take_their_people_along_and_the_others_do_not(seeded: World) -> None:
    build_can_tho(seeded, "STC")
    contact(seeded, "STC", "Chi")
    contact(seeded, "STP", "An")
    _, kept = account(seeded, "stc.cchc", "agency", "STC")
    _, lost = account(seeded, "stp.cchc", "agency", "STP")
    merge(seeded, mapping={"STC": "STC"})
    on_the_day(seeded)
    heir = agency(seeded, "STC", province="can-tho")
    actor = holder(seeded, kept)
    assert actor is not None
    assert (actor.role, actor.agency_id, actor.province_id) == (Role.AGENCY, heir.id, heir.province_id)
    assert holder(seeded, lost) is None
    assert reached(seeded, "STC", province="can-tho") == ["Chi"]
    assert reached(seeded, "STP") == []


@pytest.mark.parametrize(("target", "role"), [("SNV", Role.COORDINATOR), ("STC", Role.AGENCY), (None, None)], ids=str)
def test_the_old_coordinator_coordinates_on_only_where_it_joins_the_new_one(
    seeded: World, target: str | None, role: Role | None
) -> None:
    build_can_tho(seeded, "STC")
    _, key = account(seeded, "snv.cchc", "coordinator")
    merge(seeded, mapping={} if target is None else {"SNV": target})
    on_the_day(seeded)
    actor = holder(seeded, key)
    assert (actor.role if actor else None) == role


@pytest.mark.parametrize("moves", [False, True], ids=["stays behind", "moves"])
def test_the_leadership_moves_only_when_the_order_says_so(seeded: World, moves: bool) -> None:
    build_can_tho(seeded)
    contact(seeded, None, "Dung")
    _, key = account(seeded, "ld.ubnd", "leadership")
    merge(seeded, leadership_moves=moves)
    on_the_day(seeded)
    assert reached(seeded, None) == []
    assert reached(seeded, None, province="can-tho") == (["Dung"] if moves else [])
    actor = holder(seeded, key)
    new = agency(seeded, "SNV", province="can-tho").province_id
    assert (actor.province_id if actor else None) == (new if moves else None)


def test_a_province_that_does_not_exist_yet_is_made_with_the_mapped_agencies(seeded: World) -> None:
    mapping = {"SNV": "SNV", "STC": "STC", "STP": "STC"}
    answer = merge(seeded, on=TODAY, successor_name="Thành phố Cần Thơ", mapping=mapping)
    assert answer["state"] == "applied"
    assert answer["moved"]["assessments"] == 1
    page = seeded.read(agencies.list_agencies, seeded.actor("admin"), province="can-tho", limit=50, offset=0)
    shown = [(one["code"], one["name"], one["coordinator"]) for one in page["items"]]
    assert shown == [("SNV", "Sở Nội vụ", True), ("STC", "Sở Tài chính", False)]
    (row,) = [row for row in tasks_of(seeded, "STC", province="can-tho") if row.code == "ST-2024-TC-03"]
    assert row.former_agency == "Sở Tư pháp"


def test_a_new_province_needs_a_name_and_somebody_to_coordinate(seeded: World) -> None:
    with pytest.raises(InvalidInput, match="tên tỉnh"):
        merge(seeded)
    with pytest.raises(Conflict, match="thường trực"):
        merge(seeded, successor_name="Thành phố Cần Thơ", mapping={"STC": "STC"})
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(provinces.c.code)).scalars().all() == ["soc-trang"]


def test_agencies_succeeded_before_the_day_are_not_succeeded_again(seeded: World) -> None:
    build_can_tho(seeded, "STC")
    merge(seeded, mapping={"STC": "STC", "STP": "STC"})
    succeed(seeded, "STP", "SKHCN")
    on_the_day(seeded)
    assert agency(seeded, "STP").succeeded_by_id == agency(seeded, "SKHCN").id
    assert agency(seeded, "SKHCN").succeeded_by_id == agency(seeded, "SNV", province="can-tho").id


def test_an_agency_order_overtaken_by_the_merger_is_cancelled(seeded: World) -> None:
    build_can_tho(seeded)
    late = succeed(seeded, "STP", "STC", on=MERGER + timedelta(days=1))
    merge(seeded)
    on_the_day(seeded)
    seeded.at(ON_THE_DAY + timedelta(days=1))
    assert run_due(seeded) == 0
    told = seeded.read(agencies.get_order, new_coordinator(seeded), late["id"])
    assert (told["state"], told["cancel_reason"]) == ("cancelled", "Sở Tư pháp đã có cơ quan kế thừa.")


def test_a_mapped_successor_that_was_succeeded_itself_passes_the_work_on(seeded: World) -> None:
    build_can_tho(seeded, "STC", "SKHCN")
    finance = codes(tasks_of(seeded, "STC"))
    merge(seeded, mapping={"STC": "STC"})
    fields = {"successor": "SKHCN", "effective_from": TODAY, "reason": "Sắp xếp", "province": "can-tho"}
    seeded.write(agencies.succeed_agency, seeded.actor("admin"), "STC", **fields)
    on_the_day(seeded)
    assert codes(tasks_of(seeded, "SKHCN", province="can-tho")) == finance


def test_orders_of_provinces_are_refused_where_they_make_no_sense(seeded: World) -> None:
    admin = seeded.actor("admin")
    build_can_tho(seeded, "STC")
    for mapping in ({"SKHDT": "STC"}, {"STC": "SKHDT"}):
        with pytest.raises(InvalidInput, match="SKHDT"):
            merge(seeded, mapping=mapping)
    order = ProvinceOrder(successor="soc-trang", effective_from=TODAY, reason="x")
    with pytest.raises(InvalidInput, match="tự kế thừa"):
        seeded.write(agencies.succeed_province, admin, "soc-trang", order)
    with pytest.raises(NotFound):
        seeded.write(agencies.succeed_province, admin, "hau-giang", order)
    merge(seeded)
    with pytest.raises(Conflict, match="đang chờ"):
        merge(seeded)
    back = ProvinceOrder(successor="soc-trang", effective_from=MERGER, reason="x")
    with pytest.raises(Conflict, match="vòng"):
        seeded.write(agencies.succeed_province, admin, "can-tho", back)


def test_only_an_administrator_of_everything_may_merge_provinces(seeded: World) -> None:
    build_can_tho(seeded)
    order = ProvinceOrder(successor="can-tho", effective_from=MERGER, reason="x")
    home = agency(seeded, "SNV").province_id
    for actor in (seeded.actor("coordinator"), Actor(None, "quản trị tỉnh", Role.ADMIN, home)):
        with pytest.raises(Forbidden):
            seeded.write(agencies.succeed_province, actor, "soc-trang", order)
    made = seeded.write(agencies.succeed_province, SYSTEM, "soc-trang", order)
    with pytest.raises(Forbidden):
        seeded.write(agencies.cancel_succession, seeded.actor("coordinator"), made["id"])
    told = seeded.write(agencies.cancel_succession, SYSTEM, made["id"])
    assert (told["state"], told["ordered_by"]) == ("cancelled", None)
    seeded.at(ON_THE_DAY)
    assert run_due(seeded) == 0
