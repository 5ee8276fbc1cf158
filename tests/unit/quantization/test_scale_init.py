"""Step sizes before training."""

import pytest
import torch
from torch.nn import functional

from quantization.grids import grid_limits
from quantization.scale_init import (
    least_squares_gain,
    lsq_scale,
    mse_offset_scale,
    mse_scale,
)


def limits(bits: int, *, signed: bool) -> tuple[torch.Tensor, torch.Tensor]:
    low, high = grid_limits(bits, signed=signed)
    return torch.tensor(float(low)), torch.tensor(float(high))


def error(
    rows: torch.Tensor, scale: torch.Tensor, low: torch.Tensor, high: torch.Tensor
) -> torch.Tensor:
    step = scale.unsqueeze(1)
    return ((rows / step).round().clamp(low, high) * step - rows).square().mean(dim=1)


@pytest.mark.parametrize("bits", range(2, 9))
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


def test_one_bit_takes_the_mean_magnitude() -> None:
    rows = torch.randn(3, 4000, generator=torch.Generator().manual_seed(2))
    low, high = limits(1, signed=True)
    found = mse_scale(rows, low, high, torch.tensor(2.0))
    # the scaled sign with the least squared error; the search walks in steps of 7 %
    torch.testing.assert_close(found, rows.abs().mean(dim=1), rtol=0.04, atol=0.0)


def test_rows_may_differ_in_width() -> None:
    rows = torch.randn(3, 500, generator=torch.Generator().manual_seed(3))
    grids = [(-1.0, 1.0, 2.0), (-8.0, 7.0, 1.0), (-128.0, 127.0, 1.0)]
    low, high, stride = (torch.tensor(column) for column in zip(*grids, strict=True))
    together = mse_scale(rows, low, high, stride)
    for i in range(3):
        alone = mse_scale(rows[i : i + 1], low[i], high[i], stride[i])
        torch.testing.assert_close(together[i : i + 1], alone)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_an_offset_grid_beats_a_symmetric_one_on_lopsided_values(bits: int) -> None:
    row = functional.silu(torch.randn(20_000, generator=torch.Generator().manual_seed(4)) * 2)
    high = torch.tensor(2.0**bits - 1)
    scale, offset = mse_offset_scale(row, high)
    zero_point = (-offset / scale).round().clamp(0, high)
    shifted = ((row / scale + zero_point).round().clamp(0, high) - zero_point) * scale
    low, top = limits(bits, signed=True)
    symmetric = error(row[None], mse_scale(row[None], low, top), low, top)
    assert (shifted - row).square().mean() < 0.8 * symmetric


def test_least_squares_gain() -> None:
    rows = torch.tensor([[1.0, -2.0, 3.0], [1.0, 0.0, 0.0]])
    integers = torch.tensor([[2.0, -4.0, 6.0], [0.0, 0.0, 0.0]])
    assert least_squares_gain(rows, integers).tolist() == [0.5, 1.0]
