"""Networks of every quantizer and width: built, trained a step, packed, and run in integers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from networks.build import build_network
from networks.count import count
from networks.network import QuantizedNetwork
from quantization.artifact import read_artifact, write_artifact
from quantization.integer_runtime import run
from quantization.quantizer import NARROW_BITS, Quantizer
from quantization.registry import QUANTIZERS
from search_space.costs import costs
from search_space.layers import LOGIT_BITS, Layer, LayerList
from tests.unit.networks.test_networks import images, packed_file, shake_batch_norms

WIDTHS = (*NARROW_BITS, 32)


def layer_list(weight_bits: int, activation_bits: int) -> LayerList:
    """Every kind and activation, each in a place where its own rules matter."""
    rows = [
        ("input", "input", (), 1, 8, {}),
        ("stem", "conv", (0,), 8, 8, {"activation": "relu", "batch_norm": True}),
        ("bottleneck", "conv", (1,), 8, 8, {"batch_norm": True}),
        ("sum", "add", (1, 2), 8, 8, {}),
        ("biased", "conv", (3,), 8, 8, {"activation": "relu6"}),
        ("pool", "max_pool", (4,), 8, 4, {}),
        ("depthwise", "conv", (5,), 8, 4,
         {"activation": "relu6", "batch_norm": True, "groups": 8}),
        ("shortcut", "pad_channels", (6,), 11, 2, {"stride": 2}),
        ("strided", "conv", (6,), 11, 2, {"stride": 2, "batch_norm": True}),
        ("residual", "add", (7, 8), 11, 2, {"activation": "relu"}),
        ("project", "conv", (9,), 16, 2, {"batch_norm": True}),
        ("shift", "pad_channels", (10,), 18, 2, {}),
        ("mean", "global_avg_pool", (11,), 18, 1, {}),
    ]  # fmt: skip
    layers = []
    for name, kind, inputs, channels, side, rest in rows:
        more = dict(rest)
        if kind == "conv":
            more |= {"kernel": 3, "padding": (1, 1), "weight_bits": weight_bits}
        if kind == "max_pool":
            more |= {"kernel": 2, "stride": 2}
        layers.append(
            Layer(name=name, kind=kind, inputs=inputs, out_channels=channels, out_height=side,
                  out_width=side, activation_bits=8 if kind == "input" else activation_bits,
                  **more)
        )  # fmt: skip
    layers.append(
        Layer(name="out", kind="linear", inputs=(12,), out_channels=10, out_height=1, out_width=1,
              weight_bits=weight_bits, activation_bits=LOGIT_BITS)
    )  # fmt: skip
    return tuple(layers)


def with_channel_widths(layers: LayerList, seed: int = 0) -> LayerList:
    rng = np.random.default_rng(seed)
    out = []
    for layer in layers:
        if layer.kind in ("conv", "linear"):
            widths = tuple(int(b) for b in rng.integers(1, 9, layer.out_channels))
            out.append(replace(layer, weight_bits=max(widths), channel_weight_bits=widths))
        else:
            out.append(layer)
    return tuple(out)


def ready(
    layers: LayerList, quantizer: str, seed: int = 0, granularity: str = "per_channel"
) -> QuantizedNetwork:
    """Calibrated, stepped once by gradient descent, and in evaluation mode."""
    network = build_network(
        layers,
        mean=(0.31,),  # not 0.3: that puts every byte halfway between two steps of one byte
        std=(0.4,),
        seed=seed,
        quantizer=quantizer,
        weight_granularity=granularity,
    )
    shake_batch_norms(network, seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias") and "batch_norm" not in name:
                parameter.copy_(torch.linspace(-0.3, 0.3, parameter.numel()))
    network.initialise_quantizers(images(64, seed))
    network.quantized = True
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    labels = torch.arange(64) % 10
    torch.nn.functional.cross_entropy(network(images(64, seed)), labels).backward()
    optimizer.step()
    return network.eval()


def check_agreement(network: QuantizedNetwork, layers: LayerList) -> None:
    """The file has its predicted size and decides as the network does, wherever that is clear."""
    data = packed_file(network)
    assert len(data) == costs(layers).size_bytes
    artifact = read_artifact(data)
    assert write_artifact(artifact) == data
    pixels = images(300, 77)
    with torch.no_grad():
        expected = network(pixels).numpy()
    logits = run(artifact, pixels.numpy()) * 2.0**-12
    # the file's multipliers have 11 bits, so some activations fall on the other side of a rounding
    # border; this untrained network spreads that, so only clear decisions must be the same
    best, second = np.sort(expected, axis=1)[:, :-3:-1].T
    clear = best - second > 0.25 * expected.std(axis=1)
    agree = logits.argmax(1) == expected.argmax(1)
    assert clear.mean() > 0.2
    assert agree[clear].mean() >= 0.95
    assert np.median(np.abs(logits - expected)) < 0.1 * expected.std()


def set_step(quantizer: Quantizer, x: torch.Tensor, target: torch.Tensor | None = None) -> None:
    """Make the step a power of two, the nearest unless given."""
    zero_point = quantizer.zero_point()
    target = 2 ** quantizer.step(x).log2().round() if target is None else target
    largest = target * quantizer.fit(quantizer.q_max, x)
    names = ("alpha", "gain", "output_scale") if quantizer.role == "weight" else ("alpha", "upper")
    for name in names:
        if hasattr(quantizer, name):
            tensor = getattr(quantizer, name)
            tensor.copy_(largest.expand(target.shape).reshape(tensor.shape))
    if hasattr(quantizer, "scale"):
        quantizer.scale.copy_(target.view(quantizer.scale.shape))
    if zero_point is not None:
        quantizer.offset.copy_(-zero_point * target.squeeze())


@torch.no_grad()
def make_exactly_representable(network: QuantizedNetwork) -> None:
    """Steps and gains become powers of two, so that float32, float16 and int16 hold all."""
    rng = torch.Generator().manual_seed(1)
    steps = []
    one = torch.ones(1)
    for node in network.nodes:
        layer, quantizer = node.layer, node.output_quantizer
        reads = [steps[i] for i in layer.inputs]
        if hasattr(node, "weight_quantizer"):
            set_step(node.weight_quantizer, node.weight)
        if quantizer is None:
            step = reads[0]
        else:
            # a sum in the finer of two steps and a mean of four need no rounding
            target = {"input": 2.0**-7, "add": min(reads, default=0.0)}.get(layer.kind)
            if layer.kind == "global_avg_pool":
                target = reads[0] / 4
            set_step(quantizer, one, None if target is None else torch.tensor(target))
            step = float(quantizer.step(one))
        steps.append(step)
        if layer.kind == "linear":
            node.bias.copy_((node.bias * 256).round() / 256)
        elif layer.kind == "conv":
            # whole steps plus a 4096th, which keeps sums away from the border between two steps
            whole = torch.randint(-4, 5, (layer.out_channels,), generator=rng)
            bias = (whole + 2.0**-12) * step
            if node.batch_norm is None:
                node.bias.copy_(bias)
            else:
                norm = node.batch_norm
                norm.eps = 0.0
                norm.running_mean.zero_()
                norm.running_var.fill_(1.0)
                norm.weight.copy_(torch.randint(0, 2, whole.shape, generator=rng) * 2.0 - 1)
                norm.bias.copy_(bias)


@pytest.mark.parametrize("widths", [*NARROW_BITS, "of channels"])
@pytest.mark.parametrize("quantizer", QUANTIZERS)
def test_where_the_file_can_hold_the_numbers_exactly_it_is_the_network(
    quantizer: str, widths: int | str
) -> None:
    narrow = isinstance(widths, int)
    layers = layer_list(widths, widths) if narrow else with_channel_widths(layer_list(8, 4))
    # (byte / 255 - 0) / (128 / 255) / 2**-7 is the byte again
    network = build_network(layers, mean=(0.0,), std=(128 / 255,), seed=3, quantizer=quantizer)
    pixels = images(100, 3) // 2  # 0..127, the positive half of a signed input
    network.initialise_quantizers(pixels)
    make_exactly_representable(network)
    network.quantized = True
    network.eval()
    with torch.no_grad():
        expected = np.floor(network(pixels).numpy() * 4096 + 0.5)
    logits = run(read_artifact(packed_file(network)), pixels.numpy())
    assert np.ptp(expected) > 100
    # levels of EWGS are fractions, which float32 rounds
    assert np.abs(logits - expected).max() <= (quantizer == "ewgs")


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("quantizer", QUANTIZERS)
def test_the_packed_file_is_the_network(quantizer: str, bits: int) -> None:
    layers = layer_list(bits, bits)
    network = ready(layers, quantizer)
    check_agreement(network, layers)


@pytest.mark.parametrize("quantizer", QUANTIZERS)
@pytest.mark.parametrize("pair", [(1, 32), (32, 1), (32, 4), (3, 8)])
def test_weights_and_activations_of_unequal_width(quantizer: str, pair: tuple[int, int]) -> None:
    layers = layer_list(*pair)
    check_agreement(ready(layers, quantizer, 1), layers)


@pytest.mark.parametrize("granularity", ["per_channel", "per_tensor"])
@pytest.mark.parametrize("quantizer", QUANTIZERS)
def test_channels_of_different_widths(quantizer: str, granularity: str) -> None:
    layers = with_channel_widths(layer_list(8, 4))
    network = ready(layers, quantizer, granularity=granularity)
    widths = [node.weight_quantizer.channel_bits for node in network.nodes
              if hasattr(node, "weight_quantizer")]  # fmt: skip
    assert widths == [x.channel_weight_bits for x in layers if x.channel_weight_bits]
    check_agreement(network, layers)


@pytest.mark.parametrize("quantizer", QUANTIZERS)
def test_one_step_per_tensor(quantizer: str) -> None:
    layers = layer_list(4, 4)
    check_agreement(ready(layers, quantizer, granularity="per_tensor"), layers)


@pytest.mark.parametrize("quantizer", QUANTIZERS)
def test_quantizers_do_not_count_as_parameters(quantizer: str) -> None:
    layers = layer_list(4, 4)
    network = build_network(layers, mean=(0.3,), std=(0.4,), seed=0, quantizer=quantizer)
    counted, computed = count(network, images(1)), costs(layers)
    assert (counted.parameters, counted.macs) == (computed.parameters, computed.macs)
    planned = [(x.out_channels, x.out_height, x.out_width) for x in layers[:-1]]
    assert list(counted.shapes) == [*planned, (10,)]


@pytest.mark.parametrize("quantizer", QUANTIZERS)
def test_at_32_bits_quantizing_is_no_change(quantizer: str) -> None:
    layers = tuple(replace(x, activation_bits=32) for x in layer_list(32, 32))
    network = ready(layers, quantizer)
    pixels = images(20, 5)
    with torch.no_grad():
        quantized = network(pixels)
        network.quantized = False
        assert torch.equal(quantized, network(pixels))


def test_shortcut_keeps_every_second_pixel_and_centres_the_channels() -> None:
    network = build_network(layer_list(4, 4), mean=(0.3,), std=(0.4,), seed=0)
    x = torch.randn(2, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    out = network.nodes[7].compute([x], quantized=False)
    assert torch.equal(out[:, 1:9], x[:, :, ::2, ::2])
    assert out[:, 0].count_nonzero() == out[:, 9:].count_nonzero() == 0


def test_relu6_ends_at_six() -> None:
    network = build_network(layer_list(4, 4), mean=(0.3,), std=(0.4,), seed=0)
    with torch.no_grad():
        network.nodes[4].bias.copy_(torch.tensor([-9.0, 3, 9, 0, 0, 0, 0, 0]))
    out = network.nodes[4].compute([torch.zeros(1, 8, 8, 8)], quantized=False)
    assert out[0, :3, 0, 0].tolist() == [0, 3, 6]
