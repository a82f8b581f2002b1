"""What can be done about a document that was entered wrongly: correct what is said of it, or withdraw it.

Neither is possible once an acceptance holds the document, and neither crosses one: both keep the tasks' rows locked,
as a review does, and look for acceptances after that. Bytes are never replaced: another file is another document.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from app import events
from app.core.access import Actor, Permission
from app.core.workdays import local_date
from app.errors import Conflict, InvalidInput
from app.evidence.documents import LONGEST, hold_own, read_stated
from app.evidence.reading import find, frozen_by, get
from app.locking import hold
from app.models import assessments, evidence, tasks
from app.text import compose

CORRECTABLE = (*LONGEST, "issued_on")
"""What of a document may be corrected."""
LONGEST_WHY = 2_000
"""Characters of a reason."""


def withdraw(
    connection: Connection, actor: Actor, evidence_id: int, why: str, *, on_behalf_of: str | None = None, now: datetime
) -> dict[str, Any]:
    """Take a document back: it stays on record with the reason, but proves nothing any more.

    For the agency that entered it, or that leads one of its tasks. Raises `InvalidInput` without a reason, `Conflict`
    when it was withdrawn before or while an acceptance holds it; `Forbidden` and `NotFound` as `link` does.
    """
    actor.require(Permission.EVIDENCE_ADD)
    row = find(connection, actor, evidence_id)
    reason = compose(why)
    if not reason:
        raise InvalidInput("Hãy ghi lý do rút tài liệu.", field="reason")
    if len(reason) > LONGEST_WHY:
        raise InvalidInput(f"Lý do dài quá {LONGEST_WHY} ký tự. Hãy ghi gọn lại.", field="reason")
    linked = _hold_unfrozen(connection, actor, evidence_id, "rút lại")
    values = {"withdrawn_at": now, "withdrawn_why": reason}
    connection.execute(update(evidence).where(evidence.c.id == evidence_id).values(values))
    facts = {"evidence_id": evidence_id, "number": row.number, "sha256": row.sha256}
    _log(connection, actor, linked, on_behalf_of, action="evidence.withdrawn", after=facts, why=reason, now=now)
    return get(connection, actor, evidence_id, now=now)


def correct(
    connection: Connection,
    actor: Actor,
    evidence_id: int,
    change: Mapping[str, Any],
    *,
    on_behalf_of: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Correct any of `CORRECTABLE`; what is not in `change` stays. Writing what stands already leaves no trace.

    Raises `InvalidInput` for what `add` would refuse and for nothing to change; otherwise as `withdraw` does.
    """
    actor.require(Permission.EVIDENCE_ADD)
    find(connection, actor, evidence_id)
    unknown = sorted(set(change) - set(CORRECTABLE))
    if unknown or not change:
        raise InvalidInput(
            "Chỉ sửa được số, ký hiệu, trích yếu, ngày ban hành, người ký và kỳ số liệu; hãy ghi ít nhất một.",
            field=unknown[0] if unknown else None,
        )
    stated = read_stated(change, today=local_date(now))
    linked = _hold_unfrozen(connection, actor, evidence_id, "sửa")
    row = find(connection, actor, evidence_id)
    before, after = events.changes(row._mapping, stated)
    if after:
        connection.execute(update(evidence).where(evidence.c.id == evidence_id).values(stated))
        stood = {"number": row.number, **before}  # so that the log names the document also when its number stays
        facts = {"evidence_id": evidence_id, "number": row.number, **after}
        _log(connection, actor, linked, on_behalf_of, action="evidence.corrected", before=stood, after=facts, now=now)
    return get(connection, actor, evidence_id, now=now)


def _hold_unfrozen(connection: Connection, actor: Actor, evidence_id: int, deed: str) -> Iterable[int]:
    """The document's tasks, they and the document locked until the commit; `Conflict` while an acceptance holds it."""
    linked = hold_own(connection, actor, evidence_id, f"{deed} nó")
    for task_id in linked:
        hold(connection, tasks, task_id)
    frozen = frozen_by(connection, evidence_id)
    if frozen:
        raise Conflict(
            f"Không {deed} được tài liệu đã được dùng để xác nhận {', '.join(frozen)}. "
            "Hãy đề nghị Sở Nội vụ mở lại nhiệm vụ trước.",
            extra={"tasks": frozen},
        )
    return linked


def _log(
    connection: Connection,
    actor: Actor,
    linked: Iterable[int],
    on_behalf_of: str | None,
    *,
    action: str,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any],
    why: str = "",
) -> None:
    """One event in the log of each task. Where a report waits for its review the task goes one version on: whoever is
    about to accept it has seen another document."""
    speaking = actor.speaking_for(compose(on_behalf_of or ""))
    proven = connection.execute(
        select(tasks.c.id, tasks.c.code, tasks.c.status, tasks.c.assessment_id, assessments.c.province_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(tasks.c.id.in_(linked))
        .order_by(tasks.c.id)
    ).all()
    for task in proven:
        events.record_task(connection, speaking, task, now=now, action=action, before=before, after=after, why=why)
    waiting = [task.id for task in proven if task.status == "submitted"]
    moved_on = {"version": tasks.c.version + 1, "updated_at": now}
    connection.execute(update(tasks).where(tasks.c.id.in_(waiting)).values(moved_on))
