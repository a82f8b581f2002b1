"""Tài khoản and khóa API over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from app import accounts
from app.api.deps import Call, current_call, reply
from app.api.once_shown import EXPLAINED, post_secret
from app.api.schemas import PROBLEMS, Code, Page, Request, ShortText, path_id

router = APIRouter(tags=["tài khoản"], responses=PROBLEMS)

Caller = Annotated[Call, Depends(current_call)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Role = Literal["agency", "coordinator", "leadership", "admin"]


class Account(BaseModel):
    id: int
    name: str
    display_name: str
    role: Role
    active: bool
    drafts_only: bool = Field(description="Chỉ soạn thảo báo cáo, người khác của cơ quan nộp")
    has_password: bool
    second_factor: bool = Field(description="Đăng nhập cần thêm mã từ ứng dụng xác thực; không liên quan khóa API")
    locked_until: datetime | None = Field(
        description="Có nơi phải chờ đến lúc này mới được thử lại mật khẩu hoặc mã; trống: không nơi nào"
    )
    created_at: datetime
    province_id: int | None
    agency_id: int | None
    province: str | None
    agency: str | None
    agency_name: str | None


class AccountBody(Request):
    name: Code = Field(examples=["stp.cchc"], description="a–z, 0–9 và . _ / -")
    display_name: ShortText = ""
    role: Role
    province: Code | None = Field(default=None, description="Mã tỉnh, khi có nhiều tỉnh")
    agency: Code | None = Field(default=None, description="Mã cơ quan, với vai trò agency")
    drafts_only: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Chỉ soạn thảo, không nộp; chỉ với vai trò agency"
    )


class AccountPatch(Request):
    active: Annotated[bool, Field(strict=True)] | None = None
    display_name: ShortText | None = None
    drafts_only: Annotated[bool, Field(strict=True)] | None = None


class KeyBody(Request):
    label: ShortText = Field(default="", examples=["Phần mềm quản lý văn bản"])
    days: Annotated[int, Field(ge=1, le=3650, strict=True)] | None = Field(
        default=None, description="Số ngày hiệu lực; trống: đến khi thu hồi"
    )


class PasswordLink(BaseModel):
    link: str | None = Field(description=EXPLAINED)
    account_id: int
    account: str
    expires_at: datetime


class EndedSessions(BaseModel):
    id: int
    account: str
    ended: int = Field(description="Số phiên đăng nhập đã kết thúc")


class NewKey(BaseModel):
    id: int
    key: str | None = Field(description=EXPLAINED)
    prefix: str
    label: str
    account: str
    role: Role
    agency: str | None
    expires_at: datetime | None


class Key(BaseModel):
    id: int
    prefix: str
    label: str
    account_id: int
    account: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    state: Literal["active", "expired", "revoked"]


class RevokedKey(BaseModel):
    id: int
    prefix: str
    state: Literal["revoked"]
    revoked_at: datetime


@router.get("/accounts", response_model=Page[Account], summary="Các tài khoản")
async def list_accounts(
    call: Caller,
    role: Role | None = None,
    active: bool | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """`q`: từ trong tên tài khoản, tên hiển thị hoặc cơ quan, không phân biệt dấu và chữ hoa."""
    return reply(await call.read(accounts.page_accounts, role=role, active=active, q=q, limit=limit, offset=offset))


@router.post("/accounts", status_code=201, response_model=Account, summary="Thêm tài khoản")
async def post_account(call: Caller, body: AccountBody) -> Response:
    return await call.post(accounts.create_account, status=201, **body.model_dump())


@router.get("/accounts/{account_id}", response_model=Account, summary="Một tài khoản")
async def get_account(call: Caller, account_id: str) -> Response:
    return reply(await call.read(accounts.get_account, path_id(account_id)))


@router.patch(
    "/accounts/{account_id}",
    response_model=Account,
    summary="Đổi tên hiển thị, quyền nộp báo cáo; khóa hoặc mở tài khoản",
)
async def patch_account(call: Caller, request: HttpRequest, account_id: str, body: AccountPatch) -> Response:
    changes = body.model_dump(exclude_none=True)
    done = await call.write(accounts.change_account, path_id(account_id), changes)
    request.app.state.keys.forget()
    return reply(done)


@router.post(
    "/accounts/{account_id}/password-link",
    status_code=201,
    response_model=PasswordLink,
    summary="Tạo liên kết đặt mật khẩu",
    description="Liên kết dùng một lần, có hiệu lực 3 ngày, thay mọi liên kết cũ của tài khoản. " + EXPLAINED,
)
async def post_password_link(call: Caller, account_id: str) -> Response:
    return await post_secret(call, _link, path_id(account_id), field="link", base_url=call.settings.base_url)


@router.delete(
    "/accounts/{account_id}/lock",
    response_model=Account,
    summary="Mở khóa đăng nhập",
    description="Cho mọi nơi thử lại mật khẩu và mã ngay. Đặt mật khẩu bằng liên kết mới cũng mở khóa.",
)
async def delete_lock(call: Caller, account_id: str) -> Response:
    return reply(await call.write(accounts.unlock, path_id(account_id)))


@router.delete("/accounts/{account_id}/sessions", response_model=EndedSessions, summary="Kết thúc mọi phiên đăng nhập")
async def delete_sessions(call: Caller, account_id: str) -> Response:
    return reply(await call.write(accounts.end_sessions, path_id(account_id)))


@router.post(
    "/accounts/{account_id}/keys",
    status_code=201,
    response_model=NewKey,
    summary="Cấp khóa API",
    description=EXPLAINED,
)
async def post_key(call: Caller, account_id: str, body: KeyBody) -> Response:
    return await post_secret(call, _issue, path_id(account_id), field="key", label=body.label, days=body.days)


@router.get("/keys", response_model=Page[Key], summary="Các khóa API")
async def list_keys(
    call: Caller,
    account: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Chỉ hiện phần đầu của khóa; bản thân khóa không được lưu."""
    return reply(await call.read(accounts.page_keys, account=account, limit=limit, offset=offset))


@router.delete("/keys/{key_id}", response_model=RevokedKey, summary="Thu hồi khóa API")
async def delete_key(call: Caller, request: HttpRequest, key_id: str) -> Response:
    done = await call.write(accounts.revoke_key, path_id(key_id))
    request.app.state.keys.forget()
    return reply(done)


def _link(*args: Any, base_url: str, **kwargs: Any) -> dict[str, Any]:
    made = accounts.create_link(*args, **kwargs)
    return {
        "link": base_url + made.path,
        "account_id": made.account_id,
        "account": made.account,
        "expires_at": made.expires_at,
    }


def _issue(*args: Any, **kwargs: Any) -> dict[str, Any]:
    issued = accounts.create_key(*args, **kwargs)._asdict()
    return {"id": issued.pop("key_id"), **issued}
