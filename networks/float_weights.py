"""Float weights from elsewhere, put into a network by the names of its layers.

The names, for a layer called ``L``: ``L.weight`` ``(O, I / groups, k, k)`` or ``(O, I)``, and
``L.bias`` ``(O,)`` where the layer has no batch norm; else ``L.batch_norm.weight``,
``L.batch_norm.bias``, ``L.batch_norm.running_mean``, ``L.batch_norm.running_var``, ``(O,)`` each.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from networks.network import QuantizedNetwork

_OWN: Final = ("weight", "bias")
_BATCH_NORM: Final = tuple(
    f"batch_norm.{name}" for name in ("weight", "bias", "running_mean", "running_var")
)


class FloatWeightsError(ValueError):
    """Weights that do not belong to this network; nothing was loaded.

    Attributes:
        missing: Names the network has and the weights lack.
        unknown: Names the network does not have.
        mismatched: Names of another shape, or with a number that is not finite.
    """

    def __init__(
        self, missing: Sequence[str], unknown: Sequence[str], mismatched: Sequence[str]
    ) -> None:
        self.missing = tuple(missing)
        self.unknown = tuple(unknown)
        self.mismatched = tuple(mismatched)
        facts = {"missing": missing, "unknown": unknown, "mismatched": mismatched}
        parts = [f"{what}: {', '.join(names)}" for what, names in facts.items() if names]
        super().__init__(f"weights of another network ({'; '.join(parts)})")


def float_tensors(network: QuantizedNetwork) -> dict[str, Tensor]:
    """Return the network's own float parameters and statistics by name, not copies of them."""
    found: dict[str, Tensor] = {}
    for layer, node in zip(network.layers, network.nodes, strict=True):
        state = node.state_dict(keep_vars=True)
        found |= {f"{layer.name}.{k}": t for k, t in state.items() if k in _OWN + _BATCH_NORM}
    return found


@torch.no_grad()
def load_float_weights(
    network: QuantizedNetwork, tensors: Mapping[str, NDArray[np.floating[Any]]]
) -> None:
    """Replace every weight, bias and batch norm of a network; quantizers stay as they are.

    Args:
        network: On any device.
        tensors: By name, as the module says; exactly the network's names and shapes.

    Raises:
        FloatWeightsError: If names, shapes or values do not fit.
    """
    own = float_tensors(network)
    mismatched = [
        name
        for name, tensor in own.items()
        if name in tensors
        and (tensors[name].shape != tuple(tensor.shape) or not np.isfinite(tensors[name]).all())
    ]
    missing = [name for name in own if name not in tensors]
    unknown = [name for name in tensors if name not in own]
    if missing or unknown or mismatched:
        raise FloatWeightsError(missing, unknown, mismatched)
    for name, tensor in own.items():
        tensor.copy_(torch.from_numpy(np.array(tensors[name], dtype=np.float32)))
