"""What a file is, told by its content; its name only has to agree.

Accepted: PDF, PNG, JPEG, and the office documents DOCX, XLSX, ODT, ODS. Whoever opens them reads them: what holds
macros, programs, scripts, or fetches from other machines does not get in (`office`, `pdf`). Office documents are
archives, so they are opened and read through once: a bomb, a broken or an encrypted archive does not get in either.
"""

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import filetype  # type: ignore[import-untyped]  # it ships no types

from app.errors import FileRefused
from app.uploads import office, pictures


@dataclass(frozen=True, slots=True)
class Kind:
    media_type: str
    label: str
    extensions: tuple[str, ...]


_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

PDF = Kind("application/pdf", "PDF", ("pdf",))
PNG = Kind("image/png", "ảnh PNG", ("png",))
JPEG = Kind("image/jpeg", "ảnh JPEG", ("jpg", "jpeg"))
DOCX = Kind(_OPEN_XML + "wordprocessingml.document", "văn bản Word", ("docx",))
XLSX = Kind(_OPEN_XML + "spreadsheetml.sheet", "bảng tính Excel", ("xlsx",))
ODT = Kind(_OPEN_DOCUMENT + "text", "văn bản OpenDocument", ("odt",))
ODS = Kind(_OPEN_DOCUMENT + "spreadsheet", "bảng tính OpenDocument", ("ods",))
KINDS = (PDF, PNG, JPEG, DOCX, XLSX, ODT, ODS)

ACCEPTED = "Chỉ nhận tệp PDF, PNG, JPEG, DOCX, XLSX, ODT hoặc ODS"

MOST_ENTRIES = 5_000
MOST_UNPACKED = 200_000_000
"""Bytes of all entries together."""
HIGHEST_RATIO = 200
"""Unpacked to packed, from `RATIO_COUNTS_FROM` bytes on: small texts of one repeated word are innocent."""
RATIO_COUNTS_FROM = 5_000_000
LONGEST_DIRECTORY = 1_000_000
"""Bytes of the parts that say what an office document is made of."""

