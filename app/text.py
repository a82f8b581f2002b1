"""Text as Vietnamese people type it: composed Unicode, and folded for search."""

import re
import unicodedata

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff]"
)
"""Control characters other than tab and line break, invisible and direction-changing ones, and lone surrogates."""
_ACCENTS = re.compile("[\u0300-\u036f]+")


def compose(text: str) -> str:
    """NFC, without control and invisible characters, trimmed. PostgreSQL refuses NUL, UTF-8 refuses surrogates."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text)).strip()


def fold(text: str) -> str:
    """For search: no case, no accents, đ as d ("Thủ tục" → "thu tuc"). LIKE and lower() of SQLite know ASCII only."""
    decomposed = unicodedata.normalize("NFD", _CONTROL.sub("", text).casefold().replace("đ", "d"))
    return " ".join(_ACCENTS.sub("", decomposed).split())
