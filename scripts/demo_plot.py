"""The picture of a front that the demo leaves behind."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from bitpareto.types import Front, FrontPoint, Trial

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

INK, MUTED, FRONT, FLOAT = "#1b1f27", "#9aa3b2", "#2457d6", "#c2571a"
KIB = 1024


def plot_front(front: Front, completed: Sequence[Trial], path: Path, *, title: str) -> None:
    """Draw accuracy against size: the front as a step line, what it dominates, float networks.

    Args:
        front: The front, smallest file first.
        completed: All completed trials of the search.
        path: PNG file to write.
        title: Heading.
    """
    plt.rcParams.update({"font.family": "DejaVu Sans", "axes.edgecolor": MUTED, "text.color": INK})
    figure, axes = plt.subplots(figsize=(9, 5.2), dpi=130)
    on_front = {point.trial.id for point in front.points}
    others = [trial for trial in completed if trial.id not in on_front]
    axes.scatter(
        [t.metrics["float_size_bytes"] / KIB for t in completed],
        [t.metrics["float_accuracy"] * 100 for t in completed],
        s=26,
        marker="D",
        facecolors="none",
        edgecolors=FLOAT,
        linewidths=1.1,
        label="the same networks in 32-bit float",
    )
    axes.scatter(
        [t.costs["size_bytes"] / KIB for t in others],
        [t.metrics["accuracy"] * 100 for t in others],
        s=30,
        color=MUTED,
        label="dominated",
    )
    _draw_front(axes, front.points)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("size of the file, KiB (log scale)")
    axes.set_ylabel("validation accuracy, %")
    axes.set_title(title, loc="left", fontweight="bold")
    axes.grid(visible=True, which="major", color="#e6e9ef")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _draw_front(axes: Axes, points: Sequence[FrontPoint]) -> None:
    sizes = [p.trial.costs["size_bytes"] / KIB for p in points]
    accuracies = [p.trial.metrics["accuracy"] * 100 for p in points]
    axes.step(sizes, accuracies, where="post", color=FRONT, linewidth=1.6, alpha=0.7)
    intervals = [
        p.accuracy_interval or (a / 100, a / 100) for a, p in zip(accuracies, points, strict=True)
    ]
    below = [a - low * 100 for a, (low, _) in zip(accuracies, intervals, strict=True)]
    above = [high * 100 - a for a, (_, high) in zip(accuracies, intervals, strict=True)]
    axes.errorbar(
        sizes,
        accuracies,
        yerr=[below, above],
        fmt="o",
        color=FRONT,
        markersize=7,
        elinewidth=1,
        capsize=2.5,
        label="front, 95 % interval",
    )
    for size, accuracy, point in zip(sizes, accuracies, points, strict=True):
        axes.annotate(
            f"{point.mean_weight_bits:.1f} bit",
            (size, accuracy),
            xytext=(6, -13),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
