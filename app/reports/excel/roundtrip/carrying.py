"""A filled template against the database: what it would change, and changing it, all of it or nothing.

The preview is the change itself, undone in the end: it says exactly what applying will do, score and refusal included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from app import tasks
from app.core.access import Actor, Permission
from app.core.workflow import LABELS, REPORTABLE
from app.db import savepoint
from app.errors import Conflict, InvalidInput, NotFound, Problem, StaleVersion
from app.reports.excel.roundtrip.filled import Filled, Place, Row, measured, written
from app.reports.excel.roundtrip.layout import FIGURES, MOVES, SKIP, label_of, standing
from app.reports.excel.sheets import Fault
from app.tasks import Update
from app.tasks.reportable import list_reportable

Task = Mapping[str, Any]


class Change(NamedTuple):
    """One input: what stands, and what would stand. Numbers in their plain form, with `number` set."""

    label: str
    old: str
    new: str
    number: bool = False


@dataclass(slots=True)
class Outcome:
    """One task that the workbook changes. `score` and `expected` are what they become ("0.8410"), None when refused;
    `stale` when somebody else changed the task since the template was made."""

    code: str
    name: str
    row: int
    changes: list[Change]
    published: str
    before: str | None
    status: str
    becomes: str | None = None
    score: str | None = None
    expected: str | None = None
    stale: bool = False


@dataclass(slots=True)
class Result:
    """`faults` empty: all of `outcomes` can be, or were, carried out."""

    assessment: str
    outcomes: list[Outcome] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unchanged: int = 0
    current: dict[str, Task] = field(default_factory=dict)
    """The tasks as they stand, by code: what a stale row is compared with."""

    @property
    def good(self) -> bool:
        return not self.faults


class _Undone(Exception):
    pass


def preview(connection: Connection, actor: Actor, filled: Filled, *, now: datetime) -> Result:
    """What applying would do. Nothing is kept."""
    found = Result(filled.assessment)
    try:
        with savepoint(connection, "preview"):
            found = _carry_out(connection, actor, filled, now=now)
            raise _Undone
    except _Undone:
        return found


def apply(connection: Connection, actor: Actor, filled: Filled, *, now: datetime) -> Result:
    """Carry all of it out. When anything is wrong nothing is changed: Conflict where a task changed since the template
    was made, else InvalidInput; `extra["problems"]` has every place and reason."""
    found = _carry_out(connection, actor, filled, now=now)
    if found.faults:
        raise refusal(found)
    return found


def refusal(found: Result) -> Problem:
    problems = [{"place": fault.place, "message": fault.what} for fault in found.faults]
    first = f"{found.faults[0]} " if found.faults else ""
    more = f"(và {len(problems) - 1} lỗi khác) " if len(problems) > 1 else ""
    kind = Conflict if any(one.stale for one in found.outcomes) else InvalidInput
    return kind(
        f"{first}{more}Chưa có gì được ghi. Hãy tải tệp đã đánh dấu lỗi, sửa rồi nạp lại.", extra={"problems": problems}
    )


def _carry_out(connection: Connection, actor: Actor, filled: Filled, *, now: datetime) -> Result:
    actor.require(Permission.TASK_REPORT)
    current = {one["code"]: one for one in list_reportable(connection, actor, filled.assessment, now=now)["items"]}
    found = Result(filled.assessment, faults=list(filled.faults), current=current)
    # Always in the same order, or two callers could wait for each other.
    for row in sorted(filled.rows, key=lambda one: one.code):
        task = current.get(row.code)
        changes = changes_of(row, task)
        if not changes:
            found.unchanged += 1
        elif task is None:
            fault = _not_reportable(connection, actor, row, now=now)
            found.unchanged += fault is None
            found.faults += [] if fault is None else [fault]
        else:
            outcome = _outcome(row, task, changes)
            found.outcomes.append(outcome)
            if row.code not in filled.held_back:
                found.faults += _try(connection, actor, row, task, outcome, now=now)
    found.outcomes.sort(key=lambda one: one.row)
    return found


def changes_of(row: Row, task: Task | None) -> list[Change]:
    """What of the row differs from what the template held and from what stands now. Emptied numbers change nothing."""
    now = {} if task is None else standing(task)
    labels = {} if task is None else {f"input.{one.name}": one.label for one in task["rule"].inputs}
    found = []
    for key, value in row.touched.items():
        number = key in _NUMBERS or key.startswith("input.")
        if value != now.get(key, "") and not (number and not value):
            label = labels.get(key) or (label_of(key) if not key.startswith("input.") else key)
            old, new = (_short(text) if key == "declared" else text for text in (now.get(key, ""), value))
            found.append(Change(label, old, new, number))
    wanted = MOVES.get(row.move)
    if wanted is not None and (task is None or wanted != task["status"]):
        old = "" if task is None else LABELS[task["status"]]
        found.insert(0, Change(label_of("move"), old, LABELS[wanted]))
    return found


def _short(score: str) -> str:
    """ "0.4000" as people write it: "0.4"."""
    return score.rstrip("0").rstrip(".") if "." in score else score


_NUMBERS: Final = frozenset({"percent", "declared"})


def _outcome(row: Row, task: Task, changes: list[Change]) -> Outcome:
    return Outcome(
        code=row.code,
        name=task["criterion"]["name"],
        row=row.place.row,
        changes=changes,
        published=task["published"],
        before=task["reported"],
        status=task["status"],
    )


def _try(connection: Connection, actor: Actor, row: Row, task: Task, outcome: Outcome, *, now: datetime) -> list[Fault]:
    try:
        with savepoint(connection, "row"):
            after = tasks.record_update(connection, actor, row.code, _update(row, task), version=row.version, now=now)
    except StaleVersion as problem:
        outcome.stale = True
        return [_fault(row.place, _stale(row, problem))]
    except Problem as problem:
        return [_fault(_place_of(row, problem), problem.detail)]
    outcome.becomes, outcome.score, outcome.expected = after["status"], after["reported"], after["expected"]
    return []


def _update(row: Row, task: Task) -> Update:
    now = standing(task)
    percent, score = row.touched.get("percent"), row.touched.get("declared")
    figures = {name: value for name, value in measured(row) if value != now.get(f"input.{name}", "")}
    return Update(
        status=MOVES.get(row.move),
        percent=int(percent) if percent and percent != now["percent"] else None,
        texts={key: value for key, value in written(row).items() if value != now[key]},
        measurements=figures or None,
        declared_score=score if score and score != now["declared"] else None,
    )


# What is said of a refusal, and where


def _fault(place: Place, what: str) -> Fault:
    return Fault(place.sheet, place.row, place.column, what, place.head)


def _stale(row: Row, problem: StaleVersion) -> str:
    return (
        f"nhiệm vụ {row.code} đã có thay đổi khác trên hệ thống sau khi tải mẫu (bản {row.version}, nay là bản "
        f"{problem.extra.get('version', '?')}). Hãy tải tệp đã đánh dấu: ô tô đỏ cho biết hệ thống nay ghi gì; xem "
        "lại, sửa nếu cần rồi nạp lại tệp đó."
    )


def _place_of(row: Row, problem: Problem) -> Place:
    """The cell at fault; the row's own code where the problem names none."""
    named = problem.field or ""
    if named.startswith("measurements."):
        return row.places.get(f"input.{named.removeprefix('measurements.')}", row.place)
    if named == "measurements":
        figures = [place for key, place in row.places.items() if place.sheet == FIGURES]
        return figures[0] if figures else row.places.get("declared", row.place)
    return row.places.get(_CELLS.get(named, named), row.place)


