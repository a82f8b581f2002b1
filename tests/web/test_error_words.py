"""Errors speak to people: what is said is said in their words, and `field` alone carries the name that programs use."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app import errors
from app.settings import ROOT

PROBLEMS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.Problem)}
FOR_PROGRAMS = ("api", "cli", "settings.py", "seedfile", "db", "backup", "schema.py")
"""Parts whose readers write JSON, commands or seed files: they need the names."""
NAME = re.compile(r"[a-z]+_[a-z_]+|\([a-z]{3,}\)|\?[a-z]+=|\b(?:ETag|If-Match|POST|PATCH|GET|true|false|null)\b")


def details() -> Iterator[tuple[str, str]]:
    """(place, text) of every detail that the source writes out; what is filled in counts as a word."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        if not set(FOR_PROGRAMS) & set(path.relative_to(ROOT / "app").parts):
            yield from _details(path)


def _details(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in PROBLEMS | {"Fault"}:
            for one in node.args:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", _text(one)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(one) if isinstance(one, ast.Constant) else "…" for one in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_no_detail_names_a_field_a_header_or_a_code() -> None:
    found = [(place, text) for place, text in details() if " " in text]
    assert len(found) > 100
    assert [(place, text) for place, text in found if NAME.search(text)] == []
