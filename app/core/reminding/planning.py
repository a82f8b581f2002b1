"""Who is to be reminded of what on a day.

Nothing asks "is today the day?". An item is due when the latest milestone reached by today is not in the ledger yet,
so after days of downtime one digest goes out, with the latest milestone, and the missed ones are skipped.
"""

from collections.abc import Iterable, Mapping, Set
from datetime import date
from enum import Enum, StrEnum
from operator import attrgetter
from typing import Literal, NamedTuple

from app.core.reminding.milestones import horizon, overdue_step, own_step, review_step
from app.core.reminding.policy import Policy
from app.core.workdays import ONE_DAY, Calendar


class ItemKind(StrEnum):
    """Why an item stands in a digest."""

    DUE = "due"
    """To the lead agency of a task, or the unit that holds a share."""
    ESCALATION = "escalation"
    """An overdue task, to the coordinator or the leadership."""
    REVIEW = "review"
    """A submission that waits, to the coordinator."""


class Why(Enum):
    """Why somebody gets nothing."""

    NOT_YET = "chưa đến mốc nhắc"
    ALREADY_SENT = "đã nhắc ở mốc này"
    DIGEST_SENT = "hôm nay đã gửi thư nhắc việc cho nơi nhận này"
    SUBMITTED = "đã nộp, đang chờ xác nhận"
    ACCEPTED = "đã xác nhận"
    CLOSED = "đã kết thúc"
    SHARE_ANSWERED = "đã giải trình xong phần trách nhiệm"
    DAY_OFF = "ngày nghỉ"
    NOTHING_DUE = "không có nội dung nào đến mốc nhắc"

    @property
    def text(self) -> str:
        return str(self.value)


class Mode(Enum):
    REGULAR = "regular"
    """What the ledger lacks goes out; nothing on a day off."""
    FORCED = "forced"
    """As REGULAR, on days off too: somebody asked for it."""
    SCHEDULED = "scheduled"
    """For previews: every run before this day is taken as done on time, whatever the ledger says."""


class Candidate(NamedTuple):
    """A task or share as selected. A share carries its task's status and dates; shares are never escalated."""

    subject: Literal["task", "share"]
    id: int
    code: str
    assessment: int
    recipient: str
    """The agency that answers for it."""
    status: str
    effective_due: date
    points_at_stake: int
    """In ten-thousandths of a point."""
    submitted_on: date | None = None
    """Local date of the submission that waits."""
    answered: bool = False
    """The holder has done what its share asks for."""


SentKey = tuple[str, str, str, int, date]
"""Key of the ledger: recipient, ItemKind, "task" or "share", its id, effective_due (`Item.effective_due`).

Its value is the most advanced (smallest) milestone that went out. A plain tuple: a plan asks up to 300 000 times.
"""


class Item(NamedTuple):
    kind: ItemKind
    candidate: Candidate
    milestone: int
    """For a review: minus the full working days waited at this step, −5, −10 …"""
    effective_due: date
    """As in the ledger: the task's own, for a review the local date of the submission, so that the next starts anew."""
    waited_workdays: int = 0
    """Reviews only."""

    def days_left(self, *, today: date) -> int:
        """Days until the task's own effective_due; see `days_text`."""
        return (self.candidate.effective_due - today).days


class Digest(NamedTuple):
    recipient: str
    items: list[Item]
    """Most points at stake first, then by code, then as the candidates came."""


class Silent(NamedTuple):
    code: str | None
    """None: the recipient gets nothing at all."""
    recipient: str
    why: Why


class Plan(NamedTuple):
    digests: list[Digest]
    """By recipient."""
    silent: list[Silent]
    """Empty unless asked for."""


def preview_mode(day: date, *, assumed_since: date | None, calendar: Calendar) -> Mode:
    """How to plan a preview of `day`.

    `assumed_since` is the first day whose regular run is still to come (today, or tomorrow once today's is done). The
    first working day from there catches up with all that is unsent; any other day, past days too, shows its schedule.
    """
    if assumed_since is not None and day == calendar.on_or_after(assumed_since):
        return Mode.REGULAR
    return Mode.SCHEDULED


def plan_reminders(
    candidates: Iterable[Candidate],
    *,
    policies: Mapping[int, Policy],
    calendar: Calendar,
    already_sent: Mapping[SentKey, int],
    coordinator: str,
    leadership: str | None,
    today: date,
    mode: Mode = Mode.REGULAR,
    digested: Set[str] = frozenset(),
    explain: bool = False,
) -> Plan:
    """Decide the digests of one province and day, one per recipient.

    `policies` is by assessment; one without a policy follows the defaults. Who is in `digested` already got today's
    digest and gets no second one: what is new waits for the next run. No digest names a task twice: of its own tasks
    the coordinator gets the due item, not the escalation. With `explain`, `silent` names each candidate that stands in
    no digest and each known recipient without one.
    """
    planner = _Planner(
        policies, calendar, already_sent, coordinator, leadership, today=today, mode=mode, digested=digested
    )
    silent: list[Silent] = []
    recipients = {coordinator} if leadership is None else {coordinator, leadership}
    for candidate in candidates:
        why = planner.place(candidate)
        if explain:
            recipients.add(candidate.recipient)
            if why is not None:
                silent.append(Silent(candidate.code, candidate.recipient, why))
    if explain:
        without = sorted(recipients - planner.items.keys())
        silent += [Silent(None, recipient, planner.why_no_digest(recipient)) for recipient in without]
    return Plan([Digest(recipient, _by_stake(items)) for recipient, items in sorted(planner.items.items())], silent)


