"""The backup file: its names, its manifest, and a look through all of it before anything is done with it."""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app import reasons
from app.backup.rows import Content, digest
from app.errors import InvalidInput

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20
_NAME = re.compile(r"manifest\.json|tables/[a-z_]{1,63}\.jsonl|evidence/[0-9a-f]{64}")
_REVISION = re.compile(r"[A-Za-z0-9_]{1,40}")


def table_entry(name: str) -> str:
    return f"tables/{name}.jsonl"


def evidence_entry(sha256: str) -> str:
    return f"evidence/{sha256}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the archive must hold. `missing` names evidence whose bytes were not there when the backup was taken."""

    schema: str
    created_at: datetime
    tables: dict[str, Content]
    evidence: dict[str, int]
    """SHA-256 → size in bytes."""
    missing: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(content.rows for content in self.tables.values())

    def as_json(self) -> bytes:
        values = asdict(self) | {
            "format": FORMAT,
            "created_at": self.created_at.isoformat(),
            "tables": {name: content._asdict() for name, content in self.tables.items()},
        }
        return json.dumps(values, indent=2, ensure_ascii=False).encode()


def read_manifest(text: bytes) -> Manifest:
    """Raises `InvalidInput` for what is no manifest, or one of a later format."""
    try:
        values: dict[str, Any] = json.loads(text)
        if values["format"] != FORMAT:
            raise InvalidInput(f"Bản sao lưu theo định dạng {values['format']}; chương trình này chỉ đọc {FORMAT}.")
        if not _REVISION.fullmatch(values["schema"]):
            raise ValueError(values["schema"])
        return Manifest(
            schema=values["schema"],
            created_at=datetime.fromisoformat(values["created_at"]),
            tables={name: Content(int(one["rows"]), str(one["sha256"])) for name, one in values["tables"].items()},
            evidence={str(sha256): int(size) for sha256, size in values["evidence"].items()},
            missing=tuple(values["missing"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(MANIFEST) from None


def damaged(what: str) -> InvalidInput:
    return InvalidInput(f"Bản sao lưu bị hỏng ở {what}. Chưa có gì được ghi; hãy dùng một bản sao lưu khác.")


@dataclass(frozen=True, slots=True)
class Archive:
    """An open backup whose names are those of its manifest and nothing else."""

    manifest: Manifest
    _zip: zipfile.ZipFile

    def lines(self, table: str) -> Iterator[bytes]:
        with self._reading(table_entry(table)) as entry:
            yield from entry

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """An evidence file, piece by piece."""
        with self._reading(evidence_entry(sha256)) as entry:
            while chunk := entry.read(CHUNK):
                yield chunk

    def verify(self) -> None:
        """Read everything and compare it with the manifest; raises `InvalidInput` naming the damaged part."""
        for name, expected in self.manifest.tables.items():
            if digest(self.lines(name)) != expected:
                raise damaged(f"bảng {name}")
        for sha256, size in self.manifest.evidence.items():
            if _content(self.chunks(sha256)) != (size, sha256):
                raise damaged(f"tài liệu {sha256[:12]}…")

    @contextmanager
    def _reading(self, name: str) -> Iterator[Any]:
        try:
            with self._zip.open(name) as entry:
                yield entry
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
            raise damaged(name) from None


@contextmanager
def open_archive(source: Path) -> Iterator[Archive]:
    """Raises `InvalidInput` for a file that is no backup, or that holds a name which a backup never has."""
    try:
        opened = zipfile.ZipFile(source)
    except FileNotFoundError:
        raise InvalidInput(f"Không có tệp {source}.") from None
    except OSError as error:
        raise InvalidInput(f"Không đọc được {source}: {reasons.of_system(error)}.") from None
    except zipfile.BadZipFile:
        raise InvalidInput(f"{source} không phải bản sao lưu của Khắc Phục, hoặc đã bị cắt ngắn.") from None
    with opened:
        yield _archive(opened)


def _archive(opened: zipfile.ZipFile) -> Archive:
    names = opened.namelist()
    # Nothing is ever extracted by its name; a strange one only shows that somebody else made this file.
    strange = [name for name in names if not _NAME.fullmatch(name)]
    if strange or len(names) != len(set(names)) or MANIFEST not in names:
        raise InvalidInput(
            f"Tệp không phải bản sao lưu của Khắc Phục (có {strange[0]!r})."
            if strange
            else "Tệp không phải bản sao lưu của Khắc Phục."
        )
    try:
        manifest = read_manifest(opened.read(MANIFEST))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise damaged(MANIFEST) from None
    expected = {MANIFEST, *map(table_entry, manifest.tables), *map(evidence_entry, manifest.evidence)}
    if expected != set(names):
        raise damaged(", ".join(sorted(expected ^ set(names))[:3]))
    return Archive(manifest, opened)


def _content(chunks: Iterator[bytes]) -> tuple[int, str]:
    size, sha256 = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        sha256.update(chunk)
    return size, sha256.hexdigest()
