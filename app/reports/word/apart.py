"""Filling in a template in a process of its own, which is stopped when it takes too long or too much."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.apart import run_apart
from app.reports.word.rendering import Picture, TemplateFault, pack, unpack
from app.settings import ROOT

TRYING: Final = 3
"""Seconds of computing for one document while a template is tried. A report of 48 tasks takes a quarter of a second,
one of a thousand tasks 1.5."""
MOST_SECONDS: Final = 20
"""For all letters of a day together."""
_WORKER: Final = Path(__file__).with_name("worker.py")
_PATIENCE: Final = 4
"""How often longer it may take where others compute, too."""

Job = tuple[Mapping[str, Any], Mapping[str, Picture]]


def seconds_for(jobs: int) -> int:
    """To make so many documents; more than it took to try the template, for what grew since."""
    return min(MOST_SECONDS, 3 * TRYING + jobs)


def render_apart(template: bytes, jobs: Sequence[Job], *, made_at: datetime, seconds: int) -> list[bytes]:
    """One document for each job, in their order. Raises `TemplateFault`, also past `seconds` of computing or
    its memory."""
    given = pack(template, jobs, made_at=made_at)
    made = run_apart(_WORKER, given=given, seconds=seconds, patience=_PATIENCE, path=[ROOT])
    if made is None:
        raise _too_much(seconds)
    return unpack(made)


def _too_much(seconds: int) -> TemplateFault:
    return TemplateFault(f"Mẫu này cần quá {seconds} giây hoặc quá nhiều bộ nhớ; hãy xem lại các vòng lặp {{% for %}}")
