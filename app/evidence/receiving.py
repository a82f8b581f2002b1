"""A file on its way in: streamed to disk, measured, and looked into before any row is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.errors import FileRefused, SetupProblem, TooLarge
from app.evidence.filetypes import check_content
from app.evidence.storage import FileStore, Overflow, Received, clean_filename

CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A checked file that waits for its row."""

    received: Received
    filename: str
    media_type: str


def receive(store: FileStore, source: BinaryIO, name: str, *, limit: int) -> Upload:
    """Take in a file of at most `limit` bytes; raises `TooLarge` or `FileRefused` and keeps nothing then.

    The caller forgets `received` when it is done, whether the file came to its place or not.
    """
    filename = clean_filename(name)
    received = _receive(store, source, limit)
    try:
        if received.size == 0:
            raise FileRefused(f"Tệp “{filename}” rỗng (0 byte). Hãy chọn lại tệp.", field="file")
        return Upload(received, filename, check_content(received.path, filename))
    except BaseException:
        received.forget()
        raise


def limit_text(limit: int) -> str:
    """ "20 MB"."""
    return f"{limit / 1_000_000:g} MB".replace(".", ",")


def _receive(store: FileStore, source: BinaryIO, limit: int) -> Received:
    try:
        return store.receive(_chunks(source), limit=limit)
    except Overflow:
        raise TooLarge(
            f"Tệp lớn hơn {limit_text(limit)}. Hãy nén ảnh, giảm độ phân giải bản quét hoặc chia thành nhiều tài liệu.",
            field="file",
        ) from None
    except OSError as error:
        raise SetupProblem(
            f"Kho tài liệu kiểm chứng không ghi được ({error.strerror}). Hãy báo bộ phận kỹ thuật; chưa có gì được ghi."
        ) from error


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk
