"""How long a proposal takes, ours and Ax's default on the same trials.

``python -m benchmarks.proposal_latency [--rival-cap SECONDS] [--no-rival] [--cases N ...]
[--json FILE]``

Cases are (genes, trials) = (20, 50), (60, 200), (150, 1000) and (150, 2000), the last of which is
not asked of the rival: residual networks with the widths
of every layer free, 10, 30 and 74 layers deep (the last with two genes of architecture), all trials
measured on a made-up landscape. Every arm is a process of its own with one thread, which pays its
imports and its first proposal before it is timed.

- ``<genes>_<trials>.median_s``, ``batch_64_s``, ``peak_mib``: ours; the peak is the process's.
- ``<genes>_<trials>.rival_s``: the first proposal of Ax's default client, on the same trials, that
  its model made (the Sobol points before it are not timed);
  ``rival_done`` is 0 when it was given up at the cap, and then ``ratio`` is a lower bound.
- ``<genes>_<trials>.cold_start_s``: from the start of a process to its first proposal with all
  imports, without the time to make the trials up; what reading them from a database takes is
  ``caught_up_ms`` of ``benchmarks.orchestration``.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import psutil

from benchmarks.report import write_report
from search.objectives import OBJECTIVES
from search.ports import AskRequest, Observation
from search_space.costs import cost_mapping
from search_space.space import Space, space_from_json

CASES: Final = ((20, 50), (60, 200), (150, 1000), (150, 2000))
_N_OF_RIVAL: Final = 3
_BLOCKS: Final[Mapping[int, tuple[int, int, int]]] = {
    20: (2, 1, 1),
    60: (5, 5, 4),
    150: (12, 12, 12),
}
_REPEATS: Final = 5
_BATCH: Final = 64
_AX_SOBOL: Final = 20


def space(n_genes: int) -> Space:
    """Return a space of exactly so many genes."""
    wide = n_genes > 100
    stages = [
        {"channels": [channels], "blocks": [blocks], "stride": stride}
        for channels, blocks, stride in zip((16, 32, 64), _BLOCKS[n_genes], (1, 2, 2), strict=True)
    ]
    if wide:
        stages[-1]["channels"] = [48, 64]
    made = space_from_json(
        {
            "family": "resnet",
            "shortcut": "pad",
            "stem_channels": [8, 16] if wide else [16],
            "stages": stages,
            "weight_bits": [2, 3, 4, 5, 6, 8],
            "activation_bits": [2, 3, 4, 5, 6, 8],
            "first_layer_bits": "searched",
            "last_layer_bits": "searched",
            "last_activation_bits": "searched",
        },
        input_shape=(3, 32, 32),
        n_classes=10,
    )
    assert len(made.genes) == n_genes, f"{len(made.genes)} genes"  # noqa: S101
    return made


def history(of: Space, n: int) -> tuple[Observation, ...]:
    """Return ``n`` random trials, measured on a landscape in which noise of rounding adds up."""
    rng = np.random.default_rng(0)
    trials = []
    for _ in range(n):
        candidate = of.sample(rng)
        layers = [layer for layer in candidate.layers if layer.weight_bits]
        noise = np.mean([4.0 ** (2 - layer.weight_bits) for layer in layers])
        noise += np.mean([4.0 ** (2 - layer.activation_bits) for layer in layers])
        accuracy = 0.1 + 0.8 / (1 + np.exp(5 * noise - 2)) + rng.normal(0, 0.003)
        values = {"accuracy": float(accuracy), **cost_mapping(candidate.layers)}
        trials.append(
            Observation(
                genes=candidate.genes,
                candidate_hash=candidate.hash,
                values=values,
                status="completed",
            )
        )
    return tuple(trials)


def main() -> None:
    """Run the benchmark, or one arm of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, nargs="+", choices=range(4), default=range(4))
    parser.add_argument("--rival-cap", type=float, default=600.0, help="seconds")
    parser.add_argument("--no-rival", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--arm", choices=tuple(_ARMS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.arm:
        (case,) = arguments.cases
        print(json.dumps(_ARMS[arguments.arm](*CASES[case])))
        return
    metrics: dict[str, float] = {}
    for case in arguments.cases:
        name = "_".join(map(str, CASES[case]))
        ours = _run("ours", case, None)
        assert ours is not None  # noqa: S101  # without a cap it ends or raises
        metrics |= {f"{name}.{key}": value for key, value in ours.items()}
        if not arguments.no_rival and case < _N_OF_RIVAL:
            rival = _run("ax", case, arguments.rival_cap)
            seconds = arguments.rival_cap if rival is None else rival["rival_s"]
            metrics[f"{name}.rival_s"] = seconds
            metrics[f"{name}.rival_done"] = float(rival is not None)
            metrics[f"{name}.ratio"] = seconds / metrics[f"{name}.median_s"]
        print({k: round(v, 3) for k, v in metrics.items() if k.startswith(name)}, flush=True)
    write_report("proposal_latency", metrics, [], arguments.json)


def _run(arm: str, case: int, cap: float | None) -> dict[str, float] | None:
    """Return what an arm measured, ``None`` when it was given up."""
    command = [sys.executable, "-m", "benchmarks.proposal_latency", "--arm", arm]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, "--cases", str(case)], stdout=subprocess.PIPE, timeout=cap, check=True
        )
    except subprocess.TimeoutExpired:
        return None
    measured: dict[str, float] = json.loads(done.stdout.decode().splitlines()[-1])
    return measured


