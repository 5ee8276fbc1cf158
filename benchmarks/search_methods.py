"""The methods that search benchmarks compare: each asks for measurements until it is stopped."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import optuna
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import ElementwiseProblem
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.optimize import minimize

from benchmarks.search_problems import Problem, ProblemTerrain
from optimizer.registry import STRATEGIES
from search.pareto import losses_of
from search.ports import AskRequest, Observation
from search_space.genes import Gene
from search_space.space import Places

Measure = Callable[[Places], float]
"""Measures one assignment ``(d,)`` and raises ``Spent`` behind the last one allowed."""

Method = Callable[[Problem, int, Measure], None]
"""Runs until the measuring stops it: problem, seed, measuring."""


class SpentError(Exception):
    """All evaluations are used."""


def ours(problem: Problem, seed: int, measure: Measure) -> None:
    """Our default strategy, one proposal at a time."""
    _ask_tell("bayesian", problem, seed, measure)


def bomp(problem: Problem, seed: int, measure: Measure) -> None:
    """Our rendering of BOMP-NAS's optimizer."""
    _ask_tell("bomp", problem, seed, measure)


def regularized_evolution(problem: Problem, seed: int, measure: Measure) -> None:
    """Our rendering for several objectives."""
    _ask_tell("regularized_evolution", problem, seed, measure)


def local_search(problem: Problem, seed: int, measure: Measure) -> None:
    """Unknown neighbours of the front."""
    _ask_tell("local_search", problem, seed, measure)


def random_search(problem: Problem, seed: int, measure: Measure) -> None:
    """Uniform draws."""
    rng = np.random.default_rng(seed)
    n_choices = [len(gene.choices) for gene in problem.parameters]
    while True:
        measure(rng.integers(0, n_choices))


def optuna_tpe(problem: Problem, seed: int, measure: Measure) -> None:
    """Optuna's TPE with its defaults; several objectives."""
    _optuna(optuna.samplers.TPESampler(seed=seed), problem, measure)


def optuna_nsga2(problem: Problem, seed: int, measure: Measure) -> None:
    """Optuna's NSGA-II with its defaults."""
    _optuna(optuna.samplers.NSGAIISampler(seed=seed), problem, measure)


def optuna_gp(problem: Problem, seed: int, measure: Measure) -> None:
    """Optuna's Gaussian processes, one per objective, with their defaults."""
    _optuna(optuna.samplers.GPSampler(seed=seed, deterministic_objective=False), problem, measure)


def pymoo_nsga2(problem: Problem, seed: int, measure: Measure) -> None:
    """NSGA-II of pymoo on integers, a population of 40."""
    genes = problem.parameters

    class Integers(ElementwiseProblem):  # type: ignore[misc]  # pymoo has no types
        def __init__(self) -> None:
            upper = np.array([len(gene.choices) - 1 for gene in genes])
            super().__init__(
                n_var=len(genes), n_obj=len(problem.objectives), xl=0, xu=upper, vtype=int
            )

        def _evaluate(self, x: Places, out: dict[str, Any], *_: Any, **__: Any) -> None:
            out["F"] = _losses(problem, np.asarray(x, dtype=np.int64), measure)

    algorithm = NSGA2(
        pop_size=40,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=0.9, eta=3, vtype=float, repair=RoundingRepair()),
        mutation=PM(eta=3, vtype=float, repair=RoundingRepair()),
        eliminate_duplicates=True,
    )
    minimize(Integers(), algorithm, ("n_gen", 1_000_000), seed=seed + 1)


def ax_default(problem: Problem, seed: int, measure: Measure) -> None:
    """Ax with what its client chooses by default, sizes modelled as it does."""
    keys = [o.name for o in problem.objectives]
    worst = losses_of(problem.ref_point, problem.objectives)
    client = ax_client(problem.parameters, keys, worst, seed)
    while True:
        ((index, parameters),) = client.get_next_trials(max_trials=1).items()
        rows = [parameters[f"x{i}"] for i in range(len(problem.parameters))]
        found = _losses(problem, np.array(rows, dtype=np.int64), measure)
        client.complete_trial(index, raw_data=dict(zip(keys, found, strict=True)))


def ax_client(genes: Sequence[Gene], keys: Sequence[str], worst: Sequence[float], seed: int) -> Any:
    """Return Ax's client on an experiment whose parameters ``x0``, ``x1``, … are the genes.

    Args:
        genes: Each becomes the index of its choice.
        keys: Objectives to minimize.
        worst: Their thresholds.
        seed: Of the client.
    """
    # a second and more to import, and only where it is asked for
    from ax.api.client import Client  # noqa: PLC0415
    from ax.api.configs import ChoiceParameterConfig  # noqa: PLC0415

    client = Client(random_seed=seed)
    client.configure_experiment(
        parameters=[
            ChoiceParameterConfig(
                name=f"x{i}",
                values=list(range(len(gene.choices))),
                parameter_type="int",
                is_ordered=gene.ordered,
            )
            for i, gene in enumerate(genes)
        ]
    )
    client.configure_optimization(
        objective=", ".join(f"-{key}" for key in keys),
        outcome_constraints=[f"{k} <= {w!r}" for k, w in zip(keys, worst, strict=True)],
    )
    return client


METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {
        "ours": ours,
        "random": random_search,
        "local_search": local_search,
        "regularized_evolution": regularized_evolution,
        "bomp": bomp,
        "optuna_tpe": optuna_tpe,
        "optuna_nsga2": optuna_nsga2,
        "optuna_gp": optuna_gp,
        "pymoo_nsga2": pymoo_nsga2,
        "ax": ax_default,
    }
)


def _losses(problem: Problem, places: Places, measure: Measure) -> tuple[float, ...]:
    costs = {name: float(v[0]) for name, v in problem.costs(places[None]).items()}
    return losses_of({"accuracy": measure(places), **costs}, problem.objectives)


def _ask_tell(strategy: str, problem: Problem, seed: int, measure: Measure) -> None:
    terrain = ProblemTerrain(problem)
    ask, history = STRATEGIES[strategy], list[Observation]()
    while True:
        proposals = ask(
            AskRequest(
                space=terrain,
                objectives=problem.objectives,
                ref_point=problem.ref_point,
                budgets={},
                history=tuple(history),
                n=1,
                seed=seed,
                deadline_s=60.0,
            )
        )
        if not proposals:
            return
        for proposal in proposals:
            genes = proposal.genes
            places = np.array(
                [g.choices.index(genes[g.name]) if g.name in genes else 0 for g in terrain.genes]
            )
            history.append(
                Observation(
                    genes=genes,
                    candidate_hash=proposal.candidate_hash,
                    values={"accuracy": measure(places), **proposal.costs},
                    status="completed",
                )
            )


def _optuna(sampler: optuna.samplers.BaseSampler, problem: Problem, measure: Measure) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(directions=["minimize"] * len(problem.objectives), sampler=sampler)

    def objective(trial: optuna.Trial) -> tuple[float, ...]:
        places = [
            trial.suggest_int(f"x{i}", 0, len(gene.choices) - 1)
            if gene.ordered
            else trial.suggest_categorical(f"x{i}", list(range(len(gene.choices))))
            for i, gene in enumerate(problem.parameters)
        ]
        return _losses(problem, np.array(places, dtype=np.int64), measure)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.optimize(objective, catch=())
