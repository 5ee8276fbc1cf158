"""Which part of a front a search is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NEAR: Final = 0.25
"""Of the bound of a target: what is far smaller is hardly the best within it."""
_BEYOND: Final = 0.1
"""Share of a region's width that its reference point lies beyond it, so that its end counts too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The best of one measured objective within upper bounds.

    Attributes:
        maximize: Its name.
        within: Upper bound per exact objective.
    """

    maximize: str = "accuracy"
    within: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where an optimizer looks for improvement.

    Attributes:
        bounds: Least and largest value of some of the exact objectives.
        scalar: Whether the best accuracy below its upper end is all that counts; then the lower one
            only says where to begin.
    """

    bounds: Mapping[str, tuple[float, float]]
    scalar: bool = False

    def reference(self, name: str) -> float:
        """Return the worst value of a bounded objective for the hypervolume."""
        low, high = self.bounds[name]
        return high if self.scalar else high * (high / low) ** _BEYOND


def region_of(
    focus: Mapping[str, tuple[float, float]] | None, target: Target | None
) -> Region | None:
    """Return the region that a search states in either way."""
    if target is not None:
        bounds = {name: (most * _NEAR, most) for name, most in target.within.items()}
        return Region(bounds=bounds, scalar=True)
    return None if focus is None else Region(bounds=focus)
