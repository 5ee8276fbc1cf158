"""``client.projects``: what is walled off from what, and who is inside."""

from bitpareto import _access_calls as calls
from bitpareto._async.transport import AsyncTransport
from bitpareto.types import Member, Project, ProjectCreated
from bitpareto.types.access import MemberRole


class AsyncProjects:
    """Make and list projects, and their members."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, name: str, *, admin: str) -> ProjectCreated:
        """Make a project with its first member; takes an admin's key of the project ``default``.

        Raises:
            ConflictError: If there is one of this name.
        """
        return await self._transport.send(calls.create_project(name, admin))

    async def members(self, project: str) -> list[Member]:
        """Return a project's members by name.

        Raises:
            NotFoundError: If the key sees no such project.
        """
        return (await self._transport.send(calls.list_members(project))).data

    async def set_member(self, project: str, user: str, role: MemberRole) -> Member:
        """Make a user ``viewer``, ``editor`` or ``admin`` of a project; their keys follow."""
        return await self._transport.send(calls.set_member(project, user, role))

    async def remove_member(self, project: str, user: str) -> None:
        """Take a user out of a project; their keys open nothing from then on."""
        await self._transport.send(calls.remove_member(project, user))

    async def list(self) -> list[Project]:
        """Return the projects that the key sees."""
        return (await self._transport.send(calls.list_projects())).data
