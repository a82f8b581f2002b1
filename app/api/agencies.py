"""Cơ quan, đầu mối liên hệ, ngày nghỉ and kế thừa nhiệm vụ over HTTP."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, BeforeValidator, Field
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from app import agencies
from app.agencies import NewContact, ProvinceOrder
from app.api.deps import Call, current_call, reply
from app.api.once_shown import EXPLAINED, post_secret
from app.api.schemas import PROBLEMS, AgencyRef, Code, LongText, Page, Request, ShortText, path_id

router = APIRouter(tags=["cơ quan"], responses=PROBLEMS)

Caller = Annotated[Call, Depends(current_call)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
ProvinceQuery = Annotated[str | None, Query(max_length=100, description="Mã tỉnh, khi có nhiều tỉnh")]
CodeQuery = Annotated[str | None, Query(max_length=100)]
Flag = Annotated[bool, Field(strict=True)]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_day(value: Any) -> Any:
    """Pydantic would also read 0 as 01/01/1970."""
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("phải là ngày dạng 2025-07-01")
    return value


Day = Annotated[date, BeforeValidator(_written_day)]
AbsentFrom = Annotated[Day | None, Field(description="Ngày đầu vắng mặt")]
AbsentUntil = Annotated[Day | None, Field(description="Ngày cuối vắng mặt, kể cả ngày đó")]
StandIn = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]


# Shapes


class FormerName(BaseModel):
    name: str
    until: date | None


class Successor(AgencyRef):
    province: str


class Agency(BaseModel):
    id: int
    code: str = Field(examples=["SNV"])
    name: str
    province: str
    coordinator: bool
    active: bool
    former_names: list[FormerName]
    succeeded_by: Successor | None
    succeeded_from: date | None


class AgencyBody(Request):
    code: Code = Field(examples=["SNV"])
    name: ShortText
    province: Code | None = None
    coordinator: Flag = False


class RenameBody(Request):
    name: ShortText
    until: Day | None = Field(default=None, description="Ngày cuối dùng tên cũ; mặc định hôm nay")


class Province(BaseModel):
    id: int
    code: str
    name: str
    active: bool
    succeeded_by: str | None
    succeeded_from: date | None


class Provinces(BaseModel):
    items: list[Province]
    total: int


class ProvinceBody(Request):
    code: Code = Field(examples=["can-tho"])
    name: ShortText = Field(examples=["Thành phố Cần Thơ"])


class Contact(BaseModel):
    id: int
    province: str
    agency: AgencyRef | None
    kind: Literal["officer", "head", "leadership"]
    name: str
    email: str | None
    webhook_url: str | None
    has_webhook_secret: bool
    active: bool
    absent: bool = Field(description="Hôm nay vắng mặt")
    absent_from: date | None
    absent_until: date | None
    stand_in: int | None


class ContactWritten(Contact):
    webhook_secret: str | None = Field(description=EXPLAINED)


class ContactBody(Request):
    kind: Literal["officer", "head", "leadership"]
    name: ShortText
    agency: Code | None = Field(default=None, description="Mã cơ quan; trống với lãnh đạo tỉnh")
    province: Code | None = None
    email: ShortText | None = Field(default=None, examples=["cchc@soctrang.example"])
    webhook_url: Annotated[str, Field(max_length=2000)] | None = None
    webhook_secret: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="whsec_…; để trống thì hệ thống tạo"
    )
    absent_from: AbsentFrom = None
    absent_until: AbsentUntil = None
    stand_in: StandIn | None = Field(default=None, description="Số của đầu mối nhận thay khi vắng mặt")


class ContactPatch(Request):
    kind: Literal["officer", "head", "leadership"] | None = None
    name: ShortText | None = None
    email: ShortText | None = None
    webhook_url: Annotated[str, Field(max_length=2000)] | None = None
    webhook_secret: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Gửi null để tạo khóa ký mới"
    )
    active: Flag | None = None
    absent_from: AbsentFrom = None
    absent_until: AbsentUntil = None
    stand_in: StandIn | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent, null included where null means "empty it"."""
        sent = self.model_dump(exclude_unset=True)
        return {name: value for name, value in sent.items() if value is not None or name not in ("kind", "active")}


class Holiday(BaseModel):
    day: date
    name: str | None = Field(description="Tên ngày lễ, hoặc ngày làm bù, theo lịch nhà nước")
    working: bool
    override: bool = Field(description="Do người dùng điều chỉnh")
    note: str


