"""seals over the log

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('seal',
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('hash', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sealed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_seal')),
    sa.UniqueConstraint('event_id', name=op.f('uq_seal_event_id'))
    )
    _refuse_changes_of_seals()


def _refuse_changes_of_seals() -> None:
    """As the log itself: append-only by the database's own hand."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER seal_no_{verb.lower()} BEFORE {verb} ON seal "
                "BEGIN SELECT RAISE(ABORT, 'seal is append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER seal_no_replace BEFORE INSERT ON seal "
            "WHEN EXISTS (SELECT 1 FROM seal WHERE position = NEW.position OR event_id = NEW.event_id) "
            "BEGIN SELECT RAISE(ABORT, 'seal is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION seal_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'seal is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER seal_no_change BEFORE UPDATE OR DELETE ON seal "
        "FOR EACH ROW EXECUTE FUNCTION seal_append_only()"
    )
    op.execute(
        "CREATE TRIGGER seal_no_truncate BEFORE TRUNCATE ON seal "
        "FOR EACH STATEMENT EXECUTE FUNCTION seal_append_only()"
    )


def downgrade() -> None:
    op.drop_table('seal')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION seal_append_only()")
