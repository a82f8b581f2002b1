"""What the server stands on fails under load and comes back: PostgreSQL, the way to it, its locks, disk, clock.

In each of these the same is asked for: every refusal says so in words (503), readiness goes false and comes back by
itself, no acknowledged update is lost, none is there twice, and scheduled jobs go on.
"""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from app import schema
from app.accounts import open_session
from app.models import accounts, events, seals
from bench.common import Figure, Options, say
from bench.faults import breaking
from bench.faults.backups import prove
from bench.faults.writing import Told, Writers, agencies_of, disagreements, send
from bench.serving import Server, free_port, process, serve_command, settings, wait_for
from bench.stores import Postgresql, Store, database, opened

COME_BACK = 90.0
"""Seconds after which whatever has not recovered counts as lost."""
HOUR = 3600


@dataclass
class Watch:
    """What readiness and a page said, asked again and again by somebody outside."""

    port: int
    cookie: str
    ready: list[tuple[float, int]] = field(default_factory=list)
    pages: Counter[int] = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Watch":
        self._threads = [threading.Thread(target=look) for look in (self._ask, self._look)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._over.wait(0.2):
            self.ready.append((time.monotonic(), send(self.port, "GET", "/readyz", "")[0]))

    def _look(self) -> None:
        while not self._over.wait(0.2):
            status, text = page(self.port, "/tasks", self.cookie)
            self.pages[status] += 1
            if status >= 500 and "ãy thử lại" not in text and "au đó hãy gửi lại" not in text:
                self.unclear.append(f"page {status} {text[:100]!r}")

    def was_ready(self, since: float) -> bool:
        return any(status == 200 for at, status in self.ready if at > since)

    def was_not_ready(self, since: float) -> bool:
        return any(status == 503 for at, status in self.ready if at > since)


@dataclass(slots=True)
class Run:
    """A running server under load. `notes` are what the scenario itself found."""

    url: str
    server: Server
    writers: Writers
    watch: Watch
    notes: list[str] = field(default_factory=list)

    def until(self, what: str, held: Callable[[], bool], seconds: float = COME_BACK) -> float:
        """Wait for it; how long that took. What does not come is noted."""
        began = time.monotonic()
        while not held():
            if time.monotonic() - began > seconds:
                self.notes.append(f"not within {seconds:.0f} s: {what}")
                break
            time.sleep(0.1)
        return time.monotonic() - began

    def until_not_ready(self) -> float:
        since = time.monotonic()
        return self.until("readiness false", lambda: self.watch.was_not_ready(since))

    def until_well(self) -> float:
        """Ready again, and everybody's updates go on."""
        since, done = time.monotonic(), self.writers.told.done
        self.until("ready again", lambda: self.watch.was_ready(since))
        self.until("updates go on", lambda: self.writers.told.done > done + 20)
        return time.monotonic() - since


Scenario = Callable[[Run, Store, Path], str]
"""Breaks something and mends it; says in words what was seen."""


def measure(options: Options) -> list[Figure]:
    figures = []
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            for name in SHORT if options.small else SCENARIOS[engine]:
                if name in SCENARIOS[engine]:
                    figures.append(SCENARIOS[engine][name](store, options.folder, not options.small))
    return figures


def on(
    name: str,
    scenario: Scenario,
    store: Store,
    url: str,
    home: Path,
    *,
    through: str = "",
    whole: bool = True,
    **how: str,
) -> Figure:
    """The scenario beside writers, readers and the scheduler. `through`: the address that the server is given instead;
    `whole` False does not wait for the next turn of the jobs, up to a minute."""
    agencies, port = agencies_of(url), free_port()
    with process(serve_command(port), home, settings(through or url, home) | how) as pid:
        wait_for(port, "/readyz", pid)
        with Watch(port, session_of(url)) as watch, Writers(port, agencies) as writers:
            run = Run(url, Server(port, pid), writers, watch)
            run.until("updates begin", lambda: writers.told.done > 50)
            seen = scenario(run, store, home)
        if whole:
            run.until("the scheduler goes on", lambda: sealed(url), 100)
    return _judged(name, store, run, seen)


def sealed(url: str) -> bool:
    """The job that seals the log runs each minute: by this it is seen to run."""
    with database(url) as db, db.snapshot() as connection:
        numbers = [connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (events, seals)]
    return numbers[0] == numbers[1]


def _judged(name: str, store: Store, run: Run, seen: str) -> Figure:
    told, watch = run.writers.told, run.watch
    problems = [*run.notes, *told.wrong[:3], *watch.unclear[:3], *disagreements(run.url, told)]
    if unexpected := set(told.statuses) - {"200", "412", "503"}:
        problems.append(f"answers {unexpected}")
    note = f"{seen}; {_listed(told)}, slowest {told.slowest:.0f} s"
    say(f"  {store.engine} {name}: {note} {'; '.join(problems)}")
    return Figure(
        name, store.engine, "updates", told.done, target="none lost or doubled", met=not problems,
        note="; ".join(problems)[:300] or note,
    )  # fmt: skip


def _listed(told: Told) -> str:
    return ", ".join(f"{status}: {times}" for status, times in sorted(told.statuses.items()))


def session_of(url: str) -> str:
    """A signed-in browser's cookie."""
    with database(url) as db, db.transaction() as connection:
        account = connection.execute(select(accounts.c.id).limit(1)).scalar_one()
        return f"khacphuc={open_session(connection, account, device='', now=datetime.now(UTC))}"


def page(port: int, path: str, cookie: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        try:
            connection.request("GET", path, headers={"Cookie": cookie})
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""


# PostgreSQL


def restarting(run: Run, store: Store, _home: Path) -> str:
    assert isinstance(store, Postgresql)
    breaking.stop_at_once(store)
    away = run.until_not_ready()
    time.sleep(3)
    breaking.start_again(store)
    return f"not ready after {away:.1f} s, well {run.until_well():.1f} s after the start"


def cutting(run: Run, _store: Store, _home: Path) -> str:
    for _ in range(5):
        breaking.cut_connections(run.url)
        time.sleep(0.3)
    return f"5 × every connection cut, well after {run.until_well():.1f} s"


def read_only(run: Run, _store: Store, _home: Path) -> str:
    with breaking.read_only(run.url):
        away = run.until_not_ready()
        time.sleep(1)
    return f"not ready after {away:.1f} s, well after {run.until_well():.1f} s"


def locked(run: Run, _store: Store, _home: Path) -> str:
    """Somebody else keeps what every request needs, for longer than anybody waits."""
    with closing(breaking.holding(run.url)):
        away = run.until_not_ready()
        time.sleep(15)
    return f"not ready after {away:.1f} s, well after {run.until_well():.1f} s"


def vanished(proxy: breaking.Proxy) -> Scenario:
    def scenario(run: Run, _store: Store, _home: Path) -> str:
        proxy.hold()
        away = run.until_not_ready()
        run.until("refusals", lambda: run.writers.told.statuses["503"] > 0)
        proxy.let_go()
        return f"not ready after {away:.1f} s, well {run.until_well():.1f} s after the way was open again"

    return scenario


def behind_a_proxy(store: Store, folder: Path, whole: bool = True) -> Figure:
    url = store.create()
    proxy, home = breaking.Proxy(url), folder / f"vanished-{store.engine}"
    home.mkdir()
    try:
        return on(
            "PostgreSQL's connections fall silent", vanished(proxy), store, url, home, through=proxy.url, whole=whole
        )
    finally:
        proxy.close()


# Disk and clock


def filling(disk: breaking.Disk) -> Scenario:
    def scenario(run: Run, _store: Store, _home: Path) -> str:
        with disk.full(run.server.pid):
            away = run.until_not_ready()
            refused = run.writers.told.statuses["503"]
            run.until("writes refused", lambda: run.writers.told.statuses["503"] > refused + 5)
            if send(run.server.port, "GET", "/healthz", "")[0] != 200:
                run.notes.append("no longer alive")
            if run.url.startswith("sqlite") and (status := prove(run.server.port, run.writers.agencies[0], 1)) != 503:
                run.notes.append(f"a document on the full disk answered {status}")
        return f"{disk.how}: not ready after {away:.1f} s, well after {run.until_well():.1f} s"

    return scenario


def on_a_small_disk(store: Store, folder: Path, whole: bool = True) -> Figure:
    """SQLite and evidence on it; of PostgreSQL the tables, so that its log has room and it lives."""
    with breaking.small_disk(folder / f"disk-{store.engine}", 64) as disk:
        if isinstance(store, Postgresql):
            return _tables_on(disk, store, folder, whole)
        url = f"sqlite:///{disk.folder / 'data' / 'khacphuc.db'}"
        (disk.folder / "data").mkdir()
        schema.upgrade(url)
        return on("the disk is full", filling(disk), store, url, disk.folder, whole=whole)


def _tables_on(disk: breaking.Disk, store: Postgresql, folder: Path, whole: bool) -> Figure:
    if disk.how != "tmpfs":
        return Figure("the disk is full", store.engine, "", 0, note="not tried: nothing may be mounted here")
    url = store.create_on(disk.folder)
    home = folder / "full-postgresql"
    home.mkdir()
    return on("the disk is full", filling(disk), store, url, home, whole=whole)


def jumping(clock: breaking.ShiftedClock) -> Scenario:
    def scenario(run: Run, _store: Store, _home: Path) -> str:
        for hours in (6, 0, 30, 6, -24):
            clock.set(hours * HOUR)
            run.until(f"updates at {hours:+} h", more(run.writers, 40), 20)
        return "by +6, −6, +30, −24 and −30 hours, and left there"

    return scenario


def more(writers: Writers, count: int) -> Callable[[], bool]:
    wanted = writers.told.done + count
    return lambda: writers.told.done >= wanted


def in_shifted_time(store: Store, folder: Path, whole: bool = True) -> Figure:
    if breaking.compiler() is None:
        return Figure("the clock jumps", store.engine, "", 0, note="not tried: no C compiler here")
    home = folder / f"clock-{store.engine}"
    home.mkdir()
    clock = breaking.ShiftedClock(home)
    return on("the clock jumps", jumping(clock), store, store.create(), home, whole=whole, **clock.environment)


def _plain(name: str, scenario: Scenario) -> "Whole":
    def run(store: Store, folder: Path, whole: bool = True) -> Figure:
        home = folder / f"{scenario.__name__}-{store.engine}"
        home.mkdir()
        return on(name, scenario, store, store.create(), home, whole=whole)

    return run


Whole = Callable[[Store, Path, bool], Figure]
SHORT = ("cut", "read-only", "full")
SCENARIOS: dict[str, dict[str, Whole]] = {
    "sqlite": {
        "locked": _plain("another process holds the database", locked),
        "full": on_a_small_disk,
        "clock": in_shifted_time,
    },
    "postgresql": {
        "restart": _plain("PostgreSQL crashes and starts", restarting),
        "cut": _plain("PostgreSQL's connections are cut", cutting),
        "locked": _plain("every connection waits for a lock", locked),
        "silent": behind_a_proxy,
        "read-only": _plain("PostgreSQL turns read-only", read_only),
        "full": on_a_small_disk,
        "clock": in_shifted_time,
    },
}
