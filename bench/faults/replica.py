"""A sender: the jobs that plan and deliver, as `khacphuc serve` runs them, on a clock that the campaign sets.

Arguments: the clock's file and the jobs' names. Settings come from the environment, as a server's do.
"""

import signal
import threading
from pathlib import Path

import structlog

from app import scheduler
from app.cli.logs import configure
from app.db import open_database
from app.settings import load_settings
from bench.faults.common import FileClock

log = structlog.get_logger()

SECONDS = 0.3
"""Between two rounds. A server waits five; a campaign has no time for that."""


def main(arguments: list[str]) -> None:
    """Until SIGTERM."""
    configure(as_json=True)
    settings, stopping = load_settings(), threading.Event()
    db = open_database(settings.url, pool_size=settings.pool_size)
    context = scheduler.Context(db, settings, FileClock(Path(arguments[0])))
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    jobs = [job for job in scheduler.JOBS if job.name in arguments[1:]]
    threads = [threading.Thread(target=_repeat, args=(job, context, stopping)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.close()


def _repeat(job: scheduler.Job, context: scheduler.Context, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            job.run(context)
        except Exception:
            log.exception("job failed", job=job.name)
        stopping.wait(SECONDS)
