"""Field codes of a Word document: only kinds that count, date and refer within the document, and links on the web.

A field of another kind may fetch a file or start a program (DDE, INCLUDETEXT, LINK, DATABASE …), and Word has some that
nobody remembers; so this is a list of what is allowed. A code comes in pieces, and a reader may leave pieces out that
another one takes in: wrappers it does not know, tracked changes, fields within the code. Whole codes in one place, told
by plain text alone, are the same for every reader; others are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

_ALLOWED = """
PAGE NUMPAGES SECTION SECTIONPAGES NUMWORDS NUMCHARS DATE TIME CREATEDATE SAVEDATE PRINTDATE TITLE SUBJECT AUTHOR
KEYWORDS COMMENTS FILENAME DOCPROPERTY TOC TC REF PAGEREF NOTEREF STYLEREF SEQ LISTNUM SYMBOL HYPERLINK
"""
ALLOWED: Final = frozenset(_ALLOWED.split())
HARMLESS_LINK: Final = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
WORD_SPACES: Final = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
"""Namespaces of text: the usual one, and that of Strict Open XML."""
MOST_PIECES: Final = 10_000
"""Of fields in one part; a table of contents of a thousand lines has 8 000."""

_KIND: Final = re.compile(r"([A-Za-z]+)(?![\w])")
_TOKEN: Final = re.compile(r'"[^"]*"|[^\s"]+')
_QUOTES: Final = "\"“”„'"
_LINK_SWITCHES: Final = {"\\l": True, "\\o": True, "\\t": True, "\\n": False, "\\m": False, "\\h": False, "\\*": True}
"""Of a HYPERLINK, and whether a word follows that is no address."""
_MARKS: Final = ("begin", "separate", "end")
_TRANSPARENT: Final = ("p", "r")
_TRACKED: Final = ("ins", "moveTo", "del", "moveFrom")


@dataclass(slots=True)
class _Open:
    """A field that has begun; `place`: what stands around its first piece."""

    place: tuple[object, ...]
    code: list[str] = field(default_factory=list)
    in_code: bool = True


def find_field_fault(root: Any) -> str | None:
    """What is wrong with the fields of a part, in words that follow “Mẫu có …”; None when all are harmless.

    `root`: parsed by lxml without comments and processing instructions, which would cut texts.
    """
    return next(_faults(root), None)


def _faults(root: Any) -> Iterator[str]:
    opened: list[_Open] = []
    pieces = 0
    for space in WORD_SPACES:
        # The two namespaces are never mixed by any program; each is read by itself, and has to be whole by itself.
        tags = {f"{{{space}}}{name}": name for name in ("fldChar", "fldSimple", "instrText", "delInstrText", "t")}
        opened.clear()
        for element in root.iter(*tags):
            name = tags[element.tag]
            pieces += name != "t"
            if pieces > MOST_PIECES:
                yield "quá nhiều trường"
            yield from _step(opened, name, element, space)
        if any(one.in_code for one in opened):
            yield "trường chưa khép lại"


def _step(opened: list[_Open], name: str, element: Any, space: str) -> Iterator[str]:
    in_code = bool(opened) and opened[-1].in_code
    if name == "fldSimple":
        if in_code:
            yield _NESTED
        yield from judge_code(element.get(f"{{{space}}}instr", ""))
    elif name == "fldChar":
        yield from _mark(opened, element, space)
    elif name == "t":
        if in_code and (element.text or "").strip():
            yield f"chữ hoặc thẻ nằm trong mã trường ({_shown(element.text)})"
    elif name == "delInstrText":
        yield "mã trường đang được theo dõi thay đổi; hãy chấp nhận các thay đổi (Review > Accept All)"
    elif not in_code:
        if (element.text or "").strip():
            yield f"mã trường nằm ngoài trường ({_shown(element.text)})"
    elif len(element) or _place(element) != opened[-1].place:
        yield _SPLIT
    else:
        opened[-1].code.append(element.text or "")


_NESTED: Final = "trường lồng trong mã của trường khác"
_SPLIT: Final = "mã trường bị chia cắt bởi thành phần khác; hãy xóa rồi chèn lại trường đó"


def _mark(opened: list[_Open], element: Any, space: str) -> Iterator[str]:
    kind = element.get(f"{{{space}}}fldCharType")
    if kind not in _MARKS:
        yield "dấu trường không hợp lệ"
    elif kind == "begin":
        if opened and opened[-1].in_code:
            yield _NESTED
        opened.append(_Open(_place(element)))
    elif not opened:
        yield "dấu trường không có phần mở đầu"
    else:
        one = opened[-1]
        if one.in_code:
            if _place(element) != one.place:
                yield _SPLIT
            yield from judge_code("".join(one.code))
        one.in_code = False
        if kind == "end":
            opened.pop()


def _place(element: Any) -> tuple[object, ...]:
    """What stands around a piece, but for paragraphs and runs. Word cuts a tracked change into many of one kind."""
    found: list[object] = []
    for one in element.iterancestors():
        space, _, name = one.tag.rpartition("}")
        if space[1:] in WORD_SPACES and name in _TRACKED:
            if name not in found:
                found.append(name)
        elif space[1:] not in WORD_SPACES or name not in _TRANSPARENT:
            found.append(one)
    return tuple(found)


def judge_code(code: str) -> Iterator[str]:
    """Faults of one whole code; a blank one is none."""
    text = code.strip()
    kind = _KIND.match(text)
    if "{" in text or "}" in text:
        yield f"thẻ nằm trong mã trường ({_shown(text)}); thẻ chỉ được đặt ngoài trường"
    elif text and (kind is None or kind[1].upper() not in ALLOWED):
        yield f"trường {_shown(text)}, không thuộc các loại được dùng; hãy bỏ trường này"
    elif kind is not None and kind[1].upper() == "HYPERLINK" and not _stays_on_the_web(text[kind.end() :]):
        yield f"liên kết ra ngoài ({_shown(text)}); chỉ dùng địa chỉ http, https, mailto hoặc vị trí trong văn bản"


def _stays_on_the_web(code: str) -> bool:
    skip = False
    for token in _TOKEN.findall(code):
        takes_word = _LINK_SWITCHES.get(token.lower())
        if takes_word is not None:
            skip = takes_word
        elif skip and not token.strip(_QUOTES).startswith("\\"):
            skip = False
        elif not HARMLESS_LINK.match(token.strip(_QUOTES)):
            return False
    return True


def _shown(text: str) -> str:
    return f"“{text.strip()[:60]}”"
