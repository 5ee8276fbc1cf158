# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""A packed file on the server, and how it comes here whole or not at all."""

import hashlib
import os
from http import HTTPStatus
from pathlib import Path
from time import sleep
from typing import Final
from urllib.parse import quote

from bitpareto._calls import Call
from bitpareto._files import put_file
from bitpareto._retries import Patience
from bitpareto._sync.transport import Transport
from bitpareto.errors import APIConnectionError, APIStatusError, DownloadError
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
        return self._put(Path(path), SUFFIX, self._fetch())

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
        return self._put(Path(path), EXPORT_SUFFIXES.get(format, ""), content)

    def _put(self, target: Path, suffix: str, content: bytes) -> Path:
        if target.is_dir():
            target /= f"{self.id}{suffix}"
        return put_file(target, lambda part: part.write_bytes(content))

    def _fetch(self) -> bytes:
        content, patience = bytearray(), Patience(self._transport.max_retries)
        while not content or len(content) < self.size_bytes:
            before = len(content)
            try:
                self._fetch_rest(content)
            except (APIConnectionError, APIStatusError) as error:
                # a connection that brought something is no failure: the next one starts behind it
                if len(content) > before:
                    patience.heard()
                sleep(patience.delay_after(error))
            else:
                break
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise DownloadError(
                f"artifact {self.id}: {len(content)} bytes with hash {digest} came, "
                f"{self.size_bytes} bytes with hash {self.sha256} were promised"
            )
        return bytes(content)

    def _fetch_rest(self, content: bytearray) -> None:
        """Append what is missing; a server that does not send parts makes it start again."""
        part = {"Range": f"bytes={len(content)}-", "If-Range": f'"{self.sha256}"'}
        headers = part if content else {}
        call = Call(method="GET", path=self.data.href, read=bytes, headers=headers)
        with self._transport.stream(call) as answer:
            if answer.status != HTTPStatus.PARTIAL_CONTENT:
                content.clear()
            for chunk in answer.chunks:
                content += chunk
