"""What each command does."""

import argparse
import math
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # ships no types
from rich.console import Console

from bitpareto._sync.artifact import SUFFIX
from bitpareto._sync.client import Client
from bitpareto._sync.front import FrontPoint
from bitpareto._sync.search import Search
from bitpareto.cli import plot, tables
from bitpareto.cli.fitting import print_table
from bitpareto.cli.trials import show_trial
from bitpareto.errors import DeclarationError, NoPointError, SearchFailedError
from bitpareto.sizes import parse_size


def submit(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Submit the search a file describes."""
    fields = _read_fields(arguments.file)
    if arguments.name is not None:
        fields["name"] = arguments.name
    search = client.searches.create(idempotency_key=arguments.idempotency_key, **fields)
    if arguments.watch:
        _wait(search, arguments, out, timeout=None)
    elif arguments.json:
        out.print_json(search.data.model_dump_json())
    else:
        out.print(search.id, highlight=False)
        sys.stderr.write(f"live at {search.url}; follow it: bitpareto watch {search.id}\n")


def preview(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show what the space of a file holds."""
    fields = _read_fields(arguments.file)
    if arguments.n is not None:
        fields["n"] = arguments.n
    found = client.spaces.preview(**fields)
    if arguments.json:
        out.print_json(found.model_dump_json())
    else:
        for table in tables.preview(found):
            print_table(out, table, "bops", "macs", "bits", "peak_activation_bytes", "energy_uj")
            out.print()


def ls(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List searches."""
    page_size = min(arguments.limit, 200)
    matching = client.searches.list(
        state=arguments.state,
        dataset=arguments.dataset,
        name=arguments.name,
        created_after=arguments.since,
        created_before=arguments.until,
        comparable_with=arguments.comparable_with,
        sort=arguments.sort,
        page_size=page_size,
    )
    found = list(islice(matching, arguments.limit))
    if arguments.json:
        out.print_json(data=[search.data.model_dump(mode="json") for search in found])
    else:
        print_table(out, tables.searches(found), *tables.SPARE_OF_SEARCHES)


def show(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show a search or a trial; their ids say which they are."""
    if arguments.id.startswith("trl_"):
        show_trial(client, arguments, out)
        return
    search = client.searches.get(arguments.id)
    if arguments.json:
        out.print_json(search.data.model_dump_json())
    else:
        out.print(tables.search(search))


def watch(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Follow a search to its end."""
    _wait(client.searches.get(arguments.search), arguments, out, timeout=arguments.timeout)


def front(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show the front."""
    found = client.searches.get(arguments.search).front(
        max_size=arguments.max_size,
        sort=arguments.sort,
        limit=arguments.limit,
        as_of=arguments.as_of,
    )
    if arguments.json:
        out.print_json(found.data.model_dump_json())
    else:
        print_table(out, tables.front(found), *tables.SPARE_OF_FRONT)
        if arguments.plot:
            out.print(plot.front(found, min(out.width, plot.WIDEST)))


def pull(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Download packed files of the front."""
    points = _chosen_points(client, arguments)
    output = Path(arguments.output)
    if len(points) > 1 or arguments.output.endswith("/"):
        output.mkdir(parents=True, exist_ok=True)
    pulled = []
    for point in points:
        target = output / _file_name(point) if output.is_dir() else output
        path = point.artifact.download(target)
        row = {"path": str(path), "trial": point.trial.number, "size_bytes": point.size_bytes}
        pulled.append({**row, "accuracy": point.accuracy, "sha256": point.artifact.sha256})
        if not arguments.json:
            out.print(f"{path}", highlight=False)
    if arguments.json:
        out.print_json(data=pulled)


def clone(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Submit a search like another one."""
    fields = {} if arguments.file is None else _read_fields(arguments.file)
    if arguments.name is not None:
        fields["name"] = arguments.name
    if arguments.best is not None:
        fields = _of_the_best(client, arguments, fields)
    search = client.searches.clone(arguments.search, **fields)
    if arguments.json:
        out.print_json(search.data.model_dump_json())
    else:
        out.print(search.id, highlight=False)


def extend(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Give a search more trials or more time."""
    found = client.searches.extend(
        arguments.search,
        trials=arguments.trials,
        wall_time_s=arguments.wall_time,
        compute_s=arguments.compute,
    )
    _show_state(found, arguments, out)


def cancel(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Cancel a search or a trial; their ids say which they are."""
    if arguments.id.startswith("trl_"):
        trial = client.trials.cancel(arguments.id)
        if arguments.json:
            out.print_json(trial.model_dump_json())
        else:
            out.print(f"{trial.id} {trial.state}", highlight=False)
    else:
        _show_state(client.searches.cancel(arguments.id), arguments, out)


def replicate(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Train a trial's candidate once more."""
    trial = client.trials.replicate(arguments.trial, seed=arguments.seed)
    if arguments.json:
        out.print_json(trial.model_dump_json())
    else:
        out.print(trial.id, highlight=False)


def pause(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Pause a search."""
    _show_state(client.searches.pause(arguments.search), arguments, out)


def resume(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Resume a search."""
    _show_state(client.searches.resume(arguments.search), arguments, out)


def _show_state(search: Search, arguments: argparse.Namespace, out: Console) -> None:
    if arguments.json:
        out.print_json(search.data.model_dump_json())
    else:
        out.print(f"{search.id} {search.state}", highlight=False)


def _read_fields(name: str) -> dict[str, Any]:
    text = sys.stdin.read() if name == "-" else Path(name).read_text()
    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DeclarationError(f"{name} is not YAML: {error}") from error
    if not isinstance(fields, dict):
        raise DeclarationError(
            f"{name} must hold the fields of a search, such as dataset and space"
        )
    return fields


def _of_the_best(
    client: Client, arguments: argparse.Namespace, fields: dict[str, Any]
) -> dict[str, Any]:
    """Add the most accurate networks of a search to what a clone of it begins with.

    Without a number of trials in the file, the clone trains these alone.
    """
    front = client.searches.get(arguments.search).front(sort="-accuracy", limit=arguments.best)
    genes = [point.trial.genes for point in front]
    if not genes:
        raise NoPointError(f"the front of {arguments.search} has no point yet")
    strategy = fields.get("strategy") or {}
    start = strategy.get("warm_start") or {}
    start = {**start, "candidates": [*start.get("candidates", []), *genes]}
    limits = {"max_trials": len(start["candidates"]), **(fields.get("limits") or {})}
    return {**fields, "strategy": {**strategy, "warm_start": start}, "limits": limits}


def _wait(
    search: Search, arguments: argparse.Namespace, out: Console, *, timeout: float | None
) -> None:
    search.wait(timeout, raise_on_failure=False)
    if arguments.json:
        out.print_json(search.data.model_dump_json())
    else:
        print_table(out, tables.front(search.front()), *tables.SPARE_OF_FRONT)
    if search.state in {"failed", "cancelled"}:
        raise SearchFailedError(search.data)


def _chosen_points(client: Client, arguments: argparse.Namespace) -> list[FrontPoint]:
    found = client.searches.get(arguments.search).front()
    best = found.best(arguments.max_size)  # says what the smallest is where none is small enough
    if arguments.best:
        return [best]
    bound = math.inf if arguments.max_size is None else parse_size(arguments.max_size)
    points = [p for p in found if p.size_bytes <= bound]
    if arguments.trial is not None:
        points = [p for p in points if p.trial.number == arguments.trial]
    if not points:
        raise NoPointError(
            f"the front of {arguments.search} has no point of trial {arguments.trial}"
        )
    return points


def _file_name(point: FrontPoint) -> str:
    return f"trial-{point.trial.number:03d}{SUFFIX}"