def _ours(n_genes: int, n_trials: int) -> dict[str, float]:
    import torch  # noqa: PLC0415  # the parent process needs none

    from optimizer.bayesian import ask  # noqa: PLC0415

    torch.set_num_threads(1)
    of = space(n_genes)
    made_up = time.time()
    trials = history(of, n_trials)
    made_up = time.time() - made_up

    def seconds(n: int, seed: int) -> float:
        began = time.perf_counter()
        proposals = ask(_request(of, trials, n, seed))
        assert len(proposals) == n  # noqa: S101
        assert {p.gen_method for p in proposals} == {"ehvi"}  # noqa: S101
        return time.perf_counter() - began

    seconds(1, 0)
    found = {
        "cold_start_s": time.time() - psutil.Process().create_time() - made_up,
        "median_s": median(seconds(1, 1 + i) for i in range(_REPEATS)),
        "batch_64_s": seconds(_BATCH, 1),
    }
    found["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _request(of: Space, trials: tuple[Observation, ...], n: int, seed: int) -> AskRequest:
    return AskRequest(
        space=of,
        objectives=[OBJECTIVES["accuracy"], OBJECTIVES["size_bytes"]],
        ref_point={"accuracy": 0.1, "size_bytes": 2.0**22},
        budgets={},
        history=trials,
        n=n,
        seed=seed,
        deadline_s=600.0,
    )


def _ax(n_genes: int, n_trials: int) -> dict[str, float]:
    import torch  # noqa: PLC0415

    from benchmarks.search_methods import ax_client  # noqa: PLC0415

    torch.set_num_threads(1)
    of = space(n_genes)
    names = [f"x{i}" for i in range(n_genes)]
    client = ax_client(of.genes, ("error", "log_size"), (-0.1, 22.0), seed=0)
    for trial in history(of, n_trials):
        values = trial.values or {}
        # a gene without effect has to stand somewhere
        places = [g.choices.index(trial.genes.get(g.name, g.choices[0])) for g in of.genes]
        index = client.attach_trial(dict(zip(names, places, strict=True)))
        found = {"error": -values["accuracy"], "log_size": float(np.log2(values["size_bytes"]))}
        client.complete_trial(index, raw_data=found)
    # whatever trials are attached, its strategy begins with Sobol points of its own
    for _ in range(_AX_SOBOL):
        began = time.perf_counter()
        ((index, parameters),) = client.get_next_trials(max_trials=1).items()
        seconds = time.perf_counter() - began
        run = client._experiment.trials[index].generator_runs[0]  # not public
        if run._generation_node_name == "MBM":
            return {"rival_s": seconds}
        guess = {"error": -0.5, "log_size": 18.0 + sum(parameters.values()) % 7 / 7}
        client.complete_trial(index, raw_data=guess)
    raise RuntimeError("Ax never used its model")


_ARMS: Final = {"ours": _ours, "ax": _ax}


if __name__ == "__main__":
    main()
