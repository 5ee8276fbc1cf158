"""Basic residual blocks with searched width and depth per stage, in the shape for small images.

Sources:
    [He2016] He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, sec. 4.2:
        the CIFAR-10 networks (ResNet-20: 16, 32, 64 channels, three blocks per stage). Where the
        shape changes the shortcut is their option B, a 1x1 convolution with batch norm, or their
        option A, every second place and channels of zeros.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from search_space.assembly import Assembly, Number, Shape, Tensor
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
from search_space.genes import Gene, GeneValue

KERNEL: Final = 3
_CONVS: Final = ("conv1", "conv2")

_STAGE_KEYS: Final = ("channels", "blocks", "stride")
_SMALL_SIDE: Final = 16
_LARGE_SIDE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    name: str
    stride: int


def _declare(root: Fields, shape: Shape, bits: BitPlan) -> Blueprint:
    default = _default(shape)
    stem_channels = root.integers("stem_channels", default["stem_channels"], 1, MOST_CHANNELS)
    stem_stride = root.integer("stem_stride", default["stem_stride"], 1, MOST_STRIDE)
    pads = root.word("shortcut", "conv", ("conv", "pad")) == "pad"
    genes = [Gene(name="stem.channels", choices=stem_channels)]
    stages: list[_Stage] = []
    for number, fields in enumerate(root.objects("stages", default["stages"], MOST_STAGES), 1):
        name = f"stage{number}"
        fields.only(_STAGE_KEYS)
        channels = fields.integers("channels", None, 1, MOST_CHANNELS)
        blocks = fields.integers("blocks", (1,), 1, MOST_BLOCKS)
        stride = fields.integer("stride", 1, 1, MOST_STRIDE)
        stages.append(_Stage(name=name, stride=stride))
        genes += [
            Gene(name=f"{name}.channels", choices=channels),
            Gene(name=f"{name}.blocks", choices=blocks),
        ]

    def weighted_layers(choices: Choices) -> dict[str, int]:
        read = choices["stem.channels"]
        layers = {FIRST_LAYER: int(read[-1])}
        for stage in stages:
            channels = choices[f"{stage.name}.channels"]
            for i in range(int(choices[f"{stage.name}.blocks"][-1])):
                layers |= {f"{stage.name}.block{i}.{conv}": int(channels[-1]) for conv in _CONVS}
            if widest := _widest_shortcut(read, channels, stage.stride, pads=pads):
                layers[f"{stage.name}.block0.shortcut"] = widest
            read = channels
        return layers | {LAST_LAYER: shape.n_classes}

    def build(net: Assembly) -> None:
        n_stem = net.choose("stem.channels")
        x = net.conv(
            FIRST_LAYER, net.image, n_stem, kernel=KERNEL, stride=stem_stride, activation="relu"
        )
        for stage in stages:
            channels = net.choose(f"{stage.name}.channels")
            for i in net.repeat(net.choose(f"{stage.name}.blocks")):
                x = _build_block(net, x, stage, i, channels, pads=pads)
        net.classify(x)

    return Blueprint(
        shape=shape,
        bits=bits,
        genes=tuple(genes),
        weighted_layers=weighted_layers,
        build=build,
    )


def _build_block(
    net: Assembly, source: Tensor, stage: _Stage, i: int, channels: Number, *, pads: bool
) -> Tensor:
    block = f"{stage.name}.block{i}"
    stride = stage.stride if i == 0 else 1
    x = net.conv(
        f"{block}.conv1", source, channels, kernel=KERNEL, stride=stride, activation="relu"
    )
    x = net.conv(f"{block}.conv2", x, channels, kernel=KERNEL)
    # behind a stage's first block the shape stays
    if i == 0:
        changes = (channels != source.channels) | (stride > 1)
        # where channels become fewer there is nothing to pad
        padded = changes & (channels >= source.channels) & pads
        convolved = changes & ((channels < source.channels) | (not pads))
        with net.where(padded):
            source = net.pad_channels(f"{block}.shortcut", source, channels, stride)
        with net.where(convolved):
            source = net.conv(f"{block}.shortcut", source, channels, stride=stride)
    return net.add(f"{block}.add", x, source, "relu")


def _widest_shortcut(
    read: Sequence[GeneValue], channels: Sequence[GeneValue], stride: int, *, pads: bool
) -> int:
    """Return the most channels of a convolution in a shortcut; 0 where there can be none."""
    return max(
        (
            int(out)
            for n_read, out in itertools.product(map(int, read), map(int, channels))
            if out < n_read or (not pads and (stride > 1 or out != n_read))
        ),
        default=0,
    )


def _default(shape: Shape) -> dict[str, Any]:
    """Return the declaration meant when a key is left out, by the shorter side of the image."""
    side = min(shape.height, shape.width)
    channels = ((8, 12, 16), (16, 24, 32), (32, 48, 64))
    blocks = (1, 2) if side < _SMALL_SIDE else (1, 2, 3)
    return {
        "stem_channels": channels[0],
        "stem_stride": 1 if side <= _LARGE_SIDE else 2,
        "stages": [
            {"channels": choices, "blocks": blocks, "stride": 1 if number == 0 else 2}
            for number, choices in enumerate(channels)
        ],
    }


FAMILY: Final = Family(
    keys=("stem_channels", "stem_stride", "stages", "shortcut"), declare=_declare
)
