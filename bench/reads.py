"""Reads over HTTP against the rate of a bare FastAPI async route on the same server stack."""

from pathlib import Path
from typing import Any

from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM
from app.settings import ROOT
from bench import synthetic
from bench.common import MORNING, Figure, Options, Turns, say
from bench.serving import Server, bare, gets, khacphuc, run_load
from bench.stores import Store, database, on_each_engine

REAL = "soc-trang-2024"
READS = (
    ("summary of 48 tasks", "real", f"/api/v1/assessments/{REAL}/summary?by=agency", 0.12),
    ("list of 50 tasks", "made", "/api/v1/tasks?assessment=do-2024&limit=50", 0.07),
    ("projection of 48 tasks", "real", f"/api/v1/assessments/{REAL}/projection", 0.0),
)
"""What, whose key, path, least ratio. The real report has 48 tasks, so the list comes from a synthetic one of 64."""
LISTED = 64
MOST = 200_000


def measure(options: Options) -> list[Figure]:
    return on_each_engine(options, _measure)


def _measure(store: Store, options: Options) -> list[Figure]:
    url = store.create()
    keys = _prepare(url, LISTED)
    store.analyze(url)
    turns = {what: Turns() for what, *_ in READS}
    notes: dict[str, str] = {}
    with khacphuc(url, options.folder) as server, bare(options.folder) as limit:
        for _ in range(options.rounds):
            for what, whose, path, _least in READS:
                rate, _note = _rate(limit, gets("/bare", ""), options)
                ours, notes[what] = _rate(server, gets(path, keys[whose]), options)
                turns[what].ours.append(ours)
                turns[what].bare.append(rate)
                say(f"  {store.engine} {what}: {ours:.0f}/s of {rate:.0f}/s")
    bound = store.engine == "sqlite"  # the targets are the default engine's; PostgreSQL is reported
    return [
        turns[what].figure(what, store.engine, "/s", least=least if bound else 0, note=notes[what])
        for what, _, _, least in READS
    ]


def _prepare(url: str, size: int) -> dict[str, str]:
    """A coordinator's key for the real assessment and one for the synthetic one."""
    with database(url) as db, db.transaction() as connection:
        load_assessment(connection, SYSTEM, load_seed(Path(ROOT / "seeds" / REAL)), now=MORNING)
        synthetic.load(connection, "do", size, now=MORNING)
        return {
            whose: synthetic.make_key(connection, "coordinator", province, None, now=MORNING)
            for whose, province in (("real", "soc-trang"), ("made", "do"))
        }


def _rate(server: Server, connections: list[dict[str, Any]], options: Options) -> tuple[float, str]:
    load = run_load(server, connections, seconds=options.seconds / 2, most=MOST)
    assert load.errors == 0, load.first_error
    return load.rate, f"p99 {load.p99:.0f} ms"
