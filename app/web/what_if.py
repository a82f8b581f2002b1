"""Tính thử: move a number and see the total move; nothing is saved."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from app import projections
from app.core.access import Actor, Permission
from app.db import Connection
from app.errors import Problem
from app.projections import signed
from app.text import compose, fold, plain_number, plain_score
from app.vietnamese import number_text
from app.web.desk import choose_marks
from app.web.visit import Signed, Visit

router = APIRouter(include_in_schema=False)

_NUMBER: Final = re.compile(r"-?[0-9]+([.][0-9]+)?")
_THREE_DECIMALS: Final = re.compile(r"-?[0-9]+[.][0-9]{3}")
LONGEST: Final = 40
"""Characters of a number; whatever is longer is refused as it stands."""
UNCHANGED: Final[Mapping[str, Any]] = {"tasks": {}}
"""The change of a trial in which nothing moved."""
MOST_SHOWN: Final = 300
"""Criteria on the page; a province has dozens."""
MOST_FAULTS: Final = 20
"""Wrong numbers that are told of at once."""


class Box(NamedTuple):
    """A number that can be moved. `now`: what counts today, as people write it; `most`: where its slider ends."""

    name: str
    label: str
    unit: str
    published: str
    now: str
    most: str
    step: str

    @property
    def is_score(self) -> bool:
        return self.name.startswith("score.")


class Movable(NamedTuple):
    """A criterion of the projection with its boxes."""

    criterion: Mapping[str, Any]
    boxes: tuple[Box, ...]
    words: str
    """Folded, for the search on the page."""


@router.get("/what-if")
async def show_what_if(visit: Signed) -> Response:
    """The address may carry numbers, so that a trial can be shown to somebody else."""
    return await _page(visit, dict(visit.request.query_params))


@router.post("/what-if")
async def try_what_if(visit: Signed) -> Response:
    typed = {name: visit.sent.raw(name) for name in visit.sent.values}
    return await _page(visit, typed, part=bool(visit.request.headers.get("hx-request")))


async def _page(visit: Visit, typed: Mapping[str, str], *, part: bool = False) -> Response:
    frame = await visit.frame()
    typed = {name: text[:LONGEST] for name, text in typed.items()}
    found = await visit.read(gather, frame["assessment"]["code"], typed)
    found["share"] = _address(frame["assessment"]["code"], found["moving"], typed)
    found["sees_all"] = visit.actor.may(Permission.EXPECTED_READ_ALL)
    if part:
        return visit.page("what_if_part.html", **frame, **found, typed=typed)
    return visit.page("what_if.html", status=422 if found["faults"] else 200, **frame, **found, typed=typed)


def gather(
    connection: Connection, actor: Actor, assessment: str, typed: Mapping[str, str], *, now: datetime
) -> dict[str, Any]:
    """How everything stands, and how it would stand, of one moment."""
    trial = projections.open_trial(connection, actor, assessment, now=now)
    before = trial.before()
    found = find_movable(before, trial.numbers())
    movable = foremost(found, typed)
    faults = _unreadable(movable, typed)
    readable = (one for one in movable if not any(box.name in faults for box in one.boxes))
    moving = {one.criterion["code"]: moved for one in readable if (moved := _changes(one, typed))}
    after, refused = _tried(trial, before, dict(moving))
    faults |= refused
    return {
        "before": before,
        "after": after,
        "faults": faults,
        "marks": choose_marks(after["benchmarks"]),
        "groups": by_field(before, movable, after, faults),
        "moving": [name for code in after["change"]["tasks"] for name in _names(code, moving[code])],
        "left_out": len(found) - len(movable),
        "survey": sum(one["kind"] == "survey" for one in before["criteria"]),
    }


Numbers = Mapping[str, Mapping[str, str | None]]


def find_movable(projection: Mapping[str, Any], numbers: Mapping[str, Numbers]) -> list[Movable]:
    """What the reader sees and numbers decide: surveys move by the next survey only."""
    return [
        Movable(one, tuple(_boxes(one, numbers.get(one["code"], {}))), _words(one))
        for one in projection["criteria"]
        if one["kind"] != "survey" and one["status"] is not None
    ]


def foremost(movable: Sequence[Movable], typed: Mapping[str, str]) -> list[Movable]:
    """What is typed in, and of the others the `MOST_SHOWN` that lack most points, in their own order: a page of
    thousands of boxes helps nobody."""
    if len(movable) <= MOST_SHOWN:
        return list(movable)
    first = sorted(movable, key=lambda one: (not any(box.name in typed for box in one.boxes), -_lacks(one)))
    kept = {one.criterion["code"] for one in first[:MOST_SHOWN]}
    return [one for one in movable if one.criterion["code"] in kept]


def _lacks(one: Movable) -> Decimal:
    return Decimal(one.criterion["max"]) - Decimal(one.criterion["expected"])


def _boxes(criterion: Mapping[str, Any], numbers: Numbers) -> list[Box]:
    code = criterion["code"]
    if criterion["rule"]["inputs"]:
        return [_box(code, one, numbers.get(one["name"], {})) for one in criterion["rule"]["inputs"]]
    published, now, most = (_shortest(criterion[figure]) for figure in ("published", "expected", "max"))
    return [Box(f"score.{code}", "Điểm giả định", "điểm", published, now, most, "0.01")]


def _box(code: str, one: Mapping[str, Any], number: Mapping[str, str | None]) -> Box:
    now = number.get("now")
    most = number.get("full") or f"{max(2 * Decimal(now or 0), Decimal(10)):f}"
    name = f"input.{code}.{one['name']}"
    return Box(name, one["label"], one["unit"], number_text(one["published"]), number_text(now), number_text(most), "1")


def _shortest(points: str) -> str:
    """ "0.5000" → "0,5"; a score that needs its four places keeps them."""
    return number_text(f"{Decimal(points).normalize():f}")


def _words(criterion: Mapping[str, Any]) -> str:
    return fold(f"{criterion['code']} {criterion['name']} {criterion['agency']['name']}")


# From what was typed to what it would change


def _changes(one: Movable, typed: Mapping[str, str]) -> dict[str, Any]:
    """What differs from today, as `projections.get_what_if` takes it; a box left empty stays as it is."""
    numbers = {box.name: _number(box, typed.get(box.name, "")) for box in one.boxes}
    moved = {box.name: numbers[box.name] for box in one.boxes if numbers[box.name] not in ("", _number(box, box.now))}
    if not moved:
        return {}
    if one.criterion["rule"]["inputs"]:
        return {"measurements": {name.rsplit(".", 1)[1]: value for name, value in moved.items()}}
    return {"score": next(iter(moved.values()))}


def _number(box: Box, text: str) -> str:
    """ "94.511" → "94511"; "0,50" and "0,5" are one number. What is no number stays as it is, and of three decimals
    that somebody made clear with a nought ("1,2340") the nought stays."""
    given = compose(text)
    number = plain_score(given) if box.is_score else plain_number(given)
    if not _NUMBER.fullmatch(number) or "." not in number:
        return number
    short = number.rstrip("0").rstrip(".")
    return f"{short}0" if short != number and _THREE_DECIMALS.fullmatch(short) else short


def _unreadable(movable: Sequence[Movable], typed: Mapping[str, str]) -> dict[str, str]:
    """By field, what is no number at all."""
    return {
        box.name: f"“{compose(typed[box.name])}” không phải số. Hãy viết như {'0,84' if box.is_score else '94.511'}."
        for one in movable
        for box in one.boxes
        if compose(typed.get(box.name, "")) and not _NUMBER.fullmatch(_number(box, typed[box.name]))
    }


def _tried(
    trial: projections.Trial, before: dict[str, Any], wanted: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The projection with everything that can be reckoned, and by field what is wrong with the rest."""
    faults: dict[str, str] = {}
    while True:
        if not wanted:
            return before | {"change": UNCHANGED}, faults
        try:
            return trial.after(wanted), faults
        except Problem as problem:
            code = _code_of(problem, wanted)
            if code is None or len(faults) >= MOST_FAULTS:
                raise
            faults[_field_of(problem, code, wanted.pop(code))] = problem.detail