class Holidays(BaseModel):
    year: int
    items: list[Holiday]
    total: int


class HolidayBody(Request):
    working: Flag = Field(description="true: làm việc; false: nghỉ")
    note: ShortText = ""


class SuccessionBody(Request):
    successor: Code | None = Field(description="Mã cơ quan kế thừa; null: nhiệm vụ về cơ quan thường trực")
    effective_from: Day
    reason: LongText = Field(description="Căn cứ, ví dụ số nghị quyết sắp xếp")


class ProvinceSuccessionBody(Request):
    successor: Code = Field(examples=["can-tho"])
    successor_name: ShortText | None = Field(default=None, description="Tên tỉnh mới, nếu chưa có trong hệ thống")
    mapping: Annotated[dict[Code, Code], Field(max_length=500)] = Field(
        default_factory=dict,
        description="Cơ quan cũ → cơ quan kế thừa ở tỉnh mới; phần còn lại về cơ quan thường trực của tỉnh mới",
        examples=[{"SNV": "SNV", "STC": "STC"}],
    )
    leadership_moves: Flag = Field(default=False, description="Lãnh đạo (tài khoản, đầu mối) có chuyển sang không")
    effective_from: Day
    reason: LongText


class Succession(BaseModel):
    id: int
    state: Literal["pending", "applied", "cancelled"]
    province: AgencyRef
    agency: AgencyRef | None
    successor: AgencyRef | None
    successor_province: AgencyRef | None
    mapping: dict[str, str]
    leadership_moves: bool
    effective_from: date
    reason: str
    ordered_by: str | None
    created_at: datetime
    applied_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str


class SuccessionOrdered(Succession):
    moved: dict[str, int] | None = Field(
        description="Số việc phụ trách, phối hợp, phần trách nhiệm, … đã chuyển; null khi chưa đến ngày"
    )


# Agencies and provinces


@router.get("/agencies", response_model=Page[Agency], summary="Danh sách cơ quan, đơn vị")
async def list_agencies(
    call: Caller, province: ProvinceQuery = None, active: bool | None = None, limit: Limit = 50, offset: Offset = 0
) -> Response:
    wanted = {"province": province, "active": active, "limit": limit, "offset": offset}
    return reply(await call.read(agencies.list_agencies, **wanted))


@router.post("/agencies", status_code=201, response_model=Agency, summary="Thêm cơ quan")
async def post_agency(call: Caller, body: AgencyBody) -> Response:
    return await call.post(agencies.create_agency, status=201, **body.model_dump())


@router.get("/agencies/{agency_id}", response_model=Agency, summary="Một cơ quan, theo mã hoặc số")
async def get_agency(call: Caller, agency_id: str, province: ProvinceQuery = None) -> Response:
    return reply(await call.read(agencies.get_agency, agency_id, province=province))


@router.patch("/agencies/{agency_id}", response_model=Agency, summary="Đổi tên cơ quan")
async def patch_agency(call: Caller, agency_id: str, body: RenameBody, province: ProvinceQuery = None) -> Response:
    """Tên cũ được giữ lại kèm ngày cuối sử dụng."""
    return reply(await call.write(agencies.rename_agency, agency_id, province=province, **body.model_dump()))


@router.get("/provinces", response_model=Provinces, summary="Các tỉnh")
async def list_provinces(call: Caller) -> Response:
    return reply(await call.read(agencies.list_provinces))


@router.post("/provinces", status_code=201, response_model=Province, summary="Thêm tỉnh")
async def post_province(call: Caller, body: ProvinceBody) -> Response:
    return await call.post(agencies.create_province, status=201, **body.model_dump())


# Contacts


