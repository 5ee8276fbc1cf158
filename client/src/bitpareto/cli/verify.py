"""``bitpareto verify``: what a packed file is, recomputed.

Running the file takes the server's distribution, which registers its verifier as an entry point;
the client neither imports nor requires it.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.data import data_here
from bitpareto.cli.tables import facts
from bitpareto.errors import VerificationError, VerifierMissingError
from bitpareto.sizes import format_size

GROUP: Final = "bitpareto.verify"
"""Entry points: ``(path, *, data, claims) -> report``."""

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoundedAccuracy:
    """An accuracy as a person wrote it.

    Attributes:
        value: The number.
        tolerance: Half a unit of the last digit written.
    """

    value: float
    tolerance: float


def rounded_accuracy(text: str) -> RoundedAccuracy:
    """Read a share from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: If it is none.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    if not (number.is_finite() and 0 <= number <= 1):
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to 1, such as 0.93")
    exponent = int(number.as_tuple().exponent)
    return RoundedAccuracy(float(number), 0.5 * 10.0 ** min(exponent, 0))


def verify(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Check a packed file.

    Raises:
        VerificationError: If it is damaged, a claim is wrong, or its data is missing.
        VerifierMissingError: If no verifier is installed.
    """
    verifier = _verifier()
    data: str | None = arguments.data
    claims: Report = {}
    provenance: Report | None = None
    if arguments.trial is not None:
        dataset, claims, provenance = _of_trial(client, arguments.trial)
        data = data or dataset
    if arguments.accuracy is not None:
        rounded: RoundedAccuracy = arguments.accuracy
        claims |= {"accuracy": rounded.value, "accuracy_tolerance": rounded.tolerance}
    with data_here(client, data) as found:
        report = {
            **verifier(Path(arguments.file), data=found, claims=claims),
            "provenance": provenance,
        }
    if arguments.json:
        out.print_json(data=report)
    else:
        out.print(_table(report))
    if report["status"] != "ok":
        raise VerificationError(report)


def _verifier() -> Callable[..., Report]:
    for found in entry_points(group=GROUP):
        verifier: Callable[..., Report] = found.load()
        return verifier
    raise VerifierMissingError(
        "running a packed file takes the server's distribution: "
        "pip install 'bitpareto-server[worker]'"
    )


def _of_trial(client: Client, trial_id: str) -> tuple[str, Report, Report]:
    """The data set of a trial, what the server claims of its file, and its configuration."""
    trial = client.trials.get(trial_id)
    search = client.searches.get(trial.search_id).data
    claims: Report = {"candidate_hash": trial.candidate_hash, "seed": trial.seed}
    if trial.artifact is not None:
        claims |= {"sha256": trial.artifact.sha256, "size_bytes": trial.artifact.size_bytes}
    measured = ("accuracy", "test_accuracy")
    claims |= {name: trial.metrics[name] for name in measured if name in trial.metrics}
    provenance = {
        "trial_id": trial.id,
        "search_id": search.id,
        "dataset": search.dataset,
        "genes": trial.genes,
        "recipe": search.recipe.model_dump(mode="json"),
        "finished_at": trial.finished_at.isoformat() if trial.finished_at else None,
    }
    return search.dataset_id or search.dataset, claims, provenance


def _table(report: Report) -> Table:
    table = facts()
    for name, value in _rows(report):
        table.add_row(name, value)
    return table


def _rows(report: Report) -> list[tuple[str, str]]:
    size = report["size_bytes"]
    rows = [
        ("file", report["file"]),
        ("status", report["status"]),
        ("sha256", report["sha256"]),
        ("size", f"{size} bytes, {format_size(size)}"),
    ]
    if report["format_version"] is None:
        return rows
    shape = "x".join(str(side) for side in report["input_shape"])
    told = "of these layers" if report["candidate_hash_recomputed"] else "not of these layers alone"
    rows += [
        ("size by formula", f"{report['formula_size_bytes']} bytes"),
        ("format", f"version {report['format_version']}, {report['n_layers']} layers"),
        ("network", f"{shape} images, {report['n_classes']} classes"),
        ("candidate", f"{report['candidate_hash']}, {told}"),
        ("data hash", report["data_hash"]),
        ("seed", str(report["seed"])),
        ("made by", f"bitpareto-server {report['code_version']}"),
    ]
    if accuracy := report["accuracy"]:
        for split in ("validation", "test"):
            row = accuracy[split]
            shares = f"{row['accuracy']:.4%}, {row['correct']} of {row['total']}"
            rows.append((split, f"{shares} images of {accuracy['dataset']}"))
    if provenance := report["provenance"]:
        genes = ", ".join(f"{name}={value}" for name, value in provenance["genes"].items())
        recipe = ", ".join(f"{name}={value}" for name, value in provenance["recipe"].items())
        rows += [
            ("trial", f"{provenance['trial_id']} of {provenance['search_id']}"),
            ("genes", genes),
            ("recipe", recipe),
        ]
    return rows
