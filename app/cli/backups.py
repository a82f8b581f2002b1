"""`khacphuc backup` and `restore`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.opening import database, is_there
from app.cli.printing import Json, complain, print_json, print_table, progress, say
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.backup import Archive, Manifest
    from app.db import Database
    from app.evidence import Store

ArchivePath = Annotated[Path, typer.Argument(metavar="FILE", help="Tệp sao lưu (.zip).")]
SHOWN = 20
"""Names of files in one message; --json has them all."""


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
    from app.evidence import open_store

    settings = load_settings()
    with database(settings) as db:
        with progress("Đang sao lưu …") as report:
            store = open_store(_folders(db, settings))
            manifest = dump(db, store, file, now=Clock.real_now(), overwrite=overwrite, report=report)
        lost = _named(db, manifest.missing)
    _tell(manifest, file, manifest.missing, as_json=as_json)
    if lost:
        complain(
            f"Bản sao lưu thiếu {len(lost)} tệp tài liệu, vì kho tài liệu không còn tệp hoặc tệp đã sai nội dung: "
            f"{_listed(lost)}. Xem: khacphuc doctor"
        )
        raise typer.Exit(1)


def restore(file: ArchivePath, as_json: Json = False) -> None:
    """Khôi phục vào một cơ sở dữ liệu trống (SQLite hoặc PostgreSQL) và đối chiếu lại từng bảng với bản sao lưu."""
    from app import demo
    from app.backup import check_empty, open_backup
    from app.backup import restore as load
    from app.evidence import open_store

    settings = load_settings()
    with open_backup(file) as archive, progress("Đang khôi phục …") as report:
        if is_there(settings):
            with database(settings) as db:
                check_empty(db)
        report("kiểm tra bản sao lưu")
        archive.verify()  # before a new file is made for the database
        store = open_store(demo.settings_for_demo(settings) if _of_demo(archive) else settings)
        with database(settings, create=True) as db:
            load(db, archive, store, report=report)
            lost = _lost(db, store)
            names = _named(db, lost)
    _tell(archive.manifest, file, lost, as_json=as_json)
    if lost:
        complain(
            f"Đã khôi phục mọi bảng, khớp với bản sao lưu, nhưng thiếu {len(lost)} tệp tài liệu mà bản sao lưu "
            f"không có: {_listed(names)}. Nếu còn kho tài liệu của máy cũ, hãy chép vào {store.name}; "
            "xem: khacphuc doctor"
        )
        raise typer.Exit(1)
    if not as_json:
        say("Đã khôi phục và đọc lại từng bảng: khớp với bản sao lưu.")


def _folders(db: "Database", settings: Settings) -> Settings:
    from app import demo, schema

    with db.snapshot() as connection:
        made_for_demo = schema.revision(connection) is not None and demo.clock_of(connection) is not None
    return demo.settings_for_demo(settings) if made_for_demo else settings


def _of_demo(archive: "Archive") -> bool:
    """Whether this is the backup of a demo database, whose files lie apart."""
    from app.demo import MARK

    return any(json.loads(line)["key"] == MARK for line in archive.lines("meta"))


def _lost(db: "Database", store: "Store") -> tuple[str, ...]:
    """Evidence (SHA-256) whose bytes neither the backup nor the store had."""
    from app.evidence import find_missing, sizes_of

    sizes = sizes_of(store)
    with db.snapshot() as connection:
        return tuple(sorted({one["sha256"] for one in find_missing(connection, sizes)}))


def _named(db: "Database", hashes: Sequence[str]) -> list[str]:
    """Each file as people know it: the document's number and the file's name."""
    from sqlalchemy import select

    from app.models import evidence

    if not hashes:
        return []
    wanted = select(evidence.c.sha256, evidence.c.number, evidence.c.filename).order_by(evidence.c.id)
    with db.snapshot() as connection:
        rows = connection.execute(wanted.where(evidence.c.sha256.is_not(None))).all()
    names = {row.sha256: f"{row.number} ({row.filename})" for row in reversed(rows)}
    return [names.get(one, one[:12]) for one in hashes]


def _listed(names: Sequence[str]) -> str:
    more = f" và {len(names) - SHOWN} tệp khác" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _tell(manifest: "Manifest", file: Path, missing: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(_described(manifest, file, missing))
        return
    rows = [(name, one.rows, one.sha256[:16]) for name, one in sorted(manifest.tables.items())]
    print_table("", ("Bảng", "Số dòng", "SHA-256"), rows, numbers=(1,), whole=(0, 2))
    say(f"{file}: {manifest.rows} dòng, {len(manifest.evidence)} tệp tài liệu, phiên bản {manifest.schema}.")


def _described(manifest: "Manifest", file: Path, missing: Sequence[str]) -> dict[str, Any]:
    return {
        "file": str(file),
        "schema": manifest.schema,
        "created_at": manifest.created_at,
        "tables": {name: one._asdict() for name, one in manifest.tables.items()},
        "evidence": len(manifest.evidence),
        "missing": missing,
    }
