"""The entrance to the SDK."""

from types import TracebackType

import httpx

from bitpareto import _access_calls as access_calls
from bitpareto import _calls as calls
from bitpareto._async.resources.api_keys import AsyncApiKeys
from bitpareto._async.resources.audit import AsyncAudit
from bitpareto._async.resources.datasets import AsyncDatasets
from bitpareto._async.resources.events import AsyncEvents
from bitpareto._async.resources.hardware_profiles import AsyncHardwareProfiles
from bitpareto._async.resources.models import AsyncModels
from bitpareto._async.resources.projects import AsyncProjects
from bitpareto._async.resources.searches import AsyncSearches
from bitpareto._async.resources.spaces import AsyncSpaces
from bitpareto._async.resources.trials import AsyncTrials
from bitpareto._async.resources.webhooks import AsyncWebhooks
from bitpareto._async.resources.workers import AsyncWorkers
from bitpareto._async.transport import AsyncTransport
from bitpareto._transport import DEFAULT_TIMEOUT, resolve_api_key, resolve_base_url
from bitpareto.types import Meta, Principal


class AsyncClient:
    """Talks to one server; safe to share between tasks.

    Args:
        base_url: Address of the server; by default ``BITPARETO_BASE_URL``, else this machine's
            port 8642.
        api_key: Sent with every call; by default ``BITPARETO_API_KEY``. A server that listens on
            this machine alone needs none.
        timeout: Seconds, or an ``httpx.Timeout``, for one attempt of a call.
        max_retries: Further attempts after connection errors, 408, 429 and 500 and above, for calls
            that are safe to repeat. The server's ``Retry-After`` is obeyed.
        http_client: An httpx client of your own, for proxies or certificates; you close it.

    Attributes:
        searches: Create, clone, read, list, extend, pause, resume and cancel searches.
        trials: Read, cancel and replicate trials.
        models: Upload networks of your own, list and read them.
        datasets: Upload data sets of your own; list, read, fetch and delete them.
        hardware_profiles: Add, list and read hardware profiles.
        workers: List worker processes.
        spaces: Look at search spaces.
        api_keys: Make, list and revoke API keys.
        projects: Make and list projects, and who is a member.
        audit: Read who changed what.
        webhooks: Have events sent to an address of yours.
        events: Follow what happens in all searches.

    Example:
        async with AsyncClient() as client:
            search = await client.searches.create(
                dataset="digits", space={"family": "mobilenetv2"}
            )
            await search.wait()
            front = await search.front()
            best = front.best(max_size="16 KiB")
            await best.artifact.download("digits.bpar")
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: httpx.Timeout | float = DEFAULT_TIMEOUT,
        max_retries: int = 2,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        self._transport = AsyncTransport(
            resolve_base_url(base_url),
            api_key=resolve_api_key(api_key),
            timeout=timeout,
            max_retries=max_retries,
            http_client=http_client,
        )
        self.searches = AsyncSearches(self._transport)
        self.trials = AsyncTrials(self._transport)
        self.models = AsyncModels(self._transport)
        self.datasets = AsyncDatasets(self._transport)
        self.hardware_profiles = AsyncHardwareProfiles(self._transport)
        self.workers = AsyncWorkers(self._transport)
        self.spaces = AsyncSpaces(self._transport)
        self.api_keys = AsyncApiKeys(self._transport)
        self.projects = AsyncProjects(self._transport)
        self.audit = AsyncAudit(self._transport)
        self.webhooks = AsyncWebhooks(self._transport)
        self.events = AsyncEvents(self._transport)

    @property
    def base_url(self) -> str:
        """Address of the server."""
        return self._transport.base_url

    async def meta(self) -> Meta:
        """Return what the server can do: families, data sets, bit choices, limits."""
        return await self._transport.send(calls.get_meta())

    async def principal(self) -> Principal:
        """Return whose key this is, in which project, and what it allows now."""
        return await self._transport.send(access_calls.get_principal())

    async def aclose(self) -> None:
        """Close the connections, unless the httpx client is yours."""
        await self._transport.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
