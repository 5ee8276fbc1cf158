"""``bitpareto trials`` and ``bitpareto show TRIAL``: trials as tables, files, and one by one."""

import argparse
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table
from bitpareto.cli.tables import facts, format_cost
from bitpareto.errors import UsageError
from bitpareto.sizes import format_size
from bitpareto.types import Trial


def trials(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List a search's trials, or write all of them to a file."""
    filters: dict[str, Any] = {
        "state": arguments.state,
        "outcome": arguments.outcome,
        "on_front": True if arguments.front else None,
        "max_size": arguments.max_size,
        "min_accuracy": arguments.min_accuracy,
        "sort": arguments.sort,
    }
    if arguments.format is not None:
        _export(client, arguments, filters)
        return
    found = list(islice(client.trials.list(arguments.search, **filters), arguments.limit))
    if arguments.json:
        out.print_json(data=[trial.model_dump(mode="json") for trial in found])
    else:
        print_table(out, _table(found), "took", "by", "bits", "")


def show_trial(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show the facts of one trial, and its layers."""
    trial = client.trials.get(arguments.id)
    if arguments.json:
        out.print_json(trial.model_dump_json())
        return
    out.print(_facts(trial))
    out.print()
    print_table(out, _layers(trial), "MACs", "output", "weights")


def _export(client: Client, arguments: argparse.Namespace, filters: dict[str, Any]) -> None:
    form, fields = arguments.format, arguments.fields and arguments.fields.split(",")
    if arguments.output is not None:
        client.trials.export(
            arguments.search, arguments.output, format=form, fields=fields, **filters
        )
        return
    if form == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is not for terminals; say where it goes: -o trials.parquet")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trials"
        client.trials.export(arguments.search, path, format=form, fields=fields, **filters)
        sys.stdout.flush()
        sys.stdout.buffer.write(path.read_bytes())


def _table(found: list[Trial]) -> Table:
    table = Table(box=None)
    names = ("trial", "state", "accuracy", "size_bytes", "", "bits", "front", "id", "by", "took")
    for name in names:
        right = name in {"trial", "accuracy", "size_bytes", "bits", "took"}
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for trial in found:
        accuracy, size = trial.metrics.get("accuracy"), int(trial.costs["size_bytes"])
        table.add_row(
            str(trial.number),
            trial.outcome or trial.state,
            "-" if accuracy is None else f"{accuracy:.2%}",
            str(size),
            format_size(size),
            f"{trial.mean_weight_bits:.2f}",
            "yes" if trial.on_front else "",
            trial.id,
            trial.gen_method,
            f"{trial.gen_seconds:.2g} s",
        )
    return table


def _facts(trial: Trial) -> Table:
    reason = f": {trial.state_reason.message}" if trial.state_reason else ""
    waits = f"; waiting: {trial.waiting.message}" if trial.waiting else ""
    size = int(trial.costs["size_bytes"])
    others = (f"{name} {format_cost(cost)}" for name, cost in trial.costs.items())
    test, train = trial.metrics.get("test_accuracy"), trial.metrics.get("train_seconds")
    refused = {fit.profile: fit.violations for fit in trial.devices or [] if fit.violations}
    suited = [fit.profile for fit in trial.devices or [] if not fit.violations]
    rows = {
        "id": trial.id,
        "trial": f"{trial.number} of {trial.search_id}",
        "state": f"{trial.state}{reason}{waits}",
        "accuracy": _percent(trial.metrics.get("accuracy")),
        "on the test split": _percent(test),
        "size": f"{size} bytes, {format_size(size)}",
        "costs": ", ".join(others),
        "mean weight bits": f"{trial.mean_weight_bits:.2f}",
        "on the front": "yes" if trial.on_front else "no",
        "proposed by": f"{trial.gen_method}, in {trial.gen_seconds:.2g} s",
        "replicate": f"{trial.replicate} of {trial.replicate_of}" if trial.replicate_of else "-",
        "trained for": "-" if train is None else f"{train:.0f} s",
        "runs on": ", ".join(suited) or "-",
        **{f"not on {name}": f"{what[0]}{_more(what[1:])}" for name, what in refused.items()},
        "sha256": trial.artifact.sha256 if trial.artifact else "-",
    }
    table = facts()
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _layers(trial: Trial) -> Table:
    table = Table(box=None)
    for name in ("layer", "kind", "output", "bits", "activations", "weights", "bytes", "MACs"):
        table.add_column(name, justify="left" if name in {"layer", "kind"} else "right")
    for layer in trial.layers or []:
        has_weights = layer.n_weights > 0
        table.add_row(
            layer.name,
            layer.kind,
            "x".join(str(n) for n in layer.output_shape),
            str(layer.weight_bits) if has_weights else "-",
            str(layer.activation_bits),
            str(layer.n_weights) if has_weights else "-",
            str(layer.size_bytes),
            str(layer.macs),
        )
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"


def _more(left: list[str]) -> str:
    return f"; and {len(left)} more" if left else ""
