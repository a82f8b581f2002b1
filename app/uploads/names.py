"""Names that files come with: what of them is kept, and how they are told to programs that read no Unicode."""

import re
import unicodedata
from typing import Final

from app.text import compose

LONGEST_NAME: Final = 150
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
"""Windows opens a device under these names, whatever stands behind the dot."""


def clean_filename(name: str) -> str:
    """What of a client's file name is kept: the last part of a path in NFC, without control, invisible and
    direction-changing characters and what Windows forbids; at most 150 characters, the extension kept.

    Empty when nothing is left of the name.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = " ".join(compose(base).split())
    kept = "".join("_" if c in '<>:"|?*' else c for c in visible).strip(". ")
    if _DEVICE.match(kept):
        kept = f"_{kept}"
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension) > 10:
        return kept[:LONGEST_NAME].rstrip(". ")
    return stem[: LONGEST_NAME - len(extension) - 1].rstrip(". ") + dot + extension


def ascii_filename(name: str) -> str:
    """For programs that read no RFC 5987 names: without accents, everything unusual as an underscore."""
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c if c.isascii() and (c.isalnum() or c in " ._-()") else "_" for c in kept)
