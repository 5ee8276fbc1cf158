"""One supervisor per data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import BitparetoError

LOCK_NAME = "supervisor.lock"


class FolderInUseError(BitparetoError):
    """Another supervisor runs on the data folder; stop it, or choose another folder."""


@contextmanager
def only_supervisor_of(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when this process ends, however it ends.

    Raises:
        FolderInUseError: If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_NAME).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise FolderInUseError(
                f"bitpareto-server (pid {file.read().strip() or 'unknown'}) already runs on "
                f"{folder}; stop it, or choose another folder with --data-folder"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
