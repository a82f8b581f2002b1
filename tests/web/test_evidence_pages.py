"""Documents on pages: one letter behind many tasks, its file, and what may still be done about it."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app import evidence as noun
from app import tasks
from app.models import evidence
from app.tasks import Decision, Update
from tests.domain.evidence_samples import EXE, HTML, PDF
from tests.web.conftest import Desk

TC14, TC15, TC16, TC17 = (f"ST-2024-TC-{n}" for n in (14, 15, 16, 17))
PARTS = {"reason": "Chưa kết nối đủ", "progress": "Đã kết nối thêm", "remedy": "Hoàn thành trong quý III"}


@pytest.fixture
def agency(desk: Desk) -> Desk:
    return desk.as_("SKHCN")


def send(desk: Desk, file: Any = ("", b""), **typed: Any) -> Any:
    """The form as a browser without scripts sends it; an empty nameless part where no file was chosen."""
    values = {"number": "123/BC-SKHCN", "tasks": [TC14, TC16], "key": "a-key", **typed}
    return desk.post("/evidence/new", {k: v for k, v in values.items() if v is not None}, files={"file": file})


def rows(desk: Desk) -> int:
    with desk.world.db.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(evidence)).scalar_one()


def stored(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "evidence").rglob("*") if path.is_file()]


def enter(desk: Desk, *codes: str, number: str = "123/BC", who: str = "SKHCN") -> int:
    document = noun.Document(number, codes or (TC14,))
    made = desk.world.write(noun.add, desk.world.actor(who), document, None, noun.FileStore(Path("/nowhere")))
    return int(made["id"])


def write_report(desk: Desk, code: str) -> None:
    change = Update(texts=PARTS, declared_score="0.5" if code == TC14 else None)
    desk.world.write(tasks.record_update, desk.world.actor("SKHCN"), code, change, version=None)


def version_of(desk: Desk, code: str) -> int:
    return int(desk.world.read(tasks.get_task, desk.world.actor("SKHCN"), code)["version"])


def status_of(desk: Desk, code: str) -> str:
    return str(desk.world.read(tasks.get_task, desk.world.actor("SKHCN"), code)["status"])


def test_one_letter_is_entered_for_many_tasks_and_downloaded(agency: Desk, tmp_path: Path) -> None:
    typed = {"title": "Báo cáo\r\nkết quả", "issued_on": "29/4/2025", "signer": "Giám đốc", "period": "quý I"}
    answer = send(agency, ("Báo cáo.pdf", PDF), **typed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/evidence/1?done=evidence-added")
    page = agency.get("/evidence/1").text
    for shown in ("123/BC-SKHCN", "Báo cáo kết quả", "29/04/2025", "Giám đốc", "quý I", "Báo cáo.pdf", TC14, TC16):
        assert shown in page
    assert len(stored(tmp_path)) == 1
    download = agency.get("/evidence/1/file")
    assert download.content == PDF
    assert download.headers["content-disposition"].startswith('attachment; filename="Bao cao.pdf"')
    assert download.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert download.headers["x-content-type-options"] == "nosniff"


def test_the_form_offers_the_agencys_open_tasks_and_ticks_what_the_address_names(desk: Desk) -> None:
    page = desk.as_("SKHCN").get(f"/evidence/new?task={TC16}&task={TC14}&task=ST-2024-TC-01&task=%00%3Cb%3E").text
    ticked = re.findall(r'name="tasks" value="([^"]+)" checked', page)
    assert sorted(ticked) == [TC14, TC16]
    assert f'value="{TC15}"' in page
    assert 'value="ST-2024-TC-03"' not in page
    assert "Không gắn được với ST-2024-TC-01, &lt;b&gt;" in page
    assert desk.as_("SKHCN").get("/evidence/new").status_code == 200
    assert "TC-16" not in desk.get("/evidence/new").text, "the coordinator ticks from its own agency's tasks only"
    assert desk.as_("leadership").get("/evidence/new").status_code == 403


@pytest.mark.parametrize(
    ("file", "typed", "status", "said"),
    [
        (("a.pdf", EXE), {}, 415, "a.pdf"),
        (("a.pdf", HTML), {}, 415, "a.pdf"),
        (("a.pdf", PDF), {"issued_on": "31/02/2025"}, 422, "không phải ngày"),
        (("a.pdf", PDF), {"issued_on": "06/05/2025"}, 422, "ở sau hôm nay"),
        (("a.pdf", PDF), {"number": " "}, 422, "số, ký hiệu"),
        (("a.pdf", PDF), {"number": "x" * 101}, 422, "tối đa 100"),
        (("a.pdf", PDF), {"tasks": []}, 422, "mã nhiệm vụ"),
        (("a.pdf", PDF), {"tasks": [TC14, "ST-2024-TC-03"]}, 404, "ST-2024-TC-03"),
        (("a.pdf", b""), {}, 415, "rỗng"),
    ],
)
def test_what_was_typed_survives_a_refusal_and_nothing_is_kept(
    agency: Desk, tmp_path: Path, file: Any, typed: Any, status: int, said: str
) -> None:
    answer = send(agency, file, **{"title": 'Kết "quả" <b>', "signer": "Phó Giám đốc Sở", "submit": "1", **typed})
    assert answer.status_code == status
    assert said in answer.text
    assert 'role="alert"' in answer.text
    assert "Kết &#34;quả&#34; &lt;b&gt;</textarea>" in answer.text
    assert 'value="Phó Giám đốc Sở"' in answer.text
    assert 'name="submit" value="1" checked' in answer.text
    assert 'name="key" value="a-key"' in answer.text
    assert "tệp phải chọn lại" in answer.text
    if TC14 in typed.get("tasks", [TC14]):
        assert f'value="{TC14}" checked' in answer.text
    assert (rows(agency), stored(tmp_path)) == (0, [])


def test_a_file_that_is_too_large_is_told_with_what_was_typed(agency: Desk, tmp_path: Path) -> None:
    answer = send(agency, ("lớn.pdf", PDF + b" " * 20_000_000), signer="Phó Giám đốc Sở")
    assert answer.status_code == 413
    assert "20 MB" in answer.text
    assert 'value="Phó Giám đốc Sở"' in answer.text
    huge = send(agency, ("lớn.pdf", PDF + b" " * 41_000_000))
    assert (huge.status_code, huge.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert (rows(agency), stored(tmp_path)) == (0, [])


def test_a_form_that_is_sent_twice_enters_one_document(agency: Desk, tmp_path: Path) -> None:
    first, again = (send(agency, ("a.pdf", PDF)) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    assert (rows(agency), len(stored(tmp_path))) == (1, 1)
    changed = send(agency, ("a.pdf", PDF), number="124/BC-SKHCN")
    assert changed.status_code == 409
    assert "đã được gửi trước đó" in changed.text
    key = re.search(r'name="key" value="([^"]+)"', changed.text)
    assert key is not None
    assert send(agency, ("a.pdf", PDF), number="124/BC-SKHCN", key=key[1]).status_code == 303
    assert rows(agency) == 2


def test_reports_are_handed_in_with_the_document_and_each_says_what_became_of_it(agency: Desk) -> None:
    write_report(agency, TC14)
    versions = {f"version.{code}": version_of(agency, code) for code in (TC14, TC16, TC17)}
    answer = send(agency, submit="1", tasks=[TC14, TC16, TC15], **versions)
    assert answer.status_code == 303
    page = agency.get(answer.headers["location"]).text
    results = page[page.index("Kết quả nộp báo cáo") : page.index("Văn bản")]
    assert re.search(rf"{TC14}</a>: <span[^>]*>Đã nộp", results)
    assert re.search(rf"{TC16}</a>: <span[^>]*>Chưa nộp</span> Báo cáo còn thiếu", results)
    assert TC15 not in results, "no version: it was not offered to hand in"
    assert TC17 not in results, "not ticked"
    assert [status_of(agency, code) for code in (TC14, TC15, TC16)] == ["submitted", "assigned", "assigned"]
    again = send(agency, submit="1", tasks=[TC14, TC16, TC15], **versions)
    assert again.headers["location"] == answer.headers["location"]
    assert agency.get(again.headers["location"]).text.count("Đã nộp") == page.count("Đã nộp")
    assert "Kết quả nộp báo cáo" not in agency.as_("coordinator").get(answer.headers["location"]).text


def test_a_report_that_changed_meanwhile_is_not_handed_in(agency: Desk) -> None:
    write_report(agency, TC14)
    answer = send(agency, submit="1", tasks=[TC14], **{f"version.{TC14}": 1})
    assert "đã được thay đổi" in agency.get(answer.headers["location"]).text
    assert status_of(agency, TC14) == "assigned"


def test_an_upload_needs_the_token_of_this_session(agency: Desk, tmp_path: Path) -> None:
    forged = agency.post("/evidence/new", {"number": "1", "tasks": TC14}, csrf="0" * 64, files={"file": ("a.pdf", PDF)})
    other_site = agency.post("/evidence/new", {"number": "1"}, headers={"Origin": "https://evil.example"})
    assert (forged.status_code, other_site.status_code) == (403, 403)
    broken = agency.post("/evidence/new", {"number": "1", "tasks": TC14})
    assert broken.status_code == 422
    assert (rows(agency), stored(tmp_path)) == (0, [])


def test_the_list_is_each_ones_own_and_is_searched_without_accents(desk: Desk) -> None:
    enter(desk, TC14, number="12/BC-SKHCN")
    enter(desk, "ST-2024-TC-03", number="34/BC-STP", who="STP")
    own = desk.as_("SKHCN").get("/evidence").text
    assert "12/BC-SKHCN" in own
    assert "34/BC-STP" not in own
    for who in ("coordinator", "leadership", "admin"):
        page = desk.as_(who).get("/evidence").text
        assert "12/BC-SKHCN" in page
        assert "34/BC-STP" in page
    found = desk.get("/evidence?q=34%2Fbc-stp&agency=STP").text
    assert "12/BC-SKHCN" not in found
    assert "34/BC-STP" in found
    assert "Không có tài liệu nào khớp" in desk.get("/evidence?q=%00khong&state=withdrawn&offset=x").text
    assert "Chưa có tài liệu nào" in desk.as_("STC").get("/evidence?state=nonsense").text


def test_a_foreign_or_impossible_document_is_not_found(desk: Desk) -> None:
    document = enter(desk, TC14)
    for path in (f"/evidence/{document}", f"/evidence/{document}/file"):
        assert desk.as_("STP").get(path).status_code == 404
    for ident in ("0", "999", "x", "9" * 40, "²", "1%00"):
        for path in (f"/evidence/{ident}", f"/evidence/{ident}/file"):
            assert desk.get(path).status_code == 404, path
        for act in ("tasks", "correction", "withdrawal"):
            assert desk.post(f"/evidence/{ident}/{act}", {"reason": "x", "number": "1"}).status_code == 404


def test_a_document_is_linked_corrected_and_withdrawn_on_its_page(agency: Desk) -> None:
    path = f"/evidence/{enter(agency)}"
    assert agency.post(f"{path}/tasks", {"tasks": [TC16, TC17]}).headers["location"] == f"{path}?done=evidence-linked"
    change = {"number": "321/BC", "title": "Mới", "issued_on": "30.4.2025", "signer": "", "period": ""}
    assert agency.post(f"{path}/correction", change).headers["location"] == f"{path}?done=evidence-corrected"
    page = agency.get(path).text
    for shown in ("321/BC", "Mới", "30/04/2025", TC14, TC16, TC17):
        assert shown in page
    assert agency.post(f"{path}/withdrawal", {"reason": "Nhầm <b>"}).headers["location"] == (
        f"{path}?done=evidence-withdrawn"
    )
    page = agency.as_("coordinator").get(path).text
    assert "<s>321/BC</s>" in page
    assert "Nhầm &lt;b&gt;" in page
    assert "withdrawal" not in page
    assert "<s>321/BC</s>" in agency.get("/evidence").text


@pytest.mark.parametrize(
    ("act", "typed", "status", "kept"),
    [
        ("tasks", {}, 422, "ít nhất một nhiệm vụ"),
        ("tasks", {"tasks": [TC16, "ST-2024-TC-03"]}, 404, f'value="{TC16}" checked'),
        ("correction", {"number": "", "title": "Còn đây", "issued_on": "31/02/2025"}, 422, "Còn đây</textarea>"),
        ("correction", {"number": "1", "issued_on": "31/02/2025"}, 422, 'value="31/02/2025"'),
        ("withdrawal", {"reason": " "}, 422, "lý do rút"),
        ("withdrawal", {"reason": "x" * 2_001}, 422, "x" * 2_001),
    ],
)
def test_a_refused_change_keeps_what_was_typed(agency: Desk, act: str, typed: Any, status: int, kept: str) -> None:
    path = f"/evidence/{enter(agency)}"
    before = agency.world.read(noun.get, agency.world.actor("SKHCN"), 1)
    answer = agency.post(f"{path}/{act}", typed)
    assert answer.status_code == status
    assert kept in answer.text
    assert re.search(r"<details class=\"card\" open>", answer.text)
    assert agency.world.read(noun.get, agency.world.actor("SKHCN"), 1) == before


def test_what_an_acceptance_holds_says_so_and_offers_neither_correction_nor_withdrawal(agency: Desk) -> None:
    path = f"/evidence/{enter(agency)}"
    world = agency.world
    write_report(agency, TC14)
    world.write(tasks.record_update, world.actor("SKHCN"), TC14, Update(status="submitted"), version=None)
    world.write(tasks.review, world.actor("coordinator"), TC14, Decision("accepted"), version=None)
    page = agency.get(path).text
    assert f"đã được dùng để xác nhận {TC14}" in page
    assert "withdrawal" not in page
    assert "correction" not in page
    refused = agency.post(f"{path}/withdrawal", {"reason": "Nhầm"})
    assert (refused.status_code, "mở lại" in refused.text) == (409, True)


def test_others_read_a_document_and_cannot_change_it(desk: Desk) -> None:
    path = f"/evidence/{enter(desk)}"
    for who in ("coordinator", "leadership", "admin"):
        page = desk.as_(who).get(path).text
        assert "withdrawal" not in page
        assert desk.as_(who).post(f"{path}/withdrawal", {"reason": "x"}).status_code == 403
