"""How likely a candidate is to finish training, learned from trials that did not."""

import torch
from torch import Tensor

_REACH = 0.15
"""Root mean square distance per gene, in [0, 1], over which an outcome is taken to carry over."""


def probability_of_success(x: Tensor, completed: Tensor, failed: Tensor) -> Tensor:
    """Return the share of successes near each candidate, ``(N,)``, with one virtual success.

    A kernel-weighted vote ``(1 + s) / (1 + s + f)``, where ``s`` and ``f`` are the summed Gaussian
    weights of completed and failed trials. Far from every failure it is 1, so that one lost worker
    bars nothing; next to a failure, and to no success, it is 1/2, and it falls with each further
    one. Failed trials never enter the accuracy model.

    Args:
        x: Encoded genes ``(N, d)`` of the candidates, in [0, 1].
        completed: ``(n, d)``.
        failed: ``(k, d)``; ``k`` may be 0.
    """
    successes, failures = (_weights(x, points).sum(dim=-1) for points in (completed, failed))
    return (1 + successes) / (1 + successes + failures)


def _weights(x: Tensor, points: Tensor) -> Tensor:
    squared = torch.cdist(x, points).square() / max(1, x.shape[-1])  # (N, n)
    return torch.exp(-0.5 * squared / _REACH**2)
