"""Tasks and everything that happens to them. Scores are ten-thousandths of a point; due dates are exclusive."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.models.base import Json, json_column, one_of

STATUSES = ("assigned", "in_progress", "submitted", "returned", "accepted", "closed")


class Task(SQLModel, table=True):
    """Nhiệm vụ khắc phục, exactly one per unmet criterion.

    Columns from the criterion stand here again because summaries roll up without a join; `floor`, `expected` and
    `ceiling` follow from status, `verified`, `reported` and `target` (`app.tasks.change`).
    """

    __table_args__ = (
        one_of("status", *STATUSES),
        one_of("assignment_basis", "report", "field_lead", "part_iii", "chosen", "succession"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("target IS NULL OR target BETWEEN 0 AND max", name="target"),
        CheckConstraint("verified IS NULL OR verified BETWEEN 0 AND max", name="verified"),
        CheckConstraint("reported IS NULL OR reported BETWEEN 0 AND max", name="reported"),
        # Covers every roll-up, so a summary never touches the table (and SQLite never picks another plan).
        Index(
            "ix_task_rollup",
            "assessment_id",
            "agency_id",
            "field_number",
            "group",
            "kind",
            "status",
            "effective_due",
            "submitted_on_time",
            "max",
            "published",
            "floor",
            "expected",
        ),
        Index("ix_task_due", "assessment_id", "effective_due", "status"),
        # Of a hundred thousand tasks a handful waits for review.
        Index(
            "ix_task_waiting",
            "assessment_id",
            sqlite_where=text("submitted_at IS NOT NULL"),
            postgresql_where=text("submitted_at IS NOT NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    assessment_id: int = Field(foreign_key="assessment.id")
    criterion_id: int = Field(foreign_key="criterion.id", unique=True)
    agency_id: int = Field(foreign_key="agency.id", index=True)
    """The lead agency."""
    former_agency: str | None = None
    assignment_basis: str
    field_number: int
    group: str
    kind: str
    search: str
    """Folded text that `q` looks in (`app.text.fold`)."""

    status: str = "assigned"
    due_before: date
    extension_due: date | None = None
    resubmit_before: date | None = None
    effective_due: date
    """The latest of the three above."""
    submitted_at: datetime | None = None
    """Of the report that waits for review now."""
    submitted_by: int | None = Field(default=None, foreign_key="account.id", index=True)
    submitted_on_time: bool | None = None
    """Of the first submission, against the due date then in force."""
    submissions: int = 0
    percent: int = 0

    max: int
    published: int
    target: int | None = None
    verified: int | None = None
    reported: int | None = None
    floor: int
    expected: int
    ceiling: int

    version: int = 1
    created_at: datetime
    updated_at: datetime


class TaskCooperator(SQLModel, table=True):
    """Cơ quan phối hợp."""

    __tablename__ = "task_cooperator"
    task_id: int = Field(foreign_key="task.id", primary_key=True)
    agency_id: int = Field(foreign_key="agency.id", primary_key=True, index=True)


class Report(SQLModel, table=True):
    """Báo cáo giải trình as it stands now; what was submitted is frozen in `submission`."""

    task_id: int = Field(foreign_key="task.id", primary_key=True)
    reason: str = ""
    progress: str = ""
    remedy: str = ""
    difficulties: str = ""
    measurements: Json | None = Field(default=None, sa_column=json_column(nullable=True))
    declared: int | None = None
    period: str = ""
    """Kỳ số liệu."""
    updated_at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
    on_behalf_of: str | None = None


class Submission(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("task_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="task.id")
    number: int
    at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
    on_behalf_of: str | None = None
    on_time: bool
    reported: int | None = None
    content: Json = Field(sa_column=json_column())


class Review(SQLModel, table=True):
    """Xem xét, xác nhận by the coordinator. Accepting freezes report, measurements, evidence and score."""

    __table_args__ = (one_of("decision", "accepted", "continued", "returned"),)
    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="task.id", index=True)
    submission_id: int = Field(foreign_key="submission.id", unique=True)
    decision: str
    at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
    self_reviewed: bool = False
    comment: str = ""
    due: date | None = None
    """The follow-up or resubmission date given."""
    verified: int | None = None
    evidence_waiver: str | None = None
    frozen: Json = Field(sa_column=json_column())


class ExtensionRequest(SQLModel, table=True):
    """Đề nghị gia hạn and its decision; `previous_due` keeps the date it would replace."""

    __tablename__ = "extension_request"
    __table_args__ = (one_of("state", "open", "granted", "refused"),)
    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="task.id", index=True)
    requested_due: date
    previous_due: date
    reason: str
    at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
    on_behalf_of: str | None = None
    state: str = "open"
    granted_due: date | None = None
    comment: str = ""
    decided_at: datetime | None = None
    decided_by: int | None = Field(default=None, foreign_key="account.id", index=True)


class Direction(SQLModel, table=True):
    """Ý kiến chỉ đạo of the leadership on a task."""

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="task.id", index=True)
    text: str
    at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
    on_behalf_of: str | None = None


class Share(SQLModel, table=True):
    """Phần trách nhiệm của đơn vị."""

    __table_args__ = (
        one_of("kind", "clearable", "occurred"),
        Index("ix_share_due", "effective_due", "done"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    task_id: int = Field(foreign_key="task.id", index=True)
    agency_id: int = Field(foreign_key="agency.id", index=True)
    former_agency: str | None = None
    kind: str
    what: str
    quantity: int | None = None
    """As the report says; empty where it does not split the figure."""
    unit: str = ""
    where: str = ""
    effective_due: date
    reason: str = ""
    progress: str = ""
    remedy: str = ""
    current: int | None = None
    """This period's figure."""
    resolved: bool = False
    done: bool = False
    """Nothing more to remind of: cleared, or explained with this period's figure."""
    version: int = 1
    updated_at: datetime | None = None


