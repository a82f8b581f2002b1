"""`khacphuc backup` and `restore`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.opening import database
from app.cli.printing import Json, complain, print_json, print_table, progress, say
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.backup import Manifest
    from app.db import Database

ArchivePath = Annotated[Path, typer.Argument(metavar="FILE", help="Tệp sao lưu (.zip).")]


def register(cli: typer.Typer) -> None:
    cli.command()(backup)
    cli.command()(restore)


def backup(
    file: ArchivePath,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Thay tệp đã có.")] = False,
    as_json: Json = False,
) -> None:
    """Sao lưu toàn bộ dữ liệu và tài liệu vào một tệp, kể cả khi máy chủ đang chạy. Dùng được cho cả hai loại CSDL."""
    from app.backup import dump
    from app.clock import Clock

    settings = load_settings()
    with database(settings) as db, progress("Đang sao lưu …") as report:
        folder = _folders(db, settings).evidence_dir
        manifest = dump(db, folder, file, now=Clock.real_now(), overwrite=overwrite, report=report)
    _tell(manifest, file, as_json=as_json)
    if manifest.missing:
        complain(
            f"Bản sao lưu thiếu {len(manifest.missing)} tệp tài liệu vì kho không còn tệp đúng nội dung: "
            f"{', '.join(one[:12] for one in manifest.missing[:5])}. Xem: khacphuc doctor"
        )
        raise typer.Exit(1)


def restore(file: ArchivePath, as_json: Json = False) -> None:
    """Khôi phục vào một cơ sở dữ liệu trống (SQLite hoặc PostgreSQL) và đối chiếu lại từng bảng với bản sao lưu."""
    from app import demo
    from app.backup import restore as load

    settings = load_settings()
    folders = demo.settings_for_demo(settings) if _of_demo(file) else settings
    with database(settings, create=True) as db, progress("Đang khôi phục …") as report:
        manifest = load(db, file, folders.evidence_dir, report=report)
    _tell(manifest, file, as_json=as_json)
    if not as_json:
        say("Đã khôi phục và đọc lại từng bảng: khớp với bản sao lưu.")


def _folders(db: "Database", settings: Settings) -> Settings:
    from app import demo, schema

    with db.snapshot() as connection:
        made_for_demo = schema.revision(connection) is not None and demo.clock_of(connection) is not None
    return demo.settings_for_demo(settings) if made_for_demo else settings


def _of_demo(file: Path) -> bool:
    """Whether this is the backup of a demo database, whose files lie apart."""
    from app.backup.archive import open_archive
    from app.demo import MARK

    with open_archive(file) as archive:
        return any(json.loads(line)["key"] == MARK for line in archive.lines("meta"))


def _tell(manifest: "Manifest", file: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(_described(manifest, file))
        return
    rows = [(name, one.rows, one.sha256[:16]) for name, one in sorted(manifest.tables.items())]
    print_table("", ("Bảng", "Số dòng", "SHA-256"), rows, numbers=(1,))
    say(f"{file}: {manifest.rows} dòng, {len(manifest.evidence)} tệp tài liệu, phiên bản {manifest.schema}.")


def _described(manifest: "Manifest", file: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "schema": manifest.schema,
        "created_at": manifest.created_at,
        "tables": {name: one._asdict() for name, one in manifest.tables.items()},
        "evidence": len(manifest.evidence),
        "missing": manifest.missing,
    }
