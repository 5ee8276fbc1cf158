"""What ``bitpareto export`` does, as plain values.

The client finds ``export_file`` by the entry point group ``bitpareto.export``, so neither
distribution imports the other.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

from exports.errors import ExportError
from exports.formats import export, export_format
from quantization.errors import ArtifactError

OK: Final = "ok"
DAMAGED: Final = "damaged"
IMPOSSIBLE: Final = "impossible"


def export_file(path: Path, output: Path | None, *, name: str) -> dict[str, Any]:
    """Write a packed file in another format.

    Args:
        path: The packed file.
        output: File to write, or a folder that exists; None writes beside the packed file.
        name: Of the format.

    Returns:
        A report of plain values: ``status`` is ``ok``, ``damaged`` (the packed file breaks its
        format) or ``impossible`` (there is no such format, or it cannot express this network);
        ``problems`` says why in sentences. Nothing is written unless it is ``ok``.

    Raises:
        OSError: If a file cannot be read or written.
    """
    data = path.read_bytes()
    report: dict[str, Any] = {
        "status": OK,
        "problems": [],
        "file": str(path),
        "size_bytes": len(data),
        "format": name,
        "output": None,
        "output_bytes": None,
        "output_sha256": None,
    }
    try:
        found = export_format(name)
        content = export(data, name)
    except ArtifactError as error:
        return {**report, "status": DAMAGED, "problems": [str(error)]}
    except ExportError as error:
        return {**report, "status": IMPOSSIBLE, "problems": [str(error)]}
    target = path.with_suffix(found.suffix) if output is None else output
    if target.is_dir():
        target /= f"{path.stem}{found.suffix}"
    target.write_bytes(content)
    return {
        **report,
        "output": str(target),
        "output_bytes": len(content),
        "output_sha256": hashlib.sha256(content).hexdigest(),
    }
