"""``bitpareto webhooks``: events sent to an address of yours."""

import argparse
from collections.abc import Callable
from itertools import islice
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table
from bitpareto.cli.tables import facts
from bitpareto.errors import DeliveryFailedError
from bitpareto.types import Webhook, WebhookCreated, WebhookDelivery
from bitpareto.types.searches import EventType
from bitpareto.types.webhooks import DeliveryState


def declare(verbs: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    own = verbs.add_parser("webhooks", help="have events sent to an address of yours")
    kinds = own.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = "bitpareto webhooks add https://ci.example.org/hook --type search.state"
    made = add("add", create, "add a webhook; its secret is shown this once", example, kinds)
    made.add_argument("url", metavar="URL", help="of http or https")
    _takes_choice(made)
    made.add_argument("--description", default="", metavar="TEXT", help="for people")
    add("ls", ls, "list the project's webhooks", "bitpareto webhooks ls", kinds)
    _takes_id(add("show", show, "show a webhook", "bitpareto webhooks show whk_01J...", kinds))
    example = "bitpareto webhooks set whk_01J... --disable"
    changed = add("set", update, "change a webhook", example, kinds)
    _takes_id(changed)
    changed.add_argument("--url", help="send to this address")
    _takes_choice(changed)
    changed.add_argument("--all-types", action="store_true", help="of all types again")
    changed.add_argument("--all-searches", action="store_true", help="of all searches again")
    changed.add_argument("--description", metavar="TEXT", help="for people")
    state = changed.add_mutually_exclusive_group()
    state.add_argument("--enable", action="store_const", const=True, dest="enabled")
    state.add_argument("--disable", action="store_const", const=False, dest="enabled")
    example = "bitpareto webhooks rm whk_01J..."
    _takes_id(add("rm", rm, "remove a webhook with its log", example, kinds))
    example = "bitpareto webhooks rotate whk_01J... --overlap 3600"
    rotated = add("rotate", rotate, "replace a secret; it is shown this once", example, kinds)
    _takes_id(rotated)
    overlap = "seconds for which the old one signs as well; default a day"
    rotated.add_argument("--overlap", type=float, metavar="S", help=overlap)
    tried = add("test", test, "send a ping", "bitpareto webhooks test whk_01J...", kinds)
    _takes_id(tried)
    example = "bitpareto webhooks deliveries whk_01J... --state failed"
    sent = add("deliveries", deliveries, "list what was sent, newest first", example, kinds)
    _takes_id(sent)
    sent.add_argument("--state", choices=get_args(DeliveryState), help="only those")
    sent.add_argument("--limit", type=int, default=50, metavar="N", help="default 50")
    example = "bitpareto webhooks redeliver whk_01J... dlv_01J..."
    again = add("redeliver", redeliver, "send a delivery again", example, kinds)
    _takes_id(again)
    again.add_argument("delivery", metavar="DELIVERY", help="id of a delivery")


def _takes_id(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("webhook", metavar="WEBHOOK", help="id of a webhook")


def _takes_choice(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--type",
        action="append",
        choices=get_args(EventType),
        metavar="TYPE",
        help="only events of this type, such as front.changed; repeatable",
    )
    only = "only events of it; repeatable"
    verb.add_argument("--search", action="append", metavar="SEARCH", help=only)


def create(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Add a webhook and print its secret, this once."""
    made = client.webhooks.create(
        arguments.url,
        event_types=arguments.type or (),
        search_ids=arguments.search or (),
        description=arguments.description,
    )
    _show_secret(made, arguments, out)


def ls(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List webhooks."""
    found = client.webhooks.list()
    if arguments.json:
        out.print_json(data=[each.model_dump(mode="json") for each in found])
        return
    table = Table(box=None)
    for heading in ("webhook", "state", "waiting", "events", "description"):
        table.add_column(heading, no_wrap=True)
    table.add_column("url", overflow="fold")
    for each in found:
        words = (_state(each), str(each.n_pending), _events(each), each.description, each.url)
        table.add_row(each.id, *words)
    print_table(out, table, "description", "events", "waiting")


def show(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show a webhook."""
    _show(client.webhooks.get(arguments.webhook), arguments, out)


def update(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Change a webhook."""
    changed = client.webhooks.update(
        arguments.webhook,
        url=arguments.url,
        event_types=() if arguments.all_types else arguments.type,
        search_ids=() if arguments.all_searches else arguments.search,
        description=arguments.description,
        enabled=arguments.enabled,
    )
    _show(changed, arguments, out)


def rm(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Remove a webhook."""
    client.webhooks.remove(arguments.webhook)
    if arguments.json:
        out.print_json(data={"id": arguments.webhook, "removed": True})
    else:
        out.print(f"{arguments.webhook} is removed", highlight=False)


def rotate(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Replace a secret and print the new one, this once."""
    rotated = client.webhooks.rotate(arguments.webhook, overlap_s=arguments.overlap)
    _show_secret(rotated, arguments, out)


def test(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Send a ping; it is an error if it was not taken."""
    delivery = client.webhooks.test(arguments.webhook)
    if arguments.json:
        out.print_json(delivery.model_dump_json())
    if delivery.state != "delivered":
        raise DeliveryFailedError(delivery)
    if not arguments.json:
        line = f"delivered: {delivery.response_status} after {delivery.seconds:.2f} s"
        out.print(line, highlight=False)


def deliveries(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """List what was sent."""
    pages = client.webhooks.deliveries(
        arguments.webhook, state=arguments.state, page_size=min(arguments.limit, 200)
    )
    found = list(islice(pages, arguments.limit))
    if arguments.json:
        out.print_json(data=[each.model_dump(mode="json") for each in found])
        return
    table = Table(box=None)
    for heading in ("delivery", "event", "type", "state", "attempts", "status", "next attempt"):
        table.add_column(heading, no_wrap=True)
    table.add_column("error", overflow="fold")
    for each in found:
        table.add_row(*_delivery_words(each))
    print_table(out, table, "status", "next attempt", "event", "attempts", "error")


def redeliver(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Send a delivery again."""
    again = client.webhooks.redeliver(arguments.webhook, arguments.delivery)
    if arguments.json:
        out.print_json(again.model_dump_json())
    else:
        out.print(f"{again.id} is sent again", highlight=False)


def _show(webhook: Webhook, arguments: argparse.Namespace, out: Console) -> None:
    if arguments.json:
        out.print_json(webhook.model_dump_json())
        return
    reason, paused = webhook.disabled_reason, webhook.paused_until
    rows = {
        "id": webhook.id,
        "url": webhook.url,
        "state": f"disabled: {reason.message}" if reason else _state(webhook),
        "events": _events(webhook),
        "waiting": str(webhook.n_pending),
        "error": webhook.last_error or "-",
        "tried again": f"{paused.astimezone():%Y-%m-%d %H:%M:%S}" if paused else "-",
        "description": webhook.description or "-",
        "created": f"{webhook.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
    }
    table = facts()
    for name, value in rows.items():
        table.add_row(name, value)
    out.print(table)


def _show_secret(made: WebhookCreated, arguments: argparse.Namespace, out: Console) -> None:
    if arguments.json:
        out.print_json(made.model_dump_json())
    else:
        out.print(f"{made.id} {made.secret}", markup=False, highlight=False)


def _state(webhook: Webhook) -> str:
    if not webhook.enabled:
        return "disabled"
    return "failing" if webhook.failing_since else "enabled"


def _events(webhook: Webhook) -> str:
    types = ", ".join(webhook.event_types) or "all"
    return types + (f" of {len(webhook.search_ids)} searches" if webhook.search_ids else "")


def _delivery_words(delivery: WebhookDelivery) -> tuple[str, ...]:
    next_at = delivery.next_attempt_at
    return (
        delivery.id,
        "-" if delivery.event_id is None else str(delivery.event_id),
        delivery.event_type,
        delivery.state,
        str(delivery.attempts),
        "-" if delivery.response_status is None else str(delivery.response_status),
        f"{next_at.astimezone():%m-%d %H:%M:%S}" if next_at else "-",
        delivery.error or "",
    )
