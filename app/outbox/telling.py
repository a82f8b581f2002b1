"""The ledger after an attempt: an item counts as told when a message that went out said it, and only then."""

from sqlalchemy import Connection, bindparam, delete, exists, select

from app.locking import hold
from app.models import deliveries, digest_items, digests
from app.outbox.content import Ledger
from app.outbox.queue import Claim, insert_new


def hold_ledger(connection: Connection, digest_id: int) -> None:
    """Messages of one digest settle one after the other, so that none forgets what another is just saying."""
    hold(connection, digests, digest_id)


def forget_dropped(connection: Connection, claim: Claim, ledger: Ledger) -> None:
    """Take what this message left out from the ledger, so that a later run can tell it.

    Not if an earlier message of the digest went out: it said whatever stands in the ledger since.
    """
    if not ledger.dropped or claim.sent_before or _another_went_out(connection, claim):
        return
    own = digest_items.c.digest_id == claim.digest_id
    gone = delete(digest_items).where(own, digest_items.c.id == bindparam("gone"))
    connection.execute(gone, [{"gone": one} for one in ledger.dropped])


def keep_told(connection: Connection, claim: Claim, ledger: Ledger) -> None:
    """Put back what this message said while another one, which left it out, took it from the ledger."""
    if not ledger.told:
        return
    own = select(digest_items.c.id).where(digest_items.c.digest_id == claim.digest_id)
    standing = set(connection.execute(own).scalars())
    missing = [row for row in ledger.told if row["id"] not in standing]
    if missing:
        connection.execute(insert_new(connection, digest_items).on_conflict_do_nothing(), missing)


def _another_went_out(connection: Connection, claim: Claim) -> bool:
    others = exists().where(
        deliveries.c.digest_id == claim.digest_id, deliveries.c.id != claim.id, deliveries.c.sent_at.is_not(None)
    )
    return bool(connection.execute(select(others)).scalar_one())
