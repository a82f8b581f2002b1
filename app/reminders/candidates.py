"""What may be due, selected by column, and what the ledger says has been told already."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from app.core import workflow
from app.core.reminding import Candidate, SentKey
from app.core.workdays import local_date
from app.models import criteria, digest_items, digests, shares, tasks
from app.reminders.provinces import Province

_OWED = sorted(workflow.REPORTABLE)


def select_candidates(connection: Connection, province: Province, *, until: date | None) -> list[Candidate]:
    """Open tasks and unanswered shares due up to and including `until`, and every submission that waits.

    Without `until` all tasks and shares of the province, whatever their state, for a preview that explains.
    """
    found = [_task(row, province) for row in connection.execute(_tasks(province, until))]
    if until is not None:
        found += [_task(row, province) for row in connection.execute(_waiting(province))]
    return found + [_share(row, province) for row in connection.execute(_shares(province, until))]


def select_sent(connection: Connection, province: Province, *, until: date | None) -> dict[SentKey, int]:
    """Per recipient, kind, subject and due date the most advanced milestone told, of what `select_candidates` finds."""
    sent: dict[SentKey, int] = {}
    statements = (
        ("task", _sent_tasks(province, until)),
        ("task", _sent_reviews(province)),
        ("share", _sent_shares(province, until)),
    )
    for subject, statement in statements:
        for recipient, kind, subject_id, due, milestone in connection.execute(statement):
            sent[recipient, kind, subject, subject_id, due] = milestone
    return sent


def select_digested(connection: Connection, province: Province, on: date) -> set[str]:
    """Who has a digest of that day already."""
    statement = select(digests.c.recipient).where(digests.c.province_id == province.id, digests.c.local_date == on)
    return set(connection.execute(statement).scalars())


def select_words(connection: Connection, province: Province) -> dict[str, str]:
    """What each task and share of the province is about, by code."""
    named = select(tasks.c.code, criteria.c.name).join(criteria, criteria.c.id == tasks.c.criterion_id)
    held = select(shares.c.code, shares.c.what).join(tasks, tasks.c.id == shares.c.task_id)
    return {
        code: what for statement in (named, held) for code, what in connection.execute(statement.where(_of(province)))
    }


def _of(province: Province) -> ColumnElement[bool]:
    return tasks.c.assessment_id.in_(list(province.policies))


def _tasks(province: Province, until: date | None) -> Select[Any]:
    return _task_columns().where(*_due_tasks(province, until))


def _waiting(province: Province) -> Select[Any]:
    return _task_columns().where(_of(province), tasks.c.submitted_at.is_not(None))


def _due_tasks(province: Province, until: date | None) -> tuple[ColumnElement[bool], ...]:
    if until is None:
        return (_of(province),)
    return _of(province), tasks.c.status.in_(_OWED), tasks.c.effective_due <= until


def _due_shares(province: Province, until: date | None) -> tuple[ColumnElement[bool], ...]:
    if until is None:
        return (_of(province),)
    return _of(province), tasks.c.status.in_(_OWED), shares.c.effective_due <= until, ~shares.c.done


def _task_columns() -> Select[Any]:
    return select(
        tasks.c.id,
        tasks.c.code,
        tasks.c.assessment_id,
        tasks.c.agency_id,
        tasks.c.status,
        tasks.c.effective_due,
        (tasks.c.max - tasks.c.floor).label("points"),
        tasks.c.submitted_at,
    )


def _shares(province: Province, until: date | None) -> Select[Any]:
    return (
        select(
            shares.c.id,
            shares.c.code,
            tasks.c.assessment_id,
            shares.c.agency_id,
            tasks.c.status,
            shares.c.effective_due,
            (tasks.c.max - tasks.c.floor).label("points"),
            shares.c.done,
        )
        .join(tasks, tasks.c.id == shares.c.task_id)
        .where(*_due_shares(province, until))
    )


def _task(row: Any, province: Province) -> Candidate:
    key, code, assessment, agency, status, due, points, submitted_at = row
    submitted_on = None if submitted_at is None else local_date(submitted_at)
    return Candidate(
        "task", key, code, assessment, province.recipient(agency), status, due, points, submitted_on=submitted_on
    )


def _share(row: Any, province: Province) -> Candidate:
    key, code, assessment, agency, status, due, points, done = row
    return Candidate("share", key, code, assessment, province.recipient(agency), status, due, points, answered=done)


def _sent(subject_id: Any) -> Select[Any]:
    by = (digest_items.c.recipient, digest_items.c.kind, subject_id, digest_items.c.effective_due)
    return select(*by, func.min(digest_items.c.milestone)).group_by(*by)


def _sent_tasks(province: Province, until: date | None) -> Select[Any]:
    # Other due dates than today's are history.
    return (
        _sent(digest_items.c.task_id)
        .join(tasks, tasks.c.id == digest_items.c.task_id)
        .where(
            *_due_tasks(province, until),
            digest_items.c.kind != "review",
            digest_items.c.effective_due == tasks.c.effective_due,
        )
    )


def _sent_reviews(province: Province) -> Select[Any]:
    """Reviews stand in the ledger under the day of the submission."""
    return (
        _sent(digest_items.c.task_id)
        .join(tasks, tasks.c.id == digest_items.c.task_id)
        .where(_of(province), tasks.c.submitted_at.is_not(None), digest_items.c.kind == "review")
    )


def _sent_shares(province: Province, until: date | None) -> Select[Any]:
    return (
        _sent(digest_items.c.share_id)
        .join(shares, shares.c.id == digest_items.c.share_id)
        .join(tasks, tasks.c.id == shares.c.task_id)
        .where(*_due_shares(province, until), digest_items.c.effective_due == shares.c.effective_due)
    )
