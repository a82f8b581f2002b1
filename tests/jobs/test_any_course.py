"""Weeks of whatever may happen, drawn at random: what holds in every course of events."""

import random
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import agencies, reminders
from app.core import workflow
from app.core.reminding import Policy
from app.core.reminding.milestones import horizon, own_step
from app.core.workdays import ONE_DAY, Calendar, local_date, local_moment
from app.models import deliveries, digest_items, digests, tasks
from app.outbox import queue
from tests.jobs.rounds import deliver
from tests.jobs.scene import Scene, at

FIRST, LAST, END = date(2025, 4, 1), date(2025, 6, 13), date(2025, 6, 18)
"""Chance rules until `LAST`, a Friday; then three quiet working days follow."""
SEATS = ("SNV", "STP", "SKHCN")


class Course:
    def __init__(self, scene: Scene, folder: Path, luck: int) -> None:
        self.scene, self.folder, self.dice = scene, folder, random.Random(luck)
        self.forced: set[date] = set()
        for seat in SEATS:
            scene.contact(seat)
        scene.contact("STP", "Hai", email="hai@soctrang.example")
        dues = [date(2025, 4, 20) + self.dice.randrange(70) * ONE_DAY for _ in range(12)]
        self.tasks = [scene.task(self.dice.choice(SEATS), due=due) for due in dues]

    def may(self, chance: float) -> bool:
        return self.dice.random() < chance

    def live(self, today: date) -> None:
        for hour in (0, 6, 8, 9, 14, 19):
            now = at(today, hour, self.dice.randrange(20))
            if today <= LAST:
                self.happen(now)
            reminders.run_due(self.scene.db, now=now)
            if today > LAST or self.may(0.8):
                self.post(now)

    def happen(self, now: datetime) -> None:
        for task in self.tasks:
            if self.may(0.02):
                self.scene.change(tasks, task, status="submitted", submitted_at=now)
            elif self.may(0.03):
                self.scene.change(tasks, task, status="in_progress", submitted_at=None)
            elif self.may(0.01):
                self.scene.change(tasks, task, effective_due=local_date(now) + self.dice.randrange(-5, 30) * ONE_DAY)
            elif self.may(0.01):
                self.scene.change(tasks, task, agency_id=self.scene.agency[self.dice.choice(SEATS)])
        if self.may(0.02):
            self.forced.add(local_date(now))
            reminders.run_everywhere(self.scene.db, now=now)

    def post(self, now: datetime) -> None:
        """A delivery round: the folder may be out of reach, or the sender die with a message in its hands."""
        broken = local_date(now) <= LAST and self.may(0.3)
        if local_date(now) <= LAST and self.may(0.1):
            with self.scene.db.transaction() as connection:
                queue.claim(connection, now=now, lease=timedelta(minutes=10))
        folder = self.folder / "broken" if broken else self.folder
        if broken:
            folder.mkdir(exist_ok=True)
            (folder / "outbox").touch()
        deliver(self.scene, folder, now)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("luck", range(3))
def test_nobody_gets_two_letters_a_day_and_what_stands_is_told_in_the_end(
    scene: Scene, tmp_path: Path, luck: int
) -> None:
    course = Course(scene, tmp_path, luck)
    day = FIRST
    while day <= END:
        course.live(day)
        day += ONE_DAY
    with scene.db.snapshot() as connection:
        calendar = agencies.work_calendar(connection, years=[2025])
    sent = [row for row in scene.messages() if row.state == "sent"]
    assert len(sent) > 20
    a_day = Counter((row.recipient, row.contact_id, local_date(row.sent_at)) for row in sent)
    assert set(a_day.values()) == {1}
    for row in sent:
        moment = local_moment(row.sent_at)
        in_hours = calendar.is_workday(moment.date()) and time(8) <= moment.time() < time(17)
        assert in_hours or moment.date() in course.forced
    assert not untold(scene, calendar)


def untold(scene: Scene, calendar: Calendar) -> list[str]:
    """Codes of tasks whose lead agency has not been sent their latest milestone."""
    told = (
        select(digest_items.c.recipient, digest_items.c.task_id, digest_items.c.effective_due)
        .add_columns(func.min(digest_items.c.milestone))
        .join(digests, digests.c.id == digest_items.c.digest_id)
        .where(digests.c.id.in_(select(deliveries.c.digest_id).where(deliveries.c.state == "sent")))
        .where(digest_items.c.kind == "due")
        .group_by(digest_items.c.recipient, digest_items.c.task_id, digest_items.c.effective_due)
    )
    latest = {(recipient, task, due): milestone for recipient, task, due, milestone in scene.rows(told)}
    by_id = {agency: f"soc-trang/{seat}" for seat, agency in scene.agency.items()}
    reached = horizon(calendar, today=END)
    missing = []
    for row in scene.rows(select(tasks).where(tasks.c.status.in_(workflow.REPORTABLE))):
        step = own_step(row.effective_due, Policy(), reached)
        if step is not None and latest.get((by_id[row.agency_id], row.id, row.effective_due), step + 1) > step:
            missing.append(row.code)
    return missing
