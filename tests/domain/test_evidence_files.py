"""Which files get in, under which name, and what lies in the store afterwards."""

import hashlib
import io
import os
import struct
import unicodedata
import zipfile
from pathlib import Path

import pytest

from app.errors import FileRefused, TooLarge, Unwritable
from app.evidence import FileStore, Upload, receive
from app.uploads import ascii_filename, clean_filename
from tests.domain.evidence_samples import (
    DOCX,
    EXE,
    HTML,
    JPEG,
    ODS,
    ODT,
    OLD_WORD,
    PDF,
    PNG,
    SVG,
    XLSX,
    archive,
    docx_parts,
    open_document_parts,
    xlsx_parts,
)

OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "evidence")


def take(store: FileStore, content: bytes, name: str, limit: int = 1_000_000) -> Upload:
    return receive(store, io.BytesIO(content), name, limit=limit)


def files(store: FileStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "Báo cáo.pdf", "application/pdf"),
        (PDF, "BAO CAO.PDF", "application/pdf"),
        (PNG, "ảnh.png", "image/png"),
        (JPEG, "ảnh.jpg", "image/jpeg"),
        (JPEG, "ảnh.jpeg", "image/jpeg"),
        (DOCX, "công văn.docx", OFFICE + "wordprocessingml.document"),
        (XLSX, "số liệu.xlsx", OFFICE + "spreadsheetml.sheet"),
        (ODT, "công văn.odt", OPEN + "text"),
        (ODS, "số liệu.ods", OPEN + "spreadsheet"),
    ],
)
def test_accepted_kinds_are_told_by_their_content(store: FileStore, content: bytes, name: str, media_type: str) -> None:
    upload = take(store, content, name)
    assert (upload.filename, upload.media_type) == (name, media_type)
    assert upload.received.sha256 == hashlib.sha256(content).hexdigest()
    assert upload.received.size == len(content) == upload.received.path.stat().st_size


def with_part(parts: dict[str, bytes | str], name: str, content: bytes | str = "x") -> bytes:
    return archive({**parts, name: content})


def without_part(parts: dict[str, bytes | str], name: str) -> bytes:
    return archive({key: value for key, value in parts.items() if key != name})


