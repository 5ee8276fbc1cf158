"""``client.datasets``: data sets of your own, and those of the server."""

from collections.abc import AsyncIterator, Callable
from os import PathLike
from pathlib import Path
from typing import Literal

from bitpareto import _calls as calls
from bitpareto import _dataset_calls as dataset_calls
from bitpareto._async.downloads import fetch_file
from bitpareto._async.transport import AsyncTransport
from bitpareto._files import as_one_file, partial_file, put_file
from bitpareto.errors import BitparetoError
from bitpareto.types import Dataset


class AsyncDatasets:
    """Upload, list, read, fetch and delete data sets."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def upload(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        resize: int | tuple[int, int] | None = None,
        channels: Literal[1, 3] | None = None,
        validation_fraction: float | None = None,
        test_fraction: float | None = None,
        split_seed: int | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Dataset:
        """Upload images with their labels; the answer comes when the server has checked them all.

        Args:
            path: An ``.npz``, a ``.parquet`` file in the layout of Hugging Face, a ``.zip`` of such
                files or of class folders, or a folder, which is sent as a zip.
            name: What searches call it; by default the file's name.
            resize: Side of every image, or height and width; without it all must have one size.
            channels: 1 for grey, 3 for colour; by default what the first image has.
            validation_fraction: Of the training images, where there is no validation split; the
                server's default is 0.1.
            test_fraction: Likewise for the test split.
            split_seed: Of both.
            on_progress: Told how many bytes of how many have been sent; they are sent anew where
                the connection broke.

        Returns:
            The data set; of the very same data, the one that is there. A search takes its ``name``
            or ``id`` as ``dataset``.

        Raises:
            InvalidRequestError: If the file is damaged, hostile, too long, or not one of these
                layouts; ``.errors`` says what and where.
            ConflictError: If another data set has the name.
            UploadInterruptedError: If the connection broke too often; send it again.
        """
        source = Path(path)
        height, width = (resize, resize) if isinstance(resize, int) else resize or (0, 0)
        options = {
            "name": name or dataset_calls.name_of(source),
            "resize": f"{height}x{width}" if resize is not None else None,
            "channels": channels,
            "validation_fraction": validation_fraction,
            "test_fraction": test_fraction,
            "split_seed": split_seed,
        }
        with as_one_file(source) as file:
            n_bytes = file.stat().st_size
            told = None if on_progress is None else lambda n_sent: on_progress(n_sent, n_bytes)
            call = dataset_calls.upload_dataset(file, options, told)
            return await self._transport.send(call)

    async def get(self, reference: str) -> Dataset:
        """Return a data set by name or id.

        Raises:
            NotFoundError: If there is none.
        """
        return await self._transport.send(dataset_calls.get_dataset(reference))

    async def list(self, *, page_size: int = calls.PAGE_LIMIT) -> AsyncIterator[Dataset]:
        """Yield all data sets, newest first, those that come with the server at the end."""
        cursor: str | None = None
        while True:
            page = await self._transport.send(dataset_calls.list_datasets(page_size, cursor))
            for each in page.data:
                yield each
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    async def delete(self, reference: str) -> None:
        """Delete a data set by name or id; searches that have ended keep their fronts.

        Raises:
            NotFoundError: If there is none.
            ConflictError: If a search that has not ended uses it.
        """
        await self._transport.send(dataset_calls.delete_dataset(reference))

    async def download(self, reference: str, path: str | PathLike[str]) -> Path:
        """Fetch pixels, labels and splits as they are searched on, verified, in one step.

        Args:
            reference: Name or id of an uploaded data set.
            path: File to write, or a folder that exists, where it gets the data set's name. It is a
                safetensors file: ``train.images`` ``(N, C, H, W)``, ``train.labels`` and so on.

        Raises:
            DownloadError: If the bytes are not those promised; nothing is written then.
            BitparetoError: If it comes with the server, which has no such file.
        """
        data = await self.get(reference)
        if data.sha256 is None or data.size_bytes is None:
            raise BitparetoError(f"{data.name} comes with the server and has no file to fetch")
        target = Path(path)
        if target.is_dir():  # noqa: ASYNC240 - a local folder
            target /= f"{data.name}.safetensors"
        with partial_file(target) as partial:
            await fetch_file(
                self._transport,
                f"{dataset_calls.dataset_path(data.id)}/content",
                partial,
                what=f"data set {data.name}",
                size_bytes=data.size_bytes,
                sha256=data.sha256,
            )
        return target

    async def samples(self, reference: str, path: str | PathLike[str]) -> Path:
        """Write a PNG with a row of images for each class of an uploaded data set."""
        content = await self._transport.send(dataset_calls.get_samples(reference))
        return put_file(Path(path), lambda part: part.write_bytes(content))
