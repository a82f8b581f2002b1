"""Documents as they are read. A document is visible to whoever sees one of its tasks, and to the agency that entered
it; of its tasks each caller is told only those it sees itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from app import events
from app.core.access import Actor, Permission, Role
from app.core.workflow import OPEN
from app.errors import Forbidden, NotFound
from app.idents import LARGEST_ID, named
from app.models import accounts, agencies, assessments, criteria, evidence, evidence_tasks, reviews, tasks
from app.scope import leads, visible_tasks
from app.text import fold

UNKNOWN = "Không có tài liệu này, hoặc tài liệu không thuộc phạm vi của bạn."
UNKNOWN_TASK = "Không có nhiệm vụ này, hoặc nhiệm vụ không thuộc phạm vi của bạn."


class File(NamedTuple):
    """What a download needs to know; the bytes are in the store under `sha256`."""

    filename: str
    media_type: str
    size: int
    sha256: str


def get(connection: Connection, actor: Actor, evidence_id: int, *, now: datetime) -> dict[str, Any]:
    """A document's metadata with the tasks the actor sees; `NotFound` when it is not the actor's to see."""
    actor.require(Permission.TASK_READ)
    return _told(connection, actor, [find(connection, actor, evidence_id)])[0]


def get_details(connection: Connection, actor: Actor, evidence_id: int, *, now: datetime) -> dict[str, Any]:
    """As `get`, and what a page about one document needs: `proves`, the visible tasks in words; `own`, whether the
    actor's agency may change the document; `frozen_by`, the accepted tasks that hold it (see `frozen_by`)."""
    actor.require(Permission.TASK_READ)
    row = find(connection, actor, evidence_id)
    told = _told(connection, actor, [row])[0]
    proves = (
        select(tasks.c.code, tasks.c.status, criteria.c.name, agencies.c.name.label("agency"))
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .join(agencies, agencies.c.id == tasks.c.agency_id)
        .where(tasks.c.code.in_(told["tasks"]))
        .order_by(tasks.c.id)
    )
    linked = linked_tasks(connection, evidence_id)
    return {
        **told,
        "proves": [dict(one._mapping) for one in connection.execute(proves)],
        "own": actor.may(Permission.EVIDENCE_ADD) and is_own(actor, row.agency_id, linked),
        "downloadable": row.sha256 is not None and _may_download(actor, row),
        "frozen_by": frozen_by(connection, evidence_id),
    }


def get_file(connection: Connection, actor: Actor, evidence_id: int, *, now: datetime) -> File:
    """Raises `NotFound` also for a document without a file. The file of a withdrawn document stays with those who
    steer, and with the agency that entered it; to others it is `Forbidden`."""
    actor.require(Permission.TASK_READ)
    row = find(connection, actor, evidence_id)
    if row.sha256 is None:
        raise NotFound(f"Tài liệu {row.number} được ghi nhận không kèm tệp.")
    if not _may_download(actor, row):
        raise Forbidden(f"Tài liệu {row.number} đã được rút, nên không tải tệp được nữa.")
    return File(row.filename, row.media_type, row.size, row.sha256)


