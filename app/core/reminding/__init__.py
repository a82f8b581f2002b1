"""Reminders, decided without a database and without a clock: the policy, its milestones, a day's plan, the runs."""

from app.core.reminding.milestones import days_text, furthest_due, waited_text
from app.core.reminding.planning import (
    Candidate,
    Digest,
    Item,
    ItemKind,
    Mode,
    Plan,
    SentKey,
    Silent,
    Why,
    plan_reminders,
    preview_mode,
)
from app.core.reminding.policy import Policy, parse_policy
from app.core.reminding.runs import in_hours, next_in_hours, run_state

__all__ = [
    "Candidate",
    "Digest",
    "Item",
    "ItemKind",
    "Mode",
    "Plan",
    "Policy",
    "SentKey",
    "Silent",
    "Why",
    "days_text",
    "furthest_due",
    "in_hours",
    "next_in_hours",
    "parse_policy",
    "plan_reminders",
    "preview_mode",
    "run_state",
    "waited_text",
]
