"""Ordinary documents get in, whatever they have in common with harmful ones; a scanner is asked where there is one."""

import io
import socket
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from app.errors import FileRefused, SetupProblem
from app.evidence import FileStore, receive
from app.settings import Settings
from app.uploads import EICAR, Scanner, markup, ping, scanning
from app.uploads.filetypes import look
from app.uploads.office import is_remote
from tests.campaigns.hostile import docx, field, formula, odt, relation, xlsx
from tests.clamd import FakeClamd, clamd
from tests.domain.evidence_samples import DOCX, JPEG, PDF, W, pdf

__all__ = ["clamd"]  # a fixture

_LINK = "/Annots [<< /Subtype /Link /A << /S /URI /URI (https://example.vn) >> >>]"
ORDINARY = {
    "links one clicks": docx({"word/_rels/document.xml.rels": relation("hyperlink", "https://example.vn")}),
    "a link to a file": docx({"word/_rels/document.xml.rels": relation("hyperlink", "file:///C:/bao-cao.docx")}),
    "a template of one's own disk": docx(
        {"word/_rels/settings.xml.rels": relation("attachedTemplate", "file:///C:/Mau/mau.dotx")}
    ),
    "a chart with its workbook": docx({"word/embeddings/Microsoft_Excel_Worksheet.xlsx": xlsx({})}),
    "fields that count and list": docx(
        {
            "word/document.xml": field(' TOC \\o "1-3" \\h '),
            "word/header1.xml": field(" PAGE "),
            "word/footer1.xml": field('HYPERLINK "https://example.vn/dde/link"'),
            "word/footnotes.xml": field(" = ", "{", "NUMPAGES", "}", " - 1"),
        }
    ),
    "text about fields": docx({"word/comments.xml": f'<w:p xmlns:w="{W}"><w:t>DDEAUTO INCLUDETEXT</w:t></w:p>'}),
    "an embedded font": docx({"word/fonts/font1.odttf": bytes(range(256)) * 40}),
    "a picture": docx({"word/media/image1.jpeg": JPEG}),
    "a link to another workbook": xlsx(
        {"xl/externalLinks/_rels/externalLink1.xml.rels": relation("externalLinkPath", "file:///D:/so-lieu.xlsx")}
    ),
    "formulas": xlsx({"xl/worksheets/sheet1.xml": formula('IF(A1="a|b",Sheet2!A1,SUM(B1:B9))&amp;"|x!"')}),
    "printer settings": xlsx({"xl/printerSettings/printerSettings1.bin": b"\0" * 500}),
    "links and charts in OpenDocument": odt(
        {
            "content.xml": '<a xmlns:text="t" xmlns:draw="d" xmlns:xlink="l"><text:a xlink:href="https://example.vn"/>'
            '<draw:object xlink:href="./Object 1"/></a>'
        }
    ),
    "links in a PDF": pdf(page=_LINK),
    "a PDF that opens at its first page": pdf("/OpenAction [3 0 R /Fit]"),
    "a PDF that opens as wide as the window": pdf("/OpenAction << /S /GoTo /D [3 0 R /FitH 800] >>"),
    "a form with a signature": pdf(
        "/AcroForm << /SigFlags 3 /Fields [4 0 R] >>", "<< /FT /Sig /T (ky) /V << /Type /Sig /Contents <00> >> >>"
    ),
    "text about JavaScript in a PDF": pdf("", "(Bai ve /JavaScript, /Launch va /OpenAction)"),
    "a PDF with something behind its end": PDF + b"\0" * 5_000,
}


def name_of(content: bytes) -> str:
    if content.startswith(b"%PDF"):
        return "a.pdf"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    return "a.xlsx" if "xl/workbook.xml" in names else "a.docx" if "word/document.xml" in names else "a.odt"


@pytest.mark.parametrize("what", ORDINARY)
def test_ordinary_documents_get_in(tmp_path: Path, what: str) -> None:
    content = ORDINARY[what]
    receive(FileStore(tmp_path), io.BytesIO(content), name_of(content), limit=1_000_000)


