"""144 genes of architecture and widths, composed of measured parts.

Three networks share one device; what counts is their mean accuracy and the bytes of all three
together. Each has the eight unordered operations of NAS-Bench-Macro, with the measured accuracy and
parameters of that network, and the 40 widths of ResNet-20 after training: its accuracy is
multiplied by the accuracy measured there (by the surrogate of that table) over that of the float
network, its bytes are its parameters times the mean width that these widths give to ResNet-20.
So within a network operations and widths act on each other, and the widths among themselves, as
measured; what is made up is that the loss by widths carries over from one network to the other.
"""

from collections.abc import Callable

import numpy as np

from benchmarks import nas_bench_macro, ptq_problem
from benchmarks.resnet20 import PUBLISHED_FLOAT_ACCURACY
from benchmarks.search_problems import Floats, Problem, objectives
from search_space.genes import Gene
from search_space.space import Places

N_NETWORKS = 3


def problem() -> Problem:
    """Mean accuracy against the bytes of three networks."""
    table, macro, widths = nas_bench_macro.Table(), nas_bench_macro.problem(), ptq_problem.problem()
    n_layers, n_widths = len(macro.parameters), len(widths.parameters)
    genes = tuple(
        Gene(name=f"network{k}.{gene.name}", choices=gene.choices, ordered=gene.ordered)
        for k in range(N_NETWORKS)
        for gene in (*macro.parameters, *widths.parameters)
    )

    def parts(places: Places) -> list[tuple[Places, Places]]:
        split = places.reshape(len(places), N_NETWORKS, n_layers + n_widths)
        return [(split[:, k, :n_layers], split[:, k, n_layers:]) for k in range(N_NETWORKS)]

    mean_width = _mean_width(widths)

    def size(places: Places) -> Floats:
        rows = [table.parameters[table.number(o)] * mean_width(w) / 8 for o, w in parts(places)]
        return np.sum(rows, axis=0)

    def accuracy(places: Places) -> Floats:
        rows = [
            table.accuracy(o) * widths.accuracy(w) / PUBLISHED_FLOAT_ACCURACY
            for o, w in parts(places)
        ]
        return np.mean(rows, axis=0)

    def measure(places: Places, rng: np.random.Generator) -> float:
        rows = [
            table.measure(o[0], rng) * float(widths.accuracy(w)[0]) / PUBLISHED_FLOAT_ACCURACY
            for o, w in parts(places[None])
        ]
        return float(np.mean(rows))

    def summaries(places: Places) -> Floats:
        columns = [mean_width(w) for _, w in parts(places)]
        columns += [np.log2(table.macs[table.number(o)]) for o, _ in parts(places)]
        return np.stack(columns, axis=1)

    def canonical(places: Places) -> Places:
        rows = [
            np.concatenate([table.canonical[table.number(o)], w], axis=1) for o, w in parts(places)
        ]
        return np.concatenate(rows, axis=1)

    largest = N_NETWORKS * float(table.parameters.max())
    return Problem(
        name="mixed",
        parameters=genes,
        objectives=objectives("size_bytes"),
        costs=lambda places: {"size_bytes": size(places)},
        measure=measure,
        accuracy=accuracy,
        ref_point={"accuracy": 0.1, "size_bytes": largest},
        summaries=summaries,
        canonical=canonical,
    )


def _mean_width(widths: Problem) -> Callable[[Places], Floats]:
    """Return the mean width of the weights as a function of assignments ``(n, 40)``.

    Every weight's width is one gene's, so it is a sum of one number per gene and choice, which
    assignments that differ in one gene tell; laying out a network for each would take most of a
    search's time.
    """
    assert widths.summaries is not None  # noqa: S101
    n_genes, n_choices = len(widths.parameters), len(widths.parameters[0].choices)
    one_changed = np.zeros((n_genes, n_choices, n_genes), dtype=np.int64)
    one_changed[np.arange(n_genes), :, np.arange(n_genes)] = np.arange(n_choices)
    means = widths.summaries(one_changed.reshape(-1, n_genes))[:, -1].reshape(n_genes, n_choices)
    least = float(means[0, 0])
    return lambda places: least + (means - least)[np.arange(n_genes), places].sum(axis=1)
