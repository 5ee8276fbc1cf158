"""What tables, notebooks and plots say in the same words."""

from bitpareto.types import Front, Replicates


def counted(n: int, thing: str) -> str:
    """Return a number of things.

    Example:
        >>> counted(1, "point"), counted(2, "point")
        ('1 point', '2 points')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def over_seeds(replicates: Replicates | None) -> str:
    """Return the mean accuracy and spread of a network that was trained more than once."""
    if replicates is None:
        return "-"
    mean, std = replicates.accuracy_mean, replicates.accuracy_std
    return f"{mean:.2%} ± {std:.2%}, {replicates.n} seeds"


def front_title(front: Front) -> str:
    """Return the heading of a front."""
    return f"{counted(len(front.points), 'point')}, hypervolume {front.hypervolume:.4f}"
