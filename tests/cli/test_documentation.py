"""What operators read names everything there is."""

import re
from collections.abc import Iterator
from typing import Any

import typer

from app.cli import cli
from app.settings import ROOT, Settings

DOCS = ROOT / "docs"


def sections() -> dict[str, str]:
    """Command ("keys create") → its part of docs/cli.md."""
    parts = re.split(r"^## khacphuc ", (DOCS / "cli.md").read_text(), flags=re.MULTILINE)[1:]
    return {re.sub(r" [A-Z|]+$", "", part.partition("\n")[0]): part for part in parts}


def commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def test_every_command_is_documented_with_every_option_and_no_other() -> None:
    found = dict(commands(typer.main.get_command(cli)))
    documented = sections()
    assert set(documented) == set(found)
    for name, command in found.items():
        options = {option for one in command.params for option in one.opts if option.startswith("--")} - {"--help"}
        mentioned = set(re.findall(r"`(--[a-z-]+)`", documented[name]))
        assert options == mentioned, name


def test_every_command_and_option_explains_itself_in_the_terminal() -> None:
    for name, command in commands(typer.main.get_command(cli)):
        assert command.help, name
        assert all(getattr(one, "help", None) for one in command.params), name


def test_every_setting_is_documented_with_its_default_and_no_other() -> None:
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \|", (DOCS / "settings.md").read_text(), flags=re.MULTILINE)
    documented = dict(rows)
    names = {
        "DATABASE_URL" if name == "database_url" else f"KHACPHUC_{name.upper()}": field
        for name, field in Settings.model_fields.items()
    }
    assert set(documented) == set(names)
    for name, field in names.items():
        if documented[name].startswith("`") and name not in ("DATABASE_URL", "KHACPHUC_BASE_URL"):
            shown = documented[name].strip("`")
            value = field.default
            default = str(value).lower() if isinstance(value, bool) else f"{value:g}" if value is float else str(value)
            assert shown in (default, default.removesuffix(".0")), name


def test_the_containers_are_built_from_what_is_there() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = [line.split()[1:-1] for line in dockerfile.splitlines() if re.match(r"COPY (?!--from)", line)]
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
        assert name in allowed, f"{name} is ignored"
    assert "USER khacphuc" in dockerfile
    assert "/healthz" in dockerfile


def test_compose_asks_only_for_what_its_example_names_and_for_settings_that_exist() -> None:
    compose, example = (ROOT / "compose.yaml").read_text(), (ROOT / "compose.env.example").read_text()
    given = set(re.findall(r"^#?([A-Z_]+)=", example, flags=re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z_]+)", compose)) <= given
    settings = {f"KHACPHUC_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in given if name.startswith("KHACPHUC_")} <= settings


def test_what_operators_are_told_to_run_and_set_exists() -> None:
    text = (DOCS / "operations.md").read_text()
    known = {tuple(name.split()) for name in dict(commands(typer.main.get_command(cli)))}
    told = re.findall(r"khacphuc ((?:[a-z]+ ?){1,2})", " ".join(re.findall(r"`[^`]+`|^.*bin/khacphuc .*$", text, re.M)))
    named = {tuple(one.split()) for one in told}
    assert {one for one in named if one not in known and one[:1] not in known} == set()
    settings = {f"KHACPHUC_{name.upper()}" for name in Settings.model_fields}
    assert {one for one in re.findall(r"KHACPHUC_[A-Z_]+", text) if one.rstrip("_") == one} <= settings
