"""What the server stands on fails and comes back, in short; `python -m bench.faults services` takes PostgreSQL, disk
and clock away from a running server under load.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from app import room
from app.db import Database, doors, open_database
from app.db import engines as connecting
from app.errors import Busy, Unwritable
from app.models import day_overrides
from app.settings import ROOT
from bench.faults import breaking, services
from tests.campaigns.lent import Lent, broken
from tests.conftest import Client, Engines


def add(connection: Connection, day: date, note: str = "") -> None:
    connection.execute(insert(day_overrides).values(day=day, working=True, note=note))


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(day_overrides)).scalar_one()


def write(db: Database, fn: Any, *args: Any) -> Any:
    return asyncio.run(_call(db.write(fn, *args)))


def read(db: Database, fn: Any) -> Any:
    return asyncio.run(_call(db.read(fn)))


async def _call(waiting: Any) -> Any:
    return await waiting


@contextmanager
def opened(url: str) -> Iterator[Database]:
    with closing(open_database(url)) as db:
        yield db


@pytest.fixture
def url(engine: str, engines: Engines) -> Iterator[str]:
    made = engines.copy(engine, "migrated")
    yield made
    engines.drop(made)


@pytest.fixture
def postgresql(engines: Engines) -> Iterator[str]:
    made = engines.copy("postgresql", "migrated")
    yield made
    engines.drop(made)


def test_updates_go_on_when_every_connection_to_postgresql_is_cut(engines: Engines, tmp_path: Path) -> None:
    store = Lent("postgresql", engines)
    url = store.create()
    assert broken([services.on("cut", services.cutting, store, url, tmp_path, whole=False)]) == []
    store.drop(url)


def test_a_lock_of_somebody_else_is_waited_for_and_then_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "BUSY_MS", 100)
    with opened(url) as db, closing(breaking.holding(url)), pytest.raises(Busy, match="thử lại"):
        write(db, _touch_tasks)
    with opened(url) as db:
        write(db, add, date(2025, 1, 1))


def _touch_tasks(connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE task SET percent = 0")


def test_a_connection_that_fell_silent_is_given_up(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "ANSWER_SECONDS", 0.3)
    monkeypatch.setitem(connecting.ALIVE, "connect_timeout", 2)  # the least that libpq takes
    proxy = breaking.Proxy(postgresql)
    with closing(proxy), opened(proxy.url) as db:
        assert read(db, count) == 0
        proxy.hold()
        with pytest.raises(Busy):
            read(db, count)
        proxy.let_go()
        write(db, add, date(2025, 1, 1))
        assert read(db, count) == 1


def test_a_commit_without_an_answer_is_neither_repeated_nor_called_a_failure(postgresql: str) -> None:
    tried = []

    def cut_before_commit(connection: Connection) -> None:
        tried.append(1)
        add(connection, date(2025, 1, 1))
        breaking.cut_connections(postgresql)

    with opened(postgresql) as db:
        with pytest.raises(Busy, match="chưa rõ") as raised:
            write(db, cut_before_commit)
        assert raised.value.extra == {"written": "unknown"}
        assert tried == [1]
        assert read(db, count) == 0


def test_postgresql_that_turned_read_only_is_no_place_to_write(postgresql: str) -> None:
    with opened(postgresql) as db, breaking.read_only(postgresql):
        for act in ((add, date(2025, 1, 1)), (db.check_writable,)):
            with pytest.raises(Unwritable, match="chỉ cho đọc"):
                write(db, *act)
        assert read(db, count) == 0
    with opened(postgresql) as db:
        write(db, db.check_writable)


def test_a_full_disk_is_named_and_remembered_for_a_while(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    url = engines.copy("sqlite", "migrated")

    def too_much(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes the present size instead
        add(connection, date(2025, 1, 1), "x" * 2_000_000)

    with opened(url) as db:
        with pytest.raises(Unwritable, match="đã đầy"):
            write(db, too_much)
        with pytest.raises(Unwritable):
            write(db, db.check_writable)
        monkeypatch.setattr(doors, "CAUTION_SECONDS", 0.0)
        with pytest.raises(Unwritable):
            write(db, too_much)
        write(db, db.check_writable)
        assert read(db, count) == 0
    engines.drop(url)


def test_readiness_falls_where_nothing_can_be_written(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.http.get("/readyz").status_code == 200

    def refuse(folder: Path) -> None:
        raise room.refused(folder, OSError(28, "No space left on device"))

    monkeypatch.setattr(room, "check", refuse)
    answer = client.http.get("/readyz")
    assert answer.status_code == 503
    assert "hết dung lượng đĩa" in answer.json()["storage"]


def test_room_is_tried_out_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room.check(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Unwritable, match="không có tệp hoặc thư mục"):
        room.check(tmp_path / "gone")


def test_what_waited_too_long_for_its_turn_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "QUEUE_SECONDS", -1.0)
    with opened(url) as db:
        with pytest.raises(Busy):
            write(db, add, date(2025, 1, 1))
        monkeypatch.undo()
        assert read(db, count) == 0


JUMPING = """
import sys, threading
from pathlib import Path
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from app import scheduler
from app.clock import Clock
from bench.faults.breaking import ShiftedClock
turns, clock = threading.Semaphore(0), ShiftedClock(Path(sys.argv[1]))
began = datetime.now(UTC)
scheduler.MINDED = 0.1
scheduler.JOBS = (scheduler.Job("turn", lambda _context: turns.release(), seconds=0.05),)
stop = scheduler.start(None, None, Clock())
assert turns.acquire(timeout=20)
clock.set(-24 * 3600)
assert datetime.now(UTC) < began - timedelta(hours=23), "the clock did not jump"
for _ in range(3):
    assert turns.acquire(timeout=20), "no turn after the clock was set back"
stop()
"""


@pytest.mark.skipif(breaking.compiler() is None, reason="needs a C compiler to shift a process's clock")
def test_jobs_go_on_when_the_clock_is_set_back_by_a_day(tmp_path: Path) -> None:
    clock = breaking.ShiftedClock(tmp_path)
    subprocess.run(
        [sys.executable, "-c", JUMPING, str(tmp_path)], cwd=ROOT, env=os.environ | clock.environment, check=True
    )
