"""A plan as people and programs read it: who gets what, who gets nothing, and why."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from app import agencies as people
from app.core.access import Actor, Permission
from app.core.reminding import Digest, Item, ItemKind, Plan, preview_mode
from app.core.scoring import format_points
from app.core.workdays import ONE_DAY, local_date, local_moment
from app.errors import InvalidInput
from app.outbox.recipients import label
from app.reminders.candidates import select_words
from app.reminders.planning import plan_for
from app.reminders.provinces import Province, calendar_around, find_provinces, last_run_on, several

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Where holidays can be computed."""
NO_CONTACT = "chưa có đầu mối nhận thư"


def preview(connection: Connection, actor: Actor, *, on: date | None = None, now: datetime) -> dict[str, Any]:
    """What goes out on a day (default: today), without sending anything.

    The day of the next regular run shows what that run would send, with all that is still unsent. Any other day, past
    or coming, shows its schedule as if every run before it took place. Tasks are taken as they are now.
    """
    actor.require(Permission.REMINDER_READ)
    day = on or local_date(now)
    check_day(day)
    parts = []
    for province in find_provinces(connection, actor.province_id):
        calendar = calendar_around(connection, day)
        pending = first_pending(connection, province, now=now)
        mode = preview_mode(day, assumed_since=pending, calendar=calendar)
        plan = plan_for(connection, province, on=day, mode=mode, calendar=calendar, explain=True)
        parts.append(told(connection, province, plan, on=day))
    return merged(parts, on=day)


def told(connection: Connection, province: Province, plan: Plan, *, on: date) -> dict[str, Any]:
    """The plan of one province, JSON-ready. Recipients by agency code, with the province where there are several."""
    teller = _Teller(connection, province, on)
    digests = [teller.digest(digest) for digest in plan.digests]
    silent = [teller.silent(one.code, one.recipient, one.why.text) for one in plan.silent]
    unreachable = [teller.silent(None, one.recipient, NO_CONTACT) for one in plan.digests if not teller.held(one)]
    return {"on": on, "digests": digests, "silent": silent + unreachable}


def merged(parts: Iterable[dict[str, Any]], *, on: date) -> dict[str, Any]:
    parts = list(parts)
    return {"on": on, **{key: [one for part in parts for one in part[key]] for key in ("digests", "silent")}}


class _Teller:
    """What is asked of the database once for a whole plan."""

    def __init__(self, connection: Connection, province: Province, on: date) -> None:
        self._connection, self._province, self._on = connection, province, on
        self._several = several(connection)
        self._words = select_words(connection, province)
        self._contacts: dict[str, list[str]] = {}

    def digest(self, digest: Digest) -> dict[str, Any]:
        return {
            "recipient": self._label(digest.recipient),
            "recipient_name": self._province.seats[digest.recipient].name,
            "contacts": self.held(digest),
            "items": [self._item(item) for item in digest.items],
        }

    def held(self, digest: Digest) -> list[str]:
        """Names of those who are written to."""
        if digest.recipient not in self._contacts:
            agency_id = self._province.seats[digest.recipient].agency_id
            found = people.reachable_contacts(self._connection, self._province.id, agency_id, today=self._on)
            self._contacts[digest.recipient] = [contact.name for contact in found]
        return self._contacts[digest.recipient]

    def silent(self, code: str | None, recipient: str, why: str) -> dict[str, Any]:
        if code is None:
            return {"recipient": self._label(recipient), "why": why}
        return {"code": code, "agency": self._label(recipient), "why": why}

    def _item(self, item: Item) -> dict[str, Any]:
        candidate = item.candidate
        told: dict[str, Any] = {
            "code": candidate.code,
            "subject": candidate.subject,
            "milestone": item.milestone,
            "kind": item.kind.value,
            "days_left": item.days_left(today=self._on),
            "effective_due": candidate.effective_due,
            "points": format_points(candidate.points_at_stake),
            "what": self._words.get(candidate.code, ""),
            "agency": self._label(candidate.recipient),
        }
        return told | ({"waited_workdays": item.waited_workdays} if item.kind is ItemKind.REVIEW else {})

    def _label(self, recipient: str) -> str:
        return label(recipient, several=self._several)


def check_day(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInput(f"Ngày xem trước phải từ năm {FIRST_YEAR} đến năm {LAST_YEAR}.", field="on")


def first_pending(connection: Connection, province: Province, *, now: datetime) -> date:
    """The first day whose regular run is still to come; after the working hours that is no longer today."""
    today, last = local_date(now), last_run_on(connection, province)
    over = local_moment(now).time() >= province.policy.send_until
    return today + ONE_DAY if over or (last is not None and last >= today) else today
