"""The page of documents: what each role finds there, the files, and templates that come and go."""

import io
import zipfile
from typing import Any

import docx
import pytest

from app.reports.word import scaffold
from tests.conftest import MAY, Client
from tests.reports.word_files import edited, text_of
from tests.web.conftest import Desk

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
JUNE = MAY.replace(month=6, day=24)


@pytest.fixture
def june(desk: Desk) -> Desk:
    desk.world.at(JUNE)
    return desk


def opened(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == WORD
    assert answer.headers["cache-control"] == "no-store"
    return text_of(docx.Document(io.BytesIO(answer.content)))


def upload(desk: Desk, kind: str, content: bytes, filename: str = "mau.docx", **form: str) -> Any:
    from app.accounts.sessions import csrf_of

    data = {"csrf": csrf_of(desk.token()), **form}
    return desk._request("POST", f"/documents/templates/{kind}", data=data, files={"file": (filename, content, WORD)})


def test_each_role_finds_its_own_documents(june: Desk) -> None:
    page = june.get("/documents").text
    for text in ("Tải báo cáo", "Công văn đôn đốc", "Mẫu văn bản Word", "{{ total.published }}", "/csv/tasks"):
        assert text in page
    page = june.as_("leadership").get("/documents").text
    assert "Tải báo cáo" in page
    assert "Mẫu văn bản Word" not in page
    page = june.as_("STP").get("/documents").text
    assert "Tải báo cáo" not in page
    assert "/documents/summary.xlsx" in page
    assert "/workbook" in page


def test_the_report_of_today_and_of_a_past_day(june: Desk) -> None:
    answer = june.get("/documents/report.docx")
    assert "số liệu tính đến ngày 24/06/2025" in opened(answer)
    assert "bao-cao-soc-trang-2024-2025-06-24.docx" in answer.headers["content-disposition"]
    assert "số liệu tính đến ngày 01/06/2025" in opened(june.get("/documents/report.docx?as_of=01/06/2025"))
    for wrong in ("01/01/2030", "31/02/2025", "mai"):
        refused = june.get(f"/documents/report.docx?as_of={wrong}")
        assert refused.status_code == 422
        assert "ngày" in refused.text
    for path in ("report.docx", "letters", "letters.zip", "letters/STC.docx", "templates/report.docx"):
        assert june.as_("STP").get(f"/documents/{path}").status_code == 403


def test_letters_one_by_one_and_all_together(june: Desk) -> None:
    page = june.get("/documents/letters").text
    assert "Sở Tài chính" in page
    assert "/documents/letters/HMX.docx?assessment=soc-trang-2024" in page
    assert "/documents/letters/SNV.docx" not in page
    assert "Kính gửi: Sở Tư pháp" in opened(june.get("/documents/letters/STP.docx"))
    assert june.get("/documents/letters/SNV.docx").status_code == 409
    assert june.get("/documents/letters/%00.docx").status_code == 404
    answer = june.as_("leadership").get("/documents/letters.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.namelist()) == page.count("Tải công văn<")


def test_nobody_to_write_to_is_said(desk: Desk) -> None:
    desk.world.at(MAY.replace(month=4, day=20))
    assert "Không có cơ quan nào" in desk.get("/documents/letters").text
    assert desk.get("/documents/letters.zip").status_code == 409


def test_a_template_is_downloaded_edited_uploaded_and_given_up(june: Desk) -> None:
    answer = june.get("/documents/templates/urging_letter.docx")
    assert answer.content == (scaffold.FOLDER / scaffold.FILES["urging_letter"]).read_bytes()
    done = upload(june, "urging_letter", edited("urging_letter", "Kính gửi:", "Trân trọng gửi:"), 'mẫu & "mới".docx')
    assert (done.status_code, done.headers["location"]) == (303, "/documents?done=template-replaced")
    page = june.get("/documents").text
    assert "mẫu &amp; _mới_.docx" in page
    assert "coordinator" in page
    name = june.get("/documents/templates/urging_letter.docx").headers["content-disposition"]
    assert name.startswith("attachment; filename=\"mau _ _moi_.docx\"; filename*=UTF-8''m%E1%BA%ABu%20%26%20_m")
    assert "Trân trọng gửi: Sở Tư pháp" in opened(june.get("/documents/letters/STP.docx"))
    assert "Kính gửi: {{ recipient }}" in opened(june.get("/documents/templates/urging_letter/built-in.docx"))
    assert june.post("/documents/templates/urging_letter/reset").status_code == 303
    assert "Kính gửi: Sở Tư pháp" in opened(june.get("/documents/letters/STP.docx"))


def test_a_template_that_is_refused_leaves_the_one_in_use(june: Desk) -> None:
    wrong = upload(june, "urging_letter", edited("urging_letter", "{{ recipient }}", "{{ recipent }}"))
    assert wrong.status_code == 422
    assert "Không có thẻ “recipent”" in wrong.text
    assert "Có phải là “recipient”?" in wrong.text
    for content, status in ((b"text", 415), (b"", 422), (b"x" * 2_000_001, 413), (b"x" * 5_000_000, 413)):
        assert upload(june, "report", content, "mau.docx" if content else "").status_code == status
    assert upload(june, "nothing", b"x").status_code == 404
    assert upload(june, "report", b"x", csrf="0" * 64).status_code == 403
    assert upload(june.as_("leadership"), "report", b"x").status_code == 403
    assert "Đang dùng mẫu gốc" in june.get("/documents").text


def test_the_api_gives_the_same_files(client: Client) -> None:
    client.at(JUNE)
    assert "BÁO CÁO" in opened(client.get("/api/v1/assessments/soc-trang-2024/report.docx"))
    past = client.get("/api/v1/assessments/soc-trang-2024/report.docx", params={"as_of": "2025-06-01"})
    assert "01/06/2025" in opened(past)
    letter = client.get("/api/v1/agencies/STP/urging-letter.docx", params={"assessment": "soc-trang-2024"})
    assert "Kính gửi: Sở Tư pháp" in opened(letter)
    for path, status in (
        ("/api/v1/assessments/nothing/report.docx", 404),
        ("/api/v1/assessments/soc-trang-2024/report.docx?as_of=2030-01-01", 422),
        ("/api/v1/agencies/NOPE/urging-letter.docx?assessment=soc-trang-2024", 404),
        ("/api/v1/agencies/SNV/urging-letter.docx?assessment=soc-trang-2024", 409),
        ("/api/v1/agencies/STP/urging-letter.docx", 422),
    ):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.as_("STP").get("/api/v1/assessments/soc-trang-2024/report.docx").status_code == 403
