"""Taking a backup: every table in one snapshot, then the evidence files, into a file that appears when it is whole."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Table, select

from app import reasons, schema
from app.backup.archive import CHUNK, MANIFEST, Manifest, evidence_entry, table_entry
from app.backup.rows import Content, lines_of, tables_of
from app.core.workdays import local_moment
from app.db import Database
from app.errors import Conflict, SetupProblem
from app.evidence import Store

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Writer:
    archive: zipfile.ZipFile
    now: datetime

    @contextlib.contextmanager
    def entry(self, name: str, method: int = zipfile.ZIP_DEFLATED) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(name, local_moment(self.now).timetuple()[:6])
        info.compress_type = method
        info.external_attr = 0o600 << 16
        with self.archive.open(info, "w", force_zip64=True) as target:
            yield target


def dump(
    db: Database, store: Store, target: Path, *, now: datetime, overwrite: bool = False, report: Report
) -> Manifest:
    """Back up `db` and the files in `store` to `target`.

    The rows are those of one moment, however long it takes and whatever is written meanwhile. The file is readable by
    its owner only: it holds addresses, hashes of keys and secrets of webhooks. Raises `Conflict` when the target
    exists, `SetupProblem` when it cannot be written or the database is not migrated, `Busy` when the store does not
    answer.
    """
    if target.exists() and not overwrite:
        raise Conflict(f"Đã có tệp {target}. Hãy chọn tên khác, hoặc thêm --overwrite để thay tệp cũ.")
    try:
        with _appearing(target) as file, zipfile.ZipFile(file, "w") as archive:
            return _write(db, store, _Writer(archive, now), report)
    except OSError as error:
        raise SetupProblem(f"Không ghi được bản sao lưu {target}: {reasons.of_system(error)}.") from error


def _write(db: Database, store: Store, writer: _Writer, report: Report) -> Manifest:
    with db.snapshot() as connection:
        revision = schema.revision(connection)
        if revision is None:
            raise SetupProblem("Cơ sở dữ liệu còn trống, chưa có gì để sao lưu.")
        tables = tables_of(connection)
        contents = {table.name: _write_table(connection, table, writer, report) for table in tables}
        wanted = _evidence(connection, tables)
    # Bytes never change under their hash and outlive their rows, so they need no snapshot.
    stored = {sha256: _write_file(store, sha256, writer, report) for sha256 in wanted}
    manifest = Manifest(
        schema=revision,
        created_at=writer.now,
        tables=contents,
        evidence={sha256: size for sha256, size in stored.items() if size is not None},
        missing=tuple(sha256 for sha256, size in stored.items() if size is None),
    )
    with writer.entry(MANIFEST) as target:
        target.write(manifest.as_json())
    return manifest


def _write_table(connection: Connection, table: Table, writer: _Writer, report: Report) -> Content:
    report(table.name)
    count, sha256 = 0, hashlib.sha256()
    with writer.entry(table_entry(table.name)) as target:
        for line in lines_of(connection, table):
            target.write(line)
            sha256.update(line)
            count += 1
    return Content(count, sha256.hexdigest())


def _evidence(connection: Connection, tables: list[Table]) -> list[str]:
    found = next((table for table in tables if table.name == "evidence"), None)
    if found is None:
        return []
    hashes = select(found.c.sha256).where(found.c.sha256.is_not(None)).distinct()
    return sorted(connection.execute(hashes).scalars())


def _write_file(store: Store, sha256: str, writer: _Writer, report: Report) -> int | None:
    """The size; None for bytes that are not in the store or are not what their name says."""
    report(sha256[:12])
    try:
        opened = store.open(sha256)
    except FileNotFoundError:
        return None
    with opened as source:
        # mypy knows no BinaryIO that can be digested.
        if hashlib.file_digest(source, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]
            return None
        source.seek(0)
        # Office files, PDFs and pictures are compressed already.
        with writer.entry(evidence_entry(sha256), zipfile.ZIP_STORED) as target:
            shutil.copyfileobj(source, target, CHUNK)
        return source.tell()


@contextlib.contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside the target: it takes the target's name when the block ends well, and vanishes if not."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
