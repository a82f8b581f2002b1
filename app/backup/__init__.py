"""One backup for both engines: rows as JSON lines and evidence files in one zip, with the hash of each.

A backup is one moment of the database, taken while the server writes. A restore needs an empty database of either
engine and proves in the end that it holds what the backup says. `open_backup` and `Archive.verify` come before the
database is opened, so that a damaged backup leaves nothing behind, not even a new file.
"""

from app.backup.archive import Archive, Manifest
from app.backup.dump import dump
from app.backup.load import check_empty, open_backup, restore

__all__ = ["Archive", "Manifest", "check_empty", "dump", "open_backup", "restore"]
