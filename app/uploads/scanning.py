"""The operator's virus scanner: clamd of ClamAV, or whatever speaks its INSTREAM protocol. Without one, only the test
pattern that every scanner knows is recognised."""

import contextlib
import re
import socket
import struct
import time
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import urlsplit

from app.errors import FileRefused, SetupProblem
from app.text import visible

EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
VIRUS: Final = "chứa mẫu thử vi-rút EICAR. Hãy quét vi-rút máy đã gửi tệp và chọn tệp khác"
_CHUNK: Final = 256 * 1024
_LONGEST_ANSWER: Final = 4_096
_LONGEST_TOLD: Final = 200
"""Characters of an answer that nobody understands."""
_FOUND = re.compile(r"stream: (.{1,200}) FOUND")


class Scanner(NamedTuple):
    address: str
    """`tcp://host:port` or `unix:///path`."""
    timeout: float
    """Seconds for each step."""


def check_viruses(file: BinaryIO, filename: str, scanner: Scanner | None) -> None:
    """Raises `FileRefused` for what the scanner names, and `SetupProblem` when it cannot be asked: what nobody has
    looked at is neither read nor stored."""
    if holds_test_pattern(file):
        raise FileRefused(f"Tệp “{filename}” {VIRUS}.", field="file")
    if scanner is None:
        return
    file.seek(0)
    answer = _asked(scanner, file)
    named = _FOUND.fullmatch(answer)
    if named:
        raise FileRefused(
            f"Tệp “{filename}” bị phần mềm diệt vi-rút chặn ({named[1]}). "
            "Hãy quét vi-rút máy đã gửi tệp và chọn tệp khác.",
            field="file",
        )
    if answer != "stream: OK":
        raise _unanswered(answer or "không trả lời")


def ping(scanner: Scanner) -> None:
    """Raises `SetupProblem` when the scanner does not answer."""
    try:
        with _connected(scanner) as line:
            line.sendall(b"zPING\0")
            answer = _answer(line)
    except OSError as error:
        raise _unanswered(_reason(error)) from error
    if answer != "PONG":
        raise _unanswered(answer or "không trả lời")


def holds_test_pattern(file: BinaryIO) -> bool:
    before = b""
    while chunk := file.read(_CHUNK):
        if EICAR in before + chunk:
            return True
        before = chunk[-len(EICAR) :]
    return False


def _asked(scanner: Scanner, file: BinaryIO) -> str:
    try:
        with _connected(scanner) as line:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may answer before the end
                line.sendall(b"zINSTREAM\0")
                while chunk := file.read(_CHUNK):
                    line.sendall(struct.pack(">I", len(chunk)) + chunk)
                line.sendall(struct.pack(">I", 0))
            return _answer(line)
    except OSError as error:
        raise _unanswered(_reason(error)) from error


def _connected(scanner: Scanner) -> socket.socket:
    place = urlsplit(scanner.address)
    if place.scheme == "tcp":
        return socket.create_connection((place.hostname or "", place.port or 3310), timeout=scanner.timeout)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(scanner.timeout)
    try:
        line.connect(place.path)
    except BaseException:
        line.close()
        raise
    return line


def _answer(line: socket.socket) -> str:
    """Up to its closing zero, or to the end of what came; one that comes bit by bit has no more time than one at once.
    Whoever reads it may be at a terminal."""
    said, ends = b"", time.monotonic() + (line.gettimeout() or 0)
    while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER:
        line.settimeout(max(0.001, ends - time.monotonic()))
        piece = line.recv(_LONGEST_ANSWER)
        if not piece:
            break
        said += piece
    return visible(said.rstrip(b"\0\n").decode(errors="replace"))


def _reason(error: OSError) -> str:
    return "quá thời hạn" if isinstance(error, TimeoutError) else error.strerror or type(error).__name__


def _unanswered(why: str) -> SetupProblem:
    return SetupProblem(
        f"Chưa quét được vi-rút ({why[:_LONGEST_TOLD]}). Hãy báo bộ phận kỹ thuật và gửi lại sau; chưa có gì được ghi."
    )
