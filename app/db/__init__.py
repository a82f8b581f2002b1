"""Two doors to the database: `read` and `write` for async routes, `snapshot` and `transaction` for jobs and commands.

Domain functions take a `Connection` and never commit; only this package opens and commits transactions. What the
database cannot take now, for whatever reason, leaves it as `Busy` in words.
"""

from sqlalchemy import Connection

from app.db.doors import GROUP, Database, open_database, savepoint
from app.db.engines import BUSY_MS

__all__ = ["BUSY_MS", "GROUP", "Connection", "Database", "open_database", "savepoint"]
