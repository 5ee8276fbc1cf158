"""What tables, notebooks and plots say in the same words."""

from bitpareto.types import Front


def counted(n: int, thing: str) -> str:
    """Return a number of things.

    Example:
        >>> counted(1, "point"), counted(2, "point")
        ('1 point', '2 points')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def front_title(front: Front) -> str:
    """Return the heading of a front."""
    return f"{counted(len(front.points), 'point')}, hypervolume {front.hypervolume:.4f}"
