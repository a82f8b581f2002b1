"""Letters before and after they are sent, for people to read: what one says, or would say."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from app import agencies as people
from app.agencies import Reachable
from app.core.access import Actor, Permission
from app.core.reminding import Digest, preview_mode
from app.core.workdays import local_date
from app.errors import NotFound, SetupProblem
from app.models import digests
from app.outbox import content
from app.outbox.content import Content, Planned
from app.outbox.letter import Letter, as_text, compose
from app.outbox.mail import BadSender, compose_mail
from app.outbox.recipients import label
from app.reminders.ledger import visible_digests
from app.reminders.planning import plan_for
from app.reminders.provinces import Province, calendar_around, find_provinces, several
from app.reminders.telling import check_day, first_pending

UNKNOWN = "Ngày này nơi nhận đó không có thư nhắc việc nào."


class Drawn(NamedTuple):
    """A letter as its reader will see it."""

    subject: str
    text: str
    letter: Letter
    name: str
    """Of the recipient."""

    def eml(self, *, sender: str, now: datetime) -> bytes:
        """As a mail program opens it, addressed to nobody. Raises `SetupProblem` where no sender is set rightly."""
        try:
            return compose_mail(
                self.letter,
                sender=sender,
                recipient=self.name,
                addressee="",
                address=None,
                message_key=f"xem-truoc-{now:%Y%m%d%H%M%S}",
                now=now,
            ).raw
        except BadSender as error:
            raise SetupProblem(f"{error}. Người vận hành cần sửa cấu hình này.") from error


def draw_digest(connection: Connection, actor: Actor, digest_id: int, *, base_url: str, now: datetime) -> Drawn | None:
    """What a digest says if it is sent now; None when nothing of it is left to say. Raises `NotFound`."""
    actor.require(Permission.REMINDER_READ)
    found = select(digests.c.id).where(digests.c.id == digest_id, visible_digests(actor))
    if connection.execute(found).first() is None:
        raise NotFound("Không có thư nhắc việc này.")
    said = content.gather(connection, digest_id, today=local_date(now))
    return _drawn(said, base_url=base_url) if said.facts else None


def draw_planned(
    connection: Connection, actor: Actor, recipient: str, *, on: date, base_url: str, now: datetime
) -> Drawn:
    """What the letter of a day would say to a recipient, spelled as `preview` does. Raises `NotFound` when that day
    brings it none, `InvalidInput` for a day without a calendar."""
    actor.require(Permission.REMINDER_READ)
    check_day(on)
    prefixed = several(connection)
    for province in find_provinces(connection, actor.province_id):
        for digest in _planned(connection, province, on=on, now=now):
            if label(digest.recipient, several=prefixed) == recipient:
                said = content.gather_planned(
                    connection, _head(connection, province, digest, on), _items(digest), today=on
                )
                return _drawn(said, base_url=base_url)
    raise NotFound(UNKNOWN)


def list_addressees(connection: Connection, actor: Actor, *, on: date, now: datetime) -> Mapping[str, list[Reachable]]:
    """Who is written to on a day on behalf of each recipient, spelled as `preview` does. Without their secrets."""
    actor.require(Permission.REMINDER_READ)
    prefixed = several(connection)
    found: dict[str, list[Reachable]] = {}
    for province in find_provinces(connection, actor.province_id):
        active = people.active_contacts(connection, province.id)
        for seat in province.seats.values():
            reached = people.reachable_of(active, seat.agency_id, today=on)
            found[label(seat.recipient, several=prefixed)] = [one._replace(webhook_secret=None) for one in reached]
    return found


# Inside


def _planned(connection: Connection, province: Province, *, on: date, now: datetime) -> list[Digest]:
    calendar = calendar_around(connection, on)
    mode = preview_mode(on, assumed_since=first_pending(connection, province, now=now), calendar=calendar)
    return plan_for(connection, province, on=on, mode=mode, calendar=calendar).digests


def _items(digest: Digest) -> list[Planned]:
    return [Planned(_kind(item), item.candidate.subject, item.candidate.id) for item in digest.items]


def _kind(item: Any) -> str:
    return "share" if item.candidate.subject == "share" else str(item.kind.value)


def _head(connection: Connection, province: Province, digest: Digest, on: date) -> content.Digest:
    seat = province.seats[digest.recipient]
    steering = province.seats.get(province.coordinator)
    return content.Digest(
        0, seat.recipient, seat.name, seat.agency_id, province.id, on, steering.name if steering else content.NOBODY
    )


def _drawn(said: Content, *, base_url: str) -> Drawn:
    letter = compose(said, base_url=base_url)
    return Drawn(letter.subject, as_text(letter, addressee=""), letter, said.digest.name)
