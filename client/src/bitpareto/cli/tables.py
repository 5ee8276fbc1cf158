"""Tables for people."""

from collections.abc import Iterable

from rich.table import Table

from bitpareto.front import Front
from bitpareto.progress import FINISHED_STATES
from bitpareto.search import Search
from bitpareto.sizes import format_size


def searches(found: Iterable[Search]) -> Table:
    """Return one row per search."""
    table = Table("id", "name", "data", "state", "trials", "hypervolume", "created", box=None)
    for handle in found:
        data = handle.data
        table.add_row(
            data.id,
            data.name,
            data.dataset,
            data.state,
            _trials(handle),
            f"{data.hypervolume:.3f}",
            f"{data.created_at.astimezone():%Y-%m-%d %H:%M}",
        )
    return table


def search(handle: Search) -> Table:
    """Return the facts of one search."""
    data = handle.data
    table = Table("field", "value", box=None, show_header=False)
    rows = {
        "id": data.id,
        "name": data.name or "-",
        "state": f"{data.state}: {data.state_reason.message}",
        "data set": data.dataset,
        "family": str(data.space.get("family")),
        "objectives": ", ".join(data.objectives),
        "budgets": ", ".join(f"{k} <= {v:g}" for k, v in data.budgets.items()) or "-",
        "strategy": data.strategy.name,
        "trials": _trials(handle),
        "hypervolume": f"{data.hypervolume:.4f}",
        "created": f"{data.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
        "page": handle.url,
    }
    for name, value in rows.items():
        table.add_row(f"[bold]{name}", value)
    return table


def front(found: Front) -> Table:
    """Return one row per front point, smallest first."""
    title = f"{len(found)} points, hypervolume {found.hypervolume:.4f}"
    table = Table(title=title, title_justify="left", box=None)
    for name in ("trial", "accuracy", "95 % interval", "test", "size_bytes", "", "bits", "MACs"):
        table.add_column(name, justify="right", no_wrap=True)
    for point in found:
        trial = point.trial
        table.add_row(
            str(trial.number),
            f"{point.accuracy:.2%}",
            _interval(point.data.accuracy_interval),
            "-" if point.test_accuracy is None else f"{point.test_accuracy:.2%}",
            f"{point.size_bytes}",
            format_size(point.size_bytes),
            f"{point.mean_weight_bits:.2f}",
            f"{trial.costs['macs']}",
        )
    return table


def _trials(handle: Search) -> str:
    done = sum(handle.trial_counts.get(state, 0) for state in FINISHED_STATES)
    return f"{done}/{handle.data.limits.max_trials}"


def _interval(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}"
