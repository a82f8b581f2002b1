"""An uploaded workbook, before anything else reads it: what it may be, and a copy that no trick of the zip format
survives. What leaves for a spreadsheet as plain text is neutralised by `safe_text`.

Zip directories can lie: about sizes, with two entries of a name, with entries that overlap. So every part is unpacked
here, with bounds, and packed again; readers get the new package. Parts with a DTD are refused, so that no XML reader
meets an entity.
"""

import re
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any, Final
from xml.parsers import expat

from app.errors import FileRefused, TooLarge
from app.reports.neutral import neutral as safe_text
from app.reports.plain_xml import is_plain_xml
from app.uploads import EICAR, VIRUS
from app.uploads.formulas import FormulaReader, has_sign
from app.vietnamese import number_text

__all__ = ["Package", "open_package", "safe_text"]

MOST_BYTES: Final = 5_000_000
MOST_UNPACKED: Final = 50_000_000
MOST_PARTS: Final = 500
MOST_RATIO: Final = 200
"""How far a part over a megabyte may unfold; real sheets unfold about tenfold."""
_CHUNK: Final = 1 << 20
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_LOOKS_LIKE_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]*<")
_LONGEST_RUN: Final = 1_000_000
"""Bytes without a "<": what stands in one cell is 32 thousand characters, and a longer tag is all attributes."""
_MOST_TAGS: Final = 6_000_000
"""Tags and attributes of a part in which a formula is looked for."""
_MOST_LINKS: Final = 100_000
"""Tags in one part of relationships."""
_FEW_AT_ONCE = threading.BoundedSemaphore(2)
"""Unpacking takes memory: whoever comes third waits a moment."""

MOST: Final[Mapping[bytes, tuple[int, str]]] = {
    b"mergeCell": (1_000, "ô gộp"),
    b"cfRule": (5_000, "định dạng có điều kiện"),
    b"dataValidation": (25_000, "quy tắc nhập liệu"),
    b"definedName": (5_000, "vùng đặt tên"),
    b"<hyperlink ": (20_000, "liên kết"),
    b"<comment ": (30_000, "ghi chú"),
    b"<xf ": (65_000, "kiểu ô"),
    b"<si": (500_000, "đoạn chữ"),
    b"<r>": (100_000, "đoạn chữ nhiều định dạng"),
}
"""Of what costs programs much more than its few bytes."""
FORBIDDEN: Final[tuple[tuple[str, str], ...]] = (
    ("vbaproject", "có macro"),
    ("xl/macrosheets/", "có macro"),
    ("xl/externallinks/", "có liên kết đến tệp khác (external link, DDE)"),
    ("xl/embeddings/", "có đối tượng nhúng (OLE)"),
    ("xl/activex/", "có điều khiển ActiveX"),
    ("xl/connections.xml", "có kết nối dữ liệu bên ngoài"),
    ("xl/querytables/", "có truy vấn dữ liệu bên ngoài"),
    ("customui/", "có giao diện tùy biến"),
)
AGAIN = "Hãy tải mẫu từ hệ thống, điền bằng Excel và lưu lại ở dạng .xlsx."


@dataclass(frozen=True)
class Package:
    """The parts of a vetted workbook by name."""

    parts: Mapping[str, bytes]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(map(len, self.parts.values()))

    @cached_property
    def content(self) -> bytes:
        """The same parts in a plain new zip, for those that read files."""
        out = BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for name, part in self.parts.items():
                packed.writestr(zipfile.ZipInfo(name), part)
        return out.getvalue()


def open_package(content: bytes, filename: str) -> Package:
    """The workbook in an upload. TooLarge over `MOST_BYTES`; FileRefused, in words, for whatever is not a plain .xlsx:
    other formats, passwords, macros, links, embedded objects, bombs, broken files."""
    check_size(content)
    _check_kind(content, filename)
    with _FEW_AT_ONCE:
        parts = _unpack(content)
    _check_parts(parts)
    return Package(parts)


