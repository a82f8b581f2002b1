"""Kỳ đánh giá: what was published, where it stands, and what it may become."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import projections, summaries
from app.api.deps import Call, current_call, optional_version, reply
from app.api.schemas import PROBLEMS, AgencyRef, Code, Page, Points, Request, RuleShown, ShortText, Status
from app.assessments import read

router = APIRouter(tags=["kỳ đánh giá"], responses=PROBLEMS)

Caller = Annotated[Call, Depends(current_call)]
MaybeVersion = Annotated[int | None, Depends(optional_version)]
AsOf = Annotated[date | None, Query(description="Số liệu cuối ngày này; mặc định là hiện tại")]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Whole = Annotated[int, Field(strict=True)]
Group = Literal["appraisal", "socio_economic", "officials_survey", "sipas"]
Kind = Literal["appraised", "survey"]
Confidence = Literal["cited", "reproduces", "declared"]
SignedPoints = Annotated[str, Field(examples=["+0.4375"], pattern=r"^[+-]\d+\.\d{4}$")]


# What is sent


class PolicyBody(Request):
    """Chỉ gửi phần cần đổi; phần còn lại giữ nguyên."""

    before_days: Annotated[list[Whole], Field(max_length=20)] | None = None
    overdue_every: Whole | None = None
    escalate_coordinator_from: Whole | None = None
    escalate_leadership_from: Whole | None = None
    review_wait_workdays: Whole | None = None
    send_at: Annotated[str, Field(max_length=5, examples=["08:00"])] | None = None
    send_until: Annotated[str, Field(max_length=5, examples=["17:00"])] | None = None


class MandateBody(Request):
    number: Annotated[ShortText, Field(description="Số, ký hiệu", examples=["1234/QĐ-UBND"])]
    date: Annotated[date, Field(description="Ngày ban hành")]


class AssessmentBody(Request):
    """Phần không gửi thì giữ nguyên."""

    mandate: MandateBody | None = Field(default=None, description="Văn bản giao nhiệm vụ; null thì xóa")
    reminder_policy: PolicyBody | None = None


class WhatIfTask(Request):
    """Đúng một trong hai."""

    score: Whole | Annotated[str, Field(max_length=40)] | None = Field(default=None, examples=["1.0"])
    measurements: (
        Annotated[
            dict[Annotated[str, Field(max_length=64)], Whole | Annotated[str, Field(max_length=40)] | None],
            Field(max_length=50),
        ]
        | None
    ) = Field(default=None, description="Số liệu theo `rule.inputs`; số không gửi thì giữ như hiện nay")


class WhatIfBody(Request):
    tasks: Annotated[dict[Code, WhatIfTask], Field(max_length=1000)]


# What is answered


class Province(BaseModel):
    code: str
    name: str


class Mandate(BaseModel):
    number: str
    date: date


class AssessmentListed(BaseModel):
    code: str = Field(examples=["soc-trang-2024"])
    name: str
    year: int
    province: Province
    published: Points
    published_rank: int | None
    province_count: int
    mandate: Mandate | None
    due_before: date = Field(description="Trước ngày này")
    default: bool = Field(description="Kỳ nên hiện khi người dùng chưa chọn kỳ nào")
    version: int


class PublishedGroup(BaseModel):
    key: Group
    name: str
    max: Points
    published: Points
    printed: dict[str, Any] = Field(description="Số liệu đúng như in trong báo cáo")


class PublishedField(BaseModel):
    number: int
    name: str
    max: Points
    published: Points
    printed: dict[str, Any]


class PublishedCriterion(BaseModel):
    code: str
    number: int
    kind: Kind
    group: Group
    field: int
    name: str
    max: Points
    published: Points
    points_short: Points
    rule: RuleShown
    facts: list[dict[str, Any]]
    where: str


class PublishedBenchmark(BaseModel):
    label: str
    kind: Literal["threshold", "mean", "province", "self"]
    score: Points
    rank: int | None
    provinces: int | None
    source: str


class CauseShown(BaseModel):
    code: str
    text: str
    where: str
    criteria: list[str]


class AssessmentShown(AssessmentListed):
    groups: list[PublishedGroup]
    fields: list[PublishedField]
    criteria: list[PublishedCriterion]
    benchmarks: list[PublishedBenchmark]
    causes: list[CauseShown]
    source: dict[str, Any] = Field(description="Các ghi chép khác từ báo cáo, kể cả những chỗ báo cáo tự mâu thuẫn")
    reminder_policy: dict[str, Any]
    loaded_at: datetime


class Counts(BaseModel):
    tasks: int
    by_status: dict[Status, int]
    overdue: int
    on_time: int = Field(description="Nộp lần đầu trước hạn")
    late: int = Field(description="Nộp lần đầu sau hạn")


class SummaryFigures(Counts):
    points_short: Points
    verified_gain: Points = Field(description="Điểm tăng đã được xác nhận")
    expected_gain: Points | None = Field(description="Điểm tăng dự kiến; null khi có nhiệm vụ ngoài phạm vi của bạn")
    completion: Points = Field(description="Điểm chưa đạt của nhiệm vụ đã xác nhận, chia cho mọi điểm chưa đạt")


class SummaryGroup(SummaryFigures):
    key: str | int
    name: str


class Summary(BaseModel):
    assessment: str
    as_of: date
    by: Literal["agency", "field", "group", "status", "kind"]
    total: SummaryFigures
    groups: list[SummaryGroup]


class Figures(BaseModel):
    published: Points = Field(description="Công bố")
    floor: Points = Field(description="Mức đã được xác nhận")
    expected: Points | None = Field(description="Mức dự kiến; null khi có nhiệm vụ ngoài phạm vi của bạn")
    ceiling: Points = Field(description="Mức tối đa có thể")


class ProjectedField(Figures):
    number: int
    name: str
    max: Points


class ProjectedGroup(Figures):
    key: Group
    name: str
    max: Points


class Derivation(BaseModel):
    published: str = Field(examples=["1,5 × 94.511/168.561 = 0,8410"])
    floor: str
    expected: str | None
    ceiling: str | None


class ProjectedCriterion(Figures):
    code: str
    number: int
    kind: Kind
    group: Group
    field: int
    name: str
    agency: AgencyRef
    status: Status | None = Field(description="null khi nhiệm vụ ngoài phạm vi của bạn")
    max: Points
    confidence: Confidence
    derivation: Derivation
    rule: RuleShown


class Distance(BaseModel):
    label: str
    kind: Literal["threshold", "mean", "province"]
    score: Points
    rank: int | None
    provinces: int | None
    source: str
    distance: Figures = Field(description="Điểm của tỉnh trừ mốc; số âm là còn thiếu")


class Interval(BaseModel):
    best: int
    worst: int


class Intervals(BaseModel):
    published: Interval
    floor: Interval
    expected: Interval
    ceiling: Interval


class Gap(BaseModel):
    controllable: Points | None
    socio_economic: Points | None
    survey: Points | None


class Gaps(BaseModel):
    published: Gap
    floor: Gap
    expected: Gap
    ceiling: Gap


class OneMore(BaseModel):
    points: Points
    exact: str = Field(description="Phân số của một điểm", examples=["1/112374"])


class Step(BaseModel):
    """Một số liệu còn cải thiện được, khi các số liệu khác giữ nguyên."""

    name: str
    label: str
    unit: str
    current: str
    full: str
    becomes: str | None = Field(description="Nhóm mà đơn vị được chuyển sang; null khi chỉ cần thêm")
    one_more: OneMore = Field(description="Điểm tăng khi thêm một đơn vị")
    closing: Points = Field(description="Điểm tăng khi số liệu này đạt trọn vẹn")


class NextBest(BaseModel):
    code: str
    number: int
    name: str
    agency: AgencyRef
    confidence: Confidence
    closing: Points = Field(description="Điểm tăng khi nhiệm vụ đạt mức mục tiêu, mặc định là điểm tối đa")
    steps: list[Step] = Field(description="Theo từng số liệu; rỗng khi chưa có công thức hoặc chưa đo")


class Projection(Figures):
    assessment: str
    as_of: date
    max: Points
    fields: list[ProjectedField]
    groups: list[ProjectedGroup]
    criteria: list[ProjectedCriterion]
    benchmarks: list[Distance]
    rank_interval: Intervals = Field(description="Khoảng thứ hạng, nếu các tỉnh khác giữ nguyên điểm của năm đó")
    gap: Gap = Field(description="Phần còn thiếu của điểm công bố")
    gap_by_figure: Gaps
    next_best: list[NextBest] = Field(description="Nhiệm vụ còn tăng được điểm, nhiều nhất trước")


class WhatIfChange(BaseModel):
    expected: SignedPoints
    total: Points
    rank_interval: Interval
    tasks: dict[str, SignedPoints]


class WhatIf(Projection):
    change: WhatIfChange


class HistoryDay(BaseModel):
    day: date
    published: Points
    floor: Points
    expected: Points | None
    ceiling: Points
    counts: Counts
    provisional: bool = Field(description="true: ngày hôm nay, chưa kết thúc")


class History(BaseModel):
    assessment: str
    items: list[HistoryDay]


# The routes


@router.get("/assessments", response_model=Page[AssessmentListed], summary="Các kỳ đánh giá")
async def list_assessments(call: Caller, limit: Limit = 50, offset: Offset = 0) -> Response:
    return reply(await call.read(read.list_assessments, limit=limit, offset=offset))


@router.get("/assessments/{assessment_id}", response_model=AssessmentShown, summary="Kết quả công bố của một kỳ")
async def get_assessment(call: Caller, assessment_id: str) -> Response:
    """Điểm công bố theo lĩnh vực, nhóm và tiêu chí; mốc so sánh, nguyên nhân và ghi chép từ báo cáo."""
    return reply(await call.read(read.get_assessment, assessment_id))


@router.patch(
    "/assessments/{assessment_id}", response_model=AssessmentShown, summary="Văn bản giao nhiệm vụ, chính sách nhắc"
)
async def patch_assessment(call: Caller, assessment_id: str, body: AssessmentBody, version: MaybeVersion) -> Response:
    changes = body.model_dump(exclude_unset=True)
    return reply(await call.write(read.change_assessment, assessment_id, changes, version=version))


@router.get("/assessments/{assessment_id}/summary", response_model=Summary, summary="Tổng hợp tiến độ")
async def get_summary(
    call: Caller,
    assessment_id: str,
    by: Literal["agency", "field", "group", "status", "kind"] = "agency",
    as_of: AsOf = None,
) -> Response:
    """Số nhiệm vụ theo trạng thái, quá hạn, đúng hạn; điểm chưa đạt, đã xác nhận, dự kiến."""
    return reply(await call.read(summaries.summarize, assessment_id, by=by, as_of=as_of))


@router.get("/assessments/{assessment_id}/projection", response_model=Projection, summary="Điểm dự báo")
async def get_projection(call: Caller, assessment_id: str, as_of: AsOf = None) -> Response:
    """Điểm của kỳ sau nếu công thức và mọi tiêu chí khác giữ nguyên; mỗi con số kèm cách tính."""
    return reply(await call.read(projections.get_projection, assessment_id, as_of=as_of))


@router.post("/assessments/{assessment_id}/what-if", response_model=WhatIf, summary="Thử giả định, không ghi gì")
async def post_what_if(call: Caller, assessment_id: str, body: WhatIfBody) -> Response:
    """Điểm hoặc số liệu giả định theo nhiệm vụ; trả lời điểm dự báo và phần thay đổi (`change`)."""
    changes = body.model_dump(exclude_unset=True)["tasks"]
    return reply(await call.read(projections.get_what_if, assessment_id, changes))


@router.get("/assessments/{assessment_id}/history", response_model=History, summary="Diễn biến theo ngày")
async def get_history(
    call: Caller, assessment_id: str, since: Annotated[date | None, Query(description="Từ ngày này")] = None
) -> Response:
    """Số liệu cuối mỗi ngày, cũ trước; mục cuối là hôm nay, chưa kết thúc (`provisional`)."""
    return reply(await call.read(summaries.get_history, assessment_id, since=since))
