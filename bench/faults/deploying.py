"""Deploying: replicas that start together, migrations that fail half-way or are killed, upgrades of old data.

Every figure is a count of what was tried beside a count of what held.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from alembic import command as alembic
from alembic.config import Config
from sqlalchemy import Engine, event, func, inspect, select, text

from app import schema
from app.models import accounts, assessments
from app.settings import ROOT
from bench.common import Figure, Options, say
from bench.faults import filled
from bench.faults.schemas import columns_of, contents, copy_rows, describe, engine_of, exactly, rows_at
from bench.serving import free_port, process, request, serve_command, settings, wait_for
from bench.stores import Store, opened

REPLICAS = 4
REVISIONS = tuple(sorted(schema.known_revisions()))


def measure(options: Options) -> list[Figure]:
    figures = []
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            figures += _measure(store, options)
    return figures


def _measure(store: Store, options: Options) -> Iterator[Figure]:
    every = 12 if options.small else 1
    full = store.create()
    filled.fill(full)
    if store.engine == "postgresql":
        for before in (None, REVISIONS[0]):
            yield starting_together(store, options.folder, full, before)
    for target in REVISIONS:
        yield failing_at_each_step(store, full, target, every=every)
        yield killed_at_some_steps(store, full, target, times=1 if options.small else 5)
    for before in REVISIONS[:-1]:
        yield upgrading(store, full, before)
    if store.engine == "sqlite":
        yield altering_parents(store, full, options.folder)
    yield facing_newer(store, full, options.folder)


# Together


def starting_together(store: Store, folder: Path, full: str, before: str | None) -> Figure:
    """Replicas started at once, with the seed as the container has it: one migrates, one loads, all become ready."""
    url = at_revision(store, full, before) if before else store.create(migrated=False)
    log = folder / f"together-{before or 'nothing'}"
    log.mkdir()
    with told_of_tables(store, folder) as made:
        ready = _start_all(url, log)
    lines = "".join(path.read_text("utf-8") for path in log.glob("*/server.log"))
    migrated = lines.count(f"lên phiên bản {schema.HEAD}") if before else made()
    seeded = lines.count("Đã nạp kỳ đánh giá")
    with engine_of(url).connect() as connection:
        loaded = connection.execute(select(func.count()).select_from(assessments)).scalar_one()
        names = connection.execute(select(func.count(accounts.c.name.distinct()), func.count())).one()
    held = migrated == 1 and loaded == 1 and names[0] == names[1] and seeded == (0 if before else 1)
    store.drop(url)
    return Figure(
        f"{REPLICAS} replicas start at once on {before or 'nothing'}: ready", store.engine, "replicas", ready,
        target=f"= {REPLICAS}, one migration", met=held and ready == REPLICAS,
        note=f"{migrated} migrated, {seeded} loaded the seed",
    )  # fmt: skip


@contextlib.contextmanager
def told_of_tables(store: Store, folder: Path) -> Iterator[Callable[[], int]]:
    """How often the table of the seals was made in the block, by PostgreSQL's own log."""
    log, made = folder / "pg" / "log", "CREATE TABLE seal ("
    with contextlib.closing(store.connect(store.create())) as admin:
        admin.execute("ALTER SYSTEM SET log_statement = 'ddl'")
        admin.execute("SELECT pg_reload_conf()")
        before = log.read_text("utf-8", "replace").count(made)
        yield lambda: log.read_text("utf-8", "replace").count(made) - before
        admin.execute("ALTER SYSTEM RESET log_statement")
        admin.execute("SELECT pg_reload_conf()")


def _start_all(url: str, folder: Path) -> int:
    with contextlib.ExitStack() as running:
        started = []
        for number in range(REPLICAS):
            home, port = folder / str(number), free_port()
            home.mkdir()
            serve = [*serve_command(port), "--seed", str(ROOT / "seeds" / "soc-trang-2024")]
            started.append((port, running.enter_context(process(serve, home, settings(url, home)))))
        for port, pid in started:
            wait_for(port, "/healthz", pid)
        return sum(request(port, "GET", "/readyz", "") == 200 for port, _pid in started)


