"""`khacphuc remind`: today's reminders at once, or what any day would bring."""

import sys
from datetime import date, datetime
from typing import Annotated, Any

import typer

from app.cli.opening import Opened, opened
from app.cli.printing import Json, complain, points, print_json, print_table, say
from app.core.access import SYSTEM

PROBLEMS = ("dead", "unreachable")
STATES = {
    "sent": "đã gửi",
    "pending": "sẽ gửi lại",
    "dead": "không gửi được",
    "unreachable": "chưa có đầu mối nhận",
    "dropped": "không còn nội dung",
    "superseded": "chuyển đầu mối",
    "lost": "nơi khác đang gửi",
}


def register(cli: typer.Typer) -> None:
    cli.command()(remind)


def remind(
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Xem trước cho ngày này.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ xem trước, không ghi và không gửi gì.")] = False,
    as_json: Json = False,
) -> None:
    """Lập và gửi ngay nhắc việc của hôm nay; với --dry-run chỉ cho biết ai nhận gì, ai không nhận gì và vì sao."""
    if on is not None and not dry_run:
        raise typer.BadParameter("chỉ xem trước được một ngày khác; thêm --dry-run", param_hint="--on")
    with opened() as work:
        plan = _preview(work, None if on is None else on.date()) if dry_run else _send(work)
    if as_json:
        print_json(plan)
    else:
        _print(plan)
    if any(plan.get("deliveries", {}).get(state) for state in PROBLEMS):
        complain("Có thư chưa tới người nhận; xem: khacphuc doctor")
        sys.exit(1)


def _preview(work: Opened, on: date | None) -> dict[str, Any]:
    from app import reminders

    with work.db.snapshot() as connection:
        return reminders.preview(connection, SYSTEM, on=on, now=work.clock.now())


def _send(work: Opened) -> dict[str, Any]:
    from app import outbox, reminders
    from app.cli import logs

    logs.quiet()
    plan = reminders.run_everywhere(work.db, now=work.clock.now())
    return plan | {"deliveries": dict(outbox.deliver_due(work.db, work.settings, clock=work.clock))}


def _print(plan: dict[str, Any]) -> None:
    for digest in plan["digests"]:
        written = ", ".join(digest["contacts"]) or "chưa có đầu mối nhận"
        print_table(
            f"{digest['recipient']}  {digest['recipient_name']}  ({written})",
            ("Nhiệm vụ", "Mốc", "Hạn trước ngày", "Điểm", "Nội dung"),
            [
                (one["code"], one["milestone"], f"{one['effective_due']:%d/%m/%Y}", points(one["points"]), one["what"])
                for one in digest["items"]
            ],
            numbers=(1, 3),
            whole=(0, 2),
        )
    if plan["silent"]:
        print_table("Không nhắc", ("Lý do", "Số lượng", "Nhiệm vụ, đơn vị"), _by_reason(plan["silent"]), numbers=(1,))
    say(f"Ngày {plan['on']:%d/%m/%Y}: {len(plan['digests'])} thư nhắc việc.")
    if "deliveries" in plan:
        sent = ", ".join(f"{count} {STATES.get(state, state)}" for state, count in plan["deliveries"].items())
        say(f"Kết quả gửi: {sent or 'không có thư nào chờ gửi'}.")


def _by_reason(silent: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """A row per reason: a hundred tasks that wait for the same milestone are one line, not a hundred."""
    reasons: dict[str, list[str]] = {}
    for one in silent:
        reasons.setdefault(one["why"], []).append(one.get("code") or one["recipient"])
    return [(why, len(names), ", ".join(names)) for why, names in reasons.items()]
