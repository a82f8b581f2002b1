"""What somebody does to a task: once to the model, once for real. Arguments never depend on the real side's answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from app import shares
from app import tasks as work
from app.models import extension_requests
from app.tasks import Decision, Steering, Update
from tests.campaigns.model import DAY, OWED, PARTS, Faults, Life, Task
from tests.conftest import World

REVIEWERS = ("coordinator", "coordinator#2")
WHO = ("STP", "STC", *REVIEWERS, "leadership")
TEXTS = {"reason": "Lý do", "progress": "Tiến độ", "remedy": "Biện pháp"}
WAIVER = "Đã kiểm tra"


@dataclass(frozen=True)
class Act:
    kind: str
    said: str
    model: Callable[[Life], Faults]
    real: Callable[[World], Any]


@dataclass(frozen=True)
class Dice:
    """Numbers that an act is made of; which act and which numbers follow from them and from the model alone."""

    luck: int
    figure: int
    days: int


def shown(points: int | None) -> str | None:
    if points is None:
        return None
    whole, rest = divmod(abs(points), 10_000)
    return f"{'-' if points < 0 else ''}{whole}.{rest:04d}"


# One act each


def report(who: str, code: str, version: int, **given: Any) -> Act:
    change = Update(
        status=given.get("status"),
        percent=given.get("percent"),
        texts=given.get("texts") or {},
        measurements=given.get("measured"),
        declared_score=shown(given.get("declared")),
        note=given.get("note", ""),
    )
    return Act(
        given.get("status") or "note",
        f"{who} reports on {code}: {given}",
        lambda life: life.report(who, code, version, **given),
        lambda world: world.write(work.record_update, world.actor(who), code, change, version=version),
    )


def review(who: str, code: str, version: int, decision: str, **given: Any) -> Act:
    date_of = "resubmit_before" if decision == "returned" else "due_before"
    made = Decision(
        decision,
        comment=given.get("comment", ""),
        measurements=given.get("measured"),
        verified_score=shown(given.get("verified")),
        evidence_waiver=given.get("waiver"),
        **{date_of: given.get("until")},
    )
    return Act(
        decision,
        f"{who} reviews {code}: {decision} {given}",
        lambda life: life.review(who, code, version, decision, **given),
        lambda world: world.write(work.review, world.actor(who), code, made, version=version),
    )


def steer(who: str, code: str, version: int, reason: str, **given: Any) -> Act:
    helpers = given.get("helpers")
    change = Steering(
        reason,
        due_before=given.get("due"),
        target=shown(given.get("target")),
        cooperating=None if helpers is None else sorted(helpers),
    )
    return Act(
        "steer",
        f"{who} steers {code}: {given}",
        lambda life: life.steer(who, code, version, reason, **given),
        lambda world: world.write(work.steer, world.actor(who), code, change, version=version),
    )


def assign(who: str, code: str, version: int, agency: str, reason: str) -> Act:
    return Act(
        "assign",
        f"{who} gives {code} to {agency}",
        lambda life: life.assign(who, code, version, agency, reason),
        lambda world: world.write(work.assign, world.actor(who), code, agency, reason, version=version),
    )


def close(who: str, code: str, version: int, reason: str) -> Act:
    return Act(
        "close",
        f"{who} closes {code}",
        lambda life: life.close(who, code, version, reason),
        lambda world: world.write(work.close, world.actor(who), code, reason, version=version),
    )


def reopen(who: str, code: str, version: int, reason: str, due: date | None) -> Act:
    return Act(
        "reopen",
        f"{who} reopens {code}, due {due}",
        lambda life: life.reopen(who, code, version, reason, due),
        lambda world: world.write(work.reopen, world.actor(who), code, reason, due, version=version),
    )


def ask(who: str, code: str, version: int, wanted: date, reason: str) -> Act:
    return Act(
        "ask for time",
        f"{who} asks for {wanted} on {code}",
        lambda life: life.ask(who, code, version, wanted, reason),
        lambda world: world.write(
            work.request_extension, world.actor(who), code, wanted, reason, None, version=version
        ),
    )


def decide(who: str, number: int, decision: str, granted: date | None, comment: str) -> Act:
    """`number`: of the requests in the order in which they were made, from 0."""

    def real(world: World) -> Any:
        with world.db.snapshot() as connection:
            made = connection.execute(select(extension_requests.c.id).order_by(extension_requests.c.id)).scalars().all()
        request = made[number] if number < len(made) else 10**6
        return world.write(work.decide_extension, world.actor(who), request, decision, granted, comment)

    return Act(
        f"time {decision}",
        f"{who} decides request {number}: {decision} {granted}",
        lambda life: life.decide(who, number, decision, granted, comment),
        real,
    )


def direct(who: str, code: str, version: int, text: str) -> Act:
    return Act(
        "direct",
        f"{who} directs {code}",
        lambda life: life.direct(who, code, version, text),
        lambda world: world.write(work.give_direction, world.actor(who), code, text, None, version=version),
    )


def answer_share(who: str, code: str, said: Mapping[str, Any]) -> Act:
    return Act(
        "share",
        f"{who} answers for {code}: {said}",
        lambda life: life.answer_share(who, code, **said),
        lambda world: world.write(shares.update_share, world.actor(who), code, dict(said), version=None),
    )


# Figures


def good_figures(task: Task, figure: int) -> dict[str, Any]:
    """A new measurement or declared score that the criterion's rule takes; nothing on a survey task."""
    kind = task.rule["kind"]
    if kind == "declared":
        return {"declared": figure % (task.max + 1)}
    if kind == "ratios":
        return {"measured": {"done": figure % 41, "planned": 40}}
    if kind == "weighted_counts":
        exceeded, missed = figure % 20, int(figure % 4 == 0)
        counts = {"targets": 20, "exceeded": exceeded, "met": 20 - missed - exceeded, "missed": missed}
        return {"measured": counts} | ({"declared": figure % (task.max + 1)} if missed else {})
    return {}


