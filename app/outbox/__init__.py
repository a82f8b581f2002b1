"""The outbox: from a digest in the database to a message in somebody's hands, exactly one and never none."""

from app.models.messages import DELIVERY_STATES
from app.outbox.channels import ways_out
from app.outbox.queue import enqueue
from app.outbox.resending import backlog, count_undelivered, resend
from app.outbox.sending import deliver_due
from app.outbox.superseding import supersede_older

__all__ = [
    "DELIVERY_STATES",
    "backlog",
    "count_undelivered",
    "deliver_due",
    "enqueue",
    "resend",
    "supersede_older",
    "ways_out",
]
