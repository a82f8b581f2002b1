"""A cold start of `khacphuc serve` on a seeded SQLite database, and the memory of the running process."""

import statistics
import time

from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM
from app.settings import ROOT
from bench import synthetic
from bench.common import MORNING, Figure, Options, say
from bench.serving import free_port, process, pss_mib, request, serve_command, settings, wait_for
from bench.stores import Sqlite, database

SECONDS = 1.5
MEMORY = 120
SETTLE = 3.0
"""Seconds after the first answer by which every job of the scheduler has run once."""


def measure(options: Options) -> list[Figure]:
    """On SQLite only: it is the engine of `make run`."""
    store = Sqlite(options.folder)
    url = store.create()
    with database(url) as db, db.transaction() as connection:
        load_assessment(connection, SYSTEM, load_seed(ROOT / "seeds" / "soc-trang-2024"), now=MORNING)
        key = synthetic.make_key(connection, "coordinator", "soc-trang", None, now=MORNING)
    starts, started, planned = [], [], []
    for _ in range(options.rounds):
        copy = store.copy(url)
        port = free_port()
        with process(serve_command(port), options.folder, settings(copy, options.folder)) as pid:
            starts.append(wait_for(port, "/api/v1/assessments", pid, key=key))
            time.sleep(SETTLE)
            started.append(pss_mib(pid))
            status = request(port, "POST", "/api/v1/reminders/run", key)
            assert status == 200, f"POST /reminders/run answered {status}"
            time.sleep(SETTLE)
            planned.append(pss_mib(pid))
        say(f"  {starts[-1]:.2f} s, {started[-1]:.0f} MiB, {planned[-1]:.0f} MiB")
    first = statistics.median(starts)
    return [
        Figure("cold start to the first answer", "sqlite", "s", first, None, None, f"≤ {SECONDS} s", first <= SECONDS),
        _memory("memory after start (PSS)", statistics.median(started)),
        _memory("memory after a plan (PSS)", statistics.median(planned)),
    ]


def _memory(what: str, mib: float) -> Figure:
    return Figure(what, "sqlite", "MiB", mib, None, None, f"≤ {MEMORY} MiB", mib <= MEMORY)
