"""What campaigns share: processes that can be killed and are back at once, a clock that all of them read, and counts.

A start from nothing spends most of its time on imports. `Nursery` does them once and forks; what is killed is still a
whole process of its own, which opens the database, checks the schema and starts its jobs anew.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.clock import Clock
from app.settings import ROOT
from bench.common import Figure

START_SECONDS = 60.0


class FileClock(Clock):
    """The real time, moved by what a file says at every reading: a campaign moves all its processes at once.

    It counts as the real time, not as a demo clock, so that mail really goes out.
    """

    __slots__ = ("file",)

    def __init__(self, file: Path) -> None:
        object.__setattr__(self, "offset", timedelta(0))
        object.__setattr__(self, "file", file)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text()))

    def move(self, **by: float) -> None:
        """By so many hours, minutes …"""
        self._write(float(self.file.read_text()) + timedelta(**by).total_seconds())

    @staticmethod
    def showing(moment: datetime, file: Path) -> "FileClock":
        """Made anew: it shows `moment` now and goes on from there."""
        clock = FileClock(file)
        clock._write((moment - datetime.now(UTC)).total_seconds())
        return clock

    def _write(self, seconds: float) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.file)


@dataclass(frozen=True, slots=True)
class Child:
    """A process that a nursery made."""

    pid: int
    nursery: "Nursery"

    def kill(self) -> None:
        """With SIGKILL, and gone when this returns."""
        self.nursery.end(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """In order, as an operator does."""
        self.nursery.end(self.pid, signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


class Nursery:
    """Forks processes that have imported the application already; see bench/faults/nursery.py."""

    def __init__(self) -> None:
        self._living: set[int] = set()

    def __enter__(self) -> "Nursery":
        kept = {key: value for key, value in os.environ.items() if not key.startswith("KHACPHUC_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.faults.nursery"],
            cwd=ROOT, env=kept, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_error: object) -> None:
        for pid in tuple(self._living):
            self.end(pid, signal.SIGKILL)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def start(self, program: str, arguments: list[str], environment: dict[str, str], log: Path) -> Child:
        """Call `program` ("module:function") with one list of arguments, in a process of its own."""
        pid = self._ask(start=program, arguments=arguments, environment=environment, log=str(log))
        self._living.add(pid)
        return Child(pid, self)

    def serve(self, port: int, environment: dict[str, str], log: Path) -> Child:
        """`khacphuc serve`."""
        return self.start("app.cli:main", ["serve", "--port", str(port)], environment, log)

    def end(self, pid: int, number: signal.Signals) -> None:
        os.kill(pid, number)
        self._ask(wait=pid)
        self._living.discard(pid)

    def _ask(self, **order: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the nursery is gone; what it complained of stands on stderr")
        return int(answer)


def wait_until_ready(port: int, seconds: float = START_SECONDS) -> None:
    def ready() -> bool:
        return ask(port, "/readyz") == 200

    if not wait_for(ready, seconds, every=0.01):
        raise RuntimeError(f"the server was not ready within {seconds:.0f} s")


def ask(port: int, path: str) -> int:
    """The status of a GET; 0 when there was no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


def wait_for(condition: Callable[[], object], seconds: float, *, every: float = 0.05) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def count(what: str, engine: str, found: int, unit: str = "", *, most: int = 0, note: str = "") -> Figure:
    """A number of things that should not be, or not more often than so many times."""
    target = f"≤ {most}" if most else "0"
    return Figure(what, engine, unit, found, None, None, target, found <= most, note)


def exactly(what: str, engine: str, found: int, wanted: int, unit: str = "", *, note: str = "") -> Figure:
    return Figure(what, engine, unit, found, None, None, f"= {wanted:,}", found == wanted, note)
