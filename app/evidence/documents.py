"""Documents enter and are linked to the tasks they prove: by an agency, for what it leads or cooperates in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from app import events
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.core.workflow import LABELS, OPEN
from app.errors import Conflict, Forbidden, Gathered, InvalidInput, NotFound
from app.evidence.reading import find, get, is_own, linked_tasks, own_tasks
from app.evidence.receiving import Upload, put
from app.evidence.storage import Store, claim
from app.models import assessments, evidence, evidence_tasks, tasks
from app.scope import visible_tasks
from app.text import compose

MOST_TASKS = 200
"""How many tasks one call may name."""
LONGEST: Mapping[str, int] = {"number": 100, "title": 500, "signer": 500, "period": 500}
"""Texts of a document, and how many characters each may have."""
_NAMES = {"number": "Số, ký hiệu", "title": "Trích yếu", "signer": "Người ký", "period": "Kỳ số liệu"}


class Document(NamedTuple):
    """What an agency states of a document; `tasks` are codes of what it proves."""

    number: str
    tasks: Sequence[str]
    title: str = ""
    issued_on: date | None = None
    signer: str = ""
    period: str = ""
    on_behalf_of: str | None = None


def add(
    connection: Connection, actor: Actor, document: Document, upload: Upload | None, store: Store, *, now: datetime
) -> dict[str, Any]:
    """Enter a document and put its file in place; the tasks' rows and versions stay as they are.

    Raises `InvalidInput` for a document without a number or dated after today: it could prove nothing yet. Raises
    `NotFound` for a task outside the actor's scope, `Forbidden` for one that its agency neither leads nor
    cooperates in, `Conflict` for one that is accepted or closed. When this or the commit fails, the caller `discard`s
    the file; until then nothing refers to it.
    """
    actor.require(Permission.EVIDENCE_ADD)
    problems = Gathered()
    stated = problems.of(read_stated, document._asdict(), today=local_date(now))
    problems.of(_check_count, document.tasks)
    problems.raise_any()
    assert stated is not None
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
        put(store, upload)
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
    leads one of its tasks. Raises as `add` does, and `Conflict` for a document that was withdrawn."""
    actor.require(Permission.EVIDENCE_ADD)
    find(connection, actor, evidence_id)
    linked = hold_own(connection, actor, evidence_id, "gắn thêm nhiệm vụ cho nó")
    added = [row for row in _locate_tasks(connection, actor, codes) if row.id not in linked]
    _check_open(added)
    _link(connection, actor.speaking_for(compose(on_behalf_of or "")), evidence_id, added, now=now)
    return get(connection, actor, evidence_id, now=now)


def hold_own(connection: Connection, actor: Actor, evidence_id: int, deed: str) -> dict[int, int]:
    """Keep others off a document until the commit; its tasks with their lead agencies.

    Raises `Forbidden` where it is not the actor's to change, `Conflict` where it was withdrawn. Whoever also locks
    tasks does so after this, in the order of their ids, or two callers could wait for each other.
    """
    row = connection.execute(
        select(evidence.c.agency_id, evidence.c.number, evidence.c.withdrawn_at)
        .where(evidence.c.id == evidence_id)
        .with_for_update()
    ).one()
    linked = linked_tasks(connection, evidence_id)
    if not is_own(actor, row.agency_id, linked):
        raise Forbidden(f"Chỉ cơ quan đã đưa tài liệu này vào được {deed}.")
    if row.withdrawn_at is not None:
        raise Conflict(f"Tài liệu {row.number} đã được rút nên không thay đổi được nữa. Hãy đưa vào tài liệu mới.")
    return linked


def read_stated(given: Mapping[str, Any], *, today: date) -> dict[str, Any]:
    """The columns that a document's statement fills, of those that are given. `InvalidInput` names all at fault."""
    problems = Gathered()
    stated: dict[str, Any] = {name: problems.of(_text, name, given[name]) for name in LONGEST if name in given}
    if "issued_on" in given:
        stated["issued_on"] = problems.of(_issued_on, given["issued_on"], today=today)
    problems.raise_any()
    return stated


def _text(name: str, text: str) -> str:
    composed, most = compose(text), LONGEST[name]
    if name == "number" and not composed:
        raise InvalidInput("Hãy ghi số, ký hiệu của tài liệu, ví dụ 123/BC-STP.", field="number")
    if len(composed) > most:
        raise InvalidInput(f"{_NAMES[name]} dài {len(composed)} ký tự, tối đa {most}. Hãy ghi gọn lại.", field=name)
    return composed


def _issued_on(day: date | None, *, today: date) -> date | None:
    if day is not None and day > today:
        raise InvalidInput(
            f"Ngày ban hành {day:%d/%m/%Y} ở sau hôm nay ({today:%d/%m/%Y}). Hãy kiểm tra lại ngày của văn bản.",
            field="issued_on",
        )
    return day


def _check_count(codes: Sequence[str]) -> list[str]:
    """The codes, each once."""
    wanted = list(dict.fromkeys(filter(None, map(compose, codes))))
    if not 1 <= len(wanted) <= MOST_TASKS:
        raise InvalidInput(f"Hãy nêu từ 1 đến {MOST_TASKS} mã nhiệm vụ, ví dụ ST-2024-TC-16.", field="tasks")
    return wanted


def _locate_tasks(connection: Connection, actor: Actor, codes: Sequence[str]) -> list[Any]:
    """The named tasks, each of them visible to the actor and its agency's work, locked against a review meanwhile."""
    wanted = _check_count(codes)
    rows = connection.execute(
        select(
            tasks.c.id,
            tasks.c.code,
            tasks.c.status,
            tasks.c.assessment_id,
            assessments.c.province_id,
            own_tasks(actor).label("own"),
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


def _link(connection: Connection, actor: Actor, evidence_id: int, rows: Sequence[Any], *, now: datetime) -> None:
    if not rows:
        return
    connection.execute(insert(evidence_tasks), [{"evidence_id": evidence_id, "task_id": row.id} for row in rows])
    document = connection.execute(
        select(evidence.c.number, evidence.c.sha256).where(evidence.c.id == evidence_id)
    ).one()
    for row in rows:
        events.record_task(
            connection,
            actor,
            row,
            now=now,
            action="evidence.added",
            after={"evidence_id": evidence_id, "number": document.number, "sha256": document.sha256},
        )


def _file_columns(upload: Upload | None) -> dict[str, Any]:
    if upload is None:
        return {}
    return {
        "filename": upload.filename,
        "media_type": upload.media_type,
        "size": upload.received.size,
        "sha256": upload.received.sha256,
    }
