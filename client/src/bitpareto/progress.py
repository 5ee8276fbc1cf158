"""How a running search looks in a terminal, and where there is none."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

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


class Display(Protocol):
    """Shows a tally."""

    def show(self, tally: Tally, event: SearchEvent | None) -> None:
        """Show the numbers after an event, or after a question when there are no events."""

    def note(self, text: str) -> None:
        """Say something once."""


@contextmanager
def open_display(search: Search, url: str, *, show: bool) -> Iterator[Display]:
    """Open the display that fits standard error: a live line in a terminal, else plain lines."""
    console = Console(stderr=True)
    if not show:
        yield Silent()
    elif console.is_terminal:
        with LiveLine(console, search, url) as live:
            yield live
    else:
        yield PlainLines(search, url)


class Silent:
    """Shows nothing."""

    def show(self, tally: Tally, event: SearchEvent | None) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


class PlainLines:
    """A line per change of state and per ended trial; good for logs."""

    def __init__(self, search: Search, url: str) -> None:
        self._state = ""
        self._waits = ""
        self._done = -1
        self.note(f"search {search.id}: {url}")

    def show(self, tally: Tally, event: SearchEvent | None) -> None:
        """Print a line if there is something new."""
        if event is not None and event.type in Tally.COUNTED:
            self.note(_trial_line(event))
        if tally.done != self._done:
            self._done = tally.done
            words = tally.words()
            self.note(
                f"{tally.done}/{tally.total} trials, best {words['best']}, "
                f"smallest {words['smallest']}, hypervolume {words['hypervolume']}, "
                f"time left {words['eta']}"
            )
        if tally.search.state != self._state:
            self._state = tally.search.state
            self.note(f"{self._state}: {tally.search.state_reason.message}")
        if tally.waits != self._waits:
            self._waits = tally.waits
            if self._waits:
                self.note(f"waiting: {self._waits}")

    def note(self, text: str) -> None:
        """Print a line."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class LiveLine:
    """One line that moves, with ended trials above it."""

    def __init__(self, console: Console, search: Search, url: str) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f} trials"),
            TextColumn("best {task.fields[best]}"),
            TextColumn("smallest {task.fields[smallest]}"),
            TextColumn("hypervolume {task.fields[hypervolume]}"),
            TextColumn("eta {task.fields[eta]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[waits]}"),
            console=console,
        )
        self._task = self._progress.add_task(
            search.state,
            total=search.limits.max_trials,
            best="-",
            smallest="-",
            hypervolume="-",
            eta="-",
            waits="",
        )
        self.note(f"search {search.id}: {url}")

    def __enter__(self) -> "LiveLine":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, tally: Tally, event: SearchEvent | None) -> None:
        """Move the line."""
        if event is not None and event.type in Tally.COUNTED:
            self.note(_trial_line(event))
        words = tally.words()
        self._progress.update(
            self._task,
            description=tally.search.state,
            completed=tally.done,
            total=tally.total,
            best=words["best"],
            smallest=words["smallest"],
            hypervolume=words["hypervolume"],
            eta=words["eta"],
            waits=tally.waits,
        )

    def note(self, text: str) -> None:
        """Print above the line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _trial_line(event: SearchEvent) -> str:
    payload = event.payload
    metrics, costs = payload.get("metrics", {}), payload.get("costs", {})
    what = event.type.removeprefix("trial.")
    if "accuracy" in metrics and "size_bytes" in costs:
        size = format_size(costs["size_bytes"])
        return f"trial {payload.get('number')}: {metrics['accuracy']:.2%} at {size}"
    why = payload.get("outcome") or ""
    return f"trial {payload.get('number')} {what} {why}".rstrip()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
