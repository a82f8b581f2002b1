"""Text as Vietnamese people type it: composed Unicode, folded for search, and the numbers and days in it."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff]"
)
"""Control characters other than tab and line break, invisible and direction-changing ones, and lone surrogates."""
_ACCENTS = re.compile("[\u0300-\u036f]+")
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_GROUPED = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?")
_PLAIN = re.compile(r"-?\d+([.,]\d+)?")


def compose(text: str) -> str:
    """NFC, without control and invisible characters, trimmed. PostgreSQL refuses NUL, UTF-8 refuses surrogates."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text)).strip()


def fold(text: str) -> str:
    """For search: no case, no accents, đ as d ("Thủ tục" → "thu tuc"). LIKE and lower() of SQLite know ASCII only."""
    decomposed = unicodedata.normalize("NFD", _CONTROL.sub("", text).casefold().replace("đ", "d"))
    return " ".join(_ACCENTS.sub("", decomposed).split())


def by_name(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where people choose by "name" they look for it in its alphabetical place, not in that of a code."""
    return sorted(rows, key=lambda one: (fold(str(one["name"])), str(one["name"])))


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
