"""Evidence, shares and measures over HTTP."""

import io
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from structlog.testing import capture_logs

from app.evidence import FileStore, find_missing, sizes_of, sweep_orphans
from app.models import events, evidence
from tests.conftest import Client
from tests.domain.evidence_samples import PDF

TC15, TC16 = "ST-2024-TC-15", "ST-2024-TC-16"
URL = "/api/v1/evidence"
LATE = "/api/v1/shares/ST-2024-TC-07.05"


@pytest.fixture
def agency(client: Client) -> Client:
    return client.as_("SKHCN")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def send(client: Client, file: Any, **data: Any) -> Any:
    fields = {"number": "123/BC-SKHCN", "tasks": [TC15], **data}
    headers = fields.pop("headers", {})
    form = {name: value for name, value in fields.items() if value is not None}
    return client.post(URL, data=form, files=[("file", file)], headers=headers)


def pdf(name: str = "Báo cáo.pdf", content: bytes = PDF) -> tuple[str, bytes, str]:
    return name, content, "application/pdf"


def problem(response: Any, status: int, slug: str, field: str | None = None) -> Any:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"urn:khacphuc:problem:{slug}"
    assert body.get("field") == field
    return body


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def written(client: Client) -> tuple[int, int]:
    with client.world.db.snapshot() as connection:
        rows = connection.execute(select(func.count()).select_from(evidence)).scalar_one()
        added = connection.execute(
            select(func.count()).select_from(events).where(events.c.action == "evidence.added")
        ).scalar_one()
    return rows, added


