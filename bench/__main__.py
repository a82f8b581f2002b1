"""`python -m bench MEASURE…`: run measures, print their tables, exit 1 when a target is missed."""

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.common import Figure, Options, quiet, say, show, write_json

MEASURES = {
    "updates": "bench.updates",
    "reads": "bench.reads",
    "rollup": "bench.rollup",
    "desk": "bench.desk",
    "reminders": "bench.reminders",
    "import": "bench.importing",
    "start": "bench.starting",
    "documents": "bench.documents",
    "workbooks": "bench.workbooks",
    "country": "bench.country",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What the service costs against bare limits.")
    parser.add_argument("measures", nargs="+", choices=[*MEASURES, "all"])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="one engine only; default both")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of load in each round")
    parser.add_argument("--small", action="store_true", help="a tenth of the data, to see that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    quiet()
    wanted = list(MEASURES) if "all" in given.measures else given.measures
    engines = (given.engine,) if given.engine else ("sqlite", "postgresql")
    figures: list[Figure] = []
    for name in wanted:
        started = time.monotonic()
        say(f"{name} …")
        with tempfile.TemporaryDirectory(prefix="khacphuc-bench-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)  # PostgreSQL runs as another user when this runs as root
            options = Options(Path(folder), engines, given.rounds, given.seconds, given.small)
            found: list[Figure] = importlib.import_module(MEASURES[name]).measure(options)
        show(f"{name} ({time.monotonic() - started:.0f} s, {os.cpu_count()} cores)", found)
        figures += found
    if given.json:
        write_json(given.json, figures)
    return 1 if any(one.met is False for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
