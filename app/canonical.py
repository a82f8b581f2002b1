"""Rows as canonical JSON: the same row gives the same bytes on SQLite and on PostgreSQL, in backups and under seals."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any


def encode(row: Mapping[str, Any]) -> bytes:
    """One line: keys in order, no blanks, UTF-8, instants in UTC. TypeError for what has no canonical form."""
    return _ENCODER.encode(row).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        # SQLite keeps no offset; what it keeps is UTC.
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no canonical form for {type(value).__name__}")


_ENCODER = json.JSONEncoder(default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
