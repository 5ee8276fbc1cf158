"""Writes a layer list one layer after another, asking for the bits of each."""

from search_space.bits import LAST_LAYER, BitPlan
from search_space.blueprint import Choose
from search_space.layers import INPUT_BITS, LOGIT_BITS, Activation, Layer, LayerKind, LayerList


class Assembly:
    """A layer list under construction; methods return the index of the layer they wrote."""

    def __init__(
        self, *, channels: int, height: int, width: int, bits: BitPlan, choose: Choose
    ) -> None:
        self._bits = bits
        self._choose = choose
        self.layers: list[Layer] = [
            Layer(
                name="input",
                kind="input",
                inputs=(),
                out_channels=channels,
                out_height=height,
                out_width=width,
                activation_bits=INPUT_BITS,
            )
        ]

    def channels(self, index: int) -> int:
        """Return the channels of the tensor that layer ``index`` yields."""
        return self.layers[index].out_channels

    def conv(
        self,
        name: str,
        source: int,
        channels: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        depthwise: bool = False,
        activation: Activation = "none",
    ) -> int:
        """Write a convolution with batch norm and "same" padding.

        An even kernel has one more zero after than before. The output has ``ceil(size / stride)``
        rows and columns.

        Args:
            name: Of the layer.
            source: Index of the layer read.
            channels: Of the output.
            kernel: Side of the kernel.
            stride: Step of the kernel.
            depthwise: One group per channel; then ``channels`` equals those of the source.
            activation: Applied after batch norm.
        """
        read = self.layers[source]
        self.layers.append(
            Layer(
                name=name,
                kind="conv",
                inputs=(source,),
                out_channels=channels,
                out_height=-(-read.out_height // stride),
                out_width=-(-read.out_width // stride),
                kernel=kernel,
                stride=stride,
                padding=((kernel - 1) // 2, kernel // 2),
                groups=channels if depthwise else 1,
                activation=activation,
                batch_norm=True,
                weight_bits=int(self._choose(self._bits.weight_gene(name))),
                activation_bits=int(self._choose(self._bits.activation_gene(name))),
            )
        )
        return len(self.layers) - 1

    def add(self, name: str, first: int, second: int, activation: Activation) -> int:
        """Write a residual sum; its output has the width of the tensor ``first``."""
        read = self.layers[first]
        self.layers.append(
            Layer(
                name=name,
                kind="add",
                inputs=(first, second),
                out_channels=read.out_channels,
                out_height=read.out_height,
                out_width=read.out_width,
                activation=activation,
                activation_bits=read.activation_bits,
            )
        )
        return len(self.layers) - 1

    def classify(self, source: int, n_classes: int) -> LayerList:
        """Write global average pooling and the classifier; return the finished list."""
        weight_bits = int(self._choose(self._bits.weight_gene(LAST_LAYER)))
        self._vector("pool", "global_avg_pool", source, self.channels(source), INPUT_BITS)
        self._vector(LAST_LAYER, "linear", len(self.layers) - 1, n_classes, LOGIT_BITS, weight_bits)
        return tuple(self.layers)

    def _vector(
        self,
        name: str,
        kind: LayerKind,
        source: int,
        channels: int,
        activation_bits: int,
        weight_bits: int = 0,
    ) -> None:
        self.layers.append(
            Layer(
                name=name,
                kind=kind,
                inputs=(source,),
                out_channels=channels,
                out_height=1,
                out_width=1,
                weight_bits=weight_bits,
                activation_bits=activation_bits,
            )
        )
