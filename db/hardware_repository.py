"""Hardware profiles in SQL."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.inserts import insert_or_nothing
from db.scoping import project_of
from db.tables import HardwareProfileRow
from search.access import DEFAULT_PROJECT
from search.entities import WrittenProfile
from search.errors import NameTakenError


class SqlHardwareProfiles:
    """Implements ``search.store.HardwareProfileRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, profile: WrittenProfile) -> None:
        """Store a new profile; raises ``NameTakenError``."""
        values: dict[str, Any] = {
            "name": profile.name,
            "sha256": profile.sha256,
            "yaml": profile.yaml,
            "created_at": profile.created_at,
        }
        # an insert by itself is beyond what narrows a session, so it names the project
        values["project_id"] = project_of(self._session) or DEFAULT_PROJECT
        if not insert_or_nothing(self._session, HardwareProfileRow, values):
            raise NameTakenError("hardware profile", profile.name)

    def find(self, name: str) -> WrittenProfile | None:
        """Return the profile of this name, if any."""
        project = project_of(self._session) or DEFAULT_PROJECT
        row = self._session.get(HardwareProfileRow, (project, name))
        return None if row is None else _to_profile(row)

    def all(self) -> list[WrittenProfile]:
        """Return every profile, by name."""
        query = select(HardwareProfileRow).order_by(HardwareProfileRow.name)
        return [_to_profile(row) for row in self._session.scalars(query)]


def _to_profile(row: HardwareProfileRow) -> WrittenProfile:
    return WrittenProfile(
        name=row.name, sha256=row.sha256, yaml=row.yaml, created_at=row.created_at
    )
