"""Describes an architecture as a sequence of layers, for one assignment or for many at once.

A family says once which layers its networks have, as calls on an ``Assembly``. ``ListAssembly``
turns the calls into the layer list of one assignment; ``search_space.batch`` turns the same calls
into arrays over thousands of assignments. Both must therefore understand every value: where a
network depends on a gene, a family says ``where`` and ``repeat`` instead of ``if`` and ``for``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from search_space.bits import LAST_LAYER, POOL, BitPlan
from search_space.conditions import Condition
from search_space.genes import GeneValue
from search_space.layers import INPUT_BITS, LOGIT_BITS, Activation, Layer, LayerKind

Number = int | npt.NDArray[np.int64]
"""One integer, or in a batch one for each of ``n`` assignments, ``(n,)``."""

Truth = bool | npt.NDArray[np.bool_]
"""One truth value, or in a batch ``(n,)``."""

Meaning = Callable[[GeneValue], int]
"""The integer that a value of a gene stands for."""

Widths = Sequence[tuple[Number, Number]]
"""(output channels, weight bits) of each group of channels, in order."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What goes in and what comes out: ``(channels, height, width)`` bytes, logits."""

    channels: int
    height: int
    width: int
    n_classes: int


class Tensor(NamedTuple):
    """What a layer yields: the layer's place in the list, the shape and the width."""

    layer: Number
    channels: Number
    height: Number
    width: Number
    bits: Number


