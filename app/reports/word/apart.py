"""Filling in a template in a process of its own, which is stopped when it takes too long or too much."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.reports.word.rendering import Picture, TemplateFault, pack, unpack
from app.settings import ROOT

TRYING: Final = 3
"""Seconds of computing for one document while a template is tried. A report of 48 tasks takes a quarter of a second,
one of a thousand tasks 1.5."""
MOST_SECONDS: Final = 20
"""For all letters of a day together."""
MEMORY: Final = 1_500_000_000
"""Bytes of address space."""

_PATIENCE: Final = 4
"""How often longer it may take where others compute, too."""

Job = tuple[Mapping[str, Any], Mapping[str, Picture]]


def seconds_for(jobs: int) -> int:
    """To make so many documents; more than it took to try the template, for what grew since."""
    return min(MOST_SECONDS, 3 * TRYING + jobs)


def render_apart(template: bytes, jobs: Sequence[Job], *, made_at: datetime, seconds: int) -> list[bytes]:
    """One document for each job, in their order. Raises `TemplateFault`, also past `seconds` of computing or
    `MEMORY`."""
    command = [sys.executable, "-m", "app.reports.word.worker", str(seconds), str(MEMORY)]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    given = pack(template, jobs, made_at=made_at)
    try:
        done = subprocess.run(
            command,
            check=False,
            input=given,
            capture_output=True,
            timeout=seconds * _PATIENCE,
            env={**kept, "PYTHONPATH": str(ROOT)},
        )
    except subprocess.TimeoutExpired:
        raise _too_much(seconds) from None
    if done.returncode != 0:
        raise _too_much(seconds)
    return unpack(done.stdout)


def _too_much(seconds: int) -> TemplateFault:
    return TemplateFault(f"Mẫu này cần quá {seconds} giây hoặc quá nhiều bộ nhớ; hãy xem lại các vòng lặp {{% for %}}")
