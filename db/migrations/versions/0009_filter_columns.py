"""What lists filter and sort by, as columns: size and accuracy of trials, the trial of an event."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("size_bytes", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("accuracy", sa.Double(), nullable=True))
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trial_id", sa.String(length=40), nullable=True))
    _fill()
    for columns in (["search_id", "size_bytes", "number"], ["search_id", "accuracy", "number"]):
        op.create_index(op.f(f"ix_trials_{'_'.join(columns)}"), "trials", columns)
    op.create_index(op.f("ix_events_trial_id_id"), "events", ["trial_id", "id"])


def _fill() -> None:
    trials = sa.table(
        "trials",
        *(sa.column(name, sa.JSON()) for name in ("costs", "metrics")),
        *(sa.column(name) for name in ("size_bytes", "accuracy")),
    )
    op.execute(
        sa.update(trials).values(
            size_bytes=trials.c.costs["size_bytes"].as_integer(),
            accuracy=trials.c.metrics["accuracy"].as_float(),
        )
    )
    events = sa.table("events", sa.column("payload", sa.JSON()), sa.column("trial_id"))
    op.execute(sa.update(events).values(trial_id=events.c.payload["trial_id"].as_string()))


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_events_trial_id_id"), table_name="events")
    for columns in (["search_id", "size_bytes", "number"], ["search_id", "accuracy", "number"]):
        op.drop_index(op.f(f"ix_trials_{'_'.join(columns)}"), table_name="trials")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_column("trial_id")
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.drop_column("accuracy")
        batch_op.drop_column("size_bytes")
