"""Appends layers to a list and keeps track of shapes, so that families read like architectures."""

from search_space.bits import BitPlan, Read
from search_space.layers import INPUT_BITS, LOGIT_BITS, Activation, Layer, LayerList


class NetworkBuilder:
    """Builds one layer list; methods return the index of the layer they append.

    Args:
        read: Returns a gene's value (and notes that it was read).
        plan: How bit-widths are assigned.
        input_shape: ``(C, H, W)``.
        first: Name of the first convolution.
        last: Name of the classifier.
    """

    def __init__(
        self, read: Read, plan: BitPlan, input_shape: tuple[int, int, int], first: str, last: str
    ) -> None:
        self._read = read
        self._plan = plan
        self._first = first
        self._last = last
        channels, height, width = input_shape
        self._layers = [
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
        """Return the number of channels of a layer's output."""
        return self._layers[index].out_channels

    def conv(
        self,
        name: str,
        source: int,
        *,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: Activation = "relu",
        bits_from: str | None = None,
    ) -> int:
        """Append a convolution with "same" padding and batch norm.

        Args:
            name: The layer's name.
            source: Index of the layer read.
            channels: Output channels.
            kernel: Side of the kernel.
            stride: Stride; the output side is ``ceil(side / stride)``.
            groups: Convolution groups.
            activation: After batch norm.
            bits_from: Layer whose activation gene holds the output's width, if not its own.
        """
        read = self._layers[source]
        layer = Layer(
            name=name,
            kind="conv",
            inputs=(source,),
            out_channels=channels,
            out_height=-(-read.out_height // stride),
            out_width=-(-read.out_width // stride),
            kernel=kernel,
            stride=stride,
            padding=((kernel - 1) // 2, kernel // 2),
            groups=groups,
            activation=activation,
            batch_norm=True,
            weight_bits=self._weight_bits(name),
            activation_bits=int(self._read(self._plan.activation_gene(bits_from or name))),
        )
        return self._append(layer)

    def add(self, name: str, a: int, b: int, *, activation: Activation, bits_from: str) -> int:
        """Append a residual sum whose width is that of ``bits_from``'s output."""
        like = self._layers[a]
        layer = Layer(
            name=name,
            kind="add",
            inputs=(a, b),
            out_channels=like.out_channels,
            out_height=like.out_height,
            out_width=like.out_width,
            activation=activation,
            activation_bits=int(self._read(self._plan.activation_gene(bits_from))),
        )
        return self._append(layer)

    def classifier(self, source: int, n_classes: int) -> LayerList:
        """Append global average pooling (8-bit output) and the linear layer; return the list."""
        pooled = self._append(
            Layer(
                name="pool",
                kind="global_avg_pool",
                inputs=(source,),
                out_channels=self.channels(source),
                out_height=1,
                out_width=1,
                activation_bits=8,
            )
        )
        self._append(
            Layer(
                name=self._last,
                kind="linear",
                inputs=(pooled,),
                out_channels=n_classes,
                out_height=1,
                out_width=1,
                weight_bits=self._weight_bits(self._last),
                activation_bits=LOGIT_BITS,
            )
        )
        return tuple(self._layers)

    def _weight_bits(self, name: str) -> int:
        fixed = self._plan.fixed_bits(name, self._first, self._last)
        return int(self._read(self._plan.weight_gene(name))) if fixed is None else fixed

    def _append(self, layer: Layer) -> int:
        self._layers.append(layer)
        return len(self._layers) - 1
