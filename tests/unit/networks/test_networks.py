import numpy as np
import pytest
import torch

from networks.build import build_network
from networks.count import count
from networks.export import pack
from networks.network import QuantizedNetwork
from quantization.artifact import read_artifact, write_artifact
from quantization.integer_runtime import run
from search_space.costs import costs
from search_space.layers import LOGIT_BITS, Layer, LayerList
from search_space.space import Space, space_from_json

N_CANDIDATES = 200
SHAPE = (1, 8, 8)

SPACES = {
    "mobilenetv2": {
        "family": "mobilenetv2",
        "weight_bits": [2, 3, 4, 5, 6, 7, 8],
        "activation_bits": [2, 3, 4, 5, 6, 7, 8],
        "first_layer_bits": "searched",
        "last_layer_bits": "searched",
        "stem_channels": [4, 8],
        "stages": [
            {"channels": 8, "width": [0.5, 1.0], "kernel": [2, 3, 4, 5], "expansion": [1, 2, 3],
             "repeats": [1, 2], "stride": 1},
            {"channels": 12, "width": [0.5, 1.0], "kernel": [3, 7], "expansion": [1, 4],
             "repeats": [1, 2], "stride": 2},
        ],
        "last_channels": [16],
    },
    "resnet": {
        "family": "resnet",
        "weight_bits": [2, 3, 4, 5, 6, 7, 8],
        "activation_bits": [2, 3, 4, 5, 6, 7, 8],
        "first_layer_bits": "searched",
        "last_layer_bits": "searched",
        "stem_channels": [4, 8],
        "stages": [
            {"channels": [4, 8], "blocks": [1, 2], "stride": 1},
            {"channels": [8, 12], "blocks": [1, 2], "stride": 2},
        ],
    },
}  # fmt: skip


def space(family: str) -> Space:
    return space_from_json(SPACES[family], input_shape=SHAPE, n_classes=10)


def build(layers: LayerList, seed: int = 0, granularity: str = "per_channel") -> QuantizedNetwork:
    return build_network(layers, mean=(0.3,), std=(0.4,), seed=seed, weight_granularity=granularity)


def images(n: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, *SHAPE), generator=generator, dtype=torch.uint8)


def shake_batch_norms(network: QuantizedNetwork, seed: int) -> None:
    """Give batch norm the statistics and gains, some negative, of a trained network."""
    rng = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            n = module.num_features
            sign = torch.where(torch.rand(n, generator=rng) < 0.2, -1.0, 1.0)
            with torch.no_grad():
                module.weight.copy_((0.5 + torch.rand(n, generator=rng)) * sign)
                module.bias.copy_(0.5 * torch.randn(n, generator=rng))
                module.running_mean.copy_(0.2 * torch.randn(n, generator=rng))
                module.running_var.copy_(0.3 + torch.rand(n, generator=rng))


def packed_file(network: QuantizedNetwork) -> bytes:
    artifact = pack(
        network, candidate_hash="0" * 64, data_hash=bytes(16), seed=1, code_version="test"
    )
    return write_artifact(artifact)


