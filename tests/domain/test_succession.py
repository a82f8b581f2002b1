"""Kế thừa nhiệm vụ of one agency by another: what moves, what stays, and which orders are refused."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from app import agencies, measures, tasks
from app.assessments.states import TRACKED
from app.core.access import Role
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.models import accounts as account_table
from app.models import agencies as agency_table
from app.models import events as event_table
from app.models import shares, task_cooperators
from tests.conftest import World
from tests.domain.succession_scene import (
    MERGER,
    ON_THE_DAY,
    TODAY,
    account,
    agency,
    close,
    codes,
    contact,
    holder,
    logged,
    measures_of,
    reached,
    run_due,
    shares_of,
    succeed,
    tasks_of,
)

# What moves and what stays


def test_open_tasks_pass_to_the_successor_and_show_the_old_name(seeded: World) -> None:
    before = tasks_of(seeded, "STP")
    own = codes(tasks_of(seeded, "STC"))
    answer = succeed(seeded, "STP", "STC")
    assert answer["state"] == "applied"
    assert answer["moved"]["tasks"] == len(before) > 0
    after = {row.code: row for row in tasks_of(seeded, "STC")}
    assert set(after) == own | codes(before)
    assert tasks_of(seeded, "STP") == []
    for old in before:
        new = after[old.code]
        assert (new.former_agency, new.assignment_basis) == ("Sở Tư pháp", "succession")
        assert (new.version, new.updated_at) == (old.version + 1, seeded.now)
        assert (new.status, new.effective_due, new.expected) == (old.status, old.effective_due, old.expected)


def test_finished_tasks_stay_with_the_old_agency_under_its_old_name(seeded: World) -> None:
    ended = tasks_of(seeded, "STP")[0]
    close(seeded, ended.code)
    succeed(seeded, "STP", "STC")
    (left,) = tasks_of(seeded, "STP")
    assert (left.code, left.former_agency, left.version) == (ended.code, None, ended.version + 1)
    told = seeded.read(tasks.get_task, seeded.actor("coordinator"), ended.code)
    assert told["agency"] == {"code": "STP", "name": "Sở Tư pháp"}


def test_the_old_agency_keeps_row_and_name_and_says_who_came_after(seeded: World) -> None:
    succeed(seeded, "STP", "STC", on=date(2025, 5, 1))
    told = seeded.read(agencies.get_agency, seeded.actor("SKHCN"), "STP")
    assert (told["name"], told["active"]) == ("Sở Tư pháp", False)
    assert told["succeeded_by"] == {"code": "STC", "name": "Sở Tài chính", "province": "soc-trang"}
    assert told["succeeded_from"] == date(2025, 5, 1)


def test_a_moved_task_is_one_event_that_the_state_of_a_day_can_be_rebuilt_from(seeded: World) -> None:
    (first, *_) = tasks_of(seeded, "STP")
    succeed(seeded, "STP", "STC")
    (row,) = logged(seeded, entity_code=first.code, action="task.succeeded")
    stc = agency(seeded, "STC").id
    assert row.before["agency_id"] == first.agency_id
    assert row.after == {
        "agency_id": stc,
        "former_agency": "Sở Tư pháp",
        "assignment_basis": "succession",
        "agency": "STC",
    } | ({"cooperating": row.after["cooperating"]} if "cooperating" in row.after else {})
    assert "agency_id" in TRACKED
    assert (row.why, row.assessment_id) == ("Nghị quyết sắp xếp", first.assessment_id)


def test_moved_tasks_are_found_by_the_new_name_and_by_the_old_one(seeded: World) -> None:
    moved = codes(tasks_of(seeded, "STP"))
    succeed(seeded, "STP", "STC")
    for q in ("so tai chinh", "sở tư pháp"):
        found = seeded.read(tasks.list_tasks, seeded.actor("coordinator"), tasks.Filter(q=q, limit=200))
        assert moved <= {one["code"] for one in found["items"]}


def test_cooperation_passes_on_but_nobody_cooperates_with_itself(seeded: World) -> None:
    led_by_heir, led_by_old, *_ = (tasks_of(seeded, "STC")[0], tasks_of(seeded, "STP")[0])
    third = tasks_of(seeded, "SKHCN")[0]
    ids = {code: agency(seeded, code).id for code in ("STP", "STC", "SVHTTDL")}
    pairs = {
        led_by_heir.id: [ids["STP"], ids["SVHTTDL"]],
        led_by_old.id: [ids["STC"]],
        third.id: [ids["STP"], ids["STC"]],
    }
    with seeded.db.transaction() as connection:
        connection.execute(task_cooperators.delete().where(task_cooperators.c.task_id.in_(pairs)))
        rows = [{"task_id": task, "agency_id": one} for task, ones in pairs.items() for one in ones]
        connection.execute(insert(task_cooperators), rows)
    succeed(seeded, "STP", "STC")
    with seeded.db.snapshot() as connection:
        left = connection.execute(select(task_cooperators).where(task_cooperators.c.task_id.in_(pairs))).all()
    assert set(left) == {(led_by_heir.id, ids["SVHTTDL"]), (third.id, ids["STC"])}
    (row,) = logged(seeded, entity_code=third.code, action="task.cooperators_changed")
    assert (row.before, row.after) == ({"cooperating": ["STC", "STP"]}, {"cooperating": ["STC"]})
    (after,) = [row for row in tasks_of(seeded, "SKHCN") if row.id == third.id]
    assert after.version == third.version + 1


def test_finished_tasks_keep_whoever_cooperated(seeded: World) -> None:
    ended = tasks_of(seeded, "SKHCN")[0]
    old = agency(seeded, "STP").id
    with seeded.db.transaction() as connection:
        connection.execute(insert(task_cooperators), {"task_id": ended.id, "agency_id": old})
    close(seeded, ended.code)
    succeed(seeded, "STP", "STC")
    with seeded.db.snapshot() as connection:
        kept = select(task_cooperators).where(
            task_cooperators.c.task_id == ended.id, task_cooperators.c.agency_id == old
        )
        assert connection.execute(kept).first() is not None


def test_undone_shares_pass_on_and_done_ones_stay(seeded: World) -> None:
    with seeded.db.snapshot() as connection:
        owned = select(agency_table.c.code, shares.c.id).join(agency_table, agency_table.c.id == shares.c.agency_id)
        district, done = connection.execute(owned.where(agency_table.c.code == "HKS").order_by(shares.c.id)).first()
    with seeded.db.transaction() as connection:
        connection.execute(update(shares).where(shares.c.id == done).values(done=True))
    undone = {row.id: row for row in shares_of(seeded, district) if not row.done}
    answer = succeed(seeded, district, "HMT")
    assert answer["moved"]["shares"] == len(undone)
    assert [row.id for row in shares_of(seeded, district)] == [done]
    moved = {row.id: row for row in shares_of(seeded, "HMT") if row.id in undone}
    assert set(moved) == set(undone)
    for ident, row in moved.items():
        assert row.former_agency == "Ủy ban nhân dân huyện Kế Sách"
        assert row.version == undone[ident].version + 1
    assert len(logged(seeded, action="share.succeeded")) == len(undone)


def test_measures_pass_on_with_their_notes_and_no_note_is_lost(seeded: World) -> None:
    old, heir = measures_of(seeded, "SKHCN"), measures_of(seeded, "SNV")
    shared = sorted(set(old) & set(heir))
    alone = sorted(set(old) - set(heir))
    assert shared or alone
    for code in (shared[:1] or []) + (alone[:1] or []):
        seeded.write(measures.update_measure, seeded.actor("SKHCN"), code, f"Ghi chú {code}")
    succeed(seeded, "SKHCN", "SNV")
    after = measures_of(seeded, "SNV")
    assert set(after) == set(old) | set(heir)
    assert measures_of(seeded, "SKHCN") == {}
    for code in alone[:1]:
        assert after[code] == f"Ghi chú {code}"
    for code in shared[:1]:
        assert after[code].endswith(f"Sở Khoa học và Công nghệ: Ghi chú {code}")


def test_contacts_and_accounts_with_their_keys_go_along(seeded: World) -> None:
    contact(seeded, "STP", "An")
    contact(seeded, "STC", "Chi")
    account_id, key = account(seeded, "stp.cchc", "agency", "STP")
    answer = succeed(seeded, "STP", "STC")
    assert (answer["moved"]["contacts"], answer["moved"]["accounts"]) == (1, 1)
    assert reached(seeded, "STC") == ["An", "Chi"]
    assert reached(seeded, "STP") == []
    actor = holder(seeded, key)
    assert actor is not None
    assert (actor.account_id, actor.role, actor.agency_id) == (account_id, Role.AGENCY, agency(seeded, "STC").id)
    (row,) = logged(seeded, entity="account", action="account.succeeded")
    assert row.after["agency"] == "STC"


def test_an_account_that_bears_the_agencys_name_writes_under_the_successors(seeded: World) -> None:
    account_id, key = account(seeded, "stp.he-thong", "agency", "STP")
    with seeded.db.transaction() as connection:
        named = account_table.update().where(account_table.c.id == account_id)
        connection.execute(named.values(display_name="Sở Tư pháp"))
    succeed(seeded, "STP", "STC")
    actor = holder(seeded, key)
    assert actor is not None
    assert actor.name == "Sở Tài chính"


# No successor


def test_without_successor_the_work_falls_to_the_coordinator_but_the_people_do_not(seeded: World) -> None:
    moved = codes(tasks_of(seeded, "STP"))
    contact(seeded, "STP", "An")
    _, key = account(seeded, "stp.cchc", "agency", "STP")
    answer = succeed(seeded, "STP", None)
    assert answer["successor"] is None
    assert moved <= codes(tasks_of(seeded, "SNV"))
    assert holder(seeded, key) is None
    assert reached(seeded, "STP") == []
    assert reached(seeded, "SNV") == []
    assert seeded.read(agencies.get_agency, seeded.actor("admin"), "STP")["succeeded_by"]["code"] == "SNV"
    assert [row.action for row in logged(seeded, entity="contact")][-1] == "contact.deactivated"


def test_an_agency_that_joins_the_coordinator_gains_no_view_of_the_province(seeded: World) -> None:
    _, key = account(seeded, "stp.cchc", "agency", "STP")
    succeed(seeded, "STP", "SNV")
    actor = holder(seeded, key)
    assert actor is not None
    assert (actor.role, actor.agency_id) == (Role.AGENCY, agency(seeded, "SNV").id)


# The coordinator itself


def test_the_successor_of_the_coordinator_coordinates(seeded: World) -> None:
    _, key = account(seeded, "snv.cchc", "coordinator")
    _, plain = account(seeded, "stc.cchc", "agency", "STC")
    succeed(seeded, "SNV", "STC", who="admin")
    assert not agency(seeded, "SNV").is_coordinator
    assert agency(seeded, "STC").is_coordinator
    actor = holder(seeded, key)
    assert actor is not None
    assert (actor.role, actor.agency_id) == (Role.COORDINATOR, agency(seeded, "STC").id)
    other = holder(seeded, plain)
    assert other is not None
    assert other.role is Role.AGENCY
    assert len(logged(seeded, action="agency.coordination_passed")) == 2


def test_the_coordinator_cannot_go_without_a_successor(seeded: World) -> None:
    with pytest.raises(Conflict, match="thường trực"):
        succeed(seeded, "SNV", None)


# From a date on


def test_an_order_for_a_later_day_waits_for_that_day_in_vietnam(seeded: World) -> None:
    moved = codes(tasks_of(seeded, "STP"))
    answer = succeed(seeded, "STP", "STC", on=MERGER)
    assert (answer["state"], answer["moved"]) == ("pending", None)
    seeded.at(ON_THE_DAY - timedelta(microseconds=1))
    assert run_due(seeded) == 0
    assert codes(tasks_of(seeded, "STP")) == moved
    seeded.at(ON_THE_DAY)
    assert run_due(seeded) == 1
    assert tasks_of(seeded, "STP") == []
    (applied,) = logged(seeded, entity="succession", action="succession.applied")
    assert (applied.actor, applied.on_behalf_of) == ("hệ thống", "coordinator")
    assert applied.after["moved"]["tasks"] == len(moved)


def test_running_again_applies_nothing_twice(seeded: World) -> None:
    succeed(seeded, "STP", "STC", on=MERGER)
    seeded.at(ON_THE_DAY)
    assert run_due(seeded) == 1
    before = tasks_of(seeded, "STC")
    assert run_due(seeded) == 0
    assert tasks_of(seeded, "STC") == before


def test_several_replicas_apply_an_order_once(seeded: World) -> None:
    succeed(seeded, "STP", "STC", on=MERGER)
    seeded.at(ON_THE_DAY)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(run_due(seeded))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    assert len(logged(seeded, action="succession.applied")) == 1


def test_tasks_assigned_while_the_order_waited_move_too(seeded: World) -> None:
    succeed(seeded, "STP", "STC", on=MERGER)
    code = tasks_of(seeded, "SKHCN")[0].code
    seeded.write(tasks.assign, seeded.actor("coordinator"), code, "STP", "Phù hợp hơn", version=None)
    seeded.at(ON_THE_DAY)
    run_due(seeded)
    assert code in codes(tasks_of(seeded, "STC"))


def test_a_waiting_order_can_be_called_off_until_it_is_carried_out(seeded: World) -> None:
    first = succeed(seeded, "STP", "STC", on=MERGER)
    coordinator = seeded.actor("coordinator")
    for _ in range(2):
        told = seeded.write(agencies.cancel_succession, coordinator, first["id"])
        assert (told["state"], told["cancelled_at"]) == ("cancelled", seeded.now)
    assert len(logged(seeded, action="succession.cancelled")) == 1
    seeded.at(ON_THE_DAY)
    assert run_due(seeded) == 0
    second = succeed(seeded, "STP", "SKHCN", on=TODAY)
    with pytest.raises(Conflict, match="đã thực hiện"):
        seeded.write(agencies.cancel_succession, coordinator, second["id"])


# Chains and circles


def test_a_chain_carries_the_work_to_its_end_and_shows_the_last_old_name(seeded: World) -> None:
    moved = codes(tasks_of(seeded, "STP"))
    succeed(seeded, "STP", "STC")
    succeed(seeded, "STC", "SKHCN")
    after = {row.code: row for row in tasks_of(seeded, "SKHCN")}
    assert moved <= set(after)
    assert {after[code].former_agency for code in moved} == {"Sở Tài chính"}


def test_a_waiting_order_follows_its_successor_when_that_one_went_first(seeded: World) -> None:
    moved = codes(tasks_of(seeded, "STP"))
    _, key = account(seeded, "stp.cchc", "agency", "STP")
    succeed(seeded, "STP", "STC", on=MERGER)
    succeed(seeded, "STC", "SKHCN")
    seeded.at(ON_THE_DAY)
    assert run_due(seeded) == 1
    after = {row.code: row for row in tasks_of(seeded, "SKHCN")}
    assert {after[code].former_agency for code in moved} == {"Sở Tư pháp"}
    actor = holder(seeded, key)
    assert actor is not None
    assert actor.agency_id == agency(seeded, "SKHCN").id


def test_circles_are_refused_also_among_orders_that_wait(seeded: World) -> None:
    with pytest.raises(InvalidInput, match="tự kế thừa"):
        succeed(seeded, "STP", "STP")
    succeed(seeded, "STP", "STC", on=MERGER)
    succeed(seeded, "STC", "SKHCN", on=MERGER + timedelta(days=1))
    for day in (TODAY, MERGER, MERGER + timedelta(days=2)):
        with pytest.raises(Conflict, match="vòng"):
            succeed(seeded, "SKHCN", "STP", on=day)


def test_two_orders_at_the_same_moment_cannot_close_a_circle(seeded: World) -> None:
    seeded.actor("coordinator")
    everything = codes(tasks_of(seeded, "STP")) | codes(tasks_of(seeded, "STC"))
    outcomes: list[str] = []

    def order(old: str, new: str) -> None:
        try:
            outcomes.append(succeed(seeded, old, new)["state"])
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=order, args=pair) for pair in (("STP", "STC"), ("STC", "STP"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied", "refused"]
    (standing,) = [code for code in ("STP", "STC") if agency(seeded, code).succeeded_from is None]
    assert codes(tasks_of(seeded, standing)) == everything


def test_falling_to_the_coordinator_counts_in_a_circle(seeded: World) -> None:
    succeed(seeded, "STP", None, on=MERGER)
    with pytest.raises(Conflict, match="vòng"):
        succeed(seeded, "SNV", "STP", on=MERGER + timedelta(days=1))


def test_an_order_that_no_longer_fits_is_cancelled_with_the_reason_and_stops_no_other(seeded: World) -> None:
    stuck = succeed(seeded, "STP", None, on=MERGER)
    succeed(seeded, "STC", "SKHCN", on=MERGER)
    with seeded.db.transaction() as connection:  # the province loses its coordinator, which no order can bring about
        connection.execute(update(agency_table).where(agency_table.c.code == "SNV").values(is_coordinator=False))
    seeded.at(ON_THE_DAY)
    assert run_due(seeded) == 1
    told = seeded.read(agencies.get_order, seeded.actor("admin"), stuck["id"])
    assert told["state"] == "cancelled"
    assert "Không còn cơ quan nào khác" in told["cancel_reason"]
    assert tasks_of(seeded, "STP")
    assert agency(seeded, "STP").succeeded_from is None
    assert logged(seeded, entity="succession", action="succession.applied")


# What is refused


def test_an_agency_is_succeeded_once_and_waits_for_one_order_at_a_time(seeded: World) -> None:
    succeed(seeded, "STP", "STC", on=MERGER)
    with pytest.raises(Conflict, match="đang chờ"):
        succeed(seeded, "STP", "SKHCN")
    succeed(seeded, "STC", "SKHCN")
    with pytest.raises(Conflict, match="đã có cơ quan kế thừa"):
        succeed(seeded, "STC", "SNV")
    with pytest.raises(Conflict, match="hãy chọn cơ quan đó"):
        succeed(seeded, "SYT", "STC")


def test_unknown_names_and_a_missing_reason_are_refused_and_leave_no_trace(seeded: World) -> None:
    coordinator = seeded.actor("coordinator")
    with pytest.raises(NotFound):
        succeed(seeded, "SKHDT", "STC")
    with pytest.raises(InvalidInput, match="SKHDT"):
        succeed(seeded, "STP", "SKHDT")
    with pytest.raises(InvalidInput, match="lý do"):
        seeded.write(agencies.succeed_agency, coordinator, "STP", successor="STC", effective_from=TODAY, reason=" \0")
    with seeded.db.snapshot() as connection:
        assert connection.execute(select(event_table.c.id).where(event_table.c.entity == "succession")).all() == []


def test_only_coordinator_and_admin_order_but_everybody_of_the_province_may_know(seeded: World) -> None:
    for who in ("STP", "leadership"):
        with pytest.raises(Forbidden):
            succeed(seeded, "STP", "STC", who=who)
    made = succeed(seeded, "STP", "STC", on=MERGER)
    listed = seeded.read(agencies.list_orders, seeded.actor("SKHCN"), limit=50, offset=0, state="pending")
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    for other in ({"state": "applied"}, {"agency": "SKHCN"}):
        assert seeded.read(agencies.list_orders, seeded.actor("SKHCN"), limit=50, offset=0, **other)["total"] == 0
    assert seeded.read(agencies.list_orders, seeded.actor("SNV"), limit=50, offset=0, agency="STC")["total"] == 1
