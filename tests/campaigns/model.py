"""The task's life, its scores and its reminders a second time: plain Python, written from docs/workflow.md and
docs/reminders.md. Nothing of the application is imported, so that a mistake would have to be made twice.

What somebody tries answers with the names of the problems that stand in its way; with none, it has happened. Several
may stand in the way at once: which of them is told first is not part of the rules, except that what is invisible is
"not found" and what is visible but not one's own is "forbidden", whatever else is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = timedelta(days=1)
STATUSES = ("assigned", "in_progress", "submitted", "returned", "accepted", "closed")
OPEN = ("assigned", "in_progress", "submitted", "returned")
OWED = ("assigned", "in_progress", "returned")
PARTS = ("reason", "progress", "remedy")
COORDINATOR, LEADERSHIP = "SNV", "leadership"
BEFORE, EVERY = (30, 14, 7, 3, 1), 7
LATE_LEADERSHIP = -13
"""The 14th overdue day; the first is milestone 0."""
PATIENCE = 5
OPENS, CLOSES = time(8), time(17)

Faults = frozenset[str]
NONE: Faults = frozenset()
Row = tuple[str, str, date, int]
"""What a digest says: kind, code of the task or share, the due date that it speaks of, milestone."""


def points(text: str) -> int:
    whole, _, decimals = text.partition(".")
    return int(whole) * 10_000 + int(decimals.ljust(4, "0"))


def nearest(exact: Fraction) -> int:
    """Half up; nothing here is negative."""
    return int(exact + Fraction(1, 2))


class Standing(NamedTuple):
    """What of a task figures and counts are made from, as it stood at some moment."""

    status: str
    agency: str
    due: date
    on_time: bool | None
    floor: int
    expected: int
    ceiling: int


@dataclass
class Task:
    code: str
    kind: str
    group: str
    field: int
    max: int
    published: int
    rule: Mapping[str, Any]
    agency: str
    helpers: set[str]
    due_before: date
    extension: date | None = None
    resubmit: date | None = None
    status: str = "assigned"
    submitted_on: date | None = None
    submitted_by: str | None = None
    on_time: bool | None = None
    submissions: int = 0
    percent: int = 0
    target: int | None = None
    verified: int | None = None
    reported: int | None = None
    texts: dict[str, str] = field(default_factory=dict)
    measured: dict[str, int] | None = None
    declared: int | None = None
    author: str | None = None
    version: int = 1
    log: int = 1

    @property
    def due(self) -> date:
        return max(day for day in (self.due_before, self.extension, self.resubmit) if day is not None)

    def overdue(self, today: date) -> bool:
        return self.status in OWED and today >= self.due

    @property
    def floor(self) -> int:
        return self.verified if self.status == "accepted" and self.verified is not None else self.published

    @property
    def expected(self) -> int:
        counts = self.status in ("in_progress", "submitted") and self.kind == "appraised"
        return self.reported if counts and self.reported is not None else self.floor

    @property
    def ceiling(self) -> int:
        aims = self.status in OPEN or (self.kind == "survey" and self.status != "closed")
        return (self.max if self.target is None else self.target) if aims else self.floor

    def standing(self) -> Standing:
        return Standing(self.status, self.agency, self.due, self.on_time, self.floor, self.expected, self.ceiling)

    def replace_due(self, day: date) -> None:
        self.due_before, self.extension, self.resubmit = day, None, None


@dataclass
class Share:
    code: str
    task: str
    agency: str
    kind: str
    reason: str = ""
    current: int | None = None
    resolved: bool = False

    @property
    def done(self) -> bool:
        return bool(self.reason) and (self.resolved if self.kind == "clearable" else self.current is not None)


@dataclass
class Request:
    task: str
    wanted: date
    state: str = "open"


@dataclass
class Digest:
    recipient: str
    day: date
    rows: set[Row]
    asked_at: datetime
    state: str = "pending"
    tried: bool = False


@dataclass
class Life:
    now: datetime
    tasks: dict[str, Task]
    shares: dict[str, Share]
    agencies: tuple[str, ...]
    off: frozenset[date]
    worked: frozenset[date]
    """At weekends, in exchange for days off."""
    max: int
    requests: list[Request] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)
    runs: set[date] = field(default_factory=set)
    days: dict[date, dict[str, Standing]] = field(default_factory=dict)
    """How everything stood at the end of each day that has passed."""

    @property
    def today(self) -> date:
        return self.now.astimezone(LOCAL).date()

    def pass_to(self, now: datetime) -> None:
        day, self.now = self.today, now
        while day < self.today:
            self.days[day] = self.standing()
            day += DAY

    def standing(self) -> dict[str, Standing]:
        return {code: task.standing() for code, task in self.tasks.items()}

    # Who may

    def sees(self, who: str, code: str) -> bool:
        role, agency = who_is(who)
        task = self.tasks[code]
        return role != "agency" or agency == task.agency or agency in task.helpers

    def _refused(self, who: str, code: str, roles: Iterable[str], *, lead: bool = False) -> Faults:
        role, agency = who_is(who)
        if not self.sees(who, code):
            return frozenset({"NotFound"})
        if role not in roles or (lead and agency != self.tasks[code].agency):
            return frozenset({"Forbidden"})
        return NONE

    # What the lead agency does

    def report(
        self,
        who: str,
        code: str,
        version: int,
        *,
        status: str | None = None,
        percent: int | None = None,
        texts: Mapping[str, str] | None = None,
        measured: Mapping[str, int] | None = None,
        declared: int | None = None,
        note: str = "",
    ) -> Faults:
        if refused := self._refused(who, code, ("agency", "coordinator"), lead=True):
            return refused
        task, texts = self.tasks[code], dict(texts or {})
        faults = set(self._stale(task, version))
        edits = bool(texts) or any(one is not None for one in (percent, measured, declared))
        if not edits and status is None and not note:
            faults.add("InvalidInput")
        if status not in (None, *STATUSES):
            faults.add("InvalidInput")
        elif not _may_move(task.status, status, edits=edits):
            faults.add("IllegalMove")
        wrong, figures = self._figures(task, status, measured, declared)
        faults |= wrong
        if status == "submitted":
            told = {**task.texts, **texts}
            incomplete = not all(told.get(part, "").strip() for part in PARTS)
            if incomplete or (task.kind == "appraised" and not wrong and figures[2] is None):
                faults.add("IncompleteSubmission")
        if faults:
            return frozenset(faults)
        task.texts |= texts
        if texts or measured is not None or declared is not None:
            task.author = who
        task.measured, task.declared, task.reported = figures
        task.percent = task.percent if percent is None else percent
        if status == "submitted":
            task.submitted_on, task.submitted_by = self.today, who
            task.submissions += 1
            task.on_time = self.today < task.due if task.on_time is None else task.on_time
        elif status is not None:
            task.submitted_on = task.submitted_by = None
        task.status = status or task.status
        return self._changed(task)

    def _figures(
        self, task: Task, status: str | None, measured: Mapping[str, int] | None, declared: int | None
    ) -> tuple[set[str], Any]:
        """What stands after the update: measured, declared, reported."""
        stands = (task.measured, task.declared, task.reported)
        if measured is None and declared is None:
            again = status == "submitted" and task.reported is None
            if again and (task.measured or task.declared is not None):  # a returned report, handed in again
                return judge(task, task.measured, task.declared)
            return set(), stands
        wrong, found = judge(task, {**(task.measured or {}), **(measured or {})} or None, declared)
        return wrong, found or stands

    def ask(self, who: str, code: str, version: int, wanted: date, reason: str) -> Faults:
        if refused := self._refused(who, code, ("agency", "coordinator"), lead=True):
            return refused
        task = self.tasks[code]
        faults = set(self._stale(task, version))
        if task.status not in OWED:
            faults.add("IllegalMove")
        if not reason or wanted <= self.today or wanted <= task.due:
            faults.add("InvalidInput")
        if any(one.task == code and one.state == "open" for one in self.requests):
            faults.add("Conflict")
        if faults:
            return frozenset(faults)
        self.requests.append(Request(code, wanted))
        task.log += 1
        return NONE

    def answer_share(self, who: str, code: str, **said: Any) -> Faults:
        share = self.shares[code]
        role, agency = who_is(who)
        if role == "leadership":
            return frozenset({"Forbidden"})
        if role == "agency" and agency != share.agency:
            return frozenset({"NotFound"})
        if agency != share.agency:
            return frozenset({"Forbidden"})
        faults = set() if self.tasks[share.task].status in OPEN else {"IllegalMove"}
        if share.kind == "occurred" and said.get("resolved"):
            faults.add("InvalidInput")
        if faults:
            return frozenset(faults)
        for name, value in said.items():
            setattr(share, name, value)
        return NONE

    # What the coordinator does

    def review(
        self,
        who: str,
        code: str,
        version: int,
        decision: str,
        *,
        comment: str = "",
        until: date | None = None,
        measured: Mapping[str, int] | None = None,
        verified: int | None = None,
        waiver: str = "",
    ) -> Faults:
        """`until`: the follow-up date of a report that is continued, or of one that is returned."""
        if refused := self._refused(who, code, ("coordinator",)):
            return refused
        task = self.tasks[code]
        faults = set(self._stale(task, version))
        if task.status != "submitted":
            return frozenset(faults | {"IllegalMove"})
        if who in (task.submitted_by, task.author):
            faults.add("SelfReview")
        figures: Any = (None, None, None)
        if decision == "accepted":
            wrong, figures = self._verified(task, measured, verified)
            faults |= wrong
            if not wrong and figures[2] is not None and figures[2] > task.published and not waiver:
                faults.add("EvidenceRequired")
        else:
            if measured is not None or verified is not None:
                faults.add("ScoreNotAccepted")
            if until is None or until <= self.today or (decision == "returned" and not comment):
                faults.add("InvalidInput")
        if faults:
            return frozenset(faults)
        self._decide(task, decision, until, figures)
        task.submitted_on = task.submitted_by = None
        return self._changed(task)

    def _decide(self, task: Task, decision: str, until: date | None, figures: Any) -> None:
        if decision == "accepted":
            self._refuse_requests(task)
            task.status = "accepted"
            task.verified = task.reported = figures[2]
            if figures[2] is not None:
                task.measured, task.declared = figures[:2]
        elif decision == "continued":
            assert until is not None
            task.status = "in_progress"
            task.replace_due(until)
        else:
            task.status, task.resubmit, task.reported = "returned", until, None

    def _verified(self, task: Task, measured: Mapping[str, int] | None, verified: int | None) -> tuple[set[str], Any]:
        if task.kind == "survey":
            given = measured is not None or verified is not None
            return ({"ScoreNotAccepted"} if given else set()), (None, None, None)
        counts = {**(task.measured or {}), **(measured or {})} or None
        declared = task.declared if verified is None else verified
        if measured is not None and verified is None and declared is not None and computes(task.rule):
            wrong, _ = judge(task, counts, None)
            declared = declared if "OutsideRuleDomain" in wrong else None
        return judge(task, counts, declared)

    def decide(self, who: str, number: int, decision: str, granted: date | None, comment: str) -> Faults:
        if number >= len(self.requests):
            return frozenset({"NotFound"})
        request = self.requests[number]
        if refused := self._refused(who, request.task, ("coordinator",)):
            return refused
        task = self.tasks[request.task]
        due = granted or request.wanted
        faults = set() if request.state == "open" else {"Conflict"}
        if decision == "granted" and (due <= self.today or due <= task.due):
            faults.add("InvalidInput")
        if decision == "refused" and not comment:
            faults.add("InvalidInput")
        if faults:
            return frozenset(faults)
        request.state = decision
        if decision == "granted":
            task.extension = due
        return self._changed(task)

    def steer(
        self,
        who: str,
        code: str,
        version: int,
        reason: str,
        *,
        due: date | None = None,
        target: int | None = None,
        helpers: Iterable[str] | None = None,
    ) -> Faults:
        if refused := self._refused(who, code, ("coordinator",)):
            return refused
        task = self.tasks[code]
        faults = set(self._stale(task, version))
        chosen = None if helpers is None else set(helpers)
        if not reason or (due is None and target is None and chosen is None):
            faults.add("InvalidInput")
        if task.status not in OPEN:
            faults.add("IllegalMove")
        if due is not None and due <= self.today:
            faults.add("InvalidInput")
        if target is not None and not task.published <= target <= task.max:
            faults.add("ScoreOutOfRange")
        if chosen is not None and (not chosen <= set(self.agencies) or task.agency in chosen):
            faults.add("InvalidInput")
        if faults:
            return frozenset(faults)
        before = (task.due_before, task.extension, task.resubmit, task.target, task.helpers)
        if due is not None:
            task.replace_due(due)
        task.target = task.target if target is None else target
        task.helpers = task.helpers if chosen is None else chosen
        after = (task.due_before, task.extension, task.resubmit, task.target, task.helpers)
        return NONE if before == after else self._changed(task)

    def assign(self, who: str, code: str, version: int, agency: str, reason: str) -> Faults:
        if refused := self._refused(who, code, ("coordinator",)):
            return refused
        task = self.tasks[code]
        faults = set(self._stale(task, version))
        if not reason or agency not in self.agencies:
            faults.add("InvalidInput")
        if task.status not in OWED:
            faults.add("IllegalMove")
        if agency == task.agency:
            faults.add("Conflict")
        if faults:
            return frozenset(faults)
        task.agency = agency
        task.helpers = task.helpers - {agency}
        return self._changed(task)

    def close(self, who: str, code: str, version: int, reason: str) -> Faults:
        if refused := self._refused(who, code, ("coordinator",)):
            return refused
        task = self.tasks[code]
        faults = set(self._stale(task, version)) | (set() if reason else {"InvalidInput"})
        if task.status not in OPEN:
            faults.add("IllegalMove")
        if faults:
            return frozenset(faults)
        self._refuse_requests(task)
        task.status, task.submitted_on, task.submitted_by = "closed", None, None
        return self._changed(task)

    def reopen(self, who: str, code: str, version: int, reason: str, due: date | None) -> Faults:
        if refused := self._refused(who, code, ("coordinator",)):
            return refused
        task = self.tasks[code]
        faults = set(self._stale(task, version)) | (set() if reason else {"InvalidInput"})
        if task.status in OPEN:
            faults.add("IllegalMove")
        if due is not None and due <= self.today:
            faults.add("InvalidInput")
        if faults:
            return frozenset(faults)
        task.status, task.verified = "in_progress", None
        if due is not None:
            task.replace_due(due)
        return self._changed(task)

    # What the leadership does

    def direct(self, who: str, code: str, version: int, text: str) -> Faults:
        if refused := self._refused(who, code, ("leadership",)):
            return refused
        task = self.tasks[code]
        faults = set(self._stale(task, version)) | (set() if text else {"InvalidInput"})
        if not faults:
            task.log += 1
        return frozenset(faults)

    # Inside

    def _stale(self, task: Task, version: int) -> Faults:
        return NONE if version == task.version else frozenset({"StaleVersion"})

    def _changed(self, task: Task) -> Faults:
        task.version += 1
        task.log += 1
        return NONE

    def _refuse_requests(self, task: Task) -> None:
        for one in self.requests:
            if one.task == task.code and one.state == "open":
                one.state = "refused"
                task.log += 1

    # Figures and counts, of any moment

    def totals(self, standing: Mapping[str, Standing], *, seen: Iterable[str] | None = None) -> dict[str, int]:
        """`seen`: to whoever sees only these tasks, every other one stands at its floor."""
        known = set(self.tasks if seen is None else seen)
        met = self.max - sum(task.max for task in self.tasks.values())
        return {
            "published": met + sum(task.published for task in self.tasks.values()),
            "floor": met + sum(one.floor for one in standing.values()),
            "expected": met + sum(one.expected if code in known else one.floor for code, one in standing.items()),
            "ceiling": met + sum(one.ceiling for one in standing.values()),
        }

    def counts(self, standing: Mapping[str, Standing], day: date) -> dict[str, Any]:
        tasks = standing.values()
        return {
            "tasks": len(standing),
            "by_status": {status: sum(one.status == status for one in tasks) for status in STATUSES},
            "overdue": sum(one.status in OWED and day >= one.due for one in tasks),
            "on_time": sum(one.on_time is True for one in tasks),
            "late": sum(one.on_time is False for one in tasks),
        }

    def summary(self, standing: Mapping[str, Standing], day: date) -> dict[str, Any]:
        short = {code: self.tasks[code].max - self.tasks[code].published for code in standing}
        whole = sum(short.values())
        done = sum(short[code] for code, one in standing.items() if one.status == "accepted")
        return {
            **self.counts(standing, day),
            "points_short": whole,
            "verified_gain": sum(one.floor - self.tasks[code].published for code, one in standing.items()),
            "expected_gain": sum(one.expected - self.tasks[code].published for code, one in standing.items()),
            "completion": nearest(Fraction(10_000 * done, whole)) if whole else 0,
        }

    # Reminders

    def is_workday(self, day: date) -> bool:
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def in_hours(self, moment: datetime) -> bool:
        local = moment.astimezone(LOCAL)
        return self.is_workday(local.date()) and OPENS <= local.time() < CLOSES

    def told(self) -> dict[tuple[str, Row], date]:
        """The ledger: who was told what, and in which day's digest."""
        return {(digest.recipient, row): digest.day for digest in self.digests for row in digest.rows}

    def remind(self, *, asked: bool) -> dict[str, set[Row]] | None:
        """Make the day's plan, or None when there is nothing to make now."""
        if not asked and (self.today in self.runs or not self.in_hours(self.now)):
            return None
        self.runs.add(self.today)
        planned = self._plan()
        for recipient, rows in planned.items():
            newer = Digest(recipient, self.today, set(rows), self.now)
            for older in self.digests:
                if older.recipient == recipient and older.state == "pending":
                    _supersede(older, newer)
            self.digests.append(newer)
        return planned

    def post(self) -> None:
        """Letters that wait leave within the hours; outside only those that somebody asked for less than an hour ago.
        What there is no longer to say drops out, and was not told."""
        for digest in self.digests:
            if digest.state != "pending":
                continue
            asked = not self.in_hours(digest.asked_at) and self.now - digest.asked_at < timedelta(hours=1)
            if not self.in_hours(self.now) and (digest.tried or not asked):
                digest.tried = True
                continue
            digest.rows = {row for row in digest.rows if self._still_so(digest.recipient, row)}
            digest.state = "sent" if digest.rows else "dropped"

    def _still_so(self, recipient: str, row: Row) -> bool:
        kind, subject, due, _ = row
        if share := self.shares.get(subject):
            task = self.tasks[share.task]
            return not share.done and task.status in OWED and task.due == due
        task = self.tasks[subject]
        if kind == "review":
            return task.status == "submitted" and task.submitted_on == due
        return task.status in OWED and task.due == due and (kind == "escalation" or task.agency == recipient)

    def _plan(self) -> dict[str, set[Row]]:
        told = self.told()
        today = {digest.recipient for digest in self.digests if digest.day == self.today}
        planned: dict[str, set[Row]] = {}
        for recipient, row in self._reached():
            kind, subject, due, milestone = row
            known = [
                one[3] for who, one in told if who == recipient and one[:3] == (kind, subject, due)
            ]  # what has been told, or anything later, is never told again
            if recipient not in today and min(known, default=milestone + 1) > milestone:
                planned.setdefault(recipient, set()).add(row)
        return planned

    def _reached(self) -> Iterable[tuple[str, Row]]:
        """The latest milestone of everything that has one."""
        for task in self.tasks.values():
            if task.status == "submitted":
                assert task.submitted_on is not None
                waited = self._workdays_since(task.submitted_on)
                if waited > PATIENCE:
                    steps = (waited - 1) // PATIENCE
                    yield COORDINATOR, ("review", task.code, task.submitted_on, -PATIENCE * steps)
            if task.status not in OWED:
                continue
            overdue = range(0, -1000, -EVERY)
            lines = [(task.agency, "due", (*BEFORE, *overdue)), (COORDINATOR, "escalation", overdue)]
            lines.append((LEADERSHIP, "escalation", range(LATE_LEADERSHIP, -1000, -EVERY)))
            for recipient, kind, milestones in lines:
                if kind == "escalation" and recipient == task.agency:
                    continue
                if (latest := self._latest(milestones, task.due)) is not None:
                    yield recipient, (kind, task.code, task.due, latest)
            for share in self.shares.values():
                latest = self._latest((*BEFORE, *overdue), task.due)
                if share.task == task.code and not share.done and latest is not None:
                    yield share.agency, ("due", share.code, task.due, latest)

    def _latest(self, milestones: Iterable[int], due: date) -> int | None:
        """Of the milestones that have been sent by tonight, if all were sent in time."""
        latest = None
        for milestone in milestones:
            nominal = due - milestone * DAY
            step = -DAY if milestone > 0 else DAY
            if nominal > self.today + 30 * DAY:
                break
            while not self.is_workday(nominal):
                nominal += step
            if nominal <= self.today:
                latest = milestone
        return latest

    def _workdays_since(self, day: date) -> int:
        return sum(self.is_workday(day + number * DAY) for number in range(1, (self.today - day).days + 1))


