"""Leaves a space the widths that a device computes."""

from dataclasses import dataclass, replace

from search_space.errors import SearchSpaceError
from search_space.genes import Gene
from search_space.hardware.profile import HardwareProfile
from search_space.space import Space

_WEIGHTS, _TENSORS = "weight_bits", "activation_bits"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyGene:
    """A gene of which a device computes no choice.

    Attributes:
        offered: Widths that the space offers.
        allowed: Widths that the device computes.
    """

    name: str
    offered: tuple[int, ...]
    allowed: tuple[int, ...]


class HardwareMismatchError(SearchSpaceError, ValueError):
    """A space has nothing that a device computes.

    Attributes:
        profile: Name of the device.
        genes: Those without a choice left; none where widths are left, but no network was found
            all of whose pairs of widths are computed.
    """

    def __init__(self, profile: str, genes: tuple[EmptyGene, ...]) -> None:
        self.profile = profile
        self.genes = genes
        names = ", ".join(gene.name for gene in genes)
        what = f"width that is offered to {names}" if genes else "network of this space"
        super().__init__(f"hardware {profile!r} computes no {what}")


def narrow(space: Space, profile: HardwareProfile) -> Space:
    """Return a space without the widths that no layer of a device has.

    What a kind of layer cannot be computed at, or a pair of widths that exclude each other, may
    remain; see ``violations``.

    Raises:
        HardwareMismatchError: If a gene has no choice left.
    """
    allowed = {
        _WEIGHTS: tuple(sorted(profile.weight_bits)),
        _TENSORS: tuple(sorted(profile.activation_bits)),
    }
    pinned = [Gene(name=name, choices=(value,)) for name, value in space.single.items()]
    genes: list[Gene] = []
    empty: list[EmptyGene] = []
    for gene in (*space.genes, *pinned):
        kind = next((kind for kind in allowed if gene.name.endswith(kind)), None)
        if kind is None:
            genes.append(gene)
            continue
        choices = tuple(choice for choice in gene.choices if choice in allowed[kind])
        genes.append(replace(gene, choices=choices or gene.choices))
        if not choices:
            offered = tuple(int(choice) for choice in gene.choices)
            empty.append(EmptyGene(name=gene.name, offered=offered, allowed=allowed[kind]))
    if empty:
        raise HardwareMismatchError(profile.name, tuple(empty))
    return Space(
        family=space.family,
        input_shape=space.input_shape,
        n_classes=space.n_classes,
        genes=genes,
        blueprint=space.blueprint,
    )
