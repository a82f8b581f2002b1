"""Reminders, decided without a database and without a clock: the policy, its milestones, a day's plan, the runs."""

from app.core.reminding.milestones import (
    days_text,
    furthest_due,
    latest_escalation,
    latest_milestone,
    send_date,
    waited_text,
)
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
from app.core.reminding.runs import next_run_at, run_state

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
    "latest_escalation",
    "latest_milestone",
    "next_run_at",
    "parse_policy",
    "plan_reminders",
    "preview_mode",
    "run_state",
    "send_date",
    "waited_text",
]
