"""Small real files of each accepted kind, and ways to spoil them."""

import io
import zipfile
from collections.abc import Mapping


def pdf(catalog: str = "", *others: str, page: str = "") -> bytes:
    """One blank A4 page; `catalog` and `page` go into their dictionaries, `others` are objects from number 4 on."""
    objects = (
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {page} >>",
        *others,
    )
    written = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content.encode())
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + tail


PDF = pdf()
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\xb18\xf6\x14\x00\x00\x00\x00IEND\xaeB`\x82"
)
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + "ff" * 64
    + "ffc0000b080008000801011100ffc40014000100000000000000000000000000000003ffc4001410010000000000000000000000000000"
    "0000ffda0008010100003f0047ffd9"
)
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 200
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
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
        "word/document.xml": f'<w:document xmlns:w="{W}">Báo cáo giải trình</w:document>',
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
        "content.xml": f'<office:document-content xmlns:office="{OFFICE}"/>',
        "META-INF/manifest.xml": "<manifest:manifest/>",
    }


DOCX = archive(docx_parts())
XLSX = archive(xlsx_parts())
ODT = archive(open_document_parts("text"))
ODS = archive(open_document_parts("spreadsheet"))
