"""Hardware profiles in SQL."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from db.tables import HardwareProfileRow
from search.entities import WrittenProfile
from search.errors import NameTakenError


class SqlHardwareProfiles:
    """Implements ``search.store.HardwareProfileRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, profile: WrittenProfile) -> None:
        """Store a new profile; raises ``NameTakenError``."""
        values = {
            "name": profile.name,
            "sha256": profile.sha256,
            "yaml": profile.yaml,
            "created_at": profile.created_at,
        }
        # of two at once the second must hear of the first, not break its transaction
        sqlite = self._session.connection().dialect.name == "sqlite"
        insert = insert_sqlite if sqlite else insert_postgresql
        statement = insert(HardwareProfileRow).values(values).on_conflict_do_nothing()
        added = self._session.scalar(statement.returning(HardwareProfileRow.name))
        if added is None:
            raise NameTakenError("hardware profile", profile.name)

    def find(self, name: str) -> WrittenProfile | None:
        """Return the profile of this name, if any."""
        row = self._session.get(HardwareProfileRow, name)
        return None if row is None else _to_profile(row)

    def all(self) -> list[WrittenProfile]:
        """Return every profile, by name."""
        query = select(HardwareProfileRow).order_by(HardwareProfileRow.name)
        return [_to_profile(row) for row in self._session.scalars(query)]


def _to_profile(row: HardwareProfileRow) -> WrittenProfile:
    return WrittenProfile(
        name=row.name, sha256=row.sha256, yaml=row.yaml, created_at=row.created_at
    )
