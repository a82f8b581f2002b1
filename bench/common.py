"""What every measure shares: figures, rounds that take turns, the table."""

import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich import box
from rich.console import Console
from rich.table import Table

MORNING = datetime(2025, 6, 10, 2, 0, tzinfo=UTC)
"""Tuesday 10/06/2025, 09:00 in Vietnam: a working hour, three weeks before the deadline of the synthetic reports."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long to measure. Every measure is bounded by both `seconds` and a number of requests or repetitions."""

    folder: Path
    engines: tuple[str, ...]
    rounds: int
    seconds: float
    small: bool
    """A tenth of the data, to see that the measures run; figures of such a run say nothing."""

    def size(self, full: int) -> int:
        return full // 10 if self.small else full


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `met` is None where there is no target."""

    what: str
    engine: str
    unit: str
    ours: float
    bare: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""


@dataclass(slots=True)
class Turns:
    """What was measured, round by round: ours and bare in the same moment, so that noise of the machine hits both."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' own ratios."""
        return statistics.median(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))

    def figure(self, what: str, engine: str, unit: str, *, least: float, note: str = "") -> Figure:
        """For rates: the ratio ought to be at least `least`; 0 only reports."""
        return Figure(
            what,
            engine,
            unit,
            statistics.median(self.ours),
            statistics.median(self.bare),
            self.ratio,
            f"≥ {least:.0%}" if least else "",
            self.ratio >= least if least else None,
            note,
        )

    def bounded(self, what: str, engine: str, *, times: float, plus: float, note: str = "") -> Figure:
        """For milliseconds: ours ought to stay within `times` × bare + `plus` in the median round."""
        over = statistics.median(ours - times * bare - plus for ours, bare in zip(self.ours, self.bare, strict=True))
        target = f"≤ {times:g}×" + (f" + {plus:g} ms" if plus else "")
        ours, bare = statistics.median(self.ours), statistics.median(self.bare)
        return Figure(what, engine, "ms", ours, bare, self.ratio, target, over <= 0, note)


def take_turns(rounds: int, ours: Callable[[], float], bare: Callable[[], float]) -> Turns:
    """Call both in every round, each going first in every other one."""
    turns = Turns()
    for index in range(rounds):
        if index % 2:
            turns.bare.append(bare())
            turns.ours.append(ours())
        else:
            turns.ours.append(ours())
            turns.bare.append(bare())
    return turns


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def quiet() -> None:
    """The application's own log says nothing below a warning: the output is for the tables."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def say(line: str) -> None:
    """Progress goes to stderr, so that the tables can be kept."""
    print(line, file=sys.stderr, flush=True)


def show(title: str, figures: Sequence[Figure]) -> None:
    table = Table("what", "engine", title=title, box=box.MARKDOWN, title_justify="left")
    for name in ("ours", "bare", "ratio", "target", "met", "note"):
        table.add_column(name, justify="right" if name in ("ours", "bare", "ratio") else "left")
    for one in figures:
        ratio = "" if one.ratio is None else f"{one.ratio:.3f}" if one.ratio < 1 else f"{one.ratio:.2f}"
        met = "" if one.met is None else "yes" if one.met else "NO"
        bare = "" if one.bare is None else _amount(one.bare, one.unit)
        table.add_row(one.what, one.engine, _amount(one.ours, one.unit), bare, ratio, one.target, met, one.note)
    Console(width=180).print(table)


def write_json(path: Path, figures: Sequence[Figure]) -> None:
    path.write_text(json.dumps([asdict(one) for one in figures], ensure_ascii=False, indent=2) + "\n", "utf-8")


def _amount(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"
