"""What somebody typed into a report and has not saved: it survives a closed tab and is there on another device.

A draft is its account's own. Nobody else reads it, nothing of it counts, and no log tells of it, until it is saved.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from app.canonical import encode
from app.core.access import Actor, Permission
from app.errors import Conflict, InvalidInput
from app.models import assessments, drafts, tasks
from app.scope import visible_tasks
from app.tasks.change import Located, check_leads, locate
from app.tasks.report import TEXTS, Update, record_update
from app.text import compose

FIELDS: Final = (*TEXTS, "percent", "declared_score", "note", "on_behalf_of")
"""What a draft may hold, as it was typed; beside these `input.NAME` for measured numbers and `was.FIELD`, a mark of
what stood in a field when typing began."""
MOST_CHARACTERS: Final = 100_000
"""Of one field: more than a report takes, because a text that is too long is not lost either."""
_OTHER = re.compile(r"(input|was)\.[a-z][a-z0-9_.]{0,80}")
_MOST_FIELDS: Final = 200
_PAGE: Final = "page"
"""Where a draft's content names the page that saved it; told to nobody."""


class Seen(NamedTuple):
    """What a page knows of the draft that is kept, so that one from another device is not written over unseen."""

    mark: str = ""
    """`mark` of the draft that the page began with; "" where there was none."""
    page: str = ""
    """The page's name: what it saved itself, it may save again."""


def save_draft(
    connection: Connection,
    actor: Actor,
    ident: str,
    content: Mapping[str, str],
    *,
    base_version: int,
    seen: Seen | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Keep what was typed, in place of what was kept before. `base_version`: the task's version when typing began.

    Raises `Conflict` when another page has saved a draft that this one has not `seen` (None compares nothing),
    `Forbidden` for a task of another agency and `InvalidInput` for fields that no report has.
    """
    row = locate(connection, actor, ident)
    actor.require(Permission.TASK_REPORT)
    check_leads(actor, row)
    kept = _checked(content)
    if not _came_late(actor, row, kept, base_version):
        page = _claim(_find(connection, actor, row.id), kept, seen)
        base = max(1, min(base_version, row.version))
        named = {**kept, _PAGE: page} if page else kept
        _keep(connection, actor, row.id, {"base_version": base, "content": named, "updated_at": now})
    return {"task": row.code, "updated_at": now}


def find_draft(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any] | None:
    """The actor's own draft of a visible task, or None. `mark` tells this draft from any other."""
    found = connection.execute(
        select(drafts.c.content, drafts.c.base_version, drafts.c.updated_at)
        .join(tasks, tasks.c.id == drafts.c.task_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .where(tasks.c.code == ident, visible_tasks(actor), drafts.c.account_id == actor.account_id)
    ).first()
    if found is None:
        return None
    return {**found._mapping, "content": _own(found.content), "mark": _mark(found.content)}


def discard_draft(connection: Connection, actor: Actor, ident: str, *, seen: Seen | None = None, now: datetime) -> bool:
    """Forget the actor's own draft; there need not be one. One that was not `seen` stays: then the answer is False.
    Forbidden to roles that do not report."""
    task = locate(connection, actor, ident)
    actor.require(Permission.TASK_REPORT)
    standing = _find(connection, actor, task.id)
    if standing is not None and not _is_known(standing.content, seen):
        return False
    connection.execute(delete(drafts).where(*_is_of(actor, task.id)))
    return True


def save_report(
    connection: Connection,
    actor: Actor,
    ident: str,
    change: Update,
    *,
    version: int | None,
    seen: Seen | None = None,
    now: datetime,
) -> dict[str, Any]:
    """As `record_update`, and the actor's draft is done with: what was typed is saved, or nothing has changed. A draft
    from another device that was not `seen` stays."""
    saved = record_update(connection, actor, ident, change, version=version, now=now)
    discard_draft(connection, actor, saved["code"], seen=seen, now=now)
    return saved


def _checked(content: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in content if name not in FIELDS and not _OTHER.fullmatch(name)]
    if unknown or len(content) > _MOST_FIELDS:
        raise InvalidInput(f"Bản nháp không có phần “{compose(unknown[0])[:40] if unknown else ''}”.", field="content")
    too_long = [name for name, text in content.items() if len(text) > MOST_CHARACTERS]
    if too_long:
        raise InvalidInput("Nội dung quá dài để giữ bản nháp. Hãy rút gọn.", field=too_long[0])
    return {name: compose(text) for name, text in content.items()}


def _came_late(actor: Actor, row: Located, content: Mapping[str, str], base_version: int) -> bool:
    """A page saves its draft now and then; such a request may arrive after the report itself, which it only repeats."""
    if base_version >= row.version or row.report_author != actor.account_id:
        return False
    return all(content.get(name, "") == (getattr(row, name) or "") for name in TEXTS)


def _claim(standing: Any, kept: Mapping[str, str], seen: Seen | None) -> str:
    """The page whose draft it is from now on; what says the same stays whose it was. Raises `Conflict`."""
    if standing is not None and _mark(standing.content) == _mark(kept):
        return str(standing.content.get(_PAGE, ""))
    if standing is not None and not _is_known(standing.content, seen):
        raise Conflict(
            "Có bản nháp mới hơn của bạn, lưu từ thiết bị hoặc cửa sổ khác. Hãy xem cả hai bản.", field="draft"
        )
    return seen.page if seen is not None else ""


def _is_known(content: Mapping[str, str], seen: Seen | None) -> bool:
    if seen is None:
        return True
    return seen.mark == _mark(content) or (seen.page != "" and seen.page == content.get(_PAGE))


def _own(content: Mapping[str, str]) -> dict[str, str]:
    """What was typed."""
    return {name: text for name, text in content.items() if name != _PAGE}


def _mark(content: Mapping[str, str]) -> str:
    # Of what it says, not of when: two devices may save in one instant.
    typed = {name: text for name, text in _own(content).items() if not name.startswith("was.")}
    return hashlib.sha256(encode(typed)).hexdigest()[:16]


def _is_of(actor: Actor, task_id: int) -> tuple[ColumnElement[bool], ...]:
    return (drafts.c.account_id == actor.account_id, drafts.c.task_id == task_id)


def _find(connection: Connection, actor: Actor, task_id: int) -> Any:
    return connection.execute(select(drafts.c.content).where(*_is_of(actor, task_id))).first()


def _keep(connection: Connection, actor: Actor, task_id: int, values: dict[str, Any]) -> None:
    # The task's row is locked, so that two windows of one account cannot both find no draft.
    if connection.execute(update(drafts).where(*_is_of(actor, task_id)).values(values)).rowcount == 0:
        connection.execute(insert(drafts).values(account_id=actor.account_id, task_id=task_id, **values))
