"""What workers can do and when they left, what trials log and need, since when a hold is held."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "trial_logs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trial_id", sa.String(length=40), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["trials.id"],
            name=op.f("fk_trial_logs_trial_id_trials"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_logs")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_trial_logs_trial_id_id"), "trial_logs", ["trial_id", "id"])
    departures = op.create_table(
        "departures",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_departures")),
    )
    op.bulk_insert(departures, [{"kind": "optimize"}, {"kind": "train"}])
    op.add_column("workers", sa.Column("search_id", sa.String(length=40), nullable=True))
    op.add_column("workers", sa.Column("capabilities", sa.JSON(), nullable=True))
    op.add_column("trials", sa.Column("min_memory_bytes", sa.BigInteger(), nullable=True))
    op.add_column("searches", sa.Column("hold_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.drop_column("hold_since")
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.drop_column("min_memory_bytes")
    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.drop_column("capabilities")
        batch_op.drop_column("search_id")
    op.drop_table("departures")
    op.drop_index(op.f("ix_trial_logs_trial_id_id"), table_name="trial_logs")
    op.drop_table("trial_logs")