def any_figures(task: Task, figure: int) -> dict[str, Any]:
    """Mostly one that the rule refuses."""
    odd: Sequence[dict[str, Any]]
    if task.rule["kind"] == "ratios":
        odd = [
            {"measured": {"done": 7, "planned": 40, "khac": 1}},
            {"measured": {"done": 7}},
            {"measured": {"done": -1, "planned": 40}},
            {"measured": {"done": 0, "planned": 0}},
            {"measured": {"done": 41, "planned": 40}},
            {"measured": {"done": 20, "planned": 40}, "declared": 5000},
            {"declared": 5000},
        ]
    elif task.rule["kind"] == "weighted_counts":
        odd = [
            {"measured": {"targets": 20, "exceeded": 3, "met": 3}},
            {"measured": {"targets": 20, "exceeded": 14, "met": 5, "missed": 1}},
            {"measured": {"targets": 20, "exceeded": 14, "met": 5, "missed": 1}, "declared": 15_001},
            {"measured": {"targets": 0, "exceeded": 0, "met": 0}},
            {"measured": {"exceeded": 10}},
            {"declared": 5000},
        ]
    else:
        odd = [{"measured": {"done": 7}}, {"declared": task.max + 1}, {"declared": -1}, {"declared": task.max}]
    return odd[figure % len(odd)]


# What people would do


def sensible(life: Life, code: str, dice: Dice, version: int | None = None) -> Act:
    """Something that may be done to the task as it stands, by somebody who may do it, with the version that stands
    unless told otherwise. A few of them fail all the same: dates that are too early, scores without proof."""
    task = life.tasks[code]
    version = task.version if version is None else version
    lead = (dice.luck % 2 and task.agency == "SNV" and "coordinator#2") or _account(task.agency)
    later = max(life.today, task.due) + dice.days * DAY
    soon = life.today + dice.days * DAY
    figures = good_figures(task, dice.figure) if dice.figure % 4 or task.reported is None else {}
    if task.status in OWED:
        options = _owed(life, task, dice, version, lead, figures, soon=soon, later=later)
    elif task.status == "submitted":
        options = _waiting(life, task, dice, version, lead, soon=soon)
    else:
        options = [
            lambda: reopen("coordinator", code, version, "Làm tiếp", soon if dice.figure % 2 else None),
            lambda: direct("leadership", code, version, "Xem lại"),
            lambda: report(lead, code, version, note="Ghi chú"),
        ]
    return options[dice.luck % len(options)]()


def _owed(
    life: Life, task: Task, dice: Dice, version: int, lead: str, figures: dict[str, Any], *, soon: date, later: date
) -> list[Callable[[], Act]]:
    code, percent = task.code, dice.figure % 101
    agencies = life.agencies
    other = agencies[dice.figure % len(agencies)]
    helpers = [one for number, one in enumerate(agencies) if dice.figure >> number & 1 and one != task.agency]
    target = task.published + dice.figure % (task.max - task.published + 1)
    figures_alone = report(lead, code, version, percent=percent, **good_figures(task, dice.figure))
    return [
        *[lambda: report(lead, code, version, status="submitted", texts=TEXTS, **figures)] * 4,
        lambda: report(lead, code, version, status="submitted", **figures),
        lambda: report(lead, code, version, status="in_progress", percent=percent, **figures),
        lambda: report(lead, code, version, texts={PARTS[dice.figure % 3]: "" if percent % 4 else "Mới"}, **figures),
        *[lambda: figures_alone] * (6 if task.status == "returned" else 1),
        lambda: report(lead, code, version, note="Ghi chú"),
        lambda: ask(lead, code, version, later, "Cần thêm thời gian"),
        lambda: _decision(life, task, dice, later),
        lambda: _decision(life, task, dice, later),
        lambda: steer("coordinator", code, version, "Điều chỉnh", due=soon),
        lambda: steer("coordinator#2", code, version, "Điều chỉnh", target=target),
        lambda: steer("coordinator", code, version, "Điều chỉnh", helpers=helpers),
        lambda: assign("coordinator", code, version, other, "Giao lại"),
        lambda: close("coordinator#2", code, version, "Không khắc phục được"),
        lambda: direct("leadership", code, version, "Làm sớm"),
    ]


