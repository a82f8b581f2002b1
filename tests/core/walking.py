"""Milestones the slow way: each one's sending day, and a walk over all of them."""

from datetime import date, timedelta

from app.core.reminding import Item, SentKey
from app.core.workdays import Calendar


def send_date(milestone: int, effective_due: date, calendar: Calendar) -> date:
    """The working day on which a milestone goes out."""
    nominal = effective_due - timedelta(days=milestone)
    return calendar.on_or_before(nominal) if milestone > 0 else calendar.on_or_after(nominal)


def walked(milestones: list[int], due: date, calendar: Calendar, today: date) -> int | None:
    """The latest of the milestones whose sending day is not after today."""
    return min((m for m in milestones if send_date(m, due, calendar) <= today), default=None)


def sent_key(item: Item, recipient: str) -> SentKey:
    """The item's key in the ledger."""
    return recipient, item.kind, item.candidate.subject, item.candidate.id, item.effective_due
