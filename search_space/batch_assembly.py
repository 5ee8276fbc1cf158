"""Makes arrays over many assignments: every layer that any of them has, and where it exists."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from search_space.assembly import Assembly, Meaning, Number, Tensor, Truth, Widths
from search_space.costs import RECORD_BYTES, payload_parts
from search_space.layers import Activation, LayerKind
from search_space.space import Places, Space

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBatch:
    """One layer of ``n`` assignments.

    Numbers are single integers where they are the same for all assignments, else ``(n,)``; they
    have no meaning where the layer does not exist.

    Attributes:
        name: As in ``Layer``.
        kind: As in ``Layer``.
        exists: Which assignments have the layer, ``(n,)``.
        sources: The tensors read; their ``layer`` is an index in the batch.
        channels: Of the output.
        height: Of the output.
        width: Of the output.
        kernel: Side of the kernel.
        stride: Step of the kernel.
        groups: Convolution groups.
        widths: (output channels, weight bits) of each group of channels; a group that an
            assignment does not have is one of 0 channels.
        activation_bits: Width of the output tensor.
        n_weights: Stored weights, ``(n,)``.
        macs: Multiply-accumulates for one image, ``(n,)``.
        bops: Bit operations for one image, ``(n,)``.
        size_bytes: Record and payload, ``(n,)``.
    """

    name: str
    kind: LayerKind
    exists: Flags
    sources: tuple[Tensor, ...]
    channels: Number
    height: Number
    width: Number
    kernel: Number
    stride: int
    groups: Number
    widths: tuple[tuple[Number, Number], ...]
    activation_bits: Number
    n_weights: Ints
    macs: Ints
    bops: Ints
    size_bytes: Ints


class BatchAssembly(Assembly):
    """Arrays over ``n`` assignments."""

    def __init__(self, space: Space, places: Places) -> None:
        blueprint = space.blueprint
        super().__init__(blueprint.shape, blueprint.bits, blueprint.conditions)
        self._space = space
        # one row per gene, so that its places lie side by side
        self._places = np.ascontiguousarray(places.T)
        self._column = {gene.name: column for column, gene in enumerate(space.genes)}
        self._exists: Flags = np.ones(len(places), dtype=np.bool_)
        self._somewhere = self._everywhere = len(places) > 0
        self.active: Flags = np.zeros(self._places.shape, dtype=np.bool_)
        self.layers: list[LayerBatch] = []
        self.image = self._write_image(blueprint.shape)

    @override
    @contextmanager
    def where(self, condition: Truth) -> Iterator[None]:
        outer = self._exists, self._somewhere, self._everywhere
        self._exists = self._exists & condition
        self._somewhere = bool(self._exists.any())
        self._everywhere = self._somewhere and bool(self._exists.all())
        yield
        self._exists, self._somewhere, self._everywhere = outer

    @override
    def repeat(self, count: Number) -> Iterator[int]:
        if not self._somewhere:
            return
        most = count if isinstance(count, int) else int(count[self._exists].max())
        for i in range(most):
            with self.where(count > i):
                yield i

    @override
    def _nothing_exists(self) -> bool:
        return not self._somewhere

    @override
    def _existing(self, value: Number, otherwise: Number) -> Number:
        return value if self._everywhere else np.where(self._exists, value, otherwise)

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
        n_weights = self._fan_in(kind, sources, kernel, groups) * channels
        stream_bits, by_channel = _stream(n_weights, channels, widths)
        places = self._spread(height * width)
        read_bits = sources[0].bits if sources else 0
        parts = payload_parts(kind, self._spread(channels), stream_bits, by_channel)
        self.layers.append(
            LayerBatch(
                name=name,
                kind=kind,
                exists=self._exists,
                sources=sources,
                channels=channels,
                height=height,
                width=width,
                kernel=kernel,
                stride=stride,
                groups=groups,
                widths=tuple(widths),
                activation_bits=bits,
                n_weights=n_weights,
                macs=n_weights * places,
                bops=stream_bits * places * read_bits,
                size_bytes=RECORD_BYTES + sum(parts, start=self._spread(0)),
            )
        )
        index = len(self.layers) - 1
        if not sources:
            return Tensor(index, channels, height, width, bits)
        # a layer that does not exist hands on what it reads
        source = sources[0]
        return Tensor(
            self._existing(index, source.layer),
            channels,
            self._existing(height, source.height),
            self._existing(width, source.width),
            self._existing(bits, source.bits),
        )

    def _fan_in(
        self, kind: LayerKind, sources: tuple[Tensor, ...], kernel: Number, groups: Number
    ) -> Ints:
        """Return the weights of one output channel."""
        if kind == "conv":
            return self._spread(sources[0].channels) // groups * kernel * kernel
        if kind == "linear":
            return self._spread(sources[0].channels) * sources[0].height * sources[0].width
        return self._spread(0)

    def _spread(self, value: Number) -> Ints:
        return np.broadcast_to(np.asarray(value, dtype=np.int64), self._exists.shape)

    @override
    def _chosen(self, gene: str, meaning: Meaning) -> Number:
        if not self._somewhere:
            return 0
        if gene in self._space.single:
            return meaning(self._space.single[gene])
        column = self._column[gene]
        self.active[column] |= self._exists
        choices = self._space.genes[column].choices
        table: Ints = np.array([meaning(choice) for choice in choices], dtype=np.int64)
        values: Ints = table[self._places[column]]
        return values


def _stream(n_weights: Ints, channels: Number, widths: Widths) -> tuple[Ints, Ints]:
    """Return the bits of all weights together, and 1 where the widths of channels differ."""
    none = np.zeros_like(n_weights)
    if not widths:
        return none, none
    first = none + widths[0][1]
    if len(widths) == 1:
        return n_weights * first, none
    summed, differ = none.copy(), none.astype(np.bool_)
    for size, bits in widths:
        summed += size * bits
        differ |= (none + size > 0) & (first != bits)
    return n_weights // channels * summed, differ.astype(np.int64)
