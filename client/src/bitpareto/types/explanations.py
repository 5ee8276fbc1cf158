"""What the optimizer's model has learned of a search, on the wire."""

from datetime import datetime
from typing import Any, Literal

from bitpareto.types.base import Open, ResponseModel


class GeneImportance(ResponseModel):
    """How much of what can be changed about the predicted accuracy a gene decides."""

    gene: str
    share: float
    """Of the variance over the choices of each gene; all shares add up to 1."""


class BitStep(ResponseModel):
    """What the next wider or narrower width of a gene would change about networks of the front."""

    gene: str
    """Such as ``stage1.block0.conv.weight_bits``."""
    direction: Open[Literal["wider", "narrower"]]
    bits: float
    """Bits that the step adds, negative for ``narrower``; more than one where widths are left out
    between the two."""
    n_networks: int
    """Networks of the front that this is the mean over."""
    accuracy: float
    """Predicted change."""
    accuracy_sd: float
    """Standard deviation of ``accuracy``, from the model's uncertainty."""
    costs: dict[str, float]
    """Exact change of the size and of each exact objective."""


class PredictedPoint(ResponseModel):
    """A network on the front as the model sees it, measured or not."""

    number: int | None
    """Of its trial; null of a network that no trial has."""
    candidate_hash: str
    genes: dict[str, Any]
    costs: dict[str, float]
    """Exact."""
    accuracy: float
    """Predicted, without the noise of a measurement."""
    accuracy_sd: float


class Explanation(ResponseModel):
    """What the fitted model says of a search."""

    search_id: str
    made_at: datetime
    n_measured: int
    """Completed trials that the model was fitted to."""
    seconds: float
    """How long the explanation took."""
    importance: list[GeneImportance]
    """The largest share first."""
    bit_steps: list[BitStep]
    """In the order of importance."""
    front: list[PredictedPoint]
    """Smallest first cost first."""
