"""Inserts of which two at once are no error."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from db.tables import Base


def insert_or_nothing(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; returns whether it was inserted.

    Of two at once the second hears of the first, and its transaction goes on.
    """
    sqlite = session.connection().dialect.name == "sqlite"
    insert = insert_sqlite if sqlite else insert_postgresql
    key = inspect(table).primary_key[0]
    statement = insert(table).values(dict(values)).on_conflict_do_nothing().returning(key)
    return session.execute(statement).first() is not None
