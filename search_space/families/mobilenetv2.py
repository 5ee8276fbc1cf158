"""Inverted bottlenecks with searched kernel, width, expansion and depth per stage.

Sources:
    [Sandler2018] Sandler et al., "MobileNetV2", arXiv:1801.04381: block and stage table.
    [vanSon2023]  van Son et al., "BOMP-NAS", arXiv:2301.11810: one (kernel, width, expansion,
        repeats) per stage, one bit-width per layer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from search_space.assembly import Assembly, Shape, Tensor
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

FEWEST_CHANNELS: Final = 4
KERNELS: Final = (2, 7)
EXPANSIONS: Final = (1, 6)
MOST_WIDTHS: Final = 64
_STAGE_KEYS: Final = ("channels", "width", "kernel", "expansion", "repeats", "stride")

# channels, most repeats, stride per stage: Table 2 of [Sandler2018]
_REFERENCE_STAGES: Final = (
    (16, 1, 1),
    (24, 2, 2),
    (32, 3, 2),
    (64, 4, 2),
    (96, 3, 1),
    (160, 3, 2),
    (320, 1, 1),
)
_SMALL_SIDE: Final = 16
_LARGE_SIDE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    name: str
    channels_of: Mapping[GeneValue, int]
    """Width multiplier -> channels, for the multipliers that are choices."""
    stride: int


def _declare(root: Fields, shape: Shape, bits: BitPlan) -> Blueprint:
    default = _default(shape)
    stem_channels = root.integers("stem_channels", default["stem_channels"], 1, MOST_CHANNELS)
    stem_stride = root.integer("stem_stride", default["stem_stride"], 1, MOST_STRIDE)
    last_channels: tuple[int, ...] = (0,)
    if not root.is_null("last_channels"):
        last_channels = root.integers("last_channels", default["last_channels"], 0, MOST_CHANNELS)

    genes = [Gene(name="stem.channels", choices=stem_channels)]
    aliases: dict[str, Mapping[GeneValue, GeneValue]] = {}
    stages: list[_Stage] = []
    for number, fields in enumerate(root.objects("stages", default["stages"], MOST_STAGES), 1):
        name = f"stage{number}"
        fields.only(_STAGE_KEYS)
        width, channels_of, aliases[f"{name}.width"] = _width(name, fields)
        expansion = fields.integers("expansion", (6,), *EXPANSIONS)
        repeats = fields.integers("repeats", (1,), 1, MOST_BLOCKS)
        stride = fields.integer("stride", 1, 1, MOST_STRIDE)
        stages.append(_Stage(name=name, channels_of=channels_of, stride=stride))
        genes += [
            Gene(name=f"{name}.kernel", choices=fields.integers("kernel", (3,), *KERNELS)),
            width,
            Gene(name=f"{name}.expansion", choices=expansion),
            Gene(name=f"{name}.repeats", choices=repeats),
        ]
    genes.append(Gene(name="last.channels", choices=last_channels))

    def weighted_layers(choices: Choices) -> dict[str, int]:
        read = int(choices["stem.channels"][-1])
        layers = {FIRST_LAYER: read}
        for stage in stages:
            channels = max(stage.channels_of[x] for x in choices[f"{stage.name}.width"])
            expansion = int(choices[f"{stage.name}.expansion"][-1])
            for i in range(int(choices[f"{stage.name}.repeats"][-1])):
                inner = read * expansion
                sizes = {"expand": inner, "depthwise": inner, "project": channels}
                if expansion == 1:
                    del sizes["expand"]
                layers |= {f"{stage.name}.block{i}.{conv}": n for conv, n in sizes.items()}
                read = channels
        if last := int(choices["last.channels"][-1]):
            layers["last"] = last
        return layers | {LAST_LAYER: shape.n_classes}

    def build(net: Assembly) -> None:
        channels = net.choose("stem.channels")
        x = net.conv(
            FIRST_LAYER, net.image, channels, kernel=3, stride=stem_stride, activation="relu"
        )
        for stage in stages:
            x = _build_stage(net, x, stage)
        # zero channels mean no last convolution, so presence can be searched too
        n_last = net.choose("last.channels")
        with net.where(n_last > 0):
            x = net.conv("last", x, n_last, activation="relu")
        net.classify(x)

    return Blueprint(
        shape=shape,
        bits=bits,
        genes=tuple(genes),
        weighted_layers=weighted_layers,
        build=build,
        aliases=aliases,
    )


def _width(
    stage: str, fields: Fields
) -> tuple[Gene, Mapping[GeneValue, int], Mapping[GeneValue, GeneValue]]:
    """Read a stage's base channels and multipliers.

    Of multipliers that round to the same number of channels the smallest is the choice and the
    others are its aliases, so that one network has one encoding.
    """
    base = fields.integer("channels", None, 1, MOST_CHANNELS)
    widths = fields.numbers("width", (1.0,), MOST_WIDTHS)
    if base * widths[-1] > MOST_CHANNELS:
        fields.problems.add(
            fields.pointer("width"),
            "out_of_range",
            f"{base} channels times {widths[-1]:g} are too many",
            (f"up to {MOST_CHANNELS} channels",),
        )
        widths = (1.0,)
    first_width: dict[int, GeneValue] = {}
    aliases: dict[GeneValue, GeneValue] = {}
    for width in widths:
        # round() takes halves to the even neighbour
        channels = max(FEWEST_CHANNELS, round(width * base))
        if channels in first_width:
            aliases[width] = first_width[channels]
        else:
            first_width[channels] = width
    channels_of = {width: channels for channels, width in first_width.items()}
    return Gene(name=f"{stage}.width", choices=tuple(channels_of)), channels_of, aliases


def _build_stage(net: Assembly, x: Tensor, stage: _Stage) -> Tensor:
    channels = net.look_up(f"{stage.name}.width", stage.channels_of)
    kernel = net.choose(f"{stage.name}.kernel")
    expansion = net.choose(f"{stage.name}.expansion")
    for i in net.repeat(net.choose(f"{stage.name}.repeats")):
        block = f"{stage.name}.block{i}"
        stride = stage.stride if i == 0 else 1
        source = x
        inner = source.channels * expansion
        with net.where(expansion > 1):
            x = net.conv(f"{block}.expand", x, inner, activation="relu")
        x = net.conv(
            f"{block}.depthwise",
            x,
            inner,
            kernel=kernel,
            stride=stride,
            depthwise=True,
            activation="relu",
        )
        # the bottleneck is linear: no activation, so its tensor is signed
        x = net.conv(f"{block}.project", x, channels)
        with net.where((source.channels == channels) & (stride == 1)):
            x = net.add(f"{block}.add", x, source, "none")
    return x


def _default(shape: Shape) -> dict[str, Any]:
    """Return the declaration meant when a key is left out, by the shorter side of the image."""
    side = min(shape.height, shape.width)
    if side < _SMALL_SIDE:
        choices = {"width": (0.5, 0.75, 1.0), "kernel": (2, 3, 4, 5), "expansion": (1, 2, 3, 4)}
        return {
            "stem_channels": (8, 12, 16),
            "stem_stride": 1,
            "stages": [
                {"channels": 16, "repeats": (1, 2), "stride": 1, **choices},
                {"channels": 32, "repeats": (1, 2), "stride": 2, **choices},
                {"channels": 64, "repeats": (1, 2), "stride": 2, **choices},
            ],
            "last_channels": (0, 64),
        }
    stages = []
    for number, (channels, most_repeats, stride) in enumerate(_REFERENCE_STAGES):
        stages.append(
            {
                "channels": channels,
                "width": (0.1, 0.2, 0.3, 0.5),
                "kernel": (2, 3, 4, 5, 6, 7),
                "expansion": (1, 2, 3, 4, 5, 6),
                "repeats": tuple(range(1, most_repeats + 1)),
                # small images keep their resolution through the first two stages
                "stride": 1 if side <= _LARGE_SIDE and number < 2 else stride,
            }
        )
    return {
        "stem_channels": (8, 16, 24, 32),
        "stem_stride": 1 if side <= _LARGE_SIDE else 2,
        "stages": stages,
        "last_channels": (0, 128, 256),
    }


FAMILY: Final = Family(
    keys=("stem_channels", "stem_stride", "stages", "last_channels"), declare=_declare
)
