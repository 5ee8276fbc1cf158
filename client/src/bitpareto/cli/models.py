"""``bitpareto models``: networks of one's own."""

import argparse
from itertools import islice

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table
from bitpareto.cli.tables import facts
from bitpareto.types import Model


def upload(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Upload an exported program."""
    model = client.models.upload(
        arguments.file, name=arguments.name, mean=arguments.mean, std=arguments.std
    )
    if arguments.json:
        out.print_json(model.model_dump_json())
    else:
        out.print(model.id, highlight=False)


def ls(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List models."""
    page_size = min(arguments.limit, 200)
    found = list(islice(client.models.list(page_size=page_size), arguments.limit))
    if arguments.json:
        out.print_json(data=[model.model_dump(mode="json") for model in found])
    else:
        print_table(out, _table(found), "weights", "classes", "MACs")


def show(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show a model and its layers."""
    model = client.models.get(arguments.model)
    if arguments.json:
        out.print_json(model.model_dump_json())
        return
    known = facts()
    known.add_row("sha256", model.sha256)
    for statistic, values in (("mean", model.mean), ("std", model.std)):
        shown = ", ".join(f"{value:g}" for value in values) if values else "the data set's"
        known.add_row(statistic, shown)
    layers = Table(title="layers", title_justify="left", box=None)
    for heading in ("name", "kind", "output", "weights", "MACs"):
        layers.add_column(heading, overflow="fold" if heading == "name" else "ellipsis")
    for layer in model.layers or ():
        shape = "x".join(str(side) for side in layer.output_shape)
        layers.add_row(layer.name, layer.kind, shape, _short(layer.n_weights), _short(layer.macs))
    for table in (_table([model]), known, layers):
        print_table(out, table, "weights", "classes", "MACs")
        out.print()


def rm(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Delete a model."""
    client.models.delete(arguments.model)
    if arguments.json:
        out.print_json(data={"deleted": arguments.model})


def numbers(text: str) -> list[float]:
    """Read ``0.49,0.48,0.45``."""
    return [float(part) for part in text.split(",")]


def _table(models: list[Model]) -> Table:
    table = Table(box=None)
    for heading in ("id", "name", "input", "classes", "weights", "MACs"):
        table.add_column(heading, overflow="fold" if heading == "name" else "ellipsis")
    for model in models:
        table.add_row(
            model.id,
            model.name,
            "x".join(str(size) for size in model.input_shape),
            str(model.n_classes),
            _short(model.n_parameters),
            _short(model.macs),
        )
    return table


def _short(number: int) -> str:
    """Return ``40.6 M`` of 40 551 040."""
    for unit, name in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if number >= unit:
            return f"{number / unit:.1f}{name}"
    return str(number)
