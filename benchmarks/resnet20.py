"""The CIFAR-10 ResNet-20 whose published float weights quantizers are compared on.

Sources:
    [He2016] He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, sec. 4.2:
        16, 32, 64 channels, three blocks per stage, shortcuts without parameters (option A).
    github.com/akamaster/pytorch_resnet_cifar10 (BSD-2): the weights, 91.73 % on the test set.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from networks.build import build_network
from networks.float_weights import load_float_weights
from networks.network import QuantizedNetwork
from networks.safetensors import read_safetensors
from search_space.layers import Layer, LayerList
from search_space.space import space_from_json
from training.datasets.errors import DatasetUnavailableError
from training.datasets.places import data_dirs

MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
"""What the weights were trained with: the moments of ImageNet, not of CIFAR-10."""

PUBLISHED_FLOAT_ACCURACY: Final = 0.9173

WIDE_SUM_BITS: Final = 8
"""Width of residual sums and of the convolutions' outputs that enter them."""

FILE: Final = Path("pretrained", "resnet20-cifar10.safetensors")

DECLARED: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "family": "resnet",
        "shortcut": "pad",
        "stem_channels": [16],
        "stages": [
            {"channels": [16], "blocks": [3], "stride": 1},
            {"channels": [32], "blocks": [3], "stride": 2},
            {"channels": [64], "blocks": [3], "stride": 2},
        ],
    }
)
_PUBLISHED: Final = re.compile(r"(?:layer([123])\.([012])\.)?(conv|bn)([12])\.(\w+)")


def resnet20(bits: int) -> LayerList:
    """The network at one width, by the convention behind published figures.

    Convolutions multiply ``bits`` by ``bits``; the first reads 8-bit pixels and has 8-bit weights,
    the last layer reads 8 bits and has 8-bit weights. Residual sums stay at 8 bits (published
    networks do not quantize them at all), so each sum exists twice: at 8 bits for the next sum, and
    at ``bits`` for the next convolution.
    """
    declared = {**DECLARED, "weight_bits": [bits], "activation_bits": [bits]}
    space = space_from_json(declared, input_shape=(3, 32, 32), n_classes=10)
    return _with_wide_sums(space.candidate({}).layers)


def _with_wide_sums(layers: LayerList) -> LayerList:
    multiplied = {i for layer in layers if layer.kind == "conv" for i in layer.inputs}
    out: list[Layer] = []
    narrow: dict[int, int] = {}  # places of the tensors that convolutions read
    wide: dict[int, int] = {}  # places of the tensors that everything else reads
    for i, layer in enumerate(layers):
        reads = narrow if layer.kind == "conv" else wide
        inputs = tuple(reads[read] for read in layer.inputs)
        bits = layer.activation_bits
        if layer.kind == "pad_channels":
            bits = out[inputs[0]].activation_bits
        elif layer.kind == "conv" and i not in multiplied:
            bits = WIDE_SUM_BITS
        wide[i] = narrow[i] = len(out)
        if layer.kind == "add":
            name = f"{layer.name}.wide"
            out.append(replace(layer, name=name, inputs=inputs, activation_bits=WIDE_SUM_BITS))
            narrow[i] = len(out)
        if layer.kind != "add" or i in multiplied:
            out.append(replace(layer, inputs=inputs, activation_bits=bits))
    return tuple(out)


def pretrained_path() -> Path:
    """Where the published weights lie.

    Raises:
        DatasetUnavailableError: If no data folder has them.
    """
    places = [folder / FILE for folder in data_dirs()]
    for path in places:
        if path.is_file():
            return path
    advice = f"Put the weights at {FILE} in a folder and name that in BITPARETO_DATA_DIR."
    raise DatasetUnavailableError("resnet20-cifar10", [f"{p}: no file" for p in places], advice)


def pretrained_network(layers: LayerList, path: Path) -> QuantizedNetwork:
    """Build ``layers`` with the published weights, quantizers off and not initialised.

    Args:
        layers: From ``resnet20``.
        path: The safetensors file, with the names of its author's state dict.

    Raises:
        FloatWeightsError: If a tensor is missing or left over, or has another shape.
        SafetensorsError: If the file is damaged.
    """
    network = build_network(layers, mean=MEAN, std=STD, seed=0)
    published = read_safetensors(path.read_bytes())
    load_float_weights(network, {_own_name(name): array for name, array in published.items()})
    return network


def _own_name(name: str) -> str:
    """Name of a tensor by our layers; one that is not recognised stays as it is.

    Example:
        >>> _own_name("layer1.0.bn2.running_var")
        'stage1.block0.conv2.batch_norm.running_var'
    """
    if name.startswith("linear."):
        return name.replace("linear", "classifier")
    found = _PUBLISHED.fullmatch(name)
    if found is None:
        return name
    stage, block, kind, number, tensor = found.groups()
    layer = "stem" if stage is None else f"stage{stage}.block{block}.conv{number}"
    return f"{layer}.{tensor}" if kind == "conv" else f"{layer}.batch_norm.{tensor}"
