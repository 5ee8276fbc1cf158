"""``client.models``: networks of your own."""

from collections.abc import AsyncIterator, Sequence
from os import PathLike
from pathlib import Path

from bitpareto import _calls as calls
from bitpareto._async.transport import AsyncTransport
from bitpareto.types import Model


class AsyncModels:
    """Upload, list, read and delete networks."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def upload(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        mean: Sequence[float] | float | None = None,
        std: Sequence[float] | float | None = None,
    ) -> Model:
        """Upload an exported program.

        Args:
            path: A ``.pt2`` file of ``torch.export.save``.
            name: For people; by default the file's.
            mean: Per channel, what the network expects to be subtracted from pixels / 255; of grey
                images one number will do. By default the data set's of each search.
            std: Per channel, what is then divided by; stated together with ``mean``.

        Returns:
            The model; ``space={"family": "imported", "model": model.id}`` searches its bits. Of the
            same file with the same name, ``mean`` and ``std``, the one that is there.

        Raises:
            UploadInterruptedError: If the connection broke too often; send it again.
            InvalidRequestError: If the program is malformed, unsafe or not supported; ``.errors``
                says what and where, every unsupported operator at once.
        """
        source = Path(path)
        call = calls.upload_model(source, name or source.name, mean, std)
        return await self._transport.send(call)

    async def get(self, model_id: str) -> Model:
        """Return a model with its layers.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return await self._transport.send(calls.get_model(model_id))

    async def list(self, *, page_size: int = calls.PAGE_LIMIT) -> AsyncIterator[Model]:
        """Yield all models, newest first; further pages are fetched when they are needed."""
        cursor: str | None = None
        while True:
            page = await self._transport.send(calls.list_models(page_size, cursor))
            for each in page.data:
                yield each
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    async def delete(self, model_id: str) -> None:
        """Delete a model; searches that have ended keep their fronts and files.

        Raises:
            NotFoundError: If there is none with this id.
            ConflictError: If a search that has not ended uses it.
        """
        await self._transport.send(calls.delete_model(model_id))
