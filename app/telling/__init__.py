"""Events in words: what was done, and what became of each value. One table for the audit and for a task's history.

An event is what `app.events.told` tells: `action`, `from`, `to`, `why`, `by`, `on_behalf_of`, `at`; from the audit also
`entity`, `code` and more.
"""

from app.telling.actions import ACTIONS, ENTITIES, Event, sentence
from app.telling.values import LABELS, POLICY, Change, changes, moved_parts

__all__ = ["ACTIONS", "ENTITIES", "LABELS", "POLICY", "Change", "Event", "changes", "moved_parts", "sentence"]
