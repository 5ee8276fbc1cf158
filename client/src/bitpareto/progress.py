"""The numbers of a running search that are worth showing, kept up to date by its events."""

import time
from typing import ClassVar

from bitpareto.sizes import format_size
from bitpareto.types import Front, Search, SearchEvent

FINISHED_STATES = ("completed", "stopped", "failed", "cancelled")


class Tally:
    """The numbers worth showing, kept up to date by events.

    Attributes:
        search: Its last state.
        best_accuracy: Best validation accuracy of any completed trial.
        smallest_bytes: Size of the smallest completed trial.
    """

    COUNTED: ClassVar = frozenset(
        {"trial.finished", "trial.failed", "trial.stopped", "trial.cancelled"}
    )

    def __init__(self, search: Search, front: Front) -> None:
        self.search = search
        self.best_accuracy: float | None = None
        self.smallest_bytes: int | None = None
        self._began_at = time.monotonic()
        self._done_before = self.done
        for point in front.points:
            self._take_point(point.trial.metrics, point.trial.costs)

    @property
    def done(self) -> int:
        """Trials that have ended, one way or another."""
        return sum(self.search.trial_counts.get(state, 0) for state in FINISHED_STATES)

    @property
    def total(self) -> int:
        """Trials the search will make."""
        return self.search.limits.max_trials

    @property
    def eta_s(self) -> float | None:
        """Seconds until all trials are done at the pace seen so far; ``None`` while unknown."""
        finished = self.done - self._done_before
        # the first of several that run side by side says little about the pace of all
        if finished < min(self.search.limits.max_parallel, 4):
            return None
        return (time.monotonic() - self._began_at) / finished * max(0, self.total - self.done)

    def take(self, event: SearchEvent) -> None:
        """Count an event in."""
        if event.type == "trial.finished":
            self._take_point(event.payload.get("metrics", {}), event.payload.get("costs", {}))

    @property
    def waits(self) -> str:
        """Why nothing of it is in work; empty when something is."""
        return self.search.waiting.message if self.search.waiting else ""

    def _take_point(self, metrics: dict[str, float], costs: dict[str, int | float]) -> None:
        accuracy, size = metrics.get("accuracy"), costs.get("size_bytes")
        if accuracy is not None:
            self.best_accuracy = max(self.best_accuracy or 0.0, accuracy)
        if size is not None:
            self.smallest_bytes = min(self.smallest_bytes or int(size), int(size))

    def words(self) -> dict[str, str]:
        """Return the numbers as text."""
        eta = self.eta_s
        return {
            "best": "-" if self.best_accuracy is None else f"{self.best_accuracy:.2%}",
            "smallest": "-" if self.smallest_bytes is None else format_size(self.smallest_bytes),
            "hypervolume": f"{self.search.hypervolume:.3f}",
            "eta": "-" if eta is None else _duration(eta),
        }


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
