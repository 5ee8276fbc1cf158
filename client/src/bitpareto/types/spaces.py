"""Previews of search spaces on the wire."""

from pydantic import Field

from bitpareto.types.base import ResponseModel
from bitpareto.types.searches import SearchCreate


class SpacePreviewRequest(SearchCreate):
    """Body of ``POST /v1/spaces:preview``: of a search, and how much of its space to look at.

    ``seed`` is that of what is drawn, too.
    """

    n: int = Field(default=10_000, ge=1, le=100_000)
    """Assignments to look at; spaces without more are looked at in full."""
    n_samples: int = Field(default=20, ge=0, le=200)


class CandidateCount(ResponseModel):
    """Number of distinct networks, between bounds that are proven."""

    exact: bool
    """Whether the bounds meet."""
    at_least: int | None
    """Beyond 2^53 in large spaces; null from 10^300 on."""
    at_most: int | None
    log10_at_least: float
    log10_at_most: float


class CostPreview(ResponseModel):
    """How a cost is distributed over the whole space, whatever the budgets."""

    smallest: int | float
    smallest_proven: bool
    """No network has less; else none was found that has."""
    median: float
    largest: int | float
    largest_proven: bool


class SharePreview(ResponseModel):
    """How much of the space is within the budgets."""

    n_within: int
    n: int
    interval: tuple[float, float]
    """95 % Wilson interval; no interval, but the share itself, where all were looked at."""
    estimate: float
    """The share; where hardly any of those looked at is within budget, estimated from draws that
    approach the budgets by levels, good to about a factor of 2."""


class CandidateSample(ResponseModel):
    """A network within the budgets, with its exact costs."""

    candidate_hash: str
    genes: dict[str, int | float | str]
    costs: dict[str, int | float]
    mean_weight_bits: float
    """Mean width over all stored weights."""


class SpacePreview(ResponseModel):
    """What is known of a space before anything is trained."""

    family: str
    n_genes: int
    count: CandidateCount
    n_seen: int
    """Assignments looked at, drawn uniformly; fewer than asked for where genes are many."""
    complete: bool
    """Whether these are all: then medians and share are exact."""
    costs: dict[str, CostPreview]
    share: SharePreview
    sampling: str
    """How samples were drawn: `uniform`, `levels` (about uniform, for tight budgets), `walk`."""
    samples: list[CandidateSample]
