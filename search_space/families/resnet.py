"""Basic residual blocks with searched width and depth per stage, in the shape for small images.

Sources:
    [He2016] He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, sec. 4.2:
        the CIFAR-10 networks (ResNet-20: 16, 32, 64 channels, three blocks per stage). Where the
        shape changes the shortcut is their option B, a 1x1 convolution.
"""

from dataclasses import dataclass
from typing import Any, Final

from search_space.assembly import Assembly
from search_space.bits import FIRST_LAYER, LAST_LAYER, BitPlan
from search_space.blueprint import Blueprint, Choices, Choose
from search_space.families.family import (
    MOST_BLOCKS,
    MOST_CHANNELS,
    MOST_STAGES,
    MOST_STRIDE,
    Family,
    Shape,
)
from search_space.fields import Fields
from search_space.genes import Gene
from search_space.layers import LayerList

KERNEL: Final = 3
_BLOCK_CONVS: Final = ("conv1", "conv2")

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

    def weighted_layers(choices: Choices) -> list[str]:
        layers, read = [FIRST_LAYER], choices["stem.channels"]
        for stage in stages:
            blocks = range(int(choices[f"{stage.name}.blocks"][-1]))
            layers += [f"{stage.name}.block{i}.{conv}" for i in blocks for conv in _BLOCK_CONVS]
            channels = choices[f"{stage.name}.channels"]
            if stage.stride > 1 or len({*read, *channels}) > 1:
                layers.append(f"{stage.name}.block0.shortcut")
            read = channels
        return [*layers, LAST_LAYER]

    def build(choose: Choose) -> LayerList:
        net = Assembly(
            channels=shape.channels,
            height=shape.height,
            width=shape.width,
            bits=bits,
            choose=choose,
        )
        n_stem = int(choose("stem.channels"))
        x = net.conv(FIRST_LAYER, 0, n_stem, kernel=KERNEL, stride=stem_stride, activation="relu")
        for stage in stages:
            channels = int(choose(f"{stage.name}.channels"))
            for i in range(int(choose(f"{stage.name}.blocks"))):
                stride = stage.stride if i == 0 else 1
                x = _build_block(net, x, f"{stage.name}.block{i}", channels, stride)
        return net.classify(x, shape.n_classes)

    return Blueprint(genes=tuple(genes), weighted_layers=weighted_layers, build=build)


def _build_block(net: Assembly, x: int, block: str, channels: int, stride: int) -> int:
    source = x
    x = net.conv(f"{block}.conv1", x, channels, kernel=KERNEL, stride=stride, activation="relu")
    x = net.conv(f"{block}.conv2", x, channels, kernel=KERNEL)
    if stride > 1 or net.channels(source) != channels:
        source = net.conv(f"{block}.shortcut", source, channels, stride=stride)
    return net.add(f"{block}.add", x, source, "relu")


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


FAMILY: Final = Family(keys=("stem_channels", "stem_stride", "stages"), declare=_declare)
