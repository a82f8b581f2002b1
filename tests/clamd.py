"""A virus scanner to try uploads with."""

import contextlib
import io
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from app.uploads import Scanner


class FakeClamd:
    """A server that speaks INSTREAM and PING as clamd does, over the bytes that really came."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.scanned: list[bytes] = []
        self.answer = ""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.listener.accept()
                with line, line.makefile("rb") as came, contextlib.suppress(OSError, struct.error):
                    line.sendall(self._answered(came).encode() + b"\0")

    def _answered(self, came: io.BufferedReader) -> str:
        command = b""
        while not command.endswith(b"\0"):
            command += came.read(1)
        if command == b"zPING\0":
            return self.answer or "PONG"
        content = b""
        while length := struct.unpack(">I", came.read(4))[0]:
            content += came.read(length)
        self.scanned.append(content)
        return self.answer or ("stream: Win.Test.EICAR_HDB-1 FOUND" if b"virus" in content else "stream: OK")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


@pytest.fixture(params=["tcp", "unix"])
def clamd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[FakeClamd, Scanner]]:
    if request.param == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "clamd.ctl"))
        listener.listen()
        address = f"unix://{tmp_path / 'clamd.ctl'}"
    assert Settings(virus_scanner=address).virus_scanner == address
    made = FakeClamd(listener)
    yield made, Scanner(address, 5)
    made.close()
