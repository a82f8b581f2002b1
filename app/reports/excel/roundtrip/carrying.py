"""A filled template against the database: what it would change, and changing it, all of it or nothing.

The preview is the change itself, undone in the end: it says exactly what applying will do, score and refusal included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from app import agencies, tasks
from app.assessments.read import find_assessment
from app.core.access import Actor, Permission
from app.core.scoring import read_measurements
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
    """One input: what stands, and what would stand. Numbers in their plain form, with `number` set; `refused` when the
    new value cannot be taken."""

    key: str
    label: str
    old: str
    new: str
    number: bool = False
    refused: bool = False


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
    current = _current(connection, actor, filled, now=now)
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
            if row.code in filled.held_back:
                found.faults += _more_faults(row, task, filled)
            else:
                found.faults += _try(connection, actor, row, task, outcome, now=now)
    found.outcomes.sort(key=lambda one: one.row)
    found.faults.sort(key=lambda one: (one.sheet, one.row or 0, one.column or 0))
    return found


def check_own(connection: Connection, actor: Actor, filled: Filled, *, now: datetime) -> None:
    """InvalidInput, in one plain sentence, for a template of another agency or of an assessment out of sight. Tasks
    that went from one agency to the other keep their template good."""
    _current(connection, actor, filled, now=now)


def _current(connection: Connection, actor: Actor, filled: Filled, *, now: datetime) -> dict[str, Task]:
    """The actor's reportable tasks by code; raises as `check_own`."""
    found = list_reportable(connection, actor, filled.assessment, now=now)
    current = {one["code"]: one for one in found["items"]}
    if not any(row.code in current for row in filled.rows):
        if filled.agency != found["agency"]["code"]:
            name = _agency_name(connection, actor, filled.agency, now=now)
            raise InvalidInput(f"Đây là mẫu của {name}; hãy tải mẫu của {found['agency']['name']}.", field="file")
        _check_assessment(connection, actor, filled.assessment)
    return current


def _agency_name(connection: Connection, actor: Actor, code: str, *, now: datetime) -> str:
    try:
        return str(agencies.get_agency(connection, actor, code, now=now)["name"])
    except Problem:
        return "cơ quan khác"


def _check_assessment(connection: Connection, actor: Actor, code: str) -> None:
    try:
        find_assessment(connection, actor, code)
    except Problem:
        shown = f"“{code[:60]}”, không có hoặc không thuộc phạm vi của bạn"
        raise InvalidInput(f"Đây là mẫu của kỳ đánh giá {shown}; hãy tải mẫu mới.", field="file") from None


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
            found.append(Change(key, label, old, new, number))
    wanted = MOVES.get(row.move)
    if wanted is not None and (task is None or wanted != task["status"]):
        old = "" if task is None else LABELS[task["status"]]
        found.insert(0, Change("move", label_of("move"), old, LABELS[wanted]))
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
        faults = [_fault(_place_of(row, one.field), one.detail) for one in problem.faults]
        at_fault = {_key_of(one.field) for one in problem.faults}
        outcome.changes = [one._replace(refused=one.key in at_fault) for one in outcome.changes]
        return faults or [_fault(row.place, problem.detail)]
    outcome.becomes, outcome.score, outcome.expected = after["status"], after["reported"], after["expected"]
    return []


def _more_faults(row: Row, task: Task, filled: Filled) -> list[Fault]:
    """What else is wrong with the numbers of a task that is not tried, because one of its cells cannot be read."""
    told = {fault[:3] for fault in filled.faults}
    figures = [place for place in row.places.values() if place.sheet == FIGURES]
    if not any(measured(row)) and not any(place[:3] in told for place in figures):
        return []
    try:
        read_measurements(task["rule"], {**(task["report"]["measurements"] or {}), **dict(measured(row))})
    except Problem as problem:
        found = [_fault(_place_of(row, one.field), one.detail) for one in problem.faults]
        return [fault for fault in found if fault[:3] not in told]
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


def _place_of(row: Row, named: str) -> Place:
    """The cell at fault; the row's own code where the problem names none."""
    if named == "measurements":
        figures = [place for place in row.places.values() if place.sheet == FIGURES]
        return figures[0] if figures else row.places.get("declared", row.place)
    return row.places.get(_key_of(named), row.place)


def _key_of(named: str) -> str:
    """The input that a problem's field means."""
    if named.startswith("measurements."):
        return f"input.{named.removeprefix('measurements.')}"
    return _CELLS.get(named, named)


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
