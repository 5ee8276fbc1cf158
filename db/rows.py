"""Rows read once in a transaction are held until it ends."""

from typing import TypeVar

from sqlalchemy.orm import Session

from db.tables import Base
from search.errors import NotFoundError

Row = TypeVar("Row", bound=Base)


def held_row(session: Session, table: type[Row], kind: str, key: str, *, lock: bool = False) -> Row:
    """Return a row by its key, read once; ``lock`` takes its lock too.

    Raises:
        NotFoundError: no such row.
    """
    # a session forgets rows that nobody holds, and would read them again to write them
    held: dict[tuple[type[Base], str], tuple[Row, bool]] = session.info
    row, locked = held.get((table, key), (None, False))
    if row is None or lock > locked:
        # a locked read must see what was committed while it waited, not what was read before
        row = session.get(table, key, with_for_update=lock or None, populate_existing=lock)
        if row is None:
            raise NotFoundError(kind, key)
        held[table, key] = row, lock
    return row
