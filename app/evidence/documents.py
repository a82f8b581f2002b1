"""Documents and the tasks they prove: entered by an agency for what it leads or cooperates in, never changed after.

A document is visible to whoever sees one of its tasks; of its tasks each caller is told only those it sees itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, select

from app import events
from app.core.access import Actor, Permission, Role
from app.core.workdays import local_date
from app.core.workflow import LABELS, OPEN
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.evidence.receiving import Upload
from app.evidence.storage import FileStore, claim
from app.idents import LARGEST_ID, named
from app.models import accounts, agencies, assessments, evidence, evidence_tasks, tasks
from app.scope import leads, visible_tasks
from app.text import compose

MOST_TASKS = 200
"""How many tasks one call may name."""
UNKNOWN = "Không có tài liệu này, hoặc tài liệu không thuộc phạm vi của bạn."


class Document(NamedTuple):
    """What an agency states of a document; `tasks` are codes of what it proves."""

    number: str
    tasks: Sequence[str]
    title: str = ""
    issued_on: date | None = None
    signer: str = ""
    period: str = ""
    on_behalf_of: str | None = None


class File(NamedTuple):
    """What a download needs to know; the bytes are in the store under `sha256`."""

    filename: str
    media_type: str
    size: int
    sha256: str


def add(
    connection: Connection, actor: Actor, document: Document, upload: Upload | None, store: FileStore, *, now: datetime
) -> dict[str, Any]:
    """Enter a document and put its file in place; the tasks' rows and versions stay as they are.

    Raises `InvalidInput` for a document without a number or dated after today: it could prove nothing yet. Raises
    `NotFound` for a task outside the actor's scope, `Forbidden` for one that its agency neither leads nor
    cooperates in, `Conflict` for one that is accepted or closed. When this or the commit fails, the caller `discard`s
    the file; until then nothing refers to it.
    """
    actor.require(Permission.EVIDENCE_ADD)
    stated = _stated(document, today=local_date(now))
    proven = _locate_tasks(connection, actor, document.tasks)
    _check_open(proven)
    evidence_id = connection.execute(
        insert(evidence)
        .values(
            agency_id=actor.agency_id,
            created_at=now,
            account_id=actor.account_id,
            **stated,
            **_file_columns(upload),
        )
        .returning(evidence.c.id)
    ).scalar_one()
    if upload is not None:
        claim(connection, upload.received.sha256)
        store.put(upload.received)
    _link(connection, actor.speaking_for(compose(document.on_behalf_of or "")), evidence_id, proven, now=now)
    return get(connection, actor, evidence_id, now=now)


def link(
    connection: Connection,
    actor: Actor,
    evidence_id: int,
    codes: Sequence[str],
    *,
    on_behalf_of: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Let a document prove more tasks; those it proves already are left alone. For the agency that entered it, or that
    leads one of its tasks (which is how a successor gets hold of it). Raises as `add` does."""
    actor.require(Permission.EVIDENCE_ADD)
    _find(connection, actor, evidence_id)
    agency_id = connection.execute(  # locked, so that two calls cannot link the same task at once
        select(evidence.c.agency_id).where(evidence.c.id == evidence_id).with_for_update()
    ).scalar_one()
    linked = _linked(connection, evidence_id)
    if not leads(actor, agency_id) and not any(leads(actor, lead) for lead in linked.values()):
        raise Forbidden("Chỉ cơ quan đã đưa tài liệu này vào được gắn thêm nhiệm vụ cho nó.")
    added = [row for row in _locate_tasks(connection, actor, codes) if row.id not in linked]
    _check_open(added)
    _link(connection, actor.speaking_for(compose(on_behalf_of or "")), evidence_id, added, now=now)
    return get(connection, actor, evidence_id, now=now)


def get(connection: Connection, actor: Actor, evidence_id: int, *, now: datetime) -> dict[str, Any]:
    """A document's metadata with the tasks the actor sees; `NotFound` when it sees none of them."""
    actor.require(Permission.TASK_READ)
    return _told(connection, actor, [_find(connection, actor, evidence_id)])[0]


def get_file(connection: Connection, actor: Actor, evidence_id: int, *, now: datetime) -> File:
    """Raises `NotFound` also for a document without a file."""
    actor.require(Permission.TASK_READ)
    row = _find(connection, actor, evidence_id)
    if row.sha256 is None:
        raise NotFound(f"Tài liệu {row.number} được ghi nhận không kèm tệp.")
    return File(row.filename, row.media_type, row.size, row.sha256)


