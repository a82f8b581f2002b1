"""Reminders: what was decided, and what became of each message."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import one_of

DELIVERY_STATES = ("pending", "sending", "sent", "dead", "superseded", "dropped", "unreachable")


class ReminderRun(SQLModel, table=True):
    """The day's plan of a province was made; the row makes a second regular run of the day a no-op."""

    __tablename__ = "reminder_run"
    __table_args__ = (UniqueConstraint("province_id", "local_date"),)
    id: int | None = Field(default=None, primary_key=True)
    province_id: int = Field(foreign_key="province.id")
    local_date: date
    at: datetime
    digests: int


class Digest(SQLModel, table=True):
    """One message per recipient and local day; its text is rendered when it is sent."""

    __table_args__ = (UniqueConstraint("recipient", "local_date"), Index("ix_digest_province", "province_id", "id"))
    id: int | None = Field(default=None, primary_key=True)
    province_id: int = Field(foreign_key="province.id")
    recipient: str
    """`province/AGENCY`, or `province/leadership`."""
    agency_id: int | None = Field(default=None, foreign_key="agency.id", index=True)
    local_date: date
    created_at: datetime


class DigestItem(SQLModel, table=True):
    """The ledger: the same milestone is never put before the same recipient twice."""

    __tablename__ = "digest_item"
    __table_args__ = (
        UniqueConstraint("recipient", "kind", "subject", "effective_due", "milestone"),
        one_of("kind", "due", "escalation", "review"),
        CheckConstraint("(task_id IS NULL) <> (share_id IS NULL)", name="one_subject"),
        Index("ix_digest_item_digest", "digest_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    digest_id: int = Field(foreign_key="digest.id")
    recipient: str
    kind: str
    subject: str
    """The code of the task or share."""
    task_id: int | None = Field(default=None, foreign_key="task.id", index=True)
    share_id: int | None = Field(default=None, foreign_key="share.id", index=True)
    effective_due: date
    milestone: int
    """Days before `effective_due`; 0 is the first overdue day, −7 a week later."""


class Delivery(SQLModel, table=True):
    """Outbox row: one digest to one contact, claimed by token; when a lost sender's lease ends it is taken again."""

    __table_args__ = (
        UniqueConstraint("digest_id", "contact_key"),
        one_of("state", *DELIVERY_STATES),
        Index("ix_delivery_due", "state", "next_attempt_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    digest_id: int = Field(foreign_key="digest.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id", index=True)
    contact_key: int = 0
    """`contact_id`, or 0 for the agency itself while it has no contact (NULLs would not be unique)."""
    message_key: str = Field(unique=True)
    """Fixed: Message-ID of the mail, webhook-id of the hook, name of the .eml file."""
    state: str = "pending"
    attempts: int = 0
    next_attempt_at: datetime
    claim_token: str | None = None
    lease_until: datetime | None = None
    channel: str | None = None
    address: str | None = None
    sent_at: datetime | None = None
    last_error: str = ""
