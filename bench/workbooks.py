"""Excel: the summary of 10 000 tasks, an agency's round trip, an assessment of 10 000 criteria read from a workbook,
from the database to the bytes and back, against fixed bounds."""

import io
import statistics
import time
from collections.abc import Callable
from typing import Any

from openpyxl import load_workbook

from app.core.access import SYSTEM, Actor
from app.db import Database
from app.reports.excel import summary
from app.reports.excel.assessment import importing
from app.reports.excel.assessment import template as assessment_template
from app.reports.excel.roundtrip import carrying, marking, template
from app.reports.excel.roundtrip.filled import read_filled
from app.reports.excel.roundtrip.layout import FIRST, REPORTS, report_column
from app.reports.excel.sheets import Fault
from bench import synthetic
from bench.common import MORNING, Figure, Options, say
from bench.stores import Store, database, opened

TASKS = 10_000
MOST = 3.0
"""Seconds."""
CODE = "do-2024"


def measure(options: Options) -> list[Figure]:
    figures = [_reading(options)]
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            figures += _measure(store, options)
    return figures


def _reading(options: Options) -> Figure:
    """Not part of the target: a province has some fifty criteria."""
    size = options.size(TASKS)
    content = assessment_template.write_template(synthetic.seed_data("do", size), now=MORNING)
    seconds = _median(options, lambda: importing.read_draft(content, "do.xlsx"))
    return Figure(f"read and check a workbook of {size} criteria", "", "s", seconds, note=f"{len(content) // 1000} kB")


def _measure(store: Store, options: Options) -> list[Figure]:
    url, size = store.create(), options.size(TASKS)
    with database(url) as db, db.transaction() as connection:
        synthetic.load(connection, "do", size, now=MORNING)
        key = synthetic.make_key(connection, "agency", "do", synthetic.agency_code(2), now=MORNING)
    store.analyze(url)
    with database(url) as db:
        with db.snapshot() as connection:
            agency = synthetic.actor_of(connection, key)
        made = _median(options, lambda: _summary(db))
        say(f"  {store.engine} summary: {made:.2f} s")
        content = _template(db, agency)
        filled = _fill(content)
        own = sum(1 for _ in load_workbook(io.BytesIO(content))[REPORTS].iter_rows(min_row=FIRST + 1))
        times = {
            f"summary workbook of {size} tasks": made,
            f"template of an agency's {own} tasks": _median(options, lambda: _template(db, agency)),
            f"preview of {own} changed tasks": _median(options, lambda: _preview(db, agency, filled)),
            f"the same, marked, with {own} faults": _median(options, lambda: _marked(db, agency, filled)),
        }
    return [_bounded(what, store, seconds) for what, seconds in times.items()]


def _bounded(what: str, store: Store, seconds: float) -> Figure:
    return Figure(what, store.engine, "s", seconds, target=f"≤ {MOST:g} s", met=seconds <= MOST)


def _summary(db: Database) -> bytes:
    with db.snapshot() as connection:
        found = summary.gather(connection, SYSTEM, CODE, now=MORNING)
    return summary.write_summary(found, now=MORNING)


def _template(db: Database, actor: Actor) -> bytes:
    with db.snapshot() as connection:
        found = template.gather_template(connection, actor, CODE, now=MORNING)
    return template.write_template(found, now=MORNING)


def _fill(content: bytes) -> bytes:
    book = load_workbook(io.BytesIO(content))
    for cells in book[REPORTS].iter_rows(min_row=FIRST + 1):
        cells[report_column("progress")].value = "Đã rà soát, đang hoàn thiện hồ sơ trình phê duyệt. " * 5
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _preview(db: Database, actor: Actor, content: bytes) -> carrying.Result:
    filled = read_filled(content, "do.xlsx")
    with db.transaction() as connection:
        return carrying.preview(connection, actor, filled, now=MORNING)


def _marked(db: Database, actor: Actor, content: bytes) -> bytes:
    filled = read_filled(content, "do.xlsx")
    with db.transaction() as connection:
        found = carrying.preview(connection, actor, filled, now=MORNING)
    found.faults = [Fault(REPORTS, row.place.row, report_column("progress"), "thử") for row in filled.rows]
    return marking.mark(content, filled, found)


def _median(options: Options, work: Callable[[], Any]) -> float:
    return statistics.median(_seconds(work) for _ in range(options.rounds))


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