def who_is(who: str) -> tuple[str, str | None]:
    """(role, agency); `coordinator#2` is a second account."""
    name = who.partition("#")[0]
    if name == "coordinator":
        return "coordinator", COORDINATOR
    return ("leadership", None) if name == "leadership" else ("agency", name)


def computes(rule: Mapping[str, Any]) -> bool:
    return rule["kind"] in ("ratios", "weighted_counts")


def judge(task: Task, measured: Mapping[str, int] | None, declared: int | None) -> tuple[set[str], Any]:
    """(faults, (measured, declared, points))."""
    rule = task.rule
    out_of_range = set() if declared is None or 0 <= declared <= task.max else {"ScoreOutOfRange"}
    if rule["kind"] == "survey" or (rule["kind"] == "declared" and measured):
        return {"ScoreNotAccepted"}, None
    if rule["kind"] == "declared":
        return ({"InvalidInput"} if declared is None else out_of_range), (None, declared, declared)
    if not measured:
        return {"ScoreNotAccepted"}, None
    inputs = {one["name"]: one for one in rule["inputs"]}
    faults = {"UnknownMeasurement"} if measured.keys() - inputs.keys() else set()
    if any(name not in measured and one.get("optional") != "true" for name, one in inputs.items()):
        faults.add("MissingMeasurement")
    if any(count < 0 for count in measured.values()):
        faults.add("NegativeMeasurement")
    if faults:
        return faults, None
    wrong, score = _computed(rule, measured)
    if "OutsideRuleDomain" in wrong and declared is not None:
        return out_of_range, (dict(measured), declared, declared)
    if not wrong and declared is not None:
        return {"ScoreNotAccepted"}, None
    return wrong, (dict(measured), None, score)


