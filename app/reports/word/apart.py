"""Filling in a template in a process of its own, which is stopped when it takes too long or too much."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.reports.word.rendering import Picture, TemplateFault, pack, unpack
from app.settings import ROOT

SECONDS: Final = 20
MEMORY: Final = 1_500_000_000
"""Bytes of address space."""

Job = tuple[Mapping[str, Any], Mapping[str, Picture]]


def render_apart(template: bytes, jobs: Sequence[Job], *, made_at: datetime, seconds: int = SECONDS) -> list[bytes]:
    """One document for each job, in their order. Raises `TemplateFault`, also past `seconds` or `MEMORY`."""
    command = [sys.executable, "-m", "app.reports.word.worker", str(seconds), str(MEMORY)]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    given = pack(template, jobs, made_at=made_at)
    try:
        done = subprocess.run(
            command,
            check=False,
            input=given,
            capture_output=True,
            timeout=seconds * 2,
            env={**kept, "PYTHONPATH": str(ROOT)},
        )
    except subprocess.TimeoutExpired:
        raise _too_much(seconds) from None
    if done.returncode != 0:
        raise _too_much(seconds)
    return unpack(done.stdout)


def _too_much(seconds: int) -> TemplateFault:
    return TemplateFault(f"Mẫu này cần quá {seconds} giây hoặc quá nhiều bộ nhớ; hãy xem lại các vòng lặp {{% for %}}")