def _code_of(problem: Problem, wanted: Mapping[str, Any]) -> str | None:
    """Whose number a problem is about."""
    place = f"{problem.field or ''}."
    return next((code for code in wanted if place.startswith(f"tasks.{code}.")), None)


def _field_of(problem: Problem, code: str, change: Mapping[str, Any]) -> str:
    """The box that a problem belongs to: the one it names where the page has it, else the first that was moved."""
    if "score" in change:
        return f"score.{code}"
    name = (problem.field or "").removeprefix(f"tasks.{code}.measurements.")
    named = f"input.{code}.{name}"
    return named if name and not name.startswith("tasks.") else _names(code, change)[0]


def _names(code: str, change: Mapping[str, Any]) -> list[str]:
    """The boxes behind a change."""
    return (
        [f"input.{code}.{name}" for name in change["measurements"]] if "measurements" in change else [f"score.{code}"]
    )


def _address(assessment: str, moving: Sequence[str], typed: Mapping[str, str]) -> str:
    """Shows the same trial to whoever opens it, as far as they may see it."""
    return f"/what-if?{urlencode([('assessment', assessment), *((name, typed[name]) for name in moving)])}"


# How it is shown


def by_field(
    before: Mapping[str, Any], movable: Sequence[Movable], after: Mapping[str, Any], faults: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Fields with something to move, what they gain, and each criterion as it is and as it would be."""
    becomes = {one["code"]: one for one in after["criteria"]}
    moves = after["change"]["tasks"]
    found = []
    for field in before["fields"]:
        own = [one for one in movable if one.criterion["field"] == field["number"]]
        if own:
            codes = [one.criterion["code"] for one in own]
            moved = any(code in moves for code in codes)
            found.append(
                {
                    "field": field,
                    "gain": signed(sum(_points(moves[code]) for code in codes if code in moves)),
                    "moved": moved,
                    "open": moved or any(box.name in faults for one in own for box in one.boxes),
                    "rows": [(one, becomes[one.criterion["code"]], moves.get(one.criterion["code"])) for one in own],
                }
            )
    return found


def _points(text: str) -> int:
    return int(Decimal(text) * 10_000)
