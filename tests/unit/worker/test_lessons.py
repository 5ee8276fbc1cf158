"""Searches that begin with what others have measured, as the optimize worker runs them."""

from search.entities import Limits, Strategy
from search.warm_start import WarmStart
from search_space.costs import mean_weight_bits
from tests.service import SPACE, claim, complete, later, new_search
from worker.lessons import lessons_for
from worker.parts import Parts
from worker.tasks.advance import advance


def _train(parts: Parts, search_id: str, accuracy: float) -> None:
    advance(parts, search_id)
    with parts.store.read() as uow:
        queued = uow.trials.queued(search_id)
    for trial in queued:
        complete(parts.store, claim(parts.store, trial.id), accuracy, later(1))


def test_completed_trials_of_other_searches_are_read_as_they_come(parts: Parts) -> None:
    limits = Limits(max_trials=6, max_parallel=3)
    source = new_search(parts.store, limits=limits, space={**SPACE, "weight_bits": [4]})
    strategy = Strategy(warm_start=WarmStart(searches=(source.id,)))
    search = new_search(parts.store, strategy=strategy)
    assert lessons_for(parts.store, search) == ()
    for n in (3, 6):
        _train(parts, source.id, 0.5 + n / 100)
        found = lessons_for(parts.store, search)
        assert [lesson.accuracy for lesson in found[n - 3 :]] == [0.5 + n / 100] * 3
        assert len(found) == n
    with parts.store.read() as uow:
        trials = uow.trials.of_search(source.id)
    for lesson, trial in zip(found, trials, strict=True):
        assert lesson.costs == trial.costs
        assert lesson.mean_weight_bits == mean_weight_bits(trial.layers)
        # what the other space leaves no choice of is a choice here
        assert lesson.genes["last.weight_bits"] == 4
        assert "last.weight_bits" not in trial.genes


def test_every_trial_says_what_it_came_from(parts: Parts) -> None:
    source = new_search(parts.store, limits=Limits(max_trials=4, max_parallel=4))
    _train(parts, source.id, 0.8)
    with parts.store.read() as uow:
        given = uow.trials.of_search(source.id)[0].genes
    start = WarmStart(searches=(source.id,), candidates=(given,), allocate=1)
    search = new_search(
        parts.store,
        strategy=Strategy(warm_start=start, n_initial=3),
        limits=Limits(max_trials=4, max_parallel=4),
    )
    advance(parts, search.id)
    with parts.store.read() as uow:
        trials = uow.trials.of_search(search.id)
    assert [t.gen_method for t in trials] == ["given", "allocated", "ehvi_warm", "ehvi_warm"]
    assert trials[0].genes == given
    assert all(trial.gen_seconds > 0 for trial in trials)
