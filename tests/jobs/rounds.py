"""Planning and delivery rounds, as the scheduler would start them."""

import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app import outbox, reminders
from app.core.access import Actor, Role
from app.settings import ROOT
from tests.jobs.scene import Scene, SetClock, at, settings_for

TUESDAY = date(2025, 6, 24)
"""A week before the deadline of a scene's tasks."""
WEDNESDAY = date(2025, 6, 25)
EIGHT = at(TUESDAY, 8, 1)


def plan(scene: Scene, day: date = TUESDAY) -> None:
    assert reminders.run_due(scene.db, now=at(day)) > 0


def deliver(
    scene: Scene, folder: Path, now: datetime = EIGHT, *, demo: bool = False, **settings: Any
) -> dict[str, int]:
    return outbox.deliver_due(scene.db, settings_for(scene.db, folder, **settings), clock=SetClock(now, demo=demo))


def resend(
    scene: Scene, delivery: int, *, again: bool = False, role: Role = Role.COORDINATOR, now: datetime = EIGHT
) -> dict[str, Any]:
    actor = Actor(scene.account, "SNV", role, scene.province, scene.agency["SNV"])
    with scene.db.transaction() as connection:
        return outbox.resend(connection, actor, delivery, again=again, now=now)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "outbox").glob("*"))


def sender(scene: Scene, folder: Path, now: datetime, settings: dict[str, Any]) -> subprocess.Popen[bytes]:
    """A delivery round in a process of its own."""
    program = (
        "import json, sys\n"
        "from datetime import datetime\n"
        "from pathlib import Path\n"
        "from app import outbox\n"
        "from app.db import open_database\n"
        "from tests.jobs.scene import SetClock, settings_for\n"
        "url, folder, now, more = sys.argv[1:]\n"
        "db = open_database(url)\n"
        "settings = settings_for(db, Path(folder), **json.loads(more))\n"
        "outbox.deliver_due(db, settings, clock=SetClock(datetime.fromisoformat(now)))\n"
        "db.close()\n"
    )
    arguments = [sys.executable, "-c", program, scene.db.url, str(folder), now.isoformat(), json.dumps(settings)]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL)
