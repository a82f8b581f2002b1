"""`khacphuc doctor`: what is misconfigured or has gone wrong, and what to do about it."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import typer

from app.cli.failing import one_line
from app.cli.printing import Json, print_json, print_table, say
from app.settings import load_settings

if TYPE_CHECKING:
    from app.settings import Settings

State = Literal["ok", "warning", "error"]
Found = Iterator[tuple[State, str]]
"""The message is Vietnamese and says what to do when the state is not ok."""
SIGNS = {"ok": "Đạt", "warning": "Cảnh báo", "error": "Lỗi"}


class Finding(NamedTuple):
    check: str
    state: State
    message: str


def register(cli: typer.Typer) -> None:
    cli.command()(doctor)


def doctor(as_json: Json = False) -> None:
    """Kiểm tra cấu hình và tình trạng hệ thống. Mã thoát 1 khi có lỗi; cảnh báo không làm thay đổi mã thoát."""
    findings = list(examine(load_settings()))
    counts = {state: sum(finding.state == state for finding in findings) for state in SIGNS}
    if as_json:
        print_json({"ok": not counts["error"], "findings": [finding._asdict() for finding in findings]})
    else:
        rows = [(SIGNS[state], check, message) for check, state, message in findings]
        print_table("", ("", "Mục", "Kết quả"), rows, whole=(0,))
        say(f"{counts['error']} lỗi, {counts['warning']} cảnh báo.")
    if counts["error"]:
        sys.exit(1)


def examine(settings: "Settings") -> Iterator[Finding]:
    """Every check in turn; one that cannot be made is an error itself and keeps no other from being made."""
    from app.cli.doctor import machine, records

    with records.readable(settings) as examined:
        # First, because a demo database has folders and channels of its own.
        of_database = list(_guarded("Cơ sở dữ liệu", examined.check_schema))
        for name, check in machine.CHECKS:
            chosen = machine.mail_of_demo if examined.clock.demo and check is machine.mail else check
            yield from _guarded(name, partial(chosen, examined.settings))
        yield from of_database
        if examined.current:
            for name, examine_records in records.CHECKS:
                yield from _guarded(name, partial(examine_records, examined))


def _guarded(name: str, check: Callable[[], Found]) -> Iterator[Finding]:
    try:
        for state, message in check():
            yield Finding(name, state, message)
    except Exception as error:
        yield Finding(name, "error", one_line(error) or f"Không kiểm tra được ({type(error).__name__}: {error}).")
