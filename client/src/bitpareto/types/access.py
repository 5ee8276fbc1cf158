"""Projects, members and API keys on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from bitpareto.types.base import Open, RequestModel, ResponseModel

KeyScope = Literal["read", "write", "admin"]
"""Each includes those before it."""
MemberRole = Literal["viewer", "editor", "admin"]
UserName = Annotated[str, Field(max_length=100)]


class Principal(ResponseModel):
    """Who sends a request."""

    project: str
    user: str
    key_id: str | None
    """Absent where this machine's own server needs no key."""
    scope: Open[KeyScope]
    """What the key and its user's role both allow."""


class SessionCreate(RequestModel):
    """What a browser signs in with."""

    key: Annotated[str, Field(max_length=200)]
    """An API key."""


class Session(Principal):
    """Who a browser acts for, and until when."""

    expires_at: datetime


class ApiKey(ResponseModel):
    """An API key, less its secret."""

    id: str
    project: str
    user: str
    name: str
    scope: Open[KeyScope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""


class ApiKeyCreated(ApiKey):
    """A key that was just made."""

    key: str
    """What is sent as ``Authorization: Bearer``; it is nowhere else."""


class ApiKeyCreate(RequestModel):
    """What a new key is to be."""

    name: Annotated[str, Field(max_length=200)] = ""
    """For people."""
    scope: KeyScope = "read"
    user: UserName | None = None
    """A member of the project; whoever asks when left out."""
    expires_at: AwareDatetime | None = None


class ApiKeys(ResponseModel):
    """Every key of a project."""

    data: list[ApiKey]


class Project(ResponseModel):
    """A project."""

    name: str
    created_at: datetime


class ProjectCreate(RequestModel):
    """What a new project is to be."""

    name: Annotated[str, Field(max_length=40)]
    """1 to 40 of a to z, 0 to 9 and -; it stays."""
    admin: UserName
    """Its first member."""


class ProjectCreated(Project):
    """A project that was just made, with the first key to it."""

    api_key: ApiKeyCreated


class Projects(ResponseModel):
    """Every project that the key sees."""

    data: list[Project]


class Member(ResponseModel):
    """A user of a project."""

    user: str
    role: Open[MemberRole]
    created_at: datetime


class MemberSet(RequestModel):
    """A member's role."""

    role: MemberRole


class Members(ResponseModel):
    """Every member of a project."""

    data: list[Member]


class AuditEntry(ResponseModel):
    """A request that changed something, or was refused to."""

    id: str
    at: datetime
    user: str
    key_id: str | None
    """Absent where no key was needed."""
    operation: str
    """Its name in OpenAPI."""
    object_id: str | None
    """What it was done to, or what it made."""
    status: int
    """Of the answer: below 400 it was done."""
    request_id: str
