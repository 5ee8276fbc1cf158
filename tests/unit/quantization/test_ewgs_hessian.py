"""The Hessian-based strength of EWGS against Hessians computed by hand."""

import pytest
import torch
from torch import Tensor, nn

from quantization.ewgs import FIXED_DELTA, EwgsActivationQuantizer, EwgsWeightQuantizer
from quantization.ewgs_hessian import DeltaSchedule, update_deltas


class Bowl(nn.Module):
    """Its output is a quantized tensor, whose loss is a known quadratic form."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 1, 12).reshape(3, 4))
        self.weight_quantizer = EwgsWeightQuantizer(4, None)
        self.idle_quantizer = EwgsActivationQuantizer(4, signed=True)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.weight_quantizer(self.weight) * inputs


def expected_delta(bowl: Bowl, curvature: Tensor, scales: list[float]) -> float:
    """loss = sum(curvature * (scale * w)^2) / 2, so H is diagonal."""
    shares = []
    for scale in scales:
        w = bowl.weight_quantizer(bowl.weight).detach()
        gradient = curvature * scale**2 * w
        trace = (curvature * scale**2).sum()
        shares.append(float(trace / w.numel() / (3 * gradient.std())))
    return sum(shares) / len(shares)


def test_delta_is_mean_curvature_over_three_deviations_of_the_gradient() -> None:
    bowl, curvature = Bowl(), torch.linspace(0.5, 2, 12).reshape(3, 4)
    bowl.weight_quantizer.initialise(bowl.weight)

    def loss(out: Tensor, target: Tensor) -> Tensor:
        return (curvature * (out - target).square()).sum() / 2

    scales = [1.0, 2.0, 3.0, 100.0]  # three batches count
    batches = [(torch.tensor(s), torch.zeros(())) for s in scales]
    update_deltas(bowl, loss, batches, torch.Generator().manual_seed(0))
    # with a diagonal Hessian every draw of signs gives the trace exactly
    expected = expected_delta(bowl, curvature, scales[:3])
    assert float(bowl.weight_quantizer.delta) == pytest.approx(expected, rel=1e-4)
    assert float(bowl.idle_quantizer.delta) == pytest.approx(FIXED_DELTA)  # it did not run
    assert bowl.weight.grad is None


def test_a_full_hessian_is_estimated() -> None:
    bowl = Bowl()
    bowl.weight_quantizer.initialise(bowl.weight)
    root = torch.randn(12, 12, generator=torch.Generator().manual_seed(1)) + 3 * torch.eye(12)
    hessian = root @ root.T

    def loss(out: Tensor, _target: Tensor) -> Tensor:
        return out.flatten() @ hessian @ out.flatten() / 2

    update_deltas(bowl, loss, [(torch.ones(()), torch.zeros(()))], torch.Generator().manual_seed(2))
    gradient = hessian @ bowl.weight_quantizer(bowl.weight).detach().flatten()
    expected = float(hessian.trace() / 12 / (3 * gradient.std()))
    assert float(bowl.weight_quantizer.delta) == pytest.approx(expected, rel=0.15)


def test_negative_curvature_means_straight_through() -> None:
    bowl = Bowl()
    bowl.weight_quantizer.initialise(bowl.weight)
    update_deltas(
        bowl,
        lambda out, _target: -out.square().sum(),
        [(torch.ones(()), torch.zeros(()))],
        torch.Generator().manual_seed(0),
    )
    assert float(bowl.weight_quantizer.delta) == 0.0


def test_never_before_the_first_epoch_and_then_as_often_as_asked() -> None:
    due = [epoch for epoch in range(31) if DeltaSchedule().is_due(epoch)]
    assert due == [10, 20, 30]
    assert [e for e in range(4) if DeltaSchedule(every_n_epochs=1).is_due(e)] == [1, 2, 3]