class Evidence(SQLModel, table=True):
    """Tài liệu kiểm chứng: a document with or without a file; one may prove many tasks."""

    __table_args__ = (CheckConstraint("(sha256 IS NULL) = (filename IS NULL)", name="whole_file"),)
    id: int | None = Field(default=None, primary_key=True)
    agency_id: int = Field(foreign_key="agency.id", index=True)
    number: str
    """Số, ký hiệu."""
    title: str = ""
    issued_on: date | None = None
    signer: str = ""
    period: str = ""
    filename: str | None = None
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    created_at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
    withdrawn_at: datetime | None = None
    withdrawn_why: str | None = None


class EvidenceTask(SQLModel, table=True):
    __tablename__ = "evidence_task"
    evidence_id: int = Field(foreign_key="evidence.id", primary_key=True)
    task_id: int = Field(foreign_key="task.id", primary_key=True, index=True)


class Event(SQLModel, table=True):
    """One row per change, append-only (triggers refuse UPDATE and DELETE). Task logs and the audit are views of it."""

    __table_args__ = (
        Index("ix_event_entity", "entity", "entity_id", "id"),
        Index("ix_event_assessment", "assessment_id", "entity", "id"),
        Index("ix_event_province", "province_id", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    province_id: int | None = None
    assessment_id: int | None = None
    entity: str
    entity_id: int
    entity_code: str
    action: str
    account_id: int | None = None
    actor: str
    on_behalf_of: str | None = None
    before: Json = Field(sa_column=json_column())
    after: Json = Field(sa_column=json_column())
    why: str = ""


class Seal(SQLModel, table=True):
    """One link of the chain over the log: an event's place in it, and the hash of the event with the link before."""

    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, 3 … without a gap."""
    event_id: int = Field(unique=True)
    hash: str
    sealed_at: datetime


class Snapshot(SQLModel, table=True):
    """The four figures and the counts at the end of a local day."""

    assessment_id: int = Field(foreign_key="assessment.id", primary_key=True)
    day: date = Field(primary_key=True)
    published: int
    floor: int
    expected: int
    ceiling: int
    counts: Json = Field(sa_column=json_column())


class IdempotentAnswer(SQLModel, table=True):
    """What a POST with an Idempotency-Key answered, written in the transaction of the change."""

    __tablename__ = "idempotent_answer"
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    key: str = Field(primary_key=True)
    request: str
    """SHA-256 of method, path and body."""
    status: int
    answer: str
    created_at: datetime = Field(index=True)
