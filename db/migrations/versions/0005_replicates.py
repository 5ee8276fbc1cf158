"""Replicates: further trials of a candidate."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("replicate", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("replicate_of", sa.String(length=40), nullable=True))
        batch_op.drop_constraint(op.f("uq_trials_search_id_candidate_hash"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_trials_search_id_candidate_hash_replicate"),
            ["search_id", "candidate_hash", "replicate"],
        )
    op.create_index(
        "ix_trials_replicated",
        "trials",
        ["search_id"],
        sqlite_where=sa.text("replicate > 0"),
        postgresql_where=sa.text("replicate > 0"),
    )


def downgrade() -> None:
    """Take back; the former constraint has a place for replicates as candidates of their own."""
    op.execute(
        sa.text(
            "UPDATE trials SET candidate_hash = substr(candidate_hash, 1, 48) || '-r' || replicate "
            "WHERE replicate > 0"
        )
    )
    op.drop_index("ix_trials_replicated", table_name="trials")
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.drop_constraint(
            op.f("uq_trials_search_id_candidate_hash_replicate"), type_="unique"
        )
        batch_op.create_unique_constraint(
            op.f("uq_trials_search_id_candidate_hash"), ["search_id", "candidate_hash"]
        )
        batch_op.drop_column("replicate_of")
        batch_op.drop_column("replicate")
