"""``bitpareto keys``, ``whoami`` and ``audit``: what opens a project, and what was done in it."""

import argparse
from datetime import UTC, datetime, timedelta
from itertools import islice

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table


def create(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Make a key and print it, this once."""
    days: int | None = arguments.days
    made = client.api_keys.create(
        scope=arguments.scope,
        user=arguments.user,
        name=arguments.name,
        expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
    )
    if arguments.json:
        out.print_json(made.model_dump_json())
    else:
        out.print(made.key, markup=False, highlight=False)


def ls(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List the project's keys."""
    found = client.api_keys.list()
    if arguments.json:
        out.print_json(data=[key.model_dump(mode="json") for key in found])
        return
    table = Table(box=None)
    for heading in ("key", "user", "scope", "name", "expires", "last used", "revoked"):
        table.add_column(heading, no_wrap=True)
    for key in found:
        times = (key.expires_at, key.last_used_at, key.revoked_at)
        shown = [f"{time:%Y-%m-%d %H:%M}" if time else "-" for time in times]
        table.add_row(key.id, key.user, key.scope, key.name, *shown)
    print_table(out, table, "last used", "name", "expires", "revoked")


def revoke(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """End a key at once."""
    key = client.api_keys.revoke(arguments.key)
    if arguments.json:
        out.print_json(key.model_dump_json())
    else:
        out.print(f"{key.id} opens nothing any more", highlight=False)


def whoami(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Say whose key is sent."""
    found = client.principal()
    if arguments.json:
        out.print_json(found.model_dump_json())
    else:
        out.print(f"{found.user} of {found.project}, may {found.scope}", highlight=False)


def audit(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List who changed what."""
    matching = client.audit.list(
        user=arguments.user,
        operation=arguments.operation,
        object_id=arguments.object,
        after=arguments.since,
        before=arguments.until,
        page_size=min(arguments.limit, 200),
    )
    found = list(islice(matching, arguments.limit))
    if arguments.json:
        out.print_json(data=[entry.model_dump(mode="json") for entry in found])
        return
    table = Table(box=None)
    for heading in ("at", "user", "key", "operation", "object", "status", "request"):
        table.add_column(heading, no_wrap=True)
    for entry in found:
        words = (entry.user, entry.key_id or "-", entry.operation, entry.object_id or "-")
        at = f"{entry.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(at, *words, str(entry.status), entry.request_id)
    print_table(out, table, "request", "key", "status", "user", "at")
