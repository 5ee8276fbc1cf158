"""First values of a quantizer's step size.

Sources:
    [Esser2020] Esser et al., "Learned Step Size Quantization", arXiv:1902.08153 (LSQ).
    [LPCV2022]  Lu et al. (eds.), "Low-Power Computer Vision", table 11.8: range by squared error.
"""

from typing import Final

import torch
from torch import Tensor

_N_STEPS: Final = 64
_SMALLEST_RANGE: Final = 1 / 64
"""The search covers clipping ranges from this share of the largest magnitude up to all of it."""

_MAX_SAMPLES: Final = 1 << 16
"""Values per tensor that the search looks at; more change the minimum by well under a step."""


def lsq_scale(rows: Tensor, q_max: Tensor) -> Tensor:
    """``2 * mean|x| / sqrt(q_max)`` per row [Esser2020].

    Args:
        rows: One row per scale, ``(S, n)``.
        q_max: Largest integer of the grid, ``()``.

    Returns:
        Step sizes > 0, ``(S,)``; 1 for a row of zeros, which any step represents exactly.
    """
    return _positive(2 * rows.abs().mean(dim=1) / q_max.sqrt())


def mse_scale(rows: Tensor, q_min: Tensor, q_max: Tensor) -> Tensor:
    """The step size with the least squared quantization error per row [LPCV2022].

    Tries ``_N_STEPS`` clipping ranges, spaced geometrically below the largest magnitude. Long rows
    are sampled at a fixed stride.

    Args:
        rows: One row per scale, ``(S, n)``.
        q_min: Smallest integer of the grid, ``()``.
        q_max: Largest integer of the grid, ``()``.

    Returns:
        Step sizes > 0, ``(S,)``; 1 for a row of zeros, which any step represents exactly.
    """
    if rows.shape[1] > _MAX_SAMPLES:
        # rows of images repeat with powers of two; an odd stride meets every position of them
        rows = rows[:, :: (rows.shape[1] // _MAX_SAMPLES) | 1]
    below = rows.amin(dim=1) / q_min.clamp(max=-1)  # what the negative half needs, if there is one
    largest = torch.where(q_min < 0, below, -torch.inf).maximum(rows.amax(dim=1) / q_max)
    largest = _positive(largest)
    best_scale = largest
    best_error = torch.full_like(largest, torch.inf)
    for share in torch.logspace(0, 1, _N_STEPS, base=_SMALLEST_RANGE, dtype=torch.float64).tolist():
        scale = (largest * share).unsqueeze(1)  # (S, 1)
        grid = (rows / scale).round().clamp(q_min, q_max) * scale  # (S, n)
        error = (grid - rows).square().mean(dim=1)
        best_scale = torch.where(error < best_error, scale.squeeze(1), best_scale)
        best_error = torch.minimum(error, best_error)
    return best_scale


def _positive(scales: Tensor) -> Tensor:
    return torch.where((scales > 0) & scales.isfinite(), scales, torch.ones_like(scales))
