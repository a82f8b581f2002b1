"""What people who work in a browser need: sign-in, drafts, files on their way, templates, calendar feeds."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.base import Json, json_column, one_of


class LoginSession(SQLModel, table=True):
    """One signed-in browser. The cookie holds 256 random bits, the database their SHA-256."""

    __tablename__ = "login_session"
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime
    seen_at: datetime
    """Written at most every few minutes."""
    expires_at: datetime
    ended_at: datetime | None = None
    device: str = ""
    """What the browser calls itself, so that people can tell their sessions apart."""
    client: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The network address that signed in."""
    browser: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    """SHA-256 of the cookie by which the browser is known again when it next signs in."""


class TryCount(SQLModel, table=True):
    """Wrong passwords or keys of the last minutes about one subject, counted for all replicas together."""

    __tablename__ = "try_count"
    subject: str = Field(primary_key=True)
    account_id: int | None = Field(default=None, index=True)
    """No foreign key: counting does not wait for whoever holds the account."""
    tries: int
    most: int
    """The last try that is looked at; whoever comes then waits until `ends_at`."""
    ends_at: datetime


class PasswordLink(SQLModel, table=True):
    """A link that lets its holder set the account's password, once."""

    __tablename__ = "password_link"
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    """Also when a newer link took its place."""


class Draft(SQLModel, table=True):
    """What somebody typed into a task's report and has not saved: it survives a closed tab."""

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    task_id: int = Field(foreign_key="task.id", primary_key=True, index=True)
    base_version: int
    """The task's version when typing began."""
    content: Json = Field(sa_column=json_column())
    updated_at: datetime


class CalendarFeed(SQLModel, table=True):
    """An address that calendar programs may read an account's deadlines at, without signing in."""

    __tablename__ = "calendar_feed"
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime
    revoked_at: datetime | None = None


class Workbook(SQLModel, table=True):
    """An uploaded Excel file between its preview and its application."""

    __table_args__ = (one_of("kind", "tasks", "assessment"),)
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    kind: str
    filename: str
    sha256: str
    content: str
    """Base64: rows of backups are text."""
    created_at: datetime
    applied_at: datetime | None = None


class DocumentTemplate(SQLModel, table=True):
    """A province's own Word template in place of the built-in one."""

    __tablename__ = "document_template"
    __table_args__ = (one_of("kind", "report", "urging_letter"),)
    province_id: int = Field(foreign_key="province.id", primary_key=True)
    kind: str = Field(primary_key=True)
    filename: str
    sha256: str
    content: str
    """Base64."""
    updated_at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
