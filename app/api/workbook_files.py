"""Workbooks on their way in and out over HTTP, for the API and the pages alike."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api.deps import Call
from app.api.downloads import saved_as
from app.api.evidence_form import Form, cut_off, read_form
from app.api.uploads import check_viruses
from app.errors import Busy, FileRefused, InvalidInput, Problem
from app.reports.excel.book import MEDIA_TYPE
from app.reports.excel.safe import MOST_BYTES, check_size
from app.reports.excel.uploads import UNNAMED

P = ParamSpec("P")
T = TypeVar("T")
AT_ONCE: Final = 2
"""Workbooks in work: more would only slow each other and everybody else down."""
WAITING_SECONDS: Final = 10
READING_SECONDS: Final = 30
"""Bounds in the reader itself end it much sooner; this one is for the client's patience."""
_WORKERS: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="workbook")


async def read_workbook(call: Call) -> tuple[str, bytes]:
    """(file name, bytes) of a request: a form with `file`, or the workbook as the body. Raises as `file_of`."""
    request = call.request
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with read_form(request) as form:
            return await file_of(call, form)
    if kind not in (MEDIA_TYPE, "application/octet-stream"):
        raise InvalidInput(
            f"Hãy gửi tệp .xlsx: multipart/form-data có trường file, hoặc nội dung tệp với Content-Type {MEDIA_TYPE}.",
            field="Content-Type",
        )
    try:
        content = await request.body()
    except ClientDisconnect:
        raise cut_off() from None
    return UNNAMED, await _checked(call, UNNAMED, content)


async def file_of(call: Call, form: Form) -> tuple[str, bytes]:
    """Raises `InvalidInput` when no file was chosen, `TooLarge`, and as `check_viruses`."""
    if form.file is None:
        raise InvalidInput("Chưa chọn tệp. Hãy chọn tệp Excel (.xlsx) đã điền.", field="file")
    filename = form.file.filename or UNNAMED
    return filename, await _checked(call, filename, await form.file.read(MOST_BYTES + 1))


async def _checked(call: Call, filename: str, content: bytes) -> bytes:
    check_size(content)
    await check_viruses(call, filename, content)
    return content


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Reading and writing workbooks takes the processor for a while: not in the event loop, a few at a time, and nobody
    waits for ever. Busy where none of them ends soon, FileRefused when this one takes too long; its thread ends by its
    own bounds, and keeps its place until then."""
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def run() -> T:
        loop.call_soon_threadsafe(begun.set)
        return work(*args, **kwargs)

    job = _WORKERS.submit(contextvars.copy_context().run, run)
    try:
        await _within(begun.wait(), WAITING_SECONDS, _busy)
        return await _within(asyncio.wrap_future(job), READING_SECONDS, _too_slow)
    finally:
        job.cancel()  # where it has not begun, nobody waits for it any more


async def _within(awaited: Awaitable[T], seconds: float, refusal: Callable[[], Problem]) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await awaited
    except TimeoutError:
        raise refusal() from None


def _busy() -> Problem:
    detail = "Hệ thống đang xử lý nhiều tệp Excel khác; chưa có gì được ghi. Hãy chờ một lát rồi thử lại."
    return Busy(detail, extra={"retry_after": int(WAITING_SECONDS)})


def _too_slow() -> Problem:
    return FileRefused("Xử lý tệp Excel quá lâu nên đã dừng. Hãy bỏ bớt nội dung thừa rồi thử lại.")


def download(content: bytes, filename: str) -> Response:
    """Saved, never shown."""
    headers = {**saved_as(filename), "Cache-Control": "private, no-store"}
    return Response(content, headers=headers, media_type=MEDIA_TYPE)
