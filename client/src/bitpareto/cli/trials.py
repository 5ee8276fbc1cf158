"""``bitpareto trials``: a search's trials as a table or as a file."""

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
