"""The real tasks in one process, with training that does nothing: what is left is ours."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.chaos import noop_worker
from db.artifact_files import ArtifactFiles
from db.migrate import upgrade
from db.store import open_store
from search.datasets import DATASETS
from search.entities import Limits, Proposal, Strategy
from search.ids import new_id
from search.recipe import Recipe
from search.settings import settings_from_environment
from search.use_cases.searches import create_search
from search_space.costs import cost_mapping
from search_space.space import space_from_json
from worker.parts import Identity, Parts
from worker.tasks.advance import advance

DATASET: Final = "digits"
SPACE: Final[Mapping[str, object]] = {
    "family": "mobilenetv2",
    "stem_channels": [4, 6, 8],
    "stages": [
        {"channels": 8, "kernel": [3, 5], "expansion": [1, 2], "repeats": [1, 2], "stride": 2},
        {"channels": 12, "kernel": [3, 5], "expansion": [1, 2], "repeats": [1], "stride": 2},
    ],
}
"""29 genes."""


@dataclass(slots=True)
class ListeningBell:
    """Remembers what it was asked to ring."""

    trials: list[str] = field(default_factory=list)

    def advance(self, search_id: str) -> None:
        """Ring for a search: whoever runs the tasks does that."""

    def train(self, trial_id: str, times_passed: int = 0) -> None:  # noqa: ARG002 - the port's
        """Note a trial."""
        self.trials.append(trial_id)

    def refine(self, search_id: str) -> None:
        """Ring for a search's end: out of the measurement."""


@dataclass(frozen=True, slots=True)
class Machinery:
    """A store and the tasks of both kinds of workers."""

    parts: Parts
    bell: ListeningBell

    def new_search(self, n_trials: int, max_parallel: int = 1, seed: int = 0) -> str:
        """Create a search by random sampling and return its id."""
        with self.parts.store.begin() as uow:
            return create_search(
                uow,
                name="machinery",
                dataset=DATASET,
                space=SPACE,
                objectives=("accuracy", "size_bytes"),
                budgets={},
                strategy=Strategy(name="random"),
                recipe=Recipe(),
                limits=Limits(max_trials=n_trials, max_parallel=max_parallel),
                seed=seed,
                ref_point={"accuracy": 0.1, "size_bytes": 65536.0},
                now=self.parts.now(),
            ).id

    def advance(self, search_id: str) -> tuple[float, list[str]]:
        """Advance a search; returns seconds and the new trials."""
        began = time.perf_counter()
        advance(self.parts, search_id)
        seconds = time.perf_counter() - began
        created, self.bell.trials[:] = list(self.bell.trials), []
        return seconds, created

    def train(self, trial_id: str) -> float:
        """Run a trial that trains nothing; returns seconds. This process never trains again."""
        noop_worker.install()
        from worker.tasks.train import train  # noqa: PLC0415  # after the stand-ins for torch

        began = time.perf_counter()
        train(self.parts, trial_id)
        return time.perf_counter() - began


def draw(n: int, seed: int = 0) -> list[Proposal]:
    """Return ``n`` different candidates of ``SPACE``, drawn uniformly."""
    facts = DATASETS[DATASET]
    space = space_from_json(SPACE, input_shape=facts.input_shape, n_classes=facts.n_classes)
    rng, drawn = np.random.default_rng(seed), dict[str, Proposal]()
    while len(drawn) < n:
        candidate = space.sample(rng)
        drawn[candidate.hash] = Proposal(
            genes=candidate.genes,
            layers=candidate.layers,
            candidate_hash=candidate.hash,
            costs=cost_mapping(candidate.layers),
            gen_method="random",
            gen_seconds=0.0,
        )
    return list(drawn.values())


@contextmanager
def machinery(database_url: str, folder: Path) -> Iterator[Machinery]:
    """Open a machinery on a new database, its files in a folder."""
    upgrade(database_url)
    settings = settings_from_environment(
        {"BITPARETO_DATABASE_URL": database_url, "BITPARETO_DATA_FOLDER": str(folder)}
    )
    store = open_store(database_url)
    bell = ListeningBell()
    identity = Identity(id=new_id("wrk"), kind="train", device="cpu", started_at=store.now())
    parts = Parts(
        settings=settings,
        store=store,
        bell=bell,
        artifacts=ArtifactFiles(settings.artifacts_url),
        identity=identity,
    )
    try:
        yield Machinery(parts, bell)
    finally:
        store.close()
