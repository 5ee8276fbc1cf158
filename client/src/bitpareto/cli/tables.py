"""Tables for people."""

import math
from collections.abc import Iterable
from typing import Final

from rich.table import Table

from bitpareto._sync.front import Front
from bitpareto._sync.search import Search
from bitpareto._wording import front_title, over_seeds
from bitpareto.progress import FINISHED_STATES
from bitpareto.sizes import format_size
from bitpareto.types import CandidateCount, ExpectedGain, SharePreview, SpacePreview, Strategy
from bitpareto.types import Search as SearchData

_EXACTLY_SHOWN: Final = 10**9
_IN_FULL: Final = 1000
_SHOWN_OBJECTIVES: Final = ("accuracy", "size_bytes", "macs")

SPARE_OF_SEARCHES: Final = (
    *("seconds", "hypervolume", "created", "smallest", "data", "accuracy", "waits, because"),
)
SPARE_OF_FRONT: Final = ("", "MACs", "bits", "test", "over seeds", "95 % interval")
"""Columns that are left out first where a terminal is narrow."""


def facts() -> Table:
    """Return a table of names and values, without rows yet."""
    table = Table(box=None, show_header=False)
    table.add_column("name", style="bold")
    table.add_column("value", overflow="fold")  # an id or a hash is no use when it is cut
    return table


