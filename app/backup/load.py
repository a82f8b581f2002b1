"""Restoring: the whole backup into an empty database, proven row by row before it is committed."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, bindparam, exists, func, insert, inspect, select, text, update

from app import reasons, schema
from app.accounts.ending import forget_all
from app.backup.archive import Archive, Manifest, damaged, open_archive
from app.backup.rows import CHUNK, VERSION_TABLE, Row, content_of, decoder, self_references, tables_of
from app.db import Database
from app.errors import Conflict, SetupProblem
from app.evidence import Store, forget_identity

Report = Callable[[str], None]


@contextmanager
def open_backup(source: Path) -> Iterator[Archive]:
    """A backup that this code can read, its contents not yet verified.

    Raises `InvalidInput` for what is no backup, `SetupProblem` for one of newer code.
    """
    with open_archive(source) as archive:
        taken_at = archive.manifest.schema
        if taken_at not in schema.known_revisions():
            raise SetupProblem(
                f"Bản sao lưu ở phiên bản {taken_at}, mới hơn chương trình này ({schema.HEAD}). "
                "Hãy dùng bản chương trình mới hơn."
            )
        yield archive


def restore(db: Database, archive: Archive, store: Store, *, report: Report) -> None:
    """Fill the empty database `db` and the `store` from a verified backup of either engine.

    Rows are loaded in one transaction at the revision they were taken at; the transaction is committed only when every
    table, read again, has the hash that the backup says. Then the database is migrated to this code, and everybody has
    to sign in again: a session or password link that was ended since the backup must not come back. Evidence that the
    backup itself lacks is the caller's to tell. Raises `Conflict` when the database is not empty; nothing is left
    behind then.
    """
    check_empty(db)
    _bring_to(db, archive.manifest.schema)
    with db.transaction() as connection:
        _take_all_the_time(connection)
        tables = _tables(connection, archive.manifest)
        for table in tables:
            report(table.name)
            _load(connection, archive, table)
        _prove(connection, tables, archive.manifest, report)
        _restore_files(archive, store, report)
    schema.ensure_current(db)
    with db.transaction() as connection:
        forget_all(connection)
        forget_identity(connection)


def check_empty(db: Database) -> None:
    """Raises `Conflict` for a database with rows, or with tables of another program."""
    with db.snapshot() as connection:
        names = set(inspect(connection).get_table_names())
        if names and VERSION_TABLE not in names:
            raise Conflict("Cơ sở dữ liệu đích có bảng của chương trình khác. Hãy dùng một cơ sở dữ liệu mới.")
        for table in tables_of(connection):
            if connection.execute(select(exists(select(1).select_from(table)))).scalar():
                raise Conflict(
                    f"Cơ sở dữ liệu đích đã có dữ liệu (bảng {table.name}). "
                    "Hãy khôi phục vào một cơ sở dữ liệu mới: đổi DATABASE_URL hoặc KHACPHUC_DATA_DIR."
                )


def _bring_to(db: Database, revision: str) -> None:
    """Empty tables of exactly the backup's revision."""
    with db.snapshot() as connection:
        found = schema.revision(connection)
    if found == revision:
        return
    if found is not None:
        schema.downgrade(db.url, "base")
    schema.upgrade(db.url, revision)


def _take_all_the_time(connection: Connection) -> None:
    """Files are put while the transaction rests, and nobody else waits for it: the database was empty."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _tables(connection: Connection, manifest: Manifest) -> list[Table]:
    tables = tables_of(connection)
    if {table.name for table in tables} != set(manifest.tables):
        raise damaged("danh sách bảng")
    return tables


def _load(connection: Connection, archive: Archive, table: Table) -> None:
    """References within the table are set afterwards, so that the order of its rows does not matter."""
    later = self_references(table)
    for chunk in _chunks(_decoded(connection, archive, table)):
        connection.execute(insert(table), [row | dict.fromkeys(later) for row in chunk])
    if later:
        _refer(connection, archive, table, later)
    if connection.dialect.name == "postgresql":
        _advance_sequence(connection, table)


def _refer(connection: Connection, archive: Archive, table: Table, columns: list[str]) -> None:
    keys = [key.name for key in table.primary_key.columns]
    statement = (
        update(table)
        .where(*(table.c[key] == bindparam(f"key_{key}") for key in keys))
        .values({column: bindparam(f"new_{column}") for column in columns})
    )
    referring = (
        {f"key_{key}": row[key] for key in keys} | {f"new_{column}": row[column] for column in columns}
        for row in _decoded(connection, archive, table)
        if any(row[column] is not None for column in columns)
    )
    for chunk in _chunks(referring):
        connection.execute(statement, chunk)


def _decoded(connection: Connection, archive: Archive, table: Table) -> Iterator[Row]:
    decode = decoder(connection, table)
    try:
        for line in archive.lines(table.name):
            yield decode(line)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(f"bảng {table.name}") from None


def _advance_sequence(connection: Connection, table: Table) -> None:
    """Rows came with their ids, of which PostgreSQL's sequence knows nothing."""
    if "id" not in table.c:
        return
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    sequence = connection.execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": quoted}).scalar()
    highest = connection.execute(select(func.max(table.c.id))).scalar()
    if sequence is not None and highest is not None:
        connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})


def _prove(connection: Connection, tables: list[Table], manifest: Manifest, report: Report) -> None:
    for table in tables:
        report(f"đối chiếu {table.name}")
        if content_of(connection, table) != manifest.tables[table.name]:
            raise SetupProblem(
                f"Bảng {table.name} đọc lại không khớp bản sao lưu nên chưa có gì được ghi. Hãy báo bộ phận kỹ thuật."
            )


def _restore_files(archive: Archive, store: Store, report: Report) -> None:
    """Files that end up without a row, because the commit fails, are what the sweep of orphans removes."""
    for sha256, size in archive.manifest.evidence.items():
        report(sha256[:12])
        try:
            received = store.receive(archive.chunks(sha256), limit=size)
            try:
                if received.sha256 != sha256:
                    raise damaged(f"tài liệu {sha256[:12]}…")
                store.put(received)
            finally:
                received.forget()
        except OSError as error:
            raise SetupProblem(f"Không ghi được tài liệu vào {store.name}: {reasons.of_system(error)}.") from error


def _chunks(rows: Iterable[Row]) -> Iterator[list[dict[str, Any]]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk
