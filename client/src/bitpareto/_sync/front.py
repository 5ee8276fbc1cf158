# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""The Pareto front of a search, as the server computed it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bitpareto._frames import front_frame
from bitpareto._notebook import front_html
from bitpareto._plot import plot_front
from bitpareto._sync.artifact import Artifact
from bitpareto._sync.transport import Transport
from bitpareto._wording import counted
from bitpareto.errors import NoPointError
from bitpareto.sizes import Size, format_size, parse_size
from bitpareto.types import Front as FrontData
from bitpareto.types import FrontPoint as FrontPointData
from bitpareto.types import Replicates, Trial

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class FrontPoint:
    """One network that no other one of the search beats in every objective.

    Attributes:
        data: The point as sent, with the trial and the 95 % intervals of its accuracies.
    """

    def __init__(self, transport: Transport, data: FrontPointData) -> None:
        self._transport = transport
        self.data = data

    @property
    def trial(self) -> Trial:
        """The trial that found it."""
        return self.data.trial

    @property
    def accuracy(self) -> float:
        """Accuracy of the packed file on the validation split."""
        return self.trial.metrics["accuracy"]

    @property
    def test_accuracy(self) -> float | None:
        """Accuracy of the packed file on the test split; ``None`` until the search has ended."""
        return self.trial.metrics.get("test_accuracy")

    @property
    def accuracy_interval(self) -> tuple[float, float] | None:
        """95 % interval of ``accuracy``."""
        return self.data.accuracy_interval

    @property
    def test_accuracy_interval(self) -> tuple[float, float] | None:
        """95 % interval of ``test_accuracy``."""
        return self.data.test_accuracy_interval

    @property
    def size_bytes(self) -> int:
        """Length of the packed file."""
        return int(self.trial.costs["size_bytes"])

    @property
    def mean_weight_bits(self) -> float:
        """Mean width over all stored weights."""
        return self.data.mean_weight_bits

    @property
    def replicates(self) -> Replicates | None:
        """Spread over the seeds the network was trained with; ``None`` where it was one."""
        return self.data.replicates

    @property
    def artifact(self) -> Artifact:
        """The packed file."""
        if self.trial.artifact is None:
            raise NoPointError(f"trial {self.trial.id} has no packed file")
        return Artifact(self._transport, self.trial.artifact)

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # Python 3.11 has no override
        return (
            f"<FrontPoint trial {self.trial.number}: {self.accuracy:.2%} "
            f"at {format_size(self.size_bytes)}>"
        )


class Front:
    """All non-dominated points within budget, smallest first.

    Attributes:
        data: The front as sent.
        points: Its points.
    """

    def __init__(self, transport: Transport, data: FrontData) -> None:
        self.data = data
        self.points = tuple(FrontPoint(transport, point) for point in data.points)

    @property
    def hypervolume(self) -> float:
        """Hypervolume over ``data.ref_point``, computed by the server."""
        return self.data.hypervolume

    def best(self, max_size: Size | None = None) -> FrontPoint:
        """Return the most accurate point whose file is at most ``max_size``, such as ``"64 KiB"``.

        Raises:
            NoPointError: If no point is that small.
        """
        bound = None if max_size is None else parse_size(max_size)
        fitting = [p for p in self.points if bound is None or p.size_bytes <= bound]
        if not fitting:
            smallest = min((p.size_bytes for p in self.points), default=None)
            if smallest is None:
                raise NoPointError("the front is empty: no trial has completed within budget")
            raise NoPointError(
                f"the front has no point of at most {max_size}: its smallest has {smallest} bytes"
            )
        return max(fitting, key=lambda point: (point.accuracy, -point.size_bytes))

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per point, smallest first, with columns such as ``metrics.accuracy``.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        return front_frame(self.data)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw accuracy, with 95 % intervals, against size; returns matplotlib's axes.

        Args:
            ax: Where to draw; by default axes of a new figure.

        Raises:
            MissingExtraError: If matplotlib is not installed.
        """
        return plot_front(self.data, ax)

    def _repr_html_(self) -> str:
        return front_html(self.data)

    def __iter__(self) -> Iterator[FrontPoint]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # Python 3.11 has no override
        return f"<Front of {self.data.search_id}: {counted(len(self), 'point')}>"
