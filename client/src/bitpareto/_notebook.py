"""What notebooks show of fronts and searches."""

from collections.abc import Iterable, Sequence
from html import escape

from bitpareto._wording import front_title
from bitpareto.sizes import format_size
from bitpareto.types import Front, Search

_COLUMNS = ("trial", "accuracy", "95 % interval", "test", "size", "bits")


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


def _table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
