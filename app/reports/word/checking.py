"""Whether an uploaded template may take the place of the built-in one: what it is made of, and whether it can be filled
in. What people upload is opened by Sở Nội vụ's own Word later, so nothing in it may reach out or run."""

import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from app.errors import FileRefused, InvalidInput, TooLarge
from app.evidence.filetypes import DOCX, check_content
from app.reports.word.apart import Job, render_apart
from app.reports.word.rendering import TemplateFault
from app.text import compose

LARGEST: Final = 2_000_000
"""Bytes of the file."""
LARGEST_PART: Final = 8_000_000
"""Bytes of one part of it, unpacked."""
LARGEST_WHOLE: Final = 30_000_000
LONGEST_NAME: Final = 150
_HARMLESS_LINK: Final = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
_ACTIVE_PARTS: Final = ("word/embeddings/", "word/activex/", "word/afchunk", "customui/", "word/attachedtoolbars")
_ACTIVE_MARKUP: Final = re.compile(rb"<(?:\w+:)?(?:object|OLEObject|control|altChunk|subDoc|attachedTemplate)[\s/>]")
_REACHING_FIELD: Final = re.compile(r"\b(DDE|DDEAUTO|INCLUDEPICTURE|INCLUDETEXT|LINK|IMPORT|DATABASE|RD|MACROBUTTON)\b")


@dataclass(frozen=True, slots=True)
class Checked:
    """A template that was opened, looked through and filled in once with real data. Only `check_template` makes it."""

    kind: str
    filename: str
    content: bytes


def check_template(kind: str, filename: str, content: bytes, sample: Job, *, made_at: datetime) -> Checked:
    """Takes seconds and blocks: call it from a thread, outside any transaction.

    `sample`: real content and pictures of that kind. Raises `TooLarge`, `FileRefused` for what is no harmless .docx,
    and `InvalidInput` naming the tag that cannot be filled in, and where it stands.
    """
    name = compose(filename.replace("\\", "/").rsplit("/", 1)[-1])[-LONGEST_NAME:]
    check_package(name, content)
    try:
        (made,) = render_apart(content, [sample], made_at=made_at)
    except TemplateFault as fault:
        raise InvalidInput(fault_text(fault, sample[0]), field="file") from None
    check_package(name, made, most=LARGEST_WHOLE)
    return Checked(kind, name, content)


def fault_text(fault: TemplateFault, content: Mapping[str, Any]) -> str:
    """One sentence or two for whoever edits the template."""
    where = f" ({fault.where})" if fault.where else ""
    near = get_close_matches(fault.name, sorted(_names(content)), 1) if fault.name else []
    return f"{fault.why}{where}.{f' Có phải là “{near[0]}”?' if near else ''}"


def _names(content: Any) -> set[str]:
    """Every name that stands in a content, however deep; lists are alike, so their first entry speaks for them."""
    if isinstance(content, Mapping):
        return set(content).union(*(_names(one) for one in content.values()))
    if isinstance(content, Sequence) and not isinstance(content, str) and content:
        return _names(content[0])
    return set()


# The package


def check_package(filename: str, content: bytes, most: int = LARGEST) -> None:
    """Raises `TooLarge` and `FileRefused`. Nothing is run and nothing is fetched."""
    if len(content) > most:
        raise TooLarge(f"Mẫu dài quá {most // 1_000_000} MB. Hãy giảm kích thước các hình trong mẫu.", field="file")
    with tempfile.TemporaryDirectory(prefix="khacphuc-template-") as folder:
        path = Path(folder) / "template"
        path.write_bytes(content)
        if check_content(path, filename) != DOCX.media_type:
            raise _refused(f"Mẫu phải là tệp Word .docx; “{filename}” là loại khác")
    with zipfile.ZipFile(BytesIO(content)) as package:
        _check_parts(package)


def _check_parts(package: zipfile.ZipFile) -> None:
    entries = package.infolist()
    if sum(entry.file_size for entry in entries) > LARGEST_WHOLE:
        raise _refused("Mẫu phình to bất thường khi giải nén")
    for entry in entries:
        name = entry.filename.lower()
        if name.startswith(_ACTIVE_PARTS):
            raise _refused(f"Mẫu có đối tượng nhúng ({entry.filename}); hãy bỏ đối tượng nhúng, chỉ dùng chữ và hình")
        if name.endswith((".xml", ".rels")):
            if entry.file_size > LARGEST_PART:
                raise _refused(f"Phần {entry.filename} của mẫu quá dài")
            _check_part(entry.filename, package.read(entry))


def _check_part(name: str, markup: bytes) -> None:
    if b"<!DOCTYPE" in markup or b"<!ENTITY" in markup:
        raise _refused(f"Phần {name} của mẫu có khai báo DTD")
    from lxml import etree  # type: ignore[import-untyped]  # it ships no types; loaded with the first template

    try:
        root = etree.fromstring(markup, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise _refused(f"Phần {name} của mẫu bị hỏng. Hãy mở và lưu lại bằng Word") from None
    if name.endswith(".rels"):
        _check_links(root)
    elif _ACTIVE_MARKUP.search(markup):
        raise _refused(f"Mẫu có đối tượng nhúng hoặc mẫu đính kèm ({name}); hãy bỏ đi, chỉ dùng chữ và hình")
    else:
        _check_fields(root)


def _check_links(root: Any) -> None:
    for link in root:
        target, kind = link.get("Target", ""), link.get("Type", "").rsplit("/", 1)[-1]
        if link.get("TargetMode", "").lower() == "external" and not (
            kind == "hyperlink" and _HARMLESS_LINK.match(target)
        ):
            raise _refused(
                f"Mẫu liên kết ra ngoài ({kind}: {target[:100]}). Hãy chèn hình vào tệp thay vì liên kết, và bỏ mẫu "
                "đính kèm trong Word"
            )


def _check_fields(root: Any) -> None:
    """Field codes may be cut into pieces, so they are read as one text."""
    codes = [text.text or "" for text in root.iter("{*}instrText")]
    codes += [value for field in root.iter("{*}fldSimple") for value in field.attrib.values()]
    found = _REACHING_FIELD.search("".join(codes).upper())
    if found:
        raise _refused(f"Mẫu có trường {found[1]} lấy dữ liệu từ bên ngoài; hãy bỏ trường này")


def _refused(detail: str) -> FileRefused:
    return FileRefused(detail + ".", field="file")
