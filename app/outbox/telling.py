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
    """Take what this message left out of the ledger, so that a later run can tell it, unless an earlier message of the
    digest went out: whatever stands in the ledger then, that one has said."""
    if not ledger.dropped or claim.sent_before or _another_went_out(connection, claim):
        return
    gone = delete(digest_items).where(digest_items.c.id == bindparam("gone"), digest_items.c.digest_id == claim.digest_id)
    connection.execute(gone, [{"gone": one} for one in ledger.dropped])


def keep_told(connection: Connection, claim: Claim, ledger: Ledger) -> None:
    """Put back what this message said and another one, that left it out, has meanwhile taken from the ledger."""
    standing = select(digest_items.c.id).where(digest_items.c.digest_id == claim.digest_id)
    left = set(connection.execute(standing).scalars())
    missing = [{name: value for name, value in row.items() if name != "id"} for row in ledger.told if row["id"] not in left]
    if missing:
        connection.execute(insert_new(connection, digest_items).on_conflict_do_nothing(), missing)


def _another_went_out(connection: Connection, claim: Claim) -> bool:
    others = exists().where(
        deliveries.c.digest_id == claim.digest_id, deliveries.c.id != claim.id, deliveries.c.sent_at.is_not(None)
    )
    return bool(connection.execute(select(others)).scalar_one())
