"""What an office document does besides being read: macros, embedded programs, what it fetches or starts when opened.

Reviewers open what agencies hand in. Ordinary documents have links one clicks, embedded fonts, charts with their
workbook inside, fields that count pages: those stay. Every part is read once, in pieces, so that a document of any
size costs bounded memory; relationships tell what a part is for, whatever its name says.
"""

import re
import zipfile
from collections.abc import Mapping, Set
from io import BytesIO
from typing import Final
from urllib.parse import unquote

from app.uploads import formulas
from app.uploads.fields import FieldReader
from app.uploads.formulas import FormulaReader
from app.uploads.markup import Budget, TooMuch, find_in, parse, pieces
from app.uploads.scanning import EICAR, VIRUS

MOST_RELATIONS: Final = 20_000_000
"""Bytes of all the relationships of a document."""
MOST_INSIDE: Final = 20_000_000
"""Bytes of a document inside a document."""
DEEPEST: Final = 2
"""A Word file holds a workbook for its chart; what lies deeper no office program makes by itself."""

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAMS: Final = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"L\x00\x00\x00\x01\x14\x02\x00",
    b"#!/",
)

_AS_PDF: Final = "in ra PDF (Tệp > Lưu thành > PDF) rồi gửi bản PDF"
MACRO: Final = f"có macro. Hãy lưu lại thành .docx, .xlsx không có macro, hoặc {_AS_PDF}"
EMBEDDED: Final = f"có đối tượng nhúng (OLE, gói tệp). Hãy xóa đối tượng đó, hoặc {_AS_PDF}"
PROGRAM: Final = f"chứa chương trình hoặc tệp nén bên trong. Hãy xóa phần đó, hoặc {_AS_PDF}"
CONTROL: Final = f"có điều khiển ActiveX hoặc tiện ích bổ sung. Hãy bỏ đi, hoặc {_AS_PDF}"
REMOTE: Final = (
    "lấy nội dung từ máy khác khi mở (hình, mẫu hoặc tệp liên kết). Hãy vào Tệp > Thông tin > Sửa liên kết tới tệp > "
    f"Ngắt liên kết, hoặc {_AS_PDF}"
)
FIELD: Final = (
    "có trường lấy dữ liệu từ tệp hay chương trình khác (DDE, INCLUDE, LINK). Hãy chọn tất cả (Ctrl+A) rồi bấm "
    f"Ctrl+Shift+F9 để giữ lại chữ, hoặc {_AS_PDF}"
)
FORMULA: Final = f"có công thức gọi chương trình hoặc mạng (DDE, WEBSERVICE). Hãy dán lại dạng giá trị, hoặc {_AS_PDF}"
CONNECTION: Final = (
    f"có kết nối dữ liệu bên ngoài. Hãy vào Dữ liệu > Truy vấn và kết nối rồi xóa các kết nối, hoặc {_AS_PDF}"
)
STRANGE: Final = f"có thành phần XML bất thường, không phải do Word, Excel lưu. Hãy mở và lưu lại, hoặc {_AS_PDF}"

_RELATIONS: Mapping[str, str] = {
    "vbaProject": MACRO,
    "wordVbaData": MACRO,
    "xlMacrosheet": MACRO,
    "xlIntlMacrosheet": MACRO,
    "attachedToolbars": MACRO,
    "oleObject": EMBEDDED,
    "aFChunk": EMBEDDED,
    "subDocument": REMOTE,
    "frame": REMOTE,
    "control": CONTROL,
    "activeXControlBinary": CONTROL,
    "webextension": CONTROL,
    "webextensiontaskpanes": CONTROL,
    "connections": CONNECTION,
    "queryTable": CONNECTION,
}
"""Last words of relationship types, and what a document with one of them has."""
_FIELDS: Final = (b"instrText", b"fldSimple")
_NAMED_XML: Final = (".xml", ".rels", ".vml")
_OPEN_DOCUMENT: Final = frozenset({"content.xml", "styles.xml", "meta.xml", "settings.xml"})
_ODF_FORMULAS: Final = ("formula", "condition", "expression", "value")
_ODF_ACTIVE: Mapping[str, str] = {
    "applet": PROGRAM,
    "plugin": PROGRAM,
    "object-ole": EMBEDDED,
    "event-listener": MACRO,
    "dde-source": FIELD,
    "dde-connection": FIELD,
    "dde-connection-decl": FIELD,
}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_DRIVE = re.compile(r"/{0,3}[a-z]:/", re.IGNORECASE)


