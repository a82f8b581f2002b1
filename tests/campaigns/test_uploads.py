"""Files that mean harm, handed in through the API and the page: none is stored; what is stored is never shown inline.

What they are stands in `hostile`. Whatever is refused leaves neither a row nor a byte, and a sentence on what to do.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.models import evidence
from tests.campaigns import hostile
from tests.campaigns.hostile import HARMLESS, File
from tests.conftest import Client, World
from tests.domain.evidence_samples import PDF
from tests.web.conftest import Desk

URL = "/api/v1/evidence"
TASK = "ST-2024-TC-15"
KINDS = {
    "renamed programs": hostile.renamed_programs,
    "documents that act": hostile.active_documents,
    "PDFs that act": hostile.active_pdfs,
    "bombs and broken files": hostile.bombs,
}
FEW = 9
"""Of each kind, where the way in is what is tried."""


def hand_in(client: Client, file: File, declared: str = "application/octet-stream") -> Any:
    sent = {"file": (file.name, file.content, declared)}
    return client.as_("SKHCN").post(URL, data={"number": "1/BC", "tasks": TASK}, files=sent)


def kept(world: World, folder: Path) -> list[Any]:
    with world.db.snapshot() as connection:
        rows = connection.execute(select(evidence.c.id)).scalars().all()
    return [*rows, *(path for path in folder.rglob("*") if path.is_file())]


def refuse_all(client: Client, folder: Path, files: Iterable[File]) -> int:
    wrong, tried = [], 0
    for file in files:
        answer = hand_in(client, file)
        tried += 1
        if answer.status_code != 415 or "Hãy" not in answer.json()["detail"] or answer.json()["field"] != "file":
            wrong.append((file.what, answer.status_code, answer.text[:300]))
    assert wrong == []
    assert kept(client.world, folder) == []
    return tried


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("kind", KINDS)
def test_none_is_stored(client: Client, tmp_path: Path, kind: str) -> None:
    assert refuse_all(client, tmp_path / "evidence", KINDS[kind]()) > 10


@pytest.mark.parametrize("engine", ["postgresql"])
def test_none_is_stored_beside_postgresql(client: Client, tmp_path: Path) -> None:
    files = [file for kind in KINDS.values() for file in list(kind())[::FEW]]
    refuse_all(client, tmp_path / "evidence", files)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_none_is_stored_by_the_page(desk: Desk, tmp_path: Path) -> None:
    officer, wrong = desk.as_("SKHCN"), []
    for file in [file for kind in KINDS.values() for file in list(kind())[::FEW]]:
        stated, sent = {"number": "1/BC", "tasks": TASK}, {"file": (file.name, file.content)}
        answer = officer.post("/evidence/new", stated, files=sent)
        if answer.status_code != 415 or "Hãy" not in answer.text or 'value="1/BC"' not in answer.text:
            wrong.append((file.what, answer.status_code))
    assert wrong == []
    assert kept(desk.world, tmp_path / "evidence") == []


def never_inline(answer: Any, media_type: str) -> None:
    assert answer.status_code == 200
    headers = answer.headers
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Content-Type"] == media_type
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("declared", ["text/html", "image/svg+xml", ""])
def test_what_is_two_things_at_once_is_only_ever_saved(client: Client, declared: str) -> None:
    for file in HARMLESS.values():
        made = hand_in(client, file, declared)
        assert made.status_code == 201, (file.what, made.text)
        document = made.json()
        assert document["media_type"] not in ("text/html", "image/svg+xml", "application/octet-stream")
        answer = client.get(f"{URL}/{document['id']}/file")
        never_inline(answer, document["media_type"])
        assert answer.content == file.content


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_page_saves_only_too_and_shows_no_file_inside_itself(desk: Desk) -> None:
    officer = desk.as_("SKHCN")
    for file in HARMLESS.values():
        stated = {"number": "1/BC", "tasks": TASK}
        made = officer.post("/evidence/new", stated, files={"file": (file.name, file.content, "text/html")})
        assert made.status_code == 303, made.text
        place = made.headers["location"].partition("?")[0]
        never_inline(officer.get(f"{place}/file"), officer.get(f"{place}/file").headers["Content-Type"])
        page = officer.get(place).text
        assert f'href="{place}/file"' in page
        assert not any(f"<{tag} src=" in page for tag in ("iframe", "embed", "object", "video"))
        assert f'<img src="{place}' not in page


NAMES = (
    "../../../etc/cron.d/a.pdf",
    "..\\..\\Windows\\System32\\a.pdf",
    "/etc/passwd.pdf",
    "C:\\boot.pdf",
    "\\\\server\\share\\a.pdf",
    "a\0.exe.pdf",
    "a.pdf\0.exe",
    "a\r\nSet-Cookie: khacphuc=1.pdf",
    "a\nContent-Type: text/html\n\n<script>.pdf",
    'a"; filename="b.exe"; x=".pdf',
    "hoa-don\u202efdp.exe.pdf",
    "a\u200b\u2066.pdf",
    "CON.pdf",
    "nul.tar.pdf",
    "COM1 .pdf",
    "a.pdf. . .",
    "a.pdf   ",
    "%2e%2e%2fa.pdf",
    "%00.pdf",
    "{{7*7}}${7*7}<%= 7*7 %>.pdf",
    "<img src=x onerror=alert(1)>.pdf",
    "$(touch x);`id`|a.pdf",
    "a" * 5_000 + ".pdf",
    "đ" * 5_000 + ".pdf",
    "\U0001f600.pdf",
    "=cmd|' /C calc'!A0.pdf",
    "-rf.pdf",
    ".htaccess.pdf",
    "a.php.pdf",
    "~$a.pdf",
)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_no_name_leads_anywhere(client: Client, tmp_path: Path) -> None:
    """A file lies under its hash; the name goes only into a header and onto pages, without what would act there."""
    for name in NAMES:
        made = hand_in(client, File(name, PDF, name))
        if made.status_code in (415, 422):
            assert "đuôi" in made.json()["detail"] or "multipart" in made.json()["detail"], (name, made.text)
            continue
        assert made.status_code == 201, (name, made.text)
        stored = made.json()["filename"]
        assert len(stored) <= 150, name
        assert stored.lower().endswith(".pdf"), name
        assert not set(stored) & set('\r\n\0/\\<>:"|?*\u202e\u2066\u200b'), name
        assert stored.split(".")[0].strip().upper() not in {"CON", "NUL", "COM1"}, name
        header = client.get(f"{URL}/{made.json()['id']}/file").headers["Content-Disposition"]
        assert header.isascii()
        assert header.isprintable()
        assert header.count('"') == 2, header
    lying = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.parent.parent for path in lying] == [tmp_path / "evidence"]  # all these names, one file of one hash


def test_a_refused_file_takes_nothing_away_from_the_same_task(client: Client, tmp_path: Path) -> None:
    """A good document, then every kind of bad one: the good one stays, alone."""
    good = hand_in(client, File("", PDF, "a.pdf")).json()
    for file in (next(iter(kind())) for kind in KINDS.values()):
        assert hand_in(client, file).status_code == 415
    assert len(kept(client.world, tmp_path / "evidence")) == 2
    assert client.get(f"{URL}/{good['id']}/file").content == PDF
