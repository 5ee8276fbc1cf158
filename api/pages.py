"""Pages of lists: opaque keyset cursors and the query parameters all lists share."""

import base64
import binascii
from typing import Annotated, Final

from fastapi import Query

from search.errors import FieldProblem, InvalidRequestError

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50

TEXT: Final = "^[^\\x00]*$"
"""PostgreSQL has no NUL in its texts."""

LimitQuery = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items per page.")]
CursorQuery = Annotated[
    str | None,
    Query(max_length=200, description="`next_cursor` of the page before; absent for the first."),
]


def encode_cursor(key: str) -> str:
    """Make the cursor that continues after the item with ``key``."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str | None:
    """Return the key inside a cursor.

    Raises:
        InvalidRequestError: If this server never made such a cursor.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise bad_cursor() from None
    if "\0" in key:
        raise bad_cursor()
    return key


def bad_cursor() -> InvalidRequestError:
    """Make the error for a cursor that no page handed out."""
    detail = "not a cursor of this list; leave it out to start at the first page"
    return InvalidRequestError([FieldProblem("?cursor", "bad_cursor", detail)])
