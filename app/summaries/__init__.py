"""How far an assessment's tasks are: by agency, field, group, kind or status; the whole; and daily snapshots."""

from app.summaries.rollup import BY, GROUPS, KINDS, summarize
from app.summaries.snapshots import get_history, take_snapshots
from app.summaries.standing import get_standing

__all__ = ["BY", "GROUPS", "KINDS", "get_history", "get_standing", "summarize", "take_snapshots"]
