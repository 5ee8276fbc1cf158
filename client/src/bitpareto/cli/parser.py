"""Parsing that says what may have been meant, and where help is."""

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

_INVALID_CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)")


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose errors name the next step."""

    def error(  # type: ignore[explicit-override]  # Python 3.11 has no override
        self, message: str
    ) -> NoReturn:
        """Say what is wrong, what may have been meant, and where help is."""
        if found := _INVALID_CHOICE.search(message):
            near = get_close_matches(found[1], re.findall(r"[\w.-]+", found[2]), n=1)
            message += f"; did you mean {near[0]}?" if near else ""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: error: {message}\nhelp: {self.prog} --help\n")


def ordered_by_sort(argv: Sequence[str]) -> list[str]:
    """Return a command line whose ``--sort -accuracy`` is ``--sort=-accuracy``.

    Left apart, the value would be taken for an option.

    Example:
        >>> ordered_by_sort(["front", "sea_1", "--sort", "-accuracy", "--limit", "1"])
        ['front', 'sea_1', '--sort=-accuracy', '--limit', '1']
    """
    joined: list[str] = []
    for word in argv:
        if joined and joined[-1] == "--sort" and re.match(r"-[a-z]", word):
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line, each command's defaults having its parser as ``verb``."""
    if not argv:
        parser.print_help(sys.stderr)
        parser.exit(2)
    arguments, unknown = parser.parse_known_args(ordered_by_sort(argv))
    if unknown:
        verb: argparse.ArgumentParser = arguments.verb  # knows the options, as `parser` does not
        verb.error(f"unrecognized arguments: {' '.join(unknown)}{_meant(verb, unknown[0])}")
    return arguments


def _meant(verb: argparse.ArgumentParser, word: str) -> str:
    options = re.findall(r"--[\w-]+", verb.format_usage())
    near = get_close_matches(word.partition("=")[0], options, n=1)
    return f"; did you mean {near[0]}?" if near else ""
