"""Whatever people upload, by page or by program, passes one door: the operator's virus scanner sees it before anything
of it is kept, and a few are let in at once."""

import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.api import evidence_files, uploads
from app.api.edge.limits import upload_limits
from app.errors import FileRefused
from app.main import create_app
from app.models import document_templates, evidence, workbooks
from app.reports.excel.assessment import example
from app.reports.excel.assessment.template import write_template
from app.reports.excel.book import MEDIA_TYPE
from app.settings import Settings
from app.uploads import EICAR, Scanner
from tests.clamd import FakeClamd, clamd
from tests.conftest import MAY, Client, World, WorldClock
from tests.domain.evidence_samples import PDF
from tests.reports.word_files import committed
from tests.reports.workbook_files import template
from tests.web.conftest import Desk

__all__ = ["clamd"]  # a fixture

DOCUMENT = {"number": "1/BC", "tasks": "ST-2024-TC-15"}


@dataclass(frozen=True)
class Edge:
    world: World
    client: Client
    desk: Desk

    def kept(self) -> int:
        """Rows of anything that was uploaded."""
        with self.world.db.snapshot() as connection:
            counts = (select(func.count()).select_from(one) for one in (evidence, workbooks, document_templates))
            return sum(connection.execute(one).scalar_one() for one in counts)


def program(who: str, path: str, name: str, **data: str) -> Callable[[Edge, bytes], Any]:
    return lambda edge, content: edge.client.as_(who).post(path, data=data, files={"file": (name, content)})


def page(who: str, path: str, name: str, **data: str) -> Callable[[Edge, bytes], Any]:
    return lambda edge, content: edge.desk.as_(who).post(path, data, files={"file": (name, content)})


def bare(edge: Edge, content: bytes) -> Any:
    sent = {"content": content, "headers": {"Content-Type": MEDIA_TYPE}}
    return edge.client.as_("SKHCN").post("/api/v1/tasks/template", **sent)


def a_pdf(_world: World) -> bytes:
    return PDF


def a_letter(_world: World) -> bytes:
    return committed("urging_letter")


def an_assessment(_world: World) -> bytes:
    return write_template(example.load(), now=MAY)


Way = tuple[str, Callable[[Edge, bytes], Any], Callable[[World], bytes]]
"""Where to, how it is sent, and a file that is welcome there."""
WAYS: tuple[Way, ...] = (
    ("/api/v1/evidence", program("SKHCN", "/api/v1/evidence", "a.pdf", **DOCUMENT), a_pdf),
    ("/evidence/new", page("SKHCN", "/evidence/new", "a.pdf", **DOCUMENT), a_pdf),
    (
        "/documents/templates/urging_letter",
        page("coordinator", "/documents/templates/urging_letter", "mau.docx"),
        a_letter,
    ),
    ("/api/v1/tasks/template", program("SKHCN", "/api/v1/tasks/template", "a.xlsx"), template),
    ("/api/v1/tasks/template", bare, template),
    ("/api/v1/tasks/template/apply", program("SKHCN", "/api/v1/tasks/template/apply", "a.xlsx"), template),
    ("/workbook", page("SKHCN", "/workbook", "a.xlsx"), template),
    ("/api/v1/assessments/import", program("admin", "/api/v1/assessments/import", "a.xlsx"), an_assessment),
    ("/import", page("admin", "/import", "a.xlsx"), an_assessment),
)


@pytest.fixture
def engine() -> str:
    return "sqlite"


def edge_with(world: World, folder: Path, **settings: Any) -> Iterator[Edge]:
    given = Settings(data_dir=folder, scheduler=False, DATABASE_URL=world.db.url, **settings)
    with TestClient(create_app(given, WorldClock(world=world), world.db), raise_server_exceptions=False) as http:
        yield Edge(world, Client(world, http), Desk(world, http))


@pytest.fixture
def scanned(seeded: World, tmp_path: Path, clamd: tuple[FakeClamd, Scanner]) -> Iterator[Edge]:
    yield from edge_with(seeded, tmp_path / "data", virus_scanner=clamd[1].address, virus_scan_timeout=5)


@pytest.fixture
def unscanned(seeded: World, tmp_path: Path) -> Iterator[Edge]:
    yield from edge_with(seeded, tmp_path / "data")


def test_every_way_in_is_tried_here() -> None:
    patterns = upload_limits(Settings())
    ways = {path for path, _send, _file in WAYS}
    assert [one for one in patterns if not any(re.fullmatch(one, path) for path in ways)] == []


@pytest.mark.parametrize("clamd", ["unix"], indirect=True)
@pytest.mark.parametrize("way", range(len(WAYS)))
def test_what_the_scanner_stops_or_does_not_see_is_not_taken_in(
    scanned: Edge, clamd: tuple[FakeClamd, Scanner], way: int
) -> None:
    server, (_path, send, make) = clamd[0], WAYS[way]
    content = make(scanned.world)
    for answer, status, sentence in (
        ("stream: Doc.Dropper.Agent FOUND", 415, "bị phần mềm diệt vi-rút chặn (Doc.Dropper.Agent)"),
        ("stream: broken ERROR", 503, "Chưa quét được vi-rút (stream: broken ERROR)"),
    ):
        server.answer = answer
        refused = send(scanned, content)
        assert (refused.status_code, sentence in refused.text) == (status, True), refused.text[:500]
    assert server.scanned == [content, content]
    assert scanned.kept() == 0
    server.answer = ""
    assert send(scanned, content).status_code in (200, 201, 303)
    assert server.scanned == [content] * 3


@pytest.mark.parametrize("way", range(2, len(WAYS)))
def test_without_a_scanner_the_test_pattern_is_found_in_a_packed_part(unscanned: Edge, way: int) -> None:
    _path, send, make = WAYS[way]
    content = io.BytesIO(make(unscanned.world))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("docProps/more.xml", EICAR * 3)
    refused = send(unscanned, content.getvalue())
    assert (refused.status_code, "EICAR" in refused.text) == (415, True), refused.text[:500]
    assert unscanned.kept() == 0


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_where_many_files_wait_already_one_is_told_to_come_again(
    unscanned: Edge, monkeypatch: pytest.MonkeyPatch, way: int
) -> None:
    _path, send, make = WAYS[way]
    monkeypatch.setattr(uploads, "MOST_WAITING", 0)
    refused = send(unscanned, make(unscanned.world))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert "Hãy chờ một lát rồi thử lại" in refused.text
    assert unscanned.kept() == 0


def test_one_account_has_one_file_in_work_and_few_that_wait(unscanned: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a file takes: others have the other places."""
    running, most, gate = [0], [0], threading.Event()

    def slow(_store: Any, source: Any, name: str, **_more: Any) -> Any:
        running[0] += 1
        most[0] = max(most[0], running[0])
        gate.wait(10)
        running[0] -= 1
        raise FileRefused("x", field="file")

    monkeypatch.setattr(evidence_files.evidence, "receive", slow)
    send = program("SKHCN", "/api/v1/evidence", "a.pdf", **DOCUMENT)
    unscanned.client.as_("SKHCN").get("/api/v1/tasks")  # makes the account and its key
    with ThreadPoolExecutor(8) as many:
        sent = [many.submit(send, unscanned, PDF) for _ in range(1 + uploads.MOST_OF_ONE + 1)]
        busy = next(as_completed(sent)).result()  # all others wait
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "30")
        assert "Tài khoản này đang gửi nhiều tệp khác" in busy.text
        gate.set()
        assert sorted(one.result().status_code for one in sent) == [415] * (1 + uploads.MOST_OF_ONE) + [503]
    assert most == [1]