def list_for_task(
    connection: Connection, actor: Actor, ident: str, *, limit: int, offset: int, now: datetime
) -> dict[str, Any]:
    """A page of the documents that prove a visible task, in the order they were entered."""
    actor.require(Permission.TASK_READ)
    task_id = connection.execute(
        select(tasks.c.id).join(assessments).where(named(tasks, ident), visible_tasks(actor))
    ).scalar()
    if task_id is None:
        raise NotFound("Không có nhiệm vụ này, hoặc nhiệm vụ không thuộc phạm vi của bạn.")
    proves = evidence.c.id.in_(select(evidence_tasks.c.evidence_id).where(evidence_tasks.c.task_id == task_id))
    total = connection.execute(select(func.count()).select_from(evidence).where(proves)).scalar_one()
    page = _documents().where(proves).order_by(evidence.c.id).limit(limit).offset(offset)
    items = _told(connection, actor, connection.execute(page).all())
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def evidence_of(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    """What proves a task now, plain JSON, for the reviewer to freeze. Complete only after the task's row is locked:
    adding evidence holds a shared lock on it."""
    rows = connection.execute(
        select(*(evidence.c[name] for name in _FROZEN))
        .join(evidence_tasks, evidence_tasks.c.evidence_id == evidence.c.id)
        .where(evidence_tasks.c.task_id == task_id)
        .order_by(evidence.c.id)
    )
    return [events.jsonable(row._asdict()) for row in rows]


_FROZEN = ("id", "number", "issued_on", "signer", "period", "filename", "sha256", "size")
_TOLD = (*_FROZEN, "title", "media_type", "created_at")


def _documents() -> Select[Any]:
    return (
        select(
            *(evidence.c[name] for name in _TOLD),
            agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"),
            accounts.c.display_name.label("added_by"),
        )
        .join(agencies, agencies.c.id == evidence.c.agency_id)
        .join(accounts, accounts.c.id == evidence.c.account_id)
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    links = evidence_tasks.join(tasks, tasks.c.id == evidence_tasks.c.task_id).join(assessments)
    return exists(
        select(1)
        .select_from(links)
        .where(evidence_tasks.c.evidence_id == evidence.c.id, visible_tasks(actor))
        .correlate(evidence)
    )


def _find(connection: Connection, actor: Actor, evidence_id: int) -> Any:
    statement = _documents().where(evidence.c.id == evidence_id, _visible(actor))
    row = connection.execute(statement).first() if 0 < evidence_id <= LARGEST_ID else None
    if row is None:
        raise NotFound(UNKNOWN)
    return row


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


def _locate_tasks(connection: Connection, actor: Actor, codes: Sequence[str]) -> list[Any]:
    """The named tasks, each of them visible to the actor and its agency's work, locked against a review meanwhile."""
    wanted = list(dict.fromkeys(filter(None, map(compose, codes))))
    if not 1 <= len(wanted) <= MOST_TASKS:
        raise InvalidInput(f"Hãy nêu từ 1 đến {MOST_TASKS} mã nhiệm vụ, ví dụ ST-2024-TC-16.", field="tasks")
    own = visible_tasks(replace(actor, role=Role.AGENCY))  # what an agency sees is what it leads or cooperates in
    rows = connection.execute(
        select(
            tasks.c.id,
            tasks.c.code,
            tasks.c.status,
            tasks.c.assessment_id,
            assessments.c.province_id,
            own.label("own"),
        )
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(tasks.c.code.in_(wanted), visible_tasks(actor))
        .order_by(tasks.c.id)
        .with_for_update(of=tasks, read=True)
    ).all()
    unknown = set(wanted) - {row.code for row in rows}
    if unknown:
        named_first = ", ".join(code for code in wanted if code in unknown)
        raise NotFound(f"Không tìm thấy nhiệm vụ {named_first}. Hãy kiểm tra lại mã.", field="tasks")
    foreign = [row.code for row in rows if not row.own]
    if foreign:
        raise Forbidden(
            f"Cơ quan của bạn không phụ trách và không phối hợp thực hiện {', '.join(foreign)}.", field="tasks"
        )
    return list(rows)


def _check_open(rows: Sequence[Any]) -> None:
    ended = [row for row in rows if row.status not in OPEN]
    if ended:
        states = ", ".join(f"{row.code} (“{LABELS[row.status]}”)" for row in ended)
        raise Conflict(
            f"Không thêm được tài liệu cho nhiệm vụ đã kết thúc: {states}. Hãy đề nghị Sở Nội vụ mở lại trước.",
            field="tasks",
            extra={"tasks": [row.code for row in ended]},
        )


def _linked(connection: Connection, evidence_id: int) -> dict[int, int]:
    """Tasks the document proves, each with its lead agency."""
    rows = connection.execute(
        select(tasks.c.id, tasks.c.agency_id)
        .join(evidence_tasks, evidence_tasks.c.task_id == tasks.c.id)
        .where(evidence_tasks.c.evidence_id == evidence_id)
    )
    return {row.id: row.agency_id for row in rows}


def _link(connection: Connection, actor: Actor, evidence_id: int, rows: Sequence[Any], *, now: datetime) -> None:
    if not rows:
        return
    connection.execute(insert(evidence_tasks), [{"evidence_id": evidence_id, "task_id": row.id} for row in rows])
    document = connection.execute(
        select(evidence.c.number, evidence.c.sha256).where(evidence.c.id == evidence_id)
    ).one()
    for row in rows:
        events.record(
            connection,
            actor,
            now=now,
            entity="task",
            entity_id=row.id,
            code=row.code,
            action="evidence.added",
            after={"evidence_id": evidence_id, "number": document.number, "sha256": document.sha256},
            assessment_id=row.assessment_id,
            province_id=row.province_id,
        )


def _stated(document: Document, *, today: date) -> dict[str, Any]:
    number, issued_on = compose(document.number), document.issued_on
    if not number:
        raise InvalidInput("Hãy ghi số, ký hiệu của tài liệu, ví dụ 123/BC-STP.", field="number")
    if issued_on is not None and issued_on > today:
        raise InvalidInput(
            f"Ngày ban hành {issued_on:%d/%m/%Y} ở sau hôm nay ({today:%d/%m/%Y}). Hãy kiểm tra lại ngày của văn bản.",
            field="issued_on",
        )
    texts = {name: compose(getattr(document, name)) for name in ("title", "signer", "period")}
    return {"number": number, "issued_on": issued_on, **texts}


def _file_columns(upload: Upload | None) -> dict[str, Any]:
    if upload is None:
        return {}
    return {
        "filename": upload.filename,
        "media_type": upload.media_type,
        "size": upload.received.size,
        "sha256": upload.received.sha256,
    }
