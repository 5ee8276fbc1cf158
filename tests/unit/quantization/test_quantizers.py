"""What every quantizer of every recipe promises to networks and export."""

import pytest
import torch

from quantization.errors import BitwidthError
from quantization.grids import WIDE_MAX, grid
from quantization.quantizer import NARROW_BITS, Quantizer
from quantization.registry import QUANTIZERS

SHAPE = (6, 4, 3, 3)
MIXED = (1, 8, 3, 2, 5, 4)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def activations(signed: bool, seed: int = 0) -> torch.Tensor:
    x = normal(32, 4, 5, 5, seed=seed) + 0.3
    return x if signed else x.relu()


def check_on_grid(quantizer: Quantizer, x: torch.Tensor) -> torch.Tensor:
    """Forward is step * (integer - zero point) with integers of the grid; returns the integers."""
    integers = quantizer.quantize(x)
    expected = quantizer.step(x) * (integers - (quantizer.zero_point() or 0))
    torch.testing.assert_close(quantizer(x), expected, rtol=1e-5, atol=1e-6)
    low, high = quantizer.fit(quantizer.q_min, x), quantizer.fit(quantizer.q_max, x)
    assert torch.equal(integers, integers.round())
    assert ((integers >= low) & (integers <= high)).all()
    assert (((integers - low) / quantizer.fit(quantizer.stride, x)) % 1 == 0).all()
    return integers


@pytest.mark.parametrize("bits", NARROW_BITS)
@pytest.mark.parametrize("channels", [None, 6])
@pytest.mark.parametrize("name", QUANTIZERS)
def test_weights_are_integers_times_a_step(name: str, channels: int | None, bits: int) -> None:
    quantizer = QUANTIZERS[name].weight(bits, channels)
    weights = 0.05 * normal(*SHAPE)
    quantizer.initialise(weights)
    integers = check_on_grid(quantizer, weights)
    assert quantizer.zero_point() is None
    assert (quantizer.bits, quantizer.channel_bits) == (bits, ())
    expected = grid(bits, "signed" if name.startswith("lsq") else "odd")
    assert (float(quantizer.q_min), float(quantizer.q_max)) == (expected.q_min, expected.q_max)
    # in use from end to end, with the right sign
    assert len(integers.unique()) > 0.6 * min(2**bits, integers.numel() / 4)
    assert (integers * weights).sum() > 0


@pytest.mark.parametrize("bits", NARROW_BITS)
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", QUANTIZERS)
def test_activations_are_integers_times_a_step(name: str, signed: bool, bits: int) -> None:
    quantizer = QUANTIZERS[name].activation(bits, signed)
    x = activations(signed)
    quantizer.initialise(x)
    integers = check_on_grid(quantizer, x)
    offset = name == "lsq_plus" and signed and bits > 1
    assert (quantizer.zero_point() is not None) == offset
    assert 0 <= (quantizer.zero_point() or 0) <= float(quantizer.q_max)
    assert (quantizer.q_min == 0) == (offset or not signed)
    if bits > 1 or not signed:
        assert quantizer(torch.zeros(1)) == 0  # padding cells are exact
    if bits > 1:
        noise = (quantizer(x) - x).square().mean() / x.var()
        assert noise < 0.5 * 0.45 ** (bits - 2) + 0.002
    assert len(integers.unique()) > 1


@pytest.mark.parametrize("name", QUANTIZERS)
def test_more_bits_are_never_much_worse(name: str) -> None:
    weights = 0.05 * normal(8, 16, 3, 3)
    noise = []
    for bits in NARROW_BITS:
        quantizer = QUANTIZERS[name].weight(bits, 8)
        quantizer.initialise(weights)
        noise.append(float((quantizer(weights) - weights).detach().square().mean()))
    assert noise == sorted(noise, reverse=True)
    assert noise[0] > 4 * noise[2]


@pytest.mark.parametrize("shape", [SHAPE, (6, 30)])
@pytest.mark.parametrize("name", QUANTIZERS)
def test_channels_of_any_width_are_separate_quantizers(name: str, shape: tuple[int, ...]) -> None:
    weights = normal(*shape)
    together = QUANTIZERS[name].weight(MIXED, 6)
    together.initialise(weights)
    assert (together.bits, together.channel_bits) == (8, MIXED)
    check_on_grid(together, weights)
    upstream = normal(*shape, seed=1)
    leaf = weights.clone().requires_grad_()
    (together(leaf) * upstream).sum().backward()
    for i, bits in enumerate(MIXED):
        row = weights[i : i + 1].clone().requires_grad_()
        alone = QUANTIZERS[name].weight(bits, None)
        alone.initialise(row)
        (alone(row) * upstream[i : i + 1]).sum().backward()
        torch.testing.assert_close(together(weights)[i : i + 1], alone(row))
        torch.testing.assert_close(leaf.grad[i : i + 1], row.grad)
        for (_, mine), (_, other) in zip(
            together.named_parameters(), alone.named_parameters(), strict=True
        ):
            torch.testing.assert_close(mine.grad[i].squeeze(), other.grad)


@pytest.mark.parametrize("name", QUANTIZERS)
def test_widths_per_channel_come_one_for_each(name: str) -> None:
    with pytest.raises(ValueError, match="3 widths for 6 channels"):
        QUANTIZERS[name].weight((1, 2, 3), 6)
    with pytest.raises(BitwidthError):
        QUANTIZERS[name].weight((1, 2, 3, 4, 5, 32), 6)


