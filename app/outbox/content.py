"""What a digest has to say at the moment it is sent: its items against today's tasks.

An item drops out when its task is no longer open, was submitted meanwhile, went to another agency, or got another due
date (for a waiting review: was reviewed or recalled). What a digest was planned with is only the list of subjects.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, literal, select

from app import agencies as people
from app.core import workflow
from app.core.workdays import local_date
from app.models import (
    agencies,
    assessments,
    criteria,
    digest_items,
    digests,
    fields,
    provinces,
    reports,
    reviews,
    shares,
    tasks,
)
from app.outbox.recipients import leadership_name
from app.seals import Head, get_head

SHOWN = 60
"""The most entries a letter prints in full; what is left out is counted, and has least points at stake."""


NOBODY = "cơ quan thường trực"
"""Who answers questions where the province has no coordinator."""


class Facts(NamedTuple):
    """One item as it stands now. `points` is what the task's criterion still lacks, in ten-thousandths."""

    kind: str
    code: str
    task_id: int
    task_code: str
    what: str
    where: str
    agency: str
    agency_id: int
    effective_due: date
    status: str
    percent: int
    points: int
    rule_kind: str
    submitted_on: date | None = None
    waited: int = 0
    """Working days, for reviews."""
    share: Any = None
    """A share's own row."""


class Detail(NamedTuple):
    """What the report of a shown task holds, and why it was returned."""

    report: Any = None
    returned: Any = None


class Digest(NamedTuple):
    id: int
    recipient: str
    name: str
    agency_id: int | None
    province_id: int
    local_date: date
    coordinator: str
    """The name of whoever answers questions about the letter."""


class Ledger(NamedTuple):
    """The digest's items as they stand in the ledger, parted by whether there is still something to say of them."""

    told: list[dict[str, Any]]
    """Whole rows."""
    dropped: list[int]
    """Ids."""


class Content(NamedTuple):
    digest: Digest
    today: date
    facts: list[Facts]
    """Most points at stake first."""
    details: dict[int, Detail]
    """By task, for the first `SHOWN`."""
    ledger: Ledger
    head: Head | None = None
    """The last seal of the log, for whoever coordinates: a copy outside the database proves a cut or remade log."""


def gather(connection: Connection, digest_id: int, *, today: date) -> Content:
    """The digest as it is to be told on the local day `today`; without facts when nothing is left to tell."""
    digest = _digest(connection, digest_id)
    found, ledger = [], Ledger([], [])
    for rows, stands, read in (
        (_task_items(digest_id), _task_stands, _task_facts),
        (_share_items(digest_id), _share_stands, _share_facts),
    ):
        for row in connection.execute(rows):
            if stands(row, digest):
                found.append(read(row))
                ledger.told.append(_ledger_row(row, digest))
            else:
                ledger.dropped.append(row.item)
    return _content(connection, digest, found, ledger, today=today)


class Planned(NamedTuple):
    """An item that a plan would put into a digest: why, and the id of its task or share."""

    kind: str
    subject: str
    """`task` or `share`."""
    id: int


def gather_planned(connection: Connection, digest: Digest, planned: Iterable[Planned], *, today: date) -> Content:
    """What a digest with these items would say on the local day `today`, before any of it is written down."""
    kinds = {(one.subject, one.id): one.kind for one in planned}
    task_ids, share_ids = ([key for kind, key in kinds if kind == wanted] for wanted in ("task", "share"))
    kind = literal("").label("kind")
    led = _select(tasks, tasks.c.agency_id, kind).where(tasks.c.id.in_(task_ids))
    found = [_task_facts(row)._replace(kind=kinds["task", row.id]) for row in connection.execute(led)]
    source = shares.join(tasks, tasks.c.id == shares.c.task_id)
    held = _select(source, shares.c.agency_id, kind, *_share_columns()).where(shares.c.id.in_(share_ids))
    found += [_share_facts(row) for row in connection.execute(held)]
    return _content(connection, digest, found, Ledger([], []), today=today)


def _content(connection: Connection, digest: Digest, found: Iterable[Facts], ledger: Ledger, *, today: date) -> Content:
    facts = sorted(_once(found), key=lambda one: (-one.points, one.code))
    facts = _with_waiting(connection, facts, today=today)
    details = _details(connection, {one.task_id for one in facts[:SHOWN]})
    return Content(digest, today, facts, details, ledger, _head(connection, digest))


def _head(connection: Connection, digest: Digest) -> Head | None:
    coordinates = select(agencies.c.id).where(agencies.c.id == digest.agency_id, agencies.c.is_coordinator)
    if connection.execute(coordinates).first() is None:
        return None
    head = get_head(connection)
    return head if head.position else None


def _digest(connection: Connection, digest_id: int) -> Digest:
    row = connection.execute(
        select(
            digests.c.id,
            digests.c.recipient,
            digests.c.agency_id,
            digests.c.province_id,
            digests.c.local_date,
            provinces.c.name.label("province"),
            agencies.c.name.label("agency"),
        )
        .join(provinces, provinces.c.id == digests.c.province_id)
        .outerjoin(agencies, agencies.c.id == digests.c.agency_id)
        .where(digests.c.id == digest_id)
    ).one()
    coordinator = connection.execute(
        select(agencies.c.name).where(agencies.c.province_id == row.province_id, agencies.c.is_coordinator)
    ).scalar()
    name = row.agency or leadership_name(row.province)
    return Digest(row.id, row.recipient, name, row.agency_id, row.province_id, row.local_date, coordinator or NOBODY)


