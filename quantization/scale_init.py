"""First values of a quantizer's step size.

Sources:
    [Esser2020] Esser et al., "Learned Step Size Quantization", arXiv:1902.08153 (LSQ).
    [LPCV2022]  Lu et al. (eds.), "Low-Power Computer Vision", table 11.8: range by squared error.
"""

from typing import Final

import torch
from torch import Tensor

from quantization.fake_quantize import nearest

_N_STEPS: Final = 64
_SMALLEST_RANGE: Final = 1 / 64
"""The search covers clipping ranges from this share of the largest magnitude up to all of it."""

_MAX_SAMPLES: Final = 1 << 16
"""Values per tensor that the search looks at; more change the minimum by well under a step."""


def lsq_scale(rows: Tensor, q_max: Tensor) -> Tensor:
    """``2 * mean|x| / sqrt(q_max)`` per row [Esser2020].

    Args:
        rows: One row per scale, ``(S, n)``.
        q_max: Largest integer of the grid, ``()`` or ``(S,)``.

    Returns:
        Step sizes > 0, ``(S,)``; 1 for a row of zeros, which any step represents exactly.
    """
    return positive_or_one(2 * rows.abs().mean(dim=1) / q_max.sqrt())


def three_sigma_scale(rows: Tensor, q_min: Tensor) -> Tensor:
    """``max(|mean - 3 std|, |mean + 3 std|) / -q_min`` per row: the start of LSQ+ for weights.

    Args:
        rows: One row per scale, ``(S, n)``.
        q_min: Smallest integer of a signed grid, ``()`` or ``(S,)``.

    Returns:
        Step sizes > 0, ``(S,)``; 1 for a row of zeros.
    """
    mean, std = rows.mean(dim=1), rows.std(dim=1, correction=0)
    return positive_or_one((mean.abs() + 3 * std) / -q_min)


def mse_scale(rows: Tensor, q_min: Tensor, q_max: Tensor, stride: Tensor | None = None) -> Tensor:
    """The step size with the least squared quantization error per row [LPCV2022].

    Tries ``_N_STEPS`` clipping ranges, spaced geometrically below the largest magnitude. Long rows
    are sampled at a fixed stride.

    Args:
        rows: One row per scale, ``(S, n)``.
        q_min: Smallest integer of the grid, ``()`` or ``(S,)``.
        q_max: Largest integer of the grid, ``()`` or ``(S,)``.
        stride: Distance of neighbouring integers, ``()`` or ``(S,)``; None means 1.

    Returns:
        Step sizes > 0, ``(S,)``; 1 for a row of zeros, which any step represents exactly.
    """
    rows = sampled(rows)
    below = rows.amin(dim=1) / q_min.clamp(max=-1)  # what the negative half needs, if there is one
    largest = torch.where(q_min < 0, below, -torch.inf).maximum(rows.amax(dim=1) / q_max)
    largest = positive_or_one(largest)
    best_scale = largest
    best_error = torch.full_like(largest, torch.inf)
    low, high = q_min.view(-1, 1), q_max.view(-1, 1)  # (1, 1) or (S, 1)
    stride = None if stride is None else stride.view(-1, 1)
    for share in torch.logspace(0, 1, _N_STEPS, base=_SMALLEST_RANGE, dtype=torch.float64).tolist():
        scale = (largest * share).unsqueeze(1)  # (S, 1)
        grid = nearest(rows / scale, low, high, stride) * scale  # (S, n)
        error = (grid - rows).square().mean(dim=1)
        best_scale = torch.where(error < best_error, scale.squeeze(1), best_scale)
        best_error = torch.minimum(error, best_error)
    return best_scale


def mse_offset_scale(row: Tensor, q_max: Tensor) -> tuple[Tensor, Tensor]:
    """Step and offset with the least squared error on a grid from 0 with an integer zero point.

    Shrinks the range from the smallest to the largest value: first both ends together, then the
    lower, then the upper one, each ``_N_STEPS / 2`` times. Long tensors are sampled.

    Args:
        row: Values of one tensor, ``(n,)``.
        q_max: Largest integer of the grid, ``()``.

    Returns:
        Step size > 0 and offset <= 0, the value of integer 0; ``()`` each.
    """
    row = sampled(row.view(1, -1)).squeeze(0)
    ends = row.amin().clamp_max(0), row.amax().clamp_min(0)
    best_error = torch.full_like(ends[0], torch.inf)
    best = ends
    shares = torch.logspace(0, 1, _N_STEPS // 2, base=_SMALLEST_RANGE, dtype=torch.float64).tolist()
    for moves in ((True, True), (True, False), (False, True)):
        start = best
        for share in shares:
            low, high = (
                end * share if move else end for end, move in zip(start, moves, strict=True)
            )
            scale = positive_or_one((high - low) / q_max)
            offset = -(-low / scale).round() * scale
            grid = nearest((row - offset) / scale, torch.zeros_like(q_max), q_max) * scale + offset
            error = (grid - row).square().mean()
            better = error < best_error
            best = torch.where(better, low, best[0]), torch.where(better, high, best[1])
            best_error = torch.minimum(error, best_error)
    return positive_or_one((best[1] - best[0]) / q_max), best[0]


def least_squares_gain(rows: Tensor, integers: Tensor) -> Tensor:
    """The factor per row that brings ``integers`` closest to ``rows``: ``<x, q> / <q, q>``.

    Args:
        rows: One row per factor, ``(S, n)``.
        integers: Likewise.

    Returns:
        Factors > 0, ``(S,)``; 1 where none is.
    """
    return positive_or_one((rows * integers).sum(dim=1) / integers.square().sum(dim=1))


def sampled(rows: Tensor) -> Tensor:
    """At most about ``_MAX_SAMPLES`` values of each row, at a fixed stride."""
    if rows.shape[1] <= _MAX_SAMPLES:
        return rows
    # rows of images repeat with powers of two; an odd stride meets every position of them
    return rows[:, :: (rows.shape[1] // _MAX_SAMPLES) | 1]


def positive_or_one(scales: Tensor) -> Tensor:
    """``scales`` with 1 in place of what is no step size: zero, negative or not finite."""
    return torch.where((scales > 0) & scales.isfinite(), scales, torch.ones_like(scales))
