"""Nhiệm vụ: looking for them, reporting on them, reviewing and steering them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import tasks
from app.api.deps import Call, current_call, optional_version, reply, required_version
from app.api.errors import describe
from app.api.schemas import (
    PROBLEMS,
    AgencyRef,
    Code,
    ExtensionRequest,
    LogEntry,
    LongText,
    Page,
    ProblemDetails,
    Request,
    ShortText,
    Task,
    TaskBrief,
    TaskListed,
    one_of,
    path_id,
    query_parameters,
    read_query,
)
from app.tasks import Decision, Filter, Steering, Update
from app.text import compose

router = APIRouter(tags=["nhiệm vụ"], responses=PROBLEMS)

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Caller = Annotated[Call, Depends(current_call)]
Version = Annotated[int | None, Depends(required_version)]
MaybeVersion = Annotated[int | None, Depends(optional_version)]
Measured = Annotated[
    dict[Annotated[str, Field(max_length=64)], int | Annotated[str, Field(max_length=40)]], Field(max_length=50)
]


class UpdateBody(Request):
    status: Annotated[str, Field(max_length=20, examples=["in_progress", "submitted"])] | None = None
    percent: Annotated[int, Field(ge=0, le=100, strict=True)] | None = None
    reason: LongText | None = Field(default=None, description="Lý do tồn tại, hạn chế")
    progress: LongText | None = Field(default=None, description="Tiến độ xử lý")
    remedy: LongText | None = Field(default=None, description="Biện pháp khắc phục")
    difficulties: LongText | None = Field(default=None, description="Khó khăn, vướng mắc")
    measurements: Measured | None = Field(
        default=None, description="Số liệu theo `rule.inputs` của nhiệm vụ", examples=[{"services_used": 12}]
    )
    declared_score: str | None = Field(
        default=None, max_length=20, description="Điểm tự chấm, nơi chưa có công thức", examples=["1.2000"]
    )
    period: ShortText | None = Field(default=None, description="Kỳ số liệu", examples=["6 tháng đầu năm 2025"])
    note: LongText = ""
    on_behalf_of: ShortText | None = Field(default=None, description="Công chức mà hệ thống ghi thay")

    def to_update(self) -> Update:
        texts = {name: getattr(self, name) for name in ("reason", "progress", "remedy", "difficulties", "period")}
        return Update(
            status=self.status,
            percent=self.percent,
            texts={name: text for name, text in texts.items() if text is not None},
            measurements=self.measurements,
            declared_score=self.declared_score,
            note=self.note,
            on_behalf_of=self.on_behalf_of or None,
        )


class BatchItem(UpdateBody):
    code: Code
    version: Annotated[int, Field(ge=1, le=10**9, strict=True)]


class BatchBody(Request):
    items: Annotated[list[BatchItem], Field(min_length=1, max_length=200)]


class ReviewBody(Request):
    decision: Literal["accepted", "continued", "returned"]
    comment: LongText = ""
    due_before: date | None = Field(default=None, description="`continued`: hạn báo cáo tiếp theo")
    resubmit_before: date | None = Field(default=None, description="`returned`: hạn nộp lại")
    measurements: Measured | None = None
    verified_score: str | None = Field(default=None, max_length=20)
    evidence_waiver: LongText | None = Field(
        default=None, description="Lý do chấp nhận khi chưa có tài liệu kiểm chứng"
    )


class SteeringBody(Request):
    reason: LongText
    due_before: date | None = None
    target: str | None = Field(default=None, max_length=20)
    cooperating: Annotated[list[Code], Field(max_length=100)] | None = None

    def to_steering(self) -> Steering:
        return Steering(self.reason, self.due_before, self.target, self.cooperating)


class BulkTask(Request):
    code: Code
    version: Annotated[int, Field(ge=1, le=10**9, strict=True)]


class BulkSteeringBody(SteeringBody):
    tasks: Annotated[list[BulkTask], Field(min_length=1, max_length=200)]


class ReasonBody(Request):
    reason: LongText


class ReopeningBody(ReasonBody):
    due_before: date | None = None


class AssignmentBody(ReasonBody):
    agency: Code


class ExtensionBody(ReasonBody):
    requested_due: date = Field(description="Hạn đề nghị (trước ngày)")
    on_behalf_of: ShortText | None = None


class ExtensionDecisionBody(Request):
    decision: Literal["granted", "refused"]
    granted_due: date | None = Field(default=None, description="Mặc định là hạn đề nghị")
    comment: LongText = ""


class DirectionBody(Request):
    text: LongText
    on_behalf_of: ShortText | None = None


class TaskQuery(Request):
    """Unknown filters are refused too: a misspelt one would quietly answer another question."""

    assessment: Annotated[str, Field(max_length=100)] | None = None
    agency: Annotated[str, Field(max_length=100)] | None = None
    status: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Một hoặc nhiều trạng thái, cách nhau bằng dấu phẩy"
    )
    field: Annotated[int, Field(ge=1, le=99)] | None = Field(default=None, description="Số thứ tự lĩnh vực")
    kind: Literal["appraised", "survey"] | None = None
    group: Literal["appraisal", "socio_economic", "officials_survey", "sipas"] | None = None
    overdue: bool | None = None
    q: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Không phân biệt hoa thường và dấu"
    )
    sort: str = Field(default="due", max_length=20, description=", ".join(tasks.SORTS))
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    def to_filter(self) -> Filter:
        return Filter(
            assessment=_clean(self.assessment),
            agency=_clean(self.agency),
            statuses=tuple(part.strip() for part in (self.status or "").split(",") if part.strip()),
            field_number=self.field,
            kind=self.kind,
            group=self.group,
            overdue=self.overdue,
            q=_clean(self.q),
            sort=self.sort,
            limit=self.limit,
            offset=self.offset,
        )


@router.get(
    "/tasks",
    response_model=Page[TaskListed],
    summary="Tìm nhiệm vụ",
    openapi_extra=query_parameters(TaskQuery),
)
async def list_tasks(call: Caller) -> Response:
    query = read_query(TaskQuery, call.request)
    return reply(await call.read(tasks.list_tasks_as_json, query.to_filter()))


class BatchResult(BaseModel):
    """`task` when it was done, `problem` when not."""

    code: str
    ok: bool
    task: TaskBrief | None = None
    problem: ProblemDetails | None = None


class BatchAnswer(BaseModel):
    items: list[BatchResult]
    succeeded: int
    failed: int


class BulkAnswer(BaseModel):
    items: list[TaskBrief]
    total: int


class AssignedTask(TaskBrief):
    agency: AgencyRef


class Direction(BaseModel):
    id: int
    task: str
    text: str
    at: datetime
    by: str


@router.post("/tasks/updates", response_model=BatchAnswer, summary="Báo cáo nhiều nhiệm vụ một lần")
async def post_updates(call: Caller, body: BatchBody) -> Response:
    """Mỗi mục có `version` riêng và được ghi độc lập; mục lỗi không ảnh hưởng mục khác."""
    items = [(item.code, item.version, item.to_update()) for item in body.items]
    return await call.post(tasks.record_updates, items, describe=describe)


@router.patch(
    "/tasks", response_model=BulkAnswer, summary="Thay đổi hạn, mục tiêu hoặc cơ quan phối hợp của nhiều nhiệm vụ"
)
async def patch_tasks(call: Caller, body: BulkSteeringBody) -> Response:
    """Tất cả hoặc không nhiệm vụ nào."""
    items = [(task.code, task.version) for task in body.tasks]
    return reply(await call.write(tasks.steer_many, items, body.to_steering()))


@router.get("/tasks/{task_id}", response_model=Task, summary="Một nhiệm vụ")
async def get_task(call: Caller, task_id: str) -> Response:
    return reply(await call.read(tasks.get_task, _clean(task_id)))


@router.get("/tasks/{task_id}/updates", response_model=Page[LogEntry], summary="Nhật ký của nhiệm vụ")
async def list_updates(call: Caller, task_id: str, limit: Limit = 50, offset: Offset = 0) -> Response:
    return reply(await call.read(tasks.list_updates, _clean(task_id), limit=limit, offset=offset))


@router.post("/tasks/{task_id}/updates", response_model=TaskBrief, summary="Cập nhật, nộp hoặc rút lại báo cáo")
async def post_update(call: Caller, task_id: str, body: UpdateBody, version: Version) -> Response:
    """Cần `If-Match`. Không có `status` thì chỉ là ghi nhận tiến độ; `submitted` cần đủ lý do, tiến độ, biện pháp."""
    return await call.post(tasks.record_update, _clean(task_id), body.to_update(), version=version)


@router.post("/tasks/{task_id}/review", response_model=TaskBrief, summary="Xem xét, xác nhận báo cáo")
async def post_review(call: Caller, task_id: str, body: ReviewBody, version: Version) -> Response:
    decision = Decision(**body.model_dump())
    return await call.post(tasks.review, _clean(task_id), decision, version=version)


@router.patch("/tasks/{task_id}", response_model=TaskBrief, summary="Thay đổi hạn, mục tiêu hoặc cơ quan phối hợp")
async def patch_task(call: Caller, task_id: str, body: SteeringBody, version: Version) -> Response:
    return reply(await call.write(tasks.steer, _clean(task_id), body.to_steering(), version=version))


@router.post("/tasks/{task_id}/closure", response_model=TaskBrief, summary="Kết thúc, không khắc phục được")
async def post_closure(call: Caller, task_id: str, body: ReasonBody, version: Version) -> Response:
    return await call.post(tasks.close, _clean(task_id), body.reason, version=version)


@router.post("/tasks/{task_id}/reopening", response_model=TaskBrief, summary="Mở lại nhiệm vụ đã kết thúc")
async def post_reopening(call: Caller, task_id: str, body: ReopeningBody, version: Version) -> Response:
    return await call.post(tasks.reopen, _clean(task_id), body.reason, body.due_before, version=version)


@router.post("/tasks/{task_id}/assignment", response_model=AssignedTask, summary="Giao cho cơ quan khác phụ trách")
async def post_assignment(call: Caller, task_id: str, body: AssignmentBody, version: Version) -> Response:
    return await call.post(tasks.assign, _clean(task_id), body.agency, body.reason, version=version)


@router.post(
    "/tasks/{task_id}/extension-requests", status_code=201, response_model=ExtensionRequest, summary="Đề nghị gia hạn"
)
async def post_extension_request(call: Caller, task_id: str, body: ExtensionBody, version: MaybeVersion) -> Response:
    args = (_clean(task_id), body.requested_due, body.reason, body.on_behalf_of)
    return await call.post(tasks.request_extension, *args, version=version, status=201)


@router.get("/extension-requests", response_model=Page[ExtensionRequest], summary="Các đề nghị gia hạn")
async def list_extension_requests(
    call: Caller,
    state: Annotated[str | None, Query(max_length=20)] = None,
    task: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    state = one_of(state, ("open", "granted", "refused"), "state")
    return reply(await call.read(tasks.list_requests, state=state, task=_clean(task), limit=limit, offset=offset))


@router.post(
    "/extension-requests/{request_id}/decision", response_model=ExtensionRequest, summary="Quyết định việc gia hạn"
)
async def post_extension_decision(call: Caller, request_id: str, body: ExtensionDecisionBody) -> Response:
    args: tuple[Any, ...] = (path_id(request_id), body.decision, body.granted_due, body.comment)
    return await call.post(tasks.decide_extension, *args)


@router.post(
    "/tasks/{task_id}/directions", status_code=201, response_model=Direction, summary="Ý kiến chỉ đạo của lãnh đạo"
)
async def post_direction(call: Caller, task_id: str, body: DirectionBody, version: MaybeVersion) -> Response:
    args = (_clean(task_id), body.text, body.on_behalf_of)
    return await call.post(tasks.give_direction, *args, version=version, status=201)


def _clean(text: str | None) -> Any:
    """Composed and without control characters, which no code has and PostgreSQL refuses."""
    return None if text is None else compose(text)
