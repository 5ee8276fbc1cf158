"""Where a trial's network comes from, on the wire."""

from bitpareto.types.base import Open, ResponseModel
from bitpareto.types.trials import TrialState


class GeneChange(ResponseModel):
    """A choice in which two networks differ."""

    gene: str
    """Such as ``stage1.block0.conv.weight_bits``."""
    before: int | float | str | None
    """In the earlier network; null where it has no such choice."""
    after: int | float | str | None
    """In this one; likewise."""


class ClosestTrial(ResponseModel):
    """A trial that had completed when the network was proposed, and what differs from it."""

    trial_id: str
    number: int
    accuracy: float
    size_bytes: int
    n_genes: int
    """Choices that either network has."""
    n_differing: int
    """Those in which they differ; a choice that only one of them has is one."""
    changes: list[GeneChange]
    """These, in the order of this network's genes."""
    accuracy_change: float | None
    """From that trial to this one; null until this one has completed."""
    size_bytes_change: int


class ReplicateTrial(ResponseModel):
    """Another trial of the same network."""

    trial_id: str
    number: int
    replicate: int
    """0 is the first trial of the network."""
    state: Open[TrialState]
    seed: int
    accuracy: float | None
    """Null until it has completed."""


class Lineage(ResponseModel):
    """Where a trial's network comes from."""

    trial_id: str
    search_id: str
    gen_method: str
    """How the network was found; of a replicate, how its first trial's was."""
    taught_by: list[str]
    """Ids of other searches whose trials had taught the model that proposed it."""
    closest: list[ClosestTrial]
    """Fewest differing choices first; of equals the most accurate, then the earliest. Empty where
    nothing had completed before."""
    replicates: list[ReplicateTrial]
    """All other trials of the network, by number."""
