"""``bitpareto hardware``: hardware profiles."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.types import HardwareProfile


def add(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Add a profile."""
    profile = client.hardware_profiles.create(Path(arguments.file))
    if arguments.json:
        out.print_json(profile.model_dump_json())
    else:
        out.print(profile.name, highlight=False)


def ls(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List profiles."""
    found = client.hardware_profiles.list()
    if arguments.json:
        out.print_json(data=[profile.model_dump(mode="json") for profile in found])
    else:
        out.print(_table(found))


def show(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show a profile as it was written, so that it can be changed and added under another name."""
    profile = client.hardware_profiles.get(arguments.name)
    if arguments.json:
        out.print_json(profile.model_dump_json())
    else:
        out.print(profile.yaml, end="", markup=False, highlight=False)


def _table(profiles: list[HardwareProfile]) -> Table:
    table = Table(box=None)
    table.add_column("name", no_wrap=True)
    for heading in ("weights", "activations", "flash", "RAM", "costs"):
        table.add_column(heading)
    for profile in profiles:
        table.add_row(
            profile.name,
            _listed(profile.weight_bits),
            _listed(profile.activation_bits),
            _memory(profile.flash_bytes),
            _memory(profile.ram_bytes),
            ", ".join(cost for cost in profile.costs if cost in ("latency_ms", "energy_uj")),
        )
    return table


def _listed(bits: list[int]) -> str:
    return " ".join(str(width) for width in bits)


def _memory(n_bytes: int | None) -> str:
    return "-" if n_bytes is None else f"{n_bytes / 1024:g} KiB"
