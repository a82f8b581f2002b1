"""An assessment of 10 000 criteria loaded with tasks and log, against the bare inserts of the same rows."""

import contextlib
from typing import Any

import yaml

from app.assessments.load import load_assessment
from app.assessments.seedfile import Seed, load_seed
from app.core.access import SYSTEM
from app.models import (
    agencies,
    assessments,
    criteria,
    events,
    fields,
    provinces,
    task_cooperators,
    tasks,
)
from bench import synthetic
from bench.common import MORNING, Figure, Options, milliseconds, say, take_turns
from bench.stores import Store, database, opened

CRITERIA = 10_000
TIMES = 3
TABLES = (provinces, agencies, assessments, fields, criteria, tasks, task_cooperators, events)
"""Everything that the load fills, parents first."""


def measure(options: Options) -> list[Figure]:
    figures = [_reading(options)]
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            figures.append(_loading(store, options))
    return figures


def _reading(options: Options) -> Figure:
    file = options.folder / "seed.yaml"
    data = synthetic.seed_data("do", options.size(CRITERIA))
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    file.write_text(yaml.dump(data, Dumper=dumper, allow_unicode=True, sort_keys=False), "utf-8")
    seconds = milliseconds(lambda: load_seed(file)) / 1000
    return Figure(f"read and check a seed of {options.size(CRITERIA)} criteria", "", "s", seconds)


def _loading(store: Store, options: Options) -> Figure:
    seed = Seed.model_validate(synthetic.seed_data("do", options.size(CRITERIA)))
    empty = store.create()
    filled = store.copy(empty)
    load(filled, seed)
    rows = read_rows(store, filled)
    count = sum(len(values) for _, values in rows)

    def ours() -> float:
        url = store.copy(empty)
        return load(url, seed)

    def bare() -> float:
        url = store.copy(empty)
        with contextlib.closing(store.connect(url)) as connection:
            return milliseconds(lambda: _insert(store, connection, rows))

    turns = take_turns(options.rounds, ours, bare)
    say(f"  {store.engine}: {count} rows")
    what = f"import of {options.size(CRITERIA)} criteria"
    return turns.bounded(what, store.engine, times=TIMES, plus=0, note=f"{count} rows")


def load(url: str, seed: Seed) -> float:
    """Milliseconds from a seed in memory to the commit."""

    def work() -> None:
        with db.transaction() as connection:
            load_assessment(connection, SYSTEM, seed, now=MORNING)

    with database(url) as db:
        return milliseconds(work)


def read_rows(store: Store, url: str) -> list[tuple[str, list[Any]]]:
    """(INSERT statement, rows) for every table, as the driver knows them: no type is converted on the way back."""
    found = []
    with contextlib.closing(store.connect(url)) as connection:
        for table in TABLES:
            names = [column.name for column in table.columns]
            listed = ", ".join(f'"{name}"' for name in names)
            rows = connection.execute(f'SELECT {listed} FROM "{table.name}"').fetchall()
            found.append((store.insert(table.name, names), [store.writable(row) for row in rows]))
    return found


def _insert(store: Store, connection: Any, rows: list[tuple[str, list[Any]]]) -> None:
    with store.transaction(connection) as cursor:
        for statement, values in rows:
            cursor.executemany(statement, values)
