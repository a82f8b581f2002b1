"""Opening the database for a command: the settings, the right clock, and a close at the end."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import SetupProblem
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.clock import Clock
    from app.db import Database


@dataclass(frozen=True, slots=True)
class Opened:
    """What a command works with. On a demo database `clock` and the folders of `settings` are the demo's."""

    settings: Settings
    db: "Database"
    clock: "Clock"


@contextlib.contextmanager
def opened() -> Iterator[Opened]:
    """The existing database that the settings name, at the schema of this code; `SetupProblem` otherwise."""
    from app import demo, schema
    from app.clock import Clock

    settings = load_settings()
    with database(settings) as db:
        with db.snapshot() as connection:
            schema.refuse_newer(schema.revision(connection))
        schema.require_current(db)
        with db.snapshot() as connection:
            clock = demo.clock_of(connection)
        if clock is not None:
            settings = demo.settings_for_demo(settings)
        yield Opened(settings, db, clock or Clock())


@contextlib.contextmanager
def database(settings: Settings, *, create: bool = False) -> Iterator["Database"]:
    """The database whatever its schema; a SQLite file that is not there is made only when `create` says so."""
    from sqlalchemy.exc import ArgumentError

    from app.db import open_database

    if not create:
        _require_file(settings)
    try:
        db = open_database(settings.url, pool_size=settings.pool_size)
    except (ArgumentError, ValueError):
        raise SetupProblem(
            "DATABASE_URL không đọc được; cần dạng sqlite:///đường-dẫn/tệp.db hoặc postgresql://người:mật-khẩu@máy/tên."
        ) from None
    with contextlib.closing(db):
        yield db


def _require_file(settings: Settings) -> None:
    if not is_there(settings):
        raise SetupProblem(
            f"Chưa có cơ sở dữ liệu {sqlite_file(settings)}. Hãy chạy: khacphuc migrate, hoặc kiểm tra DATABASE_URL."
        )


def is_there(settings: Settings) -> bool:
    """Whether opening the database would make no new file; a PostgreSQL server makes none."""
    path = sqlite_file(settings)
    return path is None or path.exists()


def sqlite_file(settings: Settings) -> Path | None:
    """The file of a SQLite database, None for PostgreSQL."""
    prefix = "sqlite:///"
    return Path(settings.url.removeprefix(prefix)) if settings.url.startswith(prefix) else None
