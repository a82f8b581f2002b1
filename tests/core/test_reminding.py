"""Milestones and the plan of single days. The walk through whole years is in test_reminding_year."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.reminding import (
    Candidate,
    ItemKind,
    Mode,
    Plan,
    Policy,
    SentKey,
    Silent,
    Why,
    days_text,
    furthest_due,
    plan_reminders,
    preview_mode,
    waited_text,
)
from app.core.reminding.milestones import horizon, overdue_step, own_step
from app.core.workdays import Calendar
from tests.core.walking import send_date, sent_key, walked

ONE_DAY = timedelta(days=1)
SNV, STP, LEADERS = "soc-trang/SNV", "soc-trang/STP", "soc-trang/leadership"
DUE = date(2025, 7, 1)


def days(first: date, last: date) -> frozenset[date]:
    return frozenset(first + n * ONE_DAY for n in range((last - first).days + 1))


VIETNAM = Calendar(
    off=days(date(2025, 1, 25), date(2025, 2, 2))
    | days(date(2025, 4, 30), date(2025, 5, 2))
    | days(date(2026, 1, 1), date(2026, 1, 2)),
    working=frozenset({date(2025, 4, 26), date(2026, 1, 10)}),
)


def task(number: int = 16, recipient: str = STP, status: str = "assigned", **more: Any) -> Candidate:
    values = {"effective_due": DUE, "points_at_stake": 6590} | more
    return Candidate("task", number, f"ST-2024-TC-{number}", 1, recipient, status, **values)


def share(number: int = 3, recipient: str = STP, status: str = "assigned", **more: Any) -> Candidate:
    return task(number, recipient, status, **more)._replace(subject="share", code=f"ST-2024-TC-15/{number}")


def latest(due: date, policy: Policy, calendar: Calendar, *, today: date) -> int | None:
    return own_step(due, policy, horizon(calendar, today=today))


def latest_escalation(due: date, first: int, policy: Policy, calendar: Calendar, *, today: date) -> int | None:
    return overdue_step(due, 1 - first, policy, horizon(calendar, today=today))


def plan(*candidates: Candidate, today: date, sent: Mapping[SentKey, int] | None = None, **more: Any) -> Plan:
    seats: dict[str, Any] = {"coordinator": SNV, "leadership": LEADERS}
    arguments = {"policies": {1: Policy()}, "calendar": VIETNAM, "already_sent": sent or {}, "today": today}
    return plan_reminders(candidates, **(arguments | seats | more))


def listed(result: Plan) -> dict[str, list[tuple[int, ItemKind, int]]]:
    return {d.recipient: [(i.candidate.id, i.kind, i.milestone) for i in d.items] for d in result.digests}


# Milestones


@pytest.mark.parametrize(
    ("milestone", "due", "day"),
    [
        (7, DUE, date(2025, 6, 24)),
        (3, DUE, date(2025, 6, 27)),  # nominally a Saturday: the Friday before
        (1, DUE, date(2025, 6, 30)),
        (0, DUE, date(2025, 7, 1)),
        (-7, DUE, date(2025, 7, 8)),
        (7, date(2025, 2, 5), date(2025, 1, 24)),  # Tết: before it
        (0, date(2025, 1, 29), date(2025, 2, 3)),  # Tết: after it
        (1, date(2025, 5, 3), date(2025, 4, 29)),
        (0, date(2025, 5, 3), date(2025, 5, 5)),
        (1, date(2025, 4, 27), date(2025, 4, 26)),  # the worked Saturday
        (-7, date(2026, 1, 3), date(2026, 1, 10)),
        (0, date(2026, 1, 2), date(2026, 1, 5)),
    ],
)
def test_a_milestone_goes_out_on_a_working_day(milestone: int, due: date, day: date) -> None:
    assert send_date(milestone, due, VIETNAM) == day


def test_of_milestones_that_share_a_day_the_latest_wins() -> None:
    due = date(2025, 2, 1)  # milestones 7, 3 and 1 all go out on Friday 24/01, before Tết
    assert {send_date(m, due, VIETNAM) for m in (7, 3, 1)} == {date(2025, 1, 24)}
    assert latest(due, Policy(), VIETNAM, today=date(2025, 1, 24)) == 1
    assert latest(due, Policy(), VIETNAM, today=date(2025, 1, 23)) == 14


def test_before_the_first_milestone_there_is_none() -> None:
    assert latest(DUE, Policy(), VIETNAM, today=date(2025, 5, 29)) is None
    assert latest(DUE, Policy(), VIETNAM, today=date(2025, 5, 30)) == 30  # 01/06 is a Sunday
    assert latest(DUE, Policy(before_days=()), VIETNAM, today=date(2025, 6, 30)) is None


def test_leadership_hears_of_the_14th_overdue_day_and_every_week_after() -> None:
    at = [latest_escalation(DUE, 14, Policy(), VIETNAM, today=date(2025, 7, day)) for day in (11, 14, 20, 21, 28)]
    assert at == [None, -13, -13, -20, -27]


policies = st.builds(
    Policy,
    before_days=st.lists(st.integers(1, 60), unique=True, max_size=6).map(tuple),
    overdue_every=st.integers(1, 30),
)
dues = st.dates(date(2024, 10, 1), date(2026, 3, 1))
exceptions = st.dates(date(2024, 12, 1), date(2026, 2, 28))
calendars = st.just(VIETNAM) | st.builds(
    Calendar, off=st.frozensets(exceptions, max_size=25), working=st.frozensets(exceptions, max_size=10)
)


@settings(deadline=None)
@given(due=dues, policy=policies, calendar=calendars, after=st.integers(-70, 500), first=st.integers(1, 40))
def test_the_latest_milestone_equals_a_walk_over_all_of_them(
    due: date, policy: Policy, calendar: Calendar, after: int, first: int
) -> None:
    today, every = due + after * ONE_DAY, policy.overdue_every
    own = [*policy.before_days, *range(0, -510, -every)]
    assert latest(due, policy, calendar, today=today) == walked(own, due, calendar, today)
    escalations = list(range(1 - first, -510, -every))
    assert latest_escalation(due, first, policy, calendar, today=today) == walked(escalations, due, calendar, today)


@settings(deadline=None)
@given(due=dues, calendar=calendars, earlier=st.integers(-60, 60), later=st.integers(-60, 60))
def test_a_later_milestone_never_goes_out_earlier(due: date, calendar: Calendar, earlier: int, later: int) -> None:
    high, low = max(earlier, later), min(earlier, later)
    assert send_date(high, due, calendar) <= send_date(low, due, calendar)
    assert calendar.is_workday(send_date(low, due, calendar))


@settings(deadline=None)
@given(today=dues, policy=policies, calendar=calendars, beyond=st.integers(0, 100))
def test_beyond_the_furthest_due_date_nothing_is_due(
    today: date, policy: Policy, calendar: Calendar, beyond: int
) -> None:
    edge = furthest_due(policy, calendar, today=today)
    assert latest(edge + (beyond + 1) * ONE_DAY, policy, calendar, today=today) is None
    assert not policy.before_days or latest(edge, policy, calendar, today=today) is not None


@pytest.mark.parametrize(
    ("days_left", "text"),
    [
        (7, "còn 7 ngày"),
        (2, "còn 2 ngày"),
        (1, "hạn cuối hôm nay"),
        (0, "quá hạn 1 ngày"),
        (-3, "quá hạn 4 ngày"),
    ],
)
def test_days_left_in_words(days_left: int, text: str) -> None:
    assert days_text(days_left) == text


# The plan of a day


def test_a_week_ahead_the_lead_agency_is_reminded_and_nobody_else() -> None:
    today = date(2025, 6, 24)
    result = plan(task(), today=today)
    assert listed(result) == {STP: [(16, ItemKind.DUE, 7)]}
    item = result.digests[0].items[0]
    assert days_text(item.days_left(today=today)) == "còn 7 ngày"
    assert sent_key(item, STP) == (STP, "due", "task", 16, DUE)
    assert result.silent == []


def test_what_is_in_the_ledger_does_not_go_out_again() -> None:
    key = (STP, "due", "task", 16, DUE)
    assert plan(task(), today=date(2025, 6, 25), sent={key: 7}).digests == []
    assert listed(plan(task(), today=date(2025, 6, 27), sent={key: 7})) == {STP: [(16, ItemKind.DUE, 3)]}
    assert plan(task(), today=date(2025, 6, 27), sent={key: 1}).digests == []  # the policy was changed since


def test_a_new_deadline_starts_anew() -> None:
    sent = {(STP, "due", "task", 16, DUE): 7}
    later = task(effective_due=date(2025, 7, 15))
    assert listed(plan(later, today=date(2025, 7, 1), sent=sent)) == {STP: [(16, ItemKind.DUE, 14)]}


def test_a_first_run_long_after_the_deadline_sends_one_digest_each() -> None:
    tasks = [task(n, (STP, SNV)[n % 2], points_at_stake=n % 5) for n in range(48)]
    result = plan(*tasks, today=date(2026, 11, 25))
    assert [digest.recipient for digest in result.digests] == [SNV, STP, LEADERS]
    assert {item.milestone for item in result.digests[1].items} == {-511}
    assert [len(digest.items) for digest in result.digests] == [48, 24, 48]


def test_items_are_sorted_by_points_at_stake_then_code() -> None:
    tasks = [task(n, points_at_stake=points) for n, points in ((12, 5), (11, 5), (13, 9), (14, 1))]
    (digest,) = plan(*tasks, today=date(2025, 6, 24)).digests
    assert [item.candidate.id for item in digest.items] == [13, 11, 12, 14]


def test_overdue_tasks_escalate_to_the_coordinator_then_to_the_leadership() -> None:
    first = listed(plan(task(), today=date(2025, 7, 1)))
    assert first == {STP: [(16, ItemKind.DUE, 0)], SNV: [(16, ItemKind.ESCALATION, 0)]}
    fourteenth = listed(plan(task(), today=date(2025, 7, 14)))
    assert fourteenth == {
        STP: [(16, ItemKind.DUE, -7)],
        SNV: [(16, ItemKind.ESCALATION, -7)],
        LEADERS: [(16, ItemKind.ESCALATION, -13)],
    }


def test_the_coordinators_own_task_stands_once_in_its_one_digest() -> None:
    result = listed(plan(task(1, SNV), task(2, STP), today=date(2025, 7, 14)))
    assert result[SNV] == [(1, ItemKind.DUE, -7), (2, ItemKind.ESCALATION, -7)]
    assert result[LEADERS] == [(1, ItemKind.ESCALATION, -13), (2, ItemKind.ESCALATION, -13)]


@pytest.mark.parametrize("leadership", [None, SNV])
def test_without_a_leadership_of_its_own_nothing_is_listed_twice(leadership: str | None) -> None:
    assert listed(plan(task(), today=date(2025, 7, 14), leadership=leadership)) == {
        STP: [(16, ItemKind.DUE, -7)],
        SNV: [(16, ItemKind.ESCALATION, -7)],
    }


def test_share_holders_are_reminded_until_they_answered_and_never_escalated() -> None:
    today = date(2025, 7, 14)
    assert listed(plan(share(), today=today)) == {STP: [(3, ItemKind.DUE, -7)]}
    assert plan(share(answered=True), share(4, status="submitted"), today=today).digests == []
    own_and_share = plan(task(3), share(3), today=date(2025, 6, 24), sent={(STP, "due", "task", 3, DUE): 7})
    assert [item.candidate.subject for item in own_and_share.digests[0].items] == ["share"]


@pytest.mark.parametrize(
    ("day", "milestone", "waited"),
    [(23, None, 5), (24, -5, 6), (30, -5, 10), (31, -10, 11)],
)
def test_a_review_that_waits_more_than_5_working_days_reminds_the_coordinator(
    day: int, milestone: int | None, waited: int
) -> None:
    handed_in = task(status="submitted", submitted_on=date(2025, 6, 16))
    today = date(2025, 6, day) if day < 31 else date(2025, 7, 1)
    result = plan(handed_in, today=today)
    assert listed(result) == ({} if milestone is None else {SNV: [(16, ItemKind.REVIEW, milestone)]})
    for item in (item for digest in result.digests for item in digest.items):
        assert item.waited_workdays == waited
        assert sent_key(item, SNV) == (SNV, "review", "task", 16, date(2025, 6, 16))
        assert waited_text(item.waited_workdays) == f"đã chờ xác nhận {waited} ngày làm việc"


def test_silence_is_explained() -> None:
    today = date(2025, 6, 24)
    candidates = [
        task(1, effective_due=date(2025, 9, 1)),
        task(2),
        task(3, status="submitted", submitted_on=date(2025, 6, 20)),
        task(4, status="submitted"),
        task(5, status="accepted"),
        task(6, status="closed"),
        task(8, "soc-trang/STC"),
        share(7, answered=True),
        task(9, "soc-trang/STNMT"),
    ]
    sent = {(STP, "due", "task", 2, DUE): 7}
    result = plan(*candidates, today=today, sent=sent, digested={"soc-trang/STC"}, explain=True)
    assert [silent.why for silent in result.silent[:8]] == [
        Why.NOT_YET,
        Why.ALREADY_SENT,
        Why.SUBMITTED,
        Why.SUBMITTED,
        Why.ACCEPTED,
        Why.CLOSED,
        Why.DIGEST_SENT,
        Why.SHARE_ANSWERED,
    ]
    assert result.silent[8:] == [
        Silent(None, SNV, Why.NOTHING_DUE),
        Silent(None, "soc-trang/STC", Why.DIGEST_SENT),
        Silent(None, STP, Why.NOTHING_DUE),
        Silent(None, LEADERS, Why.NOTHING_DUE),
    ]
    assert listed(result) == {"soc-trang/STNMT": [(9, ItemKind.DUE, 7)]}
    assert Why.SUBMITTED.text == "đã nộp, đang chờ xác nhận"


def test_on_a_day_off_only_a_forced_run_sends() -> None:
    saturday = date(2025, 6, 28)
    resting = plan(task(), today=saturday, explain=True)
    assert (resting.digests, {silent.why for silent in resting.silent}) == ([], {Why.DAY_OFF})
    assert listed(plan(task(), today=saturday, mode=Mode.FORCED)) == {STP: [(16, ItemKind.DUE, 3)]}


def test_each_assessment_follows_its_own_policy() -> None:
    other = task(17)._replace(assessment=2)
    unknown = task(18)._replace(assessment=3)
    result = plan(task(16), other, unknown, today=date(2025, 6, 20), policies={2: Policy(before_days=(11,))})
    assert listed(result) == {STP: [(16, ItemKind.DUE, 14), (17, ItemKind.DUE, 11), (18, ItemKind.DUE, 14)]}


# Previews


def test_the_next_run_catches_up_and_the_days_after_show_the_schedule() -> None:
    saturday = date(2025, 6, 21)
    modes = [preview_mode(date(2025, 6, day), assumed_since=saturday, calendar=VIETNAM) for day in (20, 22, 23, 24)]
    assert modes == [Mode.SCHEDULED, Mode.SCHEDULED, Mode.REGULAR, Mode.SCHEDULED]
    assert preview_mode(saturday, assumed_since=None, calendar=VIETNAM) is Mode.SCHEDULED


def test_a_preview_of_a_past_day_shows_its_schedule_whatever_was_sent_since() -> None:
    sent = {(STP, "due", "task", 16, DUE): -140}
    result = plan(task(), today=date(2025, 6, 24), sent=sent, mode=Mode.SCHEDULED)
    assert listed(result) == {STP: [(16, ItemKind.DUE, 7)]}
    quiet = plan(task(), today=date(2025, 6, 25), mode=Mode.SCHEDULED, explain=True)
    assert quiet.silent[0] == Silent("ST-2024-TC-16", STP, Why.ALREADY_SENT)


@settings(deadline=None)
@given(due=dues, policy=policies, calendar=calendars, after=st.integers(-70, 500))
def test_a_scheduled_item_is_due_exactly_on_its_send_date(
    due: date, policy: Policy, calendar: Calendar, after: int
) -> None:
    today = calendar.on_or_after(due + after * ONE_DAY)
    candidate = task(effective_due=due)
    result = plan(candidate, today=today, calendar=calendar, policies={1: policy}, mode=Mode.SCHEDULED)
    reached = latest(due, policy, calendar, today=today)
    due_now = reached is not None and send_date(reached, due, calendar) == today
    assert listed(result).get(STP) == ([(16, ItemKind.DUE, reached)] if due_now else None)


@settings(deadline=None)
@given(submitted_on=dues, calendar=calendars, wait=st.integers(1, 9), after=st.integers(0, 90))
def test_a_scheduled_review_is_due_on_the_working_day_after_each_full_wait(
    submitted_on: date, calendar: Calendar, wait: int, after: int
) -> None:
    today = calendar.on_or_after(submitted_on + after * ONE_DAY)
    handed_in = task(status="submitted", submitted_on=submitted_on)
    policy = {1: Policy(review_wait_workdays=wait)}
    result = plan(handed_in, today=today, calendar=calendar, policies=policy, mode=Mode.SCHEDULED)
    waited = calendar.workdays_between(submitted_on, today)
    assert bool(result.digests) == (waited > wait and waited % wait == 1 % wait)
