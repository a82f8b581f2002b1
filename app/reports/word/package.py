"""What a Word template, and a document made from one, may be made of: text, tables, pictures, and what Word and
LibreOffice keep around them. Sở Nội vụ opens it in its own Word, so nothing in it may reach out or run.

Lists of what is allowed, since nobody knows all that Word can do. Names of parts and prefixes mean nothing: a part is
what [Content_Types].xml says, a relationship what its type says, an element what its namespace says.
"""

import re
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from app.errors import FileRefused, TooLarge
from app.reports.plain_xml import is_plain_xml
from app.reports.word.fields import HARMLESS_LINK, WORD_SPACES, find_field_fault
from app.uploads import DOCX, EICAR, VIRUS, check_content

LARGEST: Final = 2_000_000
"""Bytes of a template."""
LARGEST_PART: Final = 8_000_000
"""Bytes of one part of it, unpacked."""
LARGEST_WHOLE: Final = 30_000_000
LARGEST_MADE: Final = 60_000_000
"""Bytes of a finished document, unpacked: a thousand tasks with long reports."""
MOST_TAGS: Final = 2_000_000
"""Of one part: each costs a hundred times its bytes."""

_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPC: Final = "application/vnd.openxmlformats-package."
_TEXT_PARTS = """
document.main styles settings webSettings fontTable numbering footnotes endnotes header footer comments commentsExtended
commentsExtensible commentsIds people document.glossary
"""
_PICTURES = "png jpeg jpg gif bmp tiff x-emf emf x-wmf wmf"
_CONTENT_TYPES: Final = frozenset(
    one.lower()
    for one in (
        *(f"{_WORD}{name}+xml" for name in _TEXT_PARTS.split()),
        f"{_WORD}printerSettings",
        *(f"{_OFFICE}{name}+xml" for name in ("theme", "customXmlProperties", "custom-properties")),
        f"{_OFFICE}extended-properties+xml",
        f"{_OFFICE}obfuscatedFont",
        *(f"{_OPC}{name}+xml" for name in ("core-properties", "relationships")),
        "application/vnd.ms-word.stylesWithEffects+xml",
        *(f"application/vnd.ms-office.{name}+xml" for name in ("intelligence2", "classificationlabels")),
        "application/vnd.ms-office.documenttasks+xml",
        "application/xml",
        *(f"image/{name}" for name in _PICTURES.split()),
    )
)
_RELATION: Final = re.compile(
    r"http://(?:schemas\.openxmlformats\.org/(?:officeDocument|package)/2006/relationships/(?:metadata/)?"
    r"|purl\.oclc\.org/ooxml/officeDocument/relationships/(?:metadata/)?"
    r"|schemas\.microsoft\.com/office/\d{4}/(?:\d\d/)?relationships/)([\w-]+)",
    re.IGNORECASE,
)
_RELATION_NAMES = """
officeDocument styles settings webSettings fontTable font theme numbering footnotes endnotes header footer comments
commentsExtended commentsExtensible commentsIds people glossaryDocument printerSettings image hyperlink customXml
customXmlProps core-properties extended-properties extendedProperties custom-properties customProperties thumbnail
stylesWithEffects intelligence classificationlabels documenttasks
"""
_RELATIONS: Final = frozenset(_RELATION_NAMES.lower().split())
_REACHING = "altChunk attachedTemplate control frameset mailMerge movie object objectEmbed objectLink subDoc"
_FORBIDDEN: Final = (
    *(f"{{{space}}}{name}" for space in WORD_SPACES for name in _REACHING.split()),
    "{urn:schemas-microsoft-com:office:office}OLEObject",
    "{*}webVideoPr",
    "{*}webExtensionCreated",
    "{*}webExtensionLinked",
)
_FETCHED: Final = (
    "src",
    "althref",
    *(f"{{urn:schemas-microsoft-com:office:office}}{name}" for name in ("href", "althref")),
)
_ABSOLUTE: Final = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:|[\\/]{2})")


def check_package(filename: str, content: bytes) -> None:
    """Of a template that somebody uploads. Raises `TooLarge` and `FileRefused`. Nothing is run, nothing is fetched."""
    check_size(content)
    with tempfile.TemporaryDirectory(prefix="khacphuc-template-") as folder:
        path = Path(folder) / "template"
        path.write_bytes(content)
        if check_content(path, filename) != DOCX.media_type:
            raise _refused(f"Mẫu phải là tệp Word .docx; “{filename}” là loại khác")
    _check_parts(content, LARGEST_PART, LARGEST_WHOLE)


def check_size(content: bytes) -> None:
    """Raises `TooLarge`."""
    if len(content) > LARGEST:
        raise TooLarge(f"Mẫu dài quá {LARGEST // 1_000_000} MB. Hãy giảm kích thước các hình trong mẫu.", field="file")


def check_finished(content: bytes) -> None:
    """Of a document that was made from a template: tags may choose and cut what the template did not show. Raises
    `FileRefused`, in words about the template."""
    _check_parts(content, LARGEST_MADE, LARGEST_MADE)