def searches(found: Iterable[Search]) -> Table:
    """Return one row per search."""
    table = Table(box=None)
    for name in ("id", "name", "data", "state", "trials"):
        table.add_column(
            name, overflow="fold" if name == "name" else "ellipsis", no_wrap=name != "name"
        )
    for name in ("accuracy", "smallest", "hypervolume", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("created", no_wrap=True)
    table.add_column("waits, because", overflow="fold")
    for handle in found:
        data = handle.data
        table.add_row(
            data.id,
            data.name,
            data.dataset,
            data.state,
            _trials(handle),
            "-" if data.best_accuracy is None else f"{data.best_accuracy:.2%}",
            "-" if data.smallest_bytes is None else format_size(data.smallest_bytes),
            f"{data.hypervolume:.3f}",
            f"{data.compute_seconds:.0f}",
            f"{data.created_at.astimezone():%Y-%m-%d %H:%M}",
            data.waiting.message if data.waiting else "",
        )
    return table


def search(handle: Search) -> Table:
    """Return the facts of one search."""
    data = handle.data
    table = facts()
    rows = {
        "id": data.id,
        "name": data.name or "-",
        "state": f"{data.state}: {data.state_reason.message}",
        "waiting": data.waiting.message if data.waiting else "-",
        "data set": data.dataset,
        "family": str(data.space.get("family")),
        "objectives": ", ".join(data.objectives),
        "budgets": ", ".join(f"{k} <= {v:g}" for k, v in data.budgets.items()) or "-",
        "strategy": data.strategy.name,
        "focus": _focus(data.strategy),
        "begins with": _warm_start(data.strategy),
        "trials": _trials(handle),
        "hypervolume": f"{data.hypervolume:.4f}",
        "next trial": _gain(data.expected_gain),
        "computing": _computing(data),
        "created": f"{data.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
        "page": handle.url,
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def front(found: Front) -> Table:
    """Return one row per front point, smallest first; every objective has a column."""
    table = Table(title=front_title(found.data), title_justify="left", box=None)
    others = [name for name in found.data.ref_point if name not in _SHOWN_OBJECTIVES]
    repeated = any(point.data.replicates for point in found)
    seeds = ("over seeds",) if repeated else ()
    columns = ("test", "size_bytes", "", "bits", "MACs", *others)
    for name in ("trial", "accuracy", "95 % interval", *seeds, *columns):
        table.add_column(name, justify="right", no_wrap=True)
    for point in found:
        trial = point.trial
        table.add_row(
            str(trial.number),
            f"{point.accuracy:.2%}",
            _interval(point.data.accuracy_interval),
            *((over_seeds(point.data.replicates),) if repeated else ()),
            "-" if point.test_accuracy is None else f"{point.test_accuracy:.2%}",
            f"{point.size_bytes}",
            format_size(point.size_bytes),
            f"{point.mean_weight_bits:.2f}",
            f"{trial.costs['macs']}",
            *(format_cost(trial.costs[name]) for name in others),
        )
    return table


def preview(found: SpacePreview) -> tuple[Table, Table, Table]:
    """Return what a space holds, what it costs, and samples within the budgets."""
    known = facts()
    looked = f"all {found.n_seen}" if found.complete else f"{found.n_seen} drawn"
    known.add_row("family", found.family)
    known.add_row("networks", _count(found.count))
    known.add_row("genes", str(found.n_genes))
    known.add_row("looked at", looked)
    known.add_row("within budget", _share(found.share, complete=found.complete))
    costs = Table(box=None)
    for name in ("cost", "smallest", "median", "largest"):
        costs.add_column(name, justify="left" if name == "cost" else "right", no_wrap=True)
    for name, cost in found.costs.items():
        least, most = format_cost(cost.smallest), format_cost(cost.largest)
        smallest = least if cost.smallest_proven else f"<= {least}"
        largest = most if cost.largest_proven else f">= {most}"
        costs.add_row(name, smallest, format_cost(cost.median), largest)
    samples = Table(title=f"samples ({found.sampling})", title_justify="left", box=None)
    for name in ("network", *found.costs, "bits"):
        samples.add_column(name, justify="right", no_wrap=True)
    for sample in found.samples:
        values = [format_cost(sample.costs[name]) for name in found.costs]
        samples.add_row(sample.candidate_hash[:12], *values, f"{sample.mean_weight_bits:.2f}")
    return known, costs, samples


def format_cost(cost: float) -> str:
    """Return counts in full, small times and energies with four digits."""
    return f"{cost:.0f}" if cost >= _IN_FULL or cost == round(cost) else f"{cost:.4g}"


def _count(count: CandidateCount) -> str:
    if count.exact and count.at_most is not None and count.at_most < _EXACTLY_SHOWN:
        return f"{count.at_most}"
    most = _power(count.log10_at_most)
    return most if count.exact else f"{_power(count.log10_at_least)} to {most}"


def _power(log10: float) -> str:
    """Return ``9.3e27`` of 27.97."""
    exponent = math.floor(log10)
    return f"{10 ** (log10 - exponent):.2f}e{exponent}"


def _share(share: SharePreview, *, complete: bool) -> str:
    if complete:
        return f"{share.estimate:.3%}, exactly"
    low, high = share.interval
    estimate = f"{share.estimate:.2%}" if share.estimate >= 1e-3 else f"about {share.estimate:.1e}"
    return f"{estimate} (95 % interval {low:.2%} to {high:.2%})"


def _trials(handle: Search) -> str:
    done = sum(handle.trial_counts.get(state, 0) for state in FINISHED_STATES)
    return f"{done}/{handle.data.limits.max_trials}"


def _gain(gain: ExpectedGain | None) -> str:
    if gain is None:
        return "-"
    return f"expected to gain {gain.hypervolume:.3g}, {gain.per_hour:.3g} per hour of training"


def _focus(strategy: Strategy) -> str:
    if strategy.target is not None:
        within = ", ".join(f"{k} <= {v:g}" for k, v in strategy.target.within.items())
        return f"most {strategy.target.maximize} within {within}"
    ranges = (strategy.focus or {}).items()
    return ", ".join(f"{low:g} <= {name} <= {high:g}" for name, (low, high) in ranges) or "-"


def _warm_start(strategy: Strategy) -> str:
    start = strategy.warm_start
    if start is None:
        return "-"
    parts = [f"trials of {name}" for name in start.searches]
    parts += [f"{len(start.candidates)} given candidates"] if start.candidates else []
    parts += [f"{start.allocate} allocated candidates"] if start.allocate else []
    return ", ".join(parts) or "-"


def _computing(data: SearchData) -> str:
    limit = data.limits.compute_s
    return f"{data.compute_seconds:.0f} s" + (f" of {limit:g} s" if limit else "")


def _interval(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}"