def test_what_real_programs_write_gets_in(tmp_path: Path) -> None:
    """A Word file with a link and a picture, a workbook with a chart, a PDF with a restriction on printing."""
    import docx as word
    import pikepdf
    import xlsxwriter

    document = word.Document()
    document.add_paragraph("Báo cáo").add_run().add_picture(io.BytesIO(JPEG))
    document.save(str(tmp_path / "a.docx"))
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet, chart = book.add_worksheet(), book.add_chart({"type": "line"})
        sheet.write_row(0, 0, [1, 2, 3])
        sheet.write_url(1, 0, "https://example.vn")
        chart.add_series({"values": "=Sheet1!$A$1:$C$1"})
        sheet.insert_chart("A3", chart)
    with pikepdf.open(io.BytesIO(PDF)) as made:
        made.save(tmp_path / "a.pdf", encryption=pikepdf.Encryption(owner="x", user=""))
    for name in ("a.docx", "a.xlsx", "a.pdf"):
        with (tmp_path / name).open("rb") as file:
            receive(FileStore(tmp_path / "store"), file, name, limit=1_000_000)


@pytest.mark.parametrize(
    ("bound", "most", "parts"),
    [
        ("MOST_TAGS", 1_000, {"word/document.xml": field("PAGE").replace("</w:p>", "<w:r/>" * 1_000 + "</w:p>")}),
        ("LONGEST_TAG", 900, {"word/document.xml": field("PAGE").replace("</w:p>", f"<!--{'-+' * 1_500}--></w:p>")}),
        ("MOST_READ", 60_000, {f"word/embeddings/{n}.xlsx": xlsx({"xl/a.bin": b"\0" * 25_000}) for n in range(3)}),
    ],
)
def test_what_costs_more_than_its_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, most: int, parts: dict[str, str | bytes]
) -> None:
    """Well-formed, and each part within the bounds of its own."""
    path = tmp_path / "a.docx"
    path.write_bytes(docx(parts))
    look(path, "a.docx")
    monkeypatch.setattr(markup, bound, most)
    monkeypatch.setattr(markup, "CHUNK", 500)
    with pytest.raises(FileRefused, match="bất thường"):
        look(path, "a.docx")


