"""How sure a measured accuracy is.

Sources:
    [Wilson1927] E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", J. American Statistical Association 22 (1927).
"""

import math
from typing import Final

Z_95: Final = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""


def wilson_interval(accuracy: float, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return the score interval of a proportion measured on ``n`` images [Wilson1927].

    Unlike the normal approximation it stays inside 0 to 1 and has width even at 0 and 1.

    Args:
        accuracy: Measured proportion, 0 to 1.
        n: Images it was measured on, at least 1.
        z: Quantile of the standard normal distribution.

    Raises:
        ValueError: If ``accuracy`` or ``n`` is out of range.

    Example:
        >>> low, high = wilson_interval(0.97, 360)
        >>> f"{low:.4f} {high:.4f}"
        '0.9469 0.9832'
    """
    if not 0 <= accuracy <= 1 or n < 1:
        raise ValueError(f"no interval for a proportion of {accuracy} on {n} images")
    denominator = 1 + z * z / n
    centre = (accuracy + z * z / (2 * n)) / denominator
    half = z / denominator * math.sqrt(accuracy * (1 - accuracy) / n + z * z / (4 * n * n))
    # at 0 and 1 the formula meets the end exactly, which floats may miss by a rounding
    return max(0.0, min(accuracy, centre - half)), min(1.0, max(accuracy, centre + half))
