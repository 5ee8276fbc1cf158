"""Searches driven through the real use cases, for tests that need a filled store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from search.access import DEFAULT_PROJECT
from search.datasets import DATASETS, UploadedDataset
from search.entities import Artifact, Limits, Proposal, Search, Strategy
from search.explanations import BitStep, Explanation, GeneImportance, PredictedPoint
from search.ids import new_id
from search.recipe import Recipe
from search.store import Store, UnitOfWork
from search.use_cases.advance import begin_advance, record_proposals
from search.use_cases.leases import Claim, claim_trial
from search.use_cases.results import complete_trial
from search.use_cases.searches import create_search
from search.use_cases.webhooks import create_webhook
from search.webhooks import Webhook
from search_space.costs import cost_mapping
from search_space.space import space_from_json

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SPACE = {
    "family": "mobilenetv2",
    "stem_channels": [4, 8],
    "stages": [{"channels": 8, "kernel": [3], "expansion": [1, 2], "repeats": [1], "stride": 2}],
    "weight_bits": [2, 4, 8],
    "activation_bits": [4, 8],
}


def later(seconds: float) -> datetime:
    """Return a time after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


EXPLANATION = Explanation(
    n_measured=5,
    made_at=later(1),
    seconds=0.5,
    importance=(GeneImportance(gene="stem.width", share=1.0),),
    bit_steps=(
        BitStep(
            gene="a.weight_bits",
            direction="wider",
            bits=2.0,
            n_networks=3,
            accuracy=0.01,
            accuracy_sd=0.004,
            costs={"size_bytes": 12.5},
        ),
    ),
    front=(
        PredictedPoint(
            number=None,
            candidate_hash="ab",
            genes={"stem.width": 8, "kind": "plain"},
            costs={"size_bytes": 1000.0},
            accuracy=0.9,
            accuracy_sd=0.02,
        ),
    ),
)


def new_search(store: Store, **changes: object) -> Search:
    """Store a small digits search."""
    fields: dict[str, object] = {
        "name": "test",
        "dataset": "digits",
        "space": SPACE,
        "objectives": ("accuracy", "size_bytes"),
        "budgets": {},
        "strategy": Strategy(name="random"),
        "recipe": Recipe(float_epochs=1, qat_epochs=1),
        "limits": Limits(max_trials=4, max_parallel=2),
        "seed": 0,
        "ref_point": {"accuracy": 0.1, "size_bytes": 8192.0},
        "now": NOW,
    }
    with store.begin() as uow:
        return create_search(uow, **{**fields, **changes})  # type: ignore[arg-type]  # mixed values


def add_webhook(uow: UnitOfWork, url: str = "https://example.org/hook") -> Webhook:
    """Store a webhook for everything in the project ``default``."""
    return create_webhook(
        uow,
        project_id=DEFAULT_PROJECT,
        url=url,
        description="test",
        event_types=(),
        search_ids=(),
        enabled=True,
        now=NOW,
    )


def new_dataset(name: str, sha256: str, *, dataset_id: str | None = None) -> UploadedDataset:
    """Make an uploaded data set, not stored, with the shape of digits."""
    found = dataset_id or new_id("dts")
    return UploadedDataset(
        id=found,
        facts=replace(DATASETS["digits"], name=name, id=found, sha256=sha256),
        sha256=sha256,
        samples_sha256="5" * 64,
        size_bytes=1 << 40,
        layout="npz",
        class_names=tuple("abcdefghij"),
        dealt=("validation",),
        split_seed=7,
        created_at=NOW,
    )


def proposals(n: int, seed: int = 0) -> list[Proposal]:
    """Draw distinct candidates of ``SPACE``."""
    space = space_from_json(SPACE, input_shape=(1, 8, 8), n_classes=10)
    rng = np.random.default_rng(seed)
    drawn: dict[str, Proposal] = {}
    while len(drawn) < n:
        candidate = space.sample(rng)
        drawn[candidate.hash] = Proposal(
            genes=candidate.genes,
            layers=candidate.layers,
            candidate_hash=candidate.hash,
            costs=cost_mapping(candidate.layers),
            gen_method="random",
            gen_seconds=0.01,
        )
    return list(drawn.values())


def queue_trials(
    store: Store, search: Search, found: Sequence[Proposal], at: datetime = NOW
) -> list[str]:
    """Advance a search once with these proposals; returns the ids of its new trials."""
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, at, hold_s=30)
    assert plan is not None
    with store.begin() as uow:
        return record_proposals(uow, plan, found, at)


def claim(store: Store, trial_id: str, worker: str = "worker-1", at: datetime = NOW) -> Claim:
    """Claim a trial that is known to be free."""
    with store.begin() as uow:
        claimed = claim_trial(uow, trial_id, worker, at, lease_s=15)
    assert claimed is not None
    return claimed


def complete(
    store: Store,
    claimed: Claim,
    accuracy: float,
    at: datetime = NOW,
    *,
    sha256: str = "0" * 64,
    size_bytes: int | None = None,
) -> None:
    """Record a result for a claimed trial, in a transaction of its own."""
    with store.begin() as uow:
        record_result(uow, claimed, accuracy, at, sha256=sha256, size_bytes=size_bytes)


def record_result(
    uow: UnitOfWork,
    claimed: Claim,
    accuracy: float,
    at: datetime = NOW,
    *,
    sha256: str = "0" * 64,
    size_bytes: int | None = None,
) -> None:
    """Record a result for a claimed trial."""
    trial = claimed.trial
    artifact = Artifact(
        id=new_id("art"),
        trial_id=trial.id,
        search_id=trial.search_id,
        sha256=sha256,
        size_bytes=size_bytes or trial.costs["size_bytes"],
        created_at=at,
    )
    metrics = {
        "accuracy": accuracy,
        "accuracy_fake_quantized": accuracy,
        "float_accuracy": min(1.0, accuracy + 0.01),
        "float_size_bytes": 4.0 * trial.costs["size_bytes"],
        "n_validation": 360.0,
        "train_seconds": 1.0,
        "gpu_seconds": 0.25,
    }
    complete_trial(uow, claimed.lease, metrics, artifact, at)
