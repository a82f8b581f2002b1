"""How far an assessment's tasks are: `summarize` by agency, field, group, kind or status; daily snapshots of it."""

from app.summaries.rollup import BY, GROUPS, KINDS, summarize
from app.summaries.snapshots import get_history, take_snapshots

__all__ = ["BY", "GROUPS", "KINDS", "get_history", "summarize", "take_snapshots"]
