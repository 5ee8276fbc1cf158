"""Projects, members and keys in SQL."""

from dataclasses import asdict

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.access_tables import ApiKeyRow, MemberRow, ProjectRow, SessionRow
from db.inserts import insert_or_nothing
from search.access import ApiKey, BrowserSession, Member, Project, Role, Scope
from search.errors import NameTakenError, NotFoundError


class SqlAccess:
    """Implements ``search.access_store.AccessRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_project(self, project: Project) -> None:
        """Store a new project; raises ``NameTakenError``."""
        if not insert_or_nothing(self._session, ProjectRow, asdict(project)):
            raise NameTakenError("project", project.name)

    def find_project(self, name: str) -> Project | None:
        """Return a project, if there is one."""
        row = self._session.get(ProjectRow, name)
        return None if row is None else _to_project(row)

    def projects(self) -> list[Project]:
        """Return every project, by name."""
        query = select(ProjectRow).order_by(ProjectRow.name)
        return [_to_project(row) for row in self._session.scalars(query)]

    def save_member(self, member: Member) -> None:
        """Store a member, or its changed role."""
        if insert_or_nothing(self._session, MemberRow, asdict(member)):
            return
        row = self._session.get(MemberRow, (member.project_id, member.user), populate_existing=True)
        if row is None:
            raise NotFoundError("member", member.user)
        row.role = member.role
        self._session.flush()

    def find_member(self, project_id: str, user: str) -> Member | None:
        """Return a member, if there is one."""
        row = self._session.get(MemberRow, (project_id, user))
        return None if row is None else _to_member(row)

    def members(self, project_id: str) -> list[Member]:
        """Return every member of a project, by name."""
        query = select(MemberRow).where(MemberRow.project_id == project_id)
        return [_to_member(row) for row in self._session.scalars(query.order_by(MemberRow.user))]

    def remove_member(self, project_id: str, user: str) -> None:
        """Remove a member, if there is one."""
        self._session.execute(
            delete(MemberRow).where(MemberRow.project_id == project_id, MemberRow.user == user)
        )

    def add_key(self, key: ApiKey, secret_hash: str) -> None:
        """Store a new key."""
        self._session.add(ApiKeyRow(**asdict(key), secret_hash=secret_hash))
        self._session.flush()

    def get_key(self, key_id: str) -> ApiKey:
        """Return a key; raises ``NotFoundError``."""
        return _to_key(self._key_row(key_id))

    def save_key(self, key: ApiKey) -> None:
        """Write a key that exists."""
        row = self._key_row(key.id)
        row.revoked_at, row.last_used_at = key.revoked_at, key.last_used_at
        self._session.flush()

    def find_secret_hash(self, key_id: str) -> str | None:
        """Return the hash of a key's secret, if there is such a key."""
        row = self._session.get(ApiKeyRow, key_id)
        return None if row is None else row.secret_hash

    def keys(self) -> list[ApiKey]:
        """Return every key, newest first."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.id.desc())
        return [_to_key(row) for row in self._session.scalars(query)]

    def add_session(self, session: BrowserSession, secret_hash: str) -> None:
        """Store a new session."""
        self._session.add(SessionRow(**asdict(session), secret_hash=secret_hash))
        self._session.flush()

    def find_session(self, session_id: str) -> tuple[BrowserSession, str] | None:
        """Return a session and the hash of its secret, if there is such a session."""
        row = self._session.get(SessionRow, session_id)
        if row is None:
            return None
        found = BrowserSession(
            id=row.id,
            project_id=row.project_id,
            key_id=row.key_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        return found, row.secret_hash

    def remove_session(self, session_id: str) -> None:
        """Remove a session, if there is one."""
        self._session.execute(delete(SessionRow).where(SessionRow.id == session_id))

    def _key_row(self, key_id: str) -> ApiKeyRow:
        row = self._session.get(ApiKeyRow, key_id)
        if row is None:
            raise NotFoundError("API key", key_id)
        return row


def _to_project(row: ProjectRow) -> Project:
    return Project(name=row.name, created_at=row.created_at)


def _to_member(row: MemberRow) -> Member:
    return Member(
        project_id=row.project_id, user=row.user, role=Role(row.role), created_at=row.created_at
    )


def _to_key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        project_id=row.project_id,
        user=row.user,
        name=row.name,
        scope=Scope(row.scope),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
