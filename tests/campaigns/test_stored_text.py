"""Nasty texts through every text field, and read again everywhere: none is ever more than text.

In: every text of every request that the served OpenAPI knows, and of every form. Out: with such texts in every column,
every page, letter, Word file, workbook, CSV and calendar as everybody who may see it. What a request, a form or an
address looks like is taken from the table of who may do what, so a route without an example fails there.
"""

import copy
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.policy import default
from typing import Any

import icalendar
import pytest
from docx import Document
from openpyxl import load_workbook

from app.reports.neutral import is_dangerous
from tests.campaigns.access.pages import FORMS, page_ids
from tests.campaigns.access.requests import REQUESTS
from tests.campaigns.access.scene import Scene
from tests.campaigns.access.test_access import ROWS, SAFE, Row
from tests.campaigns.nasty import PAYLOADS, SURROGATE, faults, has_forbidden, kept, pack, text_of
from tests.campaigns.planting import plant, string_fields
from tests.conftest import Engines

OPEN_XML = "application/vnd.openxmlformats-officedocument."
WORDS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, engines: Engines) -> Iterator[Scene]:
    made = Scene(engines, request.param)
    with made.http:
        made.fill()
        made.renew()
        yield made
        made.close()


@pytest.fixture(scope="module")
def planted(engines: Engines) -> Iterator[Scene]:
    """A database in which every text is nasty; it is only read."""
    made = Scene(engines, "sqlite")
    with made.http:
        made.fill()
        made.renew()
        with made.world.db.transaction() as connection:
            assert plant(connection) > 1_000
        yield made
        made.close()


only_sqlite = pytest.mark.parametrize("scene", ["sqlite"], indirect=True)


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) >= 50


def given(scene: Scene, row: Row) -> tuple[str, dict[str, Any]]:
    """The path and an example of what goes with it."""
    found: Any = (FORMS if row.is_page else REQUESTS).get(row.name, {})
    sent = dict(found(scene) if callable(found) else found)
    known = scene.ids | (page_ids(scene, row.path) if row.is_page else {})
    own = {name: sent.pop(name) for name in list(sent) if name in known}
    return re.sub(r"\{(\w+)\}", lambda match: str((known | own)[match[1]]), row.path), sent


def who_may(row: Row) -> str:
    return next((who for who, cell in row.cells.items() if cell in ("yes", "none")), "owner")


# In, through the API


def bodies(scene: Scene) -> Iterator[tuple[Row, tuple[str, ...]]]:
    spec = scene.app.openapi()
    for row in ROWS:
        operation = spec["paths"].get(row.path, {}).get(row.method.lower(), {})
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        for path in dict.fromkeys(string_fields(schema, spec["components"]["schemas"])) if schema else ():
            yield row, path


def put(body: Any, path: tuple[str, ...], value: str) -> Any:
    """The body with a text at a place, made where it is missing."""
    step, *rest = path
    if step == "0":
        first = body[0] if isinstance(body, list) and body else {}
        return [put(first, tuple(rest), value) if rest else value]
    held = dict(body) if isinstance(body, Mapping) else {}
    name = next(iter(held), "x") if step == "*" else step
    held[name] = put(held.get(name), tuple(rest), value) if rest else value
    return held