_BY_SIGNATURE: Mapping[str, Kind] = {
    "application/pdf": PDF,
    "image/png": PNG,
    "image/apng": PNG,
    "image/jpeg": JPEG,
}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)
"""What reading a damaged archive raises; UnicodeDecodeError is a ValueError."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ARCHIVE: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EMPTY_LIBRARIES = frozenset({"script-lc.xml", "script-lb.xml", "dialog-lc.xml", "dialog-lb.xml"})
"""What OpenDocument files without any macro may still hold under Basic/."""


def look(path: Path, filename: str) -> str:
    """The media type of a file that is of an accepted kind and does nothing besides being read. Raises as both checks
    below. May compute for many seconds: `checking.check` decides where."""
    media_type = check_content(path, filename)
    check_harmless(path, filename, media_type)
    return media_type


def begins_as_archive(path: Path) -> bool:
    return _head(path).startswith(ARCHIVE)


def begins_as_pdf(path: Path) -> bool:
    return _known(_head(path)) is PDF


def check_content(path: Path, filename: str) -> str:
    """The media type of an accepted file; raises `FileRefused` saying why and what to do."""
    kind = _kind_of(path, filename)
    stem, dot, extension = filename.rpartition(".")
    if not stem or not dot:
        raise _refused(f"Tên tệp “{filename}” thiếu đuôi. Tệp này là {kind.label}: hãy đặt đuôi .{kind.extensions[0]}")
    if extension.lower() not in kind.extensions:
        raise _refused(
            f"Tệp “{filename}” có nội dung là {kind.label}, không đúng với đuôi .{extension}. "
            f"Hãy đặt lại đuôi .{kind.extensions[0]} hoặc chọn đúng tệp"
        )
    return kind.media_type


def check_harmless(path: Path, filename: str, media_type: str) -> None:
    """What an accepted file does besides being read; raises `FileRefused` saying how to make one that does nothing."""
    try:
        fault = _LOOKS.get(media_type, _find_office_fault)(path)
    except _BROKEN:
        raise _broken(filename) from None
    if fault:
        raise _refused(f"Tệp “{filename}” {fault}")


def _find_pdf_fault(path: Path) -> str | None:
    from app.uploads import pdf  # it takes long to load, and the server itself never does

    return pdf.find_fault(path)


def _find_office_fault(path: Path) -> str | None:
    with zipfile.ZipFile(path) as archive:
        return office.find_fault(archive)


def _kind_of(path: Path, filename: str) -> Kind:
    head = _head(path)
    if head.startswith(ARCHIVE):
        return _kind_of_archive(path, filename)
    if head.startswith(_OLD_OFFICE):
        raise _refused(
            f"Tệp “{filename}” là định dạng Office cũ (.doc, .xls) hoặc có mật khẩu. "
            "Hãy bỏ mật khẩu và lưu lại thành .docx, .xlsx hoặc PDF"
        )
    kind = _known(head)
    if kind is None:
        raise _refused(
            f"{ACCEPTED}; nội dung của “{filename}” không thuộc các loại này. Hãy chuyển sang PDF rồi gửi lại"
        )
    return kind


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8192)


def _known(head: bytes) -> Kind | None:
    guessed = filetype.guess(head)
    return _BY_SIGNATURE.get(guessed.mime) if guessed is not None else None


def _kind_of_archive(path: Path, filename: str) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_bounds(archive, filename)
            _check_entries(archive, filename)
            return _office_kind(archive, filename)
    except _BROKEN:
        raise _broken(filename) from None


def _check_bounds(archive: zipfile.ZipFile, filename: str) -> None:
    """From the directory alone, before anything is unpacked. Its figures may lie; `_check_entries` finds that out."""
    entries = archive.infolist()
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    inflated = unpacked > RATIO_COUNTS_FROM and unpacked > HIGHEST_RATIO * packed
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or inflated:
        raise _refused(f"Tệp “{filename}” phình to bất thường khi giải nén. Hãy xuất sang PDF rồi gửi lại")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise _refused(f"Tệp “{filename}” có mật khẩu. Hãy bỏ mật khẩu rồi gửi lại")


def _check_entries(archive: zipfile.ZipFile, filename: str) -> None:
    """Reads every entry to its declared end, so a damaged byte shows as a wrong checksum, and mostly a false size, too;
    what may lie behind that end, whoever looks for harm finds (`markup.pieces`)."""
    if any(entry.compress_type not in _METHODS for entry in archive.infolist()):
        raise zipfile.BadZipFile("packed in a way that office programs do not know")
    names = archive.namelist()
    if len(set(names)) != len(names) or any(_escapes(name) for name in names):
        raise zipfile.BadZipFile("entries overlap or point outside")
    if any(_is_macro(name) for name in names):
        raise _with_macros(filename)
    if min((entry.header_offset for entry in archive.infolist()), default=0) > 0:
        raise zipfile.BadZipFile("another archive stands before this one")
    if archive.testzip() is not None:
        raise zipfile.BadZipFile("an entry is damaged")


def _office_kind(archive: zipfile.ZipFile, filename: str) -> Kind:
    names = frozenset(archive.namelist())
    if "[Content_Types].xml" in names:
        kind = _open_xml_kind(archive, names, filename)
    else:
        kind = _open_document_kind(archive, names, filename)
    if kind is None:
        raise _refused(
            f"{ACCEPTED}; “{filename}” là tệp nén hoặc tài liệu Office loại khác. "
            "Hãy gửi từng tài liệu, hoặc xuất sang PDF"
        )
    return kind


def _open_xml_kind(archive: zipfile.ZipFile, names: frozenset[str], filename: str) -> Kind | None:
    types = _part(archive, "[Content_Types].xml").lower()
    if b"macroenabled" in types or b"vbaproject" in types:
        raise _with_macros(filename)
    found = [
        kind
        for kind, part, main in (
            (DOCX, "word/document.xml", b"wordprocessingml.document.main+xml"),
            (XLSX, "xl/workbook.xml", b"spreadsheetml.sheet.main+xml"),
        )
        if part in names and main in types
    ]
    return found[0] if len(found) == 1 else None


def _open_document_kind(archive: zipfile.ZipFile, names: frozenset[str], filename: str) -> Kind | None:
    if not {"mimetype", "content.xml", "META-INF/manifest.xml"} <= names:
        return None
    if b"encryption-data" in _part(archive, "META-INF/manifest.xml"):
        raise _refused(f"Tệp “{filename}” có mật khẩu. Hãy bỏ mật khẩu rồi gửi lại")
    media_type = _part(archive, "mimetype").strip()
    return next((kind for kind in (ODT, ODS) if kind.media_type.encode() == media_type), None)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LONGEST_DIRECTORY:
        raise zipfile.BadZipFile(f"{name} is too long")
    return archive.read(name)


def _escapes(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")


def _is_macro(name: str) -> bool:
    path = name.lower().replace("\\", "/")
    base = path.rsplit("/", 1)[-1]
    if base.startswith("vbaproject") or path.startswith(("xl/macrosheets/", "scripts/")):
        return True
    return path.startswith("basic/") and base not in _EMPTY_LIBRARIES and base != ""


def _refused(detail: str) -> FileRefused:
    return FileRefused(detail + ".", field="file")


def _broken(filename: str) -> FileRefused:
    return _refused(f"Tệp “{filename}” bị hỏng, không mở được. Hãy lưu lại bằng Word, Excel hoặc LibreOffice")


def _with_macros(filename: str) -> FileRefused:
    return _refused(f"Tệp “{filename}” có macro. Hãy lưu lại thành .docx, .xlsx hoặc PDF không có macro")


_LOOKS: Mapping[str, Callable[[Path], str | None]] = {
    PDF.media_type: _find_pdf_fault,
    PNG.media_type: pictures.find_fault,
    JPEG.media_type: pictures.find_fault,
}
