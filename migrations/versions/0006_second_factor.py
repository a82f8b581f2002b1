"""a second factor: authenticator apps, recovery codes, sign-ins that wait for a code

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('second_factor',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('secret', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('confirmed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('last_step', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_second_factor_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_second_factor'))
    )
    op.create_table('recovery_code',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('hash', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_recovery_code_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', 'hash', name=op.f('pk_recovery_code'))
    )
    op.create_table('half_sign_in',
    sa.Column('token_hash', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('expires_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_half_sign_in_account_id_account')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_half_sign_in'))
    )
    op.create_index(op.f('ix_half_sign_in_account_id'), 'half_sign_in', ['account_id'])


def downgrade() -> None:
    op.drop_table('half_sign_in')
    op.drop_table('recovery_code')
    op.drop_table('second_factor')
