"""Makes the layer list of one assignment."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import Final

from typing_extensions import override

from search_space.assembly import Assembly, Meaning, Number, Tensor, Truth, Widths
from search_space.blueprint import Blueprint
from search_space.genes import Choose
from search_space.layers import Activation, Layer, LayerKind

_AS_BEFORE: Final = nullcontext()


class ListAssembly(Assembly):
    """The layer list of one assignment."""

    def __init__(self, blueprint: Blueprint, choose: Choose) -> None:
        super().__init__(blueprint.shape, blueprint.bits, blueprint.conditions)
        self._choose = choose
        self._exists = True
        self.layers: list[Layer] = []
        self.image = self._write_image(blueprint.shape)

    @override
    def _chosen(self, gene: str, meaning: Meaning) -> int:
        return meaning(self._choose(gene)) if self._exists else 0

    @override
    def where(self, condition: Truth) -> AbstractContextManager[None]:
        return _AS_BEFORE if condition else self._absent()

    @contextmanager
    def _absent(self) -> Iterator[None]:
        outer = self._exists
        self._exists = False
        yield
        self._exists = outer

    @override
    def repeat(self, count: Number) -> Iterator[int]:
        return iter(range(int(count) if self._exists else 0))

    @override
    def _nothing_exists(self) -> bool:
        return not self._exists

    @override
    def _existing(self, value: Number, otherwise: Number) -> Number:
        return value if self._exists else otherwise

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
        inputs = [int(source.layer) for source in sources]
        self.layers.append(
            _layer(
                name,
                kind,
                tuple(inputs),
                int(channels),
                int(height),
                int(width),
                int(kernel),
                stride,
                (int(padding[0]), int(padding[1])),
                int(groups),
                activation,
                batch_norm,
                *_weight_bits(widths),
                int(bits),
            )
        )
        return Tensor(len(self.layers) - 1, channels, height, width, bits)


@lru_cache(maxsize=1 << 15)
def _layer(
    name: str,
    kind: LayerKind,
    inputs: tuple[int, ...],
    channels: int,
    height: int,
    width: int,
    kernel: int,
    stride: int,
    padding: tuple[int, int],
    groups: int,
    activation: Activation,
    batch_norm: bool,
    weight_bits: int,
    channel_weight_bits: tuple[int, ...],
    bits: int,
) -> Layer:
    """Return a layer, the same one for the same fields.

    Candidates of a space share most of their layers, which cannot change and cost more to make
    than to find.
    """
    return Layer(
        name=name,
        kind=kind,
        inputs=inputs,
        out_channels=channels,
        out_height=height,
        out_width=width,
        kernel=kernel,
        stride=stride,
        padding=padding,
        groups=groups,
        activation=activation,
        batch_norm=batch_norm,
        weight_bits=weight_bits,
        channel_weight_bits=channel_weight_bits,
        activation_bits=bits,
    )


def _weight_bits(widths: Widths) -> tuple[int, tuple[int, ...]]:
    """Return the widest width, and the width of each channel where they differ."""
    if len(widths) <= 1:
        return int(widths[0][1]) if widths else 0, ()
    groups = [(int(channels), int(bits)) for channels, bits in widths]
    widest = max(bits for _, bits in groups)
    if all(bits == widest for _, bits in groups):
        return widest, ()
    return widest, tuple(bits for channels, bits in groups for _ in range(channels))
