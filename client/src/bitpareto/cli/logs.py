"""``bitpareto log`` and ``bitpareto attempts``: what a trial's workers did."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from bitpareto._sync.client import Client
from bitpareto.cli.fitting import print_table
from bitpareto.types.trials import Attempt


def log(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Print what a trial's training printed."""
    if arguments.follow:
        for text in client.trials.follow_log(arguments.trial):
            _write(text)
        return
    text = client.trials.log(arguments.trial, tail=arguments.tail, attempt=arguments.attempt)
    if arguments.json:
        out.print_json(data={"trial_id": arguments.trial, "log": text})
    else:
        _write(text)


def attempts(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Show a trial's attempts."""
    found = client.trials.attempts(arguments.trial)
    if arguments.json:
        out.print_json(data=[attempt.model_dump(mode="json") for attempt in found])
        return
    table = Table(box=None)
    for heading in ("attempt", "worker", "began", "took"):
        table.add_column(heading, no_wrap=True)
    table.add_column("ended", overflow="fold")
    for attempt in found:
        table.add_row(
            str(attempt.number),
            attempt.worker_id,
            f"{attempt.began_at.astimezone():%Y-%m-%d %H:%M:%S}",
            _duration(attempt),
            _end(attempt),
        )
    print_table(out, table, "began")


def _write(text: str) -> None:
    # as it is: a log is nobody's markup, and its lines are not to be wrapped
    sys.stdout.write(text)
    sys.stdout.flush()


def _duration(attempt: Attempt) -> str:
    if attempt.ended_at is None:
        return "-"
    return f"{(attempt.ended_at - attempt.began_at).total_seconds():.1f} s"


def _end(attempt: Attempt) -> str:
    if attempt.ended_as is None:
        return "in work"
    reason = attempt.reason
    return f"{attempt.ended_as}: {reason.message}" if reason else attempt.ended_as
