"""Provinces, agencies and who acts for them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from app.models.base import one_of


class Meta(SQLModel, table=True):
    """Facts about this database itself, such as that it was made for a demo clock."""

    key: str = Field(primary_key=True)
    value: str


class Province(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    succeeded_by_id: int | None = Field(default=None, foreign_key="province.id")
    succeeded_from: date | None = None


class Agency(SQLModel, table=True):
    """Answers for tasks. A succeeded agency keeps its row and name; open work has moved to the successor."""

    __table_args__ = (
        UniqueConstraint("province_id", "code"),
        # One coordinator a province: the database refuses a second one.
        Index(
            "ix_agency_one_coordinator",
            "province_id",
            unique=True,
            sqlite_where=text("is_coordinator"),
            postgresql_where=text("is_coordinator"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    province_id: int = Field(foreign_key="province.id", index=True)
    code: str
    name: str
    is_coordinator: bool = False
    succeeded_by_id: int | None = Field(default=None, foreign_key="agency.id")
    succeeded_from: date | None = None


class AgencyName(SQLModel, table=True):
    """A former name of an agency; `until` is empty where no source gives the date."""

    __tablename__ = "agency_name"
    __table_args__ = (UniqueConstraint("agency_id", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    agency_id: int = Field(foreign_key="agency.id", index=True)
    name: str
    until: date | None = None


class Succession(SQLModel, table=True):
    """An order that moves open work of an agency, or of a whole province, from a date on (kế thừa nhiệm vụ)."""

    __table_args__ = (CheckConstraint("(agency_id IS NULL) <> (province_id IS NULL)", name="one_subject"),)
    id: int | None = Field(default=None, primary_key=True)
    agency_id: int | None = Field(default=None, foreign_key="agency.id", index=True)
    province_id: int | None = Field(default=None, foreign_key="province.id", index=True)
    successor_agency_id: int | None = Field(default=None, foreign_key="agency.id", index=True)
    successor_province_id: int | None = Field(default=None, foreign_key="province.id", index=True)
    mapping: str = "{}"
    """For a province: JSON, code of each agency → code of its successor in the new province."""
    leadership_moves: bool = False
    """For a province: whether leadership accounts and contacts move along instead of being switched off."""
    effective_from: date
    reason: str
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    """Who gave the order; empty for the system itself."""
    created_at: datetime
    applied_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""


class Account(SQLModel, table=True):
    """A person or a system that acts. Agencies' accounts and coordinators belong to an agency."""

    __table_args__ = (one_of("role", "agency", "coordinator", "leadership", "admin"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    display_name: str
    role: str
    province_id: int | None = Field(default=None, foreign_key="province.id", index=True)
    agency_id: int | None = Field(default=None, foreign_key="agency.id", index=True)
    active: bool = True
    created_at: datetime
    password_hash: str | None = None
    """argon2; empty until the first password is set."""
    drafts_only: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Prepares reports; somebody else of the agency submits them."""


class ApiKey(SQLModel, table=True):
    """256 random bits, kept as SHA-256 only; `prefix` lets people tell keys apart."""

    __tablename__ = "api_key"
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    prefix: str
    hash: str = Field(unique=True)
    label: str = ""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Contact(SQLModel, table=True):
    """Whom reminders reach: an officer or head of an agency, or the province's leadership (no agency)."""

    __table_args__ = (
        one_of("kind", "officer", "head", "leadership"),
        CheckConstraint("email IS NOT NULL OR webhook_url IS NOT NULL", name="reachable"),
        CheckConstraint("(kind = 'leadership') = (agency_id IS NULL)", name="leadership_has_no_agency"),
    )
    id: int | None = Field(default=None, primary_key=True)
    province_id: int = Field(foreign_key="province.id", index=True)
    agency_id: int | None = Field(default=None, foreign_key="agency.id", index=True)
    kind: str
    name: str
    email: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    active: bool = True
    absent_from: date | None = None
    absent_until: date | None = None
    """Last day of absence, inclusive."""
    stand_in_id: int | None = Field(default=None, foreign_key="contact.id", index=True)


class DayOverride(SQLModel, table=True):
    """A day that is worked or off against what the holiday calendar says (swap days, ngày hoán đổi)."""

    __tablename__ = "day_override"
    day: date = Field(primary_key=True)
    working: bool
    note: str = ""
