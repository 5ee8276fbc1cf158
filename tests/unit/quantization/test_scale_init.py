"""Step sizes before training."""

import pytest
import torch

from quantization.grids import ALLOWED_BITS, grid_limits
from quantization.scale_init import lsq_scale, mse_scale


def limits(bits: int, *, signed: bool) -> tuple[torch.Tensor, torch.Tensor]:
    low, high = grid_limits(bits, signed=signed)
    return torch.tensor(float(low)), torch.tensor(float(high))


def error(
    rows: torch.Tensor, scale: torch.Tensor, low: torch.Tensor, high: torch.Tensor
) -> torch.Tensor:
    step = scale.unsqueeze(1)
    return ((rows / step).round().clamp(low, high) * step - rows).square().mean(dim=1)


@pytest.mark.parametrize("bits", ALLOWED_BITS)
@pytest.mark.parametrize("signed", [True, False])
def test_the_search_is_close_to_the_best_step(bits: int, signed: bool) -> None:
    rows = torch.randn(3, 4000, generator=torch.Generator().manual_seed(bits))
    rows = rows if signed else rows.relu()
    low, high = limits(bits, signed=signed)
    found = error(rows, mse_scale(rows, low, high), low, high)
    dense = torch.linspace(1e-3, 1.0, 1000) * rows.abs().max() / high
    best = torch.stack([error(rows, s.expand(3), low, high) for s in dense]).amin(dim=0)
    assert (found <= 1.1 * best).all()
    assert (found <= error(rows, lsq_scale(rows, high), low, high) * 1.1).all()


def test_exact_grids_are_found_exactly() -> None:
    low, high = limits(3, signed=True)
    rows = torch.tensor([[-4.0, -1.0, 0.0, 3.0], [-8.0, 2.0, 0.0, 6.0]])
    assert error(rows, mse_scale(rows, low, high), low, high).tolist() == [0.0, 0.0]


def test_a_long_row_is_sampled_and_still_right() -> None:
    generator = torch.Generator().manual_seed(1)
    low, high = limits(4, signed=False)
    row = torch.randn(1, 1 << 20, generator=generator).relu()
    short = mse_scale(row[:, : 1 << 16], low, high)
    assert mse_scale(row, low, high).item() == pytest.approx(short.item(), rel=0.1)


def test_rows_of_zeros_get_a_usable_step() -> None:
    low, high = limits(4, signed=False)
    zeros = torch.zeros(2, 5)
    assert mse_scale(zeros, low, high).tolist() == [1.0, 1.0]
    assert lsq_scale(zeros, high).tolist() == [1.0, 1.0]


def test_negative_values_on_an_unsigned_grid_do_not_matter() -> None:
    low, high = limits(2, signed=False)
    rows = torch.tensor([[-100.0, 0.0, 1.0, 2.0, 3.0]])
    assert mse_scale(rows, low, high).item() == pytest.approx(1.0)
