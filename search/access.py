"""Who may do what: projects, their members, and the keys that members act with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

DEFAULT_PROJECT: Final = "default"
"""Where everything is that was made before there were projects, or without a key; whoever belongs
to it runs the deployment."""


ELSEWHERE: Final = "another project"
"""Stands for the id of what a shared worker does for others."""


class Scope(StrEnum):
    """What a key may do at most; each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def allows(self, needed: "Scope") -> bool:
        """Whether this includes ``needed``."""
        return _RANK[self] >= _RANK[needed]


_RANK: Final = {scope: rank for rank, scope in enumerate(Scope)}


class Role(StrEnum):
    """What a member of a project may do at most."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


SCOPE_OF_ROLE: Final[Mapping[Role, Scope]] = MappingProxyType(
    {Role.VIEWER: Scope.READ, Role.EDITOR: Scope.WRITE, Role.ADMIN: Scope.ADMIN}
)


ROLE_OF_SCOPE: Final[Mapping[Scope, Role]] = MappingProxyType(
    {scope: role for role, scope in SCOPE_OF_ROLE.items()}
)


def least(first: Scope, second: Scope) -> Scope:
    """Return what both allow."""
    return second if first.allows(second) else first


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A wall: nothing in a project is seen, or can be guessed, from another one."""

    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user of a project."""

    project_id: str
    user: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as stored; its secret is known to its holder alone.

    Attributes:
        user: Who acts with it; what it may do is also bound by this user's role.
        expires_at: ``None`` for a key that does not expire.
        last_used_at: To the minute.
    """

    id: str
    project_id: str
    user: str
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A browser that acts for a key, as stored; its secret is in the browser's cookie alone."""

    id: str
    project_id: str
    key_id: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who sent a request.

    Attributes:
        key_id: ``None`` where no key is needed.
        scope: What the key and its user's role both allow.
    """

    project_id: str
    user: str
    key_id: str | None
    scope: Scope

    @property
    def runs_deployment(self) -> bool:
        """Whether what concerns all projects is this principal's business."""
        return self.project_id == DEFAULT_PROJECT


LOCAL_USER: Final = Principal(
    project_id=DEFAULT_PROJECT, user="local", key_id=None, scope=Scope.ADMIN
)
"""Whoever asks a server that this machine alone can reach."""
