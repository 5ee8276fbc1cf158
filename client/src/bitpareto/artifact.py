"""A packed file on the server, and how it comes here whole or not at all."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bitpareto._calls import Call
from bitpareto._files import put_file
from bitpareto._retries import backoff_s
from bitpareto._transport import Transport
from bitpareto.errors import APIConnectionError, DownloadError
from bitpareto.types import Artifact as ArtifactData

SUFFIX: Final = ".bpar"
EXPORT_SUFFIXES: Final = {"onnx": ".onnx", "c-header": ".h"}


class Artifact:
    """One packed file.

    Attributes:
        data: Its record: ``id``, ``sha256``, ``size_bytes``, ``href``.
    """

    def __init__(self, transport: Transport, data: ArtifactData) -> None:
        self._transport = transport
        self.data = data

    @property
    def id(self) -> str:
        """Its id."""
        return self.data.id

    @property
    def sha256(self) -> str:
        """Hash of its bytes, in hex."""
        return self.data.sha256

    @property
    def size_bytes(self) -> int:
        """Its length."""
        return self.data.size_bytes

    def download(self, path: str | os.PathLike[str]) -> Path:
        """Fetch the file, check its hash, and put it in place in one step.

        Args:
            path: File to write, or a folder that exists, where the file gets the artifact's id.

        Returns:
            Where the file is.

        Raises:
            DownloadError: If the bytes are not those promised; nothing is written then.
        """
        return self._put(Path(path), SUFFIX, self._fetch)

    def export(self, format: str, path: str | os.PathLike[str]) -> Path:  # noqa: A002 - as REST names it
        """Fetch the network in another format, and put the file in place in one step.

        Args:
            format: "onnx" or "c-header".
            path: File to write, or a folder that exists, where the file gets the artifact's id.

        Returns:
            Where the file is.

        Raises:
            InvalidRequestError: If there is no such format; `.errors` has those there are.
        """
        route = f"{self.data.href}/exports/{quote(format, safe='')}"
        content = self._transport.send(Call(method="GET", path=route, read=bytes))
        return self._put(
            Path(path), EXPORT_SUFFIXES.get(format, ""), lambda part: part.write_bytes(content)
        )

    def _put(self, target: Path, suffix: str, write: Callable[[Path], object]) -> Path:
        if target.is_dir():
            target /= f"{self.id}{suffix}"
        return put_file(target, write)

    def _fetch(self, partial: Path) -> None:
        attempt = 0
        while True:
            try:
                self._fetch_once(partial)
            except APIConnectionError:
                if attempt >= self._transport.max_retries:
                    raise
                time.sleep(backoff_s(attempt))
                attempt += 1
            else:
                return

    def _fetch_once(self, partial: Path) -> None:
        call = Call(method="GET", path=self.data.href, read=bytes)
        digest, length = hashlib.sha256(), 0
        with self._transport.stream(call) as chunks, partial.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                file.write(chunk)
        if digest.hexdigest() != self.sha256:
            raise DownloadError(
                f"artifact {self.id}: {length} bytes with hash {digest.hexdigest()} came, "
                f"{self.size_bytes} bytes with hash {self.sha256} were promised"
            )
