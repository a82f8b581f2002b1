"""How addresses and filters name a row: by its code, or by its id."""

from sqlalchemy import ColumnElement, Table

LARGEST_ID = 2**31 - 1
"""Ids are 32-bit integers on PostgreSQL, which refuses to compare them with larger ones."""


def named(table: Table, ident: str) -> ColumnElement[bool]:
    """The row of `table` that `ident` means; digits alone are an id. An impossible id matches nothing."""
    cleaned = ident.replace("\0", "")
    if cleaned.isascii() and cleaned.isdigit():
        return table.c.id == as_id(cleaned)
    is_named: ColumnElement[bool] = table.c.code == cleaned
    return is_named


def as_id(digits: str) -> int:
    """−1, which is nobody's id, for a number that no id can be."""
    return int(digits) if len(digits) < 11 and int(digits) <= LARGEST_ID else -1