def test_one_letter_for_many_tasks_goes_up_and_comes_down_again(agency: Client, folder: Path) -> None:
    response = send(
        agency, pdf(), tasks=[TC15, TC16], title="Báo cáo", issued_on="2025-04-29", signer="", period="quý I"
    )
    assert response.status_code == 201, response.text
    made = response.json()
    assert (made["tasks"], made["filename"], made["issued_on"]) == ([TC15, TC16], "Báo cáo.pdf", "2025-04-29")
    assert [path.name for path in stored(folder)] == [made["sha256"]]
    assert agency.get(f"{URL}/{made['id']}").json() == made
    page = agency.get(f"/api/v1/tasks/{TC16}/evidence").json()
    assert page == {"items": [made], "total": 1, "limit": 50, "offset": 0}
    log = agency.get(f"/api/v1/tasks/{TC16}/updates").json()["items"]
    assert log[-1]["action"] == "evidence.added"

    download = agency.get(f"{URL}/{made['id']}/file")
    assert download.content == PDF
    headers = download.headers
    assert headers["content-type"] == "application/pdf"
    assert headers["content-disposition"] == (
        "attachment; filename=\"Bao cao.pdf\"; filename*=UTF-8''B%C3%A1o%20c%C3%A1o.pdf"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["content-length"] == str(len(PDF))


def test_a_document_without_a_file_may_be_json_or_a_form(agency: Client, folder: Path) -> None:
    plain = agency.post(URL, json={"number": "1/BC", "tasks": [TC15]})
    assert (plain.status_code, plain.json()["filename"]) == (201, None)
    form = agency.post(URL, files=[("number", (None, "2/BC")), ("tasks", (None, f"{TC15}, {TC16}"))])
    assert (form.status_code, form.json()["tasks"]) == (201, [TC15, TC16])
    browser = send(agency, ("", b"", "application/octet-stream"))
    assert (browser.status_code, browser.json()["filename"]) == (201, None)
    problem(agency.get(f"{URL}/{plain.json()['id']}/file"), 404, "not-found")
    assert stored(folder) == []


def test_a_name_from_another_system_is_composed(agency: Client) -> None:
    made = send(agency, pdf(unicodedata.normalize("NFD", "Báo cáo giải trình.pdf"))).json()
    assert made["filename"] == "Báo cáo giải trình.pdf"
    assert unicodedata.is_normalized("NFC", made["filename"])


def test_path_tricks_stay_in_the_name(agency: Client, folder: Path, tmp_path: Path) -> None:
    made = send(agency, pdf("../../../outside.pdf")).json()
    assert made["filename"] == "outside.pdf"
    assert list(tmp_path.rglob("outside.pdf")) == []
    assert [path.name for path in stored(folder)] == [made["sha256"]]


def test_two_uploads_of_the_same_bytes_share_one_file(client: Client, folder: Path) -> None:
    first = send(client.as_("SKHCN"), pdf()).json()
    second = send(client.as_("STP"), pdf("khác.pdf"), tasks=["ST-2024-TC-03"]).json()
    assert first["id"] != second["id"]
    assert [path.name for path in stored(folder)] == [first["sha256"]] == [second["sha256"]]
    assert "kh%C3%A1c.pdf" in client.as_("STP").get(f"{URL}/{second['id']}/file").headers["content-disposition"]


def docm() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", "<x/>")
        made.writestr("word/vbaProject.bin", "x")
    return target.getvalue()


def test_refused_files_are_told_and_leave_nothing(agency: Client, folder: Path) -> None:
    for content, name in ((b"MZ\x90\x00", "a.pdf"), (b"<html></html>", "a.pdf"), (docm(), "a.docx"), (PDF, "a.docx")):
        assert name in problem(send(agency, pdf(name, content)), 415, "file-refused", "file")["detail"]
    assert "rỗng" in problem(send(agency, pdf("a.pdf", b"")), 415, "file-refused", "file")["detail"]
    assert stored(folder) == []
    assert written(agency) == (0, 0)


def test_a_file_over_the_limit_is_413(agency: Client, folder: Path, client: Client) -> None:
    limit = 20_000_000
    inside = PDF + b" " * (limit + 1 - len(PDF))
    assert "20 MB" in problem(send(agency, pdf("a.pdf", inside)), 413, "too-large", "file")["detail"]
    problem(send(agency, pdf("a.pdf", inside + b" " * 64_000)), 413, "too-large")
    assert stored(folder) == []
    assert send(agency, pdf("a.pdf", inside[:-1])).status_code == 201


def test_fields_are_checked_before_anything_is_kept(agency: Client, folder: Path) -> None:
    problem(send(agency, pdf(), number=None), 422, "invalid-input", "number")
    problem(send(agency, pdf(), number="   "), 422, "invalid-input", "number")
    problem(send(agency, pdf(), number=["1", "2"]), 422, "invalid-input", "number")
    problem(send(agency, pdf(), tasks=[]), 422, "invalid-input", "tasks")
    problem(send(agency, pdf(), issued_on="29/4/2025"), 422, "invalid-input", "issued_on")
    problem(send(agency, pdf(), signed_by="x"), 422, "invalid-input", "signed_by")
    problem(send(agency, pdf(), title="x" * 501), 422, "invalid-input", "title")
    problem(send(agency, pdf(), title="x" * 20_000), 422, "invalid-input", "title")
    two = agency.post(URL, data={"number": "1", "tasks": TC15}, files=[("file", pdf()), ("file", pdf())])
    problem(two, 422, "invalid-input", "file")
    elsewhere = agency.post(URL, data={"number": "1", "tasks": TC15}, files=[("title", pdf())])
    problem(elsewhere, 422, "invalid-input", "title")
    as_text = agency.post(URL, files=[("number", (None, "1")), ("tasks", (None, TC15)), ("file", (None, "x"))])
    problem(as_text, 422, "invalid-input", "file")
    problem(agency.post(URL, content=b"{", headers={"Content-Type": "application/json"}), 422, "invalid-input", "body")
    problem(agency.post(URL, content=b"number=1"), 422, "invalid-input", "Content-Type")
    assert stored(folder) == []
    assert written(agency) == (0, 0)


def test_who_may_not_is_told_so_and_leaves_nothing(client: Client, folder: Path) -> None:
    problem(send(client.as_("STP"), pdf()), 404, "not-found", "tasks")
    problem(send(client.as_("coordinator"), pdf()), 403, "forbidden", "tasks")
    problem(send(client.as_("leadership"), pdf()), 403, "forbidden")
    anonymous = client.http.post(URL, data={"number": "1", "tasks": TC15}, files={"file": pdf()})
    problem(anonymous, 401, "unauthenticated")
    assert stored(folder) == []
    made = send(client.as_("SKHCN"), pdf()).json()
    for path in (f"{URL}/{made['id']}", f"{URL}/{made['id']}/file", f"/api/v1/tasks/{TC15}/evidence"):
        problem(client.as_("STP").get(path), 404, "not-found")
        assert client.as_("leadership").get(path).status_code == 200


def test_impossible_ids_are_not_found(client: Client) -> None:
    for evidence_id in ("0", "-1", "2147483648", "9" * 30):
        problem(client.get(f"{URL}/{evidence_id}"), 404, "not-found")
        problem(client.get(f"{URL}/{evidence_id}/file"), 404, "not-found")


@contextmanager
def failing_commit(client: Client) -> Iterator[None]:
    def fail(_connection: Any) -> None:
        raise OSError("disk gone")

    event.listen(client.world.db.writer, "commit", fail)
    try:
        yield
    finally:
        event.remove(client.world.db.writer, "commit", fail)


def test_a_failing_transaction_leaves_neither_file_nor_row(
    agency: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("after the file came to its place")

    assert agency.get(f"/api/v1/tasks/{TC15}/evidence").status_code == 200
    with monkeypatch.context() as patched, capture_logs() as logged:
        patched.setattr("app.evidence.documents.events.record", fail)
        problem(send(agency, pdf()), 500, "internal-error")
    assert [entry["event"] for entry in logged] == ["unexpected error"]
    assert stored(folder) == []
    assert written(agency) == (0, 0)
    assert send(agency, pdf()).status_code == 201


def test_a_failing_commit_leaves_no_row_and_its_file_is_swept(agency: Client, folder: Path) -> None:
    """Here removing the file fails with the database, too: what stays is an orphan, never a row without its bytes."""
    assert agency.get(f"/api/v1/tasks/{TC15}/evidence").status_code == 200
    with failing_commit(agency), capture_logs() as logged:
        problem(send(agency, pdf()), 500, "internal-error")
    assert [entry["event"] for entry in logged] == ["file of a failed upload not removed", "unexpected error"]
    assert written(agency) == (0, 0)
    store = FileStore(folder)
    with agency.world.db.snapshot() as connection:
        assert find_missing(connection, sizes_of(store)) == []
    sweep_orphans(agency.world.db, store, now=datetime.now(UTC) + timedelta(hours=2))
    assert stored(folder) == []


def test_the_same_upload_sent_twice_with_one_key_is_done_once(agency: Client, folder: Path) -> None:
    key = {"Idempotency-Key": "a-1"}
    first, again = send(agency, pdf(), headers=key), send(agency, pdf(), headers=key)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert written(agency) == (1, 1)
    assert len(stored(folder)) == 1
    problem(send(agency, pdf(content=PDF + b" "), headers=key), 422, "idempotency-mismatch", "Idempotency-Key")
    problem(send(agency, pdf(), number="other", headers=key), 422, "idempotency-mismatch", "Idempotency-Key")
    assert len(stored(folder)) == 1


def test_a_lost_file_is_said_to_be_lost(agency: Client, folder: Path) -> None:
    made = send(agency, pdf()).json()
    stored(folder)[0].unlink()
    assert "bộ phận kỹ thuật" in problem(agency.get(f"{URL}/{made['id']}/file"), 404, "not-found")["detail"]


def test_a_document_is_linked_to_more_tasks(client: Client, agency: Client) -> None:
    made = send(agency, pdf()).json()
    linked = agency.post(f"{URL}/{made['id']}/tasks", json={"tasks": [TC16]})
    assert (linked.status_code, linked.json()["tasks"]) == (200, [TC15, TC16])
    problem(agency.post(f"{URL}/{made['id']}/tasks", json={"tasks": []}), 422, "invalid-input", "tasks")
    problem(agency.post(f"{URL}/{made['id']}/tasks", json={"tasks": ["ST-2024-TC-01"]}), 404, "not-found", "tasks")
    problem(client.as_("STP").post(f"{URL}/{made['id']}/tasks", json={"tasks": [TC16]}), 404, "not-found")


def test_shares_are_listed_read_and_reported_on(client: Client) -> None:
    unit = client.as_("HMX")
    page = unit.get("/api/v1/shares", params={"task": "ST-2024-TC-07", "done": "false"}).json()
    assert (page["total"], page["items"][0]["code"]) == (1, "ST-2024-TC-07.05")
    read = unit.get(LATE)
    assert (read.json(), read.headers["etag"]) == (page["items"][0], '"1"')
    body = {"reason": "Thiếu biên chế", "current": 12, "on_behalf_of": "Công chức một cửa"}
    changed = unit.patch(LATE, json=body, version=1)
    assert (changed.json()["done"], changed.headers["etag"]) == (True, '"2"')
    problem(unit.patch(LATE, json={"reason": "x"}, version=1), 412, "stale-version", "If-Match")
    assert unit.patch(LATE, json={"current": 12}).json()["version"] == 2
    assert client.as_("leadership").get("/api/v1/shares?done=true").json()["total"] == 1
    assert client.get("/api/v1/shares?agency=HMX&limit=1&offset=1").json()["items"][0]["code"] == "ST-2024-TC-09.02"


def test_shares_refuse_what_does_not_fit(client: Client) -> None:
    unit = client.as_("HMX")
    problem(unit.patch(LATE, json={"resolved": True}), 422, "invalid-input", "resolved")
    problem(unit.patch(LATE, json={"current": -1}), 422, "invalid-input", "current")
    problem(unit.patch(LATE, json={"current": 1.5}), 422, "invalid-input", "current")
    problem(unit.patch(LATE, json={"quantity": 0}), 422, "invalid-input", "quantity")
    problem(unit.patch(LATE, json={}), 422, "invalid-input")
    problem(unit.patch(LATE, json={"on_behalf_of": "x"}), 422, "invalid-input")
    problem(client.as_("SXD").patch(LATE, json={"reason": "x"}), 404, "not-found")
    problem(client.as_("coordinator").patch(LATE, json={"reason": "x"}), 403, "forbidden")
    problem(client.get("/api/v1/shares?limit=0"), 422, "invalid-input", "limit")
    assert client.get("/api/v1/shares?task=a%00b&agency=%00").json()["total"] == 0
    assert unit.get(LATE).json()["version"] == 1


def test_measures_are_listed_read_and_reported_on(client: Client) -> None:
    office = client.as_("VPUB")
    path = "/api/v1/measures/ST-2024-GP-21"
    assert path.rsplit("/", 1)[1] in [one["code"] for one in office.get("/api/v1/measures").json()["items"]]
    changed = office.patch(path, json={"progress": "Đã ban hành kế hoạch"})
    assert changed.json()["agencies"][0]["progress"] == "Đã ban hành kế hoạch"
    assert office.get(path).json() == changed.json() == client.get(path).json() | {"tasks": changed.json()["tasks"]}
    problem(client.as_("STP").get(path), 404, "not-found")
    problem(client.as_("STP").patch(path, json={"progress": "x"}), 404, "not-found")
    problem(client.patch(path, json={"progress": "x"}), 403, "forbidden")
    problem(office.patch(path, json={}), 422, "invalid-input", "progress")
    problem(office.patch(path, json={"progress": None}), 422, "invalid-input", "progress")
    assert client.get("/api/v1/measures?task=ST-2024-TC-07&agency=VPUB&limit=1").json()["limit"] == 1


def test_the_documentation_tells_both_ways_to_send_evidence(client: Client) -> None:
    spec = client.http.get("/api/v1/openapi.json").json()
    content = spec["paths"]["/api/v1/evidence"]["post"]["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/json"}
    assert "file" in content["multipart/form-data"]["schema"]["properties"]
    assert "file" not in content["application/json"]["schema"]["properties"]
