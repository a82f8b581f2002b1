"""The templates of a province: its own ones, edited in Word, in place of the built-in ones."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, true

from app import events
from app.core.access import Actor, Permission
from app.errors import Forbidden, NotFound
from app.models import accounts, document_templates, provinces
from app.reports.word.checking import Checked
from app.settings import ROOT

FOLDER: Final = ROOT / "app" / "reports" / "templates"
FILES: Final[Mapping[str, str]] = {"report": "bao-cao.docx", "urging_letter": "cong-van-don-doc.docx"}
LABELS: Final[Mapping[str, str]] = {
    "report": "Báo cáo kết quả khắc phục",
    "urging_letter": "Công văn đôn đốc",
}
ENTITY: Final = "document_template"


@dataclass(frozen=True, slots=True)
class Template:
    """`updated_at` and `by` are empty for a built-in one."""

    kind: str
    filename: str
    content: bytes
    built_in: bool
    updated_at: datetime | None = None
    by: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.kind]


def built_in_template(kind: str) -> Template:
    """NotFound for an unknown kind."""
    if kind not in FILES:
        raise NotFound("Không có loại mẫu văn bản này.")
    return Template(kind, FILES[kind], _built_in(FILES[kind]), built_in=True)


@cache
def _built_in(filename: str) -> bytes:
    return (FOLDER / filename).read_bytes()


def get_template(
    connection: Connection, actor: Actor, kind: str, *, province: str | None = None, now: datetime
) -> Template:
    """The template in use: of the actor's province, or of `province` (a code). NotFound for an unknown kind."""
    actor.require(Permission.EXPECTED_READ_ALL)
    standing = built_in_template(kind)
    statement = (
        select(document_templates, accounts.c.display_name)
        .join(provinces, provinces.c.id == document_templates.c.province_id)
        .join(accounts, accounts.c.id == document_templates.c.account_id)
        .where(document_templates.c.kind == kind, _home(actor, province))
    )
    row = None if actor.province_id is None and province is None else connection.execute(statement).first()
    if row is None:
        return standing
    content = base64.b64decode(row.content)
    return Template(kind, row.filename, content, built_in=False, updated_at=row.updated_at, by=row.display_name)


def list_templates(
    connection: Connection, actor: Actor, *, province: str | None = None, now: datetime
) -> list[Template]:
    """The template in use of every kind."""
    return [get_template(connection, actor, kind, province=province, now=now) for kind in FILES]


def replace_template(connection: Connection, actor: Actor, checked: Checked, *, now: datetime) -> Template:
    """Put a checked template in the place of the one in use. Forbidden but for the province's coordinator."""
    province = _editor(actor)
    before = _standing(connection, province, checked.kind)
    after = {"filename": checked.filename, "sha256": hashlib.sha256(checked.content).hexdigest()}
    _remove(connection, province, checked.kind)
    connection.execute(
        insert(document_templates).values(
            province_id=province,
            kind=checked.kind,
            content=base64.b64encode(checked.content).decode(),
            updated_at=now,
            account_id=actor.account_id,
            **after,
        )
    )
    _record(connection, actor, checked.kind, "document_template.replaced", before, after, now=now)
    return get_template(connection, actor, checked.kind, now=now)


def reset_template(connection: Connection, actor: Actor, kind: str, *, now: datetime) -> Template:
    """Go back to the built-in template; doing so twice changes nothing and leaves no trace."""
    province = _editor(actor)
    standing = built_in_template(kind)
    before = _standing(connection, province, kind)
    if before:
        _remove(connection, province, kind)
        _record(connection, actor, kind, "document_template.reset", before, {}, now=now)
    return standing


def _home(actor: Actor, province: str | None) -> ColumnElement[bool]:
    own = true() if actor.province_id is None else provinces.c.id == actor.province_id
    return own if province is None else own & (provinces.c.code == province)


def _editor(actor: Actor) -> int:
    """The province whose templates the actor edits."""
    actor.require(Permission.ASSESSMENT_EDIT)
    if actor.province_id is None:
        raise Forbidden("Mẫu văn bản là của từng tỉnh; hãy dùng tài khoản của Cơ quan thường trực.")
    return actor.province_id


def _standing(connection: Connection, province: int, kind: str) -> dict[str, Any]:
    """What the log tells of a template: its name and hash, never its content."""
    row = connection.execute(
        select(document_templates.c.filename, document_templates.c.sha256).where(
            document_templates.c.province_id == province, document_templates.c.kind == kind
        )
    ).first()
    return {} if row is None else dict(row._mapping)


def _remove(connection: Connection, province: int, kind: str) -> None:
    connection.execute(
        delete(document_templates).where(
            document_templates.c.province_id == province, document_templates.c.kind == kind
        )
    )


def _record(
    connection: Connection,
    actor: Actor,
    kind: str,
    action: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    assert actor.province_id is not None
    events.record(
        connection,
        actor,
        now=now,
        entity=ENTITY,
        entity_id=actor.province_id,
        code=kind,
        action=action,
        before=before,
        after=after,
    )
