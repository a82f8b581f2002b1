"""`python -m bench.faults CAMPAIGN…`: run campaigns, print their tables, exit 1 when a promise was broken."""

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.common import Figure, Options, quiet, say, show, write_json

CAMPAIGNS = {
    "senders": "bench.faults.senders",
    "smtp": "bench.faults.smtp",
    "kills": "bench.faults.kills",
    "soak": "bench.faults.soak",
    "services": "bench.faults.services",
    "deploying": "bench.faults.deploying",
    "backups": "bench.faults.backups",
    "edges": "bench.faults.edges",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description="Faults, and what is left after them.")
    parser.add_argument("campaigns", nargs="+", choices=[*CAMPAIGNS, "all"])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="one engine only; default both")
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes, to see that everything runs")
    parser.add_argument("--kills", type=int, help="how often `kills` kills the server; default 1 000, short 4")
    parser.add_argument("--minutes", type=float, help="how long `soak` lasts; default 10, short 0.2")
    parser.add_argument("--rate", type=float, help="requests a second of `soak`; default 100")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    quiet()
    sizes = {name: value for name in ("kills", "minutes", "rate") if (value := getattr(given, name)) is not None}
    engines = (given.engine,) if given.engine else ("sqlite", "postgresql")
    figures: list[Figure] = []
    for name in list(CAMPAIGNS) if "all" in given.campaigns else given.campaigns:
        figures += _run(name, engines, short=given.short, sizes=sizes)
    if given.json:
        write_json(given.json, figures)
    return 1 if any(one.met is False for one in figures) else 0


def _run(name: str, engines: tuple[str, ...], *, short: bool, sizes: dict[str, float]) -> list[Figure]:
    started = time.monotonic()
    say(f"{name} …")
    with tempfile.TemporaryDirectory(prefix="khacphuc-faults-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when this runs as root
        options = Options(Path(folder), engines, 1, 1.0, short)
        campaign = importlib.import_module(CAMPAIGNS[name])
        own = {key: value for key, value in sizes.items() if key.upper() in vars(campaign)}
        found: list[Figure] = campaign.measure(options, **own)
    show(f"{name} ({time.monotonic() - started:.0f} s, {os.cpu_count()} cores)", found)
    return found


if __name__ == "__main__":
    sys.exit(main())
