"""Forgetting what browsers left behind: sessions, links and tries long over, abandoned drafts, files never applied."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_

from app.models import drafts, half_sign_ins, login_sessions, password_links, try_counts, workbooks

SESSIONS_KEPT = timedelta(days=30)
"""After their end, so that one can still ask who was signed in from where."""
LINKS_KEPT = timedelta(days=30)
DRAFTS_KEPT = timedelta(days=180)
WORKBOOKS_KEPT = timedelta(days=1)
"""Whoever has not applied a preview by then uploads the file again."""


def forget_left_behind(connection: Connection, *, now: datetime) -> dict[str, int]:
    """Delete what nobody can use or miss any more; returns how many rows of each table."""
    old = {
        login_sessions: or_(
            login_sessions.c.expires_at < now - SESSIONS_KEPT, login_sessions.c.ended_at < now - SESSIONS_KEPT
        ),
        password_links: or_(
            password_links.c.expires_at < now - LINKS_KEPT, password_links.c.used_at < now - LINKS_KEPT
        ),
        half_sign_ins: half_sign_ins.c.expires_at < now,
        drafts: drafts.c.updated_at < now - DRAFTS_KEPT,
        workbooks: workbooks.c.created_at < now - WORKBOOKS_KEPT,
        try_counts: try_counts.c.ends_at < now,
    }
    return {table.name: connection.execute(delete(table).where(over)).rowcount for table, over in old.items()}
