"""What makes the network of an artifact valid as a whole."""

from collections.abc import Sequence
from typing import Final

from quantization.errors import ArtifactError
from quantization.layer_rules import LayerChecker
from quantization.packed_layer import Artifact, PackedLayer
from quantization.tensor_spec import TensorSpec

MAX_OPERATIONS: Final = 1 << 36
"""Most multiply-accumulates, additions and comparisons of a network for one image."""

MAX_LIVE_ELEMENTS: Final = 1 << 25
"""Most elements, for one image, of all tensors that exist while any one layer is computed."""


def tensor_specs(artifact: Artifact) -> tuple[TensorSpec, ...]:
    """Shape and grid of every layer's output; checks the network but for its arrays.

    Raises:
        ArtifactError: If the network breaks a rule of the format.
    """
    _check_ends(artifact)
    checker = LayerChecker(
        height=artifact.height,
        width=artifact.width,
        channels=artifact.channels,
        n_layers=len(artifact.layers),
    )
    for layer in artifact.layers:
        checker.check(layer)
    specs = tuple(checker.tensors)
    if checker.operations > MAX_OPERATIONS:
        detail = f"{checker.operations} operations exceed {MAX_OPERATIONS}"
        raise ArtifactError("too_large", detail)
    live = _most_live_elements(artifact.layers, specs)
    if live > MAX_LIVE_ELEMENTS:
        detail = f"{live} elements at once exceed {MAX_LIVE_ELEMENTS}"
        raise ArtifactError("too_large", detail)
    return specs


def last_uses(layers: Sequence[PackedLayer]) -> list[int]:
    """Index of the last layer that reads each layer's output; its own where none does."""
    last = list(range(len(layers)))
    for index, layer in enumerate(layers):
        for read in layer.inputs:
            last[read] = index
    return last


def _most_live_elements(layers: Sequence[PackedLayer], specs: Sequence[TensorSpec]) -> int:
    """Peak of the sum of tensor sizes, each counted from its own layer to its last use."""
    ending = [0] * len(layers)
    live = most = 0
    for spec, last in zip(specs, last_uses(layers), strict=True):
        ending[last] += spec.size
    for spec, released in zip(specs, ending, strict=True):
        live += spec.size
        most = max(most, live)
        live -= released
    return most


def _check_ends(artifact: Artifact) -> None:
    """Check that the network starts with an image and ends with the classes."""
    sides = (artifact.height, artifact.width, artifact.channels, artifact.n_classes)
    if min(sides) < 1:
        raise ArtifactError("bad_shape", f"height, width, channels, n_classes are {sides}")
    if len(artifact.layers) < 2:
        raise ArtifactError("bad_last_layer", "fewer than two layers")
    n_logits = artifact.layers[-1].out_channels
    if n_logits != artifact.n_classes:
        raise ArtifactError("bad_shape", f"{n_logits} logits for {artifact.n_classes} classes")
