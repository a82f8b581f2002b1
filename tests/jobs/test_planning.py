"""The daily run against a real database: who is told what, once."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from app import reminders
from app.core.access import Actor, Role
from app.db import Database, open_database
from app.errors import Forbidden
from app.models import assessments, deliveries, digest_items, digests, events, reminder_runs, shares
from tests.jobs.scene import DUE, Scene, at

TUESDAY = date(2025, 6, 24)
"""A week before the deadline."""


def coordinator(scene: Scene) -> Actor:
    return Actor(scene.account, "SNV", Role.COORDINATOR, scene.province, scene.agency["SNV"])


def run_now(scene: Scene, day: date, hour: int = 8) -> dict[str, Any]:
    with scene.db.transaction() as connection:
        return reminders.run_now(connection, coordinator(scene), now=at(day, hour))


def preview(scene: Scene, on: date | None, now: Any) -> dict[str, Any]:
    with scene.db.snapshot() as connection:
        return reminders.preview(connection, coordinator(scene), on=on, now=now)


def test_48_overdue_tasks_make_one_digest_per_recipient(scene: Scene) -> None:
    for number in range(48):
        scene.task(("SNV", "STP", "SKHCN")[number % 3], points=1000 + number)
    assert reminders.run_due(scene.db, now=at(date(2025, 7, 14))) == 4
    told = scene.told()
    assert {key[0]: len(items) for key, items in told.items()} == {"SNV": 48, "STP": 16, "SKHCN": 16, "leadership": 48}
    assert {kind for kind, _, _ in told["leadership", date(2025, 7, 14)]} == {"escalation"}
    assert len(scene.messages()) == 4


def test_the_run_is_at_eight_on_working_days_and_only_once(scene: Scene) -> None:
    scene.task()
    assert reminders.run_due(scene.db, now=at(TUESDAY, 7, 59)) == 0
    assert reminders.run_due(scene.db, now=at(TUESDAY, 8, 0)) == 1
    assert reminders.run_due(scene.db, now=at(TUESDAY, 8, 1)) == 0
    assert scene.told() == {("STP", TUESDAY): [("due", "ST-2024-TC-01", 7)]}
    runs = scene.rows(select(reminder_runs.c.local_date, reminder_runs.c.digests))
    assert [tuple(run) for run in runs] == [(TUESDAY, 1)]


def test_after_downtime_it_runs_at_once_in_working_hours_else_at_the_next_eight(scene: Scene) -> None:
    scene.task(due=date(2025, 6, 20))
    assert reminders.run_due(scene.db, now=at(TUESDAY, 17, 0)) == 0
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 25), 15, 30)) == 2
    assert scene.told()["STP", date(2025, 6, 25)] == [("due", "ST-2024-TC-01", 0)]


def test_a_policy_of_the_assessment_is_followed(scene: Scene) -> None:
    scene.task()
    policy = {"before_days": [5], "send_at": "09:30"}
    scene.change(assessments, scene.assessment, reminder_policy=policy)
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 26), 8)) == 0
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 26), 9, 30)) == 1


def test_share_holders_are_reminded_until_their_share_is_done(scene: Scene) -> None:
    task = scene.task("STP", status="submitted", submitted_at=at(TUESDAY))
    other = scene.task("STP")
    scene.share(task, "SKHCN")  # its task waits for review: nothing to remind of
    done = scene.share(other, "SKHCN", done=True)
    held = scene.share(other, "SKHCN")
    reminders.run_due(scene.db, now=at(TUESDAY))
    code = scene.rows(select(shares.c.code).where(shares.c.id == held))[0].code
    assert scene.told()["SKHCN", TUESDAY] == [("due", code, 7)]
    scene.change(shares, done, done=False)
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 25))) == 1


def test_a_review_that_waits_reminds_the_coordinator(scene: Scene) -> None:
    task = scene.task(due=date(2025, 12, 31))
    scene.submit(task, at=at(date(2025, 6, 10), 15))
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 17))) == 0
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 18))) == 1
    assert scene.told() == {("SNV", date(2025, 6, 18)): [("review", "ST-2024-TC-01", -5)]}
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 19))) == 0


def test_several_replicas_plan_one_day_once(scene: Scene) -> None:
    for _ in range(20):
        scene.task(due=date(2025, 6, 20))
    replicas = [open_database(scene.db.url) for _ in range(4)]
    start = threading.Barrier(8)
    counts: list[int] = []

    def plan(replica: Database) -> None:
        start.wait()
        counts.append(reminders.run_due(replica, now=at(TUESDAY)))

    threads = [threading.Thread(target=plan, args=(replicas[number % 4],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for replica in replicas:
        replica.close()
    assert sorted(counts) == [0] * 7 + [2]
    assert scene.rows(select(func.count()).select_from(digest_items))[0][0] == 40
    assert len(scene.messages()) == 2


def test_a_forced_run_on_a_day_off_sends_at_once_and_names_everybody(scene: Scene) -> None:
    scene.task()
    scene.task(status="accepted")
    sunday = date(2025, 6, 22)
    result = run_now(scene, sunday, hour=21)
    assert [(d["recipient"], [i["milestone"] for i in d["items"]]) for d in result["digests"]] == [("STP", [14])]
    assert {"code": "ST-2024-TC-02", "agency": "STP", "why": "đã xác nhận"} in result["silent"]
    assert {"recipient": "STP", "why": "chưa có đầu mối nhận thư"} in result["silent"]
    assert ("STP", sunday) in scene.told()
    logged = scene.rows(select(events.c.action, events.c.after))
    assert [tuple(row) for row in logged] == [("reminder.run", {"digests": ["soc-trang/STP"]})]


def test_a_second_forced_run_reaches_only_whom_the_first_did_not(scene: Scene) -> None:
    scene.task("STP")
    run_now(scene, TUESDAY, hour=7)
    scene.task("STP", due=date(2025, 6, 26))
    scene.task("SKHCN", due=date(2025, 6, 26))
    result = run_now(scene, TUESDAY, hour=9)
    assert [digest["recipient"] for digest in result["digests"]] == ["SKHCN"]
    assert reminders.run_due(scene.db, now=at(TUESDAY, 10)) == 0
    assert reminders.run_due(scene.db, now=at(date(2025, 6, 25))) == 2  # the new task of STP, and the one due tomorrow
    assert ("due", "ST-2024-TC-02", 1) in scene.told()["STP", date(2025, 6, 25)]


def test_only_the_coordinator_runs(scene: Scene) -> None:
    leader = Actor(scene.account, "UBND", Role.LEADERSHIP, scene.province)
    with pytest.raises(Forbidden), scene.db.transaction() as connection:
        reminders.run_now(connection, leader, now=at(TUESDAY))


def test_contacts_get_a_message_each_and_stand_ins_take_over(scene: Scene) -> None:
    scene.task()
    stand_in = scene.contact("STP", "Người thay", email="thay@soctrang.example")
    away = scene.contact("STP", "Người đi vắng", absent_from=TUESDAY, stand_in_id=stand_in)
    head = scene.contact("STP", "Giám đốc", kind="head", email="giamdoc@soctrang.example")
    scene.contact("STP", "Đã nghỉ", active=False, email="nghi@soctrang.example")
    reminders.run_due(scene.db, now=at(TUESDAY))
    assert sorted(row.contact_id for row in scene.messages()) == [stand_in, head]
    assert away not in {row.contact_id for row in scene.messages()}


def test_a_newer_digest_takes_along_what_nobody_got(scene: Scene) -> None:
    scene.task(due=date(2025, 7, 1))
    scene.task(due=date(2025, 7, 2))
    reminders.run_due(scene.db, now=at(TUESDAY))
    reminders.run_due(scene.db, now=at(date(2025, 6, 25)))
    assert scene.states() == ["superseded", "pending"]
    told = scene.told()
    assert told["STP", date(2025, 6, 25)] == [("due", "ST-2024-TC-01", 7), ("due", "ST-2024-TC-02", 7)]
    assert told["STP", TUESDAY] == [("due", "ST-2024-TC-02", 14)]


def test_a_newer_digest_leaves_what_was_delivered(scene: Scene) -> None:
    scene.task(due=date(2025, 7, 1))
    scene.task(due=date(2025, 7, 2))
    scene.contact("STP", "Một")
    scene.contact("STP", "Hai", email="hai@soctrang.example")
    reminders.run_due(scene.db, now=at(TUESDAY))
    first, second = scene.messages()
    scene.change(deliveries, first.id, state="sent")
    scene.change(deliveries, second.id, state="dead")
    reminders.run_due(scene.db, now=at(date(2025, 6, 25)))
    assert scene.states() == ["sent", "dead", "pending", "pending"]
    assert len(scene.told()["STP", TUESDAY]) == 2
    assert scene.told()["STP", date(2025, 6, 25)] == [("due", "ST-2024-TC-02", 7)]


def test_the_preview_of_a_coming_day_shows_its_schedule_and_writes_nothing(scene: Scene) -> None:
    for points in (1000, 9000):
        scene.task(points=points)
    scene.task("SKHCN", due=date(2025, 12, 1))
    shown = preview(scene, TUESDAY, at(date(2025, 5, 5), 9))
    assert [digest["recipient"] for digest in shown["digests"]] == ["STP"]
    assert [item["code"] for item in shown["digests"][0]["items"]] == ["ST-2024-TC-02", "ST-2024-TC-01"]
    assert shown["digests"][0]["items"][0] == {
        "kind": "due",
        "subject": "task",
        "code": "ST-2024-TC-02",
        "what": "Tiêu chí thành phần 2",
        "agency": "STP",
        "milestone": 7,
        "days_left": 7,
        "effective_due": DUE,
        "points": "0.9000",
    }
    assert {"code": "ST-2024-TC-03", "agency": "SKHCN", "why": "chưa đến mốc nhắc"} in shown["silent"]
    assert {"recipient": "leadership", "why": "không có nội dung nào đến mốc nhắc"} in shown["silent"]
    assert scene.told() == {}


def test_the_preview_of_today_is_what_the_run_then_sends(scene: Scene) -> None:
    scene.task(due=date(2025, 6, 20))
    scene.task("SKHCN", due=date(2025, 7, 3))
    shown = preview(scene, None, at(TUESDAY, 7))
    sent = run_now(scene, TUESDAY, hour=7)
    assert shown["digests"] == sent["digests"] != []


def test_the_preview_of_a_day_off_says_so(scene: Scene) -> None:
    scene.task()
    shown = preview(scene, date(2025, 6, 22), at(TUESDAY))
    assert shown["digests"] == []
    assert {"code": "ST-2024-TC-01", "agency": "STP", "why": "ngày nghỉ"} in shown["silent"]


def test_with_two_provinces_recipients_carry_theirs_and_do_not_mix(scene: Scene) -> None:
    other = Scene(scene.db).build("can-tho", "Thành phố Cần Thơ", prefix="CT")
    scene.task()
    other.task()
    assert reminders.run_due(scene.db, now=at(TUESDAY)) == 2
    shown = preview(scene, date(2025, 6, 30), at(TUESDAY, 9))
    assert [digest["recipient"] for digest in shown["digests"]] == ["soc-trang/STP"]


def test_a_failing_province_does_not_hold_up_the_others(scene: Scene) -> None:
    other = Scene(scene.db).build("can-tho", "Thành phố Cần Thơ", prefix="CT")
    other.task()
    scene.task()
    scene.change(assessments, other.assessment, reminder_policy={"overdue_every": 0})
    assert reminders.run_due(scene.db, now=at(TUESDAY)) == 1
    assert list(scene.told()) == [("STP", TUESDAY)]


def count_statements(scene: Scene) -> int:
    seen: list[str] = []

    def listener(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = scene.db.reader if scene.db.sqlite else scene.db.writer  # whose options PostgreSQL's reader only extends
    event.listen(engine, "before_cursor_execute", listener)
    with scene.db.snapshot() as connection:
        page = reminders.list_digests(connection, coordinator(scene), limit=200, offset=0, now=at(TUESDAY))
    event.remove(engine, "before_cursor_execute", listener)
    assert page["items"]
    assert seen
    return len(seen)


def test_the_ledger_costs_the_same_number_of_queries_for_any_number_of_rows(scene: Scene) -> None:
    scene.task()
    reminders.run_due(scene.db, now=at(TUESDAY))
    few = count_statements(scene)
    for number in range(40):
        scene.add(
            digests,
            province_id=scene.province,
            recipient="soc-trang/STC",
            agency_id=scene.agency["STC"],
            local_date=date(2024, 1, 1) + timedelta(days=number),
            created_at=at(TUESDAY),
        )
    assert count_statements(scene) == few
