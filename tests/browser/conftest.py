"""A real server with the real 2024 data, and a real Chromium that reports whatever a page complains about."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.accounts import open_session
from app.clock import Clock
from app.db import open_database
from app.main import create_app
from app.settings import Settings
from tests.conftest import Engines, World
from tests.programs import CHROMIUM, require

JUNE = datetime(2025, 6, 24, 2, 0, tzinfo=UTC)
"""Tuesday 24/06/2025, 09:00 in Sóc Trăng: a week before the deadline."""
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 780}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(slots=True)
class Site:
    """The server's address, its world, and browsers signed in to it. `complaints` collects what pages say on the
    console: a violated content policy, a script error, a file that is not there."""

    address: str
    world: World
    browser: Browser
    folder: Path
    complaints: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, who: str | None = None, size: dict[str, int] = DESKTOP, **options: Any) -> Page:
        """A new browser window, signed in as a role or agency."""
        context = self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale="vi-VN",
            base_url=self.address,
            accept_downloads=True,
            **options,
        )
        self._contexts.append(context)
        if who is not None:
            context.add_cookies([{"name": "khacphuc", "value": self._token(who), "url": self.address}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _token(self, who: str) -> str:
        account = self.world.actor(who).account_id
        assert account is not None
        with self.world.db.transaction() as connection:
            return open_session(connection, account, device="Chromium", now=self.world.now)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one module only: while Playwright runs, no other test in this process may start an event loop."""
    path = require(CHROMIUM, "Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def site(chromium: Browser, engines: Engines, tmp_path: Path) -> Iterator[Site]:
    """On SQLite: what differs between the engines is tested below the pages. Fails when a page complained."""
    url = engines.copy("sqlite", "seeded")
    with contextlib.closing(open_database(url)) as db, _listening() as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(data_dir=tmp_path, scheduler=False, DATABASE_URL=url, base_url=address)
        world = World(db, JUNE - timedelta(days=1))
        with _served(create_app(settings, Clock.starting_at(JUNE), db), listener):
            world.now = JUNE
            made = Site(address, world, chromium, tmp_path)
            yield made
            made.close()
    engines.drop(url)
    assert made.complaints == []


@contextlib.contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield listener


@contextlib.contextmanager
def _served(app: Any, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield
    server.should_exit = True
    thread.join(10)