def _waiting(life: Life, task: Task, dice: Dice, version: int, lead: str, *, soon: date) -> list[Callable[[], Act]]:
    code = task.code
    judge = next((one for one in REVIEWERS if one not in (task.submitted_by, task.author)), "coordinator")
    judge = REVIEWERS[dice.figure // 3 % 2] if dice.figure % 3 == 0 else judge
    corrected = good_figures(task, dice.figure) if dice.figure % 4 == 0 else {}
    if "declared" in corrected:
        corrected["verified"] = corrected.pop("declared")
    waiver = WAIVER if dice.figure % 2 else ""
    return [
        *[lambda: review(judge, code, version, "accepted", waiver=waiver, **corrected)] * 3,
        *[lambda: review(judge, code, version, "continued", until=soon)] * 2,
        *[lambda: review(judge, code, version, "returned", until=soon, comment="Bổ sung")] * 4,
        lambda: report(lead, code, version, status="in_progress"),
        lambda: report(lead, code, version, note="Ghi chú"),
        lambda: steer(judge, code, version, "Điều chỉnh", due=soon),
        lambda: close(judge, code, version, "Không khắc phục được"),
        lambda: _decision(life, task, dice, soon),
    ]


def _decision(life: Life, task: Task, dice: Dice, later: date) -> Act:
    """On whatever request waits, of any task; where none does, one is made."""
    open_ones = [number for number, one in enumerate(life.requests) if one.state == "open"]
    if not open_ones and task.status in OWED:
        return ask(_account(task.agency), task.code, task.version, later, "Cần thêm thời gian")
    number = open_ones[dice.figure % len(open_ones)] if open_ones else dice.figure % 4
    granted = later + timedelta(days=dice.figure % 3) if dice.figure % 2 else None
    if dice.luck % 3 == 0:
        return decide("coordinator#2", number, "refused", None, "Chưa đủ lý do" if dice.figure % 4 else "")
    return decide("coordinator", number, "granted", granted, "")


def anything(life: Life, who: str, code: str, dice: Dice, version: int) -> Act:
    """Whatever anybody may try, most of it not theirs to do or not now."""
    task, day, odd = life.tasks[code], life.today + (dice.days - 3) * DAY, dice.figure % 2
    words = "Lý do" if dice.figure % 5 else ""
    agency = (*life.agencies, "KHAC")[dice.figure % (len(life.agencies) + 1)]
    status = (None, "in_progress", "submitted", "accepted", "khac")[dice.figure % 5]
    target = dice.figure % (task.max + 100)
    options: list[Callable[[], Act]] = [
        lambda: report(who, code, version, status=status, texts=TEXTS if odd else None),
        lambda: report(who, code, version, status=status, **any_figures(task, dice.figure)),
        lambda: report(who, code, version, **any_figures(task, dice.figure)),
        lambda: report(who, code, version, note=words and "Ghi chú"),
        lambda: review(who, code, version, "accepted", waiver=words, **_as_verified(any_figures(task, dice.figure))),
        lambda: review(who, code, version, ("continued", "returned")[odd], until=day, comment=words),
        lambda: review(who, code, version, ("continued", "returned")[odd], verified=5000),
        lambda: steer(who, code, version, words, due=day if odd else None, target=target),
        lambda: steer(who, code, version, words, helpers=[agency]),
        lambda: steer(who, code, version, words),
        lambda: assign(who, code, version, agency, words),
        lambda: close(who, code, version, words),
        lambda: reopen(who, code, version, words, day if odd else None),
        lambda: ask(who, code, version, day, words),
        lambda: decide(who, dice.figure % 5, ("granted", "refused")[odd], day if dice.figure % 3 else None, words),
        lambda: direct(who, code, version, words),
    ]
    return options[dice.luck % len(options)]()


def _as_verified(figures: dict[str, Any]) -> dict[str, Any]:
    return {{"declared": "verified"}.get(name, name): value for name, value in figures.items()}


def _account(agency: str) -> str:
    return "coordinator" if agency == "SNV" else agency
