"""Word: the report of 48 tasks and all urging letters, from the database to the file, against fixed bounds."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM, Actor
from app.db import Database
from app.reports.word import making, rendering, scaffold
from app.reports.word.apart import TRYING, render_apart
from app.settings import ROOT
from bench import synthetic
from bench.common import Figure, Options, say
from bench.stores import Store, database, on_each_engine

REAL = "soc-trang-2024"
JUNE = datetime(2025, 6, 24, 2, 0, tzinfo=UTC)
MOST = 2.0
"""Seconds."""
LONGEST = 3_000
"""Characters of a text in the report with long texts."""


def measure(options: Options) -> list[Figure]:
    return on_each_engine(options, _measure)


def _measure(store: Store, options: Options) -> list[Figure]:
    url = store.create()
    with database(url) as db:
        with db.transaction() as connection:
            load_assessment(connection, SYSTEM, load_seed(Path(ROOT / "seeds" / REAL)), now=JUNE)
            key = synthetic.make_key(connection, "coordinator", "soc-trang", None, now=JUNE)
            actor = synthetic.actor_of(connection, key)
        # The first one starts the process that draws charts, as after the start of a server.
        first = _seconds(lambda: _report(db, actor))
        say(f"  {store.engine} first report: {first:.2f} s")
        return [
            _bounded("first report of 48 tasks", store, first),
            _bounded("report of 48 tasks", store, _median(options, lambda: _report(db, actor))),
            _bounded("report of 48 tasks, long texts", store, _median(options, lambda: _long(db, actor))),
            _bounded("report from an edited template", store, _median(options, lambda: _edited(db, actor))),
            _bounded("all urging letters, zipped", store, _median(options, lambda: _letters(db, actor))),
        ]


def _gather(db: Database, gather: Callable[..., making.Material], actor: Actor) -> making.Material:
    with db.snapshot() as connection:
        return gather(connection, actor, REAL, now=JUNE)


def _report(db: Database, actor: Actor) -> Any:
    return making.make_report(_gather(db, making.gather_report, actor), made_at=JUNE)


def _letters(db: Database, actor: Actor) -> Any:
    return making.make_letters_zip(_gather(db, making.gather_letters, actor), made_at=JUNE)


def _long(db: Database, actor: Actor) -> Any:
    """As if every agency had written `LONGEST` characters into each of its four texts."""
    material = _gather(db, making.gather_report, actor)
    content, pictures = making.report_job(material.dossier)
    for agency in content["annex_agencies"]:
        for one in agency["criteria"]:
            one.update(dict.fromkeys(("reason", "progress", "remedy", "difficulties"), "dài " * (LONGEST // 4)))
            one["reported"] = True
    return rendering.render(material.template.content, content, pictures, made_at=JUNE)


def _edited(db: Database, actor: Actor) -> Any:
    """What people uploaded is filled in by a process of its own."""
    material = _gather(db, making.gather_report, actor)
    return render_apart(
        scaffold.make_template("report"), [making.report_job(material.dossier)], made_at=JUNE, seconds=TRYING
    )


def _median(options: Options, work: Callable[[], Any]) -> float:
    return statistics.median(_seconds(work) for _ in range(options.rounds))


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _bounded(what: str, store: Store, seconds: float) -> Figure:
    return Figure(what, store.engine, "s", seconds, target=f"< {MOST:g} s", met=seconds < MOST)
