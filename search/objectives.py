"""What a search optimizes: names, directions and the scale on which hypervolume is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One objective.

    Attributes:
        name: Key in a trial's values.
        direction: ``up`` when larger is better.
        exact: Known from the candidate alone, before training.
        scale: ``log2`` where a factor of two is worth the same everywhere, as for bytes.
        unit: Unit shown to people.
    """

    name: str
    direction: Literal["up", "down"]
    exact: bool
    scale: Literal["linear", "log2"]
    unit: str


OBJECTIVES: Final[Mapping[str, Objective]] = MappingProxyType(
    {
        o.name: o
        for o in (
            Objective(name="accuracy", direction="up", exact=False, scale="linear", unit=""),
            Objective(name="size_bytes", direction="down", exact=True, scale="log2", unit="B"),
            Objective(name="macs", direction="down", exact=True, scale="log2", unit="MAC"),
            Objective(name="bops", direction="down", exact=True, scale="log2", unit="BOP"),
            Objective(
                name="peak_activation_bytes", direction="down", exact=True, scale="log2", unit="B"
            ),
            Objective(name="latency_ms", direction="down", exact=True, scale="log2", unit="ms"),
            Objective(name="energy_uj", direction="down", exact=True, scale="log2", unit="uJ"),
        )
    }
)
"""Every objective a search may name. ``accuracy`` is the validation accuracy of the packed file."""

EXACT_COSTS: Final = tuple(name for name, o in OBJECTIVES.items() if o.exact)
"""Of these, time and energy need a hardware profile."""
