"""A season of real work in miniature: random, repeatable changes to a few tasks, day after day."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import select

from app import tasks as work
from app.core.workdays import local_instant
from app.errors import Problem
from app.models import agencies, extension_requests, tasks
from app.tasks import Decision, Steering, Update
from tests.conftest import World

CODES = ("ST-2024-TC-15", "ST-2024-TC-16", "ST-2024-TC-21", "ST-2024-TC-03", "ST-2024-TC-09", "ST-2024-KS-27")
NUMBERS: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "ST-2024-TC-15": lambda dice: {"measurements": {"used_services": dice.randint(0, 16), "services": 16}},
    "ST-2024-TC-16": lambda dice: {"measurements": {"online_files": dice.randint(0, 168561), "files": 168561}},
    "ST-2024-TC-21": lambda dice: _targets(dice.randint(0, 20)),
    "ST-2024-TC-03": lambda dice: {"declared_score": f"0.{dice.randint(0, 9999):04d}"},
    "ST-2024-TC-09": lambda dice: {"declared_score": f"1.{dice.randint(0, 4999):04d}"},
    "ST-2024-KS-27": lambda _dice: {},
}
TEXTS = {"reason": "Lý do", "progress": "Tiến độ", "remedy": "Biện pháp"}
FIRST = date(2025, 6, 20)


def _targets(exceeded: int) -> dict[str, Any]:
    return {"measurements": {"targets": 20, "exceeded": exceeded, "met": 20 - exceeded}}


@dataclass
class Season:
    """Walk with `days()`; between the days the world stands at the end of the day that was yielded."""

    world: World
    dice: random.Random
    done: dict[str, int] = field(default_factory=dict)

    def days(self, count: int, each: int) -> Iterator[date]:
        for index in range(count):
            day = FIRST + timedelta(days=index)
            for step in range(each):
                self.world.at(local_instant(day, time(8 + step)))
                self._act(self.dice.choice(CODES), day)
            self.world.at(local_instant(day, time(23, 59)))
            yield day

    def _act(self, code: str, day: date) -> None:
        act = self.dice.choice(ACTS)
        try:
            act(self, code, day)
        except Problem:
            return  # not every move is legal from everywhere; the database must be none the worse
        name = act.__name__
        self.done[name] = self.done.get(name, 0) + 1

    def lead(self, code: str) -> Any:
        with self.world.db.snapshot() as connection:
            found = select(agencies.c.code).join(tasks, tasks.c.agency_id == agencies.c.id).where(tasks.c.code == code)
            return self.world.actor(connection.execute(found).scalar_one())

    def soon(self, day: date) -> date:
        return day + timedelta(days=self.dice.randint(1, 9))

    def coordinate(self, fn: Callable[..., Any], *given: Any) -> Any:
        return self.world.write(fn, self.world.actor("coordinator"), *given, version=None)


def report(season: Season, code: str, _day: date) -> None:
    change = Update(status="in_progress", percent=season.dice.randint(0, 100), **NUMBERS[code](season.dice))
    season.world.write(work.record_update, season.lead(code), code, change, version=None)


def submit(season: Season, code: str, _day: date) -> None:
    change = Update(status="submitted", texts=TEXTS, **NUMBERS[code](season.dice))
    season.world.write(work.record_update, season.lead(code), code, change, version=None)


def accept(season: Season, code: str, _day: date) -> None:
    season.coordinate(work.review, code, Decision("accepted", evidence_waiver="Đã kiểm tra"))


def carry_on(season: Season, code: str, day: date) -> None:
    season.coordinate(
        work.review, code, Decision("continued", due_before=day + timedelta(days=season.dice.randint(1, 9)))
    )


def give_back(season: Season, code: str, day: date) -> None:
    season.coordinate(work.review, code, Decision("returned", comment="Bổ sung", resubmit_before=season.soon(day)))


def close(season: Season, code: str, _day: date) -> None:
    season.coordinate(work.close, code, "Không khắc phục được")


def reopen(season: Season, code: str, day: date) -> None:
    season.coordinate(work.reopen, code, "Làm tiếp", season.dice.choice([None, day + timedelta(days=4)]))


def move_due(season: Season, code: str, day: date) -> None:
    season.coordinate(
        work.steer, code, Steering("Điều chỉnh", due_before=day + timedelta(days=season.dice.randint(1, 9)))
    )


def aim(season: Season, code: str, _day: date) -> None:
    season.coordinate(work.steer, code, Steering("Mục tiêu", target=f"{season.dice.choice([0.9, 1, 1.45])}"))


def assign(season: Season, code: str, _day: date) -> None:
    season.coordinate(work.assign, code, season.dice.choice(["VPUB", "STP", "SKHCN", "STC"]), "Giao lại")


def extend(season: Season, code: str, day: date) -> None:
    wanted = day + timedelta(days=season.dice.randint(5, 30))
    season.world.write(
        work.request_extension, season.lead(code), code, wanted, "Cần thêm thời gian", None, version=None
    )
    with season.world.db.snapshot() as connection:
        asked = connection.execute(select(extension_requests.c.id).order_by(extension_requests.c.id.desc())).scalar()
    decision = season.dice.choice(["granted", "refused"])
    season.world.write(work.decide_extension, season.world.actor("coordinator"), asked, decision, None, "Theo đề nghị")


ACTS = (report, submit, accept) * 2 + (carry_on, give_back, close, reopen, move_due, aim, assign, extend)