def test_every_text_of_every_request_stays_text(scene: Scene) -> None:
    wrong, tried, taken = [], 0, set()
    changed = True
    few = 1 if scene.engine == "sqlite" else 8  # copying a database of PostgreSQL takes a tenth of a second
    for number, (row, path) in enumerate([*bodies(scene)][::few]):
        for text in (pack(480, number * 5), SURROGATE):
            if changed:
                scene.renew()
            where, sent = given(scene, row)
            body = put(copy.deepcopy(sent.get("json", {})), path, text)
            content = json.dumps(body, ensure_ascii=True).encode()
            headers_of = {"params": sent.get("params"), "content": content}
            answer = scene.http.request(
                row.method,
                where,
                headers={
                    "Authorization": f"Bearer {scene.keys[who_may(row)]}",
                    "If-Match": "*",
                    "Content-Type": "application/json",
                },
                **headers_of,
            )
            tried, changed = tried + 1, answer.is_success
            wrong += [f"{row.name} {'.'.join(path)}: {fault}" for fault in refusals(answer)]
            if answer.is_success and any(" ".join(kept(text).split())[:60] in one for one in texts_in(answer.json())):
                taken.add((row.name, path))
    assert wrong == []
    assert tried > 100 / few
    assert len(taken) >= 20 / few, taken


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a JSON value, on one line."""
    if isinstance(value, str):
        yield " ".join(value.split())
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_in(one)


def refusals(answer: Any) -> Iterator[str]:
    """What is wrong with an answer of the API: it must be JSON in words, without characters that nobody can read."""
    if answer.status_code >= 500:
        yield f"{answer.status_code} {answer.text[:200]}"
    if answer.headers.get("content-type", "").partition(";")[0] not in ("application/json", "application/problem+json"):
        yield answer.headers.get("content-type", "none")
    elif answer.is_success and has_forbidden(answer.text):
        yield "characters that were to be dropped"
    elif not answer.is_success and "urn:khacphuc:problem" not in answer.json()["type"]:
        yield "no problem of ours"


# In, through forms


@only_sqlite
def test_every_text_of_every_form_stays_text(scene: Scene) -> None:
    """One field at a time, so that the form goes through or comes back with what was typed."""
    wrong, tried, changed = [], 0, True
    for row in (row for row in ROWS if row.is_page and row.method == "POST"):
        example = given(scene, row)[1]
        for number, name in enumerate(example.get("data", {})):
            if changed:
                scene.renew()
            where, sent = given(scene, row)
            sent["data"] = {**sent["data"], name: pack(480, number * 10 + tried)}
            answer = scene.visit(who_may(row), "POST", where, **sent)
            tried, changed = tried + 1, answer.is_success or answer.status_code == 303
            wrong += [f"{row.name} {name}: {fault}" for fault in page_faults(scene, row, answer)]
    assert wrong == []
    assert tried > 50


def page_faults(scene: Scene, row: Row, answer: Any) -> Iterator[str]:
    if answer.status_code >= 500:
        yield str(answer.status_code)
    if answer.status_code == 303:
        address = answer.headers["location"]
        if not (address.startswith("/") and not address.startswith("//") and address.isascii()):
            yield address
        answer = scene.visit(who_may(row), "GET", address)
    if "html" in answer.headers.get("content-type", ""):
        yield from faults(answer.text)


# Out


READERS = ("owner", "coordinator", "admin", "leadership")
Answers = list[tuple[Row, str, Any]]


@pytest.fixture(scope="module")
def answers(planted: Scene) -> Answers:
    """All that can be read, as two of those who may: their pages differ by what they may do."""
    found: Answers = []
    for row in (row for row in ROWS if row.method == SAFE):
        for who in [who for who in READERS if row.cells[who] == "yes"][:2]:
            where, sent = given(planted, row)
            asking = planted.visit if row.is_page else planted.send
            found.append((row, who, asking(who, SAFE, where, **sent)))
    return found


def of(answers: Answers, *kinds: str) -> Answers:
    """Those of these content types."""
    return [one for one in answers if one[2].headers.get("content-type", "").startswith(kinds)]


def test_no_page_makes_more_of_a_text(answers: Answers) -> None:
    wrong, pages = [], set()
    for row, who, answer in of(answers, "text/html"):
        pages.add(row.path)
        found = [*faults(answer.text)] if answer.is_success else [str(answer.status_code)]
        if "&lt;kp-a&gt;" in text_of(answer.text):
            found.append("escaped twice")
        wrong += [f"{row.path} as {who}: {fault}" for fault in found]
    assert wrong == []
    assert len(pages) > 30


def test_a_task_shows_its_texts_letter_by_letter(planted: Scene) -> None:
    seen = text_of(planted.visit("coordinator", "GET", f"/tasks/{planted.ids['task_id']}").text)
    for payload in PAYLOADS:
        assert " ".join(kept(payload).split()) in seen, payload


def test_json_holds_texts_as_they_are(answers: Answers) -> None:
    for row, who, answer in of(answers, "application/json"):
        assert answer.is_success, (row.path, who, answer.text[:300])
        assert not has_forbidden(answer.text), row.path
        answer.json()


TABLES = (
    *("tasks", "shares", "measures", "evidence", "extensions", "reviews", "audit", "contacts", "accounts", "agencies"),
    *("groups", "fields", "criteria", "deliveries", "digests", "holidays", "history"),
)


def test_csv_has_no_formula(planted: Scene) -> None:
    for name in TABLES:
        for who in ("coordinator", "admin", "leadership", "owner"):
            answer = planted.visit(who, "GET", f"/csv/{name}", params={"assessment": "soc-trang-2024"})
            if answer.status_code in (403, 404):
                continue
            assert answer.status_code == 200, (name, who)
            rows = list(
                csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";", strict=True)
            )
            assert len({len(row) for row in rows}) == 1, name
            dangerous = [cell for row in rows for cell in row if is_dangerous(cell)]
            assert dangerous == [], (name, dangerous[:3])


def test_workbooks_have_texts_for_cells(answers: Answers) -> None:
    """No text became a formula, a number, an error or a link; what a program might run on editing is marked as text."""
    books = 0
    for row, who, answer in of(answers, f"{OPEN_XML}spreadsheetml"):
        books += 1
        book = load_workbook(io.BytesIO(answer.content))
        for cell in (cell for sheet in book for line in sheet.iter_rows() for cell in line):
            place = (row.path, who, cell.parent.title, cell.coordinate)
            if cell.data_type == "f":
                assert "kp" not in str(cell.value).lower(), place
                assert not set(str(cell.value)) & set("|{}<>@") or cell.value.startswith("=IF"), (place, cell.value)
            if cell.hyperlink is not None:
                target = cell.hyperlink.target or ""
                assert not target or re.match(r"https?://(testserver|127\.0\.0\.1)", target), (place, target)
            if not cell.protection.locked and str(cell.value).startswith(("=", "+", "-", "@")):
                assert cell.quotePrefix, (place, cell.value[:40])  # whoever edits such a cell must not start it
        with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
            assert not [name for name in parts.namelist() if "externalLink" in name]
    assert books > 4


FIELDS = {"PAGE", "NUMPAGES"}


def test_word_files_have_texts_for_texts(answers: Answers) -> None:
    """They open, have no field, link or element that a text made, and say what was typed."""
    files = dict(word_files(answers))
    assert len(files) > 4
    for name, content in files.items():
        document = Document(io.BytesIO(content))
        body = document.element.body
        codes = {(code.text or "").split()[0] for code in body.iter(f"{WORDS}instrText")}
        assert codes <= FIELDS, (name, codes)
        assert not list(body.iter(f"{WORDS}hyperlink", f"{WORDS}fldSimple", f"{WORDS}object", f"{WORDS}altChunk")), name
        assert not [one for one in body.iter() if isinstance(one.tag, str) and "kp" in one.tag], name
        told = document.core_properties
        assert not re.search(r"&(lt|#39|amp);", told.author + told.title + told.subject), name
        links = [one.target_ref for one in document.part.rels.values() if one.is_external]
        assert links == [], (name, links)
    report = " ".join(
        "".join(t.text or "" for t in p.iter(f"{WORDS}t")) for p in paragraphs(files["/documents/report.docx"])
    )
    for literal in (
        "{{7*7}}kp-41",
        "<kp-a>x</kp-a>",
        "</w:t></w:r><w:r><w:t>kp-61",
        "{%p kp %}",
        "&quot;&gt;&lt;kp-s&gt;",
    ):
        assert literal in report, literal
    assert "49kp-41" not in report


def paragraphs(content: bytes) -> Iterator[Any]:
    return iter(Document(io.BytesIO(content)).element.body.iter(f"{WORDS}p"))


def word_files(answers: Answers) -> Iterator[tuple[str, bytes]]:
    for row, _who, answer in of(answers, f"{OPEN_XML}wordprocessingml"):
        yield row.path, answer.content
    for row, _who, answer in of(answers, "application/zip"):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as letters:
            for name in letters.namelist():
                assert re.fullmatch(r"[\w.-]+\.docx", name, re.ASCII), name
                yield f"{row.path} {name}", letters.read(name)


def test_calendars_have_one_line_for_each_property(answers: Answers) -> None:
    calendars = 0
    for _row, _who, answer in of(answers, "text/calendar"):
        calendars += 1
        calendar = icalendar.Calendar.from_ical(answer.content)
        kinds = {component.name for component in calendar.walk()}
        assert kinds == {"VCALENDAR", "VEVENT"}
        known = {"SUMMARY", "DESCRIPTION", "URL", "UID", "DTSTAMP", "DTSTART", "DTEND", "LAST-MODIFIED", "SEQUENCE"}
        for event in calendar.walk("VEVENT"):
            assert not {"ATTACH", "BCC", "SET-COOKIE", "ATTENDEE", "ORGANIZER"} & set(event)
            assert set(event) <= known | {"TRANSP", "CATEGORIES", "STATUS", "CLASS"}, set(event)
            assert "ALTREP" not in event["DESCRIPTION"].params
        assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
        assert b"\n" not in answer.content.replace(b"\r\n", b"")
    assert calendars


def test_letters_have_texts_for_texts(answers: Answers) -> None:
    letters = 0
    for _row, _who, answer in of(answers, "message/rfc822"):
        letters += 1
        mail = message_from_bytes(answer.content, policy=default)
        assert not mail.defects
        assert set(mail.keys()) <= {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "Content-Type",
            "MIME-Version",
        }  # fmt: skip
        page, plain = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
        assert [*faults(page, page=False)] == []
        assert "kp" in text_of(page)
        assert "kp" in plain
        assert "\n" not in mail["Subject"]
    assert letters


def test_heads_of_answers_hold_no_more_than_names(answers: Answers) -> None:
    """File names come from texts, too."""
    for row, _who, answer in answers:
        for name, value in answer.headers.items():
            assert value.isascii(), (row.path, name)
            assert not name.startswith("kp"), row.path
        assert "kp" not in answer.headers.get("set-cookie", ""), row.path
        assert answer.headers.get("content-disposition", "").count('"') in (0, 2), row.path