def _computed(rule: Mapping[str, Any], measured: Mapping[str, int]) -> tuple[set[str], int]:
    if rule["kind"] == "ratios":
        exact = Fraction(0)
        for term in rule["terms"]:
            above, below = measured[term["numerator"]], measured[term["denominator"]]
            if below == 0 or above > below:
                return {"ZeroDenominator" if below == 0 else "NumeratorAboveDenominator"}, 0
            exact += Fraction(points(term["points"]) * above, below)
        return set(), nearest(exact)
    total = measured[rule["total"]]
    if total == 0:
        return {"ZeroDenominator"}, 0
    if any(measured.get(name, 0) for name in rule["refused"]):
        return {"OutsideRuleDomain"}, 0
    if sum(measured[one["input"]] for one in rule["classes"]) != total:
        return {"InvalidInput"}, 0
    return set(), nearest(
        Fraction(sum(points(one["points"]) * measured[one["input"]] for one in rule["classes"]), total)
    )


def _may_move(status: str, wanted: str | None, *, edits: bool) -> bool:
    if wanted is None:
        return status in OWED or (status == "submitted" and not edits)
    return (status in OWED and wanted in ("in_progress", "submitted")) or (status, wanted) == (
        "submitted",
        "in_progress",
    )


def _supersede(older: Digest, newer: Digest) -> None:
    """What nobody has got moves into the newer digest, unless that speaks of the same thing anyway."""
    named = {row[:2] for row in newer.rows}
    moved = {row for row in older.rows if row[:2] not in named}
    older.rows -= moved
    newer.rows |= moved
    older.state = "superseded"


