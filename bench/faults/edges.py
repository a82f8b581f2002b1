"""Deadlines at their edges, wherever the host believes to be: a process for each zone and engine tells what it sees.

The process's own zone is `TZ`, PostgreSQL's session zone `PGTZ`. What they tell must be the same to the letter, and the
moment 30/06/2025 23:59:59 in Sóc Trăng on time, 01/07/2025 00:00:00 late.
"""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from starlette.testclient import TestClient

from app import agencies, outbox, reminders, summaries
from app.accounts import open_session
from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM
from app.main import create_app
from app.settings import ROOT, Settings
from bench.common import Figure, Options, quiet
from bench.stores import Store, database, opened
from tests.conftest import MAY, SEED, Client, World, WorldClock

ZONES = ("UTC", "Asia/Ho_Chi_Minh", "America/Los_Angeles")
LAST = datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC)
LATE = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
PARTS = {"reason": "Lý do", "progress": "Tiến độ", "remedy": "Biện pháp"}
OFFICER = {"kind": "officer", "name": "Chuyên viên", "agency": "SKHCN", "email": "skhcn@soctrang.example"}
EDGES = {
    "on_time": [True, False],
    "days_left": [1, 0],
    "overdue": [False, True],
    "words": ["hạn cuối hôm nay", "quá hạn 1 ngày"],
    "snapshots": ["2025-06-30", "2025-07-01"],
    "logged": ["2025-06-30T16:59:59+00:00", "2025-06-30T17:00:00+00:00"],
}
"""What must be seen at the two moments."""


def measure(options: Options) -> list[Figure]:
    figures, told = [], {}
    for engine in options.engines:
        with opened(engine, options.folder) as store:
            zones = ZONES[1:] if options.small else ZONES
            told[engine] = {zone: ask(store, zone, options.folder) for zone in zones}
            figures += list(judge(engine, told[engine]))
    if len(told) > 1:
        first, second = (next(iter(one.values())) for one in told.values())
        different = [name for name in first if first[name] != second[name]]
        figures.append(
            _figure("both engines tell the same", "both", len(first) - len(different), len(first), different)
        )
    return figures


def judge(engine: str, told: dict[str, dict[str, Any]]) -> Iterator[Figure]:
    """The edges in each zone, and whether the zones agree about everything else."""
    for zone, seen in told.items():
        wrong = [f"{name}: {seen[name]}" for name, wanted in EDGES.items() if seen[name] != wanted]
        yield _figure(f"edges on a host in {zone}", engine, len(EDGES) - len(wrong), len(EDGES), wrong)
    first = next(iter(told.values()))
    apart = sorted({name for seen in told.values() for name in first if seen[name] != first[name]})
    yield _figure("everything told the same in every zone", engine, len(first) - len(apart), len(first), apart)


def _figure(what: str, engine: str, held: int, wanted: int, wrong: list[str]) -> Figure:
    note = "; ".join(wrong)[:200]
    return Figure(what, engine, "facts", held, target=f"= {wanted}", met=not wrong, note=note)


def ask(store: Store, zone: str, folder: Path, *more: str) -> dict[str, Any]:
    """What a process in that zone sees; `brief` leaves out documents and most days."""
    url, home = store.create(), folder / f"edges-{store.engine}-{zone.replace('/', '-')}"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "bench.faults.edges", url, str(home), *more], cwd=ROOT,
        env=os.environ | {"TZ": zone, "PGTZ": zone}, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    store.drop(url)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


# Within the process


def tell(url: str, home: Path, *, brief: bool = False) -> dict[str, Any]:
    """Everything with a day or an hour in it, on the real data, from the public face of the service."""
    settings = Settings(data_dir=home, scheduler=False, DATABASE_URL=url, base_url="http://khacphuc.example.vn")
    with database(url) as db:
        with db.transaction() as connection:
            load_assessment(connection, SYSTEM, load_seed(SEED), now=MAY - timedelta(days=20))
        world = World(db)
        with TestClient(create_app(settings, WorldClock(world=world), db)) as http:
            return dict(_told(Client(world, http), settings, brief=brief))


