"""Rules about the code itself, held by tests because prose does not hold them."""

import ast
import re
from pathlib import Path

from app import errors
from app.api.errors import STATUS
from app.core.access import PERMISSIONS, Permission, Role
from app.settings import ROOT

SOURCES = sorted((ROOT / "app").rglob("*.py"))


def problems() -> set[type[errors.Problem]]:
    found = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.Problem)}
    return found - {errors.Problem}


def test_every_error_has_a_status_a_slug_of_its_own_and_a_title() -> None:
    assert set(STATUS) == problems()
    slugs = [problem.slug for problem in problems()]
    assert len(set(slugs)) == len(slugs)
    assert all(problem.title != errors.Problem.title for problem in problems())


def test_every_error_is_documented() -> None:
    documented = set(re.findall(r"`([a-z-]+)`", (ROOT / "docs" / "api.md").read_text()))
    assert {problem.slug for problem in problems()} <= documented


def test_every_role_has_a_row_and_every_permission_is_given_to_somebody() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert set().union(*PERMISSIONS.values()) == set(Permission)


def test_only_the_database_module_commits() -> None:
    for path in SOURCES:
        if path.parent.name != "db":
            assert ".commit(" not in path.read_text(), path


def test_only_the_edge_reads_the_clock() -> None:
    allowed = {"clock.py"}
    for path in SOURCES:
        text = path.read_text()
        if path.name not in allowed:
            assert not re.search(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(", text), path


def test_domain_functions_take_the_time_by_name() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
                assert not {"now", "today"} & set(positional), f"{path}:{node.lineno} {node.name}"


def test_nothing_names_a_registry_or_a_path_of_one_machine() -> None:
    bad = re.compile(r"https?://\S*(?:pypi|pythonhosted|npmjs)|/(?:home|root|Users)/\w")
    for path in _tracked():
        found = bad.search(path.read_text(errors="ignore"))
        assert found is None, f"{path}: {found}"


def _tracked() -> list[Path]:
    roots = ("app", "bench", "docs", "migrations", "seeds", "tests")
    single = ("Makefile", "README.md", "CHANGELOG.md", "Dockerfile", "pyproject.toml", "requirements.lock")
    files = [path for root in roots for path in (ROOT / root).rglob("*") if path.is_file()]
    kept = [path for path in files if path.suffix in {".py", ".md", ".yaml", ".toml", ".ini", ".jinja", ".mako"}]
    this = Path(__file__).resolve()
    return [path for path in [*kept, *(ROOT / name for name in single)] if path.exists() and path.resolve() != this]
