"""Inverted-bottleneck networks with the BOMP-NAS choices: kernel, width, expansion, repeats, bits.

Sources:
    [vanSon2023] "BOMP-NAS: Bayesian Optimization Mixed Precision NAS", arXiv:2301.11810. Its
        value ranges are not public in full; the defaults here are our own.
    [Sandler2018] "MobileNetV2", arXiv:1801.04381, table 2 (stages), figure 4 (block).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_space.bits import BitPlan, Read
from search_space.declaration import COMMON_FIELDS, Reader, read_bit_plan
from search_space.families.family import Declared
from search_space.genes import Gene
from search_space.layers import LayerList
from search_space.network_builder import NetworkBuilder

FIRST, LAST = "stem", "classifier"
MIN_CHANNELS = 4

# [Sandler2018] table 2: output channels, most repeats, stride; first strides 1 for small images
_FULL_STAGES = (
    (16, 1, 1),
    (24, 2, 1),
    (32, 3, 2),
    (64, 4, 2),
    (96, 3, 1),
    (160, 3, 2),
    (320, 1, 1),
)
_SMALL_STAGES = ((16, 2, 1), (32, 2, 2), (64, 2, 2))
_SMALL_IMAGE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Choices of one stage of inverted-bottleneck blocks."""

    name: str
    base_channels: int
    width: tuple[float, ...]
    kernel: tuple[int, ...]
    expansion: tuple[int, ...]
    repeats: tuple[int, ...]
    stride: int

    def channels(self, width: float) -> int:
        """Return the block's output channels at a width multiplier."""
        return max(MIN_CHANNELS, round(width * self.base_channels))

    def distinct_widths(self) -> tuple[float, ...]:
        """Return one width, the smallest, for each number of channels."""
        first: dict[int, float] = {}
        for width in self.width:
            first.setdefault(self.channels(width), width)
        return tuple(first.values())


def read(reader: Reader, input_shape: tuple[int, int, int], n_classes: int) -> Declared:
    """Read a declared ``mobilenetv2`` space; see ``docs/search-spaces.md`` for its fields."""
    reader.unknown_fields((*COMMON_FIELDS, "stem_channels", "stages", "last_channels"))
    plan = read_bit_plan(reader)
    small = max(input_shape[1:]) <= _SMALL_IMAGE
    stem = reader.integers("stem_channels", (8, 16) if small else (16, 32), 1, 4096)
    last = reader.integers("last_channels", (0,), 0, 8192)
    default = _default_stages(_SMALL_STAGES if small else _FULL_STAGES)
    stages = [
        _read_stage(stage, f"stage{i}")
        for i, stage in enumerate(reader.objects("stages", default), start=1)
    ]
    genes = [
        Gene(name="stem.channels", choices=stem),
        *(gene for stage in stages for gene in _stage_genes(stage)),
        Gene(name="last.channels", choices=last),
        *plan.genes(_weighted_layers(stages, last), FIRST, LAST),
    ]

    def build(read_gene: Read) -> LayerList:
        return _build(read_gene, plan, stages, input_shape, n_classes)

    return Declared(genes=tuple(genes), build=build)


def _default_stages(table: tuple[tuple[int, int, int], ...]) -> list[Mapping[str, Any]]:
    return [
        {
            "channels": channels,
            "width": [0.25, 0.5, 0.75, 1.0],
            "kernel": [3, 5],
            "expansion": [1, 2, 4, 6],
            "repeats": list(range(1, most + 1)),
            "stride": stride,
        }
        for channels, most, stride in table
    ]


def _read_stage(reader: Reader, name: str) -> Stage:
    reader.unknown_fields(("channels", "width", "kernel", "expansion", "repeats", "stride"))
    return Stage(
        name=name,
        base_channels=reader.integer("channels", 16, 1, 4096),
        width=reader.numbers("width", (1.0,)),
        kernel=reader.integers("kernel", (3,), 2, 7),
        expansion=reader.integers("expansion", (1,), 1, 6),
        repeats=reader.integers("repeats", (1,), 1, 8),
        stride=reader.integer("stride", 1, 1, 4),
    )


def _stage_genes(stage: Stage) -> list[Gene]:
    return [
        Gene(name=f"{stage.name}.kernel", choices=stage.kernel),
        Gene(name=f"{stage.name}.width", choices=stage.distinct_widths()),
        Gene(name=f"{stage.name}.expansion", choices=stage.expansion),
        Gene(name=f"{stage.name}.repeats", choices=stage.repeats),
    ]


def _weighted_layers(stages: list[Stage], last_channels: tuple[int, ...]) -> list[str]:
    layers = [FIRST]
    for stage in stages:
        parts = ["depthwise", "project"]
        if stage.expansion[-1] > 1:
            parts.insert(0, "expand")
        for block in range(stage.repeats[-1]):
            layers += [f"{stage.name}.block{block}.{part}" for part in parts]
    return [*layers, *(["last"] if last_channels[-1] else []), LAST]


def _build(
    read: Read,
    plan: BitPlan,
    stages: list[Stage],
    input_shape: tuple[int, int, int],
    n_classes: int,
) -> LayerList:
    net = NetworkBuilder(read, plan, input_shape, FIRST, LAST)
    top = net.conv(FIRST, 0, channels=int(read("stem.channels")), kernel=3)
    for stage in stages:
        channels = stage.channels(float(read(f"{stage.name}.width")))
        kernel = int(read(f"{stage.name}.kernel"))
        expansion = int(read(f"{stage.name}.expansion"))
        for block in range(int(read(f"{stage.name}.repeats"))):
            stride = stage.stride if block == 0 else 1
            name = f"{stage.name}.block{block}"
            top = _block(net, name, top, channels, kernel, expansion, stride)
    if last_channels := int(read("last.channels")):
        top = net.conv("last", top, channels=last_channels)
    return net.classifier(top, n_classes)


def _block(
    net: NetworkBuilder,
    name: str,
    source: int,
    channels: int,
    kernel: int,
    expansion: int,
    stride: int,
) -> int:
    """Expand, filter each channel, project without activation; residual where shapes agree."""
    hidden, top = net.channels(source) * expansion, source
    if expansion > 1:
        top = net.conv(f"{name}.expand", top, channels=hidden)
    top = net.conv(
        f"{name}.depthwise", top, channels=hidden, kernel=kernel, stride=stride, groups=hidden
    )
    project = f"{name}.project"
    top = net.conv(project, top, channels=channels, activation="none")
    if stride == 1 and net.channels(source) == channels:
        top = net.add(f"{name}.add", source, top, activation="none", bits_from=project)
    return top
