"""`khacphuc migrate`, `seed` and `check`: the database's shape, and what goes into it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.opening import database, opened
from app.cli.printing import Json, print_json, print_table, progress, say
from app.core.access import SYSTEM
from app.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.db import Database

SeedPath = Annotated[Path, typer.Argument(metavar="PATH", help="Tệp hoặc thư mục dữ liệu của một kỳ đánh giá.")]
NOUNS = {
    "provinces": "Tỉnh",
    "agencies": "Cơ quan",
    "former_names": "Tên cũ của cơ quan",
    "assessments": "Kỳ đánh giá",
    "fields": "Lĩnh vực",
    "benchmarks": "Mốc so sánh",
    "criteria": "Tiêu chí",
    "tasks": "Nhiệm vụ",
    "shares": "Phần trách nhiệm",
    "causes": "Nguyên nhân",
    "measures": "Giải pháp",
}
LEVELS = {"error": "Lỗi", "warning": "Cảnh báo", "ok": "Khớp"}


def register(cli: typer.Typer) -> None:
    for command in (migrate, seed, check):
        cli.command()(command)


def migrate(as_json: Json = False) -> None:
    """Tạo cơ sở dữ liệu, hoặc nâng cấp lên phiên bản của chương trình này."""
    from app import schema

    with database(load_settings(), create=True) as db:
        with db.snapshot() as connection:
            before = schema.revision(connection)
        migrated = schema.ensure_current(db)
    if as_json:
        print_json({"before": before, "after": schema.HEAD, "migrated": migrated})
    elif migrated:
        say(f"Đã nâng cấp cơ sở dữ liệu từ {before or 'trống'} lên {schema.HEAD}.")
    else:
        say(f"Cơ sở dữ liệu đã ở phiên bản {schema.HEAD}.")


def seed(
    path: SeedPath,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ cho biết sẽ có gì thay đổi, không ghi gì.")] = False,
    as_json: Json = False,
) -> None:
    """Nạp một kỳ đánh giá của bất kỳ tỉnh, năm nào. Nạp lại chỉ bổ sung phần thiếu, không ghi đè gì."""
    from app.assessments.load import load_assessment
    from app.assessments.seedfile import load_seed

    wanted = load_seed(path)
    with opened() as work, progress(f"Đang nạp {wanted.assessment.code} …"), _written(work.db, dry_run) as connection:
        loaded = load_assessment(connection, SYSTEM, wanted, now=work.clock.now())
    if as_json:
        print_json(asdict(loaded) | {"dry_run": dry_run, "assessment_id": None if dry_run else loaded.assessment_id})
        return
    nouns = [name for name in NOUNS if name in loaded.added or name in loaded.unchanged]
    rows = [(NOUNS[name], loaded.added.get(name, 0), loaded.unchanged.get(name, 0)) for name in nouns]
    title = f"{loaded.code}: " + ("chạy thử, không ghi gì" if dry_run else "đã nạp")
    print_table(title, ("", "Thêm mới", "Giữ nguyên"), rows, numbers=(1, 2))
    for line in loaded.different:
        say(f"Khác với tệp, giữ nguyên: {line}")


@contextmanager
def _written(db: "Database", dry_run: bool) -> Iterator["Connection"]:
    """A transaction that is undone in the end when nothing but its result is wanted."""

    class Undone(Exception):
        pass

    try:
        with db.transaction() as connection:
            yield connection
            if dry_run:
                raise Undone
    except Undone:
        pass


def check(path: SeedPath, as_json: Json = False) -> None:
    """Đối chiếu mọi con số của tệp dữ liệu. Mã thoát 1 khi có lỗi; mâu thuẫn của chính báo cáo chỉ là cảnh báo."""
    from app.assessments.lint import check_seed
    from app.assessments.seedfile import load_seed
    from app.errors import SeedInvalid

    try:
        wanted = load_seed(path)
    except SeedInvalid as problem:
        if not as_json:
            raise
        code, findings = None, [_unreadable(line) for line in problem.extra["errors"]]
    else:
        code, findings = wanted.assessment.code, [asdict(finding) for finding in check_seed(wanted)]
    if as_json:
        print_json({"assessment": code, "errors": _count(findings, "error"), "findings": findings})
    else:
        rows = [(LEVELS[one["level"]], one["place"], one["message"]) for one in findings]
        print_table(f"{code}", ("", "Vị trí", "Kết quả"), rows)
        say(f"{_count(findings, 'error')} lỗi, {_count(findings, 'warning')} cảnh báo.")
    if _count(findings, "error"):
        sys.exit(1)


def _unreadable(line: str) -> dict[str, Any]:
    """A file of the wrong form, as a finding: its lines read "place: what to do"."""
    place, _, message = line.partition(": ")
    return {"level": "error", "place": place, "message": message, "check": "form"}


def _count(findings: list[dict[str, Any]], level: str) -> int:
    return sum(finding["level"] == level for finding in findings)
