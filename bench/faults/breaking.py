"""Ways to take away from a running server what it stands on: PostgreSQL, the way to it, the disk, the clock.

Each is a block, or an object with a way back: what is broken is mended again.
"""

import contextlib
import os
import resource
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from bench.stores import Postgresql

# PostgreSQL


def stop_at_once(store: Postgresql) -> None:
    """As a crash: no transaction is ended, no client told."""
    server = store._server
    command = [str(server.bin_path / "pg_ctl"), "-w", "-m", "immediate", "-D", str(server.pgdata), "stop"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=server.system_user)


def start_again(store: Postgresql) -> None:
    store._server.ensure_postgres_running()


def cut_connections(url: str) -> None:
    """Every connection to that database ends, as when an administrator or a failover does it."""
    database = make_url(url).database
    _admin(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")


@contextlib.contextmanager
def read_only(url: str) -> Iterator[None]:
    """The database takes no writes, as a replica after a failover."""
    name = make_url(url).database
    _admin(url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    cut_connections(url)
    yield
    _admin(url, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    cut_connections(url)


def _admin(url: str, statement: str) -> None:
    plain = make_url(url).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)


class Proxy:
    """Forwards TCP to PostgreSQL's socket until `hold`: then it takes bytes and passes nothing on, without a word."""

    def __init__(self, url: str) -> None:
        self._target = _address(url)
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = [self._listener]
        self.url = _through(url, self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        self._passing.clear()

    def let_go(self) -> None:
        """New connections pass again; what was on its way in the old ones is lost."""
        self._passing.set()

    def close(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # wakes whoever waits on it
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self._passing.is_set():
                    server = socket.socket(socket.AF_UNIX)
                    self._open.append(server)
                    server.connect(self._target)
                    threading.Thread(target=self._pass, args=(client, server), daemon=True).start()
                    threading.Thread(target=self._pass, args=(server, client), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._passing.is_set():
                    return  # both stay open, and nobody says anything
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _address(url: str) -> str:
    parsed = make_url(url)
    folder = parsed.host or str(parsed.query["host"])
    return f"{folder}/.s.PGSQL.{parsed.port or 5432}"


def _through(url: str, port: int) -> str:
    return (
        make_url(url)
        .set(host="127.0.0.1", port=port, query={"sslmode": "disable", "gssencmode": "disable"})
        .render_as_string(hide_password=False)
    )


# The disk


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder with little room. `how`: `tmpfs`, or `limit` where nothing may be mounted: then the server may not make
    any file longer, which it sees as a disk that fails."""

    folder: Path
    how: str

    @contextlib.contextmanager
    def full(self, pid: int) -> Iterator[None]:
        if self.how == "limit":
            before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, before[1]))
            yield
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
            return
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        yield
        ballast.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Disk]:
    """A tmpfs of that size where the kernel lets us mount one."""
    folder.mkdir(mode=0o755)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    mounted = shutil.which("mount") and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(folder, "tmpfs" if mounted else "limit")
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


# The clock

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static long long *offset(void) {
    static long long none = 0, *shared = 0;
    if (!shared) {
        int file = open(getenv("SHIFTED_CLOCK"), O_RDONLY);
        void *mapped = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
        shared = mapped == MAP_FAILED ? &none : mapped;
    }
    return shared;
}
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *) = 0;
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, now);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec += *offset();
    return done;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec; now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *told) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (told) *told = exact.tv_sec;
    return exact.tv_sec;
}
"""


class ShiftedClock:
    """The machine's time of day as one process and its children see it; the clock that only goes forward is untouched.

    A few lines of C before libc, compiled here: FileNotFoundError where there is no C compiler.
    """

    def __init__(self, folder: Path) -> None:
        source, self._library, self._offset = folder / "clock.c", folder / "clock.so", folder / "offset"
        if not source.exists():
            source.write_text(SHIM)
            self.set(0)
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self._library, source, "-ldl"], check=True)

    def set(self, seconds: int) -> None:
        """At once, for the whole process."""
        handle = os.open(self._offset, os.O_RDWR | os.O_CREAT)
        os.pwrite(handle, struct.pack("q", seconds), 0)
        os.close(handle)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "SHIFTED_CLOCK": str(self._offset)}


def compiler() -> str | None:
    return shutil.which("cc")


def holding(url: str) -> Any:
    """A connection of somebody else who keeps every task locked until it is closed."""
    if url.startswith("sqlite"):
        import sqlite3

        connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        return connection
    held = psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    held.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
    return held
