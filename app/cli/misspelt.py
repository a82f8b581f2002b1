"""Misspelt commands, told in one Vietnamese line instead of Typer's English usage errors."""

import re
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from app import reasons
from app.cli.printing import complain

USAGE = (
    (re.compile(r"No such command '(.*?)'\."), "Không có lệnh {}"),
    (re.compile(r"Got unexpected extra arguments? \((.*)\)"), "Thừa tham số: {}"),
    (re.compile(r"Got unexpected extra argument\(s\) \((.*)\)"), "Thừa tham số: {}"),
    (re.compile(r"Missing command\."), "Thiếu tên lệnh"),
)


class Commands(TyperGroup):
    """The root of all commands."""

    def main(self, *args: Any, **options: Any) -> Any:
        alone = options.get("standalone_mode", True)
        try:
            code = super().main(*args, **options | {"standalone_mode": False})
        except typer.TyperException as error:
            if not alone:
                raise
            if type(error).__name__ == "NoArgsIsHelpError":
                complain(error.format_message())
            else:
                complain(told(error))
            sys.exit(error.exit_code)
        except typer.Abort:
            code = 1
        if alone:
            sys.exit(code if isinstance(code, int) else 0)
        return code


def told(error: Any) -> str:
    """What is wrong with the command, and where its options are explained."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "khacphuc"
    return f"{_what(error)}. Xem: {path} --help"


def _what(error: Any) -> str:
    # By name: Typer does not export its usage errors.
    match type(error).__name__:
        case "NoSuchOption":
            meant = ", ".join(sorted(error.possibilities or ()))
            return f"Không có tùy chọn {error.option_name}" + (f", có thể là {meant}" if meant else "")
        case "BadOptionUsage":
            needs = "requires" in error.message
            return f"Tùy chọn {error.option_name} {'cần một giá trị' if needs else 'không nhận giá trị'}"
        case "MissingParameter":
            return f"Thiếu {_name(error)}"
        case "BadParameter":
            return f"{_name(error)}: {_reason(error)}"
        case _:
            return _usage(error.format_message())


def _usage(message: str) -> str:
    for pattern, words in USAGE:
        if found := pattern.match(message):
            return words.format(*found.groups())
    return message


def _name(error: Any) -> str:
    hint = error.param_hint or (error.param.get_error_hint() if error.param is not None else "")
    return str(hint).replace("'", "")


def _reason(error: Any) -> str:
    """Our own words; of what pydantic refused for Typer, Vietnamese ones."""
    refused = error.__cause__
    if not hasattr(refused, "errors"):
        return str(error.message)
    found = refused.errors()[0]
    given = f"không nhận {found['input']!r}"
    if found["type"] != "value_error":
        return f"{given}; {reasons.of_value(found)}"
    message = reasons.of_value(found)
    if "is not one of" in message:
        choices = re.findall(r"'([^']*)'", message.rpartition("is not one of")[2])
        return f"{given}; cần một trong: {', '.join(choices)}"
    if "does not match the format" in message:
        return f"{given}; cần dạng {error.param.metavar or 'YYYY-MM-DD'}"
    return f"{given}; {message}"
