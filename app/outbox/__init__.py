"""The outbox: from a digest in the database to a message in somebody's hands, exactly one and never none."""

from app.outbox.queue import enqueue
from app.outbox.resending import backlog, resend
from app.outbox.sending import deliver_due
from app.outbox.superseding import supersede_older

__all__ = ["backlog", "deliver_due", "enqueue", "resend", "supersede_older"]
