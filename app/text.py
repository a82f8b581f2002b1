"""Text as Vietnamese people type it: composed Unicode, and folded for search."""

import unicodedata


def compose(text: str) -> str:
    """NFC, without control characters other than line breaks and tabs, trimmed."""
    kept = (c for c in unicodedata.normalize("NFC", text) if c in "\n\t" or not unicodedata.category(c).startswith("C"))
    return "".join(kept).strip()


def fold(text: str) -> str:
    """For search: no case, no accents, đ as d ("Thủ tục" → "thu tuc"). LIKE and lower() of SQLite know ASCII only."""
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
