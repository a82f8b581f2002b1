"""what is due is found within an assessment: a plan for one province does not walk through those of all others

Revision ID: 0005
Revises: 0004
"""

from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_task_due', table_name='task')
    op.create_index('ix_task_due', 'task', ['assessment_id', 'effective_due', 'status'])


def downgrade() -> None:
    op.drop_index('ix_task_due', table_name='task')
    op.create_index('ix_task_due', 'task', ['effective_due', 'status'])
