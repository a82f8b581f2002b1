"""One database with something of everything in it, and a key for everybody who tries."""

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, make_url, select
from starlette.testclient import TestClient

from app import outbox
from app.accounts import KeyRing, create_account, create_key, create_link, find_session, open_session
from app.accounts.second_factor.codes import new_secret
from app.accounts.sessions import csrf_of
from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM
from app.db import open_database
from app.feeds import create_feed, list_feeds
from app.main import create_app
from app.models import api_keys, deliveries, digests, metadata, second_factors
from app.reports.excel.assessment import example
from app.reports.excel.assessment.template import write_template
from app.reports.excel.book import MEDIA_TYPE
from app.settings import ROOT, Settings
from tests.conftest import Engines, World, WorldClock
from tests.domain.evidence_samples import PDF
from tests.jobs.scene import SetClock
from tests.reports.workbook_files import filled

NOW = datetime(2025, 6, 24, 2, 0, tzinfo=UTC)
"""A Tuesday, 09:00 in Sóc Trăng, seven days before the deadline."""
OTHER_PROVINCE = ROOT / "tests" / "data" / "vi-du-2025.yaml"
TEXTS = {"reason": "Lý do", "progress": "Tiến độ", "remedy": "Biện pháp"}
SERVICES = {"used_services": 9, "services": 16}
WHY = {"reason": "Có căn cứ"}
FIGURES = {"online_files": 100_000, "files": 168_561}

OWN_TASK = "ST-2024-TC-17"
"""Open, and the owner's."""
READY_TASK = "ST-2024-TC-15"
"""The owner's, with a report that only has to be handed in."""
WHO: dict[str, dict[str, Any]] = {
    "owner": {"role": "agency", "province": "soc-trang", "agency": "SKHCN"},
    "drafter": {"role": "agency", "province": "soc-trang", "agency": "SKHCN", "drafts_only": True},
    "helper": {"role": "agency", "province": "soc-trang", "agency": "STC"},
    "stranger": {"role": "agency", "province": "soc-trang", "agency": "STP"},
    "coordinator": {"role": "coordinator", "province": "soc-trang", "agency": None},
    "leadership": {"role": "leadership", "province": "soc-trang", "agency": None},
    "admin": {"role": "admin", "province": None, "agency": None},
    "elsewhere": {"role": "coordinator", "province": "vi-du", "agency": None},
    "admin-elsewhere": {"role": "admin", "province": "vi-du", "agency": None},
}
NOBODY = "nobody"

MISSING: dict[str, str] = {
    "task_id": "ST-2024-TC-99",
    "share_id": "ST-2024-TC-03.99",
    "measure_id": "ST-2024-GP-99",
    "assessment_id": "khong-co",
    "agency_id": "KHONGCO",
    "province_id": "khong-co",
    "code": "KHONGCO",
}
"""What exists nowhere, by the name of the path's parameter; numbers of rows are looked for with `NO_ROW`."""
NO_ROW = "987654"