def _select(source: FromClause, holder: ColumnElement[int], *more: Any) -> Select[Any]:
    """What an item says of its task; why it is said must be among `more`, as `kind`."""
    joined = (
        source.join(criteria, criteria.c.id == tasks.c.criterion_id)
        .join(fields, fields.c.id == criteria.c.field_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(agencies, agencies.c.id == holder)
    )
    columns = (
        tasks.c.id,
        tasks.c.code,
        tasks.c.effective_due,
        tasks.c.status,
        tasks.c.percent,
        tasks.c.submitted_at,
        (tasks.c.max - tasks.c.floor).label("points"),
        criteria.c.name,
        criteria.c.rule["kind"].as_string().label("rule_kind"),
        fields.c.name.label("field"),
        holder.label("agency_id"),
        agencies.c.name.label("agency"),
        assessments.c.province_id,
    )
    return select(*columns, *more).select_from(joined)


def _items(source: FromClause, digest_id: int, holder: ColumnElement[int], *more: Any) -> Select[Any]:
    ledger = (
        digest_items.c.id.label("item"),
        digest_items.c.kind,
        digest_items.c.subject,
        digest_items.c.task_id,
        digest_items.c.share_id,
        digest_items.c.milestone,
        digest_items.c.effective_due.label("told_due"),
    )
    return _select(source, holder, *ledger, *more).where(digest_items.c.digest_id == digest_id)


def _task_items(digest_id: int) -> Select[Any]:
    source = digest_items.join(tasks, tasks.c.id == digest_items.c.task_id)
    return _items(source, digest_id, tasks.c.agency_id)


def _share_items(digest_id: int) -> Select[Any]:
    source = digest_items.join(shares, shares.c.id == digest_items.c.share_id).join(
        tasks, tasks.c.id == shares.c.task_id
    )
    return _items(source, digest_id, shares.c.agency_id, *_share_columns())


def _share_columns() -> tuple[Any, ...]:
    own = (shares.c[name] for name in ("what", "quantity", "unit", "reason", "current", "resolved", "done"))
    labelled = (
        shares.c.code.label("share_code"),
        shares.c.kind.label("share_kind"),
        shares.c.effective_due.label("share_due"),
    )
    return (*labelled, *own)


def _task_stands(row: Any, digest: Digest) -> bool:
    if row.province_id != digest.province_id:
        return False
    if row.kind == "review":
        return bool(row.status == "submitted" and row.submitted_at and local_date(row.submitted_at) == row.told_due)
    if row.status not in workflow.REPORTABLE or row.effective_due != row.told_due:
        return False
    return bool(row.kind == "escalation" or row.agency_id == digest.agency_id)


def _share_stands(row: Any, digest: Digest) -> bool:
    return bool(
        not row.done
        and row.agency_id == digest.agency_id
        and row.province_id == digest.province_id
        and row.status in workflow.REPORTABLE
        and row.share_due == row.told_due
    )


def _ledger_row(row: Any, digest: Digest) -> dict[str, Any]:
    return {
        "id": row.item,
        "digest_id": digest.id,
        "recipient": digest.recipient,
        "kind": row.kind,
        "subject": row.subject,
        "task_id": row.task_id,
        "share_id": row.share_id,
        "effective_due": row.told_due,
        "milestone": row.milestone,
    }


def _task_facts(row: Any) -> Facts:
    return Facts(
        kind=row.kind,
        code=row.code,
        task_id=row.id,
        task_code=row.code,
        what=row.name,
        where=f"lĩnh vực {row.field}",
        agency=row.agency,
        agency_id=row.agency_id,
        effective_due=row.effective_due,
        status=row.status,
        percent=row.percent,
        points=row.points,
        rule_kind=row.rule_kind,
        submitted_on=local_date(row.submitted_at) if row.submitted_at else None,
    )


def _share_facts(row: Any) -> Facts:
    return _task_facts(row)._replace(
        kind="share",
        code=row.share_code,
        what=row.what,
        where=f"thuộc nhiệm vụ {row.code}: {row.name}",
        effective_due=row.share_due,
        share=row,
    )


def _once(facts: Iterable[Facts]) -> list[Facts]:
    """Items that moved here from an older digest may name what this one names anyway, at a later milestone."""
    return list({(one.kind, one.code): one for one in facts}.values())


def _with_waiting(connection: Connection, facts: list[Facts], *, today: date) -> list[Facts]:
    submitted = [one.submitted_on for one in facts if one.kind == "review" and one.submitted_on]
    if not submitted:
        return facts
    calendar = people.work_calendar(connection, years=range(min(submitted).year, today.year + 1))
    return [
        one._replace(waited=calendar.workdays_between(one.submitted_on, today))
        if one.kind == "review" and one.submitted_on
        else one
        for one in facts
    ]


def _details(connection: Connection, task_ids: set[int]) -> dict[int, Detail]:
    if not task_ids:
        return {}
    columns = (reports.c.task_id, reports.c.reason, reports.c.progress, reports.c.remedy)
    held = select(*columns, reports.c.measurements, reports.c.declared).where(reports.c.task_id.in_(task_ids))
    returns = (
        select(reviews.c.task_id, reviews.c.at, reviews.c.comment)
        .where(reviews.c.task_id.in_(task_ids), reviews.c.decision == "returned")
        .order_by(reviews.c.id)
    )
    by_report = {row.task_id: row for row in connection.execute(held)}
    by_return = {row.task_id: row for row in connection.execute(returns)}  # the last one wins
    return {one: Detail(by_report.get(one), by_return.get(one)) for one in task_ids}
