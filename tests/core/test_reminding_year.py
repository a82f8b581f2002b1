"""Walks through years, day by day and hour by hour, with the server down at random."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.reminding import (
    Candidate,
    Mode,
    Plan,
    Policy,
    SentKey,
    next_in_hours,
    plan_reminders,
    run_state,
)
from app.core.reminding.milestones import horizon, overdue_step, own_step
from app.core.workdays import Calendar, day_start, local_date, local_instant
from tests.core.walking import send_date, sent_key

ONE_DAY = timedelta(days=1)
YEAR = [date(2025, 1, 1) + n * ONE_DAY for n in range(380)]
SNV, LEADERS = "soc-trang/SNV", "soc-trang/leadership"
AGENCIES = (SNV, "soc-trang/STP", "soc-trang/STC")
VIETNAM = Calendar(
    off=frozenset(
        {
            date(2025, 1, 1),
            *(date(2025, 1, 25) + n * ONE_DAY for n in range(9)),
            date(2025, 4, 7),
            *(date(2025, 4, 30) + n * ONE_DAY for n in range(3)),
            *(date(2025, 9, 1) + n * ONE_DAY for n in range(2)),
            *(date(2026, 1, 1) + n * ONE_DAY for n in range(2)),
        }
    ),
    working=frozenset({date(2025, 4, 26), date(2026, 1, 10)}),
)


class Story(NamedTuple):
    """A task's year: its deadline, when it is handed in, when that is accepted (both days into the year)."""

    recipient: str
    due: date
    submitted: int
    reviewed: int

    def on(self, day: date, number: int) -> Candidate:
        passed = (day - YEAR[0]).days
        status = "assigned" if passed < self.submitted else "submitted" if passed < self.reviewed else "accepted"
        submitted_on = YEAR[0] + self.submitted * ONE_DAY if status == "submitted" else None
        return Candidate("task", number, f"T-{number}", 1, self.recipient, status, self.due, number, submitted_on)


stories = st.builds(
    lambda recipient, due, submitted, wait: Story(recipient, due, submitted, submitted + wait),
    st.sampled_from(AGENCIES),
    st.sampled_from(YEAR),
    st.integers(20, 500),
    st.integers(1, 60),
)
outages = st.lists(st.tuples(st.integers(0, 379), st.integers(1, 40)), max_size=8)


class Walk:
    """What the shell around the plan does: run, then record; the ledger keeps the smallest milestone."""

    def __init__(self) -> None:
        self.ledger: dict[SentKey, int] = {}
        self.items: Counter[tuple[SentKey, int]] = Counter()
        self.digests: Counter[tuple[str, date]] = Counter()

    def run(self, candidates: list[Candidate], today: date, mode: Mode) -> Plan:
        plan = plan_reminders(
            candidates,
            policies={1: Policy()},
            calendar=VIETNAM,
            already_sent=self.ledger,
            coordinator=SNV,
            leadership=LEADERS,
            today=today,
            mode=mode,
            digested={recipient for recipient, day in self.digests if day == today},
        )
        for digest in plan.digests:
            self.digests[digest.recipient, today] += 1
            for item in digest.items:
                key = sent_key(item, digest.recipient)
                self.items[key, item.milestone] += 1
                self.ledger[key] = min(item.milestone, self.ledger.get(key, item.milestone))
        return plan


@settings(deadline=None, max_examples=40)
@given(
    tales=st.lists(stories, min_size=1, max_size=4),
    down=outages,
    forced=st.frozensets(st.sampled_from(YEAR), max_size=30),
)
def test_whatever_the_downtime_nothing_is_sent_twice_and_the_latest_always_arrives(
    tales: list[Story], down: list[tuple[int, int]], forced: frozenset[date]
) -> None:
    dark = {YEAR[0] + (start + n) * ONE_DAY for start, length in down for n in range(length)}
    walk = Walk()
    for today in YEAR:
        if today in dark:
            continue
        candidates = [tale.on(today, number) for number, tale in enumerate(tales)]
        walk.run(candidates, today, Mode.REGULAR)
        if today in forced:
            walk.run(candidates, today, Mode.FORCED)
        if today in forced or VIETNAM.is_workday(today):
            for candidate in candidates:
                if candidate.status == "assigned":
                    assert_up_to_date(walk.ledger, candidate, today)
    assert set(walk.items.values()) <= {1}
    assert set(walk.digests.values()) <= {1}


def assert_up_to_date(ledger: dict[SentKey, int], candidate: Candidate, today: date) -> None:
    due, at = candidate.effective_due, horizon(VIETNAM, today=today)
    assert ledger.get((candidate.recipient, "due", "task", candidate.id, due)) == own_step(due, Policy(), at)
    for recipient, first in ((SNV, 1), (LEADERS, 14)):
        if recipient != candidate.recipient:
            expected = overdue_step(due, 1 - first, Policy(), at)
            assert ledger.get((recipient, "escalation", "task", candidate.id, due)) == expected


def test_without_downtime_every_item_goes_out_on_its_send_date() -> None:
    due, walk, got = date(2025, 5, 3), Walk(), {}
    for today in YEAR[:200]:
        for digest in walk.run([Story(AGENCIES[1], due, 500, 501).on(today, 1)], today, Mode.REGULAR).digests:
            got[digest.recipient, digest.items[0].milestone] = today
    weekly = list(range(-7, -71, -7))
    milestones = {
        AGENCIES[1]: [30, 14, 7, 1, 0, *weekly],  # 3 and 1 share 29/04, the last working day before the holidays
        SNV: [0, *weekly],
        LEADERS: list(range(-13, -77, -7)),
    }
    assert got == {(recipient, m): send_date(m, due, VIETNAM) for recipient, ms in milestones.items() for m in ms}
    assert got[AGENCIES[1], 1] == date(2025, 4, 29)
    assert got[SNV, 0] == date(2025, 5, 5)


@settings(deadline=None, max_examples=60)
@given(down=st.lists(st.tuples(st.integers(0, 24 * 40), st.integers(1, 90)), max_size=12))
def test_each_working_day_with_the_server_up_in_working_hours_has_exactly_one_run(down: list[tuple[int, int]]) -> None:
    dark = {start + n for start, length in down for n in range(length)}
    begin, last_run_on, runs, chances = day_start(date(2025, 1, 10)), None, Counter[date](), set()
    for hour in range(24 * 40):
        now = begin + hour * timedelta(hours=1)
        if hour in dark:
            continue
        today = local_date(now)
        working = local_instant(today, time(8)) <= now < local_instant(today, time(17)) and VIETNAM.is_workday(today)
        if working:
            chances.add(today)
        following = next_in_hours(now=now, policy=Policy(), calendar=VIETNAM)
        assert following.tzinfo is UTC
        assert (following == now) is working
        assert following >= now
        assert run_state(now=following, policy=Policy(), calendar=VIETNAM, last_run_on=None) == "due"
        if run_state(now=now, policy=Policy(), calendar=VIETNAM, last_run_on=last_run_on) == "due":
            last_run_on = today
            runs[today] += 1
    assert runs == Counter(chances)


def test_after_the_last_hours_before_a_break_the_next_are_after_it() -> None:
    friday_before_tet = datetime(2025, 1, 24, 10, 0, tzinfo=UTC)
    following = next_in_hours(now=friday_before_tet, policy=Policy(), calendar=VIETNAM)
    assert following == local_instant(date(2025, 2, 3), time(8))