def find_fault(archive: zipfile.ZipFile) -> str | None:
    """What a document has that it must not have, and what to do, to follow its name; None for a harmless one.

    The archive is a sound one of known bounds (`filetypes`). ValueError for a part that is no XML.
    """
    try:
        return _find_fault(archive, 1, Budget())
    except TooMuch:
        return STRANGE


def _find_fault(archive: zipfile.ZipFile, depth: int, budget: Budget) -> str | None:
    parts = {name.lower().lstrip("/") for name in archive.namelist()}
    if sum(one.file_size for one in archive.infolist() if _is_relations(one.filename)) > MOST_RELATIONS:
        return STRANGE
    kinds = _content_types(archive) if "[content_types].xml" in parts else b""
    if b"activex" in kinds:
        return CONTROL
    markup = _markup(archive, budget) if kinds else frozenset()
    return next(
        filter(None, (_part_fault(archive, entry, depth, budget, markup) for entry in archive.infolist())), None
    )


def _markup(archive: zipfile.ZipFile, budget: Budget) -> frozenset[str]:
    """Names of the parts, and ".ext" of all parts, that are XML by their content type: which part is read as what is
    up to the document, and a text may be called "a.dat"."""
    found: set[str] = set()

    def note(_tag: str, attributes: Mapping[str, str]) -> None:
        kind = attributes.get("ContentType", "").strip().lower()
        if kind.endswith("xml") and not kind.startswith("image/"):
            found.add(_named(attributes.get("PartName", "")))
            found.add(f".{attributes.get('Extension', '').lower()}")

    entry = next(one for one in archive.infolist() if one.filename.lower() == "[content_types].xml")
    find_in(archive, entry, budget, note)
    return frozenset(found - {"", "."})


def _named(part: str) -> str:
    return unquote(part).lower().lstrip("/")


def _is_markup(name: str, markup: Set[str]) -> bool:
    return name.endswith(_NAMED_XML) or _named(name) in markup or f".{name.rpartition('.')[2]}" in markup


def _content_types(archive: zipfile.ZipFile) -> bytes:
    name = next(name for name in archive.namelist() if name.lower() == "[content_types].xml")
    return archive.read(name).lower()


def _is_relations(name: str) -> bool:
    return name.lower().endswith(".rels")


def _part_fault(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int, budget: Budget, xml: Set[str]
) -> str | None:
    name = entry.filename.lower().lstrip("/")
    markup, first, fields, signs = _is_markup(name, xml), True, False, False
    for piece in pieces(archive, entry, budget):
        plain = piece.replace(b"\0", b"") if b"\0" in piece else piece  # UTF-16 says the same with zeros between
        fault = (_kind_fault(name, piece) if first else None) or _piece_fault(plain, markup=markup)
        if fault:
            return fault
        if first and piece.startswith(b"PK\x03\x04"):
            return _inner_fault(archive, entry, depth, budget)
        fields = fields or (markup and any(one in plain for one in _FIELDS))
        signs = signs or (markup and formulas.has_sign(plain))
        first = False
    if _is_relations(name):
        return find_in(archive, entry, budget, _relation_fault)
    return _xml_fault(archive, entry, budget, fields=fields, signs=signs)