def _check_parts(content: bytes, largest_part: int, largest_whole: int) -> None:
    with zipfile.ZipFile(BytesIO(content)) as package:
        entries = [entry for entry in package.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > largest_whole:
            raise _refused("Mẫu phình to bất thường khi giải nén")
        types = _read_types(package, entries)
        for entry in entries:
            kind = types.of(entry.filename)
            if kind.endswith("xml") and entry.file_size > largest_part:
                raise _refused(f"Phần {entry.filename} của mẫu quá dài")
            part = package.read(entry)
            if EICAR in part:
                raise _refused(f"Mẫu {VIRUS}")
            if kind.endswith("xml"):
                _check_xml(entry.filename, kind, part)


# What each part is


class _Types:
    """Of the parts of a package, by [Content_Types].xml. Names mean the same in small and capital letters."""

    def __init__(self, root: Any) -> None:
        self.defaults = {_lower(one, "Extension"): _lower(one, "ContentType") for one in root.iter("{*}Default")}
        self.overrides = {_lower(one, "PartName"): _lower(one, "ContentType") for one in root.iter("{*}Override")}
        for kind in self.overrides.values():
            _check_kind(kind, kind)

    def of(self, name: str) -> str:
        """Raises `FileRefused` for a part of a kind that is not among those allowed, or of none."""
        if name.lower() == _CONTENT_TYPES_PART:
            return "application/xml"
        extension = name.lower().rpartition(".")[2]
        kind = self.overrides.get(f"/{name.lower()}") or self.defaults.get(extension, "")
        _check_kind(kind, name)
        return kind


_CONTENT_TYPES_PART: Final = "[content_types].xml"


def _read_types(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> _Types:
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names) or _CONTENT_TYPES_PART not in names:
        raise _refused("Mẫu có hai thành phần cùng tên, hoặc thiếu thành phần. Hãy mở và lưu lại bằng Word")
    entry = entries[names.index(_CONTENT_TYPES_PART)]
    return _Types(_parsed(entry.filename, package.read(entry)))


def _lower(element: Any, name: str) -> str:
    return str(element.get(name, "")).strip().lower()


def _check_kind(kind: str, name: str) -> None:
    if kind not in _CONTENT_TYPES:
        raise _foreign(name)


# What stands in them


def _check_xml(name: str, kind: str, markup: bytes) -> None:
    root = _parsed(name, markup)
    if kind.endswith("relationships+xml"):
        _check_links(root)
        return
    found = next(root.iter(*_FORBIDDEN), None)
    if found is not None:
        raise _foreign(f"{name}: {found.tag.rpartition('}')[2]}")
    _check_addresses(root)
    fault = find_field_fault(root)
    if fault:
        raise _refused(f"Mẫu có {fault}")


def _parsed(name: str, markup: bytes) -> Any:
    """Without comments and processing instructions, which cut texts in two."""
    if not is_plain_xml(markup):
        raise _refused(f"Phần {name} của mẫu bị hỏng, có khai báo DTD hoặc bảng mã lạ. Hãy mở và lưu lại bằng Word")
    if markup.count(b"<") > MOST_TAGS:
        raise _refused(f"Phần {name} của mẫu có quá nhiều thành phần; hãy xem lại các vòng lặp {{% for %}}")
    from lxml import etree  # type: ignore[import-untyped]  # it ships no types; loaded with the first template

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        return etree.fromstring(markup, parser)
    except etree.XMLSyntaxError:
        raise _refused(f"Phần {name} của mẫu bị hỏng. Hãy mở và lưu lại bằng Word") from None


def _check_links(root: Any) -> None:
    for link in root:
        known = _RELATION.fullmatch(link.get("Type", ""))
        kind, target = known[1].lower() if known else "", link.get("Target", "").strip()
        if kind not in _RELATIONS:
            raise _foreign(link.get("Type", "").rsplit("/", 1)[-1][:60])
        outside = link.get("TargetMode", "").lower() == "external" or _ABSOLUTE.match(target)
        if outside and not (kind == "hyperlink" and (HARMLESS_LINK.match(target) or target.startswith("#"))):
            raise _refused(
                f"Mẫu liên kết ra ngoài ({kind}: {target[:100]}). Hãy chèn hình vào tệp thay vì liên kết, và chỉ dùng "
                "liên kết http, https hoặc mailto"
            )


def _check_addresses(root: Any) -> None:
    """Pictures and fills of old drawings (VML) name their file in an attribute, without any relationship."""
    for element in root.xpath("//*[starts-with(namespace-uri(), 'urn:schemas-microsoft-com')][@*]"):
        for attribute, value in element.attrib.items():
            fetched = attribute in _FETCHED and _ABSOLUTE.match(value)
            followed = attribute == "href" and _ABSOLUTE.match(value) and not HARMLESS_LINK.match(value.strip())
            if fetched or followed:
                raise _refused(f"Mẫu liên kết ra ngoài ({value[:100]}). Hãy chèn hình vào tệp thay vì liên kết")


def _foreign(what: str) -> FileRefused:
    return _refused(
        f"Mẫu có thành phần “{what[:100]}”, không phải chữ, bảng hay hình. Hãy bỏ đối tượng nhúng, biểu đồ, điều "
        "khiển, tiện ích, mẫu đính kèm; hoặc chép nội dung sang một tệp .docx mới rồi lưu lại"
    )


def _refused(detail: str) -> FileRefused:
    return FileRefused(detail + ".", field="file")
