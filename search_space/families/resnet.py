"""Residual networks of basic blocks in the CIFAR shape.

Sources:
    [He2016] "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2; the
        shortcut is a 1x1 convolution where the shape changes (option B).
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

_DEFAULT_STAGES: tuple[Mapping[str, Any], ...] = (
    {"channels": [8, 12, 16], "blocks": [1, 2, 3], "stride": 1},
    {"channels": [16, 24, 32], "blocks": [1, 2, 3], "stride": 2},
    {"channels": [32, 48, 64], "blocks": [1, 2, 3], "stride": 2},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Choices of one stage of basic blocks."""

    name: str
    channels: tuple[int, ...]
    blocks: tuple[int, ...]
    stride: int


def read(reader: Reader, input_shape: tuple[int, int, int], n_classes: int) -> Declared:
    """Read a declared ``resnet`` space; see ``docs/search-spaces.md`` for its fields."""
    reader.unknown_fields((*COMMON_FIELDS, "stem_channels", "stages"))
    plan = read_bit_plan(reader)
    stem = reader.integers("stem_channels", (8, 16), 1, 4096)
    stages = [
        _read_stage(stage, f"stage{i}")
        for i, stage in enumerate(reader.objects("stages", _DEFAULT_STAGES), start=1)
    ]
    genes = [Gene(name="stem.channels", choices=stem)]
    for stage in stages:
        genes.append(Gene(name=f"{stage.name}.channels", choices=stage.channels))
        genes.append(Gene(name=f"{stage.name}.blocks", choices=stage.blocks))
    genes += plan.genes(_weighted_layers(stem, stages), FIRST, LAST)

    def build(read_gene: Read) -> LayerList:
        return _build(read_gene, plan, stages, input_shape, n_classes)

    return Declared(genes=tuple(genes), build=build)


def _read_stage(reader: Reader, name: str) -> Stage:
    reader.unknown_fields(("channels", "blocks", "stride"))
    return Stage(
        name=name,
        channels=reader.integers("channels", (16,), 1, 4096),
        blocks=reader.integers("blocks", (1,), 1, 32),
        stride=reader.integer("stride", 1, 1, 4),
    )


def _weighted_layers(stem: tuple[int, ...], stages: list[Stage]) -> list[str]:
    layers, before = [FIRST], stem
    for stage in stages:
        for block in range(stage.blocks[-1]):
            layers += [f"{stage.name}.block{block}.conv1", f"{stage.name}.block{block}.conv2"]
            if block == 0 and (stage.stride > 1 or {*before, *stage.channels} != {before[0]}):
                layers.append(f"{stage.name}.block0.shortcut")
        before = stage.channels
    return [*layers, LAST]


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
        channels = int(read(f"{stage.name}.channels"))
        for block in range(int(read(f"{stage.name}.blocks"))):
            stride = stage.stride if block == 0 else 1
            top = _block(net, f"{stage.name}.block{block}", top, channels, stride)
    return net.classifier(top, n_classes)


def _block(net: NetworkBuilder, name: str, source: int, channels: int, stride: int) -> int:
    """Two 3x3 convolutions, a shortcut, their sum and a rectifier ([He2016] figure 2)."""
    top = net.conv(f"{name}.conv1", source, channels=channels, kernel=3, stride=stride)
    last = f"{name}.conv2"
    top = net.conv(last, top, channels=channels, kernel=3, activation="none")
    if stride > 1 or net.channels(source) != channels:
        source = net.conv(
            f"{name}.shortcut", source, channels=channels, stride=stride, activation="none"
        )
    return net.add(f"{name}.add", source, top, activation="relu", bits_from=last)