def lying(packed: bytes, name: str, size: int) -> bytes:
    """The same archive, whose directory says that a part ends sooner, with the checksum of what is before that."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for one in source.namelist():
            target.writestr(one, source.read(one))
        told = target.getinfo(name)
        told.file_size, told.CRC = size, zlib.crc32(source.read(name)[:size])
    return out.getvalue()


def test_a_part_that_goes_on_behind_its_end_is_refused(tmp_path: Path) -> None:
    """Programs that read on would find the field."""
    harmful = docx({"word/document.xml": field("DDEAUTO cmd")})
    for content in (
        lying(harmful, "word/document.xml", 40),
        docx({"word/embeddings/a.docx": lying(harmful, "word/document.xml", 40)}),
    ):
        path = tmp_path / "a.docx"
        path.write_bytes(content)
        with pytest.raises(FileRefused, match="bị hỏng"):
            look(path, "a.docx")


@pytest.mark.parametrize(
    ("target", "remote"),
    [
        ("file:///C:/a.dotx", False),
        ("file:///D:\\mẫu\\a.dotx", False),
        ("C:\\a.dotx", False),
        ("file:C:/a", False),
        ("../media/a.png", False),
        ("/word/a.png", False),
        ("", False),
        ("http://a/b", True),
        ("HTTPS://a", True),
        ("\\\\a\\b", True),
        ("//a/b", True),
        ("file://a/b", True),
        ("file:////a/b", True),
        ("file:\\\\a\\b", True),
        ("%5c%5ca%5cb", True),
        ("  \\\\a\\b", True),
        ("mhtml:http://a!x", True),
        ("search-ms:x", True),
    ],
)
def test_a_path_of_the_own_disk_is_told_from_another_machine(target: str, remote: bool) -> None:
    assert is_remote(target) is remote


# A scanner


def take(folder: Path, content: bytes, name: str, scanner: Scanner | None) -> None:
    receive(FileStore(folder), io.BytesIO(content), name, limit=1_000_000, scanner=scanner).received.forget()


def test_the_scanner_sees_every_byte_and_has_the_last_word(tmp_path: Path, clamd: tuple[FakeClamd, Scanner]) -> None:
    server, scanner = clamd
    ping(scanner)
    large = PDF + b"%" + b"x" * 600_000
    take(tmp_path, large, "a.pdf", scanner)
    assert server.scanned == [large]
    with pytest.raises(FileRefused, match=r"phần mềm diệt vi-rút chặn \(Win.Test.EICAR_HDB-1\)"):
        take(tmp_path, PDF + b"%virus", "a.pdf", scanner)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nothing_reads_a_file_that_the_scanner_stops(tmp_path: Path, clamd: tuple[FakeClamd, Scanner]) -> None:
    with pytest.raises(FileRefused, match="phần mềm diệt vi-rút chặn"):
        take(tmp_path, b"virus, and no document either", "a.exe", clamd[1])


@pytest.mark.parametrize("answer", ["INSTREAM size limit exceeded. ERROR", "stream: broken ERROR", "hello", "\0"])
def test_what_the_scanner_did_not_look_at_is_not_stored(
    tmp_path: Path, clamd: tuple[FakeClamd, Scanner], answer: str
) -> None:
    server, scanner = clamd
    server.answer = answer
    with pytest.raises(SetupProblem, match="Chưa quét được vi-rút"):
        take(tmp_path, PDF, "a.pdf", scanner)
    with pytest.raises(SetupProblem):
        ping(scanner)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_answer_that_nobody_understands_is_told_in_short_and_harms_no_terminal(
    tmp_path: Path, clamd: tuple[FakeClamd, Scanner]
) -> None:
    server, scanner = clamd
    server.answer = "\x1b[2J" + "x" * 3_000
    with pytest.raises(SetupProblem) as caught:
        take(tmp_path, PDF, "a.pdf", scanner)
    assert "\x1b" not in caught.value.detail
    assert len(caught.value.detail) < 400


def test_an_answer_that_comes_bit_by_bit_has_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drip:
        now, left = 0.0, 5.0

        def gettimeout(self) -> float:
            return self.left

        def settimeout(self, seconds: float) -> None:
            self.left = seconds

        def recv(self, _most: int) -> bytes:
            Drip.now += min(1.0, self.left)
            if self.left < 1:
                raise TimeoutError
            return b"x"

    monkeypatch.setattr(scanning, "time", SimpleNamespace(monotonic=lambda: Drip.now))
    with pytest.raises(TimeoutError):
        scanning._answer(cast(socket.socket, Drip()))
    assert Drip.now <= 6


def test_a_scanner_that_is_away_or_silent_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        scanner = Scanner(f"tcp://127.0.0.1:{silent.getsockname()[1]}", 0.1)
        with pytest.raises(SetupProblem, match="quá thời hạn"):
            take(tmp_path, PDF, "a.pdf", scanner)
    for away in (scanner.address, f"unix://{tmp_path}/none"):
        with pytest.raises(SetupProblem, match="chưa có gì được ghi"):
            take(tmp_path, DOCX, "a.docx", Scanner(away, 0.1))


def test_without_a_scanner_the_test_pattern_is_still_known(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="EICAR"):
        take(tmp_path, PDF + b"%" * 262_100 + EICAR, "a.pdf", None)


@pytest.mark.parametrize("address", ["clamd", "tcp://", "tcp://a:x", "http://a:3310", "unix://a", "unix:", "tcp://a/b"])
def test_an_address_that_is_no_scanner_is_refused_at_start(address: str) -> None:
    with pytest.raises(ValueError, match="cần dạng tcp://"):
        Settings(virus_scanner=address)
