"""Ordinary documents get in, whatever they have in common with harmful ones; a scanner is asked where there is one."""

import contextlib
import io
import socket
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import FileRefused, SetupProblem
from app.evidence import FileStore, Scanner, markup, ping, receive
from app.evidence.office import EICAR, is_remote
from app.evidence.pdf import find_fault
from app.settings import Settings
from tests.campaigns.hostile import docx, field, formula, odt, relation, xlsx
from tests.domain.evidence_samples import DOCX, JPEG, PDF, W, pdf

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
    content = docx(parts)
    receive(FileStore(tmp_path), io.BytesIO(content), "a.docx", limit=1_000_000)
    monkeypatch.setattr(markup, bound, most)
    monkeypatch.setattr(markup, "CHUNK", 500)
    with pytest.raises(FileRefused, match="bất thường"):
        receive(FileStore(tmp_path), io.BytesIO(content), "a.docx", limit=1_000_000)


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


def test_a_pdf_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    assert "quá phức tạp" in str(find_fault(tmp_path / "a.pdf", seconds=0))


# A scanner


class FakeClamd:
    """A server that speaks INSTREAM and PING as clamd does, over the bytes that really came."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.scanned: list[bytes] = []
        self.answer = ""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.listener.accept()
                with line, line.makefile("rb") as came, contextlib.suppress(OSError, struct.error):
                    line.sendall(self._answered(came).encode() + b"\0")

    def _answered(self, came: io.BufferedReader) -> str:
        command = b""
        while not command.endswith(b"\0"):
            command += came.read(1)
        if command == b"zPING\0":
            return self.answer or "PONG"
        content = b""
        while length := struct.unpack(">I", came.read(4))[0]:
            content += came.read(length)
        self.scanned.append(content)
        return self.answer or ("stream: Win.Test.EICAR_HDB-1 FOUND" if b"virus" in content else "stream: OK")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


@pytest.fixture(params=["tcp", "unix"])
def clamd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[FakeClamd, Scanner]]:
    if request.param == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "clamd.ctl"))
        listener.listen()
        address = f"unix://{tmp_path / 'clamd.ctl'}"
    assert Settings(virus_scanner=address).virus_scanner == address
    made = FakeClamd(listener)
    yield made, Scanner(address, 5)
    made.close()


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
