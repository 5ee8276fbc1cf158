"""Making projects, members and keys, and finding out who sent a request."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from search.access import SCOPE_OF_ROLE, ApiKey, Member, Principal, Project, Role, Scope, least
from search.api_keys import key_text, new_secret, parse_key, secret_fits, secret_hash
from search.errors import (
    AuthenticationError,
    FieldProblem,
    InvalidRequestError,
    NameTakenError,
    NotFoundError,
)
from search.ids import new_id
from search.store import Store, UnitOfWork

_PROJECT_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_USER_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,98}[A-Za-z0-9])?")
_USE_NOTED_EVERY: Final = timedelta(minutes=1)
_UNKNOWN: Final = "this takes a valid API key: Authorization: Bearer bp_…"


def create_project(uow: UnitOfWork, name: str, now: datetime) -> Project:
    """Make an empty project.

    Raises:
        InvalidRequestError: If the name cannot be one.
        NameTakenError: If there is one of this name.
    """
    if not _PROJECT_NAME.fullmatch(name):
        detail = "a project's name has 1 to 40 of a to z, 0 to 9 and -, and no - at an end"
        raise InvalidRequestError([FieldProblem("/name", "bad_name", detail)])
    if uow.access.find_project(name) is not None:
        raise NameTakenError("project", name)
    project = Project(name=name, created_at=now)
    uow.access.add_project(project)
    return project


def set_member(uow: UnitOfWork, project_id: str, user: str, role: Role, now: datetime) -> Member:
    """Give a user a role in a project, or another role.

    Raises:
        InvalidRequestError: If the name cannot be a user's.
        NotFoundError: If there is no such project.
    """
    if not _USER_NAME.fullmatch(user):
        detail = "a user's name has 1 to 100 letters and digits, within it also . _ @ + and -"
        raise InvalidRequestError([FieldProblem("/user", "bad_name", detail)])
    if uow.access.find_project(project_id) is None:
        raise NotFoundError("project", project_id)
    known = uow.access.find_member(project_id, user)
    member = Member(
        project_id=project_id, user=user, role=role, created_at=known.created_at if known else now
    )
    uow.access.save_member(member)
    return member


def create_key(
    uow: UnitOfWork,
    *,
    project_id: str,
    user: str,
    name: str,
    scope: Scope,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Make a key for a member; its text is nowhere else.

    Raises:
        InvalidRequestError: If the user is no member, may not do what the key would allow, or the
            key would have expired already.
    """
    member = uow.access.find_member(project_id, user)
    problems = []
    if member is None:
        members = tuple(each.user for each in uow.access.members(project_id))
        detail = f"{user!r} is no member of project {project_id!r}"
        if not members:
            detail += ", which has none; `bitpareto-server keys create` makes the first"
        problems.append(FieldProblem("/user", "no_member", detail, members))
    elif not (most := SCOPE_OF_ROLE[member.role]).allows(scope):
        detail = f"{user!r} is {member.role} of project {project_id!r}, which does not allow it"
        allowed = tuple(str(each) for each in Scope if most.allows(each))
        problems.append(FieldProblem("/scope", "above_role", detail, allowed))
    if expires_at is not None and expires_at <= now:
        problems.append(FieldProblem("/expires_at", "past", "this time has passed"))
    if problems:
        raise InvalidRequestError(problems)
    key = ApiKey(
        id=new_id("key"),
        project_id=project_id,
        user=user,
        name=name,
        scope=scope,
        created_at=now,
        expires_at=expires_at,
    )
    secret = new_secret()
    uow.access.add_key(key, secret_hash(key.id, secret))
    return key, key_text(key.id, secret)


def revoke_key(uow: UnitOfWork, key_id: str, now: datetime) -> ApiKey:
    """End a key; one that is revoked already stays as it is.

    Raises:
        NotFoundError: If there is none.
    """
    key = uow.access.get_key(key_id)
    if key.revoked_at is not None:
        return key
    revoked = replace(key, revoked_at=now)
    uow.access.save_key(revoked)
    return revoked


def authenticate(store: Store, text: str) -> Principal:
    """Return who a key belongs to, and note its use.

    Args:
        store: Of all projects.
        text: The key as it was sent.

    Raises:
        AuthenticationError: If it is no key, or no longer one.
    """
    now = store.now()
    key_id, secret = parse_key(text) or ("", "")
    with store.read() as uow:
        kept = uow.access.find_secret_hash(key_id)
        if not secret_fits(key_id, secret, kept):
            raise AuthenticationError(_UNKNOWN)
        principal, key = principal_of(uow, key_id, now)
    if key.last_used_at is None or now - key.last_used_at >= _USE_NOTED_EVERY:
        with store.begin() as uow:
            uow.access.save_key(replace(uow.access.get_key(key_id), last_used_at=now))
    return principal


def principal_of(uow: UnitOfWork, key_id: str, now: datetime) -> tuple[Principal, ApiKey]:
    """Return whoever acts with a key that is known to be theirs.

    Raises:
        AuthenticationError: If the key has expired or was revoked, or its user has left.
    """
    key = uow.access.get_key(key_id)
    member = uow.access.find_member(key.project_id, key.user)
    if member is None or not key.is_valid(now):
        raise AuthenticationError(_UNKNOWN)
    scope = least(key.scope, SCOPE_OF_ROLE[member.role])
    principal = Principal(project_id=key.project_id, user=key.user, key_id=key.id, scope=scope)
    return principal, key