def twice_the_same_part() -> bytes:
    target = io.BytesIO(DOCX)
    with zipfile.ZipFile(target, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr("word/document.xml", "<w:document>something else</w:document>")
    return target.getvalue()


def with_flag(content: bytes, flag: int) -> bytes:
    """Sets a general purpose flag in the central directory entry of every part."""
    changed = bytearray(content)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 8 : at + 10] = struct.pack("<H", struct.unpack("<H", changed[at + 8 : at + 10])[0] | flag)
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def with_declared_size(content: bytes, part: bytes, size: int) -> bytes:
    """Lies about the unpacked size of one part, in the central directory."""
    changed = bytearray(content)
    at = changed.find(b"PK\x01\x02")
    while changed[at + 46 : at + 46 + len(part)] != part:
        at = changed.find(b"PK\x01\x02", at + 4)
    changed[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(changed)


def lzma_archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as made:
        for name, content in docx_parts().items():
            made.writestr(name, content)
    return target.getvalue()


MACRO_TYPES = "<Types>application/vnd.ms-word.document.macroEnabled.main+xml</Types>"

REFUSED = {
    "a program under a document's name": (EXE, "bao-cao.pdf", "không thuộc các loại"),
    "a program": (EXE, "bao-cao.exe", "không thuộc các loại"),
    "a page as PDF": (HTML, "bao-cao.pdf", "không thuộc các loại"),
    "a page": (HTML, "bao-cao.html", "không thuộc các loại"),
    "a drawing with scripts": (SVG, "anh.svg", "không thuộc các loại"),
    "a drawing with scripts as PNG": (SVG, "anh.png", "không thuộc các loại"),
    "plain text": (b"xin chao", "a.pdf", "không thuộc các loại"),
    "an old Word file": (OLD_WORD, "a.doc", "Office cũ"),
    "a PDF as Word": (PDF, "a.docx", "nội dung là PDF"),
    "a PDF as PNG": (PDF, "a.png", "nội dung là PDF"),
    "a program's name for a PDF": (PDF, "a.pdf.exe", "nội dung là PDF"),
    "a workbook as Word": (XLSX, "a.docx", "bảng tính Excel"),
    "a document as workbook": (DOCX, "a.xlsx", "văn bản Word"),
    "no extension": (PDF, "bao-cao", "thiếu đuôi"),
    "no name": (PDF, "", "thiếu đuôi"),
    "only an extension": (PDF, ".pdf", "thiếu đuôi"),
    "a plain archive": (archive({"a.txt": "x"}), "a.docx", "tệp nén"),
    "a plain archive as itself": (archive({"a.txt": "x"}), "a.zip", "tệp nén"),
    "Word without its document": (without_part(docx_parts(), "word/document.xml"), "a.docx", "tệp nén"),
    "Word without its content types": (without_part(docx_parts(), "[Content_Types].xml"), "a.docx", "tệp nén"),
    "a workbook without its book": (without_part(xlsx_parts(), "xl/workbook.xml"), "a.xlsx", "tệp nén"),
    "another type inside": (with_part(docx_parts(), "[Content_Types].xml", "<Types/>"), "a.docx", "tệp nén"),
    "a macro": (with_part(docx_parts(), "word/vbaProject.bin"), "a.docx", "macro"),
    "a macro in another place": (with_part(docx_parts(), "customXml/VBAPROJECT.BIN"), "a.docx", "macro"),
    "a macro document by its type": (with_part(docx_parts(), "[Content_Types].xml", MACRO_TYPES), "a.docx", "macro"),
    "a macro sheet": (with_part(xlsx_parts(), "xl/macrosheets/sheet1.xml"), "a.xlsx", "macro"),
    "a macro in OpenDocument": (with_part(open_document_parts("text"), "Basic/Standard/M1.xml"), "a.odt", "macro"),
    "a script in OpenDocument": (with_part(open_document_parts("text"), "Scripts/python/m.py"), "a.odt", "macro"),
    "OpenDocument with a password": (
        with_part(open_document_parts("text"), "META-INF/manifest.xml", "<manifest:encryption-data/>"),
        "a.odt",
        "mật khẩu",
    ),
    "another OpenDocument": (archive(open_document_parts("presentation")), "a.odt", "tệp nén"),
    "an encrypted part": (with_flag(DOCX, 0x1), "a.docx", "mật khẩu"),
    "a part that leaves the folder": (with_part(docx_parts(), "../../etc/passwd"), "a.docx", "bị hỏng"),
    "an absolute part": (with_part(docx_parts(), "/etc/passwd"), "a.docx", "bị hỏng"),
    "a bomb": (with_part(docx_parts(), "word/media/a.bin", b"\0" * 30_000_000), "a.docx", "phình to"),
    "too many parts": (archive({**docx_parts(), **{f"a{n}": "" for n in range(5_001)}}), "a.docx", "phình to"),
    "a size that lies": (
        with_declared_size(with_part(docx_parts(), "word/media/a.bin", b"\0" * 9_000_000), b"word/media/a.bin", 10),
        "a.docx",
        "bị hỏng",
    ),
    "a way of packing that Word does not know": (lzma_archive(), "a.docx", "bị hỏng"),
    "a huge list of types": (
        with_part(docx_parts(), "[Content_Types].xml", os.urandom(1_000_001)),
        "a.docx",
        "bị hỏng",
    ),
    "a cut file": (DOCX[:-40], "a.docx", "bị hỏng"),
    "a damaged file": (DOCX[:60] + b"\xff\xff\xff\xff" + DOCX[64:], "a.docx", "bị hỏng"),
    "nothing": (b"", "a.pdf", "rỗng"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_document_is_refused_and_leaves_nothing(store: FileStore, case: str) -> None:
    content, name, says = REFUSED[case]
    with pytest.raises(FileRefused, match=says) as refused:
        take(store, content, name, limit=10_000_000)
    assert refused.value.field == "file"
    assert files(store) == []


def test_two_parts_of_one_name_are_refused(store: FileStore) -> None:
    with pytest.raises(FileRefused, match="bị hỏng"):
        take(store, twice_the_same_part(), "a.docx")


def test_a_document_with_empty_macro_libraries_is_accepted(store: FileStore) -> None:
    content = with_part(open_document_parts("text"), "Basic/Standard/script-lb.xml")
    assert take(store, content, "a.odt").media_type == OPEN + "text"


def test_small_repetitive_documents_are_no_bombs(store: FileStore) -> None:
    content = with_part(docx_parts(), "word/styles.xml", "<w:style/>" * 200_000)
    assert len(content) < 20_000
    take(store, content, "a.docx")


def test_the_limit_is_exact(store: FileStore) -> None:
    take(store, PDF, "a.pdf", limit=len(PDF)).received.forget()
    with pytest.raises(TooLarge, match="Tệp lớn hơn"):
        take(store, PDF, "a.pdf", limit=len(PDF) - 1)
    assert files(store) == []


def test_a_large_stream_is_never_held_in_memory(store: FileStore) -> None:
    class Endless(io.RawIOBase):
        largest = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.largest = max(self.largest, size)
            return b"x" * size

    source = Endless()
    with pytest.raises(TooLarge, match="5 MB"):
        receive(store, source, "a.pdf", limit=5_000_000)  # type: ignore[arg-type]
    assert source.largest <= 1_000_000


def test_a_store_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way")
    with pytest.raises(Unwritable, match="không ghi được"):
        take(FileStore(tmp_path / "evidence"), PDF, "a.pdf")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Báo cáo.pdf", "Báo cáo.pdf"),
        (unicodedata.normalize("NFD", "Báo cáo giải trình.pdf"), "Báo cáo giải trình.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\windows\\a.pdf", "a.pdf"),
        ("C:\\Users\\x\\a.pdf", "a.pdf"),
        ("/etc/a.pdf", "a.pdf"),
        ("a\0.pdf", "a.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("hoso\u202efdp.exe", "hosofdp.exe"),
        ("\u2066a\u200b.pdf\u2069", "a.pdf"),
        ("  a   b .pdf ", "a b.pdf"),
        ('a<b>:"c"|d?*.pdf', "a_b___c__d__.pdf"),
        ("...", ""),
        ("..", ""),
        ("", ""),
        ("a.pdf. . .", "a.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("lpt1 .tar.pdf", "_lpt1 .tar.pdf"),
        ("Công văn.pdf", "Công văn.pdf"),
        ("Com1c.pdf", "Com1c.pdf"),
    ],
)
def test_file_names_keep_their_words_and_lose_their_tricks(sent: str, kept: str) -> None:
    assert clean_filename(sent) == kept


def test_long_names_are_cut_before_their_extension() -> None:
    kept = clean_filename("đ" * 400 + ".docx")
    assert (len(kept), kept[-6:]) == (150, "đ.docx")
    assert len(clean_filename("a" * 400)) == 150
    assert len(clean_filename("a." + "b" * 400)) == 150


def test_names_for_old_programs_are_plain_ascii() -> None:
    assert ascii_filename('Đề án "số 1" – đợt 2.pdf') == "De an _so 1_ _ dot 2.pdf"


def test_bytes_come_to_their_place_whole_and_once(store: FileStore) -> None:
    first, second = take(store, PDF, "a.pdf"), take(store, PDF, "b.pdf")
    store.put(first.received)
    store.put(second.received)
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert files(store) == [store.folder / sha256[:2] / sha256]
    with store.open(sha256) as file:
        assert file.read() == PDF
    store.delete(sha256)
    store.delete(sha256)
    assert files(store) == []
    with pytest.raises(FileNotFoundError):
        store.open(sha256)


def test_a_damaged_file_is_mended_by_the_same_upload(store: FileStore) -> None:
    upload = take(store, PDF, "a.pdf")
    store.put(upload.received)
    store.path(upload.received.sha256).write_bytes(b"damaged")
    store.put(take(store, PDF, "a.pdf").received)
    with store.open(upload.received.sha256) as file:
        assert file.read() == PDF


def test_stored_files_are_for_this_service_only(store: FileStore) -> None:
    upload = take(store, PDF, "a.pdf")
    store.put(upload.received)
    assert store.path(upload.received.sha256).stat().st_mode & 0o077 == 0
