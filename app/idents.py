"""How addresses and filters name a row: by its code, or by its id."""

from sqlalchemy import ColumnElement, Table

LARGEST_ID = 2**31 - 1
"""Ids are 32-bit integers on PostgreSQL, which refuses to compare them with larger ones."""


def named(table: Table, ident: str) -> ColumnElement[bool]:
    """The row of `table` that `ident` means; digits alone are an id. An impossible id matches nothing."""
    meant = read_ident(ident)
    is_named: ColumnElement[bool] = (table.c.id if isinstance(meant, int) else table.c.code) == meant
    return is_named


def read_ident(ident: str) -> int | str:
    """The id or the code that is meant, fit for either database (PostgreSQL refuses NUL)."""
    cleaned = ident.replace("\0", "")
    return as_id(cleaned) if cleaned.isascii() and cleaned.isdigit() else cleaned


def read_count(text: str, *, digits: int = 6) -> int | None:
    """The whole number that the text is; None for all but a few plain digits ("²" and "٣" are digits to Python)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def as_id(digits: str) -> int:
    """−1, which is nobody's id, for a number that no id can be."""
    return int(digits) if len(digits) < 11 and int(digits) <= LARGEST_ID else -1
