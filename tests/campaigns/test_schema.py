"""Every operation of the served OpenAPI, as every role, with inputs made from its own schema.

Nothing may answer 5xx, an undocumented status or content type, or another shape than is documented; whatever is refused
is refused as problem details. The short form runs here; `python -m bench.schema --cases 5000` goes on for longer.
"""

import contextlib
import copy
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python import asgi
from schemathesis.specs.openapi import checks as openapi
from sqlalchemy import make_url
from starlette.testclient import TestClient

from app import outbox
from app.accounts import KeyRing, create_key
from app.core.access import SYSTEM
from app.db import open_database
from app.main import create_app
from app.settings import Settings
from tests.campaigns.acts import TEXTS
from tests.campaigns.likely import BODIES, LIKELY, VERSIONS
from tests.conftest import Client, Engines, World, WorldClock
from tests.domain.evidence_samples import PDF
from tests.jobs.scene import SetClock

NOW = datetime(2025, 6, 24, 2, 0, tzinfo=UTC)
"""A Tuesday, 09:00 in Sóc Trăng, seven days before the deadline: everybody is reminded."""
ROLES = ("agency", "coordinator", "leadership", "admin", "nobody")
ACCOUNTS = {"agency": "SKHCN", "coordinator": "coordinator", "leadership": "leadership", "admin": "admin"}
CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]


@dataclass
class Finding:
    role: str
    operation: str
    status: int
    what: str
    how: str
    times: int


@dataclass
class Campaign:
    """One application; for each role a fresh copy of the database, with something of everything in it."""

    engines: Engines
    engine: str
    world: World = field(init=False)
    app: Any = field(init=False)
    operations: list[Any] = field(init=False)
    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    succeeded: set[str] = field(default_factory=set)
    findings: dict[tuple[str, int, str], Finding] = field(default_factory=dict)
    strategies: dict[tuple[str, GenerationMode], st.SearchStrategy[Any]] = field(default_factory=dict)
    key: str | None = None

    def __post_init__(self) -> None:
        url = self.engines.copy(self.engine, "proof")
        self.world = World(open_database(url), NOW)
        set_up = Settings(data_dir=self.engines.folder, scheduler=False, DATABASE_URL=url)
        self.app = create_app(set_up, WorldClock(world=self.world), self.world.db)
        # Keys are the campaign's own; the rest of the configuration is the library's, whatever folder this runs in.
        config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", self.app, config=config)
        self.operations = [found.ok() for found in schema.get_all_operations()]

    def close(self) -> None:
        asgi.shutdown_lifespans()
        self.world.db.close()
        self.engines.drop(self.world.db.url)

    def renew(self, role: str) -> None:
        """Another copy of the database under the same application, and a key of the role to it."""
        self.world.db.close()
        self.engines.drop(self.world.db.url)
        self.world.db = open_database(self.engines.copy(self.engine, "proof"))
        self.app.state.db, self.app.state.keys = self.world.db, KeyRing()
        account = None if role == "nobody" else PEOPLE[ACCOUNTS[role]].account_id
        made = account and self.world.write(create_key, SYSTEM, account, label="campaign", days=None)
        self.key = made and made.key

    def run(self, role: str, *, examples: int, chance: int | None = None) -> None:
        """Every operation with as many well-formed and as many ill-formed requests."""
        self.renew(role)
        for number, operation in enumerate(self.operations):
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                # Without a key nothing else is looked at; and any text will do for a path.
                if mode is GenerationMode.POSITIVE or (role != "nobody" and can_be_ill_formed(operation)):
                    self._examine(operation, mode, role, examples, None if chance is None else chance + number)

    def _examine(self, operation: Any, mode: GenerationMode, role: str, examples: int, chance: int | None) -> None:
        def try_one(case: Any) -> None:
            self._try(case, role)

        held = settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=chance is None,
            suppress_health_check=list(HealthCheck),
        )
        examine: Callable[[], None] = held(given(self._wanted(operation, mode))(try_one))
        (examine if chance is None else seed(chance)(examine))()

    def _wanted(self, operation: Any, mode: GenerationMode) -> st.SearchStrategy[Any]:
        """Making one takes longer than a few requests."""
        made = self.strategies.get((operation.label, mode))
        if made is None:
            made = operation.as_strategy(generation_mode=mode)
            made = self.strategies[operation.label, mode] = likely(made) if mode is GenerationMode.POSITIVE else made
        return made

    def _try(self, case: Any, role: str) -> None:
        if self.key is not None:
            case.headers["Authorization"] = f"Bearer {self.key}"
        try:
            response = case.call()
        except Exception as error:  # what the application did not expect comes out here as it was raised
            self._count(case, role, 500, [f"{type(error).__name__}: {error}"[:500]])
            return
        self._count(case, role, response.status_code, faults(case, response, role))
        if response.status_code == 401 and role != "nobody":
            self.renew(role)  # the account was ended or its key revoked, as it should be

    def _count(self, case: Any, role: str, status: int, found: Iterable[str]) -> None:
        label = case.operation.label
        self.cases[role] += 1
        self.statuses[role, status] += 1
        if status < 300:
            self.succeeded.add(label)
        for what in found:
            new = Finding(role, label, status, what, case.as_curl_command(), 0)
            self.findings.setdefault((label, status, what), new).times += 1


def can_be_ill_formed(operation: Any) -> bool:
    """Whether it takes anything but texts in its path."""
    raw = operation.definition.raw
    return "requestBody" in raw or any(
        one["in"] != "path" or {"type", "title"} != one["schema"].keys() or one["schema"]["type"] != "string"
        for one in raw.get("parameters", [])
    )