@pytest.mark.parametrize("family", SPACES)
def test_the_network_has_the_parameters_macs_and_shapes_that_were_computed(family: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        layers = space(family).sample(rng).layers
        counted = count(build(layers), images(1))
        computed = costs(layers)
        assert (counted.parameters, counted.macs) == (computed.parameters, computed.macs)
        planned = [(x.out_channels, x.out_height, x.out_width) for x in layers[:-1]]
        assert list(counted.shapes) == [*planned, (10,)]


@pytest.mark.parametrize("family", SPACES)
def test_the_file_is_exactly_as_long_as_predicted(family: str) -> None:
    rng = np.random.default_rng(2)
    sample = space(family)
    calibration = images(1)
    for _ in range(N_CANDIDATES):
        layers = sample.sample(rng).layers
        network = build(layers)
        network.initialise_quantizers(calibration)
        assert len(packed_file(network)) == costs(layers).size_bytes


@pytest.mark.parametrize("granularity", ["per_channel", "per_tensor"])
@pytest.mark.parametrize("family", SPACES)
def test_packed_and_fake_quantized_networks_decide_alike(family: str, granularity: str) -> None:
    # untrained networks often have logits that nearly tie, so only clear decisions are compared;
    # that trained networks agree everywhere is tested where they are trained
    rng = np.random.default_rng(3)
    agree = clear = total = 0
    for seed in range(6):
        network = build(space(family).sample(rng).layers, seed, granularity)
        shake_batch_norms(network, seed)
        network.initialise_quantizers(images(64, seed))
        network.quantized = True
        network.eval()
        pixels = images(200, seed + 100)
        with torch.no_grad():
            expected = network(pixels)
        best, second = expected.topk(2).values.T  # (n,) each
        decided = (best - second > 0.05 * expected.std(dim=1)).numpy()  # (n,)
        decisions = run(read_artifact(packed_file(network)), pixels.numpy()).argmax(1)
        agree += int((decisions == expected.argmax(1).numpy())[decided].sum())
        clear += int(decided.sum())
        total += len(decided)
    assert clear > 0.8 * total
    assert agree >= 0.99 * clear


def test_logits_of_an_8_bit_network_come_back_in_units_of_the_format() -> None:
    declared = SPACES["resnet"] | {"weight_bits": [8], "activation_bits": [8]}
    layers = space_from_json(declared, input_shape=SHAPE, n_classes=10).sample(
        np.random.default_rng(4)
    ).layers  # fmt: skip
    network = build(layers)
    network.initialise_quantizers(images(64))
    network.quantized = True
    network.eval()
    pixels = images(50, 9)
    with torch.no_grad():
        expected = network(pixels).numpy()
    logits = run(read_artifact(packed_file(network)), pixels.numpy()) * 2.0**-12
    # a few activations fall on the other side of a rounding border, worth one step each
    np.testing.assert_allclose(logits, expected, atol=0.02 * np.abs(expected).max())


def test_max_pool_and_a_residual_without_batch_norm_survive_packing() -> None:
    layers: LayerList = (
        Layer(name="input", kind="input", inputs=(), out_channels=1, out_height=8, out_width=8),
        Layer(name="a", kind="conv", inputs=(0,), out_channels=6, out_height=8, out_width=8,
              kernel=3, padding=(1, 1), activation="relu", weight_bits=4, activation_bits=3),
        Layer(name="pool", kind="max_pool", inputs=(1,), out_channels=6, out_height=4, out_width=4,
              kernel=3, stride=2, padding=(1, 1), activation_bits=3),
        Layer(name="b", kind="conv", inputs=(2,), out_channels=6, out_height=4, out_width=4,
              kernel=2, padding=(0, 1), groups=2, batch_norm=True, weight_bits=3,
              activation_bits=5),
        Layer(name="sum", kind="add", inputs=(2, 3), out_channels=6, out_height=4, out_width=4,
              activation="relu", activation_bits=5),
        Layer(name="out", kind="linear", inputs=(4,), out_channels=10, out_height=1, out_width=1,
              weight_bits=8, activation_bits=LOGIT_BITS),
    )  # fmt: skip
    network = build(layers)
    assert count(network, images(1)).macs == costs(layers).macs
    network.initialise_quantizers(images(64))
    network.quantized = True
    network.eval()
    data = packed_file(network)
    assert len(data) == costs(layers).size_bytes
    pixels = images(300, 5)
    with torch.no_grad():
        expected = network(pixels).argmax(1).numpy()
    assert (run(read_artifact(data), pixels.numpy()).argmax(1) == expected).mean() >= 0.99


def test_weights_come_from_the_seed_alone() -> None:
    layers = space("mobilenetv2").sample(np.random.default_rng(5)).layers
    torch.manual_seed(1)
    first = build(layers, seed=7).state_dict()
    torch.manual_seed(2)
    again, other = build(layers, seed=7).state_dict(), build(layers, seed=8).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_building_leaves_the_global_generator_alone() -> None:
    layers = space("resnet").sample(np.random.default_rng(5)).layers
    before = torch.get_rng_state()
    build(layers)
    assert torch.equal(before, torch.get_rng_state())


def test_calibration_changes_step_sizes_only() -> None:
    network = build(space("resnet").sample(np.random.default_rng(6)).layers)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.initialise_quantizers(images(32))
    after = network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.endswith("quantizer.scale") for name in changed)
    assert network.training


