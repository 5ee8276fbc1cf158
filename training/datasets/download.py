"""Checked downloads: a file is used only when its published hash agrees."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pooch

from training.datasets.places import cache_dir

logger = logging.getLogger(__name__)

Fetch = Callable[[str, str], Path]
"""``(url, known_hash) -> path``; raises ``OSError`` when the network or the hash fails."""

TIMEOUT_S: Final = 20.0


def fetch(url: str, known_hash: str) -> Path:
    """Return the file behind ``url`` from the cache, downloading it first if it is not there.

    Args:
        url: An address from this package's tables, never from a request.
        known_hash: ``algorithm:hexdigest`` as its publisher states it.

    Raises:
        OSError: If the download fails or what came is not the published file.
    """
    logger.info("downloading %s", url)
    try:
        path = pooch.retrieve(
            url,
            known_hash,
            fname=url.rsplit("/", 1)[-1],
            path=cache_dir() / "downloads",
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S),
        )
    except ValueError as error:  # pooch's word for a hash that does not agree
        raise OSError(str(error)) from error
    return Path(path)
