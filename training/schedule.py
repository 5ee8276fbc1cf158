"""Learning rate over a phase: linear warm-up, then half a cosine down to zero.

Source:
    [Loshchilov2017] "SGDR", arXiv:1608.03983, eq. 5, one cycle.
"""

import math
from typing import Final

WARM_UP: Final = 0.1
"""Share of the steps that warm up."""


def learning_rate(step: int, n_steps: int, peak: float) -> float:
    """Learning rate of step ``step`` of ``n_steps``; the last step's is above zero.

    Example:
        >>> [round(learning_rate(step, 10, 1.0), 2) for step in range(10)]
        [1.0, 0.97, 0.88, 0.75, 0.59, 0.41, 0.25, 0.12, 0.03, 0.0]
    """
    warm_up = max(1, round(WARM_UP * n_steps))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up + 1) / (n_steps - warm_up + 1)
    return peak * (1 + math.cos(math.pi * done)) / 2
