"""A day's plan of a province, and writing it down: gather, decide, record."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Connection, bindparam, column, func, insert, select

from app import agencies as people
from app.core.reminding import Digest, Item, Mode, Plan, furthest_due, plan_reminders
from app.core.workdays import Calendar
from app.models import digest_items, digests
from app.outbox import enqueue, supersede_older
from app.reminders.candidates import select_candidates, select_digested, select_sent
from app.reminders.provinces import Province


def plan_for(
    connection: Connection, province: Province, *, on: date, mode: Mode, calendar: Calendar, explain: bool = False
) -> Plan:
    """Who is to be told what on the local day `on`. Tasks are read as they are now, whatever the day."""
    furthest = max(furthest_due(policy, calendar, today=on) for policy in province.policies.values())
    until = None if explain else furthest
    scheduled = mode is Mode.SCHEDULED
    return plan_reminders(
        select_candidates(connection, province, until=until),
        policies=province.policies,
        calendar=calendar,
        already_sent={} if scheduled else select_sent(connection, province, until=until),
        coordinator=province.coordinator,
        leadership=province.leadership,
        today=on,
        mode=mode,
        digested=frozenset() if scheduled else select_digested(connection, province, on),
        explain=explain,
    )


def record(connection: Connection, province: Province, plan: Plan, *, on: date, now: datetime) -> None:
    """Write digests, their items and a message per reachable contact, and take back older messages they replace.

    All in the caller's transaction: the database refuses the whole plan if another replica has written any of it.
    """
    if not plan.digests:
        return
    ids = _insert_digests(connection, province, plan.digests, on=on, now=now)
    _insert_items(connection, [row for digest in plan.digests for row in _items(digest, ids)])
    supersede_older(connection, ids, now=now)
    active = people.active_contacts(connection, province.id)
    messages: list[tuple[int, int | None]] = []
    for digest in plan.digests:
        agency_id = province.seats[digest.recipient].agency_id
        contacts = people.reachable_of(active, agency_id, today=on)
        # Without a contact the message is addressed to the recipient itself, and finds out when it is sent.
        keys: Iterable[int | None] = [contact.id for contact in contacts] or [None]
        messages += [(ids[digest.recipient], key) for key in keys]
    enqueue(connection, messages, now=now)


def _insert_digests(
    connection: Connection, province: Province, planned: list[Digest], *, on: date, now: datetime
) -> dict[str, int]:
    rows = [
        {
            "province_id": province.id,
            "recipient": digest.recipient,
            "agency_id": province.seats[digest.recipient].agency_id,
            "local_date": on,
            "created_at": now,
        }
        for digest in planned
    ]
    statement = insert(digests).returning(digests.c.recipient, digests.c.id)
    return dict(connection.execute(statement, rows).all())


def _insert_items(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_INSERT_COLUMNS, {name: [row[name] for row in rows] for name in _COLUMNS})
    else:
        connection.execute(insert(digest_items), rows)


_COLUMNS = ("digest_id", "recipient", "kind", "subject", "task_id", "share_id", "effective_due", "milestone")
_arrays = func.unnest(*[bindparam(name, type_=ARRAY(digest_items.c[name].type)) for name in _COLUMNS])
_INSERT_COLUMNS = insert(digest_items).from_select(
    _COLUMNS, select(*_arrays.table_valued(*[column(name) for name in _COLUMNS]).render_derived().c)
)
"""One array a column: half the time of a statement a row."""


def _items(digest: Digest, ids: dict[str, int]) -> Iterable[dict[str, Any]]:
    for item in digest.items:
        yield {"digest_id": ids[digest.recipient], "recipient": digest.recipient, **_ledger_row(item)}


def _ledger_row(item: Item) -> dict[str, Any]:
    candidate = item.candidate
    of_task = candidate.subject == "task"
    return {
        "kind": item.kind.value,
        "subject": candidate.code,
        "task_id": candidate.id if of_task else None,
        "share_id": None if of_task else candidate.id,
        "effective_due": item.effective_due,
        "milestone": item.milestone,
    }
