"""``bitpareto``: submit searches, follow them, fetch their fronts."""

import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from rich.console import Console

from bitpareto._sync.client import Client
from bitpareto.cli.arguments import parse_arguments
from bitpareto.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    BitparetoError,
    ConflictError,
    DeclarationError,
    DeliveryFailedError,
    ExporterMissingError,
    ExportError,
    InvalidRequestError,
    NoPointError,
    NotFoundError,
    PermissionDeniedError,
    SearchFailedError,
    SizeError,
    UploadInterruptedError,
    UsageError,
    VerificationError,
    VerifierMissingError,
)


class Exit(IntEnum):
    """Exit statuses."""

    OK = 0
    SEARCH_FAILED = 1
    USAGE = 2
    CONNECTION = 3
    NOT_FOUND = 4
    DAMAGED = 5
    WRONG = 6
    NO_DATA = 7
    NOT_INSTALLED = 8
    DENIED = 9
    INTERRUPTED = 130


_PIPED_WIDTH: Final = 400
"""A file or a pipe has no edge at which tables would have to be cut."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    piped = not sys.stdout.isatty()
    out = Console(
        soft_wrap=piped,
        width=_PIPED_WIDTH if piped else None,
        markup=False,  # what people call their searches is text, whatever brackets it has
        emoji=False,
    )
    try:
        with Client(base_url=arguments.base_url) as client:
            arguments.run(client, arguments, out)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `bitpareto ls | head`
        sys.stderr.close()
        return Exit.OK
    except (BitparetoError, OSError) as error:
        sys.stderr.write(f"bitpareto: {_message(error)}\n")
        return exit_status(error)
    return Exit.OK


def _message(error: Exception) -> str:
    match error:
        case UploadInterruptedError():
            return str(error)
        case APIConnectionError():
            return (
                f"{error}\n  Is the server up (make up, bitpareto-server up)? Is it elsewhere? "
                "Say where with --base-url or BITPARETO_BASE_URL."
            )
        case BitparetoError() | OSError(filename=None):
            return str(error)
        case OSError():
            return f"{error.filename}: {error.strerror}"
        case _:
            return str(error)


_EXPORT: Final = {
    "damaged": Exit.DAMAGED,
    "impossible": Exit.USAGE,
    "no_data": Exit.NO_DATA,
    "no_target": Exit.NOT_INSTALLED,
}


def exit_status(error: Exception) -> Exit:
    """Return the exit status that tells a script what to do about an error."""
    match error:
        case SearchFailedError() | DeliveryFailedError():
            return Exit.SEARCH_FAILED
        case NotFoundError() | NoPointError():
            return Exit.NOT_FOUND
        case AuthenticationError() | PermissionDeniedError():
            return Exit.DENIED
        case BadRequestError() | InvalidRequestError() | ConflictError():
            return Exit.USAGE
        case VerificationError():
            return {"damaged": Exit.DAMAGED, "wrong": Exit.WRONG}.get(error.status, Exit.NO_DATA)
        case ExportError():
            return _EXPORT.get(error.status, Exit.WRONG)
        case VerifierMissingError() | ExporterMissingError():
            return Exit.NOT_INSTALLED
        case SizeError() | DeclarationError() | UsageError():
            return Exit.USAGE
        case APIConnectionError() | APIStatusError() | BitparetoError():
            return Exit.CONNECTION
        case _:  # a file that cannot be read or written
            return Exit.USAGE
