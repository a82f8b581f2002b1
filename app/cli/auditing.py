"""`khacphuc audit verify`: whether the log still is what was written."""

import re
import sys
from typing import Annotated, Any

import typer

from app.cli.opening import opened
from app.cli.printing import Json, print_json, print_table, say

group = typer.Typer(help="Nhật ký: kiểm tra dấu niêm phong.", no_args_is_help=True, rich_markup_mode=None)
KINDS = {
    "edited": "Bị sửa",
    "deleted": "Bị xóa",
    "inserted": "Bị chèn",
    "broken": "Đứt chuỗi",
    "cut": "Khác dấu đã gửi",
    "backdated": "Sai giờ",
}
SHOWN = 20
"""Lines with a doubtful time that people are told: a clock set back makes many."""
_HEAD = re.compile(r"(\d{1,9}):([0-9a-f]{64})")


@group.callback()
def root() -> None:
    """A group even with one command: `khacphuc audit verify`."""


@group.command()
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="N:HASH", help="Dấu đã nhận trong thư nhắc việc; lặp lại được nhiều lần."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Đối chiếu từng dòng nhật ký với chuỗi dấu niêm phong; mã thoát 1 nếu có dòng bị sửa, xóa, chèn hoặc cắt."""
    from app import seals

    known = [_head(one) for one in head or ()]
    with opened() as here, here.db.snapshot() as connection:
        found = seals.verify(connection, known, now=here.clock.now())
    if as_json:
        lists = {name: [one._asdict() for one in getattr(found, name)] for name in ("findings", "backdated")}
        print_json(found._asdict() | {"head": found.head._asdict()} | lists)
    else:
        _tell(found)
    if found.findings:
        sys.exit(1)


def _head(text: str) -> Any:
    from app.seals import Head

    match = _HEAD.fullmatch(text.strip().lower())
    if match is None:
        raise typer.BadParameter("cần dạng số:mã, chép nguyên từ thư, ví dụ 1234:9f2c…", param_hint="--head")
    return Head(int(match[1]), match[2])


def _tell(found: Any) -> None:
    if found.findings:
        _list("Nhật ký đã bị can thiệp", found.findings)
    else:
        say(f"Nhật ký nguyên vẹn: {found.head.position} dòng khớp với chuỗi dấu niêm phong.")
    if found.head.position:
        say(f"Dấu cuối: {found.head.position}:{found.head.hash}")
    if found.unsealed:
        from app.vietnamese import moment_text

        since = f", sớm nhất lúc {moment_text(found.since)}" if found.since else ""
        say(f"{found.unsealed} dòng mới chưa niêm phong{since}.")
    if found.backdated:
        many = len(found.backdated)
        _list(
            f"{many} dòng có giờ ghi không theo thứ tự: đồng hồ bị chỉnh sai, hoặc có người thêm dòng về sau",
            found.backdated[:SHOWN],
        )


def _list(title: str, found: list[Any]) -> None:
    rows = [(KINDS[one.kind], one.position, one.event_id, one.detail) for one in found]
    print_table(title, ("Loại", "Dấu số", "Dòng nhật ký", "Chi tiết"), rows, numbers=(1, 2))
