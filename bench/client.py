"""A load client in a process of its own: a plan as JSON on stdin, what it came to as JSON on stdout.

It speaks just enough HTTP/1.1 over kept-alive connections to stay several times faster than the server, and keeps one
request in flight on each. A connection either reads one path (`head`) or updates tasks of its own in turn (`tasks`),
sending the version that the last answer told (`If-Match`).
"""

import asyncio
import functools
import json
import sys
import time
from typing import Any

import uvloop

WARM_SECONDS = 0.5
"""Requests of the first moment are answered but not counted."""


class Run:
    """What all connections share: when to stop, and what was seen."""

    def __init__(self, seconds: float, most: int) -> None:
        self.begin = time.perf_counter() + WARM_SECONDS
        self.end = self.begin + seconds
        self.most = most
        self.latencies: list[float] = []
        self.last = self.begin
        self.errors = 0
        self.first_error = ""

    def over(self, now: float) -> bool:
        return now >= self.end or len(self.latencies) >= self.most

    def note(self, sent: float, now: float, answer: bytes) -> bool:
        """Count one answer; False unless it is a success."""
        if sent >= self.begin:
            self.latencies.append(now - sent)
            self.last = now
        if answer[9:10] == b"2":
            return True
        self.errors += 1
        self.first_error = self.first_error or answer.decode(errors="replace")
        return False


class Reading:
    """One path again and again."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.request: bytes = (plan["head"] + "\r\n").encode()

    def next(self) -> bytes:
        return self.request

    def answered(self, head: bytes) -> None:
        pass


class Updating:
    """Each task in turn, with the body of the turn."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.tasks: list[list[Any]] = plan["tasks"]
        self.bodies = [json.dumps(body, ensure_ascii=False).encode() for body in plan["bodies"]]
        self.key: str = plan["key"]
        self.turn = -1

    def next(self) -> bytes:
        self.turn += 1
        code, version = self.tasks[self.turn % len(self.tasks)]
        body = self.bodies[self.turn // len(self.tasks) % len(self.bodies)]
        return (
            f"POST /api/v1/tasks/{code}/updates HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.key}\r\n"
            f'Content-Type: application/json\r\nIf-Match: "{version}"\r\nContent-Length: {len(body)}\r\n\r\n'
        ).encode() + body

    def answered(self, head: bytes) -> None:
        start = head.find(b'etag: "') + 7
        self.tasks[self.turn % len(self.tasks)][1] = int(head[start : head.index(b'"', start)])


class Connection(asyncio.Protocol):
    def __init__(self, run: Run, work: Reading | Updating, done: "asyncio.Future[None]") -> None:
        self.run, self.work, self.done = run, work, done
        self.buffer = b""
        self.sent = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.work.next())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end]
        start = head.index(b"content-length: ") + 16
        length = int(head[start:].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + length:
            return
        answer, self.buffer = self.buffer, b""
        now = time.perf_counter()
        if self.run.note(self.sent, now, answer):
            self.work.answered(head)
        if self.run.over(now):
            self.transport.close()
        else:
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self.run.errors += 1
            self.run.first_error = self.run.first_error or repr(error)
        if not self.done.done():
            self.done.set_result(None)


async def drive(plan: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    run = Run(plan["seconds"], plan["most"])
    works = [Updating(one) if "tasks" in one else Reading(one) for one in plan["connections"]]
    ends: list[asyncio.Future[None]] = []
    for work in works:
        ends.append(loop.create_future())
        await loop.create_connection(functools.partial(Connection, run, work, ends[-1]), "127.0.0.1", plan["port"])
    await asyncio.gather(*ends)
    found = sorted(run.latencies)
    return {
        "rate": len(found) / (run.last - run.begin),
        "p50": found[len(found) // 2] * 1000,
        "p99": found[len(found) * 99 // 100] * 1000,
        "errors": run.errors,
        "first_error": run.first_error,
        "versions": {code: version for work in works if isinstance(work, Updating) for code, version in work.tasks},
    }


if __name__ == "__main__":
    json.dump(uvloop.run(drive(json.load(sys.stdin))), sys.stdout)