_CELLS: Final = {"declared_score": "declared", "status": "move"}


def _not_reportable(connection: Connection, actor: Actor, row: Row, *, now: datetime) -> Fault | None:
    """In the words of a task that is gone, belongs to somebody else, or waits for its review. None where all that the
    row says stands already: the same workbook was applied before."""
    skip = f"Hãy chọn “{SKIP}” ở cột “{label_of('move')}”."
    try:
        found = tasks.get_task(connection, actor, row.code, now=now)
    except NotFound:
        return _fault(row.place, f"nhiệm vụ {row.code} không có, hoặc không thuộc phạm vi của bạn. {skip}")
    if _stands(row, found):
        return None
    if found["status"] in REPORTABLE:
        return _fault(row.place, f"nhiệm vụ {row.code} nay do {found['agency']['name']} phụ trách. {skip}")
    label = LABELS[found["status"]]
    what = f"nhiệm vụ {row.code} nay ở trạng thái “{label}” nên không nhận báo cáo."
    if found["status"] == "submitted":
        what += " Muốn sửa, hãy rút lại báo cáo trên trang nhiệm vụ rồi nạp lại tệp;"
        skip = f"nếu không, chọn “{SKIP}” ở cột “{label_of('move')}”."
    return _fault(row.place, f"{what} {skip}")


def _stands(row: Row, task: Task) -> bool:
    report = task["report"] or {}
    figures = report.get("measurements") or {}
    score = row.touched.get("declared")
    return (
        MOVES.get(row.move) in (None, task["status"])
        and all(report.get(key, "") == value for key, value in written(row).items())
        and all(figures.get(name) == value for name, value in measured(row))
        and (not score or score == report.get("declared_score"))
        and row.touched.get("percent", "") in ("", str(task["percent"]))
    )


def as_json(found: Result) -> dict[str, Any]:
    """What the API answers."""
    return {
        "assessment": found.assessment,
        "ok": found.good,
        "unchanged": found.unchanged,
        "rows": [_row_as_json(one) for one in found.outcomes],
        "problems": [
            {
                "sheet": one.sheet,
                "row": None if one.row is None else one.row + 1,
                "column": None if one.column is None else one.column + 1,
                "place": one.place,
                "message": one.what,
            }
            for one in found.faults
        ],
    }


def _row_as_json(one: Outcome) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "row": one.row + 1,
        "stale": one.stale,
        "status": {"old": one.status, "new": one.becomes},
        "published": one.published,
        "reported": {"old": one.before, "new": one.score},
        "expected": one.expected,
        "changes": [{"label": each.label, "old": each.old, "new": each.new} for each in one.changes],
    }
