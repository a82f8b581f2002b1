"""Word files for tests: opened, edited, and taken apart."""

import io
import zipfile

import docx
from docx.document import Document as Doc
from docx.oxml.ns import qn

from app.reports.word import scaffold


def text_of(document: Doc) -> str:
    """Everything in the body in its order, tables included; a line break is a line break."""
    lines = []
    for paragraph in document.element.body.iter(qn("w:p")):
        pieces = (one.text or "" if one.tag == qn("w:t") else "\n" for one in paragraph.iter(qn("w:t"), qn("w:br")))
        lines.append("".join(pieces))
    return "\n".join(lines)


def saved(document: Doc) -> io.BytesIO:
    file = io.BytesIO()
    document.save(file)
    file.seek(0)
    return file


def committed(kind: str) -> bytes:
    """A built-in template; making it anew takes a while."""
    return (scaffold.FOLDER / scaffold.FILES[kind]).read_bytes()


def edited(kind: str, old: str, new: str) -> bytes:
    """A template in which somebody changed some words."""
    document = docx.Document(io.BytesIO(committed(kind)))
    for paragraph in document.element.body.iter(qn("w:p")):
        for one in paragraph.iter(qn("w:t")):
            if old in (one.text or ""):
                one.text = one.text.replace(old, new)
                return saved(document).getvalue()
    raise AssertionError(old)


def repacked(kind: str, **changed: bytes | None) -> bytes:
    """A template with parts replaced, added (names with `__` for `/`), or left out."""
    names = {name.replace("__", "/"): data for name, data in changed.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(committed(kind))) as source, zipfile.ZipFile(target, "w") as packed:
        for name in source.namelist():
            if name not in names:
                packed.writestr(name, source.read(name))
        for name, data in names.items():
            if data is not None:
                packed.writestr(name, data, zipfile.ZIP_DEFLATED)
    return target.getvalue()