def _by_stake(items: list[Item]) -> list[Item]:
    """Two stable sorts on plain keys take half the time of one on composed keys."""
    return sorted(sorted(items, key=_CODE), key=_STAKE, reverse=True)


_CODE = attrgetter("candidate.code")
_STAKE = attrgetter("candidate.points_at_stake")


class _Step(NamedTuple):
    latest: int | None
    before: int | None
    """What the runs before this day have sent, where they are taken as done."""


class _Steps(NamedTuple):
    """What a policy schedules for one effective_due. Thousands of tasks share it."""

    own: _Step
    coordinator: _Step
    leadership: _Step


_DONE = {"accepted": Why.ACCEPTED, "closed": Why.CLOSED}


class _Planner:
    """Places candidates one by one in the `items` of their recipients."""

    def __init__(
        self,
        policies: Mapping[int, Policy],
        calendar: Calendar,
        already_sent: Mapping[SentKey, int],
        coordinator: str,
        leadership: str | None,
        *,
        today: date,
        mode: Mode,
        digested: Set[str],
    ) -> None:
        self.items: dict[str, list[Item]] = {}
        self._policies = policies
        self._calendar = calendar
        self._already_sent = already_sent
        self._coordinator = coordinator
        self._leadership = None if leadership == coordinator else leadership
        self._today = today
        self._digested = digested
        self._scheduled = mode is Mode.SCHEDULED
        self._resting = mode is not Mode.FORCED and not calendar.is_workday(today)
        self._at = horizon(calendar, today=today)
        self._previous_run = calendar.on_or_before(today - ONE_DAY)
        self._before = horizon(calendar, today=self._previous_run)
        self._steps: dict[tuple[int, date], _Steps] = {}
        self._reviews: dict[tuple[int, date], tuple[_Step, int]] = {}

    def place(self, candidate: Candidate) -> Why | None:
        """Put the candidate into the digests it belongs to; why not, when it belongs to none."""
        if self._resting:
            return Why.DAY_OFF
        if candidate.status in _DONE:
            return _DONE[candidate.status]
        if candidate.answered:
            return Why.SHARE_ANSWERED
        if candidate.status == "submitted":
            return self._place_review(candidate)
        return self._place_open(candidate)

    def why_no_digest(self, recipient: str) -> Why:
        if self._resting:
            return Why.DAY_OFF
        return Why.DIGEST_SENT if recipient in self._digested else Why.NOTHING_DUE

    def _place_open(self, candidate: Candidate) -> Why | None:
        steps = self._steps_of(candidate)
        due = candidate.effective_due
        why = self._offer(candidate.recipient, ItemKind.DUE, candidate, steps.own, due)
        if candidate.subject == "share":
            return why
        for recipient, step in ((self._coordinator, steps.coordinator), (self._leadership, steps.leadership)):
            if recipient is None or recipient == candidate.recipient:
                continue
            if self._offer(recipient, ItemKind.ESCALATION, candidate, step, due) is None:
                why = None
        return why

    def _place_review(self, candidate: Candidate) -> Why | None:
        if candidate.subject == "share" or candidate.submitted_on is None:
            return Why.SUBMITTED
        step, waited = self._review_of(candidate.assessment, candidate.submitted_on)
        why = self._offer(self._coordinator, ItemKind.REVIEW, candidate, step, candidate.submitted_on, waited)
        return Why.SUBMITTED if why is Why.NOT_YET else why

    def _offer(
        self, recipient: str, kind: ItemKind, candidate: Candidate, step: _Step, effective_due: date, waited: int = 0
    ) -> Why | None:
        if step.latest is None:
            return Why.NOT_YET
        if self._scheduled:
            sent = step.before
        else:
            sent = self._already_sent.get((recipient, kind, candidate.subject, candidate.id, effective_due))
        if sent is not None and sent <= step.latest:
            return Why.ALREADY_SENT
        if recipient in self._digested:
            return Why.DIGEST_SENT
        self.items.setdefault(recipient, []).append(Item(kind, candidate, step.latest, effective_due, waited))
        return None

    def _steps_of(self, candidate: Candidate) -> _Steps:
        key = (candidate.assessment, candidate.effective_due)
        steps = self._steps.get(key)
        if steps is None:
            steps = self._steps[key] = self._plan_steps(self._policy(candidate.assessment), candidate.effective_due)
        return steps

    def _plan_steps(self, policy: Policy, due: date) -> _Steps:
        def escalation(first: int) -> _Step:
            start = 1 - first
            return _Step(overdue_step(due, start, policy, self._at), overdue_step(due, start, policy, self._before))

        return _Steps(
            _Step(own_step(due, policy, self._at), own_step(due, policy, self._before)),
            escalation(policy.escalate_coordinator_from),
            escalation(policy.escalate_leadership_from),
        )

    def _review_of(self, assessment: int, submitted_on: date) -> tuple[_Step, int]:
        key = (assessment, submitted_on)
        known = self._reviews.get(key)
        if known is None:
            policy = self._policy(assessment)
            waited = self._calendar.workdays_between(submitted_on, self._today)
            waited_before = self._calendar.workdays_between(submitted_on, self._previous_run)
            known = _Step(review_step(waited, policy), review_step(waited_before, policy)), waited
            self._reviews[key] = known
        return known

    def _policy(self, assessment: int) -> Policy:
        return self._policies.get(assessment) or Policy()
