"""Reminders: each recipient's one digest a day, decided from the database and written to the outbox with it."""

from app.reminders.ledger import get_digest, list_digests
from app.reminders.letters import Drawn, draw_digest, draw_planned, list_addressees
from app.reminders.planning import plan_for, record
from app.reminders.provinces import find_provinces
from app.reminders.running import run_due, run_everywhere, run_now
from app.reminders.standing import get_state
from app.reminders.telling import preview

__all__ = [
    "Drawn",
    "draw_digest",
    "draw_planned",
    "find_provinces",
    "get_digest",
    "get_state",
    "list_addressees",
    "list_digests",
    "plan_for",
    "preview",
    "record",
    "run_due",
    "run_everywhere",
    "run_now",
]
