"""Shapes that several routers speak: bounded texts coming in, tasks and pages going out.

Models of answers document what `deps.reply` writes; nothing is validated on the way out.
"""

from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.errors import InvalidInput
from app.text import compose

T = TypeVar("T")
Q = TypeVar("Q", bound=BaseModel)

LongText = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(compose)]
ShortText = Annotated[str, StringConstraints(max_length=500), AfterValidator(compose)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(compose)]
Points = Annotated[str, Field(description="Điểm, 4 chữ số thập phân", examples=["0.8410"], pattern=r"^-?\d+\.\d{4}$")]
Status = Literal["assigned", "in_progress", "submitted", "returned", "accepted", "closed"]


class Request(BaseModel):
    """Base of request bodies: unknown fields are refused, because a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int
    limit: int
    offset: int


class ProblemDetails(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:khacphuc:problem:illegal-move"])
    title: str
    status: int
    detail: str
    instance: str
    field: str | None = None


_AS_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
"""Named by hand, because a `model` would be documented as application/json, which problems are not sent as."""
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"content": _AS_PROBLEM, "description": "Yêu cầu không thực hiện được; chưa có gì được ghi"},
    "5XX": {"content": _AS_PROBLEM, "description": "Hệ thống chưa đáp ứng được; thử lại là an toàn"},
}


class AgencyRef(BaseModel):
    code: str
    name: str


class TaskBrief(BaseModel):
    """A task's standing."""

    code: str = Field(examples=["ST-2024-TC-16"])
    status: Status
    percent: int
    overdue: bool
    due_before: date
    extension_due: date | None
    resubmit_before: date | None
    effective_due: date
    days_left: int
    submitted_at: datetime | None
    submitted_on_time: bool | None
    submissions: int
    max: Points
    published: Points
    floor: Points
    expected: Points
    ceiling: Points
    verified: Points | None
    reported: Points | None
    target: Points | None
    updated_at: datetime
    version: int


class FieldRef(BaseModel):
    number: int
    name: str


class CriterionRef(BaseModel):
    number: int
    kind: Literal["appraised", "survey"]
    group: Literal["appraisal", "socio_economic", "officials_survey", "sipas"]
    name: str
    field: FieldRef


class TaskListed(TaskBrief):
    assessment: str
    criterion: CriterionRef
    agency: AgencyRef
    former_agency: str | None
    cooperating: list[AgencyRef]
    assignment_basis: str
    points_short: Points


class RuleInput(BaseModel):
    name: str
    label: str
    unit: str
    published: str | None
    optional: bool


class RuleShown(BaseModel):
    kind: str
    inputs: list[RuleInput]
    citation: str
    confidence: Literal["cited", "reproduces", "declared"]


class ReportShown(BaseModel):
    reason: str
    progress: str
    remedy: str
    difficulties: str
    measurements: dict[str, str] | None
    declared_score: Points | None
    period: str
    updated_at: datetime
    by: str
    on_behalf_of: str | None


class Task(TaskListed):
    facts: Any
    where: str
    rule: RuleShown
    missing: list[str]
    report: ReportShown | None
    waiting: dict[str, Any] | None = Field(description="Báo cáo đang chờ xác nhận: nộp khi nào, đã chờ bao lâu")
    reviews: list[dict[str, Any]]
    extension_requests: list[dict[str, Any]]
    directions: list[dict[str, Any]]
    shares: list[dict[str, Any]]
    measures: list[dict[str, Any]]
    causes: list[dict[str, Any]]


class LogEntry(BaseModel):
    id: int
    at: datetime
    action: str = Field(examples=["task.submitted"])
    by: str
    on_behalf_of: str | None
    from_: dict[str, Any] = Field(alias="from")
    to: dict[str, Any]
    why: str


class ExtensionRequest(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: int
    task: str
    agency: str
    requested_due: date
    previous_due: date
    reason: str
    at: datetime
    on_behalf_of: str | None
    state: Literal["open", "granted", "refused"]
    granted_due: date | None
    comment: str
    decided_at: datetime | None


def read_query(model: type[Q], request: HttpRequest) -> Q:
    """The query string as a model; what FastAPI does for a model too, in a fraction of its time.

    Given twice, the last one counts. Raises RequestValidationError, like any other bad request.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        found = [{**one, "loc": ("query", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(found) from None


def query_parameters(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` for a route that uses `read_query`."""
    schema = model.model_json_schema()
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": one} | _described(one)
            for name, one in schema["properties"].items()
        ]
    }


def _described(schema: dict[str, Any]) -> dict[str, str]:
    return {"description": schema["description"]} if "description" in schema else {}


def path_id(text: str) -> int:
    """A numeric id from a URL; anything that cannot be one is simply not found (-1)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def one_of(value: str | None, allowed: tuple[str, ...], field: str) -> str | None:
    """A query parameter held to a vocabulary."""
    if value is not None and value not in allowed:
        raise InvalidInput(f"{field} phải là một trong: {', '.join(allowed)}.", field=field)
    return value
