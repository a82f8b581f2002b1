"""Excel over HTTP for programs: the same functions, with problems as JSON."""

import asyncio
import io
import threading
from typing import Any

import pytest
from openpyxl import load_workbook

from app.api import workbook_files
from app.api.workbook_files import AT_ONCE, in_thread
from app.errors import Busy
from app.reports.excel.assessment import example
from app.reports.excel.assessment.template import write_template
from app.reports.excel.book import MEDIA_TYPE
from tests.api.acts import PARTS, problem, standing
from tests.conftest import MAY, Client
from tests.reports.workbook_files import edited, filled

T14, T16 = "ST-2024-TC-14", "ST-2024-TC-16"
TEMPLATE = "/api/v1/tasks/template"
GOOD = {T14: {**PARTS, "declared": 0.4, "move": "Chờ xác nhận (nộp)"}}


def template(client: Client) -> bytes:
    answer = client.get(f"{TEMPLATE}.xlsx", params={"assessment": "soc-trang-2024"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    content: bytes = answer.content
    return content


def send(client: Client, path: str, content: bytes, **kwargs: Any) -> Any:
    return client.post(path, files={"file": ("mau.xlsx", content, MEDIA_TYPE)}, **kwargs)


def test_the_summary_for_every_role(client: Client) -> None:
    for who in ("coordinator", "leadership", "admin", "SKHCN"):
        answer = client.as_(who).get("/api/v1/assessments/soc-trang-2024/summary.xlsx")
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert "tong-hop-soc-trang-2024-2025-05-05.xlsx" in answer.headers["content-disposition"]
        assert len(load_workbook(io.BytesIO(answer.content)).sheetnames) == 4
    problem(client.get("/api/v1/assessments/nowhere-2024/summary.xlsx"), 404, "not-found")


def test_preview_and_apply(client: Client) -> None:
    skhcn = client.as_("SKHCN")
    content = filled(template(skhcn), GOOD)
    before = standing(client)
    shown = send(skhcn, TEMPLATE, content).json()
    assert (shown["ok"], shown["unchanged"], shown["problems"]) == (True, 4, [])
    row = shown["rows"][0]
    assert (row["code"], row["reported"], row["status"]) == (
        T14,
        {"old": None, "new": "0.4000"},
        {"old": "assigned", "new": "submitted"},
    )
    assert standing(client) == before
    done = send(skhcn, f"{TEMPLATE}/apply", content).json()
    assert (done["applied"], done["applied_before"]) == (1, None)
    assert client.get(f"/api/v1/tasks/{T14}").json()["status"] == "submitted"
    after = standing(client)
    again = send(skhcn, f"{TEMPLATE}/apply", content).json()
    assert (again["applied"], again["applied_before"] is not None) == (0, True)
    assert standing(client) == after


def test_the_workbook_itself_as_the_body(client: Client) -> None:
    skhcn = client.as_("SKHCN")
    content = filled(template(skhcn), GOOD)
    answer = skhcn.post(TEMPLATE, content=content, headers={"Content-Type": MEDIA_TYPE})
    assert answer.json()["ok"]
    problem(skhcn.post(TEMPLATE, content=content, headers={"Content-Type": "text/csv"}), 422, "invalid-input")
    problem(skhcn.post(TEMPLATE, json={}), 422, "invalid-input")


def test_one_fault_and_nothing_is_written(client: Client) -> None:
    skhcn = client.as_("SKHCN")
    content = filled(template(skhcn), {**GOOD, T16: {"percent": 101}})
    before = standing(client)
    shown = send(skhcn, TEMPLATE, content).json()
    assert not shown["ok"]
    assert [(one["sheet"], one["column"]) for one in shown["problems"]] == [("Báo cáo", 14)]
    refused = problem(send(skhcn, f"{TEMPLATE}/apply", content), 422, "invalid-input")
    assert refused["problems"][0]["place"].startswith("Trang tính “Báo cáo”, dòng ")
    assert standing(client) == before
    marked = send(skhcn, f"{TEMPLATE}?marked=true", content)
    assert marked.headers["content-type"] == MEDIA_TYPE
    assert load_workbook(io.BytesIO(marked.content))["Báo cáo"]["Q3"].value == "Lỗi (hệ thống ghi)"


def test_a_stale_task_is_a_conflict(client: Client) -> None:
    skhcn = client.as_("SKHCN")
    content = filled(template(skhcn), GOOD)
    skhcn.post(f"/api/v1/tasks/{T14}/updates", version=1, json={"progress": "khác"})
    problem(send(skhcn, f"{TEMPLATE}/apply", content), 409, "conflict")
    assert send(skhcn, TEMPLATE, content).json()["rows"][0]["stale"]


def test_an_idempotency_key_repeats_the_answer(client: Client) -> None:
    skhcn = client.as_("SKHCN")
    content = filled(template(skhcn), GOOD)
    first = send(skhcn, f"{TEMPLATE}/apply", content, headers={"Idempotency-Key": "mot-1"})
    again = send(skhcn, f"{TEMPLATE}/apply", content, headers={"Idempotency-Key": "mot-1"})
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


def test_another_agency_s_template_is_refused_in_one_sentence(client: Client) -> None:
    content = filled(template(client.as_("SKHCN")), GOOD)
    for path in (TEMPLATE, f"{TEMPLATE}/apply"):
        refused = problem(send(client.as_("STP"), path, content), 422, "invalid-input")
        assert refused["detail"].startswith("Đây là mẫu của Sở Khoa học và Công nghệ;")


def test_a_few_workbooks_are_read_at_once_and_others_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, gate = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        begun.release()
        gate.wait()

    async def crowd() -> int:
        held = [asyncio.create_task(in_thread(hold)) for _ in range(AT_ONCE)]
        for _ in held:
            await asyncio.to_thread(begun.acquire)
        monkeypatch.setattr(workbook_files, "WAITING_SECONDS", 0.01)
        with pytest.raises(Busy, match="Hãy chờ một lát rồi thử lại") as busy:
            await in_thread(gate.set)
        assert "retry_after" in busy.value.extra
        monkeypatch.undo()
        assert not gate.is_set()  # what nobody waits for any more is not begun
        gate.set()
        await asyncio.gather(*held)
        return await in_thread(len, "abc")

    assert asyncio.run(crowd()) == 3


def test_files_that_are_none_and_roles_that_may_not(client: Client) -> None:
    skhcn = client.as_("SKHCN")
    problem(send(skhcn, TEMPLATE, b"x,y"), 415, "file-refused")
    problem(send(skhcn, TEMPLATE, b"\x00" * 5_000_001), 413, "too-large")
    problem(send(skhcn, f"{TEMPLATE}/apply", b"\x00" * 6_000_000), 413, "too-large")
    for who in ("leadership", "admin"):
        problem(send(client.as_(who), TEMPLATE, b"x"), 403, "forbidden")
        answer = client.as_(who).get(f"{TEMPLATE}.xlsx", params={"assessment": "soc-trang-2024"})
        problem(answer, 403, "forbidden")
    problem(client.as_("SKHCN").get(f"{TEMPLATE}.xlsx"), 422, "invalid-input")


def test_the_import_of_an_assessment(client: Client) -> None:
    admin = client.as_("admin")
    path = "/api/v1/assessments/import"
    content = admin.get(f"{path}/template.xlsx", params={"filled": "true"}).content
    tried = send(admin, f"{path}?dry_run=true", content).json()
    assert (tried["assessment"], tried["dry_run"], tried["added"]) == ("soc-trang-2024", True, {})
    assert {one["level"] for one in tried["findings"]} == {"warning", "ok"}
    done = send(admin, path, content)
    assert (done.status_code, done.json()["unchanged"]["tasks"]) == (200, 48)
    wrong = edited(content, lambda book: book["Tiêu chí"].__setitem__("H4", 0.5))
    assert any(one["level"] == "error" for one in send(admin, f"{path}?dry_run=true", wrong).json()["findings"])
    refused = problem(send(admin, path, wrong), 422, "seed-invalid")
    assert refused["findings"]


@pytest.mark.parametrize("who", ["coordinator", "leadership", "SKHCN"])
def test_only_the_administrator_imports(client: Client, who: str) -> None:
    content = write_template(example.load(), now=MAY)
    problem(send(client.as_(who), "/api/v1/assessments/import", content), 403, "forbidden")
    problem(client.as_(who).get("/api/v1/assessments/import/template.xlsx"), 403, "forbidden")
