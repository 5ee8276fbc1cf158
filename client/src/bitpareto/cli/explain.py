"""``bitpareto explain``: what the optimizer's model has learned of a search."""

import argparse

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table
from bitpareto.cli.tables import format_cost
from bitpareto.types import Explanation


def explain(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show what the model says."""
    found = client.searches.get(arguments.search).explanation()
    if arguments.json:
        out.print_json(found.model_dump_json())
        return
    costs = list(found.front[0].costs) if found.front else []
    for table in (_importance(found), _bit_steps(found), _front(found)):
        print_table(out, table, "network", *reversed(costs[1:]))
        out.print()


def _importance(found: Explanation) -> Table:
    title = f"what the accuracy depends on, from {found.n_measured} trials"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("gene", overflow="fold")
    table.add_column("share", justify="right")
    for each in found.importance:
        table.add_row(each.gene, f"{each.share:.1%}")
    return table


def _bit_steps(found: Explanation) -> Table:
    title = "one step wider or narrower, on the networks of the front"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("gene", overflow="fold")
    costs = list(found.bit_steps[0].costs) if found.bit_steps else []
    for name in ("bits", "accuracy", "+-", *costs):
        table.add_column(name, justify="right", no_wrap=True)
    for step in found.bit_steps:
        table.add_row(
            step.gene,
            f"{step.bits:+.3g}",
            f"{step.accuracy:+.2%}",
            f"{1.96 * step.accuracy_sd:.2%}",
            *(f"{step.costs[name]:+.6g}" for name in costs),
        )
    return table


def _front(found: Explanation) -> Table:
    table = Table(title="the front as predicted", title_justify="left", box=None)
    costs = list(found.front[0].costs) if found.front else []
    for name in ("trial", *costs, "accuracy", "+-", "network"):
        table.add_column(name, justify="right", no_wrap=True)
    for point in found.front:
        table.add_row(
            "-" if point.number is None else str(point.number),
            *(format_cost(point.costs[name]) for name in costs),
            f"{point.accuracy:.2%}",
            f"{1.96 * point.accuracy_sd:.2%}",
            point.candidate_hash[:12],
        )
    return table
