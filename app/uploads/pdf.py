"""PDF: what it holds besides pages that acts or reaches out. Loaded only where a PDF is looked into (`worker`)."""

import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

_AS_PDF = "Hãy mở tệp, chọn In rồi “Microsoft Print to PDF” để có một bản PDF sạch, và gửi bản đó"
_REFUSALS: Mapping[str, str] = {
    "password": "có mật khẩu. Hãy bỏ mật khẩu rồi gửi lại",
    "damaged": "bị hỏng, không mở được. Hãy xuất lại PDF từ văn bản gốc hoặc quét lại",
    "javascript": f"chứa mã JavaScript. {_AS_PDF}",
    "launch": f"chứa lệnh mở chương trình hoặc tệp khác. {_AS_PDF}",
    "opening": f"tự chạy một lệnh khi mở. {_AS_PDF}",
    "media": f"chứa nội dung đa phương tiện hoặc 3D chạy được. {_AS_PDF}",
    "xfa": f"là biểu mẫu động (XFA). {_AS_PDF}",
    "outside": f"lấy nội dung từ tệp khác. {_AS_PDF}",
    "attachment": "có tệp đính kèm bên trong. Hãy gửi từng tệp như một tài liệu riêng, và in văn bản chính ra PDF",
    "bomb": f"phình to bất thường khi mở. {_AS_PDF}",
}
MOST_UNPACKED: Final = 100_000_000
"""Bytes of one stream that is no picture."""
MOST_PIXELS: Final = 250_000_000
"""Of one picture: a sheet of A1 at 600 dots per inch has 279 million in no office."""

_TOLD = re.compile(
    rb"/(?:JavaScript|JS|Launch|ImportData|GoToE|RichMedia|RichMediaExecute|3D|EF|EmbeddedFile|EmbeddedFiles|XFA|AA"
    rb"|OpenAction)(?![A-Za-z0-9])"
)
"""Only an object that holds one of these names is looked at more closely."""
_HIDDEN = re.compile(
    rb"/(?:S\s*/(JavaScript|Launch)|Type\s*/(EmbeddedFile)|Subtype\s*/(RichMedia))(?=[\s/<>()\[\]]|\Z)"
)
_HIDDEN_WHY: Final = {
    b"JavaScript": "javascript",
    b"Launch": "launch",
    b"RichMedia": "media",
    b"EmbeddedFile": "attachment",
}
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIONS: Final = {
    "/JavaScript": "javascript",
    "/Launch": "launch",
    "/ImportData": "launch",
    "/GoToE": "attachment",
    "/RichMediaExecute": "media",
}
_KEYS: Final = {
    "/JS": "javascript",
    "/JavaScript": "javascript",
    "/EF": "attachment",
    "/EmbeddedFiles": "attachment",
    "/XFA": "xfa",
}
_QUIET: Final = frozenset({"/GoTo", "/Named"})
"""What may happen by itself when a document or page is opened: it shows another place of the same document."""


def find_fault(path: Path) -> str | None:
    """What is wrong with a PDF and what to do, to follow its name; None for one that only shows pages."""
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            found = next(filter(None, map(_fault, pdf.objects)), None)
    except pikepdf.PasswordError:
        found = "password"
    except (pikepdf.PdfError, ValueError, RecursionError):
        found = "damaged"
    found = found or _unlisted(path.read_bytes())
    return None if found is None else _REFUSALS[found]


def _unlisted(raw: bytes) -> str | None:
    """Some readers rebuild a damaged table of objects from the bytes: what it does not list must not act either."""
    plain = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw) if b"#" in raw else raw
    hit = _HIDDEN.search(plain)
    return _HIDDEN_WHY[hit[1] or hit[2] or hit[3]] if hit else None


def _fault(found: Any) -> str | None:
    if isinstance(found, Stream):
        head: Any = found.stream_dict
        return _stream_fault(found, head) or _told(head)
    return _told(found) if isinstance(found, (Dictionary, Array)) else None


def _told(found: Any) -> str | None:
    if not _TOLD.search(found.unparse(resolved=True)):
        return None
    return next(filter(None, map(_dictionary_fault, _dictionaries(found))), None)


def _dictionaries(found: Any) -> Iterator[Any]:
    """Those that stand inside one object, itself included; what it refers to comes as an object of its own."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Dictionary):
            yield one
        inside = one.as_dict().values() if isinstance(one, Dictionary) else one.as_list()
        waiting += [value for value in inside if isinstance(value, (Dictionary, Array)) and not value.is_indirect]


def _dictionary_fault(one: Any) -> str | None:
    for key, why in _KEYS.items():
        if key in one:
            return why
    if _name(one.get("/Type")) == "/EmbeddedFile":
        return "attachment"
    if _name(one.get("/Subtype")) in ("/RichMedia", "/3D"):
        return "media"
    if _name(one.get("/Type")) in ("", "/Action") and _name(one.get("/S")) in _ACTIONS:
        return _ACTIONS[_name(one.get("/S"))]
    return _by_itself(one)


def _by_itself(one: Any) -> str | None:
    """What a reader does without being asked."""
    started = [one.get("/OpenAction")]
    triggers = one.get("/AA")
    if isinstance(triggers, Dictionary):
        started += list(triggers.as_dict().values())
    for action in started:
        if isinstance(action, Dictionary) and (_name(action.get("/S")) not in _QUIET or "/Next" in action):
            return _ACTIONS.get(_name(action.get("/S")), "opening")
    return None


def _name(value: Any) -> str:
    return str(value) if isinstance(value, Name) else ""


def _stream_fault(stream: Any, head: Any) -> str | None:
    """Its content in another file, or content that unfolds to more than any reader can take."""
    if "/F" in head and _name(head.get("/Type")) != "/EmbeddedFile":
        return "outside"
    filters = head.get("/Filter")
    names = [_name(one) for one in filters] if isinstance(filters, Array) else [_name(filters)]
    if sum(name in ("/FlateDecode", "/Fl", "/LZWDecode", "/LZW") for name in names) > 1:
        return "bomb"
    if _name(head.get("/Subtype")) == "/Image":
        return "bomb" if _pixels(head) > MOST_PIXELS else None
    return "bomb" if names[:1] in (["/FlateDecode"], ["/Fl"]) and _unfolds(stream.read_raw_bytes()) else None


def _pixels(head: Any) -> int:
    sides = (head.get("/Width", head.get("/W")), head.get("/Height", head.get("/H")))
    width, height = (int(side) if isinstance(side, int) else 0 for side in sides)
    return width * height


def _unfolds(packed: bytes) -> bool:
    """Whether it grows past `MOST_UNPACKED`; a damaged stream ends where its damage begins."""
    unpacker, unpacked = zlib.decompressobj(), 0
    try:
        while packed and unpacked <= MOST_UNPACKED:
            unpacked += len(unpacker.decompress(packed, 1 << 20))
            packed = unpacker.unconsumed_tail
    except zlib.error:
        pass
    return unpacked > MOST_UNPACKED
