"""The real command: as a process where processes matter, inside this one where only its words do."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.cli.failing import one_line
from app.cli.logs import quiet
from app.settings import ROOT
from tests.conftest import World

COMMAND = (sys.executable, "-m", "app.cli")
SECONDS = 60
"""Long enough for a busy machine; nothing waits for it when all is well."""


def environment(data: Path, **variables: str) -> dict[str, str]:
    """This machine's environment without any setting of ours but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHACPHUC_")}
    for name in ("DATABASE_URL", "COLUMNS"):
        kept.pop(name, None)
    return kept | {"KHACPHUC_DATA_DIR": str(data), "PYTHONWARNINGS": "error"} | variables


@dataclass
class Server:
    """A running `khacphuc serve`. `lines` is what it printed before it was ready."""

    process: subprocess.Popen[str]
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def keys(self) -> dict[tuple[str, str], str]:
        """(role, agency or "-") → key, as a first run prints them."""
        rows = [line.split() for line in self.lines if " kp_" in line]
        return {(role, agency): key for role, agency, key in rows}

    def get(self, path: str, key: str | None = None) -> Any:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        with httpx.Client(trust_env=False, timeout=SECONDS) as client:
            return client.get(f"http://127.0.0.1:{self.port}{path}", headers=headers)

    def stop(self) -> int:
        """SIGTERM, then its exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=SECONDS)
        return self.process.returncode


Run = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., contextlib.AbstractContextManager[Server]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> Run:
    """Run a command to its end: `run("keys", "list", KHACPHUC_PORT="1")`."""

    def run(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = environment(data, **variables)
        return subprocess.run(
            [*COMMAND, *args], cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    return run


@pytest.fixture
def serve(data: Path) -> Serve:
    """Run a server on a free port until the block ends."""

    @contextlib.contextmanager
    def serve(*args: str, **variables: str) -> Iterator[Server]:
        port = free_port()
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), *args],
            cwd=ROOT,
            env=environment(data, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            server = Server(process, port)
            assert process.stdout is not None
            while "Ctrl+C" not in (line := process.stdout.readline()):
                assert line, server.lines  # it ended instead
                server.lines.append(line)
            yield server
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate(timeout=SECONDS)

    return serve


@dataclass(frozen=True)
class Said:
    """What a command answered; `problem` is the line that `khacphuc` would print on stderr."""

    code: int
    out: str
    problem: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Console:
    """The command on one database, run inside this process."""

    env: Mapping[str, str]

    def __call__(self, *args: str, **variables: str) -> Said:
        done = CliRunner().invoke(cli, args, env={**self.env, **variables})
        line = ""
        if isinstance(done.exception, Exception) and not isinstance(done.exception, SystemExit):
            line = one_line(done.exception) or ""
            if not line:
                raise done.exception
        return Said(done.exit_code, done.stdout, line or done.stderr)


@pytest.fixture
def console(seeded: World, data: Path) -> Iterator[Console]:
    """Commands on the real 2024 assessment, on both engines."""
    yield Console({"DATABASE_URL": seeded.db.url, "KHACPHUC_DATA_DIR": str(data), "COLUMNS": "160"})
    quiet()  # it would go on writing to a stream that is closed now


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