class Assembly(ABC):
    """Layers under construction.

    A layer that does not exist, by an enclosing ``where`` or ``repeat``, hands on what it reads
    first: every method then returns that tensor.

    Attributes:
        image: The input.
        n_classes: Number of logits.
    """

    image: Tensor

    def __init__(self, shape: Shape, bits: BitPlan, conditions: Mapping[str, Condition]) -> None:
        self.n_classes = shape.n_classes
        self._bits = bits
        self._conditions = conditions

    def choose(self, gene: str) -> Number:
        """Return the value of a gene of integers; asking is what gives a gene an effect."""
        return self._meant(gene, int)

    def look_up(self, gene: str, meaning: Mapping[GeneValue, int]) -> Number:
        """Return what the value of a gene means."""
        return self._meant(gene, meaning.__getitem__)

    def _meant(self, gene: str, meaning: Meaning) -> Number:
        condition = self._conditions.get(gene)
        if condition is None:
            return self._chosen(gene, meaning)
        holds: Truth = True
        for parent, beside in condition.when.items():
            with self.where(holds):
                holds = holds & (self.look_up(parent, beside) == 1)
        with self.where(holds):
            return self._existing(self._chosen(gene, meaning), meaning(condition.otherwise))

    @abstractmethod
    def _chosen(self, gene: str, meaning: Meaning) -> Number:
        """Return what the choice of a gene means, as if no other gene mattered to it."""

    @abstractmethod
    def where(self, condition: Truth) -> AbstractContextManager[None]:
        """Layers written inside exist only where the condition holds."""

    @abstractmethod
    def repeat(self, count: Number) -> Iterator[int]:
        """Yield 0, 1, ... below ``count``."""

    @abstractmethod
    def _nothing_exists(self) -> bool:
        """Whether no enclosing condition holds anywhere."""

    @abstractmethod
    def _existing(self, value: Number, otherwise: Number) -> Number:
        """Return ``value`` where layers exist, else ``otherwise``."""

    @abstractmethod
    def _write(
        self,
        *,
        name: str,
        kind: LayerKind,
        sources: tuple[Tensor, ...],
        channels: Number,
        height: Number,
        width: Number,
        bits: Number,
        kernel: Number = 1,
        stride: int = 1,
        padding: tuple[Number, Number] = (0, 0),
        groups: Number = 1,
        activation: Activation = "none",
        batch_norm: bool = False,
        widths: Widths = (),
    ) -> Tensor:
        """Append a layer; fields are as in ``Layer``, but ``widths`` for the weights."""

    def _write_image(self, shape: Shape) -> Tensor:
        return self._write(
            name="input",
            kind="input",
            sources=(),
            channels=shape.channels,
            height=shape.height,
            width=shape.width,
            bits=INPUT_BITS,
        )

    def conv(
        self,
        name: str,
        source: Tensor,
        channels: Number,
        *,
        kernel: Number = 1,
        stride: int = 1,
        depthwise: bool = False,
        activation: Activation = "none",
    ) -> Tensor:
        """Write a convolution with batch norm and "same" padding.

        An even kernel has one more zero after than before. The output has ``ceil(size / stride)``
        rows and columns.

        Args:
            name: Of the layer.
            source: The tensor read.
            channels: Of the output.
            kernel: Side of the kernel.
            stride: Step of the kernel.
            depthwise: One group per channel; then ``channels`` equals those of the source.
            activation: Applied after batch norm.
        """
        if self._nothing_exists():
            return source
        channels = self._existing(channels, source.channels)
        return self._write(
            name=name,
            kind="conv",
            sources=(source,),
            channels=channels,
            height=-(-source.height // stride),
            width=-(-source.width // stride),
            bits=self.choose(self._bits.activation_gene(name)),
            kernel=kernel,
            stride=stride,
            padding=((kernel - 1) // 2, kernel // 2),
            groups=channels if depthwise else 1,
            activation=activation,
            batch_norm=True,
            widths=self._widths(name, channels),
        )

    def linear(
        self, name: str, source: Tensor, channels: Number, activation: Activation = "none"
    ) -> Tensor:
        """Write a fully connected layer with bias; the last one yields logits."""
        if self._nothing_exists():
            return source
        channels = self._existing(channels, source.channels)
        gene = self._bits.activation_gene(name)
        return self._write(
            name=name,
            kind="linear",
            sources=(source,),
            channels=channels,
            height=1,
            width=1,
            bits=LOGIT_BITS if name == self._bits.last_layer else self.choose(gene),
            activation=activation,
            widths=self._widths(name, channels),
        )

    def add(self, name: str, first: Tensor, second: Tensor, activation: Activation) -> Tensor:
        """Write a residual sum; its output has the width of the tensor ``first``."""
        if self._nothing_exists():
            return first
        return self._write(
            name=name,
            kind="add",
            sources=(first, second),
            channels=first.channels,
            height=first.height,
            width=first.width,
            bits=first.bits,
            activation=activation,
        )

    def pad_channels(self, name: str, source: Tensor, channels: Number, stride: int) -> Tensor:
        """Write a shortcut without parameters: every ``stride``-th place, channels of zeros."""
        if self._nothing_exists():
            return source
        return self._write(
            name=name,
            kind="pad_channels",
            sources=(source,),
            channels=self._existing(channels, source.channels),
            height=-(-source.height // stride),
            width=-(-source.width // stride),
            bits=source.bits,
            stride=stride,
        )

    def max_pool(self, name: str, source: Tensor, side: int) -> Tensor:
        """Write a maximum over windows side by side; one that reaches over the edge is cut."""
        if self._nothing_exists():
            return source
        return self._write(
            name=name,
            kind="max_pool",
            sources=(source,),
            channels=source.channels,
            height=-(-source.height // side),
            width=-(-source.width // side),
            bits=source.bits,
            kernel=side,
            stride=side,
            padding=(0, side - 1),
        )

    def pool(self, source: Tensor) -> Tensor:
        """Write the global average in front of the classifier; it always exists."""
        return self._write(
            name=POOL,
            kind="global_avg_pool",
            sources=(source,),
            channels=source.channels,
            height=1,
            width=1,
            bits=self.choose(self._bits.activation_gene(POOL)),
        )

    def classify(self, source: Tensor) -> Tensor:
        """Write global average pooling and the classifier."""
        return self.linear(LAST_LAYER, self.pool(source), self.n_classes)

    def copy(self, layer: Layer, sources: Sequence[Tensor]) -> Tensor:
        """Write a layer of a given network, its widths replaced by those of this assignment.

        Convolutions and linear layers have the genes of their names; ``global_avg_pool`` has the
        width of pooled features; every other kind keeps that of the tensor it reads first. A layer
        whose width says logits keeps that.

        Args:
            layer: Any layer but the input.
            sources: The tensors read, one for each of ``layer.inputs``.
        """
        weighted = layer.kind in ("conv", "linear")
        bits = sources[0].bits
        if layer.activation_bits == LOGIT_BITS and layer.name == self._bits.last_layer:
            bits = LOGIT_BITS
        elif weighted:
            bits = self.choose(self._bits.activation_gene(layer.name))
        elif layer.kind == "global_avg_pool":
            bits = self.choose(self._bits.activation_gene(POOL))
        return self._write(
            name=layer.name,
            kind=layer.kind,
            sources=tuple(sources),
            channels=layer.out_channels,
            height=layer.out_height,
            width=layer.out_width,
            bits=bits,
            kernel=layer.kernel,
            stride=layer.stride,
            padding=layer.padding,
            groups=layer.groups,
            activation=layer.activation,
            batch_norm=layer.batch_norm,
            widths=self._widths(layer.name, layer.out_channels) if weighted else (),
        )

    def _widths(self, layer: str, channels: Number) -> Widths:
        most = self._bits.most_groups(layer)
        if most is None:
            return [(channels, self.choose(self._bits.weight_gene(layer)))]
        groups = min(most, channels) if isinstance(channels, int) else np.minimum(most, channels)
        widths: list[tuple[Number, Number]] = []
        for group in self.repeat(groups):
            size = (group + 1) * channels // groups - group * channels // groups
            bits = self.choose(self._bits.group_gene(layer, group))
            widths.append((self._existing(size, 0), bits))
        return widths
