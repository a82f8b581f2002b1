"""The year 2025 day by day: the scheduler's jobs against the real database and the real calendar of Vietnam."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from app import agencies, outbox, reminders
from app.core.workdays import ONE_DAY
from app.models import digest_items, tasks
from tests.jobs.scene import Scene, SetClock, at, settings_for

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
TET = [date(2025, 1, 25) + n * ONE_DAY for n in range(9)]
"""Nine days off, from the Saturday before to the Sunday after, as decreed for 2025."""


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_whole_year(scene: Scene, tmp_path: Path) -> None:
    before_tet = scene.task("STP", due=date(2025, 1, 31))  # the sixth day of Tết's break
    midyear = scene.task("SKHCN", due=date(2025, 7, 1))
    own = scene.task("SNV", due=date(2025, 5, 4))
    scene.contact("STP")
    settings = settings_for(scene.db, tmp_path)
    for number in range((LAST - FIRST).days + 1):
        today = FIRST + number * ONE_DAY
        for hour in (7, 8, 13, 20):
            reminders.run_due(scene.db, now=at(today, hour))
            outbox.deliver_due(scene.db, settings, clock=SetClock(at(today, hour)))
        if today == date(2025, 8, 15):
            scene.change(tasks, midyear, status="accepted")
        if today == date(2025, 3, 3):
            scene.change(tasks, before_tet, status="closed")
        if today == date(2025, 6, 16):
            scene.submit(own, at=at(today, 14))
    told = scene.told()
    days = {recipient: sorted(day for to, day in told if to == recipient) for recipient, _ in told}
    with scene.db.snapshot() as connection:
        calendar = agencies.work_calendar(connection, years=[2025])
    assert all(calendar.is_workday(day) for day in set().union(*days.values()))
    assert not set(TET) & set(days["STP"])

    # Ahead of Tết on its last working day, and only on the first working day after it once the deadline is past.
    milestones = {day: [m for _, _, m in told["STP", day]] for day in days["STP"]}
    assert list(milestones.items())[:5] == [
        (date(2025, 1, 2), [30]),
        (date(2025, 1, 17), [14]),
        (date(2025, 1, 24), [1]),  # 7, 3 and 1 all fall on it; the latest wins
        (date(2025, 2, 3), [0]),
        (date(2025, 2, 7), [-7]),
    ]
    assert days["STP"][-1] <= date(2025, 3, 3)
    # The leadership from the 14th overdue day on, weekly, until the task is done.
    assert days["leadership"][0] == date(2025, 2, 13)
    assert [m for _, code, m in told["leadership", date(2025, 7, 14)] if code.endswith("02")] == [-13]
    # The coordinator: its own task, others' overdue ones, and its own submission that waits (nobody reviewed it).
    assert told["SNV", date(2025, 4, 29)] == [("due", "ST-2024-TC-03", 1)]
    assert ("review", "ST-2024-TC-03", -5) in told["SNV", date(2025, 6, 24)]
    assert not any(code == "ST-2024-TC-03" for _, code, _ in told["leadership", date(2025, 7, 14)])
    # After the last task is done, only the waiting review is left, every five working days.
    assert {kind for day in days["SNV"] if day > date(2025, 8, 18) for kind, _, _ in told["SNV", day]} == {"review"}
    assert days["SKHCN"][-1] <= date(2025, 8, 15)

    assert set(scene.states()) == {"sent"}
    assert len(list((tmp_path / "outbox").iterdir())) == len(scene.messages()) == len(told)
    by_key = Counter(tuple(row) for row in scene.rows(_ledger()))
    assert set(by_key.values()) == {1}


def _ledger() -> object:
    columns = ("recipient", "kind", "subject", "effective_due", "milestone")
    return select(*(digest_items.c[name] for name in columns))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_swap_days_follow_the_calendar(scene: Scene) -> None:
    # 02/05/2025 was off and made up for on Saturday 26/04/2025: the last working day before the break's middle.
    scene.task("STP", due=date(2025, 5, 3))
    sent = []
    for number in range(12):
        today = date(2025, 4, 23) + number * ONE_DAY
        if reminders.run_due(scene.db, now=at(today)):
            sent.append(today)
    assert sent[-1] == date(2025, 4, 29)
    assert date(2025, 5, 2) not in sent


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_week_of_downtime_gives_one_digest_with_the_right_text(scene: Scene) -> None:
    scene.task("STP", due=date(2025, 7, 1))
    reminders.run_due(scene.db, now=at(date(2025, 6, 17)))
    reminders.run_due(scene.db, now=at(date(2025, 6, 27), 16, 59))
    assert [(day, items) for (_, day), items in scene.told().items()][1:] == [
        (date(2025, 6, 27), [("due", "ST-2024-TC-01", 3)])
    ]
