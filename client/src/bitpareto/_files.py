"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def put_file(target: Path, write: Callable[[Path], object]) -> Path:
    """Have a file written under another name, then put it in place in one step.

    Args:
        target: Where it goes; folders above are made.
        write: Fills the file it is given; what it raises leaves ``target`` as it was.

    Returns:
        ``target``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    partial = Path(name)
    try:
        os.close(handle)
        write(partial)
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target
