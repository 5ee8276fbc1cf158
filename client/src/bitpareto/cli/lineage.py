"""``bitpareto lineage``: where a trial's network comes from."""

import argparse

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table
from bitpareto.cli.tables import facts
from bitpareto.sizes import format_size
from bitpareto.types import ClosestTrial, GeneChange, Lineage


def lineage(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show the earlier trials most like a trial, what differs, and its replicates."""
    found = client.trials.lineage(arguments.trial, limit=arguments.limit)
    if arguments.json:
        out.print_json(found.model_dump_json())
        return
    out.print(_facts(found))
    for each in found.closest:
        out.print()
        out.print(_closest(each))
        out.print(_changes(each))
    if found.replicates:
        out.print()
        print_table(out, _replicates(found), "seed")


def _facts(found: Lineage) -> Table:
    table = facts()
    table.add_row("found by", found.gen_method)
    if found.taught_by:
        table.add_row("taught by", ", ".join(found.taught_by))
    if not found.closest:
        table.add_row("closest", "none: nothing had completed when it was proposed")
    return table


def _closest(each: ClosestTrial) -> str:
    text = (
        f"trial {each.number} ({each.accuracy:.2%} at {format_size(each.size_bytes)}):"
        f" {each.n_differing} of {each.n_genes} choices differ"
    )
    change = each.accuracy_change
    now = [] if change is None else [f"accuracy {100 * change:+.2f} points"]
    return "; ".join([text, *now, f"size {each.size_bytes_change:+d} bytes"])


def _changes(each: ClosestTrial) -> Table:
    table = Table(box=None, show_header=False)
    table.add_column("gene", overflow="fold")
    table.add_column("change", no_wrap=True)
    for change in each.changes:
        table.add_row(f"  {change.gene}", _step(change))
    return table


def _step(change: GeneChange) -> str:
    before, after = ("none" if x is None else str(x) for x in (change.before, change.after))
    return f"{before} -> {after}"


def _replicates(found: Lineage) -> Table:
    table = Table(title="the same network", title_justify="left", box=None)
    for name in ("trial", "replicate", "state", "accuracy", "seed", "id"):
        table.add_column(name, no_wrap=True)
    for other in found.replicates:
        table.add_row(
            str(other.number),
            str(other.replicate),
            other.state,
            "-" if other.accuracy is None else f"{other.accuracy:.2%}",
            str(other.seed),
            other.trial_id,
        )
    return table
