"""One lineage for both engines: up, down with data in it, several at once, and no drift from the models."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.pool import NullPool

from app import schema
from app.db import open_database
from app.errors import SetupProblem
from app.models import events, metadata, tasks
from app.settings import ROOT
from tests.conftest import Engines


@pytest.fixture
def empty(engine: str, engines: Engines) -> Iterator[str]:
    url = engines.copy(engine, "empty")
    yield url
    engines.drop(url)


@pytest.fixture
def full(engine: str, engines: Engines) -> Iterator[str]:
    url = engines.copy(engine, "seeded")
    yield url
    engines.drop(url)


def revision_of(url: str) -> str | None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return schema.revision(connection)


def test_the_constant_head_is_the_newest_migration() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert script.get_heads() == [schema.HEAD]
    assert {one.revision for one in script.walk_revisions()} == schema.known_revisions()


def test_models_and_migrations_agree(empty: str) -> None:
    schema.upgrade(empty)
    engine = create_engine(empty, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert _checks(connection) == _declared_checks()


def test_down_to_nothing_and_up_again_with_data_in_it(full: str) -> None:
    schema.downgrade(full, "base")
    engine = create_engine(full, poolclass=NullPool)
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        if engine.dialect.name == "postgresql":
            assert (
                connection.execute(text("SELECT count(*) FROM pg_proc WHERE proname = 'event_append_only'")).scalar()
                == 0
            )
    schema.upgrade(full)
    assert revision_of(full) == schema.HEAD


def test_upgrading_what_is_current_keeps_every_row(full: str) -> None:
    schema.upgrade(full)
    engine = create_engine(full, poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tasks)).scalar() == 48
        assert connection.execute(select(func.count()).select_from(events)).scalar() == 49


START = """
import sys
from app import schema
from app.db import open_database
db = open_database(sys.argv[1])
print(schema.ensure_current(db))
db.close()
"""


def test_replicas_that_start_together_migrate_once(empty: str) -> None:
    command = [sys.executable, "-c", START, empty]
    replicas = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    ended = [(replica.communicate(timeout=60), replica.returncode) for replica in replicas]
    assert [code for _, code in ended] == [0] * 4, ended
    assert sorted(said.strip() for (said, _), _code in ended) == ["False", "False", "False", "True"]
    assert revision_of(empty) == schema.HEAD


def test_a_database_newer_than_the_code_is_left_alone(full: str) -> None:
    engine = create_engine(full, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    db = open_database(full)
    with pytest.raises(SetupProblem, match="9999"):
        schema.ensure_current(db)
    with pytest.raises(SetupProblem, match="khacphuc migrate"):
        schema.require_current(db)
    db.close()


def _declared_checks() -> set[tuple[str, str]]:
    names = set()
    for one in metadata.sorted_tables:
        for constraint in one.constraints:
            if type(constraint).__name__ == "CheckConstraint":
                short = str(constraint.name)
                names.add((one.name, short if short.startswith("ck_") else f"ck_{one.name}_{short}"))
    return names


def _checks(connection: object) -> set[tuple[str, str]]:
    """Autogenerate does not compare CHECKs, so they are read from the database itself."""
    inspector = inspect(connection)
    return {
        (name, str(check["name"]))
        for name in inspector.get_table_names()
        for check in inspector.get_check_constraints(name)
    }
