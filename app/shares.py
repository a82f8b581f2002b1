"""Phần trách nhiệm của đơn vị: what the report lays at one unit's door, and what that unit says and does about it.

`clearable` shares (officials below standard) are done when cleared and explained; `occurred` ones (last year's late
files) cannot be undone: they are done when explained, with this period's figure beside them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, update

from app import events
from app.core.access import Actor, Permission, Role
from app.core.workdays import local_date
from app.core.workflow import LABELS, OPEN, days_left
from app.errors import Forbidden, Gathered, IllegalMove, InvalidInput, NotFound, StaleVersion
from app.idents import LARGEST_ID, named
from app.locking import hold
from app.models import agencies, assessments, criteria, shares, tasks
from app.scope import leads, visible_assessments, visible_tasks
from app.text import compose

TEXTS = ("reason", "progress", "remedy")
WRITABLE = (*TEXTS, "current", "resolved")
"""What a unit may write on its share."""
LONGEST = 20_000
"""Characters of one text."""


def list_shares(
    connection: Connection,
    actor: Actor,
    *,
    assessment: str | None = None,
    agency: str | None = None,
    task: str | None = None,
    done: bool | None = None,
    limit: int,
    offset: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of shares: an agency's own ones, or the province's. Filters take codes (or ids) and narrow only."""
    actor.require(Permission.TASK_READ)
    wanted = [_visible(actor)]
    if assessment is not None:
        wanted.append(named(assessments, assessment))
    if agency is not None:
        wanted.append(named(agencies, agency))
    if task is not None:
        wanted.append(named(tasks, task))
    if done is not None:
        wanted.append(shares.c.done.is_(done))
    matching = _shares().where(*wanted)
    total = connection.execute(matching.with_only_columns(func.count())).scalar_one()
    rows = connection.execute(matching.order_by(shares.c.id).limit(limit).offset(offset))
    items = [_told(row._asdict(), now=now) for row in rows]
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def get_share(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """By code or id; raises `NotFound` outside the actor's scope."""
    actor.require(Permission.TASK_READ)
    return _told(_locate(connection, actor, ident)._asdict(), now=now)


def get_details(connection: Connection, actor: Actor, ident: str, *, now: datetime) -> dict[str, Any]:
    """As `get_share`, and what a page needs: `own`, whether the actor's agency answers for it; `writable`, whether it
    may be written now; `of`, the criterion's name, and whether the actor may open the task itself."""
    actor.require(Permission.TASK_READ)
    row = _locate(connection, actor, ident)
    of = connection.execute(
        select(criteria.c.name, visible_tasks(actor).label("visible"))
        .select_from(tasks)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(criteria, criteria.c.id == tasks.c.criterion_id)
        .where(tasks.c.id == row.task_id)
    ).one()
    own = actor.may(Permission.SHARE_REPORT) and leads(actor, row.agency_id)
    told = _told(row._asdict(), now=now)
    return {**told, "own": own, "writable": own and row.status in OPEN, "of": of._asdict()}


def update_share(
    connection: Connection,
    actor: Actor,
    ident: str,
    change: Mapping[str, Any],
    *,
    version: int | None,
    on_behalf_of: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Write any of `WRITABLE`; what is not in `change` stays, `current` may be emptied with None.

    Raises `Forbidden` for another unit's share, `StaleVersion`, `IllegalMove` once its task is accepted or closed, and
    `InvalidInput` for clearing what has happened. Writing what stands already changes nothing and leaves no trace.
    """
    actor.require(Permission.SHARE_REPORT)
    row = _hold(connection, actor, ident)
    if not leads(actor, row.agency_id):
        raise Forbidden(f"Phần trách nhiệm {row.code} thuộc {row.agency_name}; chỉ đơn vị này được cập nhật.")
    _check_version(row, version)
    if row.status not in OPEN:
        raise IllegalMove(
            f"Nhiệm vụ {row.task_code} đang “{LABELS[row.status]}” nên phần trách nhiệm không sửa được nữa. "
            "Hãy đề nghị Sở Nội vụ mở lại."
        )
    values = _values(row, change)
    before, after = events.changes(row._mapping, values)
    if not after:
        return _told(row._mapping, now=now)
    connection.execute(
        update(shares).where(shares.c.id == row.id).values(**values, version=row.version + 1, updated_at=now)
    )
    events.record(
        connection,
        actor.speaking_for(on_behalf_of),
        now=now,
        entity="share",
        entity_id=row.id,
        code=row.code,
        action="share.updated",
        before=before,
        after=after,
        assessment_id=row.assessment_id,
        province_id=row.province_id,
    )
    return _told({**row._mapping, **values, "version": row.version + 1, "updated_at": now}, now=now)


def is_done(kind: str, *, reason: str, current: int | None, resolved: bool) -> bool:
    """Whether nothing is left to remind of; an explanation is wanted in either case."""
    return bool(reason) and (resolved if kind == "clearable" else current is not None)


def _values(row: Any, change: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(change) - set(WRITABLE))
    if unknown or not change:
        raise InvalidInput(
            "Chỉ cập nhật được lý do, tiến độ, biện pháp, số liệu kỳ này, việc đã khắc phục xong; hãy ghi ít nhất một.",
            field=unknown[0] if unknown else None,
        )
    given: dict[str, Any] = {name: compose(value) if name in TEXTS else value for name, value in change.items()}
    problems = Gathered()
    for name in TEXTS:
        problems.of(_check_length, name, given.get(name, ""))
    problems.of(_check_current, given.get("current"))
    problems.of(_check_resolved, row.kind, given.get("resolved"))
    problems.raise_any()
    after = {name: given.get(name, getattr(row, name)) for name in ("reason", "current", "resolved")}
    return {**given, "done": is_done(row.kind, **after)}


def _check_length(name: str, text: str) -> None:
    if len(text) > LONGEST:
        raise InvalidInput(f"Nội dung dài quá {LONGEST:,} ký tự. Hãy rút gọn.".replace(",", "."), field=name)


def _check_current(current: int | None) -> None:
    if current is not None and not 0 <= current <= LARGEST_ID:
        raise InvalidInput("Số liệu kỳ này phải là số nguyên từ 0 trở lên.", field="current")


def _check_resolved(kind: str, resolved: bool | None) -> None:
    if resolved and kind == "occurred":
        raise InvalidInput(
            "Việc này đã xảy ra nên không thể đánh dấu là đã khắc phục xong. "
            "Hãy giải trình và cập nhật số liệu kỳ này.",
            field="resolved",
        )


def _check_version(row: Any, version: int | None) -> None:
    if version is not None and version != row.version:
        raise StaleVersion(
            f"Phần trách nhiệm {row.code} đã được thay đổi từ lúc bạn đọc (bản {version}, hiện là bản {row.version}). "
            "Hãy xem bản mới rồi gửi lại.",
            field="If-Match",
            extra={"version": row.version},
        )


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Of shares joined to their assessment: an agency's own ones, also where it has no part in the task itself."""
    province = visible_assessments(actor)
    return and_(province, shares.c.agency_id == actor.agency_id) if actor.role is Role.AGENCY else province


def _shares() -> Select[Any]:
    return (
        select(
            shares,
            tasks.c.code.label("task_code"),
            tasks.c.status,
            tasks.c.assessment_id,
            assessments.c.code.label("assessment"),
            assessments.c.province_id,
            agencies.c.code.label("agency_code"),
            agencies.c.name.label("agency_name"),
        )
        .join(tasks, tasks.c.id == shares.c.task_id)
        .join(assessments, assessments.c.id == tasks.c.assessment_id)
        .join(agencies, agencies.c.id == shares.c.agency_id)
    )


def _locate(connection: Connection, actor: Actor, ident: str) -> Any:
    row = connection.execute(_shares().where(named(shares, ident), _visible(actor))).first()
    if row is None:
        raise NotFound("Không có phần trách nhiệm này, hoặc không thuộc phạm vi của bạn.")
    return row


def _hold(connection: Connection, actor: Actor, ident: str) -> Any:
    """As `_locate`, and nobody else changes it until the commit; nor its task, so that it is not accepted meanwhile."""
    row = _locate(connection, actor, ident)
    hold(connection, tasks, row.task_id)
    hold(connection, shares, row.id)
    return _locate(connection, actor, ident)


_TOLD = (
    "id",
    "code",
    "assessment",
    "former_agency",
    "kind",
    "what",
    "quantity",
    "unit",
    "where",
    "effective_due",
    *WRITABLE,
    "done",
    "version",
    "updated_at",
)


def _told(row: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """`effective_due` is exclusive; overdue shares are those not done on the first day too late, their task open."""
    today = local_date(now)
    return {
        **{name: row[name] for name in _TOLD},
        "task": {"code": row["task_code"], "status": row["status"]},
        "agency": {"code": row["agency_code"], "name": row["agency_name"]},
        "days_left": days_left(row["effective_due"], today=today),
        "overdue": not row["done"] and row["status"] in OPEN and today >= row["effective_due"],
    }
