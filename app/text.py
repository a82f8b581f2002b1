"""Text as Vietnamese people type it: composed Unicode, folded for search, and the numbers and days in it."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, Final

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff]"
)
"""Control characters other than tab and line break, invisible and direction-changing ones, and lone surrogates."""
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys instead of showing it, and what turns or ends a line; tab and line break are the caller's."""
_ACCENTS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[0-9]+|[^\W0-9]+")
_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES: Final = "\u0300\u0309\u0303\u0301\u0323"
"""Huyền, hỏi, ngã, sắc, nặng, in the order of Vietnamese dictionaries."""
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_GROUPED = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?")
_PLAIN = re.compile(r"-?\d+([.,]\d+)?")


def compose(text: str) -> str:
    """NFC, without control and invisible characters, trimmed. PostgreSQL refuses NUL, UTF-8 refuses surrogates."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text)).strip()


def visible(text: str) -> str:
    """For terminals and logs: what cannot be seen is spelt out (`\\u001b`), which JSON reads as what it was."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def fold(text: str) -> str:
    """For search: no case, no accents, đ as d ("Thủ tục" → "thu tuc"). LIKE and lower() of SQLite know ASCII only."""
    decomposed = unicodedata.normalize("NFD", _CONTROL.sub("", text).casefold().replace("đ", "d"))
    return " ".join(_ACCENTS.sub("", decomposed).split())


def by_name(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where people choose by "name" they look for it in its alphabetical place, not in that of a code."""
    return sorted(rows, key=lambda one: (alphabetical(str(one["name"])), str(one["name"])))


@lru_cache(maxsize=5_000)
def alphabetical(text: str) -> tuple[Any, ...]:
    """A sort key in the order of Vietnamese dictionaries, syllable by syllable: đ after d, ê after e, and the tone only
    where the letters are the same. Numbers in it count as numbers: phường 2, phường 10."""
    return tuple(_syllable(word) for word in _WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def _syllable(word: str) -> tuple[Any, ...]:
    if word.isdigit():
        return (0, len(word.lstrip("0")), word.lstrip("0"), ())
    decomposed = unicodedata.normalize("NFD", word)
    tones = tuple(_TONES.index(sign) for sign in decomposed if sign in _TONES)
    letters = unicodedata.normalize("NFC", "".join(sign for sign in decomposed if sign not in _TONES))
    return (1, 0, tuple(_place(letter) for letter in letters), tones)


def _place(letter: str) -> int:
    """Letters of no Vietnamese word stand behind z."""
    found = _ALPHABET.find(letter)
    return ord(letter) + len(_ALPHABET) if found < 0 else found


def plain_number(text: str) -> str:
    """ "94.511" → "94511", "0,8410" → "0.8410"; whatever is not a number of that kind stays as it is.

    A dot before exactly three digits groups thousands, as on Vietnamese paper, unless the whole part is 0: "0.841"
    can only be a decimal.
    """
    packed = text.replace(" ", "").replace("\u00a0", "")
    if _GROUPED.fullmatch(packed) and not packed.lstrip("-").startswith("0"):
        return packed.replace(".", "").replace(",", ".")
    return packed.replace(",", ".") if _PLAIN.fullmatch(packed) else text


def plain_score(text: str) -> str:
    """ "0,841" and "0.841" → "0.841": no score has thousands, so a dot is a decimal point."""
    return text.replace(" ", "").replace("\u00a0", "").replace(",", ".")


def typed_day(text: str) -> date:
    """A day typed as 01/07/2025, 1.7.2025 or 2025-07-01; ValueError for anything else."""
    if match := _DAY.fullmatch(text.strip()):
        return date(int(match[3]), int(match[2]), int(match[1]))
    return date.fromisoformat(text.strip())
