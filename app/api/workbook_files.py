"""Workbooks on their way in and out over HTTP, for the API and the pages alike."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.evidence_form import Form, cut_off, read_form
from app.errors import FileRefused, InvalidInput, TooLarge
from app.evidence import ascii_filename
from app.reports.excel.book import MEDIA_TYPE
from app.reports.excel.safe import MOST_BYTES

T = TypeVar("T")
READING_SECONDS: Final = 30
"""Bounds in the reader itself end it much sooner; this one is for the client's patience."""


async def read_workbook(request: Request) -> tuple[str, bytes]:
    """(file name, bytes) of a request: a form with `file`, or the workbook as the body. TooLarge, InvalidInput."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with read_form(request) as form:
            return await file_of(form)
    if kind not in (MEDIA_TYPE, "application/octet-stream"):
        raise InvalidInput(
            f"Hãy gửi tệp .xlsx: multipart/form-data có trường file, hoặc nội dung tệp với Content-Type {MEDIA_TYPE}.",
            field="Content-Type",
        )
    try:
        content = await request.body()
    except ClientDisconnect:
        raise cut_off() from None
    return "tep.xlsx", bounded(content)


async def file_of(form: Form) -> tuple[str, bytes]:
    """InvalidInput when no file was chosen."""
    file: UploadFile | None = form.file
    if file is None:
        raise InvalidInput("Chưa chọn tệp. Hãy chọn tệp Excel (.xlsx) đã điền.", field="file")
    return file.filename or "tep.xlsx", bounded(await file.read(MOST_BYTES + 1))


def bounded(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise TooLarge(
            f"Tệp Excel lớn hơn {MOST_BYTES // 1_000_000} MB. Hãy bỏ hình ảnh, trang thừa rồi nạp lại.", field="file"
        )
    return content


async def in_thread(work: Callable[..., T], *args: object, **kwargs: object) -> T:
    """Reading and writing workbooks takes the processor for a while: not in the event loop, and nobody waits for ever.
    FileRefused when it takes too long; the thread ends by its own bounds."""
    try:
        async with asyncio.timeout(READING_SECONDS):
            return await asyncio.to_thread(work, *args, **kwargs)
    except TimeoutError:
        raise FileRefused("Xử lý tệp Excel quá lâu nên đã dừng. Hãy bỏ bớt nội dung thừa rồi thử lại.") from None


def download(content: bytes, filename: str) -> Response:
    """Saved, never shown."""
    name = f"filename=\"{ascii_filename(filename)}\"; filename*=UTF-8''{quote(filename, safe='')}"
    headers = {
        "Content-Disposition": f"attachment; {name}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(content, headers=headers, media_type=MEDIA_TYPE)