def _kind_fault(name: str, head: bytes) -> str | None:
    """By the first bytes, whatever the part is called; by its name, whatever it begins with."""
    if name.rpartition("/")[2].startswith("vbaproject") or name.startswith("xl/macrosheets/"):
        return MACRO
    if head.startswith(_OLE):
        return EMBEDDED
    return PROGRAM if is_program(head) else None


def is_program(head: bytes) -> bool:
    """For Windows, Linux or macOS, or a shortcut or script that starts one."""
    if head.startswith(_PROGRAMS):
        return True
    at = int.from_bytes(head[0x3C:0x40], "little")
    return head.startswith(b"MZ") and head[at : at + 2] in (b"PE", b"NE", b"LE", b"LX")


def _piece_fault(plain: bytes, *, markup: bool) -> str | None:
    if EICAR in plain:
        return VIRUS
    return STRANGE if markup and (b"<!DOCTYPE" in plain or b"<!ENTITY" in plain) else None


def _inner_fault(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int, budget: Budget) -> str | None:
    """A package in a package: the workbook of a chart, a picture in a drawing's own package; no other archive."""
    if depth >= DEEPEST or entry.file_size > MOST_INSIDE:
        return PROGRAM
    with zipfile.ZipFile(BytesIO(archive.read(entry))) as inside:
        names = {name.lower() for name in inside.namelist()}
        known = "[content_types].xml" in names and any(name.startswith(("xl/", "word/", "ppt/")) for name in names)
        unfolds = sum(one.file_size for one in inside.infolist()) > 5 * MOST_INSIDE
        if not known or unfolds or any(one.flag_bits & 0x1 for one in inside.infolist()):
            return PROGRAM
        kinds = _content_types(inside)
        return MACRO if b"macroenabled" in kinds or b"vbaproject" in kinds else _find_fault(inside, depth + 1, budget)


def _xml_fault(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget, *, fields: bool, signs: bool
) -> str | None:
    name = entry.filename.lower().lstrip("/")
    if name.rpartition("/")[2] in _OPEN_DOCUMENT and not name.startswith(("word/", "xl/", "ppt/")):
        fault = find_in(archive, entry, budget, _open_document_fault)
        if fault:
            return fault
    if fields and _reaches_out(archive, entry, budget, FieldReader()):
        return FIELD
    return FORMULA if signs and _reaches_out(archive, entry, budget, FormulaReader()) else None


def _reaches_out(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget, reader: FieldReader | FormulaReader
) -> bool:
    parse(archive, entry, budget, reader.start, reader.end, reader.text)
    return reader.reaches_out


def _relation_fault(tag: str, attributes: Mapping[str, str]) -> str | None:
    if tag != "Relationship":
        return None
    kind, target = attributes.get("Type", "").rsplit("/", 1)[-1], attributes.get("Target", "")
    if kind == "hyperlink":
        return None
    if kind in _RELATIONS:
        return _RELATIONS[kind]
    outside = attributes.get("TargetMode", "").lower() == "external" or _SCHEME.match(target)
    return REMOTE if outside and is_remote(target) else None


def _open_document_fault(tag: str, attributes: Mapping[str, str]) -> str | None:
    if tag in _ODF_ACTIVE:
        return _ODF_ACTIVE[tag]
    told = [attributes[name] for name in _ODF_FORMULAS if name in attributes]
    if any(map(formulas.reaches_out, told)):
        return FORMULA
    fetched = [other for formula in told for other in formulas.other_documents(formula)]
    if tag != "a":
        fetched.append(attributes.get("href", ""))
    return REMOTE if any(map(is_remote, fetched)) else None


def is_remote(target: str) -> bool:
    """Whether opening it asks another machine; a path of the author's own disk is merely not found."""
    plain = unquote(target).strip().replace("\\", "/")
    if plain.lower().startswith("file:"):
        plain = plain[5:]
    elif _SCHEME.match(plain):
        return True
    slashes = len(plain) - len(plain.lstrip("/"))
    return slashes in (2, *range(4, 99)) and not _DRIVE.match(plain)