_DEEDS: Sequence[tuple[str, str, str, dict[str, Any]]] = (
    ("coordinator", "PATCH", "tasks/ST-2024-TC-14", {**WHY, "cooperating": ["STC"]}),
    ("coordinator", "PATCH", "tasks/ST-2024-TC-16", {**WHY, "cooperating": ["STC"]}),
    ("coordinator", "PATCH", "tasks/ST-2024-TC-17", {**WHY, "cooperating": ["STC"]}),
    ("admin", "PUT", "holidays/2025-09-05", {"working": False, "note": "Nghỉ"}),
    ("coordinator", "POST", "contacts", {"kind": "officer", "name": "Văn thư", "agency": "SKHCN", "email": "vt@x.vn"}),
    ("owner", "POST", "evidence", {"number": "1/BC-SKHCN", "tasks": ["ST-2024-TC-16", "ST-2024-TC-15"]}),
    (
        "owner",
        "POST",
        "tasks/ST-2024-TC-16/updates",
        {"status": "submitted", **TEXTS, "measurements": FIGURES},
    ),
    (
        "owner",
        "POST",
        "tasks/ST-2024-TC-15/extension-requests",
        {"requested_due": "2025-08-01", "reason": "Cần thêm thời gian"},
    ),
    ("owner", "POST", f"tasks/{READY_TASK}/updates", {"status": "in_progress", **TEXTS, "measurements": SERVICES}),
    ("leadership", "POST", "tasks/ST-2024-TC-15/directions", {"text": "Làm sớm"}),
    ("coordinator", "POST", "tasks/ST-2024-TC-14/closure", {"reason": "Không khắc phục được"}),
    ("coordinator", "POST", "reminders/run", {}),
    (
        "coordinator",
        "POST",
        "agencies/SYT/succession",
        {"successor": "STP", "effective_from": "2025-09-01", "reason": "Sắp xếp bộ máy"},
    ),
)


ABOUT_CALLERS = frozenset({"api_key", "login_session", "try_count"})


