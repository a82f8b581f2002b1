"""Bodies that come too slowly, over real sockets: given up in words, and a poor line's upload still arrives."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from app.api.edge import limits
from app.main import create_app
from tests.conftest import Client

PATH = "/api/v1/tasks/ST-2024-TC-16/updates"


@pytest.fixture
def port(client: Client) -> Iterator[int]:
    """The application behind a real server."""
    state = client.http.app.state
    app = create_app(state.settings, state.clock, client.world.db)
    config = uvicorn.Config(app, http="httptools", ws="none", log_config=None, lifespan="on")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("path", "kind"), [(PATH, "application/json"), ("/signin", "application/x-www-form-urlencoded")]
)
def test_a_body_that_stops_coming_is_given_up(port: int, path: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IDLE_SECONDS", 0.2)
    head = f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode() + b"{")
        told = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()  # until the server closes
    assert told.startswith("HTTP/1.1 408 ")
    assert "quá chậm" in told
    assert "chưa có gì được ghi" in told


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("more", ["Content-Length: 3000000", "Content-Length: 3000000\r\nContent-Encoding: gzip"])
def test_a_body_that_is_refused_is_read_to_its_end_before_the_answer(port: int, more: str) -> None:
    """A proxy that is still sending takes an end for a failure, and people read "502" instead of what to do."""
    body = b"x" * 3_000_000
    head = f"POST /signin HTTP/1.1\r\nHost: test\r\n{more}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode())
        connection.sendall(body[:-10])
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
        connection.settimeout(20)
        connection.sendall(body[-10:])
        told = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()  # until the server closes
    assert told.startswith("HTTP/1.1 415 " if "gzip" in more else "HTTP/1.1 413 ")
    assert "Hãy gửi" in told


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("more", ["Content-Length: 3000000\r\nExpect: 100-continue", "Content-Length: 9000000000"])
def test_who_waits_to_be_asked_or_would_never_end_is_answered_at_once(port: int, more: str) -> None:
    head = f"POST /signin HTTP/1.1\r\nHost: test\r\n{more}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode())
        told = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    assert told.startswith("HTTP/1.1 413 ")


class Line:
    """A client as the server sees it: `parts` of its body, each after so many seconds by the clock that is read."""

    def __init__(self, *parts: tuple[float, int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.parts = list(parts)
        self.clock = 0.0
        monkeypatch.setattr(limits.time, "monotonic", lambda: self.clock)
        monkeypatch.setattr(limits.asyncio, "timeout", self.timeout)

    def timeout(self, allowed: float) -> Any:
        line = self

        class Bound:
            async def __aenter__(self) -> None:
                if line.parts[0][0] > allowed:
                    line.clock += allowed
                    raise TimeoutError

            async def __aexit__(self, *_error: object) -> None:
                pass

        return Bound()

    async def receive(self) -> Any:
        seconds, size = self.parts.pop(0)
        self.clock += seconds
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(self.parts)}


async def receive_all(line: Line) -> int | None:
    """The status of the refusal, None for a body that arrived."""
    body = limits._Body(line.receive, 20_000_000)
    try:
        while not body.complete:
            await body.receive()
    except limits._Refused:
        pass
    return body.refused


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        ([(29.0, 10)], None),
        ([(31.0, 10)], 408),
        ([(1.0, 8_000)] * 2_000, None),  # 16 MB in half an hour
        ([(20.0, 1)] * 3, 408),  # a byte now and then
        ([(0.1, 1_000_000), (31.0, 1)], 408),  # having been quick is no licence to stop
        ([(0.1, 10_000_000)] * 3, 413),
    ],
)
def test_how_slow_is_too_slow(
    parts: list[tuple[float, int]], refused: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(*parts, monkeypatch=monkeypatch)
    work = receive_all(line)
    with pytest.raises(StopIteration) as ended:
        work.send(None)  # nothing in it waits, so it needs no loop, whose own clock is stopped here
    assert ended.value.value == refused
