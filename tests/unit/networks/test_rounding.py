"""A network rounded to its file is that file: the same bytes, the same decisions."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from networks.build import build_network
from networks.export import pack
from networks.network import QuantizedNetwork
from networks.nodes import ConvNode
from networks.rounding import round_to_file
from quantization.artifact import LOGIT_SCALE, read_artifact, write_artifact
from quantization.errors import FixedPointError
from quantization.integer_runtime import run
from quantization.registry import QUANTIZERS
from search_space.layers import LayerList
from search_space.space import space_from_json

FAMILIES = {
    "mobilenetv2": {},
    "resnet": {"shortcut": "pad", "stem_channels": [8], "stages": [
        {"channels": [8], "blocks": [1], "stride": 1},
        {"channels": [12], "blocks": [1], "stride": 2},
    ]},
    "dscnn": {},
    "vgg": {},
}  # fmt: skip


def layers_of(family: str, bits: int) -> LayerList:
    declared = {
        "family": family,
        **FAMILIES[family],
        "weight_bits": [bits],
        "activation_bits": [bits],
    }
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    return space.sample(np.random.default_rng(0)).layers


def images(n: int = 200) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    smooth = torch.rand(n, 1, 3, 3, generator=generator)
    large = torch.nn.functional.interpolate(smooth, (8, 8), mode="bilinear")
    return (large * 255).to(torch.uint8)


def network(layers: LayerList, quantizer: str = "lsq", granularity: str = "per_channel") -> (
    QuantizedNetwork
):  # fmt: skip
    """Weights drawn, batch norm with statistics and parameters of its own."""
    made = build_network(
        layers, mean=[0.4], std=[0.3], seed=3,
        weight_granularity=granularity, quantizer=quantizer,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(4)
    for _ in range(20):
        made(images(32))
    for name, parameter in made.named_parameters():
        if name.endswith("bias") or "batch_norm.weight" in name:
            parameter.data += 0.2 * torch.randn(parameter.shape, generator=generator)
    made.eval()
    made.initialise_quantizers(images())
    made.quantized = True
    return made


def packed(made: QuantizedNetwork) -> bytes:
    artifact = pack(
        made, candidate_hash="ab" * 32, data_hash=bytes(16), seed=0, code_version="0"
    )  # fmt: skip
    return write_artifact(artifact)


def disagreement(made: QuantizedNetwork, data: bytes) -> float:
    """Mean distance of logits, in units of their spread."""
    with torch.no_grad():
        own = made(images()).double().numpy()
    theirs = run(read_artifact(data), images().numpy()) * LOGIT_SCALE
    return float(np.abs(own - theirs).mean() / own.std())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_file_stays_and_the_network_becomes_it(family: str, bits: int) -> None:
    made = network(layers_of(family, bits))
    data = packed(made)
    before = disagreement(made, data)
    round_to_file(made)
    assert packed(made) == data
    assert disagreement(made, data) < max(before / 3, 1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bits", [1, 2, 3, 5, 8])
def test_in_double_precision_logits_are_the_files(family: str, bits: int) -> None:
    made = network(layers_of(family, bits)).double()
    data = packed(made)
    round_to_file(made)
    assert packed(made) == data
    with torch.no_grad():
        # ties go up, as everywhere in the file
        own = np.floor(made(images()).numpy() / LOGIT_SCALE + 0.5 + 1e-6)
    assert np.array_equal(own, run(read_artifact(data), images().numpy()))


@pytest.mark.parametrize("quantizer", QUANTIZERS)
@pytest.mark.parametrize("granularity", ["per_channel", "per_tensor"])
def test_with_every_quantizer(quantizer: str, granularity: str) -> None:
    made = network(layers_of("resnet", 2), quantizer, granularity)
    data = packed(made)
    before = disagreement(made, data)
    round_to_file(made)
    assert packed(made) == data
    assert disagreement(made, data) < max(before / 3, 1e-5)


def test_without_rounding_a_deep_network_of_few_bits_is_another() -> None:
    made = network(layers_of("mobilenetv2", 2))
    data = packed(made)
    before = disagreement(made, data)
    round_to_file(made)
    assert before > 0.05
    assert disagreement(made, data) < 0.005


def test_convolutions_with_a_bias_are_rounded_too() -> None:
    layers = tuple(replace(layer, batch_norm=False) for layer in layers_of("vgg", 3))
    made = network(layers)
    assert all(n.batch_norm is None for n in made.nodes if isinstance(n, ConvNode))
    data = packed(made)
    before = disagreement(made, data)
    round_to_file(made)
    assert packed(made) == data
    assert disagreement(made, data) < max(before / 3, 1e-5)


def test_rounding_twice_is_rounding_once() -> None:
    made = network(layers_of("resnet", 3))
    round_to_file(made)
    with torch.no_grad():
        once = made(images())
        round_to_file(made)
        torch.testing.assert_close(made(images()), once)


def test_a_network_that_is_not_finite_is_refused() -> None:
    made = network(layers_of("vgg", 4))
    made.nodes[1].batch_norm.bias.data[0] = torch.inf
    with pytest.raises(FixedPointError):
        round_to_file(made)
