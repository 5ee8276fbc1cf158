# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""A packed file on the server, and how it comes here whole or not at all."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bitpareto._calls import Call
from bitpareto._files import partial_file, put_file
from bitpareto._sync.downloads import fetch_file
from bitpareto._sync.transport import Transport
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

        Where a connection breaks the next one goes on.

        Args:
            path: File to write, or a folder that exists, where the file gets the artifact's id.

        Returns:
            Where the file is.

        Raises:
            DownloadError: If the bytes are not those promised; nothing is written then.
        """
        target = self._target(Path(path), SUFFIX)
        with partial_file(target) as partial:
            fetch_file(
                self._transport,
                self.data.href,
                partial,
                what=f"artifact {self.id}",
                size_bytes=self.size_bytes,
                sha256=self.sha256,
            )
        return target

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
        target = self._target(Path(path), EXPORT_SUFFIXES.get(format, ""))
        return put_file(target, lambda part: part.write_bytes(content))

    def _target(self, path: Path, suffix: str) -> Path:
        return path / f"{self.id}{suffix}" if path.is_dir() else path
