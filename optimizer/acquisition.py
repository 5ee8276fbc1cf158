r"""Expected hypervolume improvement when one objective is uncertain and all others are exact.

All objectives are utilities here: larger is better. Accuracy comes first and is a normal variable;
the costs, negated and on the scale of their objective, are numbers known before training.

Derivation. A new point ``(a, c)`` adds to the dominated region what lies below it, above the
reference point, and not yet below a member of the front. Cut the region that no member dominates
into disjoint boxes ``[l_k, u_k]``. The point covers of box ``k``

    prod_j (min(y_j, u_kj) - l_kj)^+        over all objectives j, with y = (a, c),

so with exact ``c`` only the factor of accuracy is random, and the expectation is

    sum_k w_k(c) (EI(l_k0) - EI(u_k0)),     w_k(c) = prod_{j>0} (min(c_j, u_kj) - l_kj)^+,

since ``E (min(a, u) - l)^+ = EI(l) - EI(u)`` with ``EI(t) = E (a - t)^+``. For one cost the boxes
are the steps of the incumbent staircase: at every cost above that of the new point the gain is
what its accuracy exceeds the staircase by. No Monte Carlo, and no model of the costs; with ``m``
objectives it is the analytic EHVI of [Yang2019]_ at zero variance in all but one.

Sources:
    [Yang2019] Yang et al., "Multi-objective Bayesian global optimization using expected
        hypervolume improvement gradient", Swarm Evol. Comput. 44: the sum over boxes.
    [Lacour2017] Lacour et al., "A box decomposition algorithm to compute the hypervolume
        indicator", Comput. Oper. Res. 79: how BoTorch finds the boxes.
"""

import math
from dataclasses import dataclass

import torch
from botorch.utils.multi_objective.box_decompositions.non_dominated import (
    FastNondominatedPartitioning,
)
from torch import Tensor

_MAX_ELEMENTS = 20_000_000
"""Numbers held at once while scoring; 160 MB."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """The region not dominated by a front, above a reference point, in disjoint boxes.

    Attributes:
        lower: ``(K, m)`` lower corners.
        upper: ``(K, m)`` upper corners; may be infinite.
    """

    lower: Tensor
    upper: Tensor


def non_dominated_boxes(utilities: Tensor, ref_point: Tensor) -> Boxes:
    """Cut the region above ``ref_point`` that no point dominates into boxes.

    Args:
        utilities: ``(n, m)``; points that are not better than ``ref_point`` everywhere and
            dominated ones have no influence; ``n`` may be 0.
        ref_point: ``(m,)``.
    """
    inside = utilities[(utilities > ref_point).all(dim=-1)]  # (n', m)
    lower, upper = FastNondominatedPartitioning(ref_point, Y=inside).get_hypercell_bounds()
    return Boxes(lower, upper)


def expected_improvement(mean: Tensor, sd: Tensor, level: Tensor) -> Tensor:
    """Return ``E (a - level)^+`` for ``a ~ Normal(mean, sd^2)``; 0 at an infinite level.

    Args:
        mean: Any shape.
        sd: Standard deviations > 0, broadcastable with ``mean``.
        level: Broadcastable with ``mean``.
    """
    z = (mean - level) / sd
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    gain = sd * (density + z * torch.special.ndtr(z))
    # far below the level, and at infinity (0 * inf), the true value is 0
    return torch.where(z < -30.0, 0.0, gain)


def expected_hypervolume_improvement(
    mean: Tensor, sd: Tensor, cost_utilities: Tensor, boxes: Boxes
) -> Tensor:
    """Score candidates; ``(N,)``.

    Args:
        mean: Predicted accuracy ``(N,)``.
        sd: Its standard deviation ``(N,)``, > 0.
        cost_utilities: Exact ``(N, m - 1)``, in the order of the boxes' columns after the first.
        boxes: The undominated region, ``K`` boxes.
    """
    n_rows = max(1, _MAX_ELEMENTS // max(1, boxes.lower.numel()))
    return torch.cat(
        [
            _score(m, s, c, boxes)
            for m, s, c in zip(
                mean.split(n_rows),
                sd.split(n_rows),
                cost_utilities.split(n_rows),
                strict=True,
            )
        ]
    )


def _score(mean: Tensor, sd: Tensor, cost_utilities: Tensor, boxes: Boxes) -> Tensor:
    reached = torch.minimum(cost_utilities[:, None, :], boxes.upper[:, 1:])  # (N, K, m - 1)
    widths = (reached - boxes.lower[:, 1:]).clamp_min(0.0).prod(dim=-1)  # (N, K)
    mean, sd = mean[:, None], sd[:, None]  # (N, 1)
    heights = expected_improvement(mean, sd, boxes.lower[:, 0]) - expected_improvement(
        mean, sd, boxes.upper[:, 0]
    )  # (N, K)
    return (widths * heights.clamp_min(0.0)).sum(dim=-1)
