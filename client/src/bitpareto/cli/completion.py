"""``bitpareto completion``: commands and options by the tab key."""

import argparse
import sys

import shtab
from rich.console import Console

from bitpareto._sync.client import Client

SHELLS = tuple(shtab.SUPPORTED_SHELLS)


def takes_file(argument: argparse.Action) -> None:
    """Have an argument completed by names of files."""
    argument.complete = shtab.FILE  # type: ignore[attr-defined]  # as shtab's documentation says


def show(client: Client, arguments: argparse.Namespace, out: Console) -> None:
    """Print a script for the shell to read."""
    del client, out
    sys.stdout.write(shtab.complete(arguments.parser, arguments.shell))
