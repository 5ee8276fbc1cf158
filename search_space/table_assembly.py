"""Describes all networks of a space at once: each fact of a layer is a table over choices.

Every architecture gene is one axis. A fact that depends on two genes is an array with two axes
longer than 1, whatever the number of genes, so the layers of 10^20 networks fit into some
thousands of numbers, and sums over layers can be minimized, maximized or counted exactly
(``search_space.elimination``).

Bit genes have no axis: no layer exists or has another shape for the sake of a width. For the
extremes of costs they stay at one end; for counting, it is known where each has an effect.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from search_space.assembly import Assembly, Meaning, Number, Tensor, Truth, Widths
from search_space.bits import is_bit_gene
from search_space.channel_groups import extreme_widths, group_sizes
from search_space.costs import RECORD_BYTES, payload_parts
from search_space.errors import TooWideError
from search_space.genes import GeneValue
from search_space.layers import Activation, LayerKind
from search_space.space import Space

Table = npt.NDArray[Any]
"""One axis per architecture gene, of length 1 where the gene does not matter."""

End = Literal["smallest", "largest"]

MOST_ENTRIES: Final = 1 << 20
"""Of a table; some milliseconds and 8 MiB."""
_MOST_AXES: Final = 60
"""Arrays have at most 64."""
_MOST_CHOICES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTable:
    """One layer of all networks.

    Attributes:
        name: As in ``Layer``.
        exists: Which networks have the layer.
        sources: The tensors read; their ``layer`` is an index among all layers.
        fields: What a weighted layer shows of the architecture: channels and kernel.
        weighted: Whether it is a convolution or a linear layer.
        size_bytes: Record and payload, at this end of the widths.
        macs: Multiply-accumulates.
        bops: Bit operations, at this end.
        activation_bytes: Of the output, at this end.
    """

    name: str
    exists: Table
    sources: tuple[Tensor, ...]
    fields: tuple[Table, ...]
    weighted: bool
    size_bytes: Table
    macs: Table
    bops: Table
    activation_bytes: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTable:
    """How many of its channel groups with bits of their own a layer has, and the choices of each.

    Attributes:
        n_groups: 0 where the layer does not exist.
        n_choices: Of the gene of each group.
    """

    n_groups: Table
    n_choices: tuple[int, ...]


class TableAssembly(Assembly):
    """The layers of all networks of a space.

    Attributes:
        layers: In execution order.
        active: Where each gene has an effect; genes of channel groups are in ``groups`` instead.
        groups: Those of each layer.
    """

    def __init__(self, space: Space, end: End) -> None:
        """Prepare.

        Args:
            space: The space.
            end: Of the widths.

        Raises:
            TooWideError: If the genes have too many choices for tables.
        """
        blueprint = space.blueprint
        super().__init__(blueprint.shape, blueprint.bits, blueprint.conditions)
        genes = [gene for gene in space.genes if not is_bit_gene(gene.name)]
        if len(genes) > _MOST_AXES or any(len(gene.choices) > _MOST_CHOICES for gene in genes):
            raise TooWideError
        self.axes: Mapping[str, int] = {gene.name: axis for axis, gene in enumerate(genes)}
        self.layers: list[LayerTable] = []
        self.active: dict[str, Table] = {}
        self.groups: list[GroupTable] = []
        self._end = end
        self._choices: dict[str, tuple[GeneValue, ...]] = {
            name: (value,) for name, value in space.single.items()
        }
        self._choices |= {gene.name: gene.choices for gene in space.genes}
        self._exists: Table = np.ones((1,) * len(genes), dtype=np.bool_)
        self.image = self._write_image(blueprint.shape)
        blueprint.build(self)

    def along(self, axis: int, values: Sequence[Any], dtype: Any = np.int64) -> Table:
        """Return a table that depends on one gene alone."""
        table = np.empty(len(values), dtype=dtype)
        table[:] = values
        return table.reshape([-1 if i == axis else 1 for i in range(len(self.axes))])

    @override
    @contextmanager
    def where(self, condition: Truth) -> Iterator[None]:
        outer = self._exists
        self._exists = collapsed(outer & condition)
        yield
        self._exists = outer

    @override
    def repeat(self, count: Number) -> Iterator[int]:
        for i in range(int(np.max(count))):
            with self.where(count > i):
                yield i

    @override
    def _nothing_exists(self) -> bool:
        return not self._exists.any()

    @override
    def _existing(self, value: Number, otherwise: Number) -> Number:
        if self._exists.all():
            return value
        _check_width(self._exists, value, otherwise)
        return collapsed(np.where(self._exists, value, otherwise))

    @override
    def _widths(self, layer: str, channels: Number) -> Widths:
        # groups are many, and what they weigh together is known without looking at each
        if self._bits.most_groups(layer) is not None:
            return [(channels, 0)]
        return super()._widths(layer, channels)

    @override
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
        exists, places = self._exists, np.multiply(height, width)
        read = sources[0] if sources else None
        _check_width(exists, channels, kernel, places, bits, *(read or ())[1:])
        fan_in: Table = np.asarray(0)
        if read and kind == "conv":
            fan_in = collapsed(np.asarray(read.channels // groups * kernel * kernel))
        elif read and kind == "linear":
            fan_in = collapsed(np.asarray(read.channels * read.height * read.width))
        # by_channel: where the widths of the smallest or largest file differ between channels
        stream_bits = size_stream_bits = np.asarray(0)
        by_channel = np.asarray(0)
        most_groups = self._bits.most_groups(name) if widths else None
        if most_groups is not None:
            stream_bits, size_stream_bits, by_channel = self._grouped(
                name, np.asarray(channels), fan_in, most_groups
            )
        elif widths:
            stream_bits = size_stream_bits = np.asarray(fan_in * channels * widths[0][1])
        parts = payload_parts(
            kind, np.asarray(channels, dtype=np.int64), size_stream_bits, by_channel
        )
        size = np.asarray(RECORD_BYTES + sum(parts, start=np.asarray(0)))
        read_bits = read.bits if read else 0
        self.layers.append(
            LayerTable(
                name=name,
                exists=exists,
                sources=sources,
                fields=(self._shaped(channels), self._shaped(kernel)),
                weighted=bool(widths),
                size_bytes=self._shaped(exists * size),
                macs=self._shaped(exists * (fan_in * channels * places)),
                bops=self._shaped(exists * (stream_bits * places * read_bits)),
                activation_bytes=self._shaped(exists * ((channels * places * bits + 7) // 8)),
            )
        )
        index = len(self.layers) - 1
        if read is None:
            return Tensor(index, channels, height, width, bits)
        # a layer that does not exist hands on what it reads
        return Tensor(
            self._existing(index, read.layer),
            channels,
            self._existing(height, read.height),
            self._existing(width, read.width),
            self._existing(bits, read.bits),
        )

    def _shaped(self, value: Number | Table) -> Table:
        """Return a value with all axes, those it does not depend on of length 1."""
        table = np.asarray(value)
        return collapsed(table) if table.ndim else table.reshape(self._exists.ndim * (1,))

    def _grouped(
        self, layer: str, channels: Table, fan_in: Table, most: int
    ) -> tuple[Table, Table, Table]:
        """Return a layer's bits of weights at this end, those of its size, and how they differ."""
        shape = joint_shape([channels, fan_in])
        channels, fan_in = np.broadcast_to(channels, shape), np.broadcast_to(fan_in, shape)
        n_groups = np.minimum(channels, most)
        choices = [
            self._choices[self._bits.group_gene(layer, group)]
            for group in range(int((n_groups * self._exists).max()))
        ]
        self.groups.append(
            GroupTable(
                n_groups=self._shaped(self._exists * n_groups),
                n_choices=tuple(len(each) for each in choices),
            )
        )
        pairs = np.stack([channels.ravel(), fan_in.ravel()])
        unique, inverse = np.unique(pairs, axis=1, return_inverse=True)
        rows = [self._group_bits(c, f, choices, most) for c, f in unique.T.tolist()]
        found = np.array(rows, dtype=np.int64)[inverse.ravel()]
        stream, size_stream, differ = (found[:, i].reshape(channels.shape) for i in range(3))
        return stream, size_stream, differ

    def _group_bits(
        self, channels: int, fan_in: int, choices: Sequence[tuple[GeneValue, ...]], most: int
    ) -> tuple[int, int, int]:
        sizes = group_sizes(channels, most)
        if len(sizes) > len(choices):
            # values from where the layer does not exist
            return 0, 0, 0
        offered = [tuple(map(int, each)) for each in choices[: len(sizes)]]
        ends = [each[0] if self._end == "smallest" else each[-1] for each in offered]
        widths = extreme_widths(sizes, offered, fan_in, self._end)
        return (
            fan_in * sum(map(int.__mul__, sizes, ends)),
            fan_in * sum(map(int.__mul__, sizes, widths)),
            int(len(set(widths)) > 1),
        )

    @override
    def _chosen(self, gene: str, meaning: Meaning) -> Number:
        choices = self._choices[gene]
        if len(choices) == 1:
            return meaning(choices[0])
        before = self.active.get(gene)
        self.active[gene] = (
            self._exists if before is None else collapsed(np.asarray(before | self._exists))
        )
        if gene not in self.axes:
            return meaning(choices[0 if self._end == "smallest" else -1])
        return self.along(self.axes[gene], [meaning(choice) for choice in choices])


def collapsed(table: Table) -> Table:
    """Return a table without the choices it does not depend on.

    Raises:
        TooWideError: If it is too large.
    """
    if table.size > MOST_ENTRIES:
        raise TooWideError
    for axis, length in enumerate(table.shape):
        if length > 1:
            first = table.take([0], axis=axis)
            if (table == first).all():
                table = first
    return table


def joint_shape(tables: Iterable[Table]) -> tuple[int, ...]:
    """Return the shape of a table over everything that these depend on.

    ``np.broadcast_shapes`` takes half as many axes as arrays may have.
    """
    shapes = [table.shape for table in tables if table.ndim]
    return tuple(map(max, zip(*shapes, strict=True)))


def _check_width(*values: Number | Table) -> None:
    """Make sure that a table over everything that these depend on is small.

    Raises:
        TooWideError: If it is not.
    """
    if (
        math.prod(joint_shape(value for value in values if not isinstance(value, int)))
        > MOST_ENTRIES
    ):
        raise TooWideError
