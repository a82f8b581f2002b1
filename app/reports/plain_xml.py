"""Whether a part of an uploaded Office file is XML that hides nothing: no DTD, no encoding but UTF-8.

Office programs never write anything else, and both are ways to say one thing to a check and another to a reader.
"""

from typing import Final
from xml.parsers import expat

_ENCODINGS: Final = (None, "utf-8", "us-ascii")
_CHUNK: Final = 4_096


class _Told(Exception):
    """The prolog ended, or something stands in it that must not."""

    def __init__(self, *, plain: bool) -> None:
        self.plain = plain


def is_plain_xml(content: bytes) -> bool:
    """Reads to the first element and no further: a DTD and the encoding can stand nowhere else. False also for what is
    no XML at all; whether the rest is well-formed is for its reader to find out."""
    if b"\x00" in content[:4]:  # UTF-16 and UTF-32, with or without a mark
        return False
    parser = expat.ParserCreate()
    parser.XmlDeclHandler = _check_encoding
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = _accept
    try:
        for start in range(0, len(content), _CHUNK):
            parser.Parse(content[start : start + _CHUNK], False)
    except _Told as told:
        return told.plain
    except (expat.ExpatError, LookupError, ValueError):  # an encoding that Python does not know is a LookupError
        return False
    return False


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding and encoding.lower()) not in _ENCODINGS:
        raise _Told(plain=False)


def _refuse(*_what: object) -> None:
    raise _Told(plain=False)


def _accept(*_what: object) -> None:
    raise _Told(plain=True)
