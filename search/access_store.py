"""What the store keeps about access. In a store of one project, that project's alone."""

from typing import Protocol

from search.access import ApiKey, BrowserSession, Member, Project


class AccessRepository(Protocol):
    """Projects, members and keys."""

    def add_project(self, project: Project) -> None:
        """Store a new project; raises ``NameTakenError``."""

    def find_project(self, name: str) -> Project | None:
        """Return a project, if there is one."""

    def projects(self) -> list[Project]:
        """Return every project, by name."""

    def save_member(self, member: Member) -> None:
        """Store a member, or its changed role."""

    def find_member(self, project_id: str, user: str) -> Member | None:
        """Return a member, if there is one."""

    def members(self, project_id: str) -> list[Member]:
        """Return every member of a project, by name."""

    def remove_member(self, project_id: str, user: str) -> None:
        """Remove a member; nothing happens when there is none. Its keys stay, and open nothing."""

    def add_key(self, key: ApiKey, secret_hash: str) -> None:
        """Store a new key."""

    def get_key(self, key_id: str) -> ApiKey:
        """Return a key; raises ``NotFoundError``."""

    def save_key(self, key: ApiKey) -> None:
        """Write a key that exists."""

    def find_secret_hash(self, key_id: str) -> str | None:
        """Return the hash of a key's secret, if there is such a key."""

    def keys(self) -> list[ApiKey]:
        """Return every key, newest first."""

    def add_session(self, session: BrowserSession, secret_hash: str) -> None:
        """Store a new session."""

    def find_session(self, session_id: str) -> tuple[BrowserSession, str] | None:
        """Return a session and the hash of its secret, if there is such a session."""

    def remove_session(self, session_id: str) -> None:
        """Remove a session, if there is one."""
