"""Files that appear whole or not at all, and folders as one file."""

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def put_file(target: Path, write: Callable[[Path], object]) -> Path:
    """Have a file written under another name, then put it in place in one step.

    Args:
        target: Where it goes; folders above are made.
        write: Fills the file it is given; what it raises leaves ``target`` as it was.

    Returns:
        ``target``.
    """
    with partial_file(target) as partial:
        write(partial)
    return target


@contextmanager
def partial_file(target: Path) -> Iterator[Path]:
    """Give a file to fill, which is put in place in one step where nothing is raised."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    partial = Path(name)
    try:
        os.close(handle)
        yield partial
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def as_one_file(path: Path) -> Iterator[Path]:
    """Give a file as it is, and a folder as a zip of what is in it, stored, in a folder of ours.

    Hidden files are left out; links are followed, as whoever made the folder meant them.
    """
    if not path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="bitpareto-") as folder:
        packed = Path(folder) / "folder.zip"
        with zipfile.ZipFile(packed, "w", strict_timestamps=False) as archive:
            for each in sorted(path.rglob("*")):
                within = each.relative_to(path)
                if each.is_file() and not any(part.startswith(".") for part in within.parts):
                    archive.write(each, within.as_posix())
        yield packed
