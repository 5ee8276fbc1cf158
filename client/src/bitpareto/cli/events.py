"""``bitpareto events``: what happens in all searches, or in some."""

import argparse
import sys
from itertools import islice

from rich.console import Console

from bitpareto._sync.client import Client
from bitpareto.types import SearchEvent


def events(client: Client, arguments: argparse.Namespace, _out: Console) -> None:
    """Print events as they happen, each on a line, until Ctrl-C."""
    search_ids = [*arguments.searches, *arguments.search]
    found = client.events.stream(after=arguments.after, search_ids=search_ids, types=arguments.type)
    for event in islice(found, arguments.limit):
        # no console: a line is a line, whatever it holds and however wide the terminal is
        sys.stdout.write(f"{event.model_dump_json() if arguments.json else _line(event)}\n")
        sys.stdout.flush()


def _line(event: SearchEvent) -> str:
    facts = " ".join(
        f"{name}={value}"
        for name, value in event.payload.items()
        if isinstance(value, str | int | float)
    )
    at = f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}"
    return f"{event.id:>8}  {at}  {event.search_id}  {event.type:<15}  {facts}"
