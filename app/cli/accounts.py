"""`khacphuc accounts`: who may sign in, and links by which people set their passwords."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.keys import ROLE_NAMES, find_account, new_account
from app.cli.opening import Opened, opened
from app.cli.places import province_and_agency
from app.cli.printing import Json, print_json, print_table, say
from app.core.access import SYSTEM, Role
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.accounts import IssuedLink

group = typer.Typer(
    help="Tài khoản: liệt kê, thêm, liên kết đặt mật khẩu, gỡ xác thực hai bước.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
EVERYTHING = 1_000_000
"""More accounts than any installation has."""


@group.command("list")
def list_(
    role: Annotated[Role | None, typer.Option(help="Chỉ tài khoản có vai trò này.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Cả tài khoản đã khóa.")] = False,
    as_json: Json = False,
) -> None:
    """Liệt kê tài khoản: vai trò, cơ quan, đã có mật khẩu hay chưa."""
    from app import accounts

    with opened() as work, work.db.snapshot() as connection:
        active = None if every else True
        now = work.clock.now()
        found = accounts.page_accounts(
            connection, SYSTEM, role=role, active=active, limit=EVERYTHING, offset=0, now=now
        )["items"]
    if as_json:
        print_json(found)
        return
    titles = ("Tài khoản", "Vai trò", "Cơ quan", "Tên hiển thị", "Mật khẩu", "Tình trạng")
    print_table("", titles, [_row(one) for one in found], whole=(0, 2))
    say("Liên kết đặt mật khẩu: khacphuc accounts link TÀI-KHOẢN")


@group.command()
def link(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Tên tài khoản, xem khacphuc accounts list.")],
    as_json: Json = False,
) -> None:
    """Tạo liên kết đặt mật khẩu: dùng một lần, có hiệu lực 3 ngày, thay mọi liên kết cũ của tài khoản."""
    with opened() as work, work.db.transaction() as connection:
        made = _make_link(connection, find_account(connection, name), work)
    if as_json:
        print_json(_described(made, work.settings))
        return
    _tell(made, work.settings)


@group.command()
def create(
    role: Annotated[Role, typer.Option(help="Vai trò.")],
    agency: Annotated[str | None, typer.Option(help="Mã cơ quan, ví dụ SNV; khi có nhiều tỉnh: soc-trang/SNV.")] = None,
    province: Annotated[str | None, typer.Option(help="Mã tỉnh, cần khi có nhiều tỉnh.")] = None,
    name: Annotated[str | None, typer.Option(help="Tên đăng nhập; mặc định đặt theo vai trò và cơ quan.")] = None,
    display_name: Annotated[
        str | None, typer.Option(help="Tên hiển thị trong nhật ký; mặc định theo vai trò và cơ quan.")
    ] = None,
    drafts_only: Annotated[
        bool, typer.Option("--drafts-only", help="Chỉ soạn thảo báo cáo, người khác của cơ quan nộp.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Thêm một tài khoản và in liên kết để người dùng đặt mật khẩu."""
    with opened() as work, work.db.transaction() as connection:
        home, code = province_and_agency(agency, province)
        account = new_account(
            connection,
            role=role,
            province=home,
            agency=code,
            name=name,
            display_name=display_name,
            drafts_only=drafts_only,
            now=work.clock.now(),
        )
        made = _make_link(connection, account["id"], work)
    if as_json:
        print_json({**account, **_described(made, work.settings)})
        return
    _tell(made, work.settings)


@group.command("remove-second-factor")
def remove_second_factor(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Tên tài khoản, xem khacphuc accounts list.")],
    reason: Annotated[str, typer.Option(help="Lý do, ghi vào nhật ký.")],
    as_json: Json = False,
) -> None:
    """Gỡ xác thực hai bước của người mất cả điện thoại và mã khôi phục; mọi phiên đăng nhập của họ kết thúc."""
    from app import accounts

    with opened() as work, work.db.transaction() as connection:
        account_id = find_account(connection, name)
        done = accounts.remove_second_factor(connection, SYSTEM, account_id, reason, now=work.clock.now())
    if as_json:
        print_json(done)
        return
    say(f"Đã gỡ xác thực hai bước của {name}; từ nay chỉ cần mật khẩu là đăng nhập được.")


def until_text(made: "IssuedLink") -> str:
    from app.core.workdays import local_moment

    return f"{local_moment(made.expires_at):%H:%M ngày %d/%m/%Y}"


def _make_link(connection: "Connection", account_id: int, work: Opened) -> "IssuedLink":
    from app import accounts

    return accounts.create_link(connection, SYSTEM, account_id, now=work.clock.now())


def _tell(made: "IssuedLink", settings: Settings) -> None:
    say(f"Tài khoản {made.account} ({made.display_name}), đặt mật khẩu tại:")
    say(f"  {settings.base_url}{made.path}")
    say(f"Dùng một lần, đến {until_text(made)}. Ai có liên kết cũng dùng được:")
    say("hãy giao đúng người. Liên kết cũ của tài khoản này đã hết hiệu lực.")
    if "base_url" not in settings.model_fields_set:
        say("Máy chủ ở địa chỉ khác: đặt KHACPHUC_BASE_URL, hoặc thay phần đầu liên kết.")


def _described(made: "IssuedLink", settings: Settings) -> dict[str, Any]:
    return {"account": made.account, "link": settings.base_url + made.path, "expires_at": made.expires_at}


def _row(account: dict[str, Any]) -> tuple[Any, ...]:
    password = "chưa có" if not account["has_password"] else "có, hai bước" if account["second_factor"] else "có"
    state = "dùng được" if account["active"] else "đã khóa"
    if account["drafts_only"]:
        state += ", chỉ soạn thảo"
    role = ROLE_NAMES[Role(account["role"])]
    return account["name"], role, account["agency"], account["display_name"], password, state