@pytest.mark.parametrize("bits", [0, 9, 16, -3, True])
@pytest.mark.parametrize("name", QUANTIZERS)
def test_other_widths_are_refused(name: str, bits: int) -> None:
    with pytest.raises(BitwidthError) as caught:
        QUANTIZERS[name].weight(bits, None)
    assert caught.value.bits == bits
    with pytest.raises(BitwidthError):
        QUANTIZERS[name].activation(bits, True)


@pytest.mark.parametrize("name", QUANTIZERS)
def test_a_state_carries_widths_and_parameters(name: str) -> None:
    weights = normal(*SHAPE)
    for make, x in (
        (lambda b: QUANTIZERS[name].weight(b, 6), weights),
        (lambda b: QUANTIZERS[name].weight([b] * 6, 6), weights),
        (lambda b: QUANTIZERS[name].activation(b, True), activations(True)),
    ):
        source, target = make(3), make(8)
        source.initialise(x)
        target.load_state_dict(source.state_dict())
        assert target.bits == 3
        assert torch.equal(target(x), source(x))


@pytest.mark.parametrize("name", QUANTIZERS)
def test_a_width_can_change_in_place(name: str) -> None:
    for quantizer, x in (
        (QUANTIZERS[name].weight([8] * 6, 6), normal(*SHAPE)),
        (QUANTIZERS[name].activation(8, True), activations(True)),
    ):
        quantizer.initialise(x)
        quantizer.set_bits(2)
        quantizer.initialise(x)
        assert quantizer.bits == 2
        assert len(check_on_grid(quantizer, x).unique()) <= 4


@pytest.mark.parametrize("name", QUANTIZERS)
def test_dead_channels_and_constant_tensors_are_harmless(name: str) -> None:
    weights = normal(6, 12)
    weights[2] = 0.0
    for quantizer, x in (
        (QUANTIZERS[name].weight(3, 6), weights),
        (QUANTIZERS[name].weight(3, None), torch.zeros(6, 12)),
        (QUANTIZERS[name].activation(3, False), torch.zeros(4, 7)),
        (QUANTIZERS[name].activation(3, True), torch.zeros(4, 7)),
    ):
        quantizer.initialise(x)
        leaf = x.clone().requires_grad_()
        out = quantizer(leaf)
        out.sum().backward()
        assert torch.isfinite(out).all()
        assert torch.isfinite(leaf.grad).all()
        assert (quantizer.step(x) > 0).all()


@pytest.mark.parametrize("name", QUANTIZERS)
def test_scales_stay_positive_whatever_the_optimizer_does(name: str) -> None:
    for quantizer, x in (
        (QUANTIZERS[name].weight(4, None), normal(5, 20)),
        (QUANTIZERS[name].activation(4, True), activations(True)),
    ):
        quantizer.initialise(x)
        for value in (-0.5, 0.0):
            for own_name, parameter in quantizer.named_parameters():
                if own_name not in ("lower", "upper", "offset") or quantizer.role == "activation":
                    parameter.data.fill_(value)
            assert (quantizer.step(x) > 0).all()
            assert torch.isfinite(quantizer(x)).all()
            check_on_grid(quantizer, x)


@pytest.mark.parametrize("name", QUANTIZERS)
def test_all_parameters_learn_and_the_tensor_too(name: str) -> None:
    for bits in NARROW_BITS:
        for quantizer, x in (
            (QUANTIZERS[name].weight(bits, 6), normal(*SHAPE)),
            (QUANTIZERS[name].activation(bits, False), activations(False)),
            (QUANTIZERS[name].activation(bits, True), activations(True)),
        ):
            quantizer.initialise(x)
            leaf = (x * 1.5).requires_grad_()  # some values clip
            (quantizer(leaf) * normal(*x.shape, seed=3)).sum().backward()
            assert leaf.grad.count_nonzero() > 0.2 * (x != 0).sum()
            for parameter in quantizer.parameters():
                assert parameter.grad is not None
                assert parameter.grad.shape == parameter.shape
                # an offset inside its range has no gradient, at few bits nothing else may
                assert parameter.grad.count_nonzero() > 0


@pytest.mark.parametrize("name", QUANTIZERS)
def test_32_bits_change_nothing_while_training(name: str) -> None:
    weight = QUANTIZERS[name].weight(32, 6)
    weights = normal(*SHAPE)
    weight.initialise(weights)
    assert weight(weights) is weights
    assert list(weight.parameters()) == []
    integers = weight.quantize(weights)
    assert torch.equal(integers.abs().amax(dim=(1, 2, 3)), torch.full((6,), float(WIDE_MAX)))
    torch.testing.assert_close(integers * weight.step(weights), weights, rtol=0, atol=1e-5)
    assert (weight.bits, weight.channel_bits, weight.zero_point()) == (32, (), None)


@pytest.mark.parametrize("signed", [True, False])
def test_a_wide_activation_remembers_the_largest_value_of_training(signed: bool) -> None:
    quantizer = QUANTIZERS["lsq"].activation(32, signed)
    x = activations(signed)
    quantizer.initialise(x)
    quantizer.eval()
    assert quantizer(10 * x) is not None
    largest = float(x.abs().max())
    assert float(quantizer.step(x)) == pytest.approx(2 * largest / WIDE_MAX)
    quantizer.train()
    assert torch.equal(quantizer(3 * x), 3 * x)
    assert torch.equal(quantizer(x), x)
    assert float(quantizer.step(x)) == pytest.approx(6 * largest / WIDE_MAX)
    integers = quantizer.quantize(100 * x)
    assert integers.max() == WIDE_MAX
    assert integers.min() == (-WIDE_MAX if signed else 0)
