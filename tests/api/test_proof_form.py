"""The form that brings evidence, as bytes on the wire: cut off, malformed, too much, or with tricks in its texts."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app.models import events, evidence
from tests.conftest import Client
from tests.domain.evidence_samples import PDF

URL = "/api/v1/evidence"
TC15, TC16 = "ST-2024-TC-15", "ST-2024-TC-16"
MULTIPART = {"Content-Type": "multipart/form-data; boundary=kp"}
BIG = PDF + b"\r\n--k" * 500_000
"""2.5 MB of what begins like a boundary: waits on disk while it comes, and chunks end at every place of a boundary."""


@pytest.fixture
def agency(client: Client) -> Client:
    return client.as_("SKHCN")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def text(name: str, value: bytes | str) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return b'--kp\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), content)


def file(content: bytes = PDF, filename: bytes | str = "a.pdf", name: str = "file") -> bytes:
    sent = filename.encode() if isinstance(filename, str) else filename
    head = b'--kp\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n' % (name.encode(), sent)
    return head + content + b"\r\n"


STATED = text("number", "1/BC") + text("tasks", TC15)
END = b"--kp--\r\n"


def send(client: Client, body: bytes) -> Any:
    return client.post(URL, content=body, headers=MULTIPART)


def stream(
    client: Client, chunks: Iterable[bytes], media_type: str = MULTIPART["Content-Type"], *, gone: bool = False
) -> tuple[int, Any]:
    """The body in pieces without a Content-Length, straight into the application; `gone`: then the sender is away."""
    waiting, sent = iter(chunks), list[Any]()
    headers = {"content-type": media_type, "authorization": f"Bearer {client._key()}"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": URL,
        "raw_path": URL.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }

    async def receive() -> dict[str, Any]:
        chunk = next(waiting, None)
        if chunk is None and gone:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def collect(message: Any) -> None:
        sent.append(message)

    client.http.portal.call(client.http.app, scope, receive, collect)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(body)


def refused(response: Any, says: str, field: str | None = None) -> None:
    assert response.status_code == 422, response.text
    body = response.json()
    assert (body["type"], body.get("field")) == ("urn:khacphuc:problem:invalid-input", field)
    assert says in body["detail"]


def nothing_kept(client: Client, folder: Path) -> bool:
    with client.world.db.snapshot() as connection:
        rows = connection.execute(select(evidence.c.id)).all()
    return rows == [] and [path for path in folder.rglob("*") if path.is_file()] == []


def said_for(client: Client) -> list[str | None]:
    with client.world.db.snapshot() as connection:
        wanted = select(events.c.on_behalf_of).where(events.c.action == "evidence.added").order_by(events.c.id)
        return list(connection.execute(wanted).scalars())


WHOLE = STATED + file() + END
CUT = {
    "inside the file": WHOLE.index(b"%PDF") + 4,
    "before the file's first byte": WHOLE.index(b"%PDF"),
    "inside the file's header": WHOLE.index(b"filename"),
    "before the file's header": len(STATED + b"--kp\r\n"),
    "before the file": len(STATED),
    "after the file": len(STATED + file()) - 2,
    "before the closing hyphens": len(WHOLE) - len(b"--\r\n"),
    "between the closing hyphens": len(WHOLE) - len(b"-\r\n"),
    "inside a text": len(STATED) - 4,
    "at once": 0,
}


@pytest.mark.parametrize("place", CUT)
def test_a_form_that_breaks_off_is_refused(agency: Client, folder: Path, place: str) -> None:
    refused(send(agency, WHOLE[: CUT[place]]), "đứt giữa chừng")
    assert nothing_kept(agency, folder)


@pytest.mark.parametrize("end", [b"--kp--", b"--kp--\r\n", b"--kp--\r\n\r\nbye\r\n"])
def test_a_form_ends_with_its_closing_boundary_whatever_follows(agency: Client, end: bytes) -> None:
    made = send(agency, STATED + file() + end)
    assert (made.status_code, made.json()["size"]) == (201, len(PDF)), made.text


@pytest.mark.parametrize("step", [1, 7, 65_536])
def test_a_file_arrives_whole_however_the_form_is_cut_into_chunks(agency: Client, step: int) -> None:
    content = BIG if step > 7 else PDF + b"\r\n--k\r\n--kx\r\n-"
    body = STATED + file(content) + END
    status, made = stream(agency, (body[at : at + step] for at in range(0, len(body), step)))
    assert (status, made["size"]) == (201, len(content))
    assert agency.get(f"{URL}/{made['id']}/file").content == content


def test_every_bound_of_the_form_is_named(agency: Client, folder: Path) -> None:
    refused(send(agency, STATED + text("tasks", TC16) * 219 + END), "200 nhiệm vụ", "tasks")
    refused(send(agency, STATED + text("tasks", TC16) * 200 + END), "tối đa 200", "tasks")
    refused(send(agency, STATED + text("signer", "x") * 219 + END), "220 trường")
    refused(send(agency, STATED + file() * 2 + END), "chỉ kèm một tệp", "file")
    refused(send(agency, STATED + file() * 3 + END), "chỉ kèm một tệp", "file")
    refused(send(agency, STATED + file(filename="") * 2 + END), "chỉ kèm một tệp", "file")
    refused(send(agency, STATED + text("title", "x" * 16_001) + END), "title: dài quá, tối đa 16 kB", "title")
    refused(send(agency, STATED + text("tasks", f"{TC15}," * 1_200) + END), "tasks: dài quá", "tasks")
    refused(send(agency, STATED + text("file", "x" * 16_001) + END), "phải là một tệp", "file")
    assert nothing_kept(agency, folder)


def test_a_form_may_reach_its_bounds(agency: Client) -> None:
    assert send(agency, STATED + text("tasks", TC16) * 199 + file() + END).status_code == 201
    not_chosen = file(b"", "") * 3
    made = send(agency, STATED + not_chosen + file() + not_chosen + END)
    assert (made.status_code, made.json()["filename"]) == (201, "a.pdf")


def test_what_is_no_form_is_told_so(agency: Client, folder: Path) -> None:
    refused(send(agency, b"number=1"), "multipart/form-data")
    refused(send(agency, STATED.replace(b"--kp", b"--other") + b"--other--"), "boundary")
    refused(send(agency, b"--kp\r\nno header\r\n\r\nx\r\n--kp--"), "multipart/form-data")
    refused(send(agency, b"--kp\r\nContent-Type: text/plain\r\n\r\nx\r\n" + STATED + END), "không tên")
    refused(send(agency, STATED + text("title", b"\xff\xfe") + END), "UTF-8", "title")
    for value in ("multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary=""'):
        refused(agency.post(URL, content=WHOLE, headers={"Content-Type": value}), "boundary", "Content-Type")
    too_long = {"Content-Type": f"multipart/form-data; boundary={'x' * 300}"}
    refused(agency.post(URL, content=WHOLE, headers=too_long), "boundary")
    assert nothing_kept(agency, folder)


def megabytes(first: bytes, count: int) -> Iterable[bytes]:
    yield first
    for _ in range(count):
        yield b"x" * 1_000_000


@pytest.mark.parametrize("start", [b"--other\r\n", b"\r\nx", file(b"")[:-2], STATED + text("title", "x" * 16_001)])
def test_a_streamed_body_over_the_limit_is_413_whatever_it_holds(agency: Client, folder: Path, start: bytes) -> None:
    chunks = iter(megabytes(start, 30))
    status, body = stream(agency, chunks)
    assert (status, body["type"]) == (413, "urn:khacphuc:problem:too-large")
    assert next(chunks, None) is None
    assert nothing_kept(agency, folder)


def test_a_malformed_body_is_read_to_its_end_before_it_is_answered(agency: Client) -> None:
    chunks = iter(megabytes(b"--other\r\n", 5))
    assert stream(agency, chunks)[0] == 422
    assert next(chunks, None) is None


TRICKY = "a\x00b\u200b\x1f"


def test_texts_of_the_form_lose_their_invisible_characters(agency: Client) -> None:
    names = ("number", "title", "signer", "period", "on_behalf_of")
    body = b"".join(text(name, TRICKY) for name in names) + text("tasks", f"{TC15}\x00,\x00{TC16}")
    made = send(agency, body + file(filename="b\x00c\x1f.pdf") + END)
    assert made.status_code == 201, made.text
    assert [made.json()[name] for name in names[:-1]] == ["ab"] * 4
    assert (made.json()["tasks"], made.json()["filename"]) == ([TC15, TC16], "bc.pdf")
    assert said_for(agency) == ["ab", "ab"]
    refused(send(agency, text("number", "\x00") + text("tasks", TC15) + END), "số, ký hiệu", "number")
    unknown = send(agency, text("number", "1") + text("tasks", "x\x00y") + END)
    assert (unknown.status_code, unknown.json()["field"]) == (404, "tasks")


def test_texts_of_json_lose_their_invisible_characters(agency: Client) -> None:
    names = ("number", "title", "signer", "period", "on_behalf_of")
    made = agency.post(URL, json={**dict.fromkeys(names, TRICKY), "tasks": [f"{TC15}\x00"]})
    assert made.status_code == 201, made.text
    assert [made.json()[name] for name in names[:-1]] == ["ab"] * 4
    path = f"{URL}/{made.json()['id']}/tasks"
    assert agency.post(path, json={"tasks": [f"\x00{TC16}"], "on_behalf_of": TRICKY}).status_code == 200
    nobody = agency.post(URL, json={"number": "2", "tasks": [TC15], "on_behalf_of": "\x00"})
    assert nobody.status_code == 201
    assert said_for(agency) == ["ab", "ab", None]


def test_a_file_name_in_another_encoding_keeps_its_extension(agency: Client) -> None:
    made = send(agency, STATED + file(filename=b"B\xe1o c\xe1o.pdf") + END)
    assert (made.status_code, made.json()["filename"]) == (201, "B\ufffdo c\ufffdo.pdf")


def test_a_document_of_tomorrow_proves_nothing_today(agency: Client, folder: Path) -> None:
    """05/05/2025, 09:00 in Sóc Trăng."""
    refused(send(agency, STATED + text("issued_on", "2025-05-06") + file() + END), "ở sau hôm nay", "issued_on")
    body = {"number": "1/BC", "tasks": [TC15], "issued_on": "2025-05-06"}
    refused(agency.post(URL, json=body), "06/05/2025 ở sau hôm nay (05/05/2025)", "issued_on")
    refused(agency.post(URL, json=body | {"issued_on": "9999-12-31"}), "ở sau hôm nay", "issued_on")
    assert nothing_kept(agency, folder)
    assert agency.post(URL, json=body | {"issued_on": "2025-05-05"}).status_code == 201
    # 17:00 UTC is midnight in Sóc Trăng
    agency.at(agency.world.now.replace(hour=17))
    assert agency.post(URL, json=body).status_code == 201


def test_refusals_of_the_form_are_no_errors_of_the_system(agency: Client) -> None:
    with capture_logs() as logged:
        send(agency, WHOLE[:-10])
        assert stream(agency, [WHOLE[:-30]], gone=True)[0] == 422
        assert stream(agency, [b"no form"], gone=True)[0] == 422
        assert stream(agency, [b"{"], "application/json", gone=True)[0] == 422
        stream(agency, megabytes(file(b"")[:-2], 30))
    assert logged == []
