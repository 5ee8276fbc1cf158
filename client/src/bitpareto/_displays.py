"""How a running search looks: in a notebook, in a terminal, and where there is neither."""

import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bitpareto._notebook import NotebookOutput, notebook_output, progress_html
from bitpareto.progress import Tally
from bitpareto.sizes import format_size
from bitpareto.types import Search, SearchEvent


class Display(Protocol):
    """Shows a tally."""

    def show(self, tally: Tally, event: SearchEvent | None) -> None:
        """Show the numbers after an event, or after a question when there are no events."""

    def note(self, text: str) -> None:
        """Say something once."""


@contextmanager
def open_display(search: Search, url: str, *, show: bool) -> Iterator[Display]:
    """Open the display that fits: a panel in a notebook, a live line in a terminal, else lines."""
    # rich would take a notebook for a terminal, and its line there needs ipywidgets
    console = Console(stderr=True, force_jupyter=False)
    if not show:
        yield Silent()
    elif (output := notebook_output()) is not None:
        with NotebookPanel(output, search, url) as panel:
            yield panel
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


class NotebookPanel:
    """A panel below the cell, with a bar, the numbers and what was said last."""

    REDRAW_S: ClassVar = 0.25
    NOTES: ClassVar = 5

    def __init__(self, output: NotebookOutput, search: Search, url: str) -> None:
        self._output = output
        self._url = url
        self._facts: dict[str, str] = {}
        self._search = search
        self._share = 0.0
        self._notes: deque[str] = deque(maxlen=self.NOTES)
        self._drawn_at = float("-inf")

    def __enter__(self) -> "NotebookPanel":
        return self

    def __exit__(self, *_: object) -> None:
        self._draw()

    def show(self, tally: Tally, event: SearchEvent | None) -> None:
        """Redraw the panel, a few times a second at most."""
        if event is not None and event.type in Tally.COUNTED:
            self._notes.append(_trial_line(event))
        words = tally.words()
        self._search = tally.search
        self._share = tally.done / max(1, tally.total)
        self._facts = {
            "trials": f"{tally.done}/{tally.total}",
            "best": words["best"],
            "smallest": words["smallest"],
            "hypervolume": words["hypervolume"],
            "time left": words["eta"],
        }
        if time.monotonic() - self._drawn_at >= self.REDRAW_S:
            self._draw()

    def note(self, text: str) -> None:
        """Say something in the panel."""
        self._notes.append(text)
        self._draw()

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        html = progress_html(self._search, self._url, self._share, self._facts, self._notes)
        numbers = ", ".join(f"{name} {value}" for name, value in self._facts.items())
        self._output.draw(html, f"search {self._search.id} {self._search.state}: {numbers}")


def _trial_line(event: SearchEvent) -> str:
    payload = event.payload
    metrics, costs = payload.get("metrics", {}), payload.get("costs", {})
    what = event.type.removeprefix("trial.")
    if "accuracy" in metrics and "size_bytes" in costs:
        size = format_size(costs["size_bytes"])
        return f"trial {payload.get('number')}: {metrics['accuracy']:.2%} at {size}"
    why = payload.get("outcome") or ""
    return f"trial {payload.get('number')} {what} {why}".rstrip()
