"""Whether a device computes anything of a space, and what it costs there at least and at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from search.errors import FieldProblem, InvalidRequestError
from search_space.batch import CostsOf
from search_space.extremes import extremes
from search_space.hardware.batch import REFUSED, Floats, Ints, costs_on
from search_space.hardware.estimate import HARDWARE_COSTS, cost_names
from search_space.hardware.extremes import extreme_found
from search_space.hardware.narrowing import HardwareMismatchError, narrow
from search_space.hardware.profile import HardwareProfile
from search_space.sampling import draw_within
from search_space.space import Places, Space

_EXCESS: Final = "excess"
_DRAWS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHardware:
    """A space on a device.

    Attributes:
        space: Without the widths that the device does not compute.
        largest: Of each objective of the device: its budget, else the most that was found.
    """

    space: Space
    largest: Mapping[str, float]


def hardware_problem(pointer: str, cost: str, profile: HardwareProfile | None) -> FieldProblem:
    """Return what to say of a cost that the search cannot have."""
    allowed = cost_names(profile)
    detail = f"{cost} needs a hardware profile: name one under hardware"
    if profile is not None:
        detail = f"hardware {profile.name!r} says nothing of {cost}"
    return FieldProblem(pointer, "needs_hardware", detail, allowed)


def admit_on_hardware(
    space: Space,
    profile: HardwareProfile,
    budgets: Mapping[str, float],
    objectives: Sequence[str],
) -> OnHardware:
    """Check that something of a space runs on a device within all budgets, flash and RAM.

    Args:
        space: The live space.
        profile: The device.
        budgets: Upper bounds, those on time and energy included.
        objectives: Names of objectives; their largest values are looked for.

    Raises:
        InvalidRequestError: If nothing does, or nothing was found.
    """
    try:
        narrowed = narrow(space, profile)
    except HardwareMismatchError as error:
        raise InvalidRequestError(
            [
                FieldProblem(
                    "/hardware",
                    "no_width_left",
                    f"{gene.name} offers {', '.join(map(str, gene.offered))}, of which "
                    f"{profile.name!r} computes none",
                    tuple(str(width) for width in gene.allowed),
                )
                for gene in error.genes
            ]
        ) from error
    _check_memory(narrowed, profile, budgets)
    costs_of = costs_on(narrowed, profile)
    for cost in HARDWARE_COSTS:
        least = extreme_found(narrowed, costs_of, cost, "smallest") if cost in budgets else None
        if least is not None and least > budgets[cost]:
            detail = (
                f"no candidate of this space fits {budgets[cost]:g}; the smallest found of {cost} "
                f"on {profile.name!r} is {least:.6g}"
            )
            allowed = (f">= {least:.6g}",)
            problem = FieldProblem(f"/budgets/{cost}", "infeasible", detail, allowed)
            raise InvalidRequestError([problem])
    if not _is_met(narrowed, costs_of, profile.bounds(budgets)):
        detail = f"no candidate was found that {profile.name!r} computes within all budgets"
        raise InvalidRequestError([FieldProblem("/hardware", "infeasible", detail)])
    largest = dict[str, float]()
    for cost in {*objectives} & {*HARDWARE_COSTS}:
        most = budgets.get(cost) or extreme_found(narrowed, costs_of, cost, "largest")
        if most is None:  # what runs is rare: of what nearly runs, it is as large
            drawn = narrowed.sample_places(np.random.default_rng(0), _DRAWS)
            most = float(costs_of(drawn)[cost].max())
        largest[cost] = most
    return OnHardware(space=narrowed, largest=largest)


def _is_met(space: Space, costs_of: CostsOf, bounds: Mapping[str, float]) -> bool:
    """Whether a candidate is found that runs within all bounds."""

    def excess_of(places: Places) -> dict[str, Ints | Floats]:
        """Return the largest share of a bound that is used."""
        costs = costs_of(places)
        ratios = [costs[name] / bound for name, bound in bounds.items()]
        return {REFUSED: costs[REFUSED], _EXCESS: np.max([0 * costs[REFUSED], *ratios], axis=0)}

    least = extreme_found(space, excess_of, _EXCESS, "smallest", enough=1)
    if least is not None and least <= 1:
        return True
    rng = np.random.default_rng(0)
    return len(draw_within(space, rng, {**bounds, REFUSED: 1.0}, 1, costs_of).places) > 0


def _check_memory(space: Space, profile: HardwareProfile, budgets: Mapping[str, float]) -> None:
    """Make sure that the least of the space fits the device; budgets were checked before."""
    smallest = extremes(space, "smallest")
    for cost, most in profile.bounds({}).items():
        least = smallest[cost]
        if least.value > min(most, budgets.get(cost, most)):
            which = "the smallest" if least.proven else "the smallest found of"
            detail = (
                f"no candidate of this space fits {profile.name!r}, which has {most:.0f}; "
                f"{which} {cost} is {least.value}"
            )
            raise InvalidRequestError([FieldProblem("/hardware", "infeasible", detail)])