def _told(client: Client, settings: Settings, *, brief: bool) -> Iterator[tuple[str, Any]]:
    world = client.world
    world.write(agencies.create_contact, world.actor("coordinator"), agencies.NewContact(**OFFICER))
    yield "reminders", dict(_reminders(client, BRIEFLY if brief else WHOLLY))
    edges = [_at(client.at(moment), code) for moment, code in ((LAST, "ST-2024-TC-03"), (LATE, "ST-2024-TC-06"))]
    for name in edges[0]:
        yield name, [edge[name] for edge in edges]
    client.at(LATE + timedelta(hours=2))  # 02:00 in Sóc Trăng, still the day before in Los Angeles
    with world.db.transaction() as connection:
        summaries.take_snapshots(connection, now=world.now)
    history = client.get("/api/v1/assessments/soc-trang-2024/history").json()
    yield "snapshots", [one["day"] for one in history["items"]][-2:]
    yield "letters", _letters(world, settings)
    yield "audit", [(one["at"], one["action"]) for one in client.get("/api/v1/audit?limit=20").json()["items"]]
    yield "calendar", client.get("/api/v1/assessments/soc-trang-2024/calendar.ics").text
    if brief:
        return
    yield "summary", client.get("/api/v1/assessments/soc-trang-2024/summary?as_of=2025-06-30").json()
    yield "excel", _cells(client.get("/api/v1/assessments/soc-trang-2024/summary.xlsx").content)
    yield "tasks.csv", client.get("/api/v1/assessments/soc-trang-2024/tasks.csv").text
    yield "word", _words(client.get("/api/v1/assessments/soc-trang-2024/report.docx").content)


def _at(client: Client, code: str) -> dict[str, Any]:
    """A task that is due before 01/07/2025: as it is shown, and how handing it in counts."""
    path = f"/api/v1/tasks/{code}"
    task = client.get(path).json()
    agency = client.as_(task["agency"]["code"])
    words = re.findall(r"hạn cuối hôm nay|quá hạn \d+ ngày", _page(agency, "/tasks"))
    handed = agency.post(
        f"{path}/updates", version=task["version"],
        json={"status": "submitted", **PARTS, "declared_score": task["published"]},
    ).json()  # fmt: skip
    logged = client.get(f"{path}/updates").json()["items"][-1]["at"]
    return {
        "on_time": handed["submitted_on_time"],
        "days_left": task["days_left"],
        "overdue": task["overdue"],
        "words": words[0] if words else None,
        "logged": datetime.fromisoformat(logged).isoformat(),
    }


def _page(client: Client, path: str) -> str:
    world, account = client.world, client.world.actor(client.who).account_id
    with world.db.transaction() as connection:
        token = open_session(connection, account, device="", now=world.now)
    return str(client.http.get(path, headers={"Cookie": f"khacphuc={token}"}).text)


WHOLLY, BRIEFLY = (date(2025, 5, 19), date(2025, 7, 15)), (date(2025, 6, 30), date(2025, 7, 2))
"""From six weeks before the deadline to two after it; from the last day to the second late one."""


def _reminders(client: Client, days: tuple[date, date]) -> Iterator[tuple[str, Any]]:
    """Which milestones fall on which day."""
    day = days[0]
    while day < days[1]:
        digests = client.get(f"/api/v1/reminders/preview?on={day}").json()["digests"]
        found = sorted({item["milestone"] for one in digests for item in one["items"]})
        if found:
            yield day.isoformat(), found
        day += timedelta(days=1)


def _letters(world: World, settings: Settings) -> list[str]:
    """The letters of 01/07/2025 as they leave, planned and sent at the first hour for them."""
    moment = datetime(2025, 7, 1, 1, 5, tzinfo=UTC)
    reminders.run_due(world.db, now=moment)
    outbox.deliver_due(world.db, settings, clock=WorldClock(world=World(world.db, moment)))
    letters = [path.read_text("utf-8") for path in settings.outbox_dir.glob("*.eml")]
    return sorted(re.sub(r'boundary="[^"]*"|--=+\d+==-?-?|Message-ID: .*', "", letter) for letter in letters)


def _cells(content: bytes) -> list[Any]:
    sheets = load_workbook(io.BytesIO(content)).worksheets
    return [[str(cell) for cell in row] for sheet in sheets for row in sheet.iter_rows(values_only=True)]


def _words(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return re.sub(r"<[^>]+>", " ", archive.read("word/document.xml").decode())


if __name__ == "__main__":
    quiet()
    json.dump(
        tell(sys.argv[1], Path(sys.argv[2]), brief="brief" in sys.argv), sys.stdout, ensure_ascii=False, default=str
    )
