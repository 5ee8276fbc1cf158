"""``client.spaces``."""

from typing import Any

from bitpareto import _calls as calls
from bitpareto._async.transport import AsyncTransport
from bitpareto.types import SpacePreview


class AsyncSpaces:
    """Look at search spaces."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def preview(self, **fields: Any) -> SpacePreview:
        """Look at a space before a search is made over it; nothing is stored or trained.

        Args:
            **fields: The fields of a search, which are checked as for ``searches.create``:
                ``dataset`` and ``space`` at least. Beside them ``n`` and ``n_samples``, see
                ``bitpareto.types.SpacePreviewRequest``.

        Raises:
            InvalidRequestError: If a field is wrong, or nothing is within the budgets; ``.errors``
                says which, and the smallest value possible.
        """
        return await self._transport.send(calls.preview_space(fields))
