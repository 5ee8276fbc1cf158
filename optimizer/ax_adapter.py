"""The one place that knows Ax: experiment, search space, objectives, generation strategy.

Ax's state is rebuilt from the history at every ask and thrown away after it; our tables are the
truth (``docs/adr/0003-ax-as-adapter.md``). Written against ax-platform 1.3.1;
``tests/unit/optimizer/test_ax_adapter.py`` holds what is relied on.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from ax.adapter.registry import Generators
from ax.core.arm import Arm
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.objective import Objective as AxObjective
from ax.core.optimization_config import MultiObjectiveOptimizationConfig
from ax.core.outcome_constraint import OutcomeConstraint
from ax.core.parameter import ChoiceParameter, ParameterType
from ax.core.search_space import SearchSpace
from ax.core.trial import Trial
from ax.core.trial_status import TrialStatus
from ax.generation_strategy.external_generation_node import ExternalGenerationNode
from ax.generation_strategy.generation_node import GenerationNode
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.generation_strategy.generator_spec import GeneratorSpec
from ax.generation_strategy.transition_criterion import MinTrials
from typing_extensions import override

from optimizer.genotypes import Genotypes, Places
from search.objectives import Objective
from search.ports import AskRequest, Observation
from search_space.genes import Gene

SOBOL, MODEL = "sobol", "model"
MIN_MEASURED = 3
"""Completed trials below which a model would do little but restate its prior."""


class Proposer(Protocol):
    """A generator of our own, as Ax drives it."""

    def prepare(self) -> None:
        """Fit to the data; called before each ``propose``, so cheap when nothing changed."""

    def propose(self) -> Places:
        """Return the next genotype ``(d,)``; what it raises goes through Ax unchanged."""


class AxStudy:
    """One ask's Ax experiment with its generation strategy: Sobol first, then the proposer.

    Attributes:
        experiment: The Ax experiment, for whoever wants Ax's own analyses of it.
    """

    def __init__(
        self, request: AskRequest, genotypes: Genotypes, proposer: Proposer, n_initial: int
    ) -> None:
        """Rebuild the experiment from the history.

        Args:
            request: The ask.
            genotypes: Of its space, which has at least one gene.
            proposer: Generates once the initial phase is over.
            n_initial: Trials, whatever became of them, before that.
        """
        self._genotypes = genotypes
        self.experiment = Experiment(
            name="bitpareto",
            search_space=SearchSpace([_parameter(gene) for gene in genotypes.genes]),
            optimization_config=_optimization_config(request),
        )
        self._load(request.history, request.objectives)
        self._strategy = GenerationStrategy(
            name="bitpareto",
            nodes=[
                _sobol_node(request.seed, n_initial),
                _ProposerNode(proposer, genotypes),
            ],
        )
        self._strategy.experiment = self.experiment

    def phase(self) -> str:
        """Return which node generates next: ``sobol`` or ``model``."""
        self._strategy.current_generator_run_limit()
        return str(self._strategy.current_node_name)

    def generate(self, n: int) -> list[Places]:
        """Return ``n`` genotypes ``(d,)`` of the present phase; none of them becomes a trial."""
        run = self._strategy.gen_single_trial(self.experiment, n=n)
        return [
            np.array(
                [g.choices.index(arm.parameters[g.name]) for g in self._genotypes.genes],
                dtype=np.int64,
            )
            for arm in run.arms
        ]

    def start(self, places: Places) -> None:
        """Add a running trial for a chosen genotype ``(d,)``, -1 where a gene has no effect."""
        self._new_trial(places)

    def n_trials(self, status: str) -> int:
        """Return how many trials have an Ax status, such as ``COMPLETED``."""
        return len(self.experiment.trial_indices_by_status[TrialStatus[status]])

    def _new_trial(self, places: Places) -> Trial:
        # Ax wants all parameters; the first choice stands for "has no effect"
        parameters = self._genotypes.assignment(np.maximum(places, 0))
        trial: Trial = self.experiment.new_trial().add_arm(Arm(parameters=dict(parameters)))
        trial.mark_running(no_runner_required=True)
        return trial

    def _load(self, history: Sequence[Observation], objectives: Sequence[Objective]) -> None:
        rows: list[DataRow] = []
        for observation in history:
            trial = self._new_trial(self._genotypes.places(observation.genes))
            if observation.status == "failed":
                trial.mark_failed()
            elif observation.status in ("cancelled", "stopped"):  # without data, to Ax the same
                trial.mark_abandoned()
            elif observation.status == "completed":
                trial.mark_completed()
                rows += _rows(trial, observation, objectives)
        if rows:
            self.experiment.attach_data(Data(data_rows=rows))


class _ProposerNode(ExternalGenerationNode):
    """Hangs a ``Proposer`` into Ax's generation strategy."""

    def __init__(self, proposer: Proposer, genotypes: Genotypes) -> None:
        # duplicates are told by candidate hash, which Ax does not know
        super().__init__(name=MODEL, should_deduplicate=False)
        self._proposer = proposer
        self._genotypes = genotypes

    # The proposer was given the history that the experiment was rebuilt from, so neither method
    # needs what Ax passes.

    @override
    def update_generator_state(self, experiment: Experiment, data: Data) -> None:
        self._proposer.prepare()

    @override
    def get_next_candidate(self, pending_parameters: list[Any]) -> dict[str, Any]:
        return dict(self._genotypes.assignment(self._proposer.propose()))


