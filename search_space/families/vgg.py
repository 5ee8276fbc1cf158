"""Plain stacks of convolutions, each behind a maximum over windows, with searched width and depth.

Sources:
    [Simonyan2015] Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
        Recognition", arXiv:1409.1556, sec. 2: stacks of 3x3 convolutions, 2x2 max pooling, hidden
        linear layers. Batch norm and global average pooling in front of the linear layers are what
        its descendants for small images have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from search_space.assembly import Assembly, Shape
from search_space.bits import FIRST_LAYER, LAST_LAYER, BitPlan
from search_space.blueprint import Blueprint, Choices
from search_space.families.family import (
    MOST_BLOCKS,
    MOST_CHANNELS,
    MOST_STAGES,
    MOST_STRIDE,
    Family,
)
from search_space.fields import Fields
from search_space.genes import Gene

KERNELS: Final = (1, 7)
MOST_HIDDEN: Final = 3

_STAGE_KEYS: Final = ("channels", "blocks", "kernel", "pool")
_SMALL_SIDE: Final = 16
_LARGE_SIDE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    name: str
    pool: int
    """Side of the windows behind the stage; 1 for none."""


def _declare(root: Fields, shape: Shape, bits: BitPlan) -> Blueprint:
    default = _default(shape)
    stem_channels = root.integers("stem_channels", default["stem_channels"], 1, MOST_CHANNELS)
    stem_stride = root.integer("stem_stride", default["stem_stride"], 1, MOST_STRIDE)
    hidden_channels = root.integers("hidden_channels", (0,), 0, MOST_CHANNELS)
    hidden_layers = root.integer("hidden_layers", 1, 1, MOST_HIDDEN)
    genes = [Gene(name="stem.channels", choices=stem_channels)]
    stages: list[_Stage] = []
    for number, fields in enumerate(root.objects("stages", default["stages"], MOST_STAGES), 1):
        name = f"stage{number}"
        fields.only(_STAGE_KEYS)
        channels = fields.integers("channels", None, 1, MOST_CHANNELS)
        blocks = fields.integers("blocks", (1,), 1, MOST_BLOCKS)
        kernel = fields.integers("kernel", (3,), *KERNELS)
        stages.append(_Stage(name=name, pool=fields.integer("pool", 2, 1, MOST_STRIDE)))
        genes += [
            Gene(name=f"{name}.channels", choices=channels),
            Gene(name=f"{name}.blocks", choices=blocks),
            Gene(name=f"{name}.kernel", choices=kernel),
        ]
    genes.append(Gene(name="hidden.channels", choices=hidden_channels))

    def weighted_layers(choices: Choices) -> dict[str, int]:
        layers = {FIRST_LAYER: int(choices["stem.channels"][-1])}
        for stage in stages:
            channels = int(choices[f"{stage.name}.channels"][-1])
            blocks = range(int(choices[f"{stage.name}.blocks"][-1]))
            layers |= {f"{stage.name}.block{i}.conv": channels for i in blocks}
        if hidden := int(choices["hidden.channels"][-1]):
            layers |= {f"hidden.linear{i}": hidden for i in range(hidden_layers)}
        return layers | {LAST_LAYER: shape.n_classes}

    def build(net: Assembly) -> None:
        x = net.conv(
            FIRST_LAYER,
            net.image,
            net.choose("stem.channels"),
            kernel=3,
            stride=stem_stride,
            activation="relu",
        )
        for stage in stages:
            channels = net.choose(f"{stage.name}.channels")
            kernel = net.choose(f"{stage.name}.kernel")
            for i in net.repeat(net.choose(f"{stage.name}.blocks")):
                conv = f"{stage.name}.block{i}.conv"
                x = net.conv(conv, x, channels, kernel=kernel, activation="relu")
            if stage.pool > 1:
                x = net.max_pool(f"{stage.name}.pool", x, stage.pool)
        x = net.pool(x)
        # zero channels mean no hidden layers, so presence can be searched too
        hidden = net.choose("hidden.channels")
        with net.where(hidden > 0):
            for i in range(hidden_layers):
                x = net.linear(f"hidden.linear{i}", x, hidden, "relu")
        net.linear(LAST_LAYER, x, net.n_classes)

    return Blueprint(
        shape=shape, bits=bits, genes=tuple(genes), weighted_layers=weighted_layers, build=build
    )


def _default(shape: Shape) -> dict[str, Any]:
    """Return the declaration meant when a key is left out, by the shorter side of the image."""
    side = min(shape.height, shape.width)
    widths = _SMALL_WIDTHS if side < _SMALL_SIDE else _LARGER_WIDTHS
    return {
        "stem_channels": widths[0],
        "stem_stride": 1 if side <= _LARGE_SIDE else 2,
        "stages": [{"channels": channels, "blocks": (1, 2), "pool": 2} for channels in widths],
    }


_SMALL_WIDTHS: Final[Sequence[tuple[int, ...]]] = ((8, 12, 16), (16, 24, 32))
_LARGER_WIDTHS: Final[Sequence[tuple[int, ...]]] = ((16, 32, 64), (32, 64, 128), (64, 128, 256))

FAMILY: Final = Family(
    keys=("stem_channels", "stem_stride", "stages", "hidden_channels", "hidden_layers"),
    declare=_declare,
)
