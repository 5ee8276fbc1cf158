"""What notebooks show of fronts and searches."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any
from uuid import uuid4

from bitpareto._wording import front_title, over_seeds
from bitpareto.sizes import format_size
from bitpareto.types import Front, Search

_COLUMNS = ("trial", "accuracy", "95 % interval", "over seeds", "test", "size", "bits")


def front_html(front: Front) -> str:
    """Return a front as a table, smallest first."""
    rows = []
    for point in front.points:
        metrics = point.trial.metrics
        low_high = point.accuracy_interval
        rows.append(
            (
                str(point.trial.number),
                f"{metrics['accuracy']:.2%}",
                "" if low_high is None else f"{low_high[0]:.2%} to {low_high[1]:.2%}",
                over_seeds(point.replicates) if point.replicates else "",
                f"{metrics['test_accuracy']:.2%}" if "test_accuracy" in metrics else "",
                format_size(int(point.trial.costs["size_bytes"])),
                f"{point.mean_weight_bits:.2f}",
            )
        )
    return _table(front_title(front), _COLUMNS, rows)


def search_html(search: Search, url: str) -> str:
    """Return the facts of a search, with a link to its page."""
    counts = ", ".join(f"{n} {state}" for state, n in search.trial_counts.items()) or "none"
    reason = (search.waiting or search.state_reason).message
    rows = [
        ("state", f"{search.state}: {reason}"),
        ("trials", counts),
        ("hypervolume", f"{search.hypervolume:.4f}"),
    ]
    link = f'<a href="{escape(url)}">{escape(search.name or search.id)}</a>'
    return f"{link}{_table(search.id, (), rows)}"


def progress_html(
    search: Search, url: str, share: float, facts: Mapping[str, str], notes: Iterable[str]
) -> str:
    """Return what ``wait()`` shows: a bar, the numbers, and the last things said.

    Args:
        search: As last heard of.
        url: Its page.
        share: Of its trials that have ended, 0 to 1.
        facts: The numbers, by name.
        notes: Lines, oldest first.
    """
    reason = (search.waiting or search.state_reason).message
    numbers = " &middot; ".join(
        f"{escape(name)} <b>{escape(value)}</b>" for name, value in facts.items()
    )
    said = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        f'<div><a href="{escape(url)}">{escape(search.name or search.id)}</a> '
        f"<b>{escape(search.state)}</b>: {escape(reason)}<br>"
        f'<progress max="1" value="{share:.4f}" style="width: 20em" '
        f'aria-label="share of the trials that have ended">{share:.0%}</progress> {numbers}'
        f'<ul style="list-style: none; padding: 0; margin: 0.3em 0">{said}</ul></div>'
    )


class NotebookOutput:
    """One place below a cell that is drawn again and again."""

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._id = uuid4().hex
        self._is_there = False

    def draw(self, html: str, text: str) -> None:
        """Show HTML there, or text where HTML is not shown, instead of what was there before."""
        bundle = {"text/html": html, "text/plain": text}
        self._display(bundle, raw=True, display_id=self._id, update=self._is_there)
        self._is_there = True


def notebook_output() -> NotebookOutput | None:
    """Return a place below the running cell; ``None`` outside of notebooks."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    # IPython in a terminal has a shell, too, but no kernel
    if ipython is None or getattr(shell, "kernel", None) is None:
        return None
    return NotebookOutput(ipython.display.display)


def _table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
