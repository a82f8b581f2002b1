"""Is it alive in the sense that matters: are reminders going out, is anything stuck? For metrics and alerts."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, select

from app import outbox
from app.models import events, reminder_runs, seals


class Pulse(NamedTuple):
    """Ages in seconds; None where there is nothing to be old."""

    messages: dict[str, int]
    """Deliveries by state."""
    oldest_undelivered: int
    """How long the message that has waited longest should have been out; 0 for none."""
    last_plan: int | None
    """Since the last successful plan of reminders."""
    oldest_unsealed: int
    """Of the log: how long the oldest event without a seal has stood; 0 for none."""


def take_pulse(connection: Connection, *, now: datetime) -> Pulse:
    """Four small queries, so that a scrape every few seconds costs nothing."""
    waiting = outbox.backlog(connection, now=now)
    planned = connection.execute(select(func.max(reminder_runs.c.at))).scalar()
    sealed = connection.execute(select(func.max(seals.c.event_id))).scalar() or 0
    without = ~exists(select(1).where(seals.c.event_id == events.c.id))
    oldest = connection.execute(select(func.min(events.c.at)).where(events.c.id > sealed, without)).scalar()
    return Pulse(
        waiting["by_state"],
        waiting["oldest_due_seconds"],
        None if planned is None else _age(planned, now=now),
        0 if oldest is None else _age(oldest, now=now),
    )


def _age(moment: datetime, *, now: datetime) -> int:
    return max(0, int((now - moment).total_seconds()))