def _sobol_node(seed: int, n_initial: int) -> GenerationNode:
    return GenerationNode(
        name=SOBOL,
        generator_specs=[
            GeneratorSpec(
                generator_enum=Generators.SOBOL,
                # Ax hands the seed to torch, which takes 32 bits here
                generator_kwargs={"seed": seed % 2**31, "deduplicate": False},
            )
        ],
        transition_criteria=[
            MinTrials(threshold=n_initial, transition_to=MODEL, use_all_trials_in_exp=True),
            MinTrials(
                threshold=MIN_MEASURED,
                transition_to=MODEL,
                only_in_statuses=[TrialStatus.COMPLETED],
                use_all_trials_in_exp=True,
            ),
        ],
        should_deduplicate=False,
    )


def _parameter(gene: Gene) -> ChoiceParameter:
    kinds = {type(value) for value in gene.choices}
    if str in kinds:
        kind = ParameterType.STRING
    else:
        kind = ParameterType.FLOAT if float in kinds else ParameterType.INT
    return ChoiceParameter(
        name=gene.name,
        parameter_type=kind,
        values=list(gene.choices),
        is_ordered=gene.ordered,
        sort_values=gene.ordered and kind is not ParameterType.STRING,
    )


def _optimization_config(request: AskRequest) -> MultiObjectiveOptimizationConfig:
    names = [o.name for o in request.objectives]
    signs = ["" if o.direction == "up" else "-" for o in request.objectives]
    worst = [
        f"{o.name} {'>=' if o.direction == 'up' else '<='} {request.ref_point[o.name]!r}"
        for o in request.objectives
    ]
    signatures = {name: name for name in names}
    return MultiObjectiveOptimizationConfig(
        objective=AxObjective(
            ", ".join(sign + name for sign, name in zip(signs, names, strict=True)),
            metric_name_to_signature=signatures,
        ),
        objective_thresholds=[
            OutcomeConstraint(expression, relative=False, metric_name_to_signature=signatures)
            for expression in worst
        ],
    )


def _rows(trial: Trial, observation: Observation, objectives: Sequence[Objective]) -> list[DataRow]:
    values = observation.values or {}
    return [
        DataRow(
            trial_index=trial.index,
            arm_name=trial.arms[0].name,
            metric_name=o.name,
            metric_signature=o.name,
            mean=values[o.name],
            # an exact cost has no noise; that of the measured objective is inferred
            se=0.0 if o.exact else float("nan"),
        )
        for o in objectives
        if math.isfinite(values.get(o.name, math.nan))
    ]
