"""Requests whose head never ends: what comes in is bounded before any route is asked."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.api.edge.heads import MOST, BoundedHeads

HEAD = b"POST /tasks HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"


class Line(asyncio.Transport):
    """The other end of a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.said += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def nothing(_scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def answer(*parts: bytes) -> bytes:
    """What the server says to parts that come one after the other."""

    async def talk() -> bytes:
        config = uvicorn.Config(nothing, log_config=None, lifespan="off")
        config.load()
        line, connection = Line(), BoundedHeads(config, ServerState(), {})
        connection.connection_made(line)
        for part in parts:
            if not line.closed:
                connection.data_received(part)
                await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return line.said

    return asyncio.run(talk())


FILLER = b"a" * 20_000
LINES = b"".join(b"X-%d: a\r\n" % number for number in range(2_500))


@pytest.mark.parametrize("part", [FILLER, LINES])
@pytest.mark.parametrize("start", [HEAD + b"X: ", HEAD + b"\r\n1\r\na\r\n0\r\nX: ", b"GET /"])
def test_a_head_that_does_not_end_is_given_up(start: bytes, part: bytes) -> None:
    assert answer(start, *[part] * (MOST // len(part) + 2)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD + b"X: ", FILLER, FILLER, b"\r\n\r\n0\r\n\r\n"),
        (HEAD + b"\r\n", *[b"4e20\r\n" + FILLER + b"\r\n"] * 9, b"0\r\n\r\n"),
        (HEAD + b"\r\n", *[b"4e20\r\n", FILLER + b"\r\n"] * 9, b"0\r\n", b"X: a\r\n\r\n"),
        (HEAD + b"\r\n", b"2bf20\r\n", *[FILLER] * 9, b"\r\n0\r\n\r\n"),
        (HEAD + b"\r\n", b"2bf20\r\n", FILLER * 9 + b"\r\n2bf20\r\n", FILLER * 9 + b"\r\n0\r\n", b"\r\n"),
        (HEAD + b"\r\n2bf20\r\n" + FILLER * 9 + b"\r\n0\r\n\r\n" + HEAD, b"\r\n0\r\n\r\n"),
        (HEAD + b"\r\n0\r\n\r\n", *[HEAD + b"X: " + FILLER + b"\r\n\r\n0\r\n\r\n"] * 9),
    ],
)
def test_whatever_ends_arrives(parts: tuple[bytes, ...]) -> None:
    said = answer(*parts)
    assert said.startswith(b"HTTP/1.1 204 ")
    assert b" 400 " not in said
