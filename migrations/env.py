"""One lineage for SQLite and PostgreSQL, each run in one transaction that a failure undoes."""

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool, text

from app.models import metadata
from app.settings import load_settings

LOCK = 0x4B504D49  # any fixed number: replicas that start together wait for one another here


def _url() -> str:
    return context.config.attributes.get("url") or load_settings().url


def _note(*, step, **_rest) -> None:  # type: ignore[no-untyped-def]
    """Who asked learns which revisions were really gone through here."""
    context.config.attributes.setdefault("applied", []).append(step.up_revision_id)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
        on_version_apply=_note,
    )
    with context.begin_transaction():
        context.run_migrations()


def _migrate_sqlite(url: str) -> None:
    engine = create_engine(url, poolclass=pool.NullPool)

    @event.listens_for(engine, "connect")
    def connect(dbapi_connection, _record):  # type: ignore[no-untyped-def]
        dbapi_connection.isolation_level = None
        # Batch mode drops and re-creates parents; with foreign keys on that would delete their children.
        dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        dbapi_connection.execute("PRAGMA busy_timeout=30000")
        dbapi_connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        _run(connection)
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            raise RuntimeError(f"foreign keys would point nowhere: {orphans[:5]}")
    engine.dispose()


def _migrate_postgresql(url: str) -> None:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        _run(connection)
    engine.dispose()


if (given := context.config.attributes.get("connection")) is not None:
    _run(given)
elif _url().startswith("sqlite"):
    _migrate_sqlite(_url())
else:
    _migrate_postgresql(_url())
