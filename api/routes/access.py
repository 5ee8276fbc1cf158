"""``/v1/api-keys`` and ``/v1/projects``: who may do what."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response, status

from api.audit import name_made
from api.deps import AllProjectsDep, NowDep, PrincipalDep, StoreDep
from api.errors import problem_responses
from bitpareto import types as wire
from search.access import ApiKey, Member, Project, Role, Scope
from search.errors import NotFoundError
from search.store import UnitOfWork
from search.use_cases.access import create_key as make_key
from search.use_cases.access import create_project, revoke_key, set_member

router = APIRouter(prefix="/v1", tags=["access"])

ProjectPath = Annotated[str, Path(description="Name of a project.")]
UserPath = Annotated[str, Path(description="Name of a user.", max_length=100)]


@router.get("/principal", responses=problem_responses(503), summary="Who am I")
def get_principal(principal: PrincipalDep) -> wire.Principal:
    """Return whose key this is, in which project, and what it allows now."""
    return wire.Principal(
        project=principal.project_id,
        user=principal.user,
        key_id=principal.key_id,
        scope=principal.scope.value,
    )


@router.post(
    "/api-keys",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 408, 413, 422, 503),
    summary="Make an API key",
)
def create_key(
    body: wire.ApiKeyCreate,
    request: Request,
    principal: PrincipalDep,
    store: StoreDep,
    now: NowDep,
) -> wire.ApiKeyCreated:
    """Make a key for a member of the project; `key` is shown now and never again."""
    with store.begin() as uow:
        made, text = make_key(
            uow,
            project_id=principal.project_id,
            user=principal.user if body.user is None else body.user,
            name=body.name,
            scope=Scope(body.scope),
            expires_at=body.expires_at,
            now=now,
        )
    name_made(request, made.id)
    return wire.ApiKeyCreated(**_key_fields(made), key=text)


@router.get("/api-keys", responses=problem_responses(503), summary="List the project's API keys")
def list_keys(store: StoreDep) -> wire.ApiKeys:
    """Return every key, newest first, revoked ones too; never a secret."""
    with store.read() as uow:
        found = uow.access.keys()
    return wire.ApiKeys(data=[wire.ApiKey(**_key_fields(key)) for key in found])


@router.post(
    "/api-keys/{key_id}:revoke", responses=problem_responses(404, 503), summary="Revoke an API key"
)
def revoke(key_id: str, store: StoreDep, now: NowDep) -> wire.ApiKey:
    """End it at once; the same again when repeated."""
    with store.begin() as uow:
        return wire.ApiKey(**_key_fields(revoke_key(uow, key_id, now)))


@router.get("/projects", responses=problem_responses(503), summary="List projects")
def list_projects(store: StoreDep) -> wire.Projects:
    """Return the project of this key: another one takes another key."""
    with store.read() as uow:
        return wire.Projects(data=[_project(project) for project in uow.access.projects()])


@router.post(
    "/projects",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 408, 409, 413, 422, 503),
    summary="Make a project",
)
def add_project(
    body: wire.ProjectCreate, request: Request, store: AllProjectsDep, now: NowDep
) -> wire.ProjectCreated:
    """Make an empty project with its first admin, and a key for that user, shown only now."""
    with store.begin() as uow:
        project = create_project(uow, body.name, now)
        set_member(uow, project.name, body.admin, Role.ADMIN, now)
        made, text = make_key(
            uow,
            project_id=project.name,
            user=body.admin,
            name="first key of the project",
            scope=Scope.ADMIN,
            expires_at=None,
            now=now,
        )
    name_made(request, project.name)
    key = wire.ApiKeyCreated(**_key_fields(made), key=text)
    return wire.ProjectCreated(name=project.name, created_at=project.created_at, api_key=key)


@router.get(
    "/projects/{project}/members",
    responses=problem_responses(404, 503),
    summary="List a project's members",
)
def list_members(project: ProjectPath, store: StoreDep) -> wire.Members:
    """Return them by name."""
    with store.read() as uow:
        _check_exists(uow, project)
        return wire.Members(data=[_member(member) for member in uow.access.members(project)])


@router.put(
    "/projects/{project}/members/{user}",
    responses=problem_responses(400, 404, 408, 413, 422, 503),
    summary="Give a user a role",
)
def set_role(
    project: ProjectPath, user: UserPath, body: wire.MemberSet, store: StoreDep, now: NowDep
) -> wire.Member:
    """Make them a member, or change what they may do; their keys follow at once."""
    with store.begin() as uow:
        return _member(set_member(uow, project, user, Role(body.role), now))


@router.delete(
    "/projects/{project}/members/{user}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(404, 422, 503),
    summary="Remove a member",
)
def remove_member(project: ProjectPath, user: UserPath, store: StoreDep) -> Response:
    """Their keys open nothing from now on; the same again when repeated."""
    with store.begin() as uow:
        _check_exists(uow, project)
        uow.access.remove_member(project, user)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _check_exists(uow: UnitOfWork, project: str) -> None:
    if uow.access.find_project(project) is None:
        raise NotFoundError("project", project)


def _project(project: Project) -> wire.Project:
    return wire.Project(name=project.name, created_at=project.created_at)


def _member(member: Member) -> wire.Member:
    return wire.Member(user=member.user, role=member.role.value, created_at=member.created_at)


def _key_fields(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "project": key.project_id,
        "user": key.user,
        "name": key.name,
        "scope": key.scope.value,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
