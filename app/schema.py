"""The schema's version: is this database fit for this code, and make it so."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from app.db import Database
from app.errors import SetupProblem
from app.settings import ROOT

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0006"
"""The newest migration. Kept as a constant so that a start with nothing to migrate need not load Alembic."""


def revision(connection: Connection) -> str | None:
    """The migration this database stands at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def ensure_current(db: Database) -> bool:
    """Migrate when needed and say whether this call did; a database newer than the code is refused and left alone.

    Of processes that come together one migrates; the others wait for it and find nothing left to do.
    """
    with db.snapshot() as connection:
        before = revision(connection)
    if before == HEAD:
        return False
    refuse_newer(before)
    return bool(upgrade(db.url))


def refuse_newer(found: str | None) -> None:
    """Raises `SetupProblem` for a revision that this code has never heard of."""
    if found not in (None, HEAD) and found not in known_revisions():
        raise SetupProblem(
            f"Cơ sở dữ liệu ở phiên bản {found}, mới hơn chương trình này ({HEAD}). "
            "Hãy dùng bản chương trình mới hơn hoặc khôi phục bản sao lưu cũ."
        )


def require_current(db: Database) -> None:
    """For commands that must not migrate on their own."""
    with db.snapshot() as connection:
        found = revision(connection)
    if found != HEAD:
        raise SetupProblem(
            f"Cơ sở dữ liệu ở phiên bản {found or 'trống'}, chương trình cần {HEAD}. Hãy chạy: khacphuc migrate"
        )


def known_revisions() -> frozenset[str]:
    return frozenset(path.name.split("_")[0] for path in (ROOT / "migrations" / "versions").glob("*.py"))


def upgrade(url: str, target: str = "head") -> list[str]:
    """The revisions that this call went through, none when another process came first."""
    from alembic import command  # half a second of imports that most starts do not need

    config = _config(url)
    command.upgrade(config, target)
    applied: list[str] = config.attributes["applied"]
    return applied


def downgrade(url: str, target: str) -> None:
    from alembic import command

    command.downgrade(_config(url), target)


def _config(url: str) -> "Config":
    from alembic.config import Config

    config = Config(str(ROOT / "alembic.ini"))
    config.attributes |= {"url": url, "applied": []}
    return config
