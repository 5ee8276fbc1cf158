"""What a trial needs of its worker; takes the place of the least memory alone."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WAITING = sa.text("needs IS NOT NULL AND state = 'queued'")


def upgrade() -> None:
    """Apply."""
    op.add_column("trials", sa.Column("needs", sa.JSON(), nullable=True))
    op.drop_column("trials", "min_memory_bytes")
    op.create_index(
        "ix_trials_needs", "trials", ["id"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_trials_needs", table_name="trials")
    op.add_column("trials", sa.Column("min_memory_bytes", sa.BigInteger(), nullable=True))
    op.drop_column("trials", "needs")
