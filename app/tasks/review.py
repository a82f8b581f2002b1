"""What the coordinator decides on a submitted report: accepted, continued or returned (xem xét, xác nhận)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app import evidence, scope
from app.core import scoring, workflow
from app.core.access import Actor, Permission
from app.errors import EvidenceRequired, Gathered, InvalidInput, OutsideRuleDomain, ScoreNotAccepted, SelfReview
from app.models import reports, reviews, submissions
from app.tasks.change import Located, apply, check_future, check_version, locate, points_or_none
from app.tasks.extension import refuse_open
from app.tasks.report import score_of
from app.text import compose


@dataclass(frozen=True, slots=True)
class Decision:
    decision: str
    comment: str = ""
    due_before: date | None = None
    """`continued`: the follow-up date."""
    resubmit_before: date | None = None
    """`returned`: until when the completed report is wanted."""
    measurements: Mapping[str, Any] | None = None
    """`accepted`: verified measurements; laid over what was submitted."""
    verified_score: str | None = None
    """`accepted`, where no rule computes it; the declared score when not given."""
    evidence_waiver: str | None = None
    """Why a higher score is accepted without evidence."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a decision changes: columns of the task, facts of the review row, facts for the log."""

    values: dict[str, Any]
    review: dict[str, Any]
    logged: dict[str, Any]


def review(
    connection: Connection, actor: Actor, ident: str, decision: Decision, *, version: int | None, now: datetime
) -> dict[str, Any]:
    """Decide on the report that waits. The account that wrote or submitted it never reviews (`SelfReview`).

    Reviews of the coordinator's own tasks are marked `self_reviewed`. A score above the published one needs evidence or
    a stated waiver.
    """
    row = locate(connection, actor, ident)
    actor.require(Permission.TASK_REVIEW)
    check_version(row, version)
    status = workflow.check_review(row.status, decision.decision)
    if actor.account_id in (row.submitted_by, row.report_author):
        raise SelfReview(
            "Tài khoản đã soạn hoặc nộp báo cáo không được tự xác nhận. "
            "Hãy để một tài khoản khác của Sở Nội vụ xác nhận."
        )
    submission = connection.execute(
        select(submissions).where(submissions.c.task_id == row.id, submissions.c.number == row.submissions)
    ).one()
    outcome = _decide(connection, row, submission, decision, now=now)
    self_reviewed = scope.leads(actor, row.agency_id)
    if decision.decision == "accepted":
        refuse_open(connection, actor, row, now=now)
    connection.execute(
        insert(reviews).values(
            task_id=row.id,
            submission_id=submission.id,
            decision=decision.decision,
            at=now,
            account_id=actor.account_id,
            self_reviewed=self_reviewed,
            comment=compose(decision.comment),
            **outcome.review,
        )
    )
    return apply(
        connection,
        actor,
        row,
        {"status": status, "submitted_at": None, "submitted_by": None, **outcome.values},
        action=f"task.{decision.decision}",
        now=now,
        why=compose(decision.comment),
        also={"self_reviewed": self_reviewed, **outcome.logged},
    )


def _decide(connection: Connection, row: Located, submission: Any, decision: Decision, *, now: datetime) -> _Outcome:
    if decision.decision == "accepted":
        return _accept(connection, row, submission, decision)
    if decision.measurements is not None or decision.verified_score is not None:
        raise ScoreNotAccepted("Chỉ ghi số liệu hoặc điểm xác nhận khi quyết định là xác nhận.", field="decision")
    if decision.decision == "returned":
        return _return(decision, now=now)
    asked = "Cần hạn báo cáo tiếp theo khi cho tiếp tục khắc phục."
    due = _future(decision.due_before, "due_before", asked, now=now)
    # The follow-up date replaces what was due before; the old dates stay in the log.
    values = {"due_before": due, "extension_due": None, "resubmit_before": None}
    return _Outcome(values, {"due": due, "frozen": {}}, {})


