"""What we rely on in ax-platform 1.3.1; an upgrade starts with these."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, cast

import numpy as np
import pytest
from ax.core.parameter import ChoiceParameter

from optimizer.ax_adapter import MIN_MEASURED, MODEL, SOBOL, AxStudy
from optimizer.errors import ExhaustedError
from optimizer.genotypes import Genotypes, Places
from search.ports import AskRequest, Observation
from search_space.genes import Gene
from search_space.space import Space

MakeRequest = Callable[..., AskRequest]
RandomHistory = Callable[..., list[Observation]]


@dataclass
class _Recorder:
    """A proposer that answers with given genotypes and notes the order of calls."""

    answers: list[Places] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.calls.append("prepare")

    def propose(self) -> Places:
        self.calls.append("propose")
        if not self.answers:
            raise ExhaustedError
        return self.answers.pop(0)


def _study(request: AskRequest, n_initial: int = 4, recorder: _Recorder | None = None) -> AxStudy:
    return AxStudy(request, Genotypes(request.space), recorder or _Recorder(), n_initial)


def test_the_pinned_versions_are_installed() -> None:
    assert (version("ax-platform"), version("botorch")) == ("1.3.1", "0.18.1")


def test_sobol_generates_until_enough_trials_exist_and_are_measured(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    completed = random_history(staged, 6)
    pending = random_history(staged, 6, seed=1, status="pending")

    def phase(history: list[Observation]) -> str:
        return _study(make_request(staged, history)).phase()

    assert phase([]) == SOBOL
    assert phase(completed[:3]) == SOBOL
    assert phase(completed[:4]) == MODEL
    assert phase(pending) == SOBOL
    assert phase(pending + completed[: MIN_MEASURED - 1]) == SOBOL
    assert phase(pending + completed[:MIN_MEASURED]) == MODEL


def test_a_started_trial_counts_at_once(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    study = _study(make_request(staged, random_history(staged, 3)))
    assert study.phase() == SOBOL
    study.start(np.zeros(len(staged.genes), dtype=np.int64))
    assert study.phase() == MODEL


def test_trials_carry_our_status(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = [
        *random_history(staged, 5),
        *random_history(staged, 3, seed=1, status="failed"),
        *random_history(staged, 2, seed=2, status="pending"),
    ]
    study = _study(make_request(staged, history))
    assert [study.n_trials(s) for s in ("COMPLETED", "FAILED", "RUNNING")] == [5, 3, 2]


def test_sobol_points_are_inside_repeatable_and_spread(
    staged: Space, make_request: MakeRequest
) -> None:
    def points(seed: int) -> np.ndarray:
        return np.stack(_study(make_request(staged, seed=seed)).generate(64))

    first, n_choices = points(2**63 - 1), Genotypes(staged).n_choices
    assert first.shape == (64, len(staged.genes))
    assert ((first >= 0) & (first < n_choices)).all()
    assert (first == points(2**63 - 1)).all()
    assert (first != points(1)).any()
    for column, n in zip(first.T, n_choices, strict=True):
        counts = np.bincount(column, minlength=int(n))
        # a low-discrepancy sequence fills every choice about evenly
        assert counts.min() >= 64 // n - 4


def test_the_proposer_is_driven_prepare_then_propose_and_answers_come_back_exactly(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    wanted = Genotypes(staged).uniform(np.random.default_rng(0), 3)
    recorder = _Recorder(answers=list(wanted))
    study = _study(make_request(staged, random_history(staged, 6)), recorder=recorder)
    for places in wanted:
        (answer,) = study.generate(1)
        assert (answer == places).all()
        study.start(answer)
    assert recorder.calls == ["prepare", "propose"] * 3


def test_a_repeated_answer_is_not_refused(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 6)
    known = np.maximum(Genotypes(staged).places(history[0].genes), 0)
    study = _study(make_request(staged, history), recorder=_Recorder(answers=[known]))
    assert (study.generate(1)[0] == known).all()


def test_exhaustion_goes_through_ax_unchanged(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    study = _study(make_request(staged, random_history(staged, 6)))
    with pytest.raises(ExhaustedError):
        study.generate(1)


def test_objectives_thresholds_and_exactness_reach_ax(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    names = ("accuracy", "size_bytes", "macs")
    study = _study(make_request(staged, random_history(staged, 4), objectives=names))
    config = study.experiment.optimization_config
    assert config is not None
    assert config.objective.expression == "accuracy, -size_bytes, -macs"
    thresholds = {
        t.metric_names[0]: (t.op.name, t.bound) for t in cast("Any", config).objective_thresholds
    }
    assert thresholds == {
        "accuracy": ("GEQ", 0.1),
        "size_bytes": ("LEQ", 2.0**18),
        "macs": ("LEQ", 2.0**28),
    }
    rows = study.experiment.lookup_data().df
    assert set(rows["metric_name"]) == set(names)
    assert (rows.loc[rows["metric_name"] != "accuracy", "sem"] == 0).all()
    assert rows.loc[rows["metric_name"] == "accuracy", "sem"].isna().all()


@dataclass(frozen=True)
class _Genes:
    """What the adapter reads of a space."""

    genes: tuple[Gene, ...]


def test_every_kind_of_gene_is_a_choice_in_our_order(make_request: MakeRequest) -> None:
    genes = (
        Gene(name="stage1.kernel", choices=(3, 5)),
        Gene(name="stage1.width", choices=(0.25, 1)),
        Gene(name="quantizer", choices=("lsq", "dorefa", "pact"), ordered=False),
        Gene(name="depth", choices=("short", "long"), ordered=True),
    )
    study = _study(make_request(cast("Space", _Genes(genes))))
    for gene in genes:
        parameter = study.experiment.search_space.parameters[gene.name]
        assert isinstance(parameter, ChoiceParameter)
        assert tuple(parameter.values) == gene.choices
        assert parameter.is_ordered == gene.ordered
    assert {tuple(p.tolist()) for p in study.generate(64)} == {
        (a, b, c, d) for a in (0, 1) for b in (0, 1) for c in (0, 1, 2) for d in (0, 1)
    }