def list_for_task(
    connection: Connection, actor: Actor, ident: str, *, limit: int, offset: int, now: datetime
) -> dict[str, Any]:
    """A page of the documents that prove a visible task, in the order they were entered. Withdrawn ones prove nothing
    any more."""
    actor.require(Permission.TASK_READ)
    task_id = connection.execute(
        select(tasks.c.id).join(assessments).where(named(tasks, ident), visible_tasks(actor))
    ).scalar()
    if task_id is None:
        raise NotFound(UNKNOWN_TASK)
    proves = evidence.c.id.in_(select(evidence_tasks.c.evidence_id).where(evidence_tasks.c.task_id == task_id))
    standing = (proves, evidence.c.withdrawn_at.is_(None))
    total = connection.execute(select(func.count()).select_from(evidence).where(*standing)).scalar_one()
    page = _documents().where(*standing).order_by(evidence.c.id).limit(limit).offset(offset)
    items = _told(connection, actor, connection.execute(page).all())
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def list_documents(
    connection: Connection,
    actor: Actor,
    *,
    q: str | None = None,
    agency: str | None = None,
    task: str | None = None,
    withdrawn: bool | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of the visible documents, the newest first. `q` looks in number, title, signer, period and file name
    without regard to case and accents; `agency` is who entered them, `task` what they prove (codes or ids)."""
    actor.require(Permission.TASK_READ)
    wanted = [_visible(actor)]
    if agency is not None:
        wanted.append(named(agencies, agency))
    if task is not None:
        wanted.append(_proving(and_(named(tasks, task), visible_tasks(actor))))
    if withdrawn is not None:
        wanted.append(evidence.c.withdrawn_at.is_not(None) if withdrawn else evidence.c.withdrawn_at.is_(None))
    ids = _searched(connection, wanted, fold(q or "").split())
    page = _documents().where(evidence.c.id.in_(ids[offset : offset + limit])).order_by(evidence.c.id.desc())
    items = _told(connection, actor, connection.execute(page).all())
    return {"items": items, "total": len(ids), "limit": limit, "offset": offset}


def list_provable(
    connection: Connection, actor: Actor, *, assessment: str, also: Sequence[str] = (), now: datetime
) -> list[dict[str, Any]]:
    """The open tasks that the actor's agency leads or cooperates in, thus what a document of its may prove: those of
    one assessment, and the ones named in `also`. Own ones first, the most urgent first."""
    actor.require(Permission.EVIDENCE_ADD)
    rows = connection.execute(
        select(
            *(tasks.c[name] for name in ("code", "status", "effective_due", "version", "agency_id")),
            criteria.c.name,
            agencies.c.name.label("agency"),
            agencies.c.code.label("agency_code"),
        )
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .join(agencies, agencies.c.id == tasks.c.agency_id)
        .where(own_tasks(actor), tasks.c.status.in_(sorted(OPEN)))
        .where(or_(assessments.c.code == assessment, tasks.c.code.in_(also)))
        .order_by((tasks.c.agency_id == actor.agency_id).desc(), tasks.c.effective_due, tasks.c.code)
    )
    return [{**row._mapping, "leads": leads(actor, row.agency_id)} for row in rows]


def evidence_of(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    """What proves a task now, plain JSON, for the reviewer to freeze; a withdrawn document proves nothing. Complete
    only after the task's row is locked: adding and withdrawing evidence hold a lock on it."""
    rows = connection.execute(
        select(*(evidence.c[name] for name in _FROZEN))
        .join(evidence_tasks, evidence_tasks.c.evidence_id == evidence.c.id)
        .where(evidence_tasks.c.task_id == task_id, evidence.c.withdrawn_at.is_(None))
        .order_by(evidence.c.id)
    )
    return [events.jsonable(row._asdict()) for row in rows]


# For the modules that change documents


def own_tasks(actor: Actor) -> ColumnElement[bool]:
    """What the actor's agency leads or cooperates in, whatever the actor's role lets it see besides."""
    return visible_tasks(replace(actor, role=Role.AGENCY))


def find(connection: Connection, actor: Actor, evidence_id: int) -> Any:
    statement = _documents().where(evidence.c.id == evidence_id, _visible(actor))
    row = connection.execute(statement).first() if 0 < evidence_id <= LARGEST_ID else None
    if row is None:
        raise NotFound(UNKNOWN)
    return row


def linked_tasks(connection: Connection, evidence_id: int) -> dict[int, int]:
    """Tasks the document proves, each with its lead agency."""
    rows = connection.execute(
        select(tasks.c.id, tasks.c.agency_id)
        .join(evidence_tasks, evidence_tasks.c.task_id == tasks.c.id)
        .where(evidence_tasks.c.evidence_id == evidence_id)
        .order_by(tasks.c.id)
    )
    return {row.id: row.agency_id for row in rows}


def is_own(actor: Actor, agency_id: int, linked: dict[int, int]) -> bool:
    """Whether a document is the actor's to change: of the agency that entered it, or that leads one of its tasks (which
    is how a successor gets hold of it)."""
    return leads(actor, agency_id) or any(leads(actor, lead) for lead in linked.values())


def frozen_by(connection: Connection, evidence_id: int) -> list[str]:
    """Codes of the accepted tasks whose acceptance holds the document. A task that was reopened leans on it no more."""
    held = reviews.c.frozen["evidence"]
    rows = connection.execute(
        select(tasks.c.code, held.label("held"))
        .join(evidence_tasks, evidence_tasks.c.task_id == tasks.c.id)
        .join(reviews, reviews.c.task_id == tasks.c.id)
        .where(evidence_tasks.c.evidence_id == evidence_id)
        .where(tasks.c.status == "accepted", reviews.c.decision == "accepted")
        .order_by(tasks.c.id, reviews.c.id)
    )
    found = [row.code for row in rows if any(one["id"] == evidence_id for one in row.held or ())]
    return list(dict.fromkeys(found))


# Inside

_FROZEN = ("id", "number", "issued_on", "signer", "period", "filename", "sha256", "size")
_TOLD = (*_FROZEN, "title", "media_type", "created_at", "withdrawn_at", "withdrawn_why")
_SEARCHED = ("number", "title", "signer", "period", "filename")


def _documents() -> Select[Any]:
    return (
        select(
            *(evidence.c[name] for name in _TOLD),
            evidence.c.agency_id,
            agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"),
            accounts.c.display_name.label("added_by"),
        )
        .join(agencies, agencies.c.id == evidence.c.agency_id)
        .join(accounts, accounts.c.id == evidence.c.account_id)
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    by_task = _proving(visible_tasks(actor))
    return by_task if actor.agency_id is None else or_(by_task, evidence.c.agency_id == actor.agency_id)


def _proving(wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    links = evidence_tasks.join(tasks, tasks.c.id == evidence_tasks.c.task_id).join(assessments)
    return exists(
        select(1).select_from(links).where(evidence_tasks.c.evidence_id == evidence.c.id, wanted).correlate(evidence)
    )


def _searched(connection: Connection, wanted: Sequence[ColumnElement[bool]], words: Sequence[str]) -> list[int]:
    """Ids of matching documents, the newest first. Compared here, because no engine folds Vietnamese alike and a
    document has no folded column; a province has some thousands of documents, not millions."""
    rows = connection.execute(
        select(evidence.c.id, *(evidence.c[name] for name in _SEARCHED if words))
        .join(agencies, agencies.c.id == evidence.c.agency_id)
        .where(*wanted)
        .order_by(evidence.c.id.desc())
    )
    return [row.id for row in rows if _holds(row[1:], words)]


def _holds(texts: Sequence[str | None], words: Sequence[str]) -> bool:
    found = fold(" ".join(text or "" for text in texts)) if words else ""
    return all(word in found for word in words)


def _may_download(actor: Actor, row: Any) -> bool:
    return row.withdrawn_at is None or actor.role is not Role.AGENCY or leads(actor, row.agency_id)


def _told(connection: Connection, actor: Actor, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of `_documents` as the actor may read them; one more query, however many they are."""
    proven: dict[int, list[str]] = {row.id: [] for row in rows}
    links = connection.execute(
        select(evidence_tasks.c.evidence_id, tasks.c.code)
        .join(tasks, tasks.c.id == evidence_tasks.c.task_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(evidence_tasks.c.evidence_id.in_(proven), visible_tasks(actor))
        .order_by(tasks.c.id)
    )
    for evidence_id, code in links:
        proven[evidence_id].append(code)
    return [
        {
            **{name: getattr(row, name) for name in _TOLD},
            "agency": {"code": row.agency_code, "name": row.agency_name},
            "added_by": row.added_by,
            "tasks": proven[row.id],
        }
        for row in rows
    ]
