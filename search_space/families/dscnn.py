"""Depthwise-separable convolutions with searched channels, depth and kernel per stage.

Sources:
    [Zhang2017] Zhang et al., "Hello Edge: Keyword Spotting on Microcontrollers", arXiv:1711.07128:
        DS-CNN is one convolution, then pairs of a depthwise and a 1x1 convolution, each with batch
        norm and rectifier, global average pooling, a classifier. Their networks have one number of
        channels throughout and a rectangular first kernel; kernels here are square.
"""

from collections.abc import Sequence
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

_STAGE_KEYS: Final = ("channels", "blocks", "kernel", "stride")
_SMALL_SIDE: Final = 16
_LARGE_SIDE: Final = 64


def _declare(root: Fields, shape: Shape, bits: BitPlan) -> Blueprint:
    default = _default(shape)
    stem_channels = root.integers("stem_channels", default["stem_channels"], 1, MOST_CHANNELS)
    stem_kernel = root.integers("stem_kernel", (3,), *KERNELS)
    stem_stride = root.integer("stem_stride", default["stem_stride"], 1, MOST_STRIDE)
    genes = [
        Gene(name="stem.channels", choices=stem_channels),
        Gene(name="stem.kernel", choices=stem_kernel),
    ]
    strides: dict[str, int] = {}
    for number, fields in enumerate(root.objects("stages", default["stages"], MOST_STAGES), 1):
        name = f"stage{number}"
        fields.only(_STAGE_KEYS)
        channels = fields.integers("channels", None, 1, MOST_CHANNELS)
        blocks = fields.integers("blocks", (1,), 1, MOST_BLOCKS)
        kernel = fields.integers("kernel", (3,), *KERNELS)
        strides[name] = fields.integer("stride", 1, 1, MOST_STRIDE)
        genes += [
            Gene(name=f"{name}.channels", choices=channels),
            Gene(name=f"{name}.blocks", choices=blocks),
            Gene(name=f"{name}.kernel", choices=kernel),
        ]

    def weighted_layers(choices: Choices) -> dict[str, int]:
        read = int(choices["stem.channels"][-1])
        layers = {FIRST_LAYER: read}
        for stage in strides:
            channels = int(choices[f"{stage}.channels"][-1])
            for i in range(int(choices[f"{stage}.blocks"][-1])):
                block = f"{stage}.block{i}"
                layers |= {f"{block}.depthwise": read, f"{block}.pointwise": channels}
                read = channels
        return layers | {LAST_LAYER: shape.n_classes}

    def build(net: Assembly) -> None:
        x = net.conv(
            FIRST_LAYER,
            net.image,
            net.choose("stem.channels"),
            kernel=net.choose("stem.kernel"),
            stride=stem_stride,
            activation="relu",
        )
        for stage, stride in strides.items():
            channels = net.choose(f"{stage}.channels")
            kernel = net.choose(f"{stage}.kernel")
            for i in net.repeat(net.choose(f"{stage}.blocks")):
                x = net.conv(
                    f"{stage}.block{i}.depthwise",
                    x,
                    x.channels,
                    kernel=kernel,
                    stride=stride if i == 0 else 1,
                    depthwise=True,
                    activation="relu",
                )
                x = net.conv(f"{stage}.block{i}.pointwise", x, channels, activation="relu")
        net.classify(x)

    return Blueprint(
        shape=shape, bits=bits, genes=tuple(genes), weighted_layers=weighted_layers, build=build
    )


def _default(shape: Shape) -> dict[str, Any]:
    """Return the declaration meant when a key is left out, by the shorter side of the image."""
    side = min(shape.height, shape.width)
    widths = ((8, 16, 24), (16, 32, 48)) if side < _SMALL_SIDE else _LARGER_WIDTHS
    blocks = (1, 2) if side < _SMALL_SIDE else (1, 2, 3)
    return {
        "stem_channels": widths[0],
        "stem_stride": 1 if side <= _LARGE_SIDE else 2,
        "stages": [
            {"channels": channels, "blocks": blocks, "kernel": (3, 5), "stride": 2}
            for channels in widths
        ],
    }


_LARGER_WIDTHS: Final[Sequence[tuple[int, ...]]] = ((16, 32, 64), (32, 64, 96), (64, 128, 172))

FAMILY: Final = Family(
    keys=("stem_channels", "stem_kernel", "stem_stride", "stages"), declare=_declare
)
