"""`python -m bench.schema --cases 5000`: every operation as every role, for long, and what was found.

The same campaign as tests/campaigns/test_schema.py, with new requests each time. Exit 1 when anything was found.
"""

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.common import quiet, say
from tests.campaigns.test_schema import ROLES, Campaign, prepare
from tests.conftest import ENGINES, Engines

EXAMPLES = 3
"""Of each kind for each operation and role, before the database is made anew."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.schema", description="The API against its own OpenAPI.")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--cases", type=int, default=5_000, help="of all roles together")
    parser.add_argument("--seed", type=int, default=None, help="of the requests; default a new one")
    given = parser.parse_args()
    quiet()
    seed = random.randrange(10**9) if given.seed is None else given.seed
    folder = Path(tempfile.mkdtemp(prefix="khacphuc-schema-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when this runs as root
    engines = Engines(folder)
    started = time.monotonic()
    try:
        prepare(engines, given.engine)
        with contextlib.closing(Campaign(engines, given.engine)) as campaign:
            _run(campaign, given.cases, seed, started)
    finally:
        if engines.server is not None:
            engines.server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    _show(campaign, f"schema, {given.engine}, seed {seed}, {time.monotonic() - started:.0f} s")
    return 1 if campaign.findings else 0


def _run(campaign: Campaign, cases: int, seed: int, started: float) -> None:
    while campaign.cases.total() < cases:
        for role in ROLES:
            seed += 1
            campaign.run(role, examples=1 if role == "nobody" else EXAMPLES, chance=1_000 * seed)
        say(f"  {campaign.cases.total():,} cases, {time.monotonic() - started:.0f} s")


def _show(campaign: Campaign, title: str) -> None:
    table = Table("role", "cases", "2xx", "4xx", "5xx", "findings", title=title, box=box.MARKDOWN)
    for role in ROLES:
        kinds = Counter[int]()
        for (who, status), times in campaign.statuses.items():
            kinds[status // 100] += times if who == role else 0
        found = sum(one.role == role for one in campaign.findings.values())
        table.add_row(role, *(f"{count:,}" for count in (campaign.cases[role], *(kinds[n] for n in (2, 4, 5)), found)))
    Console(width=180).print(table)
    unseen = sorted({one.label for one in campaign.operations} - campaign.succeeded)
    print(f"operations: {len(campaign.operations)}; never seen to succeed: {', '.join(unseen) or 'none'}")
    for one in campaign.findings.values():
        print(f"\n{one.role}: {one.operation} → {one.status}, {one.times} times\n{one.what}\n{one.how}")


if __name__ == "__main__":
    sys.exit(main())
