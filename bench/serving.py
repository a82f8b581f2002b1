"""The real server in a process of its own, and the client that loads it from another one."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import ROOT

CONNECTIONS = 16
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the client came to; latencies in milliseconds."""

    rate: float
    p50: float
    p99: float
    errors: int
    first_error: str
    versions: dict[str, int]


@contextlib.contextmanager
def khacphuc(url: str, folder: Path) -> Iterator[Server]:
    """`khacphuc serve` with its defaults (one worker, scheduler on) on the database at `url`."""
    port = free_port()
    with process(serve_command(port), folder, settings(url, folder)) as pid:
        wait_for(port, "/healthz", pid)
        yield Server(port, pid)


@contextlib.contextmanager
def bare(folder: Path) -> Iterator[Server]:
    """A FastAPI application with one async route that answers a small constant, on the same server stack."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bare", str(port)]
    with process(command, folder, {}) as pid:
        wait_for(port, "/bare", pid)
        yield Server(port, pid)


def serve_command(port: int) -> list[str]:
    return [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]


def settings(url: str, folder: Path) -> dict[str, str]:
    return {"DATABASE_URL": url, "KHACPHUC_DATA_DIR": str(folder / "data")}


@contextlib.contextmanager
def process(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run until the block ends, then end exactly this process. Its output goes to a file in the folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KHACPHUC_")}
    with (folder / "server.log").open("ab") as log:
        running = subprocess.Popen(command, cwd=ROOT, env=kept | environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield running.pid
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, path: str, pid: int, *, key: str = "") -> float:
    """Seconds until the first 200, asked again every 5 ms; raises when the process is gone or takes too long."""
    started = time.perf_counter()
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n".encode()
    while (passed := time.perf_counter() - started) < START_SECONDS:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request)
            if connection.recv(65536).startswith(b"HTTP/1.1 200"):
                return time.perf_counter() - started
        if ended(pid):
            break
        time.sleep(0.005)
    raise RuntimeError(f"the server did not answer {path} within {passed:.1f} s")


def request(port: int, method: str, path: str, key: str) -> int:
    """Send one request without a body; the status it got."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status


def ended(pid: int) -> bool:
    """Whether a child of ours has exited (it stays a zombie until somebody waits for it)."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def run_load(server: Server, connections: list[dict[str, Any]], *, seconds: float, most: int) -> Load:
    """Keep one request in flight on each connection for `seconds` or `most` requests; see bench/client.py."""
    plan = {"port": server.port, "seconds": seconds, "most": most, "connections": connections}
    done = subprocess.run(
        [sys.executable, "-m", "bench.client"],
        cwd=ROOT,
        input=json.dumps(plan).encode(),
        stdout=subprocess.PIPE,
        timeout=seconds * 10 + 60,
        check=True,
    )
    return Load(**json.loads(done.stdout))


def gets(path: str, key: str) -> list[dict[str, Any]]:
    """The plan of a client that only reads one path."""
    head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
    return [{"head": head, "path": path}] * CONNECTIONS


def pss_mib(pid: int) -> float:
    """Proportional set size of a process in MiB: its own pages, and its part of the shared ones."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no Pss in smaps_rollup")
