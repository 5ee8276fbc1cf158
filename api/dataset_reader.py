"""Uploaded data sets are read in a process of their own, as programs are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from anyio import CapacityLimiter

from api.child_process import run_reader

_MODULE: Final = "training.uploads"
_DATA: Final = "data.safetensors"
_SAMPLES: Final = "samples.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDataset:
    """What an upload turned out to be; its files go when it is left.

    Attributes:
        facts: As ``training.uploads`` found them.
        data: The stored form.
        samples: A picture of some images.
    """

    facts: Mapping[str, Any]
    data: Path
    samples: Path


class DatasetReader:
    """Reads uploads.

    Args:
        timeout_s: Longest one may take.
        at_once: Further ones wait for their turn, and hold no thread of other requests.
    """

    def __init__(self, *, timeout_s: float = 900.0, at_once: int = 2) -> None:
        self._timeout_s = timeout_s
        self.turn = CapacityLimiter(at_once)

    @contextmanager
    def read(self, source: Path, options: str) -> Iterator[ReadDataset]:
        """Check an upload and bring it into its stored form.

        Args:
            source: The file as it came.
            options: The fields of ``training.uploads.options.Options`` as JSON.

        Raises:
            InvalidRequestError: With what is wrong with it, and where.
            ReaderError: If the reader has a defect.
        """
        with TemporaryDirectory(prefix="bitpareto-data-", dir=source.parent) as name:
            folder = Path(name)
            answer = run_reader(
                _MODULE,
                [str(source), str(folder), options],
                timeout_s=self._timeout_s,
                place="file",
            )
            yield ReadDataset(facts=answer["data"], data=folder / _DATA, samples=folder / _SAMPLES)
