"""Files of evidence on their way in and out, for the API and the pages alike: in bounded memory, and bytes live and die
with their row."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import BinaryIO

import structlog
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from app import evidence, reasons
from app.api.deps import Call
from app.api.downloads import saved_as
from app.api.uploads import scanner_of, take_in, transfer
from app.errors import NotFound, StoreUnavailable

log = structlog.get_logger()

CHUNK = 256 * 1024


async def receive(call: Call, file: UploadFile | None) -> evidence.Upload | None:
    """Take a form's file in and look into it; None for a form without one. Raises `TooLarge`, `FileRefused`,
    `SetupProblem` where the virus scanner does not answer, `StoreUnavailable` where the store does not.

    What was received must then go through `kept_if_committed`.
    """
    if file is None:
        return None
    name, limit, scanner = file.filename or "", call.settings.evidence_limit, scanner_of(call.settings)
    return await take_in(call, evidence.receive, store_of(call), file.file, name, limit=limit, scanner=scanner)


@asynccontextmanager
async def kept_if_committed(call: Call, upload: evidence.Upload | None) -> AsyncIterator[None]:
    """The block writes the row. One that succeeds keeps its bytes, one that fails leaves none behind; in a store that
    is shared the sweep removes them."""
    if upload is None:
        yield
        return
    try:
        yield
    except BaseException:
        await _discard(call, upload)
        raise
    finally:
        await run_in_threadpool(upload.received.forget)


def fingerprint(document: evidence.Document, upload: evidence.Upload | None) -> bytes:
    """What was sent, in a few bytes: a form that was read as a stream has no body any more that could be compared (its
    boundary differs each time, too)."""
    sha256 = upload.received.sha256 if upload else None
    sent = to_json({**document._asdict(), "filename": upload.filename if upload else None, "sha256": sha256})
    return hashlib.sha256(sent).digest()


async def send_file(call: Call, evidence_id: int) -> Response:
    """A document's file as a download; raises `NotFound`, `Forbidden`, and `Busy` where the store does not answer."""
    found: evidence.File = await call.read(evidence.get_file, evidence_id)
    try:
        source = await transfer(call, store_of(call).open, found.sha256)
    except FileNotFoundError:
        log.error("evidence file is missing", evidence=evidence_id, sha256=found.sha256)
        raise NotFound("Tệp không còn trong kho. Hãy báo bộ phận kỹ thuật khôi phục từ bản sao lưu.") from None
    except OSError as error:  # a shared folder whose server is gone
        log.error("evidence store unavailable", evidence=evidence_id, why=reasons.of_system(error))
        raise StoreUnavailable(
            "Kho tài liệu tạm thời không đọc được nên chưa tải được tệp. Hãy thử lại sau ít phút; nếu vẫn lỗi xin báo "
            "bộ phận kỹ thuật."
        ) from error
    return StreamingResponse(_chunks(source), headers=_download_headers(found), media_type=found.media_type)


def store_of(call: Call) -> evidence.Store:
    return evidence.open_store(call.settings)


async def _discard(call: Call, upload: evidence.Upload) -> None:
    store, sha256 = store_of(call), upload.received.sha256
    if store.shared:
        return
    try:
        await call.db.write(evidence.discard, store, sha256)
    except Exception:  # the first error is the one to tell; the sweep removes what stays behind
        log.warning("file of a failed upload not removed", sha256=sha256, exc_info=True)


def _download_headers(file: evidence.File) -> dict[str, str]:
    """Saved, never shown: whatever a document holds, a browser does not run it under this site's name."""
    return {
        **saved_as(file.filename),
        "Content-Length": str(file.size),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    with source:
        while chunk := source.read(CHUNK):
            yield chunk
