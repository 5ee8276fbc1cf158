"""``bitpareto data``: data sets."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from bitpareto._dataset_calls import name_of
from bitpareto._sync.client import Client
from bitpareto.cli.completion import takes_file
from bitpareto.cli.fitting import print_table
from bitpareto.cli.tables import facts
from bitpareto.errors import APIConnectionError, NotFoundError
from bitpareto.sizes import format_size
from bitpareto.types import Dataset

BUILT_IN: Final = ("cifar10", "digits", "fashion-mnist")
"""Data sets that a verifier finds by itself."""
Add = Callable[..., argparse.ArgumentParser]


def describe(verbs: Any, add: Add, positive: Callable[[str], int]) -> None:
    """Describe the commands."""
    own = verbs.add_parser("data", help="upload, list, show and delete data sets")
    to = own.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = "bitpareto data upload flowers/ --resize 32"
    sent = add("upload", upload, "upload images with their labels", example, to)
    what = "npz, parquet, a zip of those or of class folders, or a folder"
    takes_file(sent.add_argument("path", metavar="PATH", help=what))
    sent.add_argument("--name", help="searches call it this; by default the file's name")
    help_ = "side of every image, or HEIGHTxWIDTH; needed where sizes differ"
    sent.add_argument("--resize", type=size, metavar="N", help=help_)
    help_ = "grey or colour; by default as the first image is"
    sent.add_argument("--channels", type=int, choices=(1, 3), help=help_)
    for split in ("validation", "test"):
        help_ = f"of the training images, where there is no {split} split; default 0.1"
        sent.add_argument(f"--{split}-fraction", type=float, metavar="X", help=help_)
    sent.add_argument("--split-seed", type=int, metavar="N", help="of splits that are missing")
    listed = add("ls", ls, "list data sets, newest first", "bitpareto data ls", to)
    listed.add_argument("--limit", type=positive, default=50, metavar="N", help="default 50")
    shown = add("show", show, "show a data set", "bitpareto data show flowers", to)
    help_ = "put some images of each class there, a PNG"
    takes_file(shown.add_argument("--samples", metavar="FILE.png", help=help_))
    help_ = "fetch pixels, labels and splits, a safetensors file, such as verify takes"
    pulled = add("pull", pull, help_, "bitpareto data pull flowers -o flowers.safetensors", to)
    pulled.add_argument("-o", "--output", default=".", metavar="PATH", help="file or folder")
    removed = add("rm", rm, "delete a data set", "bitpareto data rm flowers", to)
    for verb in (shown, pulled, removed):
        verb.add_argument("dataset", metavar="DATASET", help="name or id")


@contextmanager
def data_here(client: Client, reference: str | None) -> Iterator[str | None]:
    """Give what a verifier takes: an uploaded data set is fetched, anything else stays as it is."""
    if reference is None or reference in BUILT_IN or Path(reference).exists():
        yield reference
        return
    with TemporaryDirectory(prefix="bitpareto-") as folder:
        try:
            found = str(client.datasets.download(reference, Path(folder)))
        except (APIConnectionError, NotFoundError):
            found = reference  # the verifier says what it would take
        yield found


def size(text: str) -> tuple[int, int]:
    """Read ``32`` or ``32x48``, a height and a width."""
    height, _, width = text.partition("x")
    return int(height), int(width or height)


def upload(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Upload a data set; progress goes to the terminal, the name to the output."""
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    quiet = arguments.json or not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=quiet) as progress:
        task = progress.add_task("sending", total=None)

        def told(n_sent: int, n_bytes: int) -> None:
            words = "sending" if n_sent < n_bytes else "the server reads the images"
            progress.update(task, completed=n_sent, total=n_bytes, description=words)

        dataset = client.datasets.upload(
            arguments.path,
            name=arguments.name,
            resize=arguments.resize,
            channels=arguments.channels,
            validation_fraction=arguments.validation_fraction,
            test_fraction=arguments.test_fraction,
            split_seed=arguments.split_seed,
            on_progress=told,
        )
    if arguments.json:
        out.print_json(dataset.model_dump_json())
    else:
        if dataset.name != (arguments.name or name_of(Path(arguments.path))):
            errors.print("the same data is there already, under this name:", highlight=False)
        out.print(dataset.name, highlight=False)


def ls(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List data sets."""
    page_size = min(arguments.limit, 200)
    found = list(islice(client.datasets.list(page_size=page_size), arguments.limit))
    if arguments.json:
        out.print_json(data=[dataset.model_dump(mode="json") for dataset in found])
    else:
        print_table(out, _table(found), "size", "test", "validation", "input", "classes")


def show(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show a data set."""
    dataset = client.datasets.get(arguments.dataset)
    if arguments.samples is not None:
        client.datasets.samples(dataset.id, arguments.samples)
    if arguments.json:
        out.print_json(dataset.model_dump_json())
        return
    table = facts()
    for name, value in _facts(dataset):
        table.add_row(name, value)
    out.print(table)


def pull(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Fetch the stored file."""
    path = client.datasets.download(arguments.dataset, Path(arguments.output))
    if arguments.json:
        out.print_json(data={"path": str(path)})
    else:
        out.print(str(path), highlight=False)


def rm(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Delete a data set."""
    client.datasets.delete(arguments.dataset)
    if arguments.json:
        out.print_json(data={"deleted": arguments.dataset})


def _facts(dataset: Dataset) -> list[tuple[str, str]]:
    rows = [
        ("id", dataset.id),
        ("name", dataset.name),
        ("images", f"{_shape(dataset)}, {dataset.n_classes} classes"),
        ("training", str(dataset.n_train)),
        ("validation", str(dataset.n_validation)),
        ("test", str(dataset.n_test)),
        ("mean", _numbers(dataset.mean)),
        ("std", _numbers(dataset.std)),
    ]
    if dataset.size_bytes is None or dataset.created_at is None:
        return [*rows, ("comes with", "the server")]
    if dataset.dealt_splits:
        dealt = f"{', '.join(dataset.dealt_splits)}; seed {dataset.split_seed}"
        rows.append(("dealt from training", dealt))
    return [
        *rows,
        ("classes", ", ".join(dataset.class_names or [])),
        ("uploaded as", dataset.layout or ""),
        ("size", format_size(dataset.size_bytes)),
        ("sha256", dataset.sha256 or ""),
        ("uploaded", dataset.created_at.isoformat(timespec="seconds")),
    ]


def _table(datasets: list[Dataset]) -> Table:
    table = Table(box=None)
    table.add_column("name", no_wrap=True)
    for heading in ("input", "classes", "training", "validation", "test", "size", "id"):
        table.add_column(heading, no_wrap=heading == "id")
    for each in datasets:
        table.add_row(
            each.name,
            _shape(each),
            str(each.n_classes),
            str(each.n_train),
            str(each.n_validation),
            str(each.n_test),
            "-" if each.size_bytes is None else format_size(each.size_bytes),
            "comes with the server" if each.built_in else each.id,
        )
    return table


def _shape(dataset: Dataset) -> str:
    return "x".join(map(str, dataset.input_shape))


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)
