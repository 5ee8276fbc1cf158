"""What a device sees of each layer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from search_space.costs import count_weights
from search_space.hardware.profile import Key, MacKind
from search_space.layers import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """One layer, with the tensors it reads and writes.

    Attributes:
        kind: ``None`` for layers that do not multiply.
        read: The layer whose output it reads, the first of them.
        weights: Number of weights.
        input_bytes: Of all tensors read, at their widths.
        output_bytes: Of the tensor written.
    """

    layer: Layer
    kind: MacKind | None
    read: Layer
    weights: int
    input_bytes: float
    output_bytes: float

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return self.weights * self.layer.out_height * self.layer.out_width

    @property
    def numbers(self) -> dict[Key, int]:
        """What a table may be interpolated over."""
        return {
            "macs": self.macs,
            "weights": self.weights,
            "in_channels": self.read.out_channels,
            "out_channels": self.layer.out_channels,
            "out_height": self.layer.out_height,
            "out_width": self.layer.out_width,
        }


def layer_facts(layers: Sequence[Layer]) -> Iterator[LayerFacts]:
    """Yield the facts of all layers but ``input``, in order."""
    n_bytes = [x.out_channels * x.out_height * x.out_width * x.activation_bits / 8 for x in layers]
    for i, layer in enumerate(layers):
        if layer.kind == "input":
            continue
        yield LayerFacts(
            layer=layer,
            kind=mac_kind(layers, layer),
            read=layers[layer.inputs[0]],
            weights=count_weights(layers, layer),
            input_bytes=sum(n_bytes[read] for read in layer.inputs),
            output_bytes=n_bytes[i],
        )


def mac_kind(layers: Sequence[Layer], layer: Layer) -> MacKind | None:
    """Return how profiles call a layer; ``None`` for layers that do not multiply."""
    if layer.kind == "linear":
        return "linear"
    if layer.kind != "conv":
        return None
    if 1 < layer.groups == layers[layer.inputs[0]].out_channels:
        return "depthwise"
    return "pointwise" if layer.kernel == 1 and layer.groups == 1 else "conv"


def widths(layer: Layer) -> tuple[tuple[int, float], ...]:
    """Return the bits of a layer's weights, each with the share of its channels that have it."""
    bits = layer.channel_weight_bits
    if not bits:
        return ((layer.weight_bits, 1.0),)
    return tuple((width, bits.count(width) / len(bits)) for width in sorted(set(bits)))