# Failing


def failing_at_each_step(store: Store, full: str, target: str, *, every: int = 1) -> Figure:
    """A failure before each statement of the migration, there and back: schema and rows stay as they were."""
    tried, changed = 0, []
    for way, start, work in _ways(store, full, target):
        url = start()
        before = exactly(url)
        for step in _steps(store, start, work, every):
            tried += 1
            with contextlib.suppress(Broken), failing_before(step):
                work(url)
                changed.append(f"{way} {step} did not fail")
            if exactly(url) != before:
                changed.append(f"{way} {step}")
        work(url)  # and without the failure it goes through
        store.drop(url)
    return _intact(f"{target} fails before each of its statements: untouched", store, tried, changed)


def killed_at_some_steps(store: Store, full: str, target: str, *, times: int) -> Figure:
    """kill -9 within the migration, in a process of its own."""
    tried, changed = 0, []
    way, start, work = next(iter(_ways(store, full, target)))
    url = start()
    before = exactly(url)
    steps = _count(store, start, work)
    for step in sorted({1 + steps * n // times for n in range(times)}):
        tried += 1
        command = [sys.executable, "-c", KILLED, url, target, str(step)]
        ended = subprocess.run(command, cwd=ROOT, timeout=60, check=False)
        if ended.returncode != -signal.SIGKILL or exactly(url) != before:
            changed.append(f"{way} {step}")
    work(url)
    store.drop(url)
    return _intact(f"{target} killed at some of its statements: untouched", store, tried, changed)


KILLED = """
import sys
from app import schema
from bench.faults.deploying import killed_before
url, target, step = sys.argv[1:]
with killed_before(int(step)):
    schema.upgrade(url, target)
"""


class Broken(Exception):
    """What the campaign breaks a migration with."""


@contextlib.contextmanager
def failing_before(step: int) -> Iterator[list[int]]:
    """Raise instead of running the statement number `step` of any connection; 0 only counts."""

    def fail() -> None:
        raise Broken

    with _counting(step, fail) as count:
        yield count


@contextlib.contextmanager
def killed_before(step: int) -> Iterator[list[int]]:
    with _counting(step, lambda: os.kill(os.getpid(), signal.SIGKILL)) as count:
        yield count


@contextlib.contextmanager
def _counting(step: int, then: Any) -> Iterator[list[int]]:
    count = [0]

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("BEGIN", "SELECT pg_catalog", "PRAGMA main.table_", "PRAGMA temp.")):
            return  # looking around changes nothing
        count[0] += 1
        if count[0] == step:
            then()

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", before)


def _ways(store: Store, full: str, target: str) -> Iterator[tuple[str, Any, Any]]:
    """Up to `target` from the revision before with data in it, and down again."""
    index = REVISIONS.index(target)
    before = REVISIONS[index - 1] if index else None
    yield (
        "up",
        lambda: at_revision(store, full, before) if before else store.create(migrated=False),
        lambda url: schema.upgrade(url, target),
    )
    yield "down", lambda: at_revision(store, full, target), lambda url: schema.downgrade(url, before or "base")


def _steps(store: Store, start: Any, work: Any, every: int) -> Sequence[int]:
    """The first, the last, and every so many in between."""
    last = _count(store, start, work)
    return sorted({1, last, *range(1, last + 1, every)})


def _count(store: Store, start: Any, work: Any) -> int:
    url = start()
    with failing_before(0) as count:
        work(url)
    store.drop(url)
    return count[0]


def _intact(what: str, store: Store, tried: int, changed: Sequence[str]) -> Figure:
    note = f"changed by {', '.join(changed[:5])}" if changed else ""
    say(f"  {store.engine} {what}: {tried - len(changed)} of {tried}")
    return Figure(what, store.engine, "times", tried - len(changed), target=f"= {tried}", met=not changed, note=note)


# Upgrading


def at_revision(store: Store, full: str, revision: str) -> str:
    """A database made by the migrations up to `revision`, with the rows of a full one as far as it knows them."""
    url = store.create(migrated=False)
    schema.upgrade(url, revision)
    copy_rows(full, url)
    return url


def upgrading(store: Store, full: str, before: str) -> Figure:
    """From an earlier migration with data in every table: no row or value is lost, the schema is that of a new one."""
    url, new = at_revision(store, full, before), store.create()
    later = columns_of(new)
    known = {name: [one for one in columns if one in later[name]] for name, columns in columns_of(url).items()}
    rows = rows_at(url, known)
    schema.upgrade(url)
    kept = sum(content.rows for name, content in rows_at(url, known).items() if content == rows[name])
    same = describe(url) == describe(new)
    everything, empty = sum(one.rows for one in rows.values()), [name for name, one in rows.items() if not one.rows]
    for one in (url, new):
        store.drop(one)
    return Figure(
        f"upgrade from {before} with data: rows kept", store.engine, "rows", kept,
        target=f"= {everything}, schema as new", met=kept == everything and same and not empty,
        note=f"{len(rows)} tables" + ("" if same else "; the schema differs") + (f"; empty: {empty}" if empty else ""),
    )  # fmt: skip


ALTERING = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None
def upgrade():
    for name in {parents!r}:
        with op.batch_alter_table(name, recreate="always"):
            pass
def downgrade():
    pass
"""


def altering_parents(store: Store, full: str, folder: Path) -> Figure:
    """SQLite makes a new table to alter one: every table that others refer to is made anew, none loses its children."""
    url = at_revision(store, full, schema.HEAD)
    with engine_of(url).connect() as connection:
        inspector = inspect(connection)
        keys = [key for name in inspector.get_table_names() for key in inspector.get_foreign_keys(name)]
    parents = sorted({key["referred_table"] for key in keys})
    before, looked = contents(url), describe(url)
    _run_extra(url, folder, ALTERING.format(head=schema.HEAD, parents=parents))
    kept = sum(content.rows for name, content in contents(url).items() if content == before[name])
    after = describe(url)
    store.drop(url)
    total = sum(one.rows for one in before.values())
    return Figure(
        "every parent altered in a batch: rows kept", store.engine, "rows", kept,
        target=f"= {total}, schema too", met=kept == total and after == looked, note=f"{len(parents)} parents",
    )  # fmt: skip


def _run_extra(url: str, folder: Path, source: str) -> None:
    """A migration after the newest, as the next one will be run."""
    (folder / "extra").mkdir()
    (folder / "extra" / "9999_extra.py").write_text(source)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = url
    config.set_main_option("path_separator", "space")
    config.set_main_option("version_locations", f"{ROOT / 'migrations' / 'versions'} {folder / 'extra'}")
    alembic.upgrade(config, "head")


# Newer


def facing_newer(store: Store, full: str, folder: Path) -> Figure:
    """An old program beside a newer schema: the running replica is not ready any more, a new start is refused."""
    url, home, port = store.copy(full), folder / f"newer-{store.engine}", free_port()
    home.mkdir()
    with process(serve_command(port), home, settings(url, home)) as pid:
        wait_for(port, "/healthz", pid)
        first = request(port, "GET", "/readyz", "")
        with engine_of(url).begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        then = request(port, "GET", "/readyz", "")
    refused = subprocess.run(
        serve_command(free_port()), cwd=ROOT, env=os.environ | settings(url, home), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    told = refused.stderr.strip()
    store.drop(url)
    return Figure(
        "an older program beside a newer schema: readiness", store.engine, "status", then, target="503, start refused",
        met=(first, then, refused.returncode) == (200, 503, 1) and "9999" in told and "\n" not in told, note=told[:90],
    )  # fmt: skip
