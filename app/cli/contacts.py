"""`khacphuc contacts`: whom reminders reach, from the server's own console."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.opening import Opened, opened
from app.cli.places import province_and_agency
from app.cli.printing import Json, complain, print_json, print_table, say
from app.core.access import SYSTEM
from app.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

group = typer.Typer(help="Đầu mối nhận nhắc việc: thêm, liệt kê, ngừng.", no_args_is_help=True, rich_markup_mode=None)
KINDS = {"officer": "Chuyên viên", "head": "Thủ trưởng", "leadership": "Lãnh đạo tỉnh"}
MOST = 1_000_000
"""All of them."""


class Kind(StrEnum):
    OFFICER = "officer"
    HEAD = "head"


Agency = Annotated[str | None, typer.Option(help="Mã cơ quan, ví dụ SNV; khi có nhiều tỉnh: soc-trang/SNV.")]
Province = Annotated[str | None, typer.Option(help="Mã tỉnh, cần khi có nhiều tỉnh.")]


@group.command()
def add(
    name: Annotated[str, typer.Option(help="Họ tên hoặc chức danh người nhận.")],
    agency: Agency = None,
    leadership: Annotated[bool, typer.Option("--leadership", help="Của lãnh đạo tỉnh thay vì một cơ quan.")] = False,
    province: Province = None,
    kind: Annotated[Kind | None, typer.Option(help="Chuyên viên (mặc định) hay thủ trưởng của cơ quan.")] = None,
    email: Annotated[str | None, typer.Option(help="Địa chỉ thư điện tử.")] = None,
    webhook_url: Annotated[str | None, typer.Option(help="Địa chỉ webhook, thay cho thư hoặc cùng với thư.")] = None,
    as_json: Json = False,
) -> None:
    """Thêm một người nhận nhắc việc của cơ quan, hoặc của lãnh đạo tỉnh. Khóa ký webhook chỉ hiện một lần."""
    if leadership == (agency is not None):
        raise typer.BadParameter("cần đúng một trong hai: --agency hoặc --leadership", param_hint="--agency")
    if leadership and kind is not None:
        raise typer.BadParameter("chỉ dùng với --agency", param_hint="--kind")
    if email is None and webhook_url is None:
        raise typer.BadParameter("cần ít nhất một địa chỉ: --email hoặc --webhook-url", param_hint="--email")
    from app.agencies import NewContact, create_contact

    with opened() as work, work.db.transaction() as connection:
        home, code = _place(connection, agency, province)
        role = "leadership" if leadership else kind or Kind.OFFICER
        new = NewContact(role, name, agency=code, province=home, email=email, webhook_url=webhook_url)
        made = create_contact(connection, SYSTEM, new, now=work.clock.now())
    _warn_of_unused(work, webhook_url)
    if as_json:
        print_json(made)
        return
    _print([made])
    if made["webhook_secret"]:
        say(f"Khóa ký webhook, chỉ hiện một lần: {made['webhook_secret']}")


@group.command("list")
def list_(
    agency: Agency = None,
    province: Province = None,
    everybody: Annotated[bool, typer.Option("--all", help="Cả những đầu mối đã ngừng.")] = False,
    as_json: Json = False,
) -> None:
    """Liệt kê người nhận nhắc việc."""
    from app.agencies import list_contacts

    with opened() as work, work.db.snapshot() as connection:
        home, code = (None, None) if agency is province is None else _place(connection, agency, province)
        active, now = None if everybody else True, work.clock.now()
        found = list_contacts(
            connection, SYSTEM, agency=code, province=home, active=active, limit=MOST, offset=0, now=now
        )
    if as_json:
        print_json(found["items"])
    else:
        _print(found["items"])
        say(f"{found['total']} đầu mối.")


@group.command()
def remove(
    ident: Annotated[int, typer.Argument(metavar="ID", min=1, help="Số của đầu mối, xem khacphuc contacts list.")],
    as_json: Json = False,
) -> None:
    """Ngừng gửi cho một đầu mối. Dòng của đầu mối vẫn còn, vì các thư đã gửi có tên người đó."""
    from app.agencies import deactivate_contact

    with opened() as work, work.db.transaction() as connection:
        done = deactivate_contact(connection, SYSTEM, ident, now=work.clock.now())
    if as_json:
        print_json(done)
    else:
        say(f"Đã ngừng gửi nhắc việc cho {done['name']}.")


def _place(connection: "Connection", agency: str | None, province: str | None) -> tuple[str, str | None]:
    """The province, which needs a name only where there are several, and the agency's code."""
    from app import accounts
    from app.agencies.directory import find_agency

    home, code = province_and_agency(agency, province)
    found = accounts.find_province(connection, SYSTEM, home).code
    try:
        return found, code and find_agency(connection, SYSTEM, code, found).code
    except NotFound:
        raise NotFound(f"Không có cơ quan {code} trong tỉnh {found}.") from None


def _warn_of_unused(work: Opened, webhook_url: str | None) -> None:
    from app.outbox.targets import host_of

    host = host_of(webhook_url or "")
    if host is not None and host not in work.settings.allowed_webhook_hosts:
        complain(f"Chưa gửi được qua webhook: hãy thêm {host} vào KHACPHUC_WEBHOOK_HOSTS rồi khởi động lại máy chủ.")


def _print(contacts: list[dict[str, Any]]) -> None:
    titles = ("Số", "Cơ quan", "Loại", "Tên", "Địa chỉ", "Tình trạng")
    print_table("", titles, [_row(one) for one in contacts], numbers=(0,), whole=(1, 4))


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    addresses = "\n".join(filter(None, (one["email"], one["webhook_url"])))
    state = "đã ngừng" if not one["active"] else "vắng mặt" if one["absent"] else "đang nhận"
    place = one["province"] if one["agency"] is None else f"{one['province']}/{one['agency']['code']}"
    return one["id"], place, KINDS[one["kind"]], one["name"], addresses, state
