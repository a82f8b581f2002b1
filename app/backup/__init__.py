"""One backup for both engines: rows as JSON lines and evidence files in one zip, with the hash of each.

A backup is one moment of the database, taken while the server writes. A restore needs an empty database of either
engine and proves in the end that it holds what the backup says.
"""

from app.backup.archive import Manifest
from app.backup.dump import dump
from app.backup.load import restore

__all__ = ["Manifest", "dump", "restore"]