@dataclass
class Scene:
    """An application; `renew` puts another copy of the same database under it."""

    engines: Engines
    engine: str
    keys: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """Values of the paths' parameters: what belongs to `owner`."""
    world: World = field(init=False)
    app: Any = field(init=False)
    http: TestClient = field(init=False)

    def __post_init__(self) -> None:
        url = self.engines.copy(self.engine, "seeded")
        self.world = World(open_database(url), NOW)
        self.settings = Settings(data_dir=self.engines.folder, scheduler=False, DATABASE_URL=url)
        self.app = create_app(self.settings, WorldClock(world=self.world), self.world.db)
        self.http = TestClient(self.app, raise_server_exceptions=False)

    def fill(self) -> None:
        """Make everything through the service itself, then keep the database as a template."""
        self._settle()
        self._prove()
        for who, method, path, body in _DEEDS:
            answer = self.send(who, method, f"/api/v1/{path}", json=body, version="*")
            assert answer.is_success, answer.text
        self._leave_behind()
        outbox.deliver_due(self.world.db, self.settings, clock=SetClock(NOW))
        self._name()
        self._keep()

    def renew(self) -> None:
        self.world.db.close()
        if str(make_url(self.world.db.url).database) != self.engines.templates[self.engine, "access"]:
            self.engines.drop(self.world.db.url)
        self.world.db = open_database(self.engines.copy(self.engine, "access"))
        self.app.state.db, self.app.state.keys = self.world.db, KeyRing()

    def send(self, who: str, method: str, path: str, *, version: str | None = None, **given: Any) -> Any:
        headers = {} if who == NOBODY else {"Authorization": f"Bearer {self.keys[who]}"}
        if version is not None:
            headers["If-Match"] = version
        return self.http.request(method, path, headers=headers, follow_redirects=False, **given)

    def visit(self, who: str, method: str, path: str, *, data: Mapping[str, Any] | None = None, **given: Any) -> Any:
        """As a browser that is signed in, with the token that its pages carry."""
        headers, sent = {}, dict(data or {})
        if who != NOBODY:
            headers["Cookie"] = f"khacphuc={self.tokens[who]}"
            sent["csrf"] = csrf_of(self.tokens[who])
        form = {} if method == "GET" else {"data": sent}
        return self.http.request(method, path, headers=headers, follow_redirects=False, **form, **given)

    def standing(self) -> int:
        """Changes with every row of every table except those about callers themselves."""
        with self.world.db.snapshot() as connection:
            tables = [one for one in metadata.sorted_tables if one.name not in ABOUT_CALLERS]
            return hash(tuple(tuple(sorted(map(repr, connection.execute(select(one))))) for one in tables))

    def tasks_file(self) -> dict[str, Any]:
        """The owner's template, filled in."""
        empty = self.send("owner", "GET", "/api/v1/tasks/template.xlsx", params={"assessment": "soc-trang-2024"})
        content = filled(empty.content, {OWN_TASK: {"progress": "Đang làm"}})
        return {"files": {"file": ("mau.xlsx", content, MEDIA_TYPE)}}

    def assessment_file(self) -> dict[str, Any]:
        content = write_template(example.load(), now=NOW)
        return {"files": {"file": ("ky.xlsx", content, MEDIA_TYPE)}}

    def close(self) -> None:
        self.world.db.close()
        self.engines.drop(self.world.db.url)

    def _settle(self) -> None:
        with self.world.db.transaction() as connection:
            load_assessment(connection, SYSTEM, load_seed(OTHER_PROVINCE), now=NOW)
            for who, home in WHO.items():
                named = {"name": who, "display_name": who, **home}
                account = create_account(connection, SYSTEM, **named, now=NOW)["id"]
                self.keys[who] = create_key(connection, SYSTEM, account, label=who, days=None, now=NOW).key
                self.tokens[who] = open_session(connection, account, device=who, now=NOW)
                self.ids.setdefault("account_id", str(account))

    def _prove(self) -> None:
        stated, file = {"number": "1/BC", "tasks": "ST-2024-TC-15"}, {"file": ("bc.pdf", PDF)}
        made = self.send("owner", "POST", "/api/v1/evidence", data=stated, files=file)
        assert made.is_success, made.text
        self.ids["evidence_id"] = str(made.json()["id"])

    def _leave_behind(self) -> None:
        """What is in the middle of its way through the owner's, or the administrator's, browser."""
        for who, path, file in (
            ("owner", "/workbook", self.tasks_file()),
            ("admin", "/import", self.assessment_file()),
        ):
            answer = self.visit(who, "POST", path, **file)
            assert answer.status_code == 303, answer.text
            self.ids[f"{path[1:]}_id"] = answer.headers["location"].rpartition("/")[2]
        with self.world.db.transaction() as connection:
            account = int(self.ids["account_id"])
            app = {"account_id": account, "secret": new_secret(), "created_at": NOW, "confirmed_at": NOW}
            connection.execute(insert(second_factors).values({**app, "session_id": 1, "last_step": 0}))
            self.ids["link"] = create_link(connection, SYSTEM, account, now=NOW).path.rpartition("/")[2]
            actor = find_session(connection, self.tokens["owner"], now=NOW)
            assert actor is not None
            self.ids |= {"session_id": str(actor.id), "feed": create_feed(connection, actor.actor, now=NOW)}
            self.ids["feed_id"] = str(list_feeds(connection, actor.actor, now=NOW)[0]["id"])

    def _name(self) -> None:
        with self.world.db.snapshot() as connection:
            digest = connection.execute(select(digests.c.id).order_by(digests.c.id).limit(1)).scalar_one()
            delivery = connection.execute(select(deliveries.c.id).where(deliveries.c.digest_id == digest)).scalars()
            key = select(api_keys.c.id).where(api_keys.c.account_id == int(self.ids["account_id"]))
            self.ids |= {
                "task_id": "ST-2024-TC-16",
                "share_id": "ST-2024-TC-03.05",
                "measure_id": "ST-2024-GP-37",
                "assessment_id": "soc-trang-2024",
                "agency_id": "SKHCN",
                "province_id": "soc-trang",
                "code": "SKHCN",
                "digest_id": str(digest),
                "delivery_id": str(delivery.first()),
                "key_id": str(connection.execute(key).scalar_one()),
                "request_id": "1",
                "contact_id": "1",
                "succession_id": "1",
                "day": "2025-09-05",
            }

    def _keep(self) -> None:
        name = str(make_url(self.world.db.url).database)
        if self.engine == "sqlite":
            with contextlib.closing(sqlite3.connect(name)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.engines.templates[self.engine, "access"] = name
