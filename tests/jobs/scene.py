"""A small province on a real database, for whatever happens without a caller: planning and sending."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from app.clock import Clock
from app.core.reminding import Policy
from app.core.workdays import local_instant
from app.db import Database
from app.models import (
    accounts,
    agencies,
    assessments,
    contacts,
    criteria,
    deliveries,
    digest_items,
    digests,
    provinces,
    reports,
    reviews,
    shares,
    submissions,
    tasks,
)
from app.models import fields as fields_table
from app.settings import Settings

START = datetime(2025, 1, 2, 2, 0, tzinfo=UTC)
NAMES = {"SNV": "Sở Nội vụ", "STP": "Sở Tư pháp", "SKHCN": "Sở Khoa học và Công nghệ", "STC": "Sở Tài chính"}
DUE = date(2025, 7, 1)


def at(day: date, hour: int = 8, minute: int = 0) -> datetime:
    """A moment on a Vietnamese clock."""
    return local_instant(day, time(hour, minute))


class SetClock(Clock):
    """Shows what a test sets, and counts as the real time or as a demo clock, as the test says."""

    __slots__ = ("_demo", "moment")

    def __init__(self, moment: datetime, *, demo: bool = False) -> None:
        object.__setattr__(self, "offset", timedelta(0))
        object.__setattr__(self, "moment", moment)
        object.__setattr__(self, "_demo", demo)

    def now(self) -> datetime:
        return self.moment  # type: ignore[no-any-return, attr-defined]

    @property
    def demo(self) -> bool:
        return self._demo  # type: ignore[no-any-return, attr-defined]


def settings_for(db: Database, folder: Path, **more: Any) -> Settings:
    return Settings(
        data_dir=folder, scheduler=False, DATABASE_URL=db.url, base_url="https://khacphuc.example.vn", **more
    )


@dataclass(slots=True)
class Scene:
    """Sóc Trăng with four agencies; `SNV` coordinates. Tasks, shares and contacts are the test's to add."""

    db: Database
    province: int = 0
    assessment: int = 0
    field_id: int = 0
    account: int = 0
    prefix: str = "ST"
    agency: dict[str, int] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def build(self, code: str = "soc-trang", name: str = "Tỉnh Sóc Trăng", prefix: str = "ST") -> "Scene":
        self.province = self.add(provinces, code=code, name=name)
        for number, (short, long) in enumerate(NAMES.items()):
            self.agency[short] = self.add(
                agencies, province_id=self.province, code=short, name=long, is_coordinator=number == 0
            )
        self.assessment = self.add(
            assessments,
            code=f"{code}-2024",
            province_id=self.province,
            name="Chỉ số cải cách hành chính năm 2024",
            year=2024,
            published=848_272,
            province_count=63,
            groups={},
            source={},
            due_before=DUE,
            reminder_policy=Policy().as_json(),
            version=1,
            created_at=START,
        )
        self.field_id = self.add(
            fields_table,
            assessment_id=self.assessment,
            number=1,
            name="Công tác chỉ đạo điều hành",
            max=100_000,
            published=80_000,
            figures={},
        )
        self.account = self.add(
            accounts,
            name=f"{code}-tests",
            display_name="tests",
            role="coordinator",
            province_id=self.province,
            agency_id=self.agency["SNV"],
            active=True,
            created_at=START,
        )
        self.prefix = prefix
        return self

    def add(self, table: Any, **values: Any) -> int:
        with self.db.transaction() as connection:
            statement = insert(table).values(**values)
            if "id" not in table.c:
                connection.execute(statement)
                return 0
            return int(connection.execute(statement.returning(table.c.id)).scalar_one())

    def change(self, table: Any, row_id: int, **values: Any) -> None:
        with self.db.transaction() as connection:
            connection.execute(update(table).where(table.c.id == row_id).values(**values))

    def rows(self, statement: Any) -> list[Any]:
        with self.db.snapshot() as connection:
            return list(connection.execute(statement).all())

    # What there is to do

    def task(self, agency: str = "STP", *, due: date = DUE, points: int = 6590, **more: Any) -> int:
        number = next(self._numbers)
        kind = more.pop("kind", "appraised")
        name = more.pop("name", f"Tiêu chí thành phần {number}")
        criterion = self.add(
            criteria,
            assessment_id=self.assessment,
            field_id=self.field_id,
            number=number,
            kind=kind,
            group="appraisal",
            name=name,
            max=15_000,
            published=15_000 - points,
            rule=more.pop("rule", {"kind": "declared" if kind == "appraised" else "survey"}),
            facts={},
            where="",
        )
        values = {
            "code": f"{self.prefix}-2024-TC-{number:02d}",
            "assessment_id": self.assessment,
            "criterion_id": criterion,
            "agency_id": self.agency[agency],
            "assignment_basis": "report",
            "field_number": 1,
            "group": "appraisal",
            "kind": kind,
            "search": "",
            "status": "assigned",
            "due_before": due,
            "effective_due": due,
            "submissions": 0,
            "percent": 0,
            "max": 15_000,
            "published": 15_000 - points,
            "floor": 15_000 - points,
            "expected": 15_000 - points,
            "ceiling": 15_000,
            "version": 1,
            "created_at": START,
            "updated_at": START,
        }
        return self.add(tasks, **values | more)

    def share(self, task: int, agency: str, *, due: date = DUE, **more: Any) -> int:
        number = next(self._numbers)
        values = {
            "code": f"{self.prefix}-2024-TC-{task:02d}.{number:02d}",
            "task_id": task,
            "agency_id": self.agency[agency],
            "kind": "occurred",
            "what": "Hồ sơ giải quyết trễ hẹn trong năm 2024",
            "quantity": 1150,
            "unit": "hồ sơ",
            "where": "",
            "effective_due": due,
            "reason": "",
            "progress": "",
            "remedy": "",
            "resolved": False,
            "done": False,
            "version": 1,
        }
        return self.add(shares, **values | more)

    def contact(self, agency: str | None, name: str = "Văn thư", **more: Any) -> int:
        values = {
            "province_id": self.province,
            "agency_id": None if agency is None else self.agency[agency],
            "kind": "leadership" if agency is None else "officer",
            "name": name,
            "active": True,
        }
        if "webhook_url" not in more:
            values["email"] = f"{(agency or 'ubnd').lower()}@soctrang.example"
        return self.add(contacts, **values | more)

    def submit(self, task: int, *, at: datetime) -> int:
        self.change(tasks, task, status="submitted", submitted_at=at, submissions=1)
        return self.add(submissions, task_id=task, number=1, at=at, account_id=self.account, on_time=True, content={})

    def give_back(self, task: int, comment: str, *, at: datetime, until: date) -> None:
        submission = self.submit(task, at=at)
        self.add(
            reviews,
            task_id=task,
            submission_id=submission,
            decision="returned",
            at=at,
            account_id=self.account,
            self_reviewed=False,
            comment=comment,
            frozen={},
        )
        self.change(tasks, task, status="returned", submitted_at=None, resubmit_before=until, effective_due=until)

    def report(self, task: int, **parts: Any) -> None:
        values = {"reason": "", "progress": "", "remedy": "", "difficulties": "", "period": ""}
        self.add(reports, task_id=task, updated_at=START, account_id=self.account, **values | parts)

    # What came of it

    def told(self) -> dict[tuple[str, date], list[tuple[str, str, int]]]:
        """(recipient, day) → (kind, code, milestone) of the items, in no particular order."""
        found: dict[tuple[str, date], list[tuple[str, str, int]]] = {}
        statement = select(
            digests.c.recipient,
            digests.c.local_date,
            digest_items.c.kind,
            digest_items.c.subject,
            digest_items.c.milestone,
        ).join(digest_items, digest_items.c.digest_id == digests.c.id)
        for recipient, day, *item in self.rows(statement.order_by(digest_items.c.id)):
            found.setdefault((recipient.split("/")[1], day), []).append(tuple(item))
        return found

    def messages(self) -> list[Any]:
        statement = select(deliveries, digests.c.recipient, digests.c.local_date).join(
            digests, digests.c.id == deliveries.c.digest_id
        )
        return self.rows(statement.order_by(deliveries.c.id))

    def states(self) -> list[str]:
        return [row.state for row in self.messages()]