@router.get("/contacts", response_model=Page[Contact], summary="Các đầu mối liên hệ")
async def list_contacts(
    call: Caller,
    agency: CodeQuery = None,
    province: ProvinceQuery = None,
    kind: Literal["officer", "head", "leadership"] | None = None,
    active: bool | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    wanted = {"agency": agency, "province": province, "kind": kind, "active": active, "limit": limit, "offset": offset}
    return reply(await call.read(agencies.list_contacts, **wanted))


@router.get("/agencies/{agency_id}/contacts", response_model=Page[Contact], summary="Đầu mối của một cơ quan")
async def list_agency_contacts(
    call: Caller, agency_id: str, province: ProvinceQuery = None, limit: Limit = 50, offset: Offset = 0
) -> Response:
    wanted = {"agency": agency_id, "province": province, "limit": limit, "offset": offset}
    return reply(await call.read(agencies.list_contacts, **wanted))


@router.post("/contacts", status_code=201, response_model=ContactWritten, summary="Thêm đầu mối", description=EXPLAINED)
async def post_contact(call: Caller, body: ContactBody) -> Response:
    return await post_secret(call, agencies.create_contact, NewContact(**body.model_dump()), field="webhook_secret")


@router.get("/contacts/{contact_id}", response_model=Contact, summary="Một đầu mối")
async def get_contact(call: Caller, contact_id: str) -> Response:
    return reply(await call.read(agencies.get_contact, path_id(contact_id)))


@router.patch("/contacts/{contact_id}", response_model=ContactWritten, summary="Sửa đầu mối, báo vắng mặt")
async def patch_contact(call: Caller, contact_id: str, body: ContactPatch) -> Response:
    """Trường không gửi thì giữ nguyên; gửi null thì xóa trống."""
    return reply(await call.write(agencies.change_contact, path_id(contact_id), body.changes()))


@router.delete("/contacts/{contact_id}", response_model=Contact, summary="Ngừng dùng đầu mối")
async def delete_contact(call: Caller, contact_id: str) -> Response:
    return reply(await call.write(agencies.deactivate_contact, path_id(contact_id)))


# Holidays


@router.get("/holidays", response_model=Holidays, summary="Ngày nghỉ, ngày làm bù của một năm")
async def list_holidays(call: Caller, year: Annotated[int | None, Query(ge=2000, le=2100)] = None) -> Response:
    """Lịch nghỉ lễ của nhà nước cùng các điều chỉnh đã nhập."""
    return reply(await call.read(agencies.list_holidays, year))


@router.put("/holidays/{day}", response_model=Holiday, summary="Điều chỉnh một ngày: làm việc hay nghỉ")
async def put_holiday(call: Caller, day: Day, body: HolidayBody) -> Response:
    return reply(await call.write(agencies.set_holiday, day, working=body.working, note=body.note))


@router.delete("/holidays/{day}", response_model=Holiday, summary="Bỏ điều chỉnh của một ngày")
async def delete_holiday(call: Caller, day: Day) -> Response:
    return reply(await call.write(agencies.clear_holiday, day))


# Succession


@router.post(
    "/agencies/{agency_id}/succession", status_code=201, response_model=SuccessionOrdered, summary="Kế thừa nhiệm vụ"
)
async def post_succession(
    call: Caller, request: HttpRequest, agency_id: str, body: SuccessionBody, province: ProvinceQuery = None
) -> Response:
    """Từ ngày hiệu lực, việc chưa xong chuyển sang cơ quan kế thừa; việc đã xong giữ tên cũ."""
    done = await call.post(agencies.succeed_agency, agency_id, province=province, status=201, **body.model_dump())
    request.app.state.keys.forget()  # keys of moved accounts now act for the successor
    return done


@router.post(
    "/provinces/{province_id}/succession", status_code=201, response_model=SuccessionOrdered, summary="Sáp nhập tỉnh"
)
async def post_province_succession(
    call: Caller, request: HttpRequest, province_id: str, body: ProvinceSuccessionBody
) -> Response:
    """Các kỳ đánh giá và việc chưa xong chuyển sang tỉnh mới từ ngày hiệu lực."""
    order = ProvinceOrder(**body.model_dump())
    done = await call.post(agencies.succeed_province, province_id, order, status=201)
    request.app.state.keys.forget()
    return done


@router.get("/successions", response_model=Page[Succession], summary="Các quyết định kế thừa")
async def list_successions(
    call: Caller,
    state: Literal["pending", "applied", "cancelled"] | None = None,
    agency: CodeQuery = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    return reply(await call.read(agencies.list_orders, state=state, agency=agency, limit=limit, offset=offset))


@router.get("/successions/{succession_id}", response_model=Succession, summary="Một quyết định kế thừa")
async def get_succession(call: Caller, succession_id: str) -> Response:
    return reply(await call.read(agencies.get_order, path_id(succession_id)))


@router.delete("/successions/{succession_id}", response_model=Succession, summary="Hủy khi chưa đến ngày")
async def delete_succession(call: Caller, succession_id: str) -> Response:
    return reply(await call.write(agencies.cancel_succession, path_id(succession_id)))
