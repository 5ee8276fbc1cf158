"""What lists of searches show and sort by, and which searches compare."""

import json
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOST_POINTS = 32
_INDEXED = ("task_key", "best_accuracy", "smallest_bytes")
_COUNTED = ("trial.finished", "trial.stopped", "trial.failed")
_TASK = ("dataset", "space", "objectives", "budgets", "ref_point")


def upgrade() -> None:
    """Apply."""
    for column in (
        sa.Column("best_accuracy", sa.Double(), nullable=True),
        sa.Column("smallest_bytes", sa.BigInteger(), nullable=True),
        sa.Column("growth", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("task_key", sa.String(length=64), nullable=False, server_default=""),
    ):
        op.add_column("searches", column)
    _fill()
    for name in _INDEXED:
        op.create_index(op.f(f"ix_searches_{name}"), "searches", [name])


def _fill() -> None:
    searches = sa.table(
        "searches",
        *(sa.column(name) for name in ("id", "dataset", "best_accuracy", "smallest_bytes")),
        *(sa.column(name, sa.JSON()) for name in (*_TASK[1:], "hardware", "growth")),
        sa.column("task_key"),
    )
    bind = op.get_bind()
    ends, growth = _ends_of_fronts(bind), _growth(bind)
    task = [searches.c[name] for name in (*_TASK, "hardware")]
    for search_id, *facts, hardware in bind.execute(sa.select(searches.c.id, *task)).all():
        text = json.dumps([*facts, hardware["sha256"] if hardware else None], sort_keys=True)
        accuracy, size = ends.get(search_id, (None, None))
        op.execute(
            sa.update(searches)
            .where(searches.c.id == search_id)
            .values(
                task_key=sha256(text.encode()).hexdigest(),
                best_accuracy=accuracy,
                smallest_bytes=size,
                growth=growth[search_id],
            )
        )


def _ends_of_fronts(bind: sa.Connection) -> dict[str, tuple[float, int]]:
    trials = sa.table(
        "trials",
        *(sa.column(name) for name in ("search_id", "accuracy", "size_bytes")),
        sa.column("on_front", sa.Boolean()),
    )
    found = sa.select(
        trials.c.search_id, sa.func.max(trials.c.accuracy), sa.func.min(trials.c.size_bytes)
    )
    query = found.where(trials.c.on_front.is_(True)).group_by(trials.c.search_id)
    return {row[0]: (row[1], row[2]) for row in bind.execute(query)}


def _growth(bind: sa.Connection) -> defaultdict[str, list[list[float]]]:
    growth: defaultdict[str, list[list[float]]] = defaultdict(list)
    n_trials: defaultdict[str, int] = defaultdict(int)
    for search_id, volume in _steps(bind):
        if volume is None:
            n_trials[search_id] += 1
            continue
        points = [*growth[search_id], [n_trials[search_id], volume]]
        thinned = [*points[:-1:2], points[-1]]
        growth[search_id] = points if len(points) <= _MOST_POINTS else thinned
    return growth


def _steps(bind: sa.Connection) -> Iterator[tuple[str, float | None]]:
    """Yield each trial that ended and, with its hypervolume, each change of a front."""
    events = sa.table(
        "events",
        *(sa.column(name) for name in ("id", "search_id", "type")),
        sa.column("payload", sa.JSON()),
    )
    changed = events.c.type == "front.changed"
    volume: Any = sa.case((changed, events.c.payload["hypervolume"].as_float()))
    query = sa.select(events.c.search_id, volume)
    kept = query.where(events.c.type.in_((*_COUNTED, "front.changed"))).order_by(events.c.id)
    for search_id, value in bind.execute(kept):  # noqa: UP028 - rows are no tuples to mypy
        yield search_id, value


def downgrade() -> None:
    """Take back."""
    for name in _INDEXED:
        op.drop_index(op.f(f"ix_searches_{name}"), table_name="searches")
    with op.batch_alter_table("searches", schema=None) as batch_op:
        for name in ("task_key", "growth", "smallest_bytes", "best_accuracy"):
            batch_op.drop_column(name)
