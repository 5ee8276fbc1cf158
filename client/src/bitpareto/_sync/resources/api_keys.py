# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""``client.api_keys``: what opens a project."""

from datetime import datetime

from bitpareto import _access_calls as calls
from bitpareto._sync.transport import Transport
from bitpareto.types import ApiKey, ApiKeyCreated
from bitpareto.types.access import KeyScope


class ApiKeys:
    """Make, list and revoke API keys of a project; all of it takes an admin's key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        scope: KeyScope = "read",
        user: str | None = None,
        name: str = "",
        expires_at: datetime | None = None,
    ) -> ApiKeyCreated:
        """Make a key; its ``key`` is shown now and never again.

        Args:
            scope: What it may do at most: ``read``, ``write`` or ``admin``.
            user: A member of the project; you, when left out.
            name: For people.
            expires_at: With its time zone; never, when left out.

        Raises:
            InvalidRequestError: If the user is no member or may not do that much.
        """
        fields = {"scope": scope, "user": user, "name": name, "expires_at": expires_at}
        return self._transport.send(calls.create_key(fields))

    def list(self) -> list[ApiKey]:
        """Return the project's keys, newest first, less their secrets."""
        return (self._transport.send(calls.list_keys())).data

    def revoke(self, key_id: str) -> ApiKey:
        """End a key at once.

        Raises:
            NotFoundError: If the project has no such key.
        """
        return self._transport.send(calls.revoke_key(key_id))
