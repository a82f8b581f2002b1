"""A file on its way in: streamed to disk, measured, and looked into before any row is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app import room
from app.errors import FileRefused, TooLarge
from app.evidence.storage import Overflow, Received, Store
from app.uploads import Scanner, check, check_viruses, clean_filename

CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A checked file that waits for its row."""

    received: Received
    filename: str
    media_type: str


def receive(store: Store, source: BinaryIO, name: str, *, limit: int, scanner: Scanner | None = None) -> Upload:
    """Take in a file of at most `limit` bytes; raises `TooLarge`, `FileRefused`, or `SetupProblem` where the scanner
    does not answer, `StoreUnavailable` where the store does not, `Busy` where too many files are looked into, and keeps
    nothing then.

    The caller forgets `received` when it is done, whether the file came to its place or not.
    """
    filename = clean_filename(name)
    received = _receive(store, source, limit)
    try:
        if received.size == 0:
            raise FileRefused(f"Tệp “{filename}” rỗng (0 byte). Hãy chọn lại tệp.", field="file")
        with received.path.open("rb") as file:
            check_viruses(file, filename, scanner)
        media_type = check(received.path, filename)
        store.bring(received)
        return Upload(received, filename, media_type)
    except BaseException:
        received.forget()
        raise


def put(store: Store, upload: Upload) -> None:
    """Into its place; raises `Unwritable` when the disk refuses even that, `StoreUnavailable` as `receive`."""
    try:
        store.put(upload.received)
    except OSError as error:
        raise room.refused(store.folder, error) from error


def limit_text(limit: int) -> str:
    """ "20 MB"."""
    return f"{limit / 1_000_000:g} MB".replace(".", ",")


def _receive(store: Store, source: BinaryIO, limit: int) -> Received:
    try:
        return store.receive(_chunks(source), limit=limit)
    except Overflow:
        raise TooLarge(
            f"Tệp lớn hơn {limit_text(limit)}. Hãy nén ảnh, giảm độ phân giải bản quét hoặc chia thành nhiều tài liệu.",
            field="file",
        ) from None
    except OSError as error:
        raise room.refused(store.folder, error) from error


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk
