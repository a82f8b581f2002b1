"""wrong passwords and keys counted by place; sessions know their place

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('try_count',
    sa.Column('subject', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.Column('ends_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('subject', name=op.f('pk_try_count'))
    )
    op.create_index(op.f('ix_try_count_account_id'), 'try_count', ['account_id'])
    # Plain statements, which both engines know: nothing is copied and no table that others refer to is made anew.
    for column in ('client', 'browser'):
        op.add_column('login_session', sa.Column(column, sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
    op.create_index(op.f('ix_login_session_browser'), 'login_session', ['browser'])
    op.drop_column('account', 'failed_sign_ins')
    op.drop_column('account', 'locked_until')


def downgrade() -> None:
    op.add_column('account', sa.Column('locked_until', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column('account', sa.Column('failed_sign_ins', sa.Integer(), server_default='0', nullable=False))
    op.drop_index(op.f('ix_login_session_browser'), table_name='login_session')
    for column in ('browser', 'client'):
        op.drop_column('login_session', column)
    op.drop_table('try_count')
