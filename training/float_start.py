"""Float weights that a trial begins with instead of drawn ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatStart:
    """A trained network to quantize.

    Attributes:
        identity: Of these weights; a checkpoint of a training with others is not resumed.
        weights: By the names of ``networks.float_weights``.
        mean: Per channel of pixels / 255, as the network was trained with; the data set's where
            ``None``.
        std: Likewise.
    """

    identity: str
    weights: Mapping[str, NDArray[np.floating[Any]]]
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