def _return(decision: Decision, *, now: datetime) -> _Outcome:
    problems = Gathered()
    asked = "Cần hạn nộp lại khi yêu cầu bổ sung, hoàn thiện."
    due = problems.of(_future, decision.resubmit_before, "resubmit_before", asked, now=now)
    problems.of(_check_comment, decision.comment)
    problems.raise_any()
    # A rejected figure stands nowhere until it is handed in again.
    return _Outcome({"resubmit_before": due, "reported": None}, {"due": due, "frozen": {}}, {})


def _accept(connection: Connection, row: Located, submission: Any, decision: Decision) -> _Outcome:
    measurements, declared, verified = _verified(row, submission, decision)
    documents = evidence.evidence_of(connection, row.id)
    waiver = compose(decision.evidence_waiver or "") or None
    if verified is not None and verified > row.published and not documents and waiver is None:
        raise EvidenceRequired(
            f"Điểm xác nhận {_shown(verified)} cao hơn điểm công bố {_shown(row.published)} nhưng chưa có tài liệu "
            "kiểm chứng. Hãy yêu cầu bổ sung, hoặc ghi lý do miễn.",
            field="evidence_waiver",
        )
    if verified is not None:
        # What was verified is what is known from now on, also if the task is ever taken up again.
        known = update(reports).where(reports.c.task_id == row.id)
        connection.execute(known.values(measurements=measurements, declared=declared))
    shown = points_or_none(verified)
    frozen = {
        "report": submission.content,
        "measurements": measurements,
        "evidence": documents,
        "score": shown,
    }
    facts = {"verified": verified, "evidence_waiver": waiver, "frozen": _plain(frozen)}
    logged = {"verified_measurements": measurements, "measurements": measurements, "evidence_waiver": waiver}
    return _Outcome({"verified": verified, "reported": verified}, facts, logged)


Verified = tuple[dict[str, str] | None, int | None, int | None]
"""(measurements, declared score, score)."""


def _verified(row: Located, submission: Any, decision: Decision) -> Verified:
    """What the review verifies; nothing on a survey task, whose score changes by the next survey only."""
    given = decision.measurements is not None or decision.verified_score is not None
    if row.kind == "survey":
        if given:
            raise ScoreNotAccepted(
                "Điểm điều tra xã hội học chỉ thay đổi theo kỳ khảo sát sau; không ghi số liệu hay điểm.",
                field="verified_score",
            )
        return None, None, None
    content = submission.content
    submitted = content.get("measurements")
    measurements = {**(submitted or {}), **(decision.measurements or {})} or None
    declared = decision.verified_score if decision.verified_score is not None else content.get("declared")
    if (
        decision.measurements is not None
        and decision.verified_score is None
        and scoring.parse_rule(row.rule).executable
    ):
        declared = _only_outside(row, measurements, declared)
    return score_of(row, measurements, declared, field="verified_score")


def _only_outside(row: Located, measurements: Mapping[str, Any] | None, declared: str | None) -> str | None:
    """Drop a score declared for measurements outside the rule's domain once corrected ones lie inside it."""
    if declared is None:
        return None
    rule = scoring.parse_rule(row.rule)
    try:
        scoring.score_measurements(rule, row.max, scoring.read_measurements(rule, measurements or {}))
    except OutsideRuleDomain:
        return declared
    return None


def _check_comment(comment: str) -> None:
    if not comment.strip():
        raise InvalidInput("Hãy ghi rõ nội dung cần bổ sung, hoàn thiện.", field="comment")


def _future(day: date | None, field: str, asked: str, *, now: datetime) -> date:
    if day is None:
        raise InvalidInput(asked, field=field)
    check_future(day, now=now, field=field)
    return day


def _shown(points: int) -> str:
    return scoring.in_vietnamese(scoring.format_points(points))


def _plain(frozen: dict[str, Any]) -> dict[str, Any]:
    """Evidence rows carry dates; what is frozen is plain JSON."""
    documents = [
        {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in one.items()}
        for one in frozen["evidence"]
    ]
    return {**frozen, "evidence": documents}
