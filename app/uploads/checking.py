"""Whether a file gets in, at a price that nobody else pays: what may cost more than a moment is looked into in a
process of its own, few at once."""

import json
import threading
import zipfile
import zlib
from pathlib import Path
from typing import Final

from app.apart import run_apart
from app.errors import Busy, FileRefused
from app.uploads.filetypes import ARCHIVE, MOST_ENTRIES, begins_as_archive, begins_as_pdf, look

LIGHT: Final = 1_000_000
"""Bytes, packed and unpacked, that are looked into here: 0.7 seconds at the very worst, a few milliseconds as a rule.
Starting a process takes fifty."""
SECONDS: Final = 20
"""Of computing: an ordinary file of 20 MB takes less than one, the worst that was found took sixteen."""
WAITING_SECONDS: Final = 15
AT_ONCE: Final = 2
_ROOT: Final = Path(__file__).parents[2]
_WORKER: Final = Path(__file__).with_name("worker.py")
_ONE_HERE = threading.Lock()
_FEW_APART = threading.BoundedSemaphore(AT_ONCE)


def check(path: Path, filename: str, *, seconds: int = SECONDS) -> str:
    """The media type of a file that gets in. Raises `FileRefused` saying why not and what to do, also past `seconds`,
    and `Busy` where too many others are looked into. Blocks: call it from a thread."""
    if _is_light(path):
        with _ONE_HERE:
            return look(path, filename)
    if not _FEW_APART.acquire(timeout=WAITING_SECONDS):
        raise Busy(
            "Hệ thống đang kiểm tra nhiều tệp khác; chưa có gì được ghi. Hãy chờ một lát rồi gửi lại.",
            extra={"retry_after": WAITING_SECONDS},
        )
    try:
        return _look_apart(path, filename, seconds)
    finally:
        _FEW_APART.release()


def _is_light(path: Path) -> bool:
    """By what a directory says of an archive: nothing longer is ever read of it, but of archives inside it."""
    if path.stat().st_size > LIGHT or begins_as_pdf(path):
        return False
    try:
        if begins_as_archive(path):
            with zipfile.ZipFile(path) as archive:
                return _unfolds_little(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError):
        pass  # refused for that, before anything unfolds
    return True


def _unfolds_little(archive: zipfile.ZipFile) -> bool:
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > LIGHT:
        return False
    return len(entries) > MOST_ENTRIES or not any(_is_archive(archive, entry) for entry in entries)


def _is_archive(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    with archive.open(entry) as part:
        return part.read(len(ARCHIVE)) == ARCHIVE


def _look_apart(path: Path, filename: str, seconds: int) -> str:
    said = run_apart(_WORKER, str(path), given=filename.encode(errors="replace"), seconds=seconds, path=[_ROOT])
    verdict = _verdict(said)
    if "media_type" in verdict:
        return str(verdict["media_type"])
    too_much = (
        f"Tệp “{filename}” quá phức tạp để kiểm tra. Hãy mở tệp, chọn In rồi “Microsoft Print to PDF” để có một bản "
        "PDF sạch, và gửi bản đó."
    )
    raise FileRefused(verdict.get("refused", too_much), field="file")


def _verdict(said: bytes | None) -> dict[str, str]:
    """Empty for a worker that failed, or whose file made it say something else."""
    try:
        verdict = json.loads(said or b"")
    except ValueError:
        return {}
    return verdict if isinstance(verdict, dict) else {}
