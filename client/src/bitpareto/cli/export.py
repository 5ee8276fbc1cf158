"""``bitpareto export``: a packed file as ONNX or as a C header, offline.

The work is done by the server's distribution, which registers it as entry points; the client
neither imports nor requires it.
"""

import argparse
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.data import data_here
from bitpareto.errors import ExporterMissingError, ExportError
from bitpareto.sizes import format_size

FORMATS: Final = ("onnx", "c-header")

EXPORT: Final = "bitpareto.export"
"""Entry points: ``(path, output, *, name) -> report``."""

CHECK: Final = "bitpareto.export-check"
"""Entry points: ``(path, *, name, data) -> report``."""

Report = dict[str, Any]


def export(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Write a packed file in another format, and run it where asked to.

    Raises:
        ExportError: If it cannot be exported, or the export decides otherwise.
        ExporterMissingError: If what does it is not installed.
    """
    path, name = Path(arguments.file), arguments.format
    output = None if arguments.output is None else Path(arguments.output)
    report = _installed(EXPORT, "exports")(path, output, name=name)
    if arguments.check is not None and report["status"] == "ok":
        check = _installed(CHECK, "worker,exports")
        with data_here(client, arguments.check) as data:
            report |= check(path, name=name, data=data)
    if arguments.json:
        out.print_json(data=report)
    else:
        _show(report, out)
    if report["status"] != "ok":
        raise ExportError(report)


def _installed(group: str, extra: str) -> Callable[..., Report]:
    missing = ExporterMissingError(
        f"this takes the server's distribution: pip install 'bitpareto-server[{extra}]'"
    )
    for found in entry_points(group=group):
        try:
            function: Callable[..., Report] = found.load()
        except ImportError as error:
            raise missing from error
        return function
    raise missing


def _show(report: Report, out: Console) -> None:
    if report["output"] is None:
        return
    sizes = [format_size(report[key]) for key in ("output_bytes", "size_bytes")]
    out.print(f"{report['output']}: {sizes[0]}, the packed file has {sizes[1]}")
    if not report.get("runs"):
        return
    table = Table("runs on", "file", "bytes", "same decision", "same logits", box=None)
    for run in report["runs"]:
        table.add_row(
            f"{run['target']} {run['version']}",
            run["format"],
            str(run["size_bytes"]),
            f"{run['n_agreeing']} of {run['n_images']}",
            f"{run['n_equal']} of {run['n_images']}",
        )
    out.print(table)
