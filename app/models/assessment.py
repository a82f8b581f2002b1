"""An assessment: one province's index of one year, as published, with what its report says."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import Json, json_column, one_of


class Assessment(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    province_id: int = Field(foreign_key="province.id", index=True)
    """Who steers it now; after a succession the new province. `name` keeps the old one."""
    name: str
    year: int
    published: int
    """Total in ten-thousandths of a point, exact: the sum of field maxima less every shortfall."""
    published_rank: int | None = None
    province_count: int
    groups: Json = Field(sa_column=json_column())
    """Group → {"max": points}."""
    source: Json = Field(sa_column=json_column())
    """Decisions, figures of the year before and other facts of the report, as the seed gives them."""
    mandate_number: str | None = None
    mandate_date: date | None = None
    due_before: date
    reminder_policy: Json = Field(sa_column=json_column())
    version: int = 1
    created_at: datetime


class Field_(SQLModel, table=True):
    """Lĩnh vực."""

    __tablename__ = "field"
    __table_args__ = (UniqueConstraint("assessment_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    assessment_id: int = Field(foreign_key="assessment.id")
    number: int
    name: str
    max: int
    published: int
    figures: Json = Field(sa_column=json_column())
    """Rates and ranks as printed, of this year and the year before."""


class Criterion(SQLModel, table=True):
    """A scored item that did not get its full score. Scores in ten-thousandths of a point."""

    __table_args__ = (
        UniqueConstraint("assessment_id", "kind", "number"),
        one_of("kind", "appraised", "survey"),
        one_of("group", "appraisal", "socio_economic", "officials_survey", "sipas"),
        CheckConstraint("published >= 0 AND published < max", name="falls_short"),
    )
    id: int | None = Field(default=None, primary_key=True)
    assessment_id: int = Field(foreign_key="assessment.id")
    field_id: int = Field(foreign_key="field.id", index=True)
    number: int
    kind: str
    group: str
    name: str
    max: int
    published: int
    rule: Json = Field(sa_column=json_column())
    facts: Json = Field(sa_column=json_column())
    """Figures of the report that no rule computes with, and where each stands."""
    where: str = ""


class Benchmark(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("assessment_id", "label"),)
    id: int | None = Field(default=None, primary_key=True)
    assessment_id: int = Field(foreign_key="assessment.id")
    label: str
    kind: str
    score: int
    rank: int | None = None
    provinces: int | None = None
    """Of a threshold: how many provinces reached it."""
    source: str


class Cause(SQLModel, table=True):
    """Nguyên nhân, retold from the report."""

    __table_args__ = (UniqueConstraint("assessment_id", "code"),)
    id: int | None = Field(default=None, primary_key=True)
    assessment_id: int = Field(foreign_key="assessment.id")
    code: str
    text: str
    where: str = ""


class CauseTask(SQLModel, table=True):
    __tablename__ = "cause_task"
    cause_id: int = Field(foreign_key="cause.id", primary_key=True)
    task_id: int = Field(foreign_key="task.id", primary_key=True, index=True)


class Measure(SQLModel, table=True):
    """Giải pháp: what the report asks of agencies."""

    id: int | None = Field(default=None, primary_key=True)
    assessment_id: int = Field(foreign_key="assessment.id", index=True)
    code: str = Field(unique=True)
    text: str
    where: str = ""


class MeasureTask(SQLModel, table=True):
    __tablename__ = "measure_task"
    measure_id: int = Field(foreign_key="measure.id", primary_key=True)
    task_id: int = Field(foreign_key="task.id", primary_key=True, index=True)


class MeasureAgency(SQLModel, table=True):
    """An agency's own short note on how a measure goes."""

    __tablename__ = "measure_agency"
    measure_id: int = Field(foreign_key="measure.id", primary_key=True)
    agency_id: int = Field(foreign_key="agency.id", primary_key=True, index=True)
    progress: str = ""
    updated_at: datetime | None = None
