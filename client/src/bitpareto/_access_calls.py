"""Calls about projects, members and API keys."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from bitpareto._calls import Call, Param, given, reader
from bitpareto.types import (
    ApiKey,
    ApiKeyCreated,
    ApiKeys,
    AuditEntry,
    Member,
    Members,
    Page,
    Principal,
    ProjectCreated,
    Projects,
)

_read_principal = reader(Principal)
_read_key = reader(ApiKey)
_read_created = reader(ApiKeyCreated)
_read_keys = reader(ApiKeys)
_read_projects = reader(Projects)
_read_project = reader(ProjectCreated)
_read_member = reader(Member)
_read_members = reader(Members)
_read_audit = reader(Page[AuditEntry])


def get_principal() -> Call[Principal]:
    """Read who the key belongs to."""
    return Call(method="GET", path="/v1/principal", read=_read_principal)


def create_key(fields: Mapping[str, Any]) -> Call[ApiKeyCreated]:
    """Make a key; twice makes two."""
    body = _body(fields)
    path = "/v1/api-keys"
    return Call(method="POST", path=path, read=_read_created, body=body, idempotent=False)


def list_keys() -> Call[ApiKeys]:
    """Read the project's keys."""
    return Call(method="GET", path="/v1/api-keys", read=_read_keys)


def revoke_key(key_id: str) -> Call[ApiKey]:
    """End a key."""
    path = f"/v1/api-keys/{quote(key_id, safe='')}:revoke"
    return Call(method="POST", path=path, read=_read_key)


def list_audit(
    limit: int, cursor: str | None, filters: Mapping[str, Param | None]
) -> Call[Page[AuditEntry]]:
    """Read one page of the audit log, newest first."""
    params = given(limit=limit, cursor=cursor, **filters)
    return Call(method="GET", path="/v1/audit", read=_read_audit, params=params)


def list_projects() -> Call[Projects]:
    """Read the projects that the key sees."""
    return Call(method="GET", path="/v1/projects", read=_read_projects)


def create_project(name: str, admin: str) -> Call[ProjectCreated]:
    """Make a project."""
    body, path = _body({"name": name, "admin": admin}), "/v1/projects"
    return Call(method="POST", path=path, read=_read_project, body=body, idempotent=False)


def list_members(project: str) -> Call[Members]:
    """Read a project's members."""
    return Call(method="GET", path=_members_path(project), read=_read_members)


def set_member(project: str, user: str, role: str) -> Call[Member]:
    """Give a user a role."""
    path, body = f"{_members_path(project)}/{quote(user, safe='')}", _body({"role": role})
    return Call(method="PUT", path=path, read=_read_member, body=body)


def remove_member(project: str, user: str) -> Call[bytes]:
    """Take a user out of a project."""
    path = f"{_members_path(project)}/{quote(user, safe='')}"
    return Call(method="DELETE", path=path, read=bytes)


def _members_path(project: str) -> str:
    return f"/v1/projects/{quote(project, safe='')}/members"


def _body(fields: Mapping[str, Any]) -> bytes:
    given = {name: value for name, value in fields.items() if value is not None}
    return TypeAdapter(dict[str, Any]).dump_json(given)
