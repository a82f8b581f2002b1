"""`khacphuc keys`: API keys from the server's own console, where nobody needs a key yet."""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.opening import opened
from app.cli.places import province_and_agency
from app.cli.printing import Json, print_json, print_table, say
from app.core.access import SYSTEM, Role
from app.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.accounts import IssuedKey

group = typer.Typer(help="Khóa API: cấp, liệt kê, thu hồi.", no_args_is_help=True, rich_markup_mode=None)
LONGEST_DAYS = 3650
ROLE_NAMES = {
    Role.ADMIN: "Quản trị",
    Role.COORDINATOR: "Cơ quan thường trực",
    Role.LEADERSHIP: "Lãnh đạo",
    Role.AGENCY: "Cơ quan",
}
STATES = {"active": "dùng được", "expired": "hết hạn", "revoked": "đã thu hồi"}


@group.command()
def create(
    role: Annotated[Role | None, typer.Option(help="Vai trò của tài khoản mới.")] = None,
    agency: Annotated[str | None, typer.Option(help="Mã cơ quan, ví dụ SNV; khi có nhiều tỉnh: soc-trang/SNV.")] = None,
    province: Annotated[str | None, typer.Option(help="Mã tỉnh, cần khi có nhiều tỉnh.")] = None,
    account: Annotated[
        str | None, typer.Option(help="Cấp thêm khóa cho tài khoản đã có thay vì tạo tài khoản mới.")
    ] = None,
    label: Annotated[str, typer.Option(help="Ghi chú để nhận ra khóa này.")] = "",
    days: Annotated[
        int | None, typer.Option(min=1, max=LONGEST_DAYS, help="Số ngày hiệu lực; mặc định vô hạn.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Cấp một khóa cho một tài khoản mới (hoặc tài khoản đã có). Khóa chỉ hiện một lần."""
    if (role is None) == (account is None):
        raise typer.BadParameter("cần đúng một trong hai: --role hoặc --account", param_hint="--role / --account")
    if account is not None and (agency is not None or province is not None):
        raise typer.BadParameter("tài khoản đã thuộc một cơ quan; bỏ --agency và --province", param_hint="--account")
    if agency is not None and role in (Role.ADMIN, Role.LEADERSHIP):
        raise typer.BadParameter(f"tài khoản {role} không thuộc cơ quan nào; bỏ --agency", param_hint="--agency")
    with opened() as work, work.db.transaction() as connection:
        now = work.clock.now()
        if role is None:
            issued = _issue_more(connection, account or "", label=label, days=days, now=now)
        else:
            home, code = province_and_agency(agency, province)
            issued = issue(connection, role=role, province=home, agency=code, label=label, days=days, now=now)
    if as_json:
        print_json(_described(issued))
        return
    row = (issued.account, ROLE_NAMES[Role(issued.role)], issued.agency, issued.key)
    print_table("", ("Tài khoản", "Vai trò", "Cơ quan", "Khóa"), [row], whole=(0, 2, 3))
    say("Khóa chỉ hiện một lần; hệ thống chỉ giữ giá trị băm.")


@group.command("list")
def list_(as_json: Json = False) -> None:
    """Liệt kê mọi khóa (không có nội dung khóa) và tình trạng."""
    from app import accounts

    with opened() as work, work.db.snapshot() as connection:
        found = accounts.list_keys(connection, SYSTEM, now=work.clock.now())
    if as_json:
        print_json(found)
        return
    titles = ("Số", "Đầu khóa", "Tài khoản", "Vai trò", "Ghi chú", "Hết hạn", "Tình trạng")
    print_table("", titles, [_row(one) for one in found], numbers=(0,), whole=(1, 2))


@group.command()
def revoke(
    ident: Annotated[str, typer.Argument(metavar="ID|PREFIX", help="Số hoặc đầu khóa, xem khacphuc keys list.")],
    as_json: Json = False,
) -> None:
    """Thu hồi một khóa. Khóa hết hiệu lực sau vài giây, không phục hồi được."""
    from app import accounts

    with opened() as work, work.db.transaction() as connection:
        now = work.clock.now()
        done = accounts.revoke_key(connection, SYSTEM, _find_key(connection, ident), now=now)
    if as_json:
        print_json(done)
    else:
        say(f"Đã thu hồi khóa {done['prefix']}.")


def issue(
    connection: "Connection",
    *,
    role: Role,
    province: str | None,
    agency: str | None,
    label: str,
    days: int | None = None,
    now: datetime,
) -> "IssuedKey":
    """A new account with its first key. Every call makes an account of its own: who reviews never shares one with
    who submitted."""
    from app import accounts

    made = new_account(connection, role=role, province=province, agency=agency, now=now)
    return accounts.create_key(connection, SYSTEM, made["id"], label=label, days=days, now=now)


def new_account(
    connection: "Connection",
    *,
    role: Role,
    province: str | None,
    agency: str | None,
    name: str | None = None,
    display_name: str | None = None,
    drafts_only: bool = False,
    now: datetime,
) -> dict[str, Any]:
    """A new account; without a name it gets the next free one of its kind, without a display name that of its seat."""
    from app import accounts

    # An administrator of no province is one of the whole installation.
    home = None if role is Role.ADMIN and province is None else accounts.find_province(connection, SYSTEM, province)
    return accounts.create_account(
        connection,
        SYSTEM,
        name=name or _free_name(connection, role, agency),
        display_name=display_name or _display_name(connection, role, home, agency),
        role=role,
        province=home and home.code,
        agency=agency,
        drafts_only=drafts_only,
        now=now,
    )


def find_account(connection: "Connection", name: str) -> int:
    """The id of the account; raises `NotFound` that says where to look."""
    from sqlalchemy import select

    from app import models

    found = connection.execute(select(models.accounts.c.id).where(models.accounts.c.name == name)).scalar()
    if found is None:
        raise NotFound(f"Không có tài khoản {name}. Xem các tài khoản: khacphuc accounts list")
    return int(found)


def _issue_more(connection: "Connection", name: str, *, label: str, days: int | None, now: datetime) -> "IssuedKey":
    from app import accounts

    account_id = find_account(connection, name)
    return accounts.create_key(connection, SYSTEM, account_id, label=label, days=days, now=now)


def _free_name(connection: "Connection", role: Role, agency: str | None) -> str:
    """`agency-snv`, then `agency-snv-2` and so on."""
    from sqlalchemy import select

    from app.models import accounts

    base = f"agency-{agency.lower()}" if role is Role.AGENCY and agency else str(role)
    taken = set(connection.execute(select(accounts.c.name).where(accounts.c.name.startswith(base))).scalars())
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name


def _display_name(connection: "Connection", role: Role, home: Any, agency: str | None) -> str:
    """As people will read it in logs: who the account stands for. `home` is its province, if it has one."""
    from sqlalchemy import select

    from app.models import agencies, provinces
    from app.outbox.recipients import leadership_name

    if role is Role.ADMIN:
        return "Quản trị hệ thống"
    if role is Role.LEADERSHIP:
        province = connection.execute(select(provinces.c.name).where(provinces.c.id == home.id)).scalar_one()
        return leadership_name(province)
    wanted = agencies.c.is_coordinator if role is Role.COORDINATOR else agencies.c.code == agency
    named = select(agencies.c.name).where(agencies.c.province_id == home.id, wanted)
    name: str = connection.execute(named).scalar() or ""
    return f"Cơ quan thường trực CCHC ({name})" if role is Role.COORDINATOR else name


def _find_key(connection: "Connection", ident: str) -> int:
    from sqlalchemy import select

    from app.models import api_keys

    if re.fullmatch(r"[0-9]{1,9}", ident):
        return int(ident)
    found = connection.execute(select(api_keys.c.id).where(api_keys.c.prefix == ident)).scalars().all()
    if not found:
        raise NotFound(f"Không có khóa nào có phần đầu {ident}. Xem: khacphuc keys list")
    if len(found) > 1:
        raise InvalidInput(f"Có nhiều khóa với phần đầu {ident}; thu hồi theo số: {', '.join(map(str, found))}.")
    return int(found[0])


def _described(issued: "IssuedKey") -> dict[str, Any]:
    return {"key": issued.key, "id": issued.key_id, **{name: getattr(issued, name) for name in issued._fields[2:]}}


def _row(key: dict[str, Any]) -> tuple[Any, ...]:
    from app.core.workdays import local_moment

    expires = key["expires_at"]
    until = None if expires is None else f"{local_moment(expires):%d/%m/%Y %H:%M}"
    role, state = ROLE_NAMES[Role(key["role"])], STATES[key["state"]]
    return key["id"], key["prefix"], key["account"], role, key["label"], until, state
