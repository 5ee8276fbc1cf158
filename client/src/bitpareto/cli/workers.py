"""``bitpareto workers``: who works on what."""

import argparse
from typing import Final

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table
from bitpareto.types import Worker

_GIB: Final = 2**30


def ls(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List worker processes."""
    found = client.workers.list()
    if arguments.json:
        out.print_json(data=[worker.model_dump(mode="json") for worker in found])
        return
    table = Table(box=None)
    for heading in ("worker", "queue", "host", "pid", "device", "works on", "last seen"):
        table.add_column(heading, no_wrap=True)
    for worker in found:
        table.add_row(
            worker.id,
            worker.queue,
            worker.host,
            str(worker.pid),
            _device(worker),
            worker.trial_id or worker.search_id or "-",
            f"{worker.silent_s:.0f} s ago",
        )
    print_table(out, table, "pid", "host", "device", "last seen", "works on")


def _device(worker: Worker) -> str:
    if worker.capabilities is None:
        return worker.device
    has = worker.capabilities
    free, total = has.free_memory_bytes / _GIB, has.memory_bytes / _GIB
    profile = f", {has.profile}" if has.profile else ""
    return f"{worker.device} {has.device_name}, {free:.1f} of {total:.1f} GiB free{profile}"