def read_life(seed: Path, now: datetime, *, off: Iterable[date], worked: Iterable[date]) -> Life:
    """A seed of one file, as its words stand there; every scalar is a string."""
    data = yaml.load(seed.read_text("utf-8"), yaml.BaseLoader)
    codes = tuple(one["code"] for one in data["agencies"])
    due = date.fromisoformat(data["assessment"]["due_before"])
    tasks = {
        one["code"]: Task(
            code=one["code"],
            kind=one["kind"],
            group=one["group"],
            field=int(one["field"]),
            max=points(one["max"]),
            published=points(one["score"]),
            rule=one["rule"],
            agency=one["agency"],
            helpers=_helpers(one, codes),
            due_before=due,
        )
        for one in data["criteria"]
    }
    shares = {
        one["code"]: Share(one["code"], held["task"], one["agency"], held["kind"])
        for held in data["share_lists"]
        for one in held["shares"]
    }
    most = sum(points(one["max"]) for one in data["fields"])
    return Life(now, tasks, shares, codes, frozenset(off), frozenset(worked), most)


def _helpers(criterion: Mapping[str, Any], codes: Iterable[str]) -> set[str]:
    named = criterion.get("cooperating", [])
    return set(codes) - {criterion["agency"]} if named == ["*"] else set(named)
