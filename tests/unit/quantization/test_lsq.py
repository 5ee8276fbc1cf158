"""The LSQ module: start values, gradient scale, positivity, bits as data."""

import math

import pytest
import torch

from quantization.errors import BitwidthError
from quantization.lsq import LearnedStepQuantizer
from quantization.quantizer import NARROW_BITS, Role


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_golden_gradient_scale_and_start() -> None:
    quantizer = LearnedStepQuantizer(2, signed=True, channels=None)
    quantizer.scale.data.fill_(0.5)
    x = torch.tensor([-1.3, -0.4, 0.1, 0.3, 0.9])
    quantizer(x).sum().backward()
    assert quantizer.scale.grad is not None
    assert quantizer.scale.grad.item() == pytest.approx(-1.0 * 0.447214, rel=1e-5)
    quantizer.initialise(x, method="lsq")
    assert quantizer.scale.item() == pytest.approx(1.2, rel=1e-6)


@pytest.mark.parametrize(
    ("channels", "role", "shape", "sharing"),
    [
        (None, "weight", (6, 4, 3, 3), 6 * 4 * 9),
        (6, "weight", (6, 4, 3, 3), 4 * 9),
        (6, "weight", (6, 10), 10),
        (None, "activation", (5, 4, 3, 3), 4 * 9),
    ],
)
def test_gradient_is_scaled_by_what_shares_a_step(
    channels: int | None, role: Role, shape: tuple[int, ...], sharing: int
) -> None:
    quantizer = LearnedStepQuantizer(3, signed=True, channels=channels, role=role)
    quantizer.scale.data.fill_(1e-3)  # everything clips, so the slope is q_min or q_max
    x = normal(*shape).abs() + 1
    quantizer(x).sum().backward()
    assert quantizer.scale.grad is not None
    per_scale = x.numel() / quantizer.scale.numel()
    expected = 3 * per_scale / math.sqrt(sharing * 3)
    torch.testing.assert_close(
        quantizer.scale.grad, torch.full_like(quantizer.scale, expected), rtol=1e-5, atol=0.0
    )


@pytest.mark.parametrize("shape", [(6, 4, 3, 3), (6, 10)])
def test_per_channel_equals_one_quantizer_per_channel(shape: tuple[int, ...]) -> None:
    weights = normal(*shape)
    together = LearnedStepQuantizer(4, signed=True, channels=6)
    together.initialise(weights)
    together(weights).square().sum().backward()
    assert together.scale.grad is not None
    for i in range(6):
        alone = LearnedStepQuantizer(4, signed=True, channels=None)
        row = weights[i : i + 1]
        alone.initialise(row)
        alone(row).square().sum().backward()
        assert alone.scale.grad is not None
        torch.testing.assert_close(together.scale[i].squeeze(), alone.scale)
        torch.testing.assert_close(together(weights)[i : i + 1], alone(row))
        torch.testing.assert_close(together.scale.grad[i].squeeze(), alone.scale.grad)


@pytest.mark.parametrize("bits", NARROW_BITS)
@pytest.mark.parametrize("signed", [True, False])
def test_integers_times_step_are_the_forward_values(bits: int, signed: bool) -> None:
    quantizer = LearnedStepQuantizer(bits, signed=signed, channels=None, role="activation")
    x = normal(16, 3, 4, 4) if signed else normal(16, 3, 4, 4).relu()
    quantizer.initialise(x)
    integers = quantizer.quantize(x)
    assert torch.equal(integers * quantizer.step(x), quantizer(x))
    assert torch.equal(integers, integers.round())
    assert quantizer.bits == bits


@pytest.mark.parametrize("bits", [0, 9, 16, 32, -3, True])
def test_other_widths_are_refused_with_the_allowed_ones(bits: int) -> None:
    with pytest.raises(BitwidthError, match="1, 2, 3, 4, 5, 6, 7, 8") as caught:
        LearnedStepQuantizer(bits, signed=True, channels=None)
    assert caught.value.bits == bits
    assert caught.value.allowed == NARROW_BITS


def test_bits_are_data() -> None:
    quantizer = LearnedStepQuantizer(8, signed=True, channels=4)
    quantizer.initialise(normal(4, 9))
    quantizer.set_bits(3)
    assert quantizer.bits == 3
    assert quantizer.quantize(torch.sign(normal(4, 9)) * 100).unique().tolist() == [-4.0, 3.0]
    with pytest.raises(BitwidthError):
        quantizer.set_bits(9)
    other = LearnedStepQuantizer(8, signed=True, channels=4)
    other.load_state_dict(quantizer.state_dict())
    assert other.bits == 3
    assert torch.equal(other.scale, quantizer.scale)


@pytest.mark.parametrize("value", [-0.5, 0.0, -1e-12, 1e-12])
def test_the_step_stays_positive_whatever_the_optimizer_does(value: float) -> None:
    quantizer = LearnedStepQuantizer(4, signed=True, channels=None)
    quantizer.scale.data.fill_(value)
    x = normal(100)
    assert (quantizer.step(x) > 0).all()
    out = quantizer(x)
    assert torch.isfinite(out).all()
    assert ((out == 0) | (out.sign() == x.sign())).all()  # never mirrored


def test_a_negative_step_is_pulled_by_its_gradient_as_its_magnitude() -> None:
    x = normal(100)
    gradients = []
    for value in (0.5, -0.5):
        quantizer = LearnedStepQuantizer(4, signed=True, channels=None)
        quantizer.scale.data.fill_(value)
        quantizer(x).square().sum().backward()
        assert quantizer.scale.grad is not None
        gradients.append(quantizer.scale.grad.item())
    assert gradients[0] == -gradients[1] != 0.0


def test_a_dead_channel_is_harmless() -> None:
    weights = normal(3, 8)
    weights[1] = 0.0
    quantizer = LearnedStepQuantizer(4, signed=True, channels=3)
    quantizer.initialise(weights)
    assert (quantizer.scale > 0).all()
    out = quantizer(weights)
    assert (out[1] == 0).all()
    assert torch.isfinite(out).all()


def test_one_bit_is_the_sign_times_the_mean_magnitude() -> None:
    quantizer = LearnedStepQuantizer(1, signed=True, channels=3)
    weights = normal(3, 50)
    quantizer.initialise(weights)
    mean = weights.abs().mean(dim=1, keepdim=True)
    torch.testing.assert_close(
        quantizer(weights).detach(), mean * weights.sign(), rtol=0.05, atol=0
    )


def test_lsq_plus_starts_weights_three_deviations_wide() -> None:
    quantizer = LearnedStepQuantizer([4, 1], signed=True, channels=2, method="three_sigma")
    weights = normal(2, 2000) + torch.tensor([[0.5], [0.0]])
    quantizer.initialise(weights)
    wide, sign = quantizer.scale.flatten().tolist()
    assert wide == pytest.approx(3.5 / 8, rel=0.1)
    assert sign == pytest.approx(weights[1].abs().mean().item(), rel=0.1)
