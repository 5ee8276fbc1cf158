"""How long a search's trials were held, since when one is, and what the next trial promises."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("trials", sa.Column("held_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "searches", sa.Column("compute_seconds", sa.Double(), nullable=False, server_default="0")
    )
    op.add_column("searches", sa.Column("expected_gain", sa.JSON(), nullable=True))
    _count()


def _count() -> None:
    """Take earlier trials to have been held from their first start to their end."""
    time = sa.DateTime(timezone=True)
    trials = sa.table(
        "trials",
        sa.column("search_id"),
        sa.column("state"),
        sa.column("started_at", time),
        sa.column("finished_at", time),
        sa.column("held_since", time),
    )
    searches = sa.table("searches", sa.column("id"), sa.column("compute_seconds", sa.Double()))
    running = sa.update(trials).where(trials.c.state == "running")
    op.execute(running.values(held_since=trials.c.started_at))
    query = sa.select(trials.c.search_id, trials.c.started_at, trials.c.finished_at).where(
        trials.c.started_at.is_not(None), trials.c.finished_at.is_not(None)
    )
    seconds: defaultdict[str, float] = defaultdict(float)
    for search_id, started_at, finished_at in op.get_bind().execute(query):
        seconds[search_id] += (finished_at - started_at).total_seconds()
    for search_id, total in seconds.items():
        of_search = sa.update(searches).where(searches.c.id == search_id)
        op.execute(of_search.values(compute_seconds=total))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.drop_column("expected_gain")
        batch_op.drop_column("compute_seconds")
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.drop_column("held_since")