def faults(case: Any, response: Any, role: str) -> Iterator[str]:
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        yield from (f"{failure.title}: {failure.message}"[:500] for failure in group.exceptions)
    if response.status_code >= 400 and case.path.startswith("/api/"):
        body = response.json()
        if not (body["type"].startswith("urn:khacphuc:problem:") and body["status"] == response.status_code):
            yield f"not a problem of ours: {body}"
        if not (body["title"] and body["detail"] and body["instance"]):
            yield f"a problem without words: {body}"
    if role == "nobody" and case.path.startswith("/api/") and response.status_code < 400:
        yield "answered without a key"


@st.composite
def likely(draw: st.DrawFn, cases: st.SearchStrategy[Any]) -> Any:
    """The case with names that exist in most of its places, and some version that the caller may have seen."""
    case = draw(cases)
    for values in (case.path_parameters, case.query):
        _sow(draw, values, 7)
    known = BODIES.get(case.operation.label)
    if known and case.media_type == "application/json" and draw(st.integers(0, 2)):
        case.body = copy.deepcopy(draw(st.sampled_from(known)))
    elif isinstance(case.body, dict):
        _sow(draw, case.body, 3)
    version = _one_of(draw, VERSIONS)
    if version is None:
        case.headers.pop("If-Match", None)
    else:
        case.headers["If-Match"] = version
    return case


def _sow(draw: st.DrawFn, values: dict[str, Any], often: int) -> None:
    """`often`: of eight times."""
    for name, value in values.items():
        if name in LIKELY and draw(st.integers(0, 7)) < often:
            values[name] = _one_of(draw, LIKELY[name])
        elif isinstance(value, dict):
            _sow(draw, value, often)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    _sow(draw, one, often)


def _one_of(draw: st.DrawFn, values: Sequence[Any]) -> Any:
    """The first one half of the time: it is the one that most goes on with."""
    return values[0] if draw(st.booleans()) else draw(st.sampled_from(values))


PEOPLE: dict[str, Any] = {}
"""Accounts of the template; they are the same in every copy of either engine."""


def prepare(engines: Engines, engine: str) -> None:
    """A template with one of everything: a waiting report, a request, a document, a digest, a contact, a succession."""
    if (engine, "proof") in engines.templates:
        return
    url = engines.copy(engine, "seeded")
    with contextlib.closing(open_database(url)) as db:
        _fill(World(db, NOW), engines.folder)
    name = str(make_url(url).database)
    if engine == "sqlite":  # so that copying the one file copies everything
        with contextlib.closing(sqlite3.connect(name)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engines.templates[engine, "proof"] = name


def _fill(world: World, folder: Path) -> None:
    set_up = Settings(data_dir=folder, scheduler=False, DATABASE_URL=world.db.url)
    with TestClient(create_app(set_up, WorldClock(world=world), world.db)) as http:
        client = Client(world, http)
        stated, file = {"number": "1/BC", "tasks": "ST-2024-TC-15"}, {"file": ("bc.pdf", PDF)}
        answers = [client.as_("SKHCN").post("/api/v1/evidence", data=stated, files=file)]
        for who, path, version, body in _DEEDS:
            answers.append(client.as_(who).post(f"/api/v1/{path}", version=version, json=body))
    assert not [answer.text for answer in answers if answer.status_code not in (200, 201)]
    outbox.deliver_due(world.db, set_up, clock=SetClock(NOW))
    PEOPLE.update({who: world.actor(who) for who in ACCOUNTS.values()})


_REPORT = {"status": "submitted", **TEXTS, "measurements": {"online_files": 100_000, "files": 168_561}}
_DEEDS: Sequence[tuple[str, str, str | None, dict[str, Any]]] = (
    (
        "coordinator",
        "contacts",
        None,
        {"kind": "officer", "name": "Văn thư", "agency": "SKHCN", "email": "vt@example.vn"},
    ),
    ("SKHCN", "evidence", None, {"number": "1/BC-SKHCN", "tasks": ["ST-2024-TC-16", "ST-2024-TC-15"]}),
    ("SKHCN", "tasks/ST-2024-TC-16/updates", "*", _REPORT),
    ("SKHCN", "tasks/ST-2024-TC-15/extension-requests", "*", {"requested_due": "2025-08-01", "reason": "Cần thêm"}),
    ("leadership", "tasks/ST-2024-TC-15/directions", None, {"text": "Làm sớm"}),
    ("coordinator", "tasks/ST-2024-TC-03/closure", "*", {"reason": "Không khắc phục được"}),
    ("coordinator", "reminders/run", None, {}),
    (
        "coordinator",
        "agencies/SYT/succession",
        None,
        {"successor": "STP", "effective_from": "2025-09-01", "reason": "Sắp xếp"},
    ),
)


@pytest.fixture
def campaign(engine: str, engines: Engines) -> Iterator[Campaign]:
    prepare(engines, engine)
    with contextlib.closing(Campaign(engines, engine)) as made:
        yield made


def test_no_operation_answers_anything_that_is_not_documented(campaign: Campaign) -> None:
    for role in ROLES:
        campaign.run(role, examples=2 if campaign.engine == "sqlite" else 1)
    assert not campaign.findings, "\n\n".join(str(found) for found in campaign.findings.values())
    done = {role for role, status in campaign.statuses if status < 300}
    assert done == set(ROLES)  # the last one at the addresses outside /api/v1
