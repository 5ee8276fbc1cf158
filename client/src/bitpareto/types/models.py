"""Uploaded networks on the wire."""

from datetime import datetime

from bitpareto.types.base import ResponseModel
from bitpareto.types.trials import LayerRow


class Model(ResponseModel):
    """A network that a user uploaded; ``{"family": "imported", "model": id}`` is its space."""

    id: str
    name: str
    sha256: str
    """Of the file as uploaded; the file itself is not kept."""
    size_bytes: int
    """Length of the file as uploaded."""
    input_shape: tuple[int, int, int]
    """``(C, H, W)``."""
    n_classes: int
    mean: list[float] | None
    """Per channel of pixels / 255; the data set's are used where there is none."""
    std: list[float] | None
    n_parameters: int
    macs: int
    layers: list[LayerRow] | None
    """Present where one model is asked for; bit-widths are those of an 8-bit candidate."""
    created_at: datetime
