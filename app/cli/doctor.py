"""`khacphuc doctor`: what is misconfigured or has gone wrong, and what to do about it."""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import typer

from app.cli.failing import one_line
from app.cli.printing import Json, print_json, print_table, say
from app.settings import load_settings

if TYPE_CHECKING:
    from app.settings import Settings


class Finding(NamedTuple):
    """`state` is ok, warning or error; `message` is Vietnamese and says what to do when it is not ok."""

    check: str
    state: str
    message: str


Found = Iterator[tuple[str, str]]
"""(state, message)"""
SIGNS = {"ok": "Đạt", "warning": "Cảnh báo", "error": "Lỗi"}


def register(cli: typer.Typer) -> None:
    cli.command()(doctor)


def doctor(as_json: Json = False) -> None:
    """Kiểm tra cấu hình và tình trạng hệ thống. Mã thoát 1 khi có lỗi; cảnh báo không làm thay đổi mã thoát."""
    findings = list(examine(load_settings()))
    failed = any(finding.state == "error" for finding in findings)
    if as_json:
        print_json({"ok": not failed, "findings": [finding._asdict() for finding in findings]})
    else:
        rows = [(SIGNS[state], check, message) for check, state, message in findings]
        print_table("", ("", "Mục", "Kết quả"), rows)
        counts = [sum(finding.state == state for finding in findings) for state in ("error", "warning")]
        say(f"{counts[0]} lỗi, {counts[1]} cảnh báo.")
    if failed:
        sys.exit(1)


def examine(settings: "Settings") -> Iterator[Finding]:
    """Every check in turn; one that cannot be made is an error itself and keeps no other from being made."""
    from app.cli.checkup import data, machine

    for name, check in machine.CHECKS:
        yield from _guarded(name, lambda check=check: check(settings))  # type: ignore[misc]
    yield from data.examine(settings, _guarded)


def _guarded(name: str, check: Callable[[], Found]) -> Iterator[Finding]:
    try:
        for state, message in check():
            yield Finding(name, state, message)
    except Exception as error:
        yield Finding(name, "error", one_line(error) or f"Không kiểm tra được: {type(error).__name__}: {error}")
