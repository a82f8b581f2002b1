"""Small real files of each accepted kind, and ways to spoil them."""

import io
import zipfile
from collections.abc import Mapping

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 200
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504

_MAIN = "application/vnd.openxmlformats-officedocument."
_TYPES = '<Types><Override PartName="/{part}" ContentType="{type}"/></Types>'


def archive(parts: Mapping[str, bytes | str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def docx_parts() -> dict[str, bytes | str]:
    main = _MAIN + "wordprocessingml.document.main+xml"
    return {
        "[Content_Types].xml": _TYPES.format(part="word/document.xml", type=main),
        "_rels/.rels": "<Relationships/>",
        "word/document.xml": "<w:document>Báo cáo giải trình</w:document>",
    }


def xlsx_parts() -> dict[str, bytes | str]:
    main = _MAIN + "spreadsheetml.sheet.main+xml"
    return {
        # Written first by some programs: a look at the first bytes alone takes such a file for a docx.
        "word.xml": "<x/>",
        "[Content_Types].xml": _TYPES.format(part="xl/workbook.xml", type=main),
        "xl/workbook.xml": "<workbook/>",
    }


def open_document_parts(kind: str) -> dict[str, bytes | str]:
    return {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": "<office:document-content/>",
        "META-INF/manifest.xml": "<manifest:manifest/>",
    }


DOCX = archive(docx_parts())
XLSX = archive(xlsx_parts())
ODT = archive(open_document_parts("text"))
ODS = archive(open_document_parts("spreadsheet"))