def test_every_quantized_tensor_lies_on_its_grid() -> None:
    network = build(space("resnet").sample(np.random.default_rng(7)).layers)
    network.initialise_quantizers(images(32))
    network.quantized = True
    network.eval()
    off_grid = []

    def check(node: torch.nn.Module, _inputs: object, output: torch.Tensor) -> None:
        quantizer = getattr(node, "output_quantizer", None)
        if quantizer is not None:
            steps = (output / quantizer.step(output)).detach()
            inside = (steps.round() >= quantizer.q_min) & (steps.round() <= quantizer.q_max)
            if not (torch.allclose(steps, steps.round(), atol=1e-3) and bool(inside.all())):
                off_grid.append(node)

    for node in network.nodes:
        node.register_forward_hook(check)
    network(images(8, 3))
    assert off_grid == []


def test_float_and_uint8_images_mean_the_same() -> None:
    network = build(space("resnet").sample(np.random.default_rng(8)).layers).eval()
    pixels = images(4)
    assert torch.equal(network(pixels), network(pixels.float()))


def test_all_parameters_of_a_quantized_network_learn() -> None:
    network = build(space("mobilenetv2").sample(np.random.default_rng(9)).layers)
    network.initialise_quantizers(images(32))
    network.quantized = True
    network(images(32, 1)).square().sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None]
    assert without == []


def make_exactly_representable(network: QuantizedNetwork) -> None:
    """Step sizes and gains become powers of two, so that float32, float16 and int16 hold all."""
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("quantizer.scale"):
                parameter.copy_(2 ** parameter.log2().round())
        for node in network.nodes[1:]:
            if node.layer.kind == "add":
                # fine enough that the sum needs no rounding: torch would round ties to even
                reads = [network.nodes[i].output_quantizer.scale for i in node.layer.inputs]
                node.output_quantizer.scale.copy_(min(reads))
            if node.layer.kind == "global_avg_pool":
                (read,) = node.layer.inputs
                scale = network.nodes[read].output_quantizer.scale
                node.output_quantizer.scale.copy_(scale / 16)  # means of 4x4 numbers
            if isinstance(getattr(node, "batch_norm", None), torch.nn.BatchNorm2d):
                norm = node.batch_norm
                norm.eps = 0.0
                signs = torch.randint(0, 2, (norm.num_features,), generator=rng) * 2.0 - 1
                norm.weight.copy_(signs)
                # whole steps plus a 4096th, which keeps sums away from the border between two steps
                whole = torch.randint(-4, 5, (norm.num_features,), generator=rng)
                norm.bias.copy_((whole + 2.0**-12) * node.output_quantizer.scale)


def test_where_the_file_can_hold_the_numbers_exactly_it_is_the_network() -> None:
    declared = {
        "family": "resnet",
        "stem_channels": [6],
        "stages": [
            {"channels": [6], "blocks": [2], "stride": 1},
            {"channels": [8], "blocks": [1], "stride": 2},
        ],
        "weight_bits": [2, 3, 4],
        "activation_bits": [3, 4],
        "first_layer_bits": 4,
    }
    space = space_from_json(declared, input_shape=SHAPE, n_classes=10)
    rng = np.random.default_rng(6)
    for seed in range(4):
        layers = space.sample(rng).layers
        # (byte / 255 - 0) / (128 / 255) / 2**-7 is the byte again
        network = build_network(layers, mean=(0.0,), std=(128 / 255,), seed=seed)
        pixels = images(100, seed) // 2  # 0..127, the positive half of the signed input
        network.initialise_quantizers(pixels)
        make_exactly_representable(network)
        with torch.no_grad():
            network.nodes[0].output_quantizer.scale.fill_(2.0**-7)
        network.quantized = True
        network.eval()
        with torch.no_grad():
            expected = network(pixels).numpy()
        logits = run(read_artifact(packed_file(network)), pixels.numpy())
        assert np.ptp(expected) > 0.1
        np.testing.assert_array_equal(logits, np.floor(expected * 4096 + 0.5))
