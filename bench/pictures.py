"""`python -m bench.pictures`: the pictures of the README, taken of a real server in a real Chromium."""

import contextlib
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from app.accounts import open_session
from app.clock import Clock
from app.main import create_app
from app.settings import ROOT, Settings
from bench.common import quiet, say
from bench.scene import TODAY, Scene

FOLDER = ROOT / "docs" / "images"
PICTURES = (
    ("desk", "coordinator", "/desk", 1280, 1000),
    ("report", "SKHCN", "/tasks/ST-2024-TC-16", 1280, 1100),
    ("phone", "SKHCN", "/tasks", 390, 800),
)


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        say("Chromium is not installed.")
        return 1
    quiet()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="khacphuc-pictures-") as folder:
        scene = Scene(f"sqlite:///{folder}/scene.db")
        with _served(scene, Path(folder)) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for name, who, path, width, height in PICTURES:
                context = browser.new_context(
                    viewport={"width": width, "height": height}, locale="vi-VN", base_url=address
                )
                context.add_cookies([{"name": "khacphuc", "value": _token(scene, who), "url": address}])
                page = context.new_page()
                page.goto(path, wait_until="networkidle")
                page.screenshot(path=FOLDER / f"{name}.png")
                say(f"docs/images/{name}.png")
            browser.close()
        scene.db.close()
    return 0


def _token(scene: Scene, who: str) -> str:
    account = scene.actors[who].account_id
    assert account is not None
    with scene.db.transaction() as connection:
        return open_session(connection, account, device="", now=TODAY)


@contextlib.contextmanager
def _served(scene: Scene, folder: Path) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(
            Settings(data_dir=folder, scheduler=False, base_url=address), Clock.starting_at(TODAY), scene.db
        )
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield address
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    sys.exit(main())
