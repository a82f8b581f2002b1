"""Holding a row while a change to it is decided."""

from sqlalchemy import Connection, Table, select


def hold(connection: Connection, table: Table, row_id: int) -> None:
    """Keep other writers off the row until the commit; what the change builds on is read after this.

    A statement of its own, because on PostgreSQL one that had to wait for a row sees every table that it joins as it
    was before. SQLite has one writer anyway. Rows that only refer to the held one do not wait.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(table.c.id).where(table.c.id == row_id).with_for_update(key_share=True))
