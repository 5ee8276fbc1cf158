# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""The entrance to the SDK."""

from types import TracebackType

import httpx

from bitpareto import _access_calls as access_calls
from bitpareto import _calls as calls
from bitpareto._sync.resources.api_keys import ApiKeys
from bitpareto._sync.resources.audit import Audit
from bitpareto._sync.resources.datasets import Datasets
from bitpareto._sync.resources.events import Events
from bitpareto._sync.resources.hardware_profiles import HardwareProfiles
from bitpareto._sync.resources.models import Models
from bitpareto._sync.resources.projects import Projects
from bitpareto._sync.resources.searches import Searches
from bitpareto._sync.resources.spaces import Spaces
from bitpareto._sync.resources.trials import Trials
from bitpareto._sync.resources.webhooks import Webhooks
from bitpareto._sync.resources.workers import Workers
from bitpareto._sync.transport import Transport
from bitpareto._transport import DEFAULT_TIMEOUT, resolve_api_key, resolve_base_url
from bitpareto.types import Meta, Principal


class Client:
    """Talks to one server; safe to share between threads.

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
        with Client() as client:
            search = client.searches.create(
                dataset="digits", space={"family": "mobilenetv2"}
            )
            search.wait()
            front = search.front()
            best = front.best(max_size="16 KiB")
            best.artifact.download("digits.bpar")
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: httpx.Timeout | float = DEFAULT_TIMEOUT,
        max_retries: int = 2,
        http_client: httpx.Client | None = None,
    ) -> None:
        self._transport = Transport(
            resolve_base_url(base_url),
            api_key=resolve_api_key(api_key),
            timeout=timeout,
            max_retries=max_retries,
            http_client=http_client,
        )
        self.searches = Searches(self._transport)
        self.trials = Trials(self._transport)
        self.models = Models(self._transport)
        self.datasets = Datasets(self._transport)
        self.hardware_profiles = HardwareProfiles(self._transport)
        self.workers = Workers(self._transport)
        self.spaces = Spaces(self._transport)
        self.api_keys = ApiKeys(self._transport)
        self.projects = Projects(self._transport)
        self.audit = Audit(self._transport)
        self.webhooks = Webhooks(self._transport)
        self.events = Events(self._transport)

    @property
    def base_url(self) -> str:
        """Address of the server."""
        return self._transport.base_url

    def meta(self) -> Meta:
        """Return what the server can do: families, data sets, bit choices, limits."""
        return self._transport.send(calls.get_meta())

    def principal(self) -> Principal:
        """Return whose key this is, in which project, and what it allows now."""
        return self._transport.send(access_calls.get_principal())

    def close(self) -> None:
        """Close the connections, unless the httpx client is yours."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
