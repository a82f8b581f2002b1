"""The form that brings evidence, read to its last byte, in bounded memory, with the cause where it is refused.

Starlette's own reader drops a part that breaks off: a document whose file never arrived whole would be taken for one
without a file. And it answers every bound with the same words.
"""

from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request

from app.errors import InvalidInput
from app.evidence import MOST_TASKS

FILE = "file"
TASKS = "tasks"
MOST_PARTS = MOST_TASKS + 20
LONGEST_TEXT = 16_000
"""Bytes of one text of the form."""
HELD_IN_MEMORY = 1_000_000
"""Bytes of a file; what is longer waits on disk."""


@dataclass(frozen=True, slots=True)
class Form:
    """Texts by name, in the order they came, and the file if one was chosen."""

    texts: dict[str, list[str]]
    file: UploadFile | None

    def values(self) -> dict[str, Any]:
        """One value for each name; an empty one counts as not given, `tasks` may be repeated or separated by commas."""
        values: dict[str, Any] = {}
        for name, sent in self.texts.items():
            given = [text for text in sent if text.strip()]
            if name == TASKS:
                values[name] = [code.strip() for text in given for code in text.split(",") if code.strip()]
            elif len(sent) > 1:
                raise InvalidInput(f"{name}: chỉ gửi một lần.", field=name)
            elif given:
                values[name] = given[0]
        return values


@asynccontextmanager
async def read_form(request: Request) -> AsyncIterator[Form]:
    """The form of a request, its file open until the block ends.

    InvalidInput for what is no form or breaks off, and past `MOST_PARTS`, `LONGEST_TEXT` or one file.
    """
    with ExitStack() as opened:
        try:
            form = await _read(request, opened)
        except ClientDisconnect:  # nobody is there to read the answer, but it is no error of this system
            raise cut_off() from None
        yield form


def cut_off() -> InvalidInput:
    return InvalidInput(
        "Nội dung gửi lên bị đứt giữa chừng (chưa đến dòng kết thúc). Chưa có gì được ghi; hãy gửi lại."
    )


async def _read(request: Request, opened: ExitStack) -> Form:
    async with aclosing(request.stream()) as stream:
        try:
            reader = _Reader(_boundary(request), opened)
            async for chunk in stream:
                await reader.take(chunk)
            return await reader.finish()
        except InvalidInput:
            # Read on to the end: many senders listen only then, and a body that is too large is told that instead.
            async for _ in stream:
                pass
            raise


def _boundary(request: Request) -> bytes:
    _, options = parse_options_header(request.headers.get("content-type"))
    if not options.get(b"boundary"):
        raise InvalidInput("Content-Type thiếu boundary của biểu mẫu.", field="Content-Type")
    return options[b"boundary"]


@dataclass(slots=True)
class _Part:
    """What is known of the part that is being read; `file` is None for a text."""

    header: bytes = b""
    header_value: bytes = b""
    disposition: bytes = b""
    name: str = ""
    file: UploadFile | None = None
    empty: bool = True
    text: bytearray = field(default_factory=bytearray)


class _Reader:
    """Takes the bytes as they come. The parser's callbacks may not wait, so bytes of a file are written after each
    chunk; `opened` closes the files."""

    def __init__(self, boundary: bytes, opened: ExitStack) -> None:
        self._opened = opened
        self._part = _Part()
        self._parts = 0
        self._unwritten: list[tuple[UploadFile, bytes]] = []
        self._form = Form({}, None)
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_header,
                    "on_header_value": self._add_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open_part,
                    "on_part_data": self._add_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise _malformed() from None

    async def take(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _malformed() from None
        for file, data in self._unwritten:
            await file.write(data)
        self._unwritten.clear()

    async def finish(self) -> Form:
        """The whole form; InvalidInput when its closing boundary never came."""
        if not self._ended:
            raise cut_off()
        if self._form.file is not None:
            await self._form.file.seek(0)
        return self._form

    def _begin_part(self) -> None:
        self._part = _Part()
        self._parts += 1
        if self._parts > MOST_PARTS:
            by_tasks = len(self._form.texts.get(TASKS, ())) > MOST_TASKS
            raise InvalidInput(
                f"Biểu mẫu có hơn {MOST_PARTS} trường; mỗi lần chỉ nêu nhiều nhất {MOST_TASKS} nhiệm vụ. "
                "Các nhiệm vụ còn lại xin gắn thêm sau khi đã ghi tài liệu.",
                field=TASKS if by_tasks else None,
            )

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.header_value += data[start:end]

    def _end_header(self) -> None:
        if self._part.header.lower() == b"content-disposition":
            self._part.disposition = self._part.header_value
        self._part.header = self._part.header_value = b""

    def _open_part(self) -> None:
        part = self._part
        _, options = parse_options_header(part.disposition)
        part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if not part.name:
            raise InvalidInput("Biểu mẫu có một trường không tên (Content-Disposition thiếu name).")
        if b"filename" not in options:
            return
        if part.name != FILE:
            raise InvalidInput(f"{part.name}: tệp chỉ được gửi ở trường file.", field=part.name)
        spooled = SpooledTemporaryFile(max_size=HELD_IN_MEMORY)  # noqa: SIM115  # `opened` closes it
        self._opened.enter_context(spooled)
        filename = _unescaped(options[b"filename"].decode("utf-8", "replace"))
        part.file = UploadFile(cast(BinaryIO, spooled), size=0, filename=filename)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.empty = False
        if part.file is not None:
            self._unwritten.append((part.file, data[start:end]))
        elif part.name == FILE:
            raise InvalidInput("file: phải là một tệp (Content-Disposition có filename).", field=FILE)
        elif len(part.text) + end - start > LONGEST_TEXT:
            raise InvalidInput(f"{part.name}: dài quá, tối đa {LONGEST_TEXT // 1000} kB.", field=part.name)
        else:
            part.text += data[start:end]

    def _end_part(self) -> None:
        part = self._part
        if part.file is not None:
            self._choose(part.file, part.empty)
        elif part.name != FILE:
            self._form.texts.setdefault(part.name, []).append(_decoded(part))

    def _choose(self, file: UploadFile, empty: bool) -> None:
        """Browsers send a nameless empty part where no file was chosen."""
        if empty and not file.filename:
            return
        if self._form.file is not None:
            raise InvalidInput("Mỗi tài liệu chỉ kèm một tệp; hãy gửi từng tài liệu.", field=FILE)
        self._form = Form(self._form.texts, file)

    def _end(self) -> None:
        self._ended = True


def _unescaped(filename: str) -> str:
    """Browsers write these three as a form's header cannot hold them, and nothing else."""
    return filename.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _decoded(part: _Part) -> str:
    try:
        return part.text.decode()
    except UnicodeDecodeError:
        raise InvalidInput(f"{part.name}: không phải văn bản UTF-8.", field=part.name) from None


def _malformed() -> InvalidInput:
    return InvalidInput(
        "Nội dung gửi lên không đúng dạng multipart/form-data, hoặc không khớp boundary trong Content-Type. "
        "Hãy để trình duyệt hay thư viện tự tạo biểu mẫu."
    )
