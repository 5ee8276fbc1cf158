"""The exports by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from exports.c_header import to_c_header
from exports.errors import UnknownFormatError
from exports.onnx_export import to_onnx
from quantization.artifact import read_artifact
from quantization.packed_layer import Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """One export.

    Attributes:
        name: As users write it.
        suffix: Of its files.
        media_type: Of its files.
        write: From a network to a file.
    """

    name: str
    suffix: str
    media_type: str
    write: Callable[[Artifact], bytes]


def _onnx(artifact: Artifact) -> bytes:
    return to_onnx(artifact).content


def _c_header(artifact: Artifact) -> bytes:
    return to_c_header(artifact).content


FORMATS: Final[Mapping[str, ExportFormat]] = MappingProxyType(
    {
        found.name: found
        for found in (
            ExportFormat(
                name="onnx", suffix=".onnx", media_type="application/octet-stream", write=_onnx
            ),
            ExportFormat(name="c-header", suffix=".h", media_type="text/x-c", write=_c_header),
        )
    }
)


def export(data: bytes, name: str) -> bytes:
    """Write a packed file in another format; equal files give equal exports.

    Args:
        data: The packed file.
        name: One of ``FORMATS``.

    Raises:
        UnknownFormatError: If there is no such format.
        ArtifactError: If the file breaks a rule of its format.
        NotExportableError: If the format cannot express the network.
    """
    return export_format(name).write(read_artifact(data))


def export_format(name: str) -> ExportFormat:
    """Return a format by its name.

    Raises:
        UnknownFormatError: If there is none.
    """
    if name not in FORMATS:
        raise UnknownFormatError(name, tuple(FORMATS))
    return FORMATS[name]
