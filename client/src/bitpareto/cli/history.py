"""``bitpareto curves`` and ``bitpareto hypervolume``: what has happened so far."""

import argparse

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.types import Curves, HypervolumeHistory


def curves(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show a trial's learning curves."""
    found = client.trials.curves(arguments.trial)
    if arguments.json:
        out.print_json(found.model_dump_json())
    else:
        out.print(_curves(found))


def hypervolume(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show how a search's hypervolume grew."""
    found = client.searches.get(arguments.search).hypervolume_history()
    if arguments.json:
        out.print_json(found.model_dump_json())
    else:
        out.print(_hypervolume(found))


def _curves(found: Curves) -> Table:
    table = Table("attempt", "phase", "epoch", "loss", "accuracy", "quantized", box=None)
    for point in found.points:
        table.add_row(
            str(point.attempt),
            point.phase,
            f"{point.epoch}/{point.n_epochs}",
            "-" if point.train_loss is None else f"{point.train_loss:.4g}",
            "-" if point.accuracy is None else f"{point.accuracy:.2%}",
            "-" if point.probe_accuracy is None else f"{point.probe_accuracy:.2%}",
        )
    return table


def _hypervolume(found: HypervolumeHistory) -> Table:
    table = Table("event", "trials", "training", "computing", "points", "hypervolume", box=None)
    for point in found.points:
        table.add_row(
            str(point.event_id),
            str(point.n_trials),
            f"{point.train_seconds:.0f} s",
            f"{point.compute_seconds:.0f} s",
            str(point.size),
            f"{point.hypervolume:.4f}",
        )
    return table
