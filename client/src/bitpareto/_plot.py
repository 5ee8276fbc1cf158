"""A front as a picture; matplotlib is an optional extra."""

from typing import TYPE_CHECKING

from bitpareto._wording import front_title
from bitpareto.errors import MissingExtraError
from bitpareto.sizes import format_size
from bitpareto.types import Front

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_front(front: Front, ax: "Axes | None" = None) -> "Axes":
    """Draw validation accuracy, with 95 % intervals, against the size of the packed file.

    Args:
        front: What to draw.
        ax: Where to draw it; by default axes of a new figure.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt  # noqa: PLC0415 - an optional extra
        from matplotlib.ticker import (  # noqa: PLC0415
            FuncFormatter,
            LogLocator,
            NullFormatter,
            PercentFormatter,
        )
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot") from error
    if ax is None:
        ax = plt.subplots(layout="constrained")[1]
    points = sorted(front.points, key=lambda point: point.trial.costs["size_bytes"])
    sizes = [point.trial.costs["size_bytes"] for point in points]
    accuracies = [point.trial.metrics["accuracy"] for point in points]
    bounds = [
        point.accuracy_interval or (accuracy, accuracy)
        for point, accuracy in zip(points, accuracies, strict=True)
    ]
    below = [a - low for a, (low, _) in zip(accuracies, bounds, strict=True)]
    above = [high - a for a, (_, high) in zip(accuracies, bounds, strict=True)]
    ax.step(sizes, accuracies, where="post", alpha=0.5)
    ax.errorbar(sizes, accuracies, yerr=(below, above), fmt="o", capsize=3)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(LogLocator(base=2, numticks=8))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: format_size(round(size))))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel("size of the packed file")
    ax.set_ylabel("validation accuracy, 95 % interval")
    ax.set_title(front_title(front))
    return ax
