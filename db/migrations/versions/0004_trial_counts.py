"""Counts of trials in the searches' rows, and an index of front members."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "searches", sa.Column("trial_counts", sa.JSON(), nullable=False, server_default="{}")
    )
    _count()
    op.create_index(
        op.f("ix_trials_search_id"),
        "trials",
        ["search_id"],
        sqlite_where=sa.text("on_front = 1"),
        postgresql_where=sa.text("on_front"),
    )


def _count() -> None:
    trials = sa.table("trials", sa.column("search_id"), sa.column("state"))
    searches = sa.table("searches", sa.column("id"), sa.column("trial_counts", sa.JSON()))
    query = sa.select(trials.c.search_id, trials.c.state, sa.func.count()).group_by(
        trials.c.search_id, trials.c.state
    )
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for search_id, state, count in op.get_bind().execute(query):
        counts[search_id][state] = count
    for search_id, of_search in counts.items():
        op.execute(
            sa.update(searches).where(searches.c.id == search_id).values(trial_counts=of_search)
        )


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_trials_search_id"), table_name="trials")
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.drop_column("trial_counts")
