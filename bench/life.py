"""`python -m bench.life --steps 10000`: long courses of the task's life beside its model, and what they came to.

The same machine as tests/campaigns/test_life.py, with new courses each time. Exit 1 on the first disagreement, which is
printed with the shortest course that leads to it.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.common import quiet, say
from tests.campaigns.test_life import Stage, run_courses
from tests.conftest import ENGINES, Engines

EXAMPLES = 20
"""Courses between two looks at the clock."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.life", description="The task's life beside a model of it.")
    parser.add_argument("--engine", choices=ENGINES, help="one engine only; default both")
    parser.add_argument("--steps", type=int, default=10_000, help="on each engine")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="the most for each engine; fewer steps than asked for are a finding"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the courses; default a new one")
    given = parser.parse_args()
    quiet()
    seed = random.randrange(10**9) if given.seed is None else given.seed
    table = Table("engine", "steps", "courses", "seconds", "findings", title=f"life, seed {seed}", box=box.MARKDOWN)
    outcomes: Counter[str] = Counter()
    found = 0
    for engine in (given.engine,) if given.engine else ENGINES:
        say(f"{engine} …")
        stage, seconds, problem = _run(engine, given.steps, given.minutes, seed)
        found += problem is not None
        table.add_row(engine, f"{stage.steps:,}", str(stage.examples), f"{seconds:.0f}", problem or "none")
        outcomes += stage.outcomes
    Console(width=180).print(table)
    tally = Table("what was tried", "outcome", "times", box=box.MARKDOWN)
    for said, times in sorted(outcomes.items(), key=lambda item: (item[0].partition(":")[0], -item[1])):
        tally.add_row(*said.split(": "), f"{times:,}")
    Console(width=180).print(tally)
    return 1 if found else 0


def _run(engine: str, steps: int, minutes: float, seed: int) -> tuple[Stage, float, str | None]:
    folder = Path(tempfile.mkdtemp(prefix="khacphuc-life-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when this runs as root
    engines = Engines(folder)
    started = time.monotonic()
    try:
        stage = Stage(engines, engine)
        while stage.steps < steps and time.monotonic() - started < 60 * minutes:
            seed += 1
            run_courses(stage, examples=EXAMPLES, chance=seed)
            say(f"  {stage.steps:,} steps, {time.monotonic() - started:.0f} s")
        short = f"only {stage.steps:,} of {steps:,} steps in time" if stage.steps < steps else None
        return stage, time.monotonic() - started, short
    except Exception as error:  # whatever it is, it is what the campaign was looking for
        traceback.print_exc()
        return stage, time.monotonic() - started, f"{type(error).__name__}: {error}"[:300]
    finally:
        if engines.server is not None:
            engines.server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
