"""Sums over a deployment, on SQLite and on PostgreSQL."""

from search.entities import Limits, Worker
from search.states import SearchState, TrialState
from search.store import Store
from tests.service import NOW, claim, complete, later, new_search, proposals, queue_trials


def test_an_empty_store_counts_nothing(store: Store) -> None:
    with store.read() as uow:
        figures = uow.figures.at(NOW)
    assert set(figures.trials) == set(TrialState)
    assert not any(figures.trials.values())
    assert not any(figures.searches.values())
    assert (figures.attempts, figures.train_seconds, figures.artifact_bytes) == (0, 0, 0)
    assert (figures.oldest_queued_s, figures.oldest_heartbeat_s, figures.next_expiry_s) == (0, 0, 0)


def test_everything_is_counted_across_searches(store: Store) -> None:
    limits = Limits(max_trials=5, max_parallel=5)
    first, second = new_search(store, limits=limits), new_search(store, limits=limits)
    trial_ids = queue_trials(store, first, proposals(3))
    queue_trials(store, second, proposals(2), at=later(20))
    complete(store, claim(store, trial_ids[0]), 0.5)
    complete(store, claim(store, trial_ids[1]), 0.9)
    claim(store, trial_ids[2], at=later(10))
    with store.begin() as uow:
        for name, kind, at in (("a", "train", 5), ("b", "train", 25), ("c", "optimize", 25)):
            uow.workers.seen(
                Worker(
                    id=name,
                    kind=kind,
                    host="h",
                    pid=1,
                    device="cpu",
                    trial_id=None,
                    started_at=NOW,
                    last_seen_at=later(at),
                )
            )
    with store.read() as uow:
        figures = uow.figures.at(later(30))
    assert figures.searches[SearchState.RUNNING] == 2
    counts = {state: n for state, n in figures.trials.items() if n}
    assert counts == {TrialState.COMPLETED: 2, TrialState.RUNNING: 1, TrialState.QUEUED: 2}
    assert figures.workers == {"train": 2, "optimize": 1}
    assert (figures.attempts, figures.times_lost, figures.train_seconds) == (3, 0, 2.0)
    assert figures.gpu_seconds == 0.5
    assert figures.oldest_queued_s == 10
    assert figures.oldest_heartbeat_s == 25
    assert figures.next_expiry_s == 10 + 15 - 30
    with store.read() as uow:
        on_front = len(uow.trials.front(first.id))
        artifacts = uow.artifacts.of_trials(trial_ids).values()
    assert figures.artifact_bytes == sum(artifact.size_bytes for artifact in artifacts) > 0
    assert figures.front_joined - figures.front_left == on_front