def check_size(content: bytes) -> None:
    """Raises `TooLarge`."""
    if len(content) > MOST_BYTES:
        raise TooLarge(
            f"Tệp Excel lớn hơn {MOST_BYTES // 1_000_000} MB. Hãy bỏ hình ảnh, trang thừa rồi nạp lại.", field="file"
        )


def _check_kind(content: bytes, filename: str) -> None:
    suffix = filename.lower().rpartition(".")[2]
    if not content:
        raise FileRefused("Tệp rỗng. Hãy chọn lại tệp.", field="file")
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise FileRefused("Tệp được đặt mật khẩu. Hãy bỏ mật khẩu (Tệp > Thông tin > Bảo vệ) rồi nạp lại.")
        raise FileRefused("Đây là tệp Excel kiểu cũ (.xls). Hãy lưu lại ở dạng .xlsx rồi nạp lại.", field="file")
    if not content.startswith(b"PK"):
        kind = f"Tệp .{suffix[:8]}" if suffix in ("csv", "txt", "ods", "pdf", "doc", "docx") else "Tệp này"
        raise FileRefused(f"{kind} không phải tệp Excel .xlsx. {AGAIN}", field="file")


def _unpack(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            return _read_parts(packed)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as error:
        raise FileRefused(f"Tệp bị hỏng hoặc không phải tệp Excel .xlsx. {AGAIN}", field="file") from error
    except Exception as error:
        if type(error).__module__ in ("zlib", "lzma", "_lzma", "struct"):
            raise FileRefused(f"Tệp bị hỏng, không mở được. {AGAIN}", field="file") from error
        raise


def _read_parts(packed: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [one for one in packed.infolist() if not one.is_dir()]
    if len(entries) > MOST_PARTS:
        raise FileRefused(f"Tệp có hơn {MOST_PARTS} thành phần, không phải bảng tính bình thường. {AGAIN}")
    if any(one.flag_bits & 0x1 for one in entries):
        raise FileRefused("Tệp được đặt mật khẩu. Hãy bỏ mật khẩu rồi nạp lại.", field="file")
    if sum(one.file_size for one in entries) > MOST_UNPACKED:
        raise _bomb()
    parts: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for one in entries:
        if one.filename in parts:
            raise FileRefused(f"Tệp có hai thành phần cùng tên, không phải do Excel lưu. {AGAIN}", field="file")
        if one.file_size > _CHUNK and one.file_size > MOST_RATIO * max(one.compress_size, 1):
            raise _bomb()
        parts[one.filename] = _read_part(packed, one, left)
        left -= len(parts[one.filename])
        if EICAR in parts[one.filename]:
            raise FileRefused(f"Tệp {VIRUS}.", field="file")
    return parts


def _read_part(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """At most `left` bytes, whatever the directory says of its size."""
    found = bytearray()
    with packed.open(entry) as source:
        while chunk := source.read(_CHUNK):
            found += chunk
            if len(found) > left:
                raise _bomb()
    return bytes(found)


def _bomb() -> FileRefused:
    return FileRefused(
        f"Nội dung giải nén của tệp vượt {MOST_UNPACKED // 1_000_000} MB hoặc nén bất thường, nên không được đọc. "
        f"{AGAIN}",
        field="file",
    )


def _check_parts(parts: Mapping[str, bytes]) -> None:
    names = {name.lower() for name in parts}
    _check_format(names, parts)
    for name in names:
        for part, why in FORBIDDEN:
            if part in name:
                raise FileRefused(f"Tệp {why}, không được chấp nhận. Hãy bỏ phần đó rồi nạp lại.", field="file")
    for name, content in parts.items():
        # By its looks too: which part is read as what is up to the file.
        if name.lower().endswith((".xml", ".rels", ".vml")) or _LOOKS_LIKE_XML.match(content):
            _check_xml(name, content)
    _check_amounts(parts)


def _check_format(names: set[str], parts: Mapping[str, bytes]) -> None:
    if "xl/workbook.xml" in names and "[content_types].xml" in names:
        types = next(content for name, content in parts.items() if name.lower() == "[content_types].xml")
        if b"macroEnabled" in types:
            raise FileRefused("Tệp có macro (.xlsm), không được chấp nhận. Hãy lưu lại ở dạng .xlsx.", field="file")
        return
    if "xl/workbook.bin" in names:
        raise FileRefused("Đây là tệp .xlsb. Hãy lưu lại ở dạng .xlsx rồi nạp lại.", field="file")
    if "content.xml" in names and "mimetype" in names:
        raise FileRefused("Đây là tệp OpenDocument (.ods, .odt). Hãy lưu lại ở dạng .xlsx rồi nạp lại.", field="file")
    if "word/document.xml" in names:
        raise FileRefused(f"Đây là tệp Word (.docx), không phải tệp Excel. {AGAIN}", field="file")
    raise FileRefused(f"Tệp này không phải tệp Excel .xlsx. {AGAIN}", field="file")


def _check_amounts(parts: Mapping[str, bytes]) -> None:
    for word, (most, what) in MOST.items():
        # An element that closes itself names itself once, any other twice.
        if sum(content.count(word) for name, content in parts.items() if _counts(name, word)) > 2 * most:
            raise FileRefused(
                f"Tệp có quá nhiều {what} (hơn {number_text(most)}), không phải bảng tính bình thường. {AGAIN}",
                field="file",
            )


def _counts(name: str, word: bytes) -> bool:
    """Text may say anything: only what a program wrote is counted there."""
    return word in (b"<si", b"<r>") or not name.lower().endswith("sharedstrings.xml")


def _check_xml(name: str, content: bytes) -> None:
    """UTF-8 without a DTD, as every spreadsheet program writes it: entities cannot hide behind another encoding."""
    if not is_plain_xml(content):
        raise _strange()
    if _has_long_run(content):
        raise _strange()
    if _calls_out(content):
        raise FileRefused(
            "Tệp có công thức gọi chương trình khác (DDE, macro). Hãy bỏ phần đó rồi nạp lại.", field="file"
        )
    if name.lower().endswith(".rels") and _links_out(content):
        raise FileRefused(
            "Tệp có liên kết đến tệp hoặc dữ liệu bên ngoài. Hãy bỏ liên kết rồi nạp lại.",
            field="file",
        )


def _has_long_run(content: bytes) -> bool:
    at = 0
    while len(content) - at > _LONGEST_RUN:
        found = content.rfind(b"<", at, at + _LONGEST_RUN)
        if found < 0:
            return True
        at = found + 1
    return False


# Nothing here searches for a whole tag with a pattern: text that almost is one, a million times, would take hours, and
# meanwhile nobody would be served.


def _calls_out(content: bytes) -> bool:
    """Whether a formula starts another program (DDE, the macro language of old) or asks another machine."""
    if not has_sign(content):
        return False
    if content.count(b"<") + content.count(b"=") > _MOST_TAGS:
        raise _strange()
    reader = FormulaReader()
    _read(content, reader.start, reader.end, reader.text)
    return reader.reaches_out


def _links_out(content: bytes) -> bool:
    """Whether a relationship leads outside; links that one clicks may."""
    if content.count(b"<") > _MOST_LINKS:
        raise _strange()
    found: list[str] = []

    def start(_tag: str, attributes: dict[str, str]) -> None:
        if attributes.get("TargetMode", "").lower() == "external" and "/hyperlink" not in attributes.get("Type", ""):
            found.append(attributes.get("Target", ""))

    _read(content, start)
    return bool(found)


def _read(content: bytes, start: Any, end: Any = None, text: Any = None) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise _strange() from error


def _strange() -> FileRefused:
    return FileRefused(f"Tệp có thành phần XML bất thường, không phải do Excel lưu. {AGAIN}", field="file")
